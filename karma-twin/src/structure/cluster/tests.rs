use proptest::prelude::*;

use super::*;
use crate::cluster::ClusterTable;
use crate::cluster::tests::{state, table, topology, window};
use crate::structure::Structure;

fn structure() -> ClusterStructure {
    ClusterStructure::new(&topology(), Seconds(15.0), Seconds(5.0))
}

/// The row of a cluster of 2 front and 3 back pods, of which one each is not ready.
fn row(table: &ClusterTable) -> Vec<f32> {
    table.row_of(&state(0, [2.0, 3.0], [1.0, 1.0]))
}

#[test]
fn features_are_load_over_capacity() {
    let (table, structure) = (table(), structure());
    let now = row(&table);
    let mut features = vec![0.0; structure.features()];
    // 40 requests per second enter; a front pod completes 20, a back pod 30, and each is called twice for a request.
    structure.derive(&now, &[4.0, 3.0, 40f32.sqrt()], &mut features);
    let near = |at: usize, expected: f32| {
        assert!((features[at] - expected).abs() < 1e-3, "feature {at} is {}, not {expected}", features[at]);
    };
    near(0, 40f32.sqrt());
    near(1, 2.0);
    near(2, 0.5);
    near(3, 2f32.ln());
    near(4, (20f32 * 15.0).sqrt());
    near(5, 3.0);
    near(6, 80f32.sqrt());
    near(7, 80.0 / 60.0);
    near(8, 80.0 / 90.0);
    near(11, 1.0);
    near(12, 2.0);
    near(14, 1.0);
    near(15, 80.0 / 90.0);
    near(17, 0.0);
}

#[test]
fn an_unknown_load_is_unknown_and_no_healthy_pod_is_a_number() {
    let (table, structure) = (table(), structure());
    let mut now = row(&table);
    now[table.layout().services[0].healthy] = 0.0;
    let mut features = vec![0.0; structure.features()];
    structure.derive(&now, &[4.0, 3.0, 40f32.sqrt()], &mut features);
    assert_eq!(features[1], 4.0, "no pod counts as half a pod");
    assert!(features.iter().all(|feature| feature.is_finite()));
    structure.derive(&now, &[4.0, 3.0, f32::NAN], &mut features);
    assert!(features[0].is_nan() && features[12].is_nan() && features[14].is_nan());
    assert_eq!(features[5], 4.0);
}

#[test]
fn pods_follow_what_is_desired_and_never_precede_it() {
    let (table, structure) = (table(), structure());
    let (now, mut next) = (row(&table), row(&table));
    let front = table.layout().services[0];
    (next[front.healthy], next[front.failed], next[front.desired]) = (2.0, 1.0, 2.0);
    structure.constrain(&now, &mut next);
    assert_eq!((next[front.healthy], next[front.failed]), (1.0, 1.0));
    (next[front.healthy], next[front.failed]) = (2.0, 7.0);
    structure.constrain(&now, &mut next);
    assert_eq!((next[front.healthy], next[front.failed]), (0.0, 2.0));
}

#[test]
fn no_service_receives_more_than_its_callers_pass_on() {
    let (table, structure) = (table(), structure());
    let (mut now, mut next) = (row(&table), row(&table));
    let (front, back) = (table.layout().services[0], table.layout().services[1]);
    for row in [&mut now, &mut next] {
        (row[front.pending], row[front.in_flight]) = (0.0, 0.0);
    }
    next[table.layout().exogenous] = 20f32.sqrt();
    next[back.rate.unwrap()] = 100.0;
    structure.constrain(&now, &mut next);
    let rate = square(next[back.rate.unwrap()]);
    let expected = 40.0 * 1.1 + 4.0 * (40f32 / 5.0).sqrt() + 0.2;
    assert!((rate - expected).abs() < 1e-2, "{rate} against {expected}");
    now[front.pending] = 10.0;
    next[back.rate.unwrap()] = 100.0;
    structure.constrain(&now, &mut next);
    assert!(square(next[back.rate.unwrap()]) > rate + 40.0, "a backlog may be released");
}

#[test]
fn what_is_missing_stays_missing_and_binds_nothing() {
    let (table, structure) = (table(), structure());
    let mut next = vec![f32::NAN; table.schema().width()];
    structure.constrain(&row(&table), &mut next);
    assert!(next.iter().all(|value| value.is_nan()));
    let back = table.layout().services[1];
    next[back.rate.unwrap()] = 50.0;
    structure.constrain(&row(&table), &mut next);
    assert_eq!(next[back.rate.unwrap()], 50.0);
}

#[test]
fn what_was_seen_is_allowed() {
    let table = table();
    let structure = table.structure(Seconds(15.0));
    let rows: Vec<Vec<f32>> = window(20).steps.iter().map(|step| table.row_of(&step.state)).collect();
    for pair in rows.windows(2) {
        let mut next = pair[1].clone();
        structure.constrain(table.schema(), &pair[0], &mut next);
        assert!(next.iter().zip(&pair[1]).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())));
    }
}

#[test]
fn it_is_read_back_as_it_was_written_or_refused() {
    let structure = Structure::Cluster(structure());
    let text = serde_json::to_string(&structure).unwrap();
    assert_eq!(serde_json::from_str::<Structure>(&text).unwrap(), structure);
    assert!(structure.fits(table().schema()));
    let broken = text.replace("[[0,2.0]]", "[[9,2.0]]");
    assert_ne!(broken, text);
    let refused = serde_json::from_str::<Structure>(&broken).unwrap_err().to_string();
    assert!(refused.contains("service 1 is called by 9, but there are 2"), "{refused}");
}

proptest! {
    #[test]
    fn constrained_rows_are_feasible_and_stay_as_they_are(
        values in prop::collection::vec(-5.0f32..50.0, 20),
        desired in prop::array::uniform2(1u8..8),
    ) {
        let table = table();
        let structure = table.structure(Seconds(15.0));
        let (now, mut next) = (row(&table), row(&table));
        next[..20].copy_from_slice(&values);
        (0..2).for_each(|service| next[20 + service] = f32::from(desired[service]));
        structure.constrain(table.schema(), &now, &mut next);
        for (columns, desired) in table.layout().services.iter().zip(desired) {
            prop_assert!(next[columns.healthy] >= 0.0 && next[columns.failed] >= 0.0);
            prop_assert!(next[columns.healthy] + next[columns.failed] <= f32::from(desired) + 1e-4);
            prop_assert!((0.0..=1.0).contains(&next[columns.errors]));
        }
        let once = next.clone();
        structure.constrain(table.schema(), &now, &mut next);
        prop_assert_eq!(once, next);
    }
}
