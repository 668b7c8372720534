//! The arrows between the crates, as drawn in `ARCHITECTURE.md`, hold in the code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a crate may use of the others.
#[derive(Clone, Copy)]
enum MayUse {
    Only(&'static [&'static str]),
    Any,
}

use MayUse::{Any, Only};

/// (crate, layer, arrows), for the crates that exist and those that are still to come.
const ARROWS: &[(&str, &str, MayUse)] = &[
    ("karma-core", "L0", Only(&[])),
    ("karma-nn", "L0", Only(&[])),
    ("karma-shield", "L0", Only(&[])),
    ("karma-org", "L1", Only(&["karma-core"])),
    ("karma-mock", "L1", Only(&["karma-core"])),
    ("karma-baseline", "L1", Only(&["karma-core"])),
    ("karma-twin", "L1", Only(&["karma-core", "karma-nn"])),
    ("karma-marl", "L1", Only(&["karma-core", "karma-nn"])),
    ("karma-guard", "L1", Only(&["karma-core", "karma-shield"])),
    ("karma-analyze", "L2", Only(&["karma-core", "karma-org"])),
    ("karma-k8s", "L2", Only(&["karma-core", "karma-guard", "karma-shield"])),
    ("karma-testbed", "L2", Only(&["karma-core", "karma-mock"])),
    ("karma", "L3", Any),
    ("karma-model", "L3", Only(&["karma"])),
    ("karma-train", "L3", Only(&["karma"])),
    ("karma-explain", "L3", Only(&["karma"])),
    ("karma-transfer", "L3", Only(&["karma"])),
    ("karma-lab", "L3", Only(&["karma"])),
    ("karma-service", "L3", Only(&["karma-mock"])),
    ("karma-benches", "L3", Any),
    ("karma-proofs", "L3", Only(&["karma-shield"])),
];

/// Heavy families that the first command of the README must build without.
const NOT_IN_KARMA_TRAIN: &[&str] = &["kube", "k8s-openapi", "arrow", "parquet", "polars", "rusqlite"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What `cargo` prints for `arguments`, run in the workspace, without the network.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--offline")
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {}: {said}", arguments.join(" "));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// Names of the packages in the tree of `package`, itself left out.
fn tree(package: &str, more: &[&str]) -> BTreeSet<String> {
    let mut arguments = vec!["tree", "-p", package, "-e", "normal", "--prefix", "none"];
    arguments.extend(more);
    let names = cargo(&arguments);
    let names = names.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != package).map(str::to_owned).collect()
}

/// Each member of the workspace with the names of all its direct dependencies: optional, for tests, for any system.
fn members() -> Vec<(String, Vec<String>)> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("cargo metadata is JSON");
    let name = |value: &serde_json::Value| value["name"].as_str().expect("a name").to_owned();
    let list = |value: &serde_json::Value, key: &str| value[key].as_array().expect("a list").clone();
    let packages = list(&metadata, "packages");
    packages.iter().map(|p| (name(p), list(p, "dependencies").iter().map(name).collect())).collect()
}

fn ours(name: &str) -> bool {
    name == "karma" || name.starts_with("karma-")
}

#[test]
fn every_crate_uses_only_what_its_layer_allows() {
    for (member, _) in members() {
        let Some((_, _, arrows)) = ARROWS.iter().find(|(name, ..)| *name == member) else {
            panic!("{member} is not in the table of arrows: add it here and in ARCHITECTURE.md");
        };
        let Only(allowed) = arrows else { continue };
        let used: Vec<String> =
            tree(&member, &["--depth", "1"]).into_iter().filter(|name| ours(name)).collect();
        let forbidden: Vec<&String> = used.iter().filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(forbidden.is_empty(), "{member} may use {allowed:?}, but it uses {forbidden:?}");
    }
}

#[test]
fn only_karma_nn_names_the_tensor_library() {
    let named: Vec<String> = members()
        .into_iter()
        .filter(|(_, dependencies)| dependencies.iter().any(|name| name.starts_with("candle")))
        .map(|(member, _)| member)
        .collect();
    assert_eq!(named, ["karma-nn"]);
}

#[test]
fn karma_train_builds_without_kubernetes_and_without_columnar_files() {
    let heavy = |name: &String| {
        NOT_IN_KARMA_TRAIN.iter().any(|family| name == family || name.starts_with(&format!("{family}-")))
    };
    let found: Vec<String> = tree("karma-train", &[]).into_iter().filter(heavy).collect();
    assert!(found.is_empty(), "karma-train depends on {found:?}");
}

#[test]
fn the_table_of_the_architecture_is_the_table_of_this_test() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut lines = text.lines().skip_while(|line| *line != "| crate | layer | may use |").skip(2);
    let written: Vec<&str> = lines.by_ref().take_while(|line| line.starts_with('|')).collect();
    let row = |(name, layer, arrows): &(&str, &str, MayUse)| {
        let arrows = match arrows {
            Only([]) => "none".to_owned(),
            Only(names) => names.join(", "),
            Any => "any".to_owned(),
        };
        format!("| {name} | {layer} | {arrows} |")
    };
    assert_eq!(written, ARROWS.iter().map(row).collect::<Vec<_>>());
}
