//! Calibration end to end on a cluster that is known: a simulated one with hidden parameters, measured as a real one would be.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_testbed::calibration::{
    Action, ActionKind, CalibrationError, CalibrationParams, Measurement, Model, Purpose, Report, Row, Run,
    ServiceFacts, Totals, VERSION, calibrate, replay,
};

/// What is to be found.
const HIDDEN: Model = Model { work_factor: 1.3, overhead: 0.0, network: 0.004, background: 0.0 };
const WARM_UP: u32 = 10;
const SECONDS: usize = 100;

/// Four services in a row, 400 m and 8 ms of CPU for each request, start-up as told.
fn topology(startup: f64) -> serde_json::Value {
    let service = serde_json::json!({
        "cpu": 400, "ram": 256, "computation_throughput": 50, "min_replicas": 1, "max_replicas": 4,
        "initial_replicas": 1, "startup_seconds": startup, "concurrency": 16, "queue_capacity": 32,
        "work_cv": 0.5, "memory_per_request": 0.1
    });
    let link = |from: &str, to: &str| serde_json::json!({ "source": from, "destination": to });
    serde_json::json!({
        "services": { "api": service, "auth": service, "products": service, "orders": service },
        "connections": [
            { "source": "INPUT", "destination": "api", "throughput": 10 },
            link("api", "auth"), link("auth", "products"), link("products", "orders")
        ],
        "nodes": [ { "count": 1, "cpu": 16000, "ram": 16384 } ], "timeout_seconds": 5
    })
}

/// A run that was not measured yet.
fn run(name: &str, purpose: Purpose, offered: Vec<f64>) -> Run {
    let totals = Totals { throughput: 1.0, success: 1.0, mean: 1.0, p50: 1.0, p95: 1.0, p99: 1.0 };
    let (replicas, actions) = (std::collections::BTreeMap::new(), Vec::new());
    let rows = vec![Row::default(); offered.len()];
    Run { name: name.into(), purpose, replicas, warm_up: WARM_UP, offered, seed: None, actions, rows, totals }
}

fn level(name: &str, purpose: Purpose, rate: f64) -> Run {
    run(name, purpose, vec![rate; SECONDS])
}

fn action(service: &str, kind: ActionKind) -> Action {
    Action { at: 40.0, service: service.into(), kind }
}

/// Three levels to fit on; a level, a step, saturation, a kill and a scale-up to predict.
fn runs() -> Vec<Run> {
    let mut step = vec![8.0; 40];
    step.resize(SECONDS, 28.0);
    let mut kill = level("kill", Purpose::Predict, 14.0);
    kill.replicas = [("orders".to_owned(), 2)].into();
    kill.actions = vec![action("orders", ActionKind::Kill(2))];
    let mut scale = level("scale-up", Purpose::Predict, 50.0);
    scale.actions = ["api", "auth", "products", "orders"].map(|s| action(s, ActionKind::Scale(2))).into();
    vec![
        level("low", Purpose::Fit, 6.0),
        level("middle", Purpose::Fit, 16.0),
        level("high", Purpose::Fit, 26.0),
        level("between", Purpose::Predict, 21.0),
        level("saturated", Purpose::Predict, 60.0),
        run("step", Purpose::Predict, step),
        kill,
        scale,
    ]
}

fn unmeasured(startup: f64, cpu_period: f64, runs: Vec<Run>) -> Measurement {
    Measurement {
        version: VERSION,
        title: "A simulated cluster with hidden parameters.".into(),
        topology: topology(startup),
        cpu_period,
        readiness_period: 1.0,
        services: std::collections::BTreeMap::new(),
        runs,
    }
}

/// What the hidden cluster, with quotas of `cpu_period`, gives: fitting runs three times, as a real one is measured, and held-out runs
/// six times. A run whose pods' periods begin at other moments is another run: near capacity, means of one differ by some 20 %.
fn measure(cpu_period: f64) -> Measurement {
    let hidden = unmeasured(3.0, cpu_period, runs()).check().unwrap();
    let mut measured = Vec::new();
    for (index, run) in (0u64..).zip(runs()) {
        let run = Run { seed: Some(index), ..run };
        let repetitions = if run.purpose == Purpose::Fit { 3 } else { 6 };
        for series in replay(&hidden, &HIDDEN, &run, (900 + index, repetitions)).unwrap().series {
            let totals = series.totals(WARM_UP).unwrap();
            measured.push(Run { rows: series.rows(), totals, ..run.clone() });
        }
    }
    // Starts as they would be observed: log-normal around 3 s, and the wait for a probe. The topology is wrong on purpose.
    let starts = vec![2.4, 2.9, 3.2, 3.5, 3.8, 4.2, 4.9];
    let facts = ServiceFacts { starts, ..ServiceFacts::default() };
    let services = ["api", "auth", "products", "orders"].map(|name| (name.to_owned(), facts.clone())).into();
    Measurement { services, ..unmeasured(9.0, 0.1, measured) }
}

fn report(measurement: Measurement) -> Report {
    calibrate(&measurement.check().unwrap(), &CalibrationParams::default()).unwrap()
}

#[test]
fn hidden_parameters_are_found_and_held_out_runs_predicted() {
    let report = report(measure(0.1));
    let page = report.to_markdown();
    let model = report.fit.model;
    assert!((model.work_factor / HIDDEN.work_factor - 1.0).abs() < 0.05, "{page}");
    assert!((model.network - HIDDEN.network).abs() < 0.0015, "{page}");
    assert!(report.fit.objective < 0.05, "{page}");
    for prediction in &report.predictions {
        assert!(prediction.mean_holds() && prediction.recovery_holds(), "{page}");
        assert!(prediction.errors.unwrap().throughput.abs() < 0.03, "{page}");
    }
    assert!(report.holds() && !page.contains("fails"), "{page}");
}

#[test]
fn a_run_with_a_seed_is_met_request_by_request() {
    let sent = Run { seed: Some(5), ..level("seeded", Purpose::Predict, 20.0) };
    let moments = sent.moments().unwrap().unwrap();
    let study = unmeasured(3.0, 0.1, runs()).check().unwrap();
    let series = replay(&study, &HIDDEN, &sent, (1, 3)).unwrap().series;
    let second =
        |second: usize| moments.iter().filter(|moment| moment.floor() == second as f64).count() as u64;
    let expected: Vec<u64> = (0..SECONDS).map(second).collect();
    for series in &series {
        assert_eq!(series.rows().iter().map(|row| row.sent).collect::<Vec<_>>(), expected);
    }
    assert_ne!(series[0].rows(), series[1].rows(), "the work of requests is drawn anew");
    let with = |seed| {
        let totals = series[0].totals(WARM_UP).unwrap();
        let run = Run { rows: series[0].rows(), totals, seed: Some(seed), ..sent.clone() };
        unmeasured(3.0, 0.1, [level("low", Purpose::Fit, 6.0), run].into()).check()
    };
    assert!(with(5).is_ok());
    let said = with(6).unwrap_err().to_string();
    assert!(said.starts_with("run \"seeded\", second 0: "), "{said}");
}

#[test]
fn what_was_measured_is_not_fitted() {
    use karma_testbed::calibration::Parameter::{Network, WorkFactor};
    let mut measurement = unmeasured(3.0, 0.1, runs());
    assert_eq!(measurement.clone().check().unwrap().unmeasured(), [WorkFactor, Network]);
    let facts = ServiceFacts { cpu_per_request: Some(0.01), ..ServiceFacts::default() };
    measurement.services =
        ["api", "auth", "products", "orders"].map(|name| (name.to_owned(), facts.clone())).into();
    assert_eq!(measurement.check().unwrap().unmeasured(), [Network]);
}

#[test]
fn a_cluster_of_another_physics_is_reported_as_a_misfit() {
    let right = report(measure(0.1));
    let wrong = report(measure(0.0));
    let page = wrong.to_markdown();
    assert!(wrong.fit.objective > 3.0 * right.fit.objective, "{} {page}", right.fit.objective);
    assert!(!wrong.holds() && page.contains("**fails**"), "{page}");
}

#[test]
fn a_file_and_its_settings_determine_the_report() {
    let mut measurement = measure(0.1);
    measurement.runs.retain(|run| run.name != "scale-up" && run.name != "saturated");
    let text = serde_json::to_string(&measurement).unwrap();
    let again = Measurement::read(text.as_bytes()).unwrap();
    assert_eq!(again, measurement);
    assert_eq!(report(measurement), report(again));
}

/// The refusal of a measurement that was changed.
fn refusal(change: impl FnOnce(&mut Measurement)) -> String {
    let mut measurement = unmeasured(3.0, 0.1, runs());
    change(&mut measurement);
    measurement.check().unwrap_err().to_string()
}

#[test]
fn measurements_that_cannot_be_used_are_refused_with_their_place() {
    let cases: [(&str, String); 10] = [
        ("format version 7", refusal(|m| m.version = 7)),
        ("\"low\": 99 rows for 100 offered seconds", refusal(|m| m.runs[0].rows.truncate(99))),
        ("run \"low\": offered: -1", refusal(|m| m.runs[0].offered[3] = -1.0)),
        (
            "services.api.requests: -1",
            refusal(|m| {
                let facts = ServiceFacts { requests: -1.0, ..ServiceFacts::default() };
                m.services.insert("api".into(), facts);
            }),
        ),
        ("run \"low\": warm_up: 100", refusal(|m| m.runs[0].warm_up = 100)),
        ("no service \"web\"", refusal(|m| m.runs[6].actions[0].service = "web".into())),
        ("run \"kill\": replicas.orders: 9", refusal(|m| m.runs[6].replicas = [("orders".into(), 9)].into())),
        ("totals.mean: NaN", refusal(|m| m.runs[1].totals.mean = f64::NAN)),
        ("purpose \"predict\"", refusal(|m| m.runs.truncate(3))),
        ("differ in what they offered", refusal(|m| m.runs[1].name = "low".into())),
    ];
    for (expected, found) in cases {
        assert!(found.contains(expected), "{expected}: {found}");
    }
    assert!(matches!(Measurement::read("{".as_bytes()), Err(CalibrationError::Syntax(_))));
}
