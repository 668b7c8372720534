//! Runs behind the safety shield, and without it.

use serde_json::Value;

use crate::workplace::Workplace;

fn evaluation(here: &Workplace, run: &str) -> Value {
    serde_json::from_slice(&here.read(&format!("{run}/evaluation.json"))).expect("an evaluation")
}

/// The first line of a run's training log.
fn iteration(here: &Workplace, run: &str) -> Value {
    let log = String::from_utf8(here.read(&format!("{run}/metrics.jsonl"))).expect("text");
    serde_json::from_str(log.lines().next().expect("an iteration")).expect("a line of JSON")
}

#[test]
fn every_row_stands_behind_the_shield_and_what_it_changed_is_told() {
    let here = Workplace::new();
    here.run("--out on");
    for row in evaluation(&here, "on")["rows"].as_array().unwrap() {
        let counted = &row["interventions"];
        assert_eq!(counted["decisions"], 12, "two episodes of six decisions: {row}");
        assert!(counted["changed"].as_u64() <= Some(12), "{row}");
    }
    assert!(iteration(&here, "on")["intervention_rate"].is_number());
    assert!(String::from_utf8(here.read("on/table.txt")).unwrap().contains("Shield: every row is held"));
    here.run("--out off --shield off");
    assert!(evaluation(&here, "off")["rows"][0]["interventions"].is_null());
    assert!(iteration(&here, "off")["intervention_rate"].is_null());
    assert!(String::from_utf8(here.read("off/table.txt")).unwrap().contains("Without a shield"));
}

#[test]
fn a_pinned_cluster_is_never_scaled_whatever_the_rows_decide() {
    let here = Workplace::new();
    let tiny = String::from_utf8(here.read("tiny.toml")).unwrap();
    let none = "{ pods = 0, percent = 0, window_seconds = 1.0 }";
    here.write("tiny.toml", format!("{tiny}\n[safety]\nup = {none}\ndown = {none}\n"));
    here.run("--out pinned");
    for row in evaluation(&here, "pinned")["rows"].as_array().unwrap() {
        for episode in row["episodes"].as_array().unwrap() {
            assert_eq!(episode["report"]["replica_changes"], 0, "{}", row["name"]);
        }
    }
}

#[test]
fn a_run_is_not_resumed_under_other_limits() {
    let here = Workplace::new();
    here.run("--out run");
    let config = String::from_utf8(here.read("run/config.toml")).unwrap();
    here.write("run/config.toml", config.replace("cooldown_seconds = 30.0", "cooldown_seconds = 31.0"));
    let told = here.refused("--resume run --budget 2");
    assert!(told.contains("safety.cooldown_seconds"), "{told}");
}

#[test]
fn limits_that_cannot_hold_are_told_with_line_and_column() {
    let here = Workplace::new();
    for (safety, told) in [
        ("[safety]\nreversals = 1\n", "error: bad.toml:2:13: "),
        ("[safety.down]\npods = 1\npercent = 200\nwindow_seconds = 1.0\n", "error: bad.toml:3:11: "),
        (
            "[safety.budget]\ncpu_cores = 0.1\n",
            "error: bad.toml:2:13: safety.budget.cpu_cores: 0.1 is less than",
        ),
        ("[safety.services.apii]\nmin_available = 1\n", "error: bad.toml:1:"),
        ("[safety]\ncool_down = 1\n", "error: bad.toml:2:1: "),
    ] {
        here.write("bad.toml", safety);
        let said = here.refused("--config bad.toml --out run");
        assert!(said.starts_with(told), "{said}");
    }
    assert!(here.refused("--shield maybe").contains("on"));
}
