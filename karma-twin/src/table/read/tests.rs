//! Files as they come, and what is said of those that cannot be read.

use super::super::{Mapping, MappingParams, SplitParams, Table};

const HOTEL: &[u8] = include_bytes!("../../../tests/data/hotel-reservation/hotel-reservation.csv");

/// Everything in `x` is predicted, `n` is chosen; runs and times are named if they are columns.
fn mapping(change: impl FnOnce(&mut MappingParams)) -> Mapping {
    let mut params = MappingParams {
        predict: vec!["x".parse().unwrap()],
        control: vec!["n".parse().unwrap()],
        time: Some("t".to_owned()),
        ..MappingParams::default()
    };
    change(&mut params);
    params.check().unwrap()
}

fn read(text: &str) -> Table {
    mapping(|_| ()).read(text.as_bytes()).unwrap()
}

fn refused(text: impl AsRef<[u8]>) -> String {
    mapping(|_| ()).read(text.as_ref()).unwrap_err().to_string()
}

fn rows(table: &Table) -> Vec<Vec<Vec<f32>>> {
    table.windows().iter().map(|window| window.rows().map(<[f32]>::to_vec).collect()).collect()
}

#[test]
fn hotel_reservations_are_three_runs_of_3_574_transitions() {
    let mapping = mapping(|params| {
        *params = MappingParams {
            run: Some("run".to_owned()),
            time: Some("event_start_time".to_owned()),
            max_gap: Some(45.0),
            drop: vec!["p99 <= 0".to_owned()],
            predict: ["load/30", "avg_latency:log10:1", "p99:log10:1", "stddev_latency:log10:0.1"]
                .map(|text| text.parse().unwrap())
                .to_vec(),
            control: vec!["*=alloc_*".parse().unwrap()],
            ..MappingParams::default()
        };
    });
    let table = mapping.read(HOTEL).unwrap();
    assert_eq!(table.runs(), ["msevoopt", "propfair", "ucbopt"]);
    assert_eq!((table.rows(), table.transitions()), (3785, 1062 + 1407 + 1105));
    let names: Vec<&str> = table.schema().columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names[..6], ["load", "avg_latency", "p99", "stddev_latency", "consul", "frontend"]);
    assert_eq!((names.len(), names[22]), (4 + 19, "user"));
    let first = table.windows()[0].row(0);
    assert_eq!(first[0], 33355.0 / 30.0);
    assert!((first[2] - 7793.626_f32.log10()).abs() < 1e-6);
    let (learned, held_back) = mapping.split().divide(&table);
    assert_eq!((learned.len(), held_back.len()), (2860, 714));
}

#[test]
fn rows_in_any_order_are_put_in_order_and_cut_at_gaps() {
    let table = read("t,x,n\n30,3,1\n0,1,1\n15,2,1\n90,4,2\n105,5,2\n");
    assert_eq!(
        table.windows().iter().map(|window| window.times().to_vec()).collect::<Vec<_>>(),
        [vec![0.0, 15.0, 30.0], vec![90.0, 105.0]]
    );
    assert_eq!(rows(&table)[0], [[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]);
}

#[test]
fn what_was_decided_in_a_row_is_in_force_in_the_next_of_its_window() {
    let decided = mapping(|params| params.control = vec!["n:decided".parse().unwrap()]);
    let table = decided.read("t,x,n\n0,1,5\n15,2,6\n30,3,7\n90,4,8\n105,5,9\n".as_bytes()).unwrap();
    let controls: Vec<Vec<f32>> =
        rows(&table).iter().map(|rows| rows.iter().map(|row| row[1]).collect()).collect();
    assert!(controls[0][0].is_nan() && controls[1][0].is_nan());
    assert_eq!((&controls[0][1..], &controls[1][1..]), (&[5.0, 6.0][..], &[8.0][..]));
}

#[test]
fn a_missing_value_stays_missing_on_a_logarithmic_scale_and_meets_no_condition() {
    let mapping = mapping(|params| {
        params.predict = vec!["x:log10:1".parse().unwrap()];
        params.drop = vec!["x <= 0".to_owned()];
    });
    let table = mapping.read("t,x,n\n0, NAN ,1\n1,,1\n2,100,1\n3,0,1\n4,0.1,\n".as_bytes()).unwrap();
    let rows = &rows(&table);
    assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1], "the row without x > 0 is a gap");
    assert!(rows[0][0][0].is_nan() && rows[0][1][0].is_nan());
    assert_eq!((rows[0][2][0], rows[1][0][0]), (2.0, 0.0));
    assert!(rows[1][0][1].is_nan());
}

#[test]
fn without_a_time_rows_are_numbered_within_their_run() {
    let mapping = mapping(|params| {
        params.time = None;
        params.run = Some("r".to_owned());
        params.delimiter = ';';
        params.split = SplitParams::Run("b".to_owned());
    });
    let table = mapping.read("r;x;n\nb;1;1\na;2;1\nb;3;1\na;4;1\n".as_bytes()).unwrap();
    assert_eq!((table.runs(), table.transitions()), (vec!["b", "a"], 2));
    assert_eq!(mapping.split().divide(&table).1.len(), 1);
}

#[test]
fn timestamps_of_rfc_3339_are_times() {
    let table = read("t,x,n\n2026-01-31T23:59:45Z,1,1\n2026-02-01T01:00:00+01:00,2,1\n");
    assert_eq!(table.windows()[0].times(), [1_769_903_985.0, 1_769_904_000.0]);
}

#[test]
fn a_column_that_is_not_there_is_answered_with_the_nearest_and_the_list() {
    assert_eq!(
        refused("moment,x1,replicas\n"),
        "time: no column of the file is \"t\"; its columns are \"moment\", \"x1\", \"replicas\""
    );
    let mapping = mapping(|params| params.control = vec!["alocc_*".parse().unwrap()]);
    assert_eq!(
        mapping.read("t,x,alloc_cart\n".as_bytes()).unwrap_err().to_string(),
        "control.0.columns: no column of the file is \"alocc_*\" (did you mean \"alloc_cart\"?); its columns are \
         \"t\", \"x\", \"alloc_cart\""
    );
    assert_eq!(
        refused("t,x,x,n\n"),
        "predict.0.columns: the file has several columns \"x\"; give each a name of its own"
    );
}

#[test]
fn a_field_that_is_no_number_is_named_with_line_column_and_what_is_allowed() {
    assert_eq!(
        refused("t,x,n\n0,1,1\n1,fast,1\n"),
        "line 3, column \"x\": \"fast\" is not a finite number, or missing (\"\", \"NaN\", \"null\")"
    );
    assert!(refused("t,x,n\n0,inf,1\n").starts_with("line 2, column \"x\": \"inf\" is not a finite number"));
    assert!(refused("t,x,n\n0,1,1e39\n").ends_with("\"1e39\" is not a number of a size up to 3e38"));
    assert!(
        refused("t,x,n\nyesterday,1,1\n").starts_with("line 2, column \"t\": \"yesterday\" is not a time: ")
    );
}

#[test]
fn lines_that_are_no_rows_are_named() {
    assert_eq!(refused("t,x,n\n0,1\n"), "line 2: 2 fields, but the header names 3 columns");
    assert_eq!(refused(b"t,x,n\n0,\xff,1\n"), "line 2: not UTF-8");
    assert_eq!(refused("t,x,n\n"), "no row is left of the file; at least one is needed");
    assert_eq!(
        refused("t,x,n\n1,0,1\n0,0,1\n1.0,1,1\n"),
        "line 4: the time is 1 s, as in line 2; allowed: one row for each moment of a run"
    );
}
