//! The tables against what can be worked out by hand.

use super::knowledge::{State, Table};
use super::*;
use crate::rlad::params::RladParams;

fn topology() -> Topology {
    let text = r#"{ "services": {
        "web": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 } },
        "connections": [{ "source": "INPUT", "destination": "web" }] }"#;
    Topology::read(text.as_bytes()).unwrap()
}

fn table() -> Table {
    Knowledge::new(&topology()).tables().as_slice()[0].clone()
}

const HOLD: usize = 1;

#[test]
fn utilisation_is_rounded_to_tens_and_replicas_are_held_to_the_table() {
    let table = table();
    assert_eq!(table.state(Replicas(3), 0.449), State { more: 2, level: 4 });
    assert_eq!(table.state(Replicas(9), 7.0), State { more: 3, level: 10 });
    assert_eq!(table.state(Replicas(0), f64::NAN), State { more: 0, level: 0 });
}

#[test]
fn a_step_of_q_learning_is_the_formula() {
    let params = RladParams { learner: Learner::QLearning, ..RladParams::default() };
    let mut table = table();
    let (here, next) = (State { more: 1, level: 8 }, State { more: 2, level: 6 });
    table.learn((here, 2), next, true, &params);
    // 0.1 · (0.90 + 0.01 + 0.09 · 3/4 + 0.99 · 0)
    let expected = 0.1 * (0.90 + 0.01 + 0.09 * 0.75);
    assert!((table.value(here, 2) - expected).abs() < 1e-12);
    assert_eq!(table.value(here, HOLD), 0.0, "nothing else is touched");
}

#[test]
fn a_violation_is_carried_to_states_that_must_be_worse_and_calm_to_those_that_must_be_better() {
    let mut table = table();
    let params = RladParams { learning_rate: 0.5, ..RladParams::default() };
    let seen = State { more: 1, level: 7 };
    table.learn((seen, HOLD), seen, true, &params);
    let violation = |table: &Table, more, level| table.violation(State { more, level });
    assert_eq!(violation(&table, 1, 7), 0.5);
    assert_eq!((violation(&table, 0, 9), violation(&table, 1, 8)), (0.5, 0.5), "fewer pods, more load");
    assert_eq!((violation(&table, 2, 7), violation(&table, 1, 6)), (0.0, 0.0), "not comparable, or better");
    table.learn((seen, HOLD), State { more: 0, level: 8 }, false, &params);
    assert_eq!(violation(&table, 0, 8), 0.25);
    assert_eq!(violation(&table, 1, 7), 0.25, "if that is well with less, this is");
}

/// With one level that always follows itself and never a violation, the fewest replicas are best, and the values are those
/// of the geometric series: 0.09 · k/4 at each step.
#[test]
fn sweeps_come_to_the_fixed_point_of_a_chain_that_stays() {
    let params = RladParams { discount: 0.5, ..RladParams::default() };
    let mut table = table();
    let least = State { more: 0, level: 3 };
    for _ in 0..200 {
        table.learn((least, HOLD), least, false, &params);
    }
    let forever = 0.09 * 0.25 / (1.0 - 0.5);
    assert!((table.value(least, HOLD) - forever).abs() < 1e-9);
    let two = State { more: 1, level: 3 };
    let down = 0.01 + 0.09 * 0.25 + 0.5 * forever;
    assert!((table.value(two, 0) - down).abs() < 1e-9, "{} is not {down}", table.value(two, 0));
    assert_eq!(table.best(two, |_| true), 0);
    assert_eq!(table.best(two, |action| action != 0), HOLD, "what is barred is not chosen");
}

#[test]
fn knowledge_of_other_services_is_not_used() {
    let other = r#"{ "services": { "web": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 7 } },
        "connections": [{ "source": "INPUT", "destination": "web" }] }"#;
    let other = Topology::read(other.as_bytes()).unwrap();
    let config = RladParams::default().check().unwrap();
    let with =
        |topology: &Topology| Rlad::new(topology, config, Arc::new(Knowledge::new(&other))).map(|_| ());
    assert_eq!((with(&topology()), with(&other)), (Err(KnowledgeError), Ok(())));
    let text = serde_json::to_string(&Knowledge::new(&other)).unwrap();
    assert_eq!(serde_json::from_str::<Knowledge>(&text).unwrap(), Knowledge::new(&other));
}
