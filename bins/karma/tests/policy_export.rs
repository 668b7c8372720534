//! `karma policy export` as someone uses it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use karma::config::{Budget, Choice, EvaluationParams, RunParams, Written};
use karma::marl::MappoParams;
use karma::mock::ScenarioParams;
use karma::{Run, Silent};

fn train(path: &Path) {
    let scenario: ScenarioParams = toml::from_str(
        "name = \"short\"
         episode = { warm_up = 5, measured = 30, calm_before = 10, calm_after = 20 }",
    )
    .unwrap();
    let params = RunParams {
        workload: Choice::named("constant"),
        scenarios: vec![Choice::Table(Box::new(scenario))],
        budget: Budget::Iterations(1),
        learner: MappoParams { num_envs: 1, num_minibatches: 1, hidden: vec![4], ..MappoParams::default() },
        evaluation: EvaluationParams { seeds: 1, resamples: 100, ..EvaluationParams::default() },
        ..RunParams::default()
    };
    let config = Written::from(params).check().unwrap();
    Run::create(config, Some(path), false).unwrap().work(&mut Silent).unwrap();
}

/// Exit code and everything that was said.
fn export(run: &Path, out: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_karma"));
    let output = command.args(["policy", "export"]).arg(run).arg("--out").arg(out).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_run_gives_a_model_for_each_agent_with_its_name_inside() {
    let directory = tempfile::tempdir().unwrap();
    let (run, out) = (directory.path().join("run"), directory.path().join("deep/actors"));
    train(&run);
    let (code, said) = export(&run, &out);
    assert_eq!(code, Some(0), "{said}");
    let agents = ["bottleneck", "ddos", "failure", "resource"];
    let mut models = Vec::new();
    for (agent, line) in agents.iter().zip(said.lines()) {
        let path = out.join(format!("{agent}.onnx"));
        assert_eq!(line, path.display().to_string());
        let model = fs::read(path).unwrap();
        let named = |text: &str| model.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(named("karma.agent") && named(agent) && named("LogSoftmax"));
        models.push(model);
    }
    assert_eq!((models.len(), said.lines().count(), fs::read_dir(&out).unwrap().count()), (4, 4, 4));

    assert_eq!(export(&run, &out).0, Some(0), "a second export replaces the first");
    assert_eq!(fs::read(out.join("ddos.onnx")).unwrap(), models[1]);

    let checkpoint = run.join("policy/checkpoint.safetensors");
    fs::write(&checkpoint, &fs::read(&checkpoint).unwrap()[..100]).unwrap();
    let (code, said) = export(&run, &out);
    assert_eq!(code, Some(1));
    assert!(said.contains("checkpoint.safetensors: the checkpoint cannot be used"), "{said}");
}

#[test]
fn what_is_no_run_is_wrong_usage_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("actors");
    let (code, said) = export(directory.path(), &out);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("not a run of this program"), "{said}");
    assert!(!out.exists());
}
