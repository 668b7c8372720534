//! Whole runs of the program, with tiny budgets.

use std::fs;

use crate::workplace::Workplace;
use serde_json::Value;

const CHECKPOINT: &str = "policy/checkpoint.safetensors";

#[test]
fn help_shows_examples() {
    let assert = Workplace::new().karma_train("--help").assert().success();
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(text.contains("Examples:\n  karma-train\n"), "{text}");
    assert!(text.contains("--resume runs/train-1"), "{text}");
}

#[test]
fn a_run_ends_with_a_table_and_a_directory_that_holds_everything() {
    let here = Workplace::new();
    let assert = here.karma_train("--config tiny.toml").assert().success();
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    for row in ["karma", "hpa", "hpa-50", "static", "static-max", "threshold", "random", "oracle"] {
        assert!(text.contains(&format!("│ {row} ")), "{row} is missing in\n{text}");
    }
    for column in ["success", "latency ok", "pending", "recovery", "availability", "cost"] {
        assert!(text.contains(column), "{column} is missing in\n{text}");
    }
    assert!(text.contains("Ceiling of the topology: 540/s, 5.4 × the nominal load"), "{text}");
    let told = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(
        told.contains("training 100 %  iteration 1 ") && told.contains("evaluating 16/16 episodes"),
        "{told}"
    );
    for file in
        ["config.toml", "topology.json", "policy/policy.json", "evaluation.json", "table.txt", "report.html"]
    {
        assert!(here.path("runs/train-1").join(file).exists(), "{file} is missing");
    }
    let manifest: Value = serde_json::from_slice(&here.read("runs/train-1/manifest.json")).unwrap();
    assert_eq!((&manifest["status"], &manifest["iterations"]), (&"finished".into(), &1.into()));
    let metrics = String::from_utf8(here.read("runs/train-1/metrics.jsonl")).unwrap();
    let line: Value = serde_json::from_str(metrics.trim()).unwrap();
    assert!(line["steps_per_second"].as_f64().unwrap() > 0.0 && line["episodic_return"].is_f64(), "{line}");
}

#[test]
fn a_resumed_run_is_the_run_that_was_never_stopped() {
    let here = Workplace::new();
    here.run("--out whole --budget 2");
    here.run("--out parts --budget 1");
    assert_ne!(here.read(&format!("whole/{CHECKPOINT}")), here.read(&format!("parts/{CHECKPOINT}")));
    here.karma_train("--resume parts --budget 2 --quiet").assert().success();
    for file in [CHECKPOINT, "policy/policy.json", "evaluation.json", "table.txt"] {
        assert!(here.read(&format!("whole/{file}")) == here.read(&format!("parts/{file}")), "{file} differs");
    }
}

#[test]
fn the_number_of_threads_changes_no_result() {
    let here = Workplace::new();
    here.run("--out one --threads 1");
    here.run("--out three --threads 3");
    for file in [CHECKPOINT, "evaluation.json"] {
        assert!(here.read(&format!("one/{file}")) == here.read(&format!("three/{file}")), "{file} differs");
    }
}

#[test]
fn the_configuration_of_a_run_repeats_it() {
    let here = Workplace::new();
    let topology = r#"{ "services": { "a": { "cpu": 500, "ram": 256, "computation_throughput": 100 } }, "connections": [] }"#;
    here.write("mine.json", topology);
    let rows: Vec<String> = (0..40).map(|minute| format!("{minute},{}\n", 50 + minute)).collect();
    here.write("load.csv", format!("minute,requests\n{}", rows.concat()));
    here.run("--topology mine.json --workload load.csv --out first");
    fs::remove_file(here.path("mine.json")).unwrap();
    fs::remove_file(here.path("load.csv")).unwrap();
    here.karma_train("--config first/config.toml --out second --quiet").assert().success();
    for file in [CHECKPOINT, "evaluation.json", "topology.json", "config.toml"] {
        assert!(
            here.read(&format!("first/{file}")) == here.read(&format!("second/{file}")),
            "{file} differs"
        );
    }
    here.karma_train("--resume first --budget 2 --quiet").assert().success();
}

#[test]
fn json_is_one_document_and_nothing_else() {
    let here = Workplace::new();
    let assert = here.karma_train("--config tiny.toml --json --out run").assert().success();
    let result: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let rows = result["evaluation"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 8);
    assert_eq!(rows[0]["name"], "karma");
    assert_eq!(rows[0]["episodes"].as_array().unwrap().len(), 2);
    let success = &rows[0]["summary"]["estimates"]["success_rate"];
    let [low, value, high] = ["low", "value", "high"].map(|end| success[end].as_f64().unwrap());
    assert!(0.0 <= low && low <= value && value <= high && high <= 1.0, "{success}");
    let stored: Value = serde_json::from_slice(&here.read("run/evaluation.json")).unwrap();
    assert_eq!(stored, result["evaluation"]);
}

#[test]
fn a_run_is_replaced_only_when_asked_and_only_a_run() {
    let here = Workplace::new();
    here.run("--out run");
    here.write("run/notes.txt", "mine");
    assert_eq!(
        here.refused("--config tiny.toml --out run"),
        "error: run: there is a run here already; continue it with --resume run, replace it with --force, or choose another --out\n"
    );
    let before = here.read(&format!("run/{CHECKPOINT}"));
    here.run("--out run --force --seed 2");
    assert_ne!(here.read(&format!("run/{CHECKPOINT}")), before);
    assert_eq!(here.read("run/notes.txt"), b"mine", "files that are not the run's stay");

    fs::create_dir(here.path("other")).unwrap();
    here.write("other/thesis.tex", "years of work");
    let refusal = "error: other: not empty and not a run of this program; choose another --out (--force replaces runs only)\n";
    assert_eq!(here.refused("--config tiny.toml --out other"), refusal);
    assert_eq!(here.refused("--config tiny.toml --out other --force"), refusal);
    here.write("other/manifest.json", r#"{ "format": "something else" }"#);
    assert_eq!(here.refused("--config tiny.toml --out other --force"), refusal);
    assert_eq!(here.read("other/thesis.tex"), b"years of work");
}

#[test]
fn runs_without_a_name_are_numbered() {
    let here = Workplace::new();
    fs::create_dir_all(here.path("runs/train-7")).unwrap();
    here.run("");
    assert!(here.path("runs/train-8/manifest.json").exists());
}

#[test]
fn a_run_is_resumed_with_its_own_settings_only() {
    let here = Workplace::new();
    here.run("--out run");
    assert_eq!(
        here.refused("--resume run --seed 9"),
        "error: run: cannot be resumed with another seed: the run has 1, but 9 is asked for; only the budget and the threads may change\n"
    );
    here.karma_train("--resume run --config tiny.toml --budget 2 --quiet").assert().success();
    let refusal = here.refused("--resume run --topology diamond");
    assert!(
        refusal.starts_with("error: run: cannot be resumed with another topology: the run has "),
        "{refusal}"
    );
    assert!(
        here.refused("--resume nowhere")
            .starts_with("error: nowhere: not a run of this program: manifest.json: ")
    );
}

#[test]
fn a_damaged_checkpoint_is_refused_with_its_name() {
    let here = Workplace::new();
    here.run("--out run");
    let bytes = here.read(&format!("run/{CHECKPOINT}"));
    here.write(&format!("run/{CHECKPOINT}"), &bytes[..bytes.len() / 2]);
    let assert = here.karma_train("--resume run --budget 2 --quiet").assert().failure().code(1);
    let told = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(
        told.starts_with("error: run/policy/checkpoint.safetensors: the checkpoint cannot be used: "),
        "{told}"
    );
}
