//! Conditions from text to truth, for a batch of environments.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_core::{Id as _, Metric, MetricRow, Seconds, ServiceId, State, Topology};
use karma_org::condition::{
    Asked, Columns, Compiler, Condition, Expression, Instance, Limits, Quantity, Signals, Vocabulary,
};
use karma_org::spec::Origin;

const CHAIN: &str = r#"{
    "services": {
        "API": { "cpu": 500, "ram": 256, "computation_throughput": 100, "priority": "critical" },
        "Auth": { "cpu": 400, "ram": 256, "computation_throughput": 80 },
        "Products": { "cpu": 600, "ram": 256, "computation_throughput": 150, "priority": "low" }
    },
    "connections": [
        { "source": "INPUT", "destination": "API" },
        { "source": "API", "destination": "Auth" },
        { "source": "Auth", "destination": "Products" }
    ]
}"#;

fn chain() -> Topology {
    Topology::read(CHAIN.as_bytes()).unwrap()
}

fn vocabulary(topology: &Topology) -> Vocabulary<'_> {
    let mut vocabulary = Vocabulary::new(topology, Seconds(15.0));
    vocabulary.parameters.insert("queue_threshold".to_owned(), Quantity::new(30.0, "requests").unwrap());
    vocabulary.patterns.push("thrash".to_owned());
    vocabulary
}

/// A state in which only the pending requests of the services are known.
fn waiting(pending: [Option<f32>; 3]) -> State {
    let row = |pending: &Option<f32>| {
        let mut row = MetricRow::default();
        if let Some(pending) = pending {
            row.set(Metric::PendingRequests, *pending);
        }
        row
    };
    State {
        time: Seconds(0.0),
        age: None,
        services: pending.iter().map(row).collect(),
        entry_rates: vec![None].into(),
        resilience: None,
    }
}

/// Truth of `text` after each of the states of one environment, in which the pattern `thrash` always matches.
fn truths(text: &str, asked: Asked, instance: Instance, states: &[State]) -> Vec<bool> {
    let topology = chain();
    let vocabulary = vocabulary(&topology);
    let mut findings = Vec::new();
    let condition = Condition::parse(text).unwrap();
    let condition = condition.check(&vocabulary, asked, &Origin::default(), &mut findings);
    let condition = condition.unwrap_or_else(|| panic!("{findings:?}"));
    let mut signals = Signals::new(&vocabulary);
    let mut compiler = Compiler::new(&vocabulary, &mut signals);
    let truth = compiler.condition(&condition, instance);
    let program = compiler.finish();
    let mut columns = Columns::new(&signals, 1);
    let mut outcome = program.outcome(1);
    let mut after = |state: &State| {
        columns.write(0, state);
        program.evaluate(&columns, &[true], &mut outcome);
        outcome.truth(truth)[0]
    };
    states.iter().map(&mut after).collect()
}

fn once(text: &str, state: State) -> bool {
    truths(text, Asked::Once, Instance::default(), &[state])[0]
}

#[test]
fn a_rule_is_asked_of_each_service_in_turn() {
    let state = waiting([Some(45.0), Some(3.0), None]);
    let text = "pending_requests > queue_threshold";
    let fires = |service| {
        let instance = Instance::of(ServiceId::from_index(service));
        truths(text, Asked::EachService, instance, std::slice::from_ref(&state))[0]
    };
    assert_eq!([fires(0), fires(1), fires(2)], [true, false, false]);
}

#[test]
fn nothing_missing_makes_a_comparison_true_not_even_under_not() {
    let state = || waiting([Some(45.0), Some(3.0), None]);
    assert!(!once("pending_requests of Products > 0", state()));
    assert!(!once("not pending_requests of Products > 0", state()));
    assert!(!once("not any(pending_requests > 100 requests)", state()));
    assert!(once("missing(pending_requests of Products)", state()));
    assert!(once("not missing(pending_requests of API)", state()));
}

#[test]
fn a_sum_is_missing_if_a_part_is_but_a_maximum_is_that_of_what_is_known() {
    let state = || waiting([Some(45.0), Some(3.0), None]);
    assert!(once("missing(sum(pending_requests))", state()));
    assert!(once("max(pending_requests) == 45 requests", state()));
    assert!(once("mean(pending_requests) == 24 requests", state()));
    assert!(once("sum(pending_requests, API, Auth) == 48 requests", state()));
    assert!(once("count(pending_requests < 10 requests) == 1", state()));
}

#[test]
fn a_trend_is_false_until_enough_decisions_have_been_taken() {
    let states: Vec<State> = [10.0, 20.0, 40.0].map(|x| waiting([Some(x), Some(0.0), Some(0.0)])).into();
    let growth = "growth(pending_requests of API, 30 s) > 3";
    assert_eq!(truths(growth, Asked::Once, Instance::default(), &states), [false, false, true]);
    let change = "change(sum(pending_requests), 15 s) >= 10 requests";
    assert_eq!(truths(change, Asked::Once, Instance::default(), &states), [false, true, true]);
}

#[test]
fn an_environment_that_begins_again_has_no_past() {
    let topology = chain();
    let vocabulary = vocabulary(&topology);
    let condition = Condition::parse("change(pending_requests of API, 15 s) > 0").unwrap();
    let condition = condition.check(&vocabulary, Asked::Once, &Origin::default(), &mut Vec::new()).unwrap();
    let mut signals = Signals::new(&vocabulary);
    let mut compiler = Compiler::new(&vocabulary, &mut signals);
    let truth = compiler.condition(&condition, Instance::default());
    let program = compiler.finish();
    let mut columns = Columns::new(&signals, 2);
    let mut outcome = program.outcome(2);
    for environment in [0, 1] {
        columns.write(environment, &waiting([Some(1.0); 3]));
    }
    columns.begin(1);
    for environment in [0, 1] {
        columns.write(environment, &waiting([Some(2.0); 3]));
    }
    program.evaluate(&columns, &[], &mut outcome);
    assert_eq!(outcome.truth(truth), [true, false]);
}

#[test]
fn a_division_by_nothing_is_missing() {
    let state = || waiting([Some(0.0), Some(3.0), None]);
    assert!(!once("pending_requests of Auth / pending_requests of API > 1", state()));
    assert!(once("missing(pending_requests of Auth / pending_requests of API)", state()));
}

#[test]
fn a_pattern_is_looked_up_among_the_matches() {
    assert!(once("matches(thrash)", waiting([None; 3])));
    assert!(!once("not matches(thrash)", waiting([None; 3])));
}

#[test]
fn rules_that_share_a_computation_share_its_instructions() {
    let topology = chain();
    let vocabulary = vocabulary(&topology);
    let condition = Condition::parse("sum(pending_requests) > queue_threshold").unwrap();
    let condition =
        condition.check(&vocabulary, Asked::EachService, &Origin::default(), &mut Vec::new()).unwrap();
    let mut signals = Signals::new(&vocabulary);
    let mut compiler = Compiler::new(&vocabulary, &mut signals);
    for service in topology.services.ids() {
        compiler.condition(&condition, Instance::of(service));
    }
    let program = compiler.finish();
    assert_eq!((program.comparisons(), signals.width()), (1, 3));
}

#[test]
fn a_goal_is_always_finite_and_inside_its_limits() {
    let topology = chain();
    let vocabulary = vocabulary(&topology);
    let goal = Expression::parse("-sum(pending_requests) / (100 requests)").unwrap();
    let goal = goal.check(&vocabulary, Asked::Once, &Origin::default(), &mut Vec::new()).unwrap();
    let mut signals = Signals::new(&vocabulary);
    let mut compiler = Compiler::new(&vocabulary, &mut signals);
    let value = compiler.value(&goal, Instance::default(), Limits::GOAL);
    let program = compiler.finish();
    let mut columns = Columns::new(&signals, 3);
    let pending = [[Some(20.0), Some(5.0), Some(0.0)], [Some(900.0), Some(0.0), Some(0.0)], [None; 3]];
    for (environment, pending) in pending.into_iter().enumerate() {
        columns.write(environment, &waiting(pending));
    }
    let mut outcome = program.outcome(3);
    program.evaluate(&columns, &[], &mut outcome);
    assert_eq!(outcome.value(value), [-0.25, -1.0, 0.0]);
}
