//! Logs of simulated episodes, kept as traces.

use std::path::{Path, PathBuf};

use karma_core::State;
use karma_k8s::control::LogEntry;
use karma_k8s::resource::Mode;

use super::super::tests::{play, trained};
use super::super::{DecisionLog, package};
use super::*;
use crate::testing;
use crate::traces::read_traces;

/// The decisions of an episode of a tiny team.
fn decisions(directory: &Path, mode: Mode) -> Vec<LogEntry> {
    let bytes = package(&trained(directory, |_| {}), None).unwrap();
    play(&bytes, mode).decisions
}

fn logged(directory: &Path, decisions: &[LogEntry]) -> PathBuf {
    let path = directory.join("decisions.jsonl");
    let mut log = DecisionLog::create(&path).unwrap();
    for decision in decisions {
        log.write(decision).unwrap();
    }
    path
}

fn args(directory: &Path, more: &[&str]) -> CollectArgs {
    #[derive(clap::Parser)]
    struct Parsed {
        #[command(flatten)]
        args: CollectArgs,
    }
    let (out, log) = (directory.join("live.db"), directory.join("decisions.jsonl"));
    let fixed = ["collect", "--out", out.to_str().unwrap(), "--log", log.to_str().unwrap()];
    <Parsed as clap::Parser>::parse_from(fixed.iter().chain(more)).args
}

fn collected(args: &CollectArgs) -> anyhow::Result<String> {
    of_logs(args, &frame(args)?)
}

#[test]
fn a_log_becomes_the_transitions_that_were_played() {
    let directory = tempfile::tempdir().unwrap();
    let decisions = decisions(directory.path(), Mode::Active);
    logged(directory.path(), &decisions);
    let told = collected(&args(directory.path(), &["--topology", "chain4"])).unwrap();
    assert!(told.contains(&format!("{} transitions in 1 windows were added", decisions.len() - 1)), "{told}");
    let traces = read_traces(&directory.path().join("live.db")).unwrap();
    let [window] = traces.windows() else { panic!("one window") };
    assert!(window.header.policy.starts_with("karma-"), "{:?}", window.header);
    for (step, entry) in window.steps.iter().zip(&decisions) {
        assert_eq!(step.state, State::from(&entry.snapshot));
        let Some(decision) = &step.decision else { continue };
        let decided = entry.decided.services.map(|service| service.target.replicas);
        assert_eq!(decision.targets, decided, "the simulated cluster does what was decided");
    }
    assert_eq!(window.steps.len(), decisions.len());
}

#[test]
fn a_log_that_has_grown_adds_what_is_new_and_a_dry_run_adds_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let decisions = decisions(directory.path(), Mode::Shadow);
    let args_of = |more: &[&str]| args(directory.path(), more);
    logged(directory.path(), &decisions[..10]);
    let dry = collected(&args_of(&["--topology", "chain4", "--dry-run"])).unwrap();
    assert!(dry.contains("9 transitions in 1 windows would be added"), "{dry}");
    assert!(!directory.path().join("live.db").exists());
    assert!(collected(&args_of(&["--topology", "chain4"])).unwrap().contains("9 transitions"));
    assert!(collected(&args_of(&[])).unwrap().contains("0 transitions in 0 windows"), "of the same services");
    logged(directory.path(), &decisions);
    let told = collected(&args_of(&[])).unwrap();
    assert!(told.contains(&format!("{} transitions in 1 windows", decisions.len() - 10)), "{told}");
    let traces = read_traces(&directory.path().join("live.db")).unwrap();
    assert!(
        traces.windows().iter().all(|window| window.header.policy == "others"),
        "in the shadow others scale"
    );
}

#[test]
fn what_is_missing_or_of_other_services_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut decisions = decisions(directory.path(), Mode::Shadow);
    logged(directory.path(), &decisions);
    let refused = collected(&args(directory.path(), &[])).unwrap_err().to_string();
    assert!(refused.contains("name them with --policy or --topology"), "{refused}");
    collected(&args(directory.path(), &["--topology", "chain4"])).unwrap();
    let refused = collected(&args(directory.path(), &["--topology", "diamond"])).unwrap_err().to_string();
    assert!(refused.contains("live.db: its traces are of other services"), "{refused}");
    for entry in &mut decisions {
        entry.services[0] = "checkout".to_owned();
    }
    logged(directory.path(), &decisions);
    let told = collected(&args(directory.path(), &[])).unwrap();
    assert!(
        told.contains(&format!("{} decisions on other services were left out", decisions.len())),
        "{told}"
    );
    let every = args(directory.path(), &["--topology", "chain4", "--every", "30"]);
    assert_eq!(frame(&every).unwrap().period, Seconds(30.0));
    assert_eq!(frame(&args(directory.path(), &[])).unwrap().period, EVERY);
    assert_eq!(testing::tiny().setup().decision_period, EVERY);
}

#[test]
fn a_log_that_is_named_twice_counts_once_and_a_scenario_keeps_objects_apart() {
    let directory = tempfile::tempdir().unwrap();
    let mut decisions = decisions(directory.path(), Mode::Shadow);
    let begin = decisions.len();
    for number in 0..5 {
        let other = LogEntry { name: "another".to_owned(), ..decisions[number].clone() };
        decisions.push(other);
    }
    let log = logged(directory.path(), &decisions);
    let again = log.display().to_string();
    let more = ["--topology", "chain4", "--scenario", "sale", "--log", &again];
    let told = collected(&args(directory.path(), &more)).unwrap();
    assert!(told.contains(&format!("{} transitions in 2 windows", begin - 1 + 4)), "{told}");
    let traces = read_traces(&directory.path().join("live.db")).unwrap();
    let names: Vec<&str> = traces.windows().iter().map(|window| window.header.scenario.as_str()).collect();
    assert!(
        names.iter().all(|name| name.starts_with("sale, (simulated)/")) && names[0] != names[1],
        "{names:?}"
    );
}
