//! The controller beside a Prometheus that is gone, silent, old or lies: what it tells, and that it scales nothing by that.

mod fake;

use serde_json::{Value, json};

use crate::lab::eventually;
use crate::site::{SERVICES, Site};
use fake::{FakePrometheus, Says};

/// The process of the controller.
const FIRST: &str = "first";

/// So many decisions are looked at in each case.
const DECISIONS: usize = 2;

/// What is wrong with a Prometheus, and what is told of it.
struct Case {
    says: Says,
    /// Reason of the condition `Measured`.
    reason: &'static str,
    /// The gap of the request rate.
    gap: &'static str,
    /// Words of a question that failed.
    failed: Option<&'static str>,
}

const fn case(says: Says, reason: &'static str, gap: &'static str, failed: Option<&'static str>) -> Case {
    Case { says, reason, gap, failed }
}

const GOOD: Says = Says::Samples { age: 2.0, rate: "20" };

const CASES: [Case; 7] = [
    case(Says::Refused, "Unanswered", "its source did not answer", Some("Prometheus cannot be reached")),
    case(
        Says::Nothing,
        "Unanswered",
        "its source did not answer",
        Some("Prometheus did not answer within 1 s"),
    ),
    case(Says::Error, "Unanswered", "its source did not answer", Some("Prometheus answered with status 502")),
    case(Says::Samples { age: 300.0, rate: "20" }, "Missing", " s old", None),
    case(Says::Samples { age: 2.0, rate: "NaN" }, "Missing", "not a number", None),
    case(Says::Samples { age: 2.0, rate: "-20" }, "Missing", "-20 is below 0", None),
    case(Says::Samples { age: 2.0, rate: "1e30" }, "Missing", "1e30 is more than can be", None),
];

#[test]
fn a_prometheus_that_is_gone_old_or_lies_is_told_and_nothing_is_scaled_by_it() {
    let Some(site) = Site::installed() else { return };
    let prometheus = FakePrometheus::start(GOOD);
    site.patch(&json!({ "mode": "Active", "limits": { "demand": true }, "metrics": asked(&prometheus) }));
    let _controller = site.controller(FIRST);
    is_well(&site);
    let before = replicas(&site);
    for case in &CASES {
        prometheus.says(case.says);
        is_told_and_harmless(&site, case);
        assert_eq!(replicas(&site), before, "{:?}", case.says);
        prometheus.says(GOOD);
        is_well(&site);
    }
    assert!(site.events("Unmeasured").iter().any(|note| note.starts_with("questions that failed: ")));
    assert!(site.events("Measured").iter().any(|note| note.contains("nothing that Prometheus is asked for")));
    assert_eq!(site.events("Scaled"), [""; 0], "nothing was scaled all the while");

    // It is not that nothing would be written: what an operator asks for needs no Prometheus.
    prometheus.says(Says::Refused);
    eventually("Prometheus is missed", || site.condition("Measured").0 == "False");
    site.patch(&json!({ "services": { "api": { "minReplicas": 3 } } }));
    eventually("api is scaled as its operator says", || site.replicas("api") == 3);
}

/// Where Prometheus is, and three questions.
fn asked(prometheus: &FakePrometheus) -> Value {
    let metrics = ["request_rate", "error_rate", "latency_mean"];
    let metrics: serde_json::Map<String, Value> =
        metrics.iter().map(|metric| ((*metric).to_owned(), json!(metric))).collect();
    json!({
        "prometheus": { "url": prometheus.url(), "timeoutSeconds": 1.0 },
        "sources": { "shop": { "sampledAt": "sampled_at", "metrics": metrics } },
    })
}

/// Everything is measured, and the agents are listened to.
fn is_well(site: &Site) {
    eventually("everything is measured and the agents are listened to", || {
        let last = site.decisions(FIRST).pop().unwrap_or_default();
        site.condition("Measured").0 == "True"
            && [&last["missing"], &last["failed"]].iter().all(|list| **list == json!([]))
            && reasons(&last).iter().all(|reason| !reason.contains("because"))
    });
}

fn is_told_and_harmless(site: &Site, case: &Case) {
    let said = format!("{:?} is told", case.says);
    eventually(&said, || site.condition("Measured") == ("False".to_owned(), case.reason.to_owned()));
    assert_eq!(site.condition("Ready").0, "True", "decisions go on");
    // The status of a decision is there before its line in the log.
    let begin = site.decisions(FIRST).len() + 1;
    eventually("some decisions", || site.decisions(FIRST).len() >= begin + DECISIONS);
    for entry in &site.decisions(FIRST)[begin..] {
        let missing: Vec<&str> =
            entry["missing"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for service in SERVICES {
            let begin = format!("{service} request_rate: ");
            let told = |line: &&str| line.starts_with(&begin) && line.contains(case.gap);
            assert!(missing.iter().any(told), "{begin}{} is not in {missing:?}", case.gap);
        }
        let failed = format!("{}", entry["failed"]);
        match case.failed {
            Some(words) => assert!(failed.contains(words), "{words} is not in {failed}"),
            None => assert_eq!(failed, "[]"),
        }
        for service in entry["snapshot"]["services"].as_array().unwrap() {
            assert!(service["metrics"]["request_rate"].is_null(), "absence is no zero: {service}");
        }
        assert_eq!(entry["outcomes"], json!({}), "nothing is carried out");
        for reason in reasons(entry) {
            assert!(
                reason.contains("because the demand is missing"),
                "the agents are not listened to: {reason}"
            );
        }
    }
}

/// Why each service gets what it gets, in a line of the decision log.
fn reasons(entry: &Value) -> Vec<String> {
    let services = entry["decided"]["services"].as_array().unwrap();
    services.iter().map(|service| service["target"]["reason"].as_str().unwrap().to_owned()).collect()
}

fn replicas(site: &Site) -> [u64; 4] {
    SERVICES.map(|service| site.replicas(service))
}
