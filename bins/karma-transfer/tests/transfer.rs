//! `karma-transfer` as a user meets it, without a cluster: a run in, a file, an episode in each mode, and decisions in words.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use assert_cmd::Command;
use karma::config::{Budget, Choice, EvaluationParams, RunParams, Written};
use karma::marl::MappoParams;
use serde_json::Value;
use tempfile::TempDir;

/// A tiny run and its artefact, made once for all tests.
fn team() -> &'static (PathBuf, PathBuf) {
    static TEAM: OnceLock<(TempDir, (PathBuf, PathBuf))> = OnceLock::new();
    let (_, team) = TEAM.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let (run, file) = (directory.path().join("run"), directory.path().join("team.karma"));
        train(&run);
        let packaged = transfer(&["package", text(&run), "--out", text(&file)]);
        assert!(packaged.status.success(), "{}", stderr(&packaged));
        (directory, (run, file))
    });
    team
}

fn train(out: &Path) {
    let params = RunParams {
        workload: Choice::named("constant"),
        scenarios: vec![Choice::named("nominal")],
        budget: Budget::Iterations(1),
        learner: MappoParams { num_envs: 1, num_minibatches: 1, hidden: vec![8], ..MappoParams::default() },
        evaluation: EvaluationParams { seeds: 1, resamples: 10, ..EvaluationParams::default() },
        ..RunParams::default()
    };
    let run = karma::Run::create(Written::from(params).check().unwrap(), Some(out), false).unwrap();
    assert!(matches!(run.work(&mut karma::Silent).unwrap(), karma::Outcome::Finished(_)));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn transfer(arguments: &[&str]) -> Output {
    Command::cargo_bin("karma-transfer").unwrap().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Exit code and message of something that is refused.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = transfer(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    (output.status.code(), stderr(&output))
}

/// An episode in a mode, as JSON, with its log.
fn played(mode: &[&str], log: &Path) -> Value {
    let rest =
        ["--simulated", "ddos:4", "--policy", text(&team().1), "--log", text(log), "--json", "--quiet"];
    serde_json::from_str(&stdout(&transfer(&[mode, &rest].concat()))).unwrap()
}

#[test]
fn an_episode_in_each_mode_ends_with_figures_and_a_log_that_can_be_explained() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log.jsonl");
    let shadow = played(&["shadow"], &log);
    assert_eq!(shadow["karma"]["pod_hours"], shadow["hpa"]["pod_hours"]);
    assert_eq!((&shadow["counts"]["carried_out"], &shadow["counts"]["decisions"]), (&0.into(), &40.into()));
    let told = stdout(&transfer(&["explain", "--log", text(&log), "--last"]));
    assert!(
        told.starts_with("Decision 40 at ") && told.contains("Shadow: nothing is carried out."),
        "{told}"
    );
    assert_eq!((told.matches("agents  ").count(), told.matches("HPA     ").count()), (4, 4), "{told}");
    let one = stdout(&transfer(&["explain", "--log", text(&log), "--last", "3", "--service", "api"]));
    assert_eq!((one.matches("Decision ").count(), one.matches("  api: ").count()), (3, 3), "{one}");

    let canary = played(&["canary", "--canary", "api", "--watch", "60"], &log);
    assert!(!canary["counts"]["canary"].as_array().unwrap().is_empty(), "{canary}");
    let active = played(&["run", "--mode", "active"], &log);
    assert_eq!(active["hpa"], shadow["hpa"], "the same episode");
    let lines = fs::read_to_string(&log).unwrap();
    played(&["run", "--mode", "active"], &log);
    assert_eq!(fs::read_to_string(&log).unwrap(), lines, "the same seed, the same bytes");
}

#[test]
fn manifests_go_with_the_file_and_a_specification_with_its_policy() {
    let directory = tempfile::tempdir().unwrap();
    let (run, file) = team();
    let out = directory.path().join("team.karma");
    let told = stdout(&transfer(&["package", text(run), "--out", text(&out), "--config-map", "team"]));
    assert_eq!(fs::read(&out).unwrap(), fs::read(file).unwrap(), "the same run, the same bytes");
    let spec = directory.path().join("team.yaml");
    let digest = told.lines().find_map(|line| line.strip_prefix("digest: ")).unwrap();
    assert!(fs::read_to_string(&spec).unwrap().contains(digest));
    let log = directory.path().join("log.jsonl");
    let rest = ["--simulated", "nominal", "--policy", text(&out), "--log", text(&log), "--quiet"];
    let table = stdout(&transfer(&[&["run", "--spec", text(&spec)], rest.as_slice()].concat()));
    assert!(table.contains("karma, shadow") && table.contains("Listened to the agents: 40 of 40"), "{table}");

    let example = stdout(&transfer(&["spec", "--policy", text(&out)]));
    assert!(example.contains(digest));
    let other = directory.path().join("other.yaml");
    fs::write(&other, stdout(&transfer(&["spec"]))).unwrap();
    let (code, error) = refused(&[&["run", "--spec", text(&other)], rest.as_slice()].concat());
    assert!(code == Some(2) && error.contains(&format!("the policy has digest {digest}")), "{error}");
    fs::write(&other, example.replace("calm: 20", "calm: 0")).unwrap();
    let (code, error) = refused(&[&["run", "--spec", text(&other)], rest.as_slice()].concat());
    let expected = format!("error: {}: spec.trust.calm is 0; allowed: 1 to 100000\n", other.display());
    assert_eq!((code, error), (Some(2), expected));
    assert!(stdout(&transfer(&["crd"])).contains("name: karmaautoscalers.karma.dev"));
}

#[test]
fn wrong_words_are_answered_with_what_is_allowed() {
    let directory = tempfile::tempdir().unwrap();
    let file = text(&team().1);
    let (code, error) = refused(&["shadow", "--simulated", "dos", "--policy", file]);
    assert!(code == Some(2) && error.contains("--simulated: ") && error.contains("ddos"), "{error}");
    let (code, error) = refused(&["canary", "--simulated", "ddos", "--policy", file]);
    assert!(code == Some(2) && error.contains("name them with --canary"), "{error}");
    let (code, error) =
        refused(&["canary", "--simulated", "ddos", "--policy", file, "--canary", "ap", "--quiet"]);
    assert!(code == Some(2) && error.contains("the policy knows no service ap; it knows api, "), "{error}");
    assert_eq!(refused(&["shadow", "--simulated", "ddos"]).0, Some(2));
    let none = directory.path().join("none");
    let (code, error) = refused(&["explain", "--log", text(&none)]);
    assert!(code == Some(1) && error.contains("none: the file cannot be read"), "{error}");
    fs::write(&none, "no policy").unwrap();
    let (code, error) = refused(&["shadow", "--simulated", "ddos", "--policy", text(&none)]);
    assert!(code == Some(1) && error.contains("it is no policy artefact"), "{error}");
    let (code, error) = refused(&["package", text(directory.path()), "--out", text(&none)]);
    assert!(code == Some(2) && error.contains("not a run of this program"), "{error}");
    let name = ["package", text(&team().0), "--out", text(&none), "--config-map", "Team"];
    let (code, error) = refused(&name);
    assert!(code == Some(2) && error.contains("--config-map is \"Team\"; allowed: "), "{error}");
}
