//! Conditions of rules: read, written back, checked and compiled, or refused with messages of one line.
#![no_main]

use karma_core::{Seconds, Topology};
use karma_org::condition::{
    Asked, Columns, Compiler, Condition, Expression, Instance, Limits, Signals, Vocabulary,
};
use karma_org::spec::Origin;
use libfuzzer_sys::fuzz_target;

const PAIR: &str = r#"{ "services": { "a": { "cpu": 500, "ram": 256, "computation_throughput": 100 },
    "b": { "cpu": 500, "ram": 256, "computation_throughput": 100 } },
    "connections": [ { "source": "a", "destination": "b" } ] }"#;

fuzz_target!(|text: &str| {
    let topology = Topology::read(PAIR.as_bytes()).expect("the fixed topology is valid");
    let vocabulary = Vocabulary::new(&topology, Seconds(15.0));
    let subject = topology.services.ids().next().expect("it has services");
    let mut signals = Signals::new(&vocabulary);
    let mut compiler = Compiler::new(&vocabulary, &mut signals);
    let mut findings = Vec::new();
    let mut value = None;
    match Condition::parse(text) {
        Ok(condition) => {
            let back = Condition::parse(&condition.to_string());
            assert_eq!(back.as_ref(), Ok(&condition), "a condition reads back");
            let origin = Origin::default();
            if let Some(checked) = condition.check(&vocabulary, Asked::EachService, &origin, &mut findings) {
                compiler.condition(&checked, Instance::of(subject));
            }
        }
        Err(errors) => findings.extend(errors.0),
    }
    if let Ok(expression) = Expression::parse(text) {
        let back = Expression::parse(&expression.to_string());
        assert_eq!(back.as_ref(), Ok(&expression), "an expression reads back");
        let origin = Origin::default();
        if let Some(checked) = expression.check(&vocabulary, Asked::EachService, &origin, &mut findings) {
            value = Some(compiler.value(&checked, Instance::of(subject), Limits::GOAL));
        }
    }
    for finding in findings {
        assert!(!finding.message.is_empty() && !finding.message.chars().any(char::is_control), "{finding}");
    }
    let program = compiler.finish();
    let mut outcome = program.outcome(1);
    program.evaluate(&Columns::new(&signals, 1), &[], &mut outcome);
    if let Some(value) = value {
        assert!((-1.0..=1.0).contains(&outcome.value(value)[0]), "a goal stays inside its limits");
    }
});
