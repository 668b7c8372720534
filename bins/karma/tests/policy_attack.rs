//! `karma policy attack` as someone uses it, and teams that were trained against an attacker.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::path::Path;

use assert_cmd::Command;
use karma::config::{Budget, Choice, EvaluationParams, Overrides, RunParams, Written};
use karma::marl::MappoParams;
use karma::mock::ScenarioParams;
use karma::mock::environment::SiegeParams;
use karma::{Outcome, Run, Silent, load_team};

fn params() -> RunParams {
    let scenario: ScenarioParams = toml::from_str(
        "name = \"short\"
         episode = { warm_up = 5, measured = 30, calm_before = 10, calm_after = 20 }",
    )
    .unwrap();
    RunParams {
        workload: Choice::named("constant"),
        scenarios: vec![Choice::Table(Box::new(scenario))],
        budget: Budget::Iterations(1),
        learner: MappoParams { num_envs: 1, num_minibatches: 1, hidden: vec![4], ..MappoParams::default() },
        evaluation: EvaluationParams { seeds: 1, resamples: 100, ..EvaluationParams::default() },
        ..RunParams::default()
    }
}

fn train(path: &Path, params: RunParams) -> Outcome {
    let config = Written::from(params).check().unwrap();
    Run::create(config, Some(path), false).unwrap().work(&mut Silent).unwrap()
}

/// Exit code, what was printed and what was told.
fn attack(run: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_karma"));
    let output = command.args(["policy", "attack"]).arg(run).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_team_is_attacked_by_nobody_by_an_untrained_and_by_a_trained_attacker_on_the_same_episodes() {
    let directory = tempfile::tempdir().unwrap();
    let run = directory.path().join("run");
    train(&run, params());
    let arguments = ["--iterations", "2", "--episodes", "2", "--budget", "3000", "--json", "--quiet"];
    let (code, said, told) = attack(&run, &arguments);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&report["iterations"], &report["attacker"]["budget"]), (&2.into(), &3000.0.into()));
    let rows = report["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["nobody", "untrained", "trained"]);
    let arrived = |row: usize, traffic: &str| -> f64 {
        let episodes = rows[row]["episodes"].as_array().unwrap().iter();
        let tallies = episodes.map(|episode| &episode["report"][traffic]);
        tallies.map(|tally| tally["answered"].as_f64().unwrap() + tally["failed"].as_f64().unwrap()).sum()
    };
    assert_eq!(arrived(0, "all"), arrived(0, "legitimate"), "nobody sends nothing");
    for row in [1, 2] {
        assert!(arrived(row, "all") > 1.2 * arrived(row, "legitimate"), "{row}");
    }
    assert_eq!(attack(&run, &arguments).1, said, "one seed, one result");
    let (code, said, _) = attack(&run, &["--iterations", "1", "--episodes", "1", "--quiet"]);
    assert!(
        code == Some(0) && said.contains("untrained") && said.contains("another may find more"),
        "{said}"
    );
}

#[test]
fn limits_out_of_range_are_wrong_usage_with_value_and_range() {
    let directory = tempfile::tempdir().unwrap();
    let run = directory.path().join("run");
    train(&run, params());
    let (code, said, told) = attack(&run, &["--budget", "0"]);
    assert_eq!((code, said.as_str()), (Some(2), ""));
    assert!(told.contains("attacker.budget: 0 is not allowed"), "{told}");
    let (code, _, told) = attack(&directory.path().join("none"), &[]);
    assert!(code == Some(2) && told.contains("none"), "{told}");
}

#[test]
fn a_team_that_trains_against_an_attacker_is_its_defenders_afterwards() {
    let directory = tempfile::tempdir().unwrap();
    let run = directory.path().join("run");
    let attacker = Some(SiegeParams { budget: 100.0, ..SiegeParams::default() });
    let Outcome::Finished(finished) = train(&run, RunParams { attacker, ..params() }) else {
        panic!("it was not interrupted")
    };
    assert_eq!(finished.evaluation.rows[0].name, "karma");
    let (_, config) = load_team(&run).unwrap();
    assert_eq!(config.params().attacker, attacker);
    let mut command = Command::new(env!("CARGO_BIN_EXE_karma"));
    let out = directory.path().join("actors");
    command.args(["policy", "export"]).arg(&run).arg("--out").arg(&out).assert().success();
    assert!(out.join("ddos.onnx").exists() && out.join("attacker.onnx").exists());
    let (code, said, told) = attack(&run, &["--iterations", "1", "--episodes", "1", "--quiet", "--json"]);
    assert_eq!(code, Some(0), "{told}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["attacker"]["budget"], 100.0, "the run's own limits");
}

#[test]
fn an_attacker_of_a_twin_or_out_of_range_is_refused_at_its_place() {
    let refused = |edit: &dyn Fn(&mut RunParams), flags: &Overrides| {
        let mut params = params();
        edit(&mut params);
        Written::from(params).with(flags).check().unwrap_err().to_string()
    };
    let kappa = Some(SiegeParams { kappa: 0.0, ..SiegeParams::default() });
    let told = refused(&|params| params.attacker = kappa, &Overrides::default());
    assert!(told.starts_with("attacker.kappa") && told.contains("0.01 to 100"), "{told}");
    let told = refused(
        &|params| params.twin = Some("twin".to_owned()),
        &Overrides { attacker: Some(true), ..Overrides::default() },
    );
    assert!(told.starts_with("--attacker") && told.contains("a twin knows no attacker"), "{told}");
}
