//! What a condition's author is told: all mistakes at once, each with its place and the nearest right name; and why
//! a condition holds.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_core::{Metric, MetricRow, Seconds, State, Topology};
use karma_org::condition::{Asked, Condition, Expression, Instance, Moment, Quantity, Vocabulary};
use karma_org::spec::{Origin, Position};
use karma_org::{Finding, Severity};

const PAIR: &str = r#"{
    "services": {
        "API": { "cpu": 500, "ram": 256, "computation_throughput": 100 },
        "Auth": { "cpu": 400, "ram": 256, "computation_throughput": 80 }
    },
    "connections": [ { "source": "API", "destination": "Auth" } ]
}"#;

fn pair() -> Topology {
    Topology::read(PAIR.as_bytes()).unwrap()
}

fn vocabulary(topology: &Topology) -> Vocabulary<'_> {
    let mut vocabulary = Vocabulary::new(topology, Seconds(15.0));
    vocabulary.parameters.insert("queue_threshold".to_owned(), Quantity::new(30.0, "requests").unwrap());
    vocabulary.patterns.push("thrash".to_owned());
    vocabulary
}

/// Column and message of each mistake in the syntax.
fn syntax(text: &str) -> Vec<(u32, String)> {
    let findings = Condition::parse(text).unwrap_err().0;
    let place = |finding: Finding| (finding.position().map_or(0, |at| at.column), finding.message);
    findings.into_iter().map(place).collect()
}

/// Messages about a condition whose syntax is right.
fn meaning(text: &str, asked: Asked) -> Vec<String> {
    let topology = pair();
    let mut findings = Vec::new();
    let condition = Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    condition.check(&vocabulary(&topology), asked, &Origin::default(), &mut findings);
    findings.into_iter().map(|finding| finding.message).collect()
}

#[test]
fn one_reading_reports_every_part_that_is_wrong() {
    let found = syntax("age > and (time <) or cpu_usage > 5 cors");
    let places: Vec<u32> = found.iter().map(|(column, _)| *column).collect();
    assert_eq!(places, [7, 18, 35], "{found:?}");
    assert_eq!(found[2].1, "there is no unit \"cors\"; did you mean \"core\"?");
}

#[test]
fn what_other_languages_write_is_translated() {
    let found = syntax("age > 3 s && time > 1 min");
    assert_eq!(found[0], (11, "\"&&\" means nothing in a condition; write \"and\"".to_owned()));
    assert_eq!(syntax("age = 3 s")[0].1, "\"=\" means nothing in a condition; write \"==\"");
    assert_eq!(syntax("1 s < age < 9 s")[0].1, "comparisons do not chain; write \"a < b and b < c\"");
}

#[test]
fn numbers_and_conditions_are_told_apart() {
    assert!(syntax("age and time > 3 s")[0].1.starts_with("a number stands where a condition is needed"));
    assert!(syntax("(age > 3 s) + 1 > 2")[0].1.starts_with("a condition stands where a number is needed"));
    assert!(syntax("sume(age) > 2")[0].1.ends_with("did you mean \"sum\"?"));
    assert!(syntax("")[0].1.contains("found the end"));
}

#[test]
fn nesting_without_end_is_refused_and_not_followed() {
    let deep = format!("{}age > 1 s{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(Condition::parse(&deep).is_err());
    let found = syntax(&format!("{} age > 1 s", "not ".repeat(200)));
    assert_eq!(found.len(), 1);
    assert!(found[0].1.contains("64 deep"), "{found:?}");
    assert!(Condition::parse(&format!("{} age > 1 s", "not ".repeat(60))).is_ok());
}

#[test]
fn a_finding_keeps_the_place_of_the_larger_text() {
    let mut findings = Vec::new();
    assert_eq!(Condition::parse_at("age > 3 furlongs", &Origin::at(12, 5), &mut findings), None);
    assert_eq!(findings[0].position(), Some(Position { line: 12, column: 5 }));
    assert_eq!(findings[0].message, "column 7: there is no unit \"furlongs\"");
}

#[test]
fn unlike_quantities_are_not_compared_or_added() {
    let each = |text| meaning(text, Asked::EachService);
    assert_eq!(
        each("pending_requests > cpu_usage"),
        ["compares requests (pending_requests) with millicores (cpu_usage)"]
    );
    assert_eq!(
        each("pending_requests > 30"),
        ["compares requests (pending_requests) with a plain number (30); write \"30 requests\""]
    );
    assert_eq!(
        each("pending_requests + 5 pods > 3 requests"),
        ["adds pods (5 pods) where requests are summed"]
    );
    assert!(each("cpu_usage / current_replicas > 250 m/pod and requests_total / 15 s > 3/s").is_empty());
    assert!(each("pending_requests > 0 and network_in > 2 * network_out").is_empty());
}

#[test]
fn unknown_names_are_reported_together_with_the_nearest() {
    let found = meaning("max(pending_request) > queue_treshold or matches(trash)", Asked::Once);
    let hints = ["pending_requests", "queue_threshold", "thrash"];
    assert_eq!(found.len(), 3, "{found:?}");
    for (message, hint) in found.iter().zip(hints) {
        assert!(message.ends_with(&format!("did you mean {hint:?}?")), "{message}");
    }
    let found = meaning("cpu_usage of Aut > 3 m or any(cpu_usage > 3 m, upstrem)", Asked::Once);
    assert!(found[0].ends_with("\"Auth\"?") && found[1].ends_with("\"upstream\"?"), "{found:?}");
}

#[test]
fn a_bare_metric_needs_a_service_to_be_asked_about() {
    let found = meaning("pending_requests > queue_threshold", Asked::Once);
    assert!(found[0].contains("\"pending_requests of API\""), "{found:?}");
    assert!(meaning("any(sum(pending_requests, upstream) > queue_threshold)", Asked::Once).is_empty());
    assert!(meaning("any(any(any(pods_failed > 0)))", Asked::Once)[0].contains("nested 2 deep"));
}

#[test]
fn a_trend_looks_back_a_whole_number_of_decisions_or_warns() {
    assert!(meaning("change(entry_rate, 30 s) > 0", Asked::Once).is_empty());
    let topology = pair();
    let mut findings = Vec::new();
    let condition = Condition::parse("change(entry_rate, 20 s) > 0").unwrap();
    let checked = condition.check(&vocabulary(&topology), Asked::Once, &Origin::default(), &mut findings);
    assert!(checked.is_some() && findings[0].severity == Severity::Warning);
    assert!(meaning("change(entry_rate, 3 pods) > 0", Asked::Once)[0].contains("must be a time"));
    assert!(meaning("change(entry_rate, 9 h) > 0", Asked::Once)[0].contains("512 decisions"));
}

fn state(pending: [Option<f32>; 2]) -> State {
    let row = |pending: &Option<f32>| {
        let mut row = MetricRow::default();
        if let Some(pending) = pending {
            row.set(Metric::PendingRequests, *pending);
        }
        row
    };
    State {
        time: Seconds(30.0),
        age: None,
        services: pending.iter().map(row).collect(),
        entry_rates: vec![Some(8.0)].into(),
        resilience: None,
    }
}

fn explained(text: &str) -> String {
    let topology = pair();
    let vocabulary = vocabulary(&topology);
    let condition = Condition::parse(text).unwrap();
    let condition = condition.check(&vocabulary, Asked::Once, &Origin::default(), &mut Vec::new()).unwrap();
    let (now, then) = (state([Some(45.0), None]), state([Some(9.0), Some(1.0)]));
    let moment = Moment { past: &[&now, &then], matches: &[true] };
    condition.explain(&vocabulary, Instance::default(), moment).to_string()
}

#[test]
fn an_explanation_goes_down_to_the_measurements() {
    assert_eq!(
        explained(
            "max(pending_requests) > queue_threshold and not growth(pending_requests of Auth, 15 s) > 2"
        ),
        "all of: unknown\n  \
           max(pending_requests) = 45 requests > queue_threshold = 30 requests: true\n    \
             pending_requests of API = 45 requests\n    \
             pending_requests of Auth = missing\n  \
           not: unknown\n    \
             growth(pending_requests of Auth, 15 s) = missing > 2: unknown\n      \
               pending_requests of Auth = missing\n      \
               pending_requests of Auth a decision ago = 1 requests\n"
    );
}

#[test]
fn a_dense_goal_is_explained_with_its_unit() {
    let topology = pair();
    let vocabulary = vocabulary(&topology);
    let goal = Expression::parse("entry_rate / 4").unwrap();
    let goal = goal.check(&vocabulary, Asked::Once, &Origin::default(), &mut Vec::new()).unwrap();
    let now = state([None, None]);
    let why = goal.explain(&vocabulary, Instance::default(), Moment { past: &[&now], matches: &[] });
    assert_eq!((why.text.as_str(), why.number()), ("entry_rate / 4 = 2 requests/s", Some(2.0)));
}
