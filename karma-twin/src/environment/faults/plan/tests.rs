use super::*;
use crate::cluster::tests::table;
use crate::environment::FaultParams;

fn config(params: FaultParams) -> FaultConfig {
    FaultConfig::try_from(params).unwrap()
}

fn draw(params: FaultParams, seed: u64) -> Faults {
    Faults::draw(&config(params), (2, 1), &(0.0..600.0), seed)
}

#[test]
fn as_many_strike_as_their_probability_says_and_always_the_same() {
    let params = FaultParams { crash_probability: 0.25, surge_probability: 1.0, ..FaultParams::default() };
    let drawn: Vec<Faults> = (0..2000).map(|seed| draw(params, seed)).collect();
    assert_eq!(drawn[7], draw(params, 7));
    let crashes: usize = drawn.iter().map(|faults| faults.crashes.len()).sum();
    assert!((900..1100).contains(&crashes), "{crashes} of 4000 services crash");
    assert!(drawn.iter().all(|faults| faults.surges.len() == 1 && faults.stalls.is_empty()));
    let factors = drawn.iter().map(|faults| faults.surges[0].1 + 1.0);
    assert!(factors.clone().all(|factor| (1.0..=3.0).contains(&factor)));
    assert!(factors.fold(1.0, f64::max) > 2.8);
    let delays = drawn.iter().flat_map(|faults| &faults.crashes);
    let allowed = [10.0, 20.0, 40.0, 80.0];
    assert!(
        delays
            .map(|crash| crash.while_down.end - crash.while_down.start)
            .all(|delay| { allowed.iter().any(|allowed: &f64| (allowed - delay).abs() < 1e-9) })
    );
}

#[test]
fn another_kind_of_fault_changes_none_of_the_others() {
    let crash = FaultParams { crash_probability: 0.5, ..FaultParams::default() };
    let both = FaultParams { stall_probability: 0.5, ..crash };
    assert!((0..50).all(|seed| draw(crash, seed).crashes == draw(both, seed).crashes));
}

#[test]
fn a_surge_ramps_up_stays_and_ramps_down() {
    let faults = Faults { surges: vec![(0, 2.0, 100.0..200.0)], ramp: 50.0, ..Faults::default() };
    let factors = [40.0, 75.0, 100.0, 150.0, 200.0, 225.0, 300.0].map(|time| faults.surge(0, time));
    assert_eq!(factors, [1.0, 2.0, 3.0, 3.0, 3.0, 2.0, 1.0]);
    assert_eq!(faults.surge(1, 150.0), 1.0);
    assert!(!faults.have_begun(50.0) && faults.have_begun(51.0));
    let sudden = Faults { ramp: 0.0, ..faults };
    assert_eq!([99.0, 100.0, 201.0].map(|time| sudden.surge(0, time)), [1.0, 3.0, 1.0]);
}

#[test]
fn a_stall_is_felt_in_every_step_that_it_meets() {
    let faults = Faults { stalls: vec![(1, 0.5, 20.0..40.0)], ..Faults::default() };
    let stalls = |step: Range<f64>| faults.stalls(step).count();
    assert_eq!([stalls(0.0..15.0), stalls(15.0..30.0), stalls(30.0..45.0), stalls(45.0..60.0)], [0, 1, 1, 0]);
}

/// A row of 4 front pods, all healthy.
fn row() -> (Layout, Vec<f32>) {
    let table = table();
    let mut row = vec![0.0; table.schema().width()];
    let front = table.layout().services[0];
    (row[front.healthy], row[front.desired]) = (4.0, 4.0);
    (table.layout().clone(), row)
}

fn crashing(share: f32) -> Faults {
    let crash = Crash { service: 0, share, while_down: 20.0..40.0, pods: None, desired: None };
    Faults { crashes: vec![crash], ..Faults::default() }
}

#[test]
fn crashed_pods_are_failed_until_their_back_off_ends() {
    let ((layout, calm), mut faults) = (row(), crashing(0.5));
    let front = layout.services[0];
    let mut at = |time, row: &mut Vec<f32>| {
        faults.strike(time, &layout, row);
        (row[front.healthy], row[front.failed], row[layout.terms + 1])
    };
    let mut row = calm.clone();
    assert_eq!(at(15.0, &mut row), (4.0, 0.0, 0.0));
    assert_eq!(at(30.0, &mut row), (2.0, 2.0, 0.5));
    let mut forgetful = calm.clone();
    assert_eq!(at(35.0, &mut forgetful), (2.0, 2.0, 0.5), "the model cannot talk them back to life");
    assert_eq!(at(45.0, &mut row), (2.0, 0.0, 0.0), "they start again");
    let mut row = calm;
    assert_eq!(at(60.0, &mut row), (4.0, 0.0, 0.0), "and the model says when they are healthy");
}

#[test]
fn a_replica_set_that_scales_down_deletes_failed_pods_first() {
    let ((layout, mut row), mut faults) = (row(), crashing(0.5));
    let front = layout.services[0];
    faults.strike(30.0, &layout, &mut row);
    (row[front.desired], row[front.failed]) = (3.0, 1.0);
    faults.strike(35.0, &layout, &mut row);
    assert_eq!((row[front.healthy], row[front.failed]), (2.0, 1.0));
}
