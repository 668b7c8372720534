//! Compiled programs against the interpreter, on random conditions and random states with gaps.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_core::{Metric, MetricRow, OperationalResilience, PerService, Seconds, State, Topology};
use karma_org::condition::{
    Asked, CheckedCondition, CheckedExpression, Columns, Compiler, Condition, Expression, Instance, Limits,
    Moment, Quantity, Signals, Vocabulary,
};
use karma_org::spec::Origin;
use proptest::prelude::*;

const DIAMOND: &str = r#"{
    "services": {
        "API": { "cpu": 500, "ram": 256, "computation_throughput": 100, "priority": "critical" },
        "left": { "cpu": 400, "ram": 256, "computation_throughput": 80 },
        "right": { "cpu": 400, "ram": 256, "computation_throughput": 80, "priority": "low" },
        "data-base": { "cpu": 600, "ram": 256, "computation_throughput": 150 }
    },
    "connections": [
        { "source": "INPUT", "destination": "API" },
        { "source": "API", "destination": "left" },
        { "source": "API", "destination": "right" },
        { "source": "left", "destination": "data-base" },
        { "source": "right", "destination": "data-base" }
    ]
}"#;

/// What stands for a missing number in a program's output: no expression here comes to it.
const MISSING: f32 = -123_456.7;

fn vocabulary(topology: &Topology) -> Vocabulary<'_> {
    let mut vocabulary = Vocabulary::new(topology, Seconds(15.0));
    vocabulary.parameters.insert("threshold".to_owned(), Quantity::new(3.0, "requests").unwrap());
    vocabulary.parameters.insert("ago".to_owned(), Quantity::new(0.5, "min").unwrap());
    vocabulary.patterns.extend(["thrash".to_owned(), "calm".to_owned()]);
    vocabulary
}

fn set() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        ", self",
        ", upstream",
        ", downstream",
        ", callers",
        ", reachable",
        ", entry",
        ", critical",
        ", not_critical",
        ", low, data-base",
        ", all",
        ", 'left', API",
    ])
}

fn one_of(texts: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(texts).prop_map(str::to_owned).boxed()
}

/// An expression that counts requests, nested at most `depth` deep, with at most `nested` aggregates in each other.
fn requests(depth: u32, nested: usize) -> BoxedStrategy<String> {
    let leaf = one_of(&[
        "pending_requests",
        "in_flight",
        "d_rem",
        "threshold",
        "2 requests",
        "0",
        "in_flight of data-base",
        "requests_total of API",
        "1e30 requests",
    ]);
    if depth == 0 {
        return leaf;
    }
    let of = move || requests(depth - 1, nested);
    let plain = plain(depth - 1, nested);
    let ago = one_of(&["15 s", "ago", "45 s"]);
    let mut choices = vec![
        leaf,
        (of(), one_of(&["+", "-"]), of()).prop_map(|(a, how, b)| format!("({a} {how} {b})")).boxed(),
        (of(), one_of(&["*", "/"]), plain).prop_map(|(a, how, b)| format!("({a} {how} {b})")).boxed(),
        (of(), ago).prop_map(|(a, ago)| format!("change({a}, {ago})")).boxed(),
        of().prop_map(|a| format!("-{a}")).boxed(),
    ];
    if nested > 0 {
        let how = one_of(&["sum", "mean", "max", "min"]);
        let of = requests(depth - 1, nested - 1);
        choices.push((how, of, set()).prop_map(|(how, a, set)| format!("{how}({a}{set})")).boxed());
    }
    prop::strategy::Union::new(choices).boxed()
}

/// An expression without a unit.
fn plain(depth: u32, nested: usize) -> BoxedStrategy<String> {
    let leaf = one_of(&[
        "error_rate",
        "50 %",
        "2",
        "resilience",
        "success_rate",
        "cpu_utilization of left",
        "(age / (15 s))",
        "0",
    ]);
    if depth == 0 {
        return leaf;
    }
    let of = move || requests(depth - 1, nested);
    let mut choices = vec![
        leaf,
        (of(), of()).prop_map(|(a, b)| format!("({a} / ({b}))")).boxed(),
        of().prop_map(|a| format!("growth({a}, 15 s)")).boxed(),
        one_of(&["growth(entry_rate, 30 s)", "(change(time, 15 s) / (1 s))"]),
    ];
    if nested > 0 {
        let of = condition(depth - 1, nested - 1);
        choices.push((of, set()).prop_map(|(a, set)| format!("count({a}{set})")).boxed());
    }
    prop::strategy::Union::new(choices).boxed()
}

fn condition(depth: u32, nested: usize) -> BoxedStrategy<String> {
    let how = || one_of(&["<", "<=", ">", ">=", "==", "!="]);
    let below = depth.saturating_sub(1);
    let compare = |of: fn(u32, usize) -> BoxedStrategy<String>| {
        (of(below, nested), how(), of(below, nested)).prop_map(|(a, how, b)| format!("{a} {how} {b}")).boxed()
    };
    let leaf = prop::strategy::Union::new(vec![
        compare(requests),
        compare(plain),
        requests(below, nested).prop_map(|a| format!("missing({a})")).boxed(),
        one_of(&["matches(thrash)", "matches(calm)", "true", "false"]),
    ]);
    if depth == 0 {
        return leaf.boxed();
    }
    let of = move || condition(below, nested);
    let mut choices = vec![
        leaf.boxed(),
        (of(), one_of(&["and", "or"]), of()).prop_map(|(a, how, b)| format!("({a} {how} {b})")).boxed(),
        of().prop_map(|a| format!("not ({a})")).boxed(),
    ];
    if nested > 0 {
        let of = condition(below, nested - 1);
        choices.push(
            (one_of(&["any", "all"]), of, set()).prop_map(|(how, a, set)| format!("{how}({a}{set})")).boxed(),
        );
    }
    prop::strategy::Union::new(choices).boxed()
}

fn sample() -> impl Strategy<Value = Option<f32>> {
    prop_oneof![
        2 => Just(None),
        6 => (0_u8..6).prop_map(|value| Some(f32::from(value))),
        1 => Just(Some(3e38)),
        1 => (-2.0_f32..2.0).prop_map(Some),
    ]
}

fn row() -> impl Strategy<Value = MetricRow> {
    prop::array::uniform5(sample()).prop_map(|samples| {
        let read = [
            Metric::PendingRequests,
            Metric::InFlight,
            Metric::RequestsTotal,
            Metric::ErrorRate,
            Metric::CpuUtilization,
        ];
        let mut row = MetricRow::default();
        for (metric, sample) in read.into_iter().zip(samples) {
            if let Some(value) = sample {
                row.set(metric, value);
            }
        }
        row
    })
}

fn state() -> impl Strategy<Value = State> {
    let rows = prop::collection::vec(row(), 4);
    (rows, sample(), sample(), sample(), 0.0..1000.0).prop_map(|(rows, age, rate, success, time)| State {
        time: Seconds(time),
        age: age.map(|age| Seconds(f64::from(age))),
        services: PerService::from(rows),
        entry_rates: vec![rate].into(),
        resilience: success
            .map(|success| OperationalResilience { success_rate: success, ..OperationalResilience::PERFECT }),
    })
}

fn checked(
    vocabulary: &Vocabulary<'_>,
    condition: &str,
    number: &str,
) -> (CheckedCondition, CheckedExpression) {
    let mut findings = Vec::new();
    let condition = Condition::parse(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    let number = Expression::parse(number).unwrap_or_else(|error| panic!("{number}: {error}"));
    let truth = condition.check(vocabulary, Asked::EachService, &Origin::default(), &mut findings);
    let value = number.check(vocabulary, Asked::EachService, &Origin::default(), &mut findings);
    truth.zip(value).unwrap_or_else(|| panic!("{condition}; {number}: {findings:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(condition in condition(4, 2), number in requests(4, 2)) {
        let condition = Condition::parse(&condition).unwrap();
        prop_assert_eq!(Condition::parse(&condition.to_string()).unwrap(), condition);
        let number = Expression::parse(&number).unwrap();
        prop_assert_eq!(Expression::parse(&number.to_string()).unwrap(), number);
    }

    #[test]
    fn programs_compute_what_the_interpreter_says(
        condition in condition(4, 2),
        number in requests(3, 2),
        pasts in prop::collection::vec(prop::collection::vec(state(), 1..5), 3),
        matches in prop::collection::vec(any::<bool>(), 6),
    ) {
        let topology = Topology::read(DIAMOND.as_bytes()).unwrap();
        let vocabulary = vocabulary(&topology);
        let (condition, number) = checked(&vocabulary, &condition, &number);
        let mut signals = Signals::new(&vocabulary);
        let mut compiler = Compiler::new(&vocabulary, &mut signals);
        let limits = Limits { missing: MISSING, ..Limits::FINITE };
        let results: Vec<_> = topology.services.ids().map(Instance::of).map(|instance| {
            (instance, compiler.condition(&condition, instance), compiler.value(&number, instance, limits))
        }).collect();
        let program = compiler.finish();
        let mut columns = Columns::new(&signals, pasts.len());
        for (environment, past) in pasts.iter().enumerate() {
            for state in past {
                columns.write(environment, state);
            }
        }
        let mut outcome = program.outcome(pasts.len());
        program.evaluate(&columns, &matches, &mut outcome);
        for (environment, past) in pasts.iter().enumerate() {
            let past: Vec<&State> = past.iter().rev().collect();
            let moment = Moment { past: &past, matches: &[matches[environment], matches[3 + environment]] };
            for (instance, truth, value) in &results {
                let reasons = condition.explain(&vocabulary, *instance, moment);
                prop_assert_eq!(outcome.truth(*truth)[environment], reasons.holds(), "{}", reasons);
                let reasons = number.explain(&vocabulary, *instance, moment);
                prop_assert_eq!(outcome.value(*value)[environment], reasons.number().unwrap_or(MISSING), "{}", reasons);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused_with_one_line_for_each_error(text in "\\PC{0,60}") {
        if let Err(findings) = Condition::parse(&text) {
            prop_assert!(!findings.0.is_empty());
            for finding in findings.0 {
                prop_assert!(!finding.message.is_empty() && !finding.message.chars().any(char::is_control));
            }
        }
    }
}
