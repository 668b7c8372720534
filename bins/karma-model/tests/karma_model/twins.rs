//! Twins: fitted, judged, watched, renewed and lived in.

use std::fs;
use std::path::Path;

use karma::config::{Budget, Overrides, Written};
use karma::{Outcome, Run, Silent};

use crate::workplace::Workplace;

/// A twin of tiny episodes.
fn fitted() -> Workplace {
    let here = Workplace::new();
    here.collect("traces.db", 60);
    here.write("quick.toml", "horizon = 5\n[network]\nmembers = 2\nhidden = [16]\nepochs = 3\n");
    let told = here.done("fit traces.db --config quick.toml --out twin");
    assert!(told.contains("a network of 36 predicted, 4 controlled and 1 given columns"), "{told}");
    here
}

#[test]
fn a_twin_is_fitted_judged_watched_and_renewed() {
    let here = fitted();
    let report = here.done("validate twin --html fidelity.html");
    for part in [
        "One step ahead",
        "ridge with lags",
        "lookup+mlp3x128",
        "resilience.success_rate",
        "Intervals of 90 %",
    ] {
        assert!(report.contains(part), "{part} is missing in\n{report}");
    }
    let page = here.read("fidelity.html");
    assert!(
        page.contains("<svg") && !page.contains("http://") && !page.contains("https://"),
        "pictures, and no request to anywhere"
    );
    let json: serde_json::Value = serde_json::from_str(&here.done("validate twin --json")).unwrap();
    assert_eq!(json["models"].as_array().map(Vec::len), Some(4));

    here.done("collect --config tiny.toml --quiet --out later.db --episodes 60 --policy hpa");
    let drift: serde_json::Value = serde_json::from_str(&here.done("drift twin later.db --json")).unwrap();
    assert!(drift["transitions"].as_u64() > Some(300), "{drift}");
    let told = here.done("refit twin later.db --out renewed");
    assert!(told.contains("renewed/twin.safetensors"), "{told}");
    here.done("validate renewed traces.db");
}

#[test]
fn what_is_no_twin_or_does_not_fit_one_is_refused_with_the_reason() {
    let here = fitted();
    here.write("notes.txt", "nothing");
    assert!(here.refused("validate notes.txt", 1).contains("notes.txt: it is no twin"));
    let mut bytes = fs::read(here.path("twin/twin.safetensors")).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(here.path("cut.safetensors"), bytes).unwrap();
    assert!(here.refused("validate cut.safetensors", 1).contains("cut.safetensors"));
    here.collect("traces.db", 61);
    let changed = here.refused("validate twin", 2);
    assert!(changed.contains("traces.db has changed since the twin was fitted on it"), "{changed}");
    here.write("table.csv", "x,u\n1,2\n3,4\n");
    let few = here.refused("fit table.csv --predict x --control u --out t", 1);
    assert!(few.contains("transitions to learn from"), "{few}");
    let run = here.refused("fit table.csv --predict x --control u --hold-back run:b --out t", 2);
    assert!(run.contains("there is no run \"b\" to hold back"), "{run}");
}

#[test]
fn a_team_trains_in_a_twin_and_goes_on_bit_for_bit() {
    let here = fitted();
    let train = |out: &str, iterations: u64| {
        let flags = Overrides {
            twin: Some(here.path("twin").display().to_string()),
            budget: Some(Budget::Iterations(iterations)),
            evaluation_seeds: Some(1),
            ..Overrides::default()
        };
        let written = Written::read(Some(&here.path("tiny.toml"))).unwrap().with(&flags);
        let run = Run::create(written.check().unwrap(), Some(&here.path(out)), false).unwrap();
        assert!(matches!(run.work(&mut Silent).unwrap(), Outcome::Finished(_)));
    };
    let weights = |out: &str| fs::read(here.path(out).join("policy/checkpoint.safetensors")).unwrap();
    train("whole", 2);
    train("halves", 1);
    // The run keeps its twin: it goes on where the first one is gone.
    fs::remove_dir_all(here.path("twin")).unwrap();
    let flags = Overrides { budget: Some(Budget::Iterations(2)), ..Overrides::default() };
    let path: &Path = &here.path("halves");
    Run::resume(path, |written| written.with(&flags)).unwrap().work(&mut Silent).unwrap();
    assert_eq!(weights("halves"), weights("whole"));
}
