//! A collection that is stopped in the middle goes on as if nothing had happened.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::workplace::Workplace;

/// A collection of many episodes, once some are there.
fn long_collection(here: &Workplace) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("karma-model"));
    command.current_dir(here.path(".")).args([
        "collect",
        "--config",
        "tiny.toml",
        "--quiet",
        "--out",
        "traces.db",
    ]);
    command.args(["--episodes", "50000"]).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().expect("the program starts");
    wait_for_windows(here);
    child
}

#[expect(clippy::disallowed_methods, reason = "another process is waited for")]
fn wait_for_windows(here: &Workplace) {
    let begin = Instant::now();
    while fs::metadata(here.path("traces.db-wal")).map_or(0, |file| file.len()) < 200_000 {
        assert!(begin.elapsed() < Duration::from_mins(1), "no windows after a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill is there");
    assert!(status.success());
}

/// The windows of a database, as CSV.
fn content(here: &Workplace, database: &str) -> String {
    here.done(&format!("export {database} {database}.csv"));
    here.read(&format!("{database}.csv"))
}

/// The number of windows that are there.
fn windows(here: &Workplace) -> usize {
    let told = here.done("export traces.db traces.csv");
    let number = told.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("no number of windows in {told}"))
}

/// Two further episodes, and a comparison with a collection that was never stopped.
fn goes_on_as_if_nothing_had_happened(here: &Workplace) {
    let there = windows(here);
    here.collect("traces.db", there + 2);
    here.collect("whole.db", there + 2);
    assert_eq!(windows(here), there + 2);
    assert!(content(here, "traces.db") == content(here, "whole.db"), "{there} windows were there");
}

#[test]
fn a_kill_loses_at_most_the_windows_under_way_and_the_same_command_goes_on() {
    let here = Workplace::new();
    let mut child = long_collection(&here);
    let refusal = here.refused("collect --config tiny.toml --out traces.db", 2);
    assert_eq!(
        refusal,
        "error: another process is collecting into this database; wait for it or stop it first\n"
    );
    signal(&child, "-KILL");
    child.wait().unwrap();
    goes_on_as_if_nothing_had_happened(&here);
}

#[test]
fn ctrl_c_keeps_what_is_whole() {
    let here = Workplace::new();
    let mut child = long_collection(&here);
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    goes_on_as_if_nothing_had_happened(&here);
}

#[test]
fn a_second_policy_and_more_episodes_go_into_the_same_database() {
    let here = Workplace::new();
    assert_eq!(here.collect("traces.db", 2), "traces.db: 2 windows with 14 steps\n");
    let both =
        "collect --config tiny.toml --quiet --out traces.db --episodes 2 --policy explore --policy hpa";
    assert_eq!(here.done(both), "traces.db: 4 windows with 28 steps\n");
    assert_eq!(here.done(both), "traces.db: 4 windows with 28 steps\n");
}
