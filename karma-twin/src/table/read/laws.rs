//! Laws of reading: nothing from outside panics, no row is lost or moved across a gap.

use proptest::prelude::*;

use super::super::{Mapping, MappingParams, PodsParams};

fn mapping(max_gap: Option<f64>) -> Mapping {
    let params = MappingParams {
        run: Some("r".to_owned()),
        time: Some("t".to_owned()),
        max_gap,
        drop: vec!["x == 7".to_owned()],
        predict: vec!["x:root".parse().unwrap()],
        control: vec!["n*:decided".parse().unwrap()],
        ..MappingParams::default()
    };
    params.check().unwrap()
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = mapping(None).read(bytes.as_slice());
    }

    #[test]
    fn no_text_in_the_right_columns_panics(cells in prop::collection::vec("[-0-9a-zA-Z.:\"\\s,äTZ+]{0,24}", 0..40)) {
        let lines: Vec<String> = cells.chunks(4).map(|cells| cells.join(",")).collect();
        let _ = mapping(None).read(format!("r,t,x,n\n{}", lines.join("\n")).as_bytes());
    }

    #[test]
    fn no_rows_of_pods_panic(cells in prop::collection::vec("[-0-9a-zA-Z.:\"\\s,äTZ+]{0,24}", 0..40)) {
        let pods = Some(PodsParams { column: "n".to_owned(), every: 0.5 });
        let mapping = MappingParams { pods, ..mapping(None).params().clone() };
        let lines: Vec<String> = cells.chunks(4).map(|cells| cells.join(",")).collect();
        let columns = MappingParams { predict: vec!["*.x".parse().unwrap()], drop: vec![], ..mapping };
        let mapping = MappingParams { control: vec!["*.pods".parse().unwrap()], ..columns };
        let _ = mapping.check().unwrap().read(format!("r,t,x,n\n{}", lines.join("\n")).as_bytes());
    }

    #[test]
    fn no_mapping_panics(text in ".{0,40}", name in ".{0,12}") {
        let column = text.parse();
        let params = MappingParams {
            drop: vec![text],
            predict: column.into_iter().collect(),
            control: name.parse().into_iter().collect(),
            ..MappingParams::default()
        };
        if let Ok(mapping) = params.check() {
            let _ = mapping.read("a,b\n1,2\n".as_bytes());
        }
    }

    #[test]
    fn every_row_that_no_condition_drops_is_kept_and_no_transition_is_longer_than_the_gap(
        rows in prop::collection::btree_map((0..3u8, 0..200u16), 0..10u8, 1..60),
        gap in 1.0..20.0f64,
    ) {
        let lines: Vec<String> =
            rows.iter().map(|((run, time), x)| format!("{run},{time},{x},0\n")).collect();
        let kept = rows.values().filter(|x| **x != 7).count();
        let result = mapping(Some(gap)).read(format!("r,t,x,n\n{}", lines.concat()).as_bytes());
        match result {
            Err(error) => prop_assert!(kept == 0, "{error}"),
            Ok(table) => {
                prop_assert_eq!(table.rows(), kept);
                for window in table.windows() {
                    let pairs = window.times().windows(2);
                    pairs.for_each(|pair| assert!(pair[0] < pair[1] && pair[1] - pair[0] <= gap, "{pair:?}"));
                }
                let ends = table.windows().windows(2).filter(|pair| pair[0].run() == pair[1].run());
                for pair in ends {
                    let passed = pair[1].times()[0] - pair[0].times()[pair[0].len() - 1];
                    prop_assert!(passed > gap, "cut at {passed}");
                }
            }
        }
    }
}
