//! `karma-explain` as a user meets it: a run in, a page and an organisation out, and what it says to a wrong word.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// Two tiny runs of different seeds, trained once for all tests.
fn runs() -> &'static [PathBuf; 2] {
    static RUNS: OnceLock<(TempDir, [PathBuf; 2])> = OnceLock::new();
    let (_, runs) = RUNS.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let runs = [1, 2].map(|seed: u64| {
            let out = directory.path().join(format!("seed-{seed}"));
            train(seed, &out);
            out
        });
        (directory, runs)
    });
    runs
}

fn train(seed: u64, out: &Path) {
    use karma::config::{Budget, RunParams, Written};

    let mut params = RunParams { seed, budget: Budget::Iterations(2), ..RunParams::default() };
    params.evaluation.seeds = 1;
    let run = karma::Run::create(Written::from(params).check().unwrap(), Some(out), false).unwrap();
    assert!(matches!(run.work(&mut karma::Silent).unwrap(), karma::Outcome::Finished(_)));
}

fn explain(arguments: &[&str]) -> Output {
    Command::cargo_bin("karma-explain").unwrap().args(arguments).arg("--quiet").output().unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_run_becomes_a_page_pictures_trajectories_and_an_organisation_that_trains_the_next_team() {
    let [run, other] = runs();
    let out = tempfile::tempdir().unwrap();
    let explained = explain(&[path(run), path(other), "--episodes", "3", "--out", path(out.path())]);
    let (said, told) =
        (String::from_utf8_lossy(&explained.stdout), String::from_utf8_lossy(&explained.stderr));
    assert!(explained.status.success(), "{told}");
    for heading in ["Roles", "Goals", "Distilled rules", "Organisational fit", "Not measured", "stability"] {
        assert!(said.contains(heading), "{heading} is missing:\n{said}");
    }
    let page = fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(page.len() < 3_000_000 && page.contains("</html>"), "{} bytes", page.len());
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"), "the page asks for something");
    assert!(fs::read_dir(out.path().join("pictures")).unwrap().count() > 10);

    let params = karma::config::RunParams {
        organization: out.path().join("inferred.xml").display().to_string(),
        ..karma::config::RunParams::default()
    };
    let config = karma::config::Written::from(params).check().unwrap();
    assert_eq!(config.charter().name(), "inferred");
    assert_eq!(config.team().roles().len(), 4);
    assert!(!config.environments().unwrap().is_empty());
}

#[test]
fn the_same_seed_gives_the_same_organisation_and_trajectories_from_a_file_the_same_as_from_the_run() {
    let [run, _] = runs();
    let out = tempfile::tempdir().unwrap();
    let (first, second) = (out.path().join("first"), out.path().join("second"));
    assert!(explain(&[path(run), "--episodes", "2", "--out", path(&first)]).status.success());
    let file = first.join("trajectories.jsonl");
    let again = explain(&[path(run), "--trajectories", path(&file), "--out", path(&second), "--json"]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    for name in ["inferred.xml", "inferred.guides.yaml", "trajectories.jsonl"] {
        assert_eq!(fs::read(first.join(name)).unwrap(), fs::read(second.join(name)).unwrap(), "{name}");
    }
    let view: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(view["playback"].as_array().unwrap().len(), 6, "every scenario");
    assert_eq!(view["playback"][0]["plays"].as_array().unwrap().len(), 8, "our team and every baseline");
    assert!(view["decisions"].as_array().unwrap().is_empty());
    assert!(view["notes"]["decisions"].as_str().unwrap().contains("not for trajectories from a file"));
}

#[test]
fn trajectories_of_a_cluster_that_measures_no_success_are_explained_without_goals() {
    let [run, _] = runs();
    let out = tempfile::tempdir().unwrap();
    assert!(explain(&[path(run), "--episodes", "2", "--out", path(out.path())]).status.success());
    let text = fs::read_to_string(out.path().join("trajectories.jsonl")).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut blind = vec![lines.next().unwrap().to_string()];
    for mut episode in lines {
        for step in episode["trajectory"]["transitions"].as_array_mut().unwrap() {
            step["state"]["resilience"] = Value::Null;
            step["next_state"]["resilience"] = Value::Null;
        }
        blind.push(episode.to_string());
    }
    let file = out.path().join("live.jsonl");
    fs::write(&file, blind.join("\n")).unwrap();
    let explained = explain(&[path(run), "--trajectories", path(&file), "--out", path(out.path()), "--json"]);
    assert!(explained.status.success(), "{}", String::from_utf8_lossy(&explained.stderr));
    let view: Value = serde_json::from_slice(&explained.stdout).unwrap();
    assert!(view["goals"].as_array().unwrap().is_empty());
    assert!(view["notes"]["goals"].as_str().unwrap().contains("not measured"));
    assert!(!view["roles"]["groups"].as_array().unwrap().is_empty());
}

#[test]
fn a_decision_that_is_asked_for_is_explained_completely() {
    let [run, _] = runs();
    let out = tempfile::tempdir().unwrap();
    let explained = explain(&[
        path(run),
        "--episodes",
        "1",
        "--decision",
        "ddos:1:12",
        "--out",
        path(out.path()),
        "--json",
    ]);
    assert!(explained.status.success(), "{}", String::from_utf8_lossy(&explained.stderr));
    let view: Value = serde_json::from_slice(&explained.stdout).unwrap();
    let decision = &view["decisions"][0];
    assert_eq!(decision["scenario"], "ddos, seed 1");
    assert!(decision["sentence"].as_str().unwrap().contains(" chose "), "{decision}");
    assert!(
        !decision["hpa"].as_str().unwrap().is_empty() && !decision["allowed_by"].as_str().unwrap().is_empty()
    );
    assert!(!decision["contributions"].as_array().unwrap().is_empty());
}

#[test]
fn what_is_wrong_is_told_with_the_way_out() {
    let [run, _] = runs();
    let out = tempfile::tempdir().unwrap();
    let broken = out.path().join("broken.jsonl");
    fs::write(&broken, "time,service\n1,2\n").unwrap();
    let other = out.path().join("other.jsonl");
    let cast = r#"{"agents":["a"],"action_space":{"Defender":{"services":1,"alpha":1}},"services":["x"]}"#;
    fs::write(&other, format!(r#"{{"format":"karma-trajectories","version":1,"cast":{cast}}}"#)).unwrap();
    let run = path(run);
    let cases: [(&[&str], &str); 5] = [
        (&["nowhere"], "manifest.json"),
        (&[run, "--trajectories", path(&broken)], "line 1: these are no trajectories"),
        (&[run, "--trajectories", path(&other)], "these are trajectories of agents a on services x"),
        (&[run, "--episodes", "1", "--decision", "ddos"], "write SCENARIO:SEED:STEP, such as bottleneck:1:0"),
        (&[run, "--episodes", "1", "--decision", "ddos:1:4000"], "steps go to 39"),
    ];
    for (arguments, expected) in cases {
        let refused = explain(&[arguments, &["--out", path(out.path())]].concat());
        let told = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    assert!(!out.path().join("report.html").exists(), "nothing was written");
}
