//! Sweeps of tiny runs: whole, stopped in the middle, split, refused; and what Kubernetes is told.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::workplace::Workplace;
use serde_json::Value;

const SWEEP: &str = r#"
[sweep]
kind = "grid"
objective = "episodic_return"

[fixed]
workload = "constant"
budget = 2
learner = { num_envs = 2, hidden = [8] }
evaluation = { seeds = 1, resamples = 100 }

[[fixed.scenarios]]
name = "short"
episode = { warm_up = 5, measured = 90, calm_before = 10, calm_after = 40 }
disturbances = [{ failures = { duration = [20, 30], shares = [0.5] } }]

[space]
"learner.gamma" = { values = [0.8, 1.5, 0.9] }
"#;

fn workplace() -> Workplace {
    let here = Workplace::new();
    here.write("sweep.toml", SWEEP);
    here
}

fn stdout(here: &Workplace, arguments: &str) -> String {
    let assert = here.karma_train(arguments).assert().success();
    String::from_utf8(assert.get_output().stdout.clone()).expect("tables are text")
}

/// The rows of a sweep without the seconds, which no two runs have in common.
fn rows(here: &Workplace, directory: &str) -> Vec<Value> {
    let text = String::from_utf8(here.read(&format!("{directory}/trials.jsonl"))).expect("rows are text");
    let row = |line: &str| {
        let mut row: Value = serde_json::from_str(line).expect("a row is a JSON document");
        row["seconds"] = Value::Null;
        row
    };
    text.lines().map(row).collect()
}

#[test]
fn a_sweep_ends_with_a_table_and_a_row_for_each_trial_failed_ones_included() {
    let here = workplace();
    let text = stdout(&here, "sweep sweep.toml --out s --quiet");
    assert!(text.contains("learner.gamma") && text.contains("episodic_return"), "{text}");
    assert!(
        text.contains("trial 1 failed: learner.gamma: learner.gamma is 1.5; allowed: 0 to below 1"),
        "{text}"
    );
    let rows = rows(&here, "s");
    let status: Vec<&str> = rows.iter().filter_map(|row| row["status"].as_str()).collect();
    assert_eq!(status, ["done", "failed", "done"]);
    assert_eq!((&rows[2]["iterations"], &rows[2]["settings"]["learner.gamma"]), (&2.into(), &0.9.into()));
    let evaluation: Value = serde_json::from_slice(&here.read("s/trials/0002/evaluation.json")).unwrap();
    assert_eq!(evaluation["split"], "calibration");
    here.karma_train("--config s/best.toml --out best --quiet").assert().success();
    let evaluation: Value = serde_json::from_slice(&here.read("best/evaluation.json")).unwrap();
    assert_eq!(evaluation["split"], "evaluation", "what is chosen is judged on data that nobody has seen");
}

#[test]
fn a_sweep_that_lost_rows_and_half_of_a_trial_goes_on_to_the_same_rows() {
    let here = workplace();
    stdout(&here, "sweep sweep.toml --out s --quiet");
    let (whole, log) = (rows(&here, "s"), here.read("s/trials/0002/metrics.jsonl"));
    let row = here.read("s/trials/0000/rung-0.json");
    here.write("s/trials/0000/rung-0.json", &row[..row.len() / 2]);
    fs::remove_dir_all(here.path("s/trials/0002")).unwrap();
    stdout(&here, "sweep sweep.toml --out s --quiet");
    assert_eq!(rows(&here, "s"), whole);
    let iterations = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count();
    assert_eq!(iterations(&here.read("s/trials/0002/metrics.jsonl")), iterations(&log));
}

#[test]
fn slices_and_a_gathering_make_the_rows_of_the_whole() {
    let here = workplace();
    stdout(&here, "sweep sweep.toml --out whole --quiet");
    for slice in ["--trial 1", "--only 1/2"] {
        assert_eq!(stdout(&here, &format!("sweep sweep.toml --out parts --quiet {slice}")), "");
    }
    assert!(!here.path("parts/trials.csv").exists(), "slices never write the same file");
    stdout(&here, "sweep sweep.toml --out parts --gather");
    assert_eq!(rows(&here, "parts"), rows(&here, "whole"));
}

#[test]
fn another_sweep_in_the_same_directory_is_refused() {
    let here = workplace();
    stdout(&here, "sweep sweep.toml --out s --quiet --trial 1");
    here.write("sweep.toml", SWEEP.replace("0.9", "0.95"));
    assert_eq!(
        here.refused("sweep sweep.toml --out s"),
        "error: s: holds another sweep: space.learner.gamma.values.2 is 0.9 there, but 0.95 is asked for; choose another --out\n"
    );
    assert_eq!(
        here.refused("sweep sweep.toml --out other --trial 3"),
        "error: --trial 3: the sweep has 3 trials; allowed: 0 to 2\n"
    );
    here.write("sweep.toml", SWEEP.replace("learner.gamma", "learner.gama"));
    assert_eq!(
        here.refused("sweep sweep.toml --out other"),
        "error: sweep.toml: space.\"learner.gama\": unknown setting `gama`; did you mean `gamma`?\n"
    );
}

#[test]
fn seeds_are_told_with_intervals_over_them() {
    let here = workplace();
    let text = stdout(&here, "seeds --seeds 1..4 --config tiny.toml --out s --quiet");
    assert!(text.contains("Over 3 seeds (0 failed), interquartile mean and interval"), "{text}");
    assert!(text.contains("success_rate") && text.contains(" %"), "{text}");
    let evaluation: Value = serde_json::from_slice(&here.read("s/trials/0000/evaluation.json")).unwrap();
    assert_eq!(evaluation["split"], "evaluation", "nothing is chosen, so that nothing is spoilt");
    assert!(!here.path("s/best.toml").exists());
}

#[test]
fn a_manifest_has_a_pod_for_each_trial() {
    let here = workplace();
    let text = stdout(&here, "manifest jobs sweep.toml --image karma:1 --claim data --kueue team");
    assert!(text.contains("kind: Job\n") && text.contains("  completions: 3\n"), "{text}");
    assert!(text.contains("  sweep.toml: \"\\n[sweep]") || text.contains("  sweep.toml: |\n"), "{text}");
    let halving = "kind = \"halving\"\ntrials = 3\nmin_budget = 1\nmax_budget = 2";
    here.write(
        "sweep.toml",
        SWEEP.replace("kind = \"grid\"", halving).replace("budget = 2\nlearner", "learner"),
    );
    let told = here.refused("manifest jobs sweep.toml --image karma:1 --claim data");
    assert!(told.contains("a halving sweep cannot be split"), "{told}");
}

#[expect(clippy::disallowed_methods, reason = "another process is waited for")]
fn wait_for(path: &Path) {
    let begin = Instant::now();
    while !path.exists() {
        assert!(begin.elapsed() < Duration::from_mins(1), "no checkpoint after a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_kill_in_the_middle_of_a_trial_costs_at_most_an_iteration() {
    let here = workplace();
    here.write("sweep.toml", SWEEP.replace("budget = 2\n", "budget = 12\n"));
    stdout(&here, "sweep sweep.toml --out whole --quiet");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("karma-train"));
    command.current_dir(here.path(".")).args(["sweep", "sweep.toml", "--out", "killed", "--quiet"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    wait_for(&here.path("killed/trials/0000/policy/checkpoint.safetensors"));
    child.kill().expect("a process can be killed");
    child.wait().expect("a killed process ends");
    stdout(&here, "sweep sweep.toml --out killed --quiet");
    assert_eq!(rows(&here, "killed"), rows(&here, "whole"));
    let checkpoint = "trials/0000/policy/checkpoint.safetensors";
    assert!(here.read(&format!("killed/{checkpoint}")) == here.read(&format!("whole/{checkpoint}")));
}
