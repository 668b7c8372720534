//! Runs that are stopped in the middle can be resumed, and meanwhile nobody else writes them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::workplace::Workplace;
use serde_json::Value;

const CHECKPOINT: &str = "policy/checkpoint.safetensors";

/// A run without end, once it has its first checkpoint.
fn endless(here: &Workplace) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("karma-train"));
    command.current_dir(here.path(".")).args([
        "--config",
        "tiny.toml",
        "--budget",
        "1h",
        "--out",
        "run",
        "--quiet",
    ]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    wait_for(&here.path("run").join(CHECKPOINT));
    child
}

#[expect(clippy::disallowed_methods, reason = "another process is waited for")]
fn wait_for(path: &Path) {
    let begin = Instant::now();
    while !path.exists() {
        assert!(begin.elapsed() < Duration::from_mins(1), "no checkpoint after a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill is there");
    assert!(status.success());
}

/// Resumes for one further iteration, and compares with a run that was never stopped.
fn resumes_as_if_nothing_had_happened(here: &Workplace) {
    let budget = iterations(here).len() + 1;
    here.karma_train(&format!("--resume run --budget {budget} --quiet")).assert().success();
    here.run(&format!("--out whole --budget {budget}"));
    assert!(here.read(&format!("run/{CHECKPOINT}")) == here.read(&format!("whole/{CHECKPOINT}")));
    assert!(iterations(here).into_iter().eq(1..=budget as u64), "one line for each iteration");
}

/// The iterations of the run's log.
fn iterations(here: &Workplace) -> Vec<u64> {
    let log = String::from_utf8(here.read("run/metrics.jsonl")).expect("a log is text");
    let line = |line| serde_json::from_str::<Value>(line).expect("a line is a JSON document");
    log.lines().filter_map(|text| line(text)["iteration"].as_u64()).collect()
}

#[test]
fn ctrl_c_leaves_a_run_that_goes_on_bit_for_bit() {
    let here = Workplace::new();
    let mut child = endless(&here);
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let manifest: Value = serde_json::from_slice(&here.read("run/manifest.json")).unwrap();
    assert_eq!(manifest["status"], "interrupted");
    resumes_as_if_nothing_had_happened(&here);
}

#[test]
fn a_kill_loses_at_most_the_iteration_under_way_and_a_lock_holds_until_then() {
    let here = Workplace::new();
    let mut child = endless(&here);
    let refusal = "error: run: another process is working on this run; wait for it or stop it first\n";
    assert_eq!(here.refused("--resume run"), refusal);
    assert_eq!(here.refused("--config tiny.toml --out run --force"), refusal);
    signal(&child, "-KILL");
    child.wait().unwrap();
    resumes_as_if_nothing_had_happened(&here);
}
