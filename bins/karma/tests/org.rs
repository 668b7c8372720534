//! `karma org` as someone uses it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// A specification with two mistakes, on lines 2 and 4.
const WRONG: &str = "organization: shop
roles: { clerk: { extends: employee } }
group: { id: shop, roles: { clerk: 1 } }
norms: { n1: { obligation: clark, mission: sell } }
";

const RIGHT: &str = "organization: shop
roles: { clerk: {} }
group: { id: shop, roles: { clerk: 1 } }
schemes: { day: { goal: sold, missions: { sell: { agents: 1, goals: [sold] } } } }
norms: { n1: { obligation: clerk, mission: sell } }
";

const GUIDES: &str = "organization: shop
parameters: { busy: { value: 60, unit: \"%\", reason: a guess } }
roles:
  clerk:
    rules:
      - { name: help where it is busy, for: each service, when: cpu_utilization > busy, allow: [{ change: up }] }
goals: { sold: { value: success_rate } }
missions: { sell: { goals: { sold: 1 } } }
";

fn org() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_karma"));
    command.arg("org");
    command
}

fn said(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    out + &err
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_built_in_organisation_is_clean_on_every_shipped_topology() {
    for topology in ["chain4", "diamond", "online-boutique", "mesh:50:1"] {
        let said = said(org().args(["check", "--strict", "--topology", topology, "karma"]), 0);
        assert!(said.starts_with("karma: nothing wrong (5 roles, 1 group"), "{topology}: {said}");
    }
}

#[test]
fn check_tells_all_findings_with_their_places_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "shop.yaml", WRONG);
    let said = said(org().arg("check").arg(&path), 1);
    let place = path.display();
    assert!(said.contains(&format!("{place}:2:")) && said.contains("\"employee\""), "{said}");
    assert!(said.contains(&format!("{place}:4:")) && said.contains("did you mean \"clerk\""), "{said}");
    assert!(said.trim_end().ends_with("errors, 0 warnings") || said.contains("errors,"), "{said}");
}

#[test]
fn check_reads_the_guides_beside_a_specification_and_tells_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "shop.yaml", RIGHT);
    write(folder.path(), "shop.guides.yaml", GUIDES);
    said(org().arg("check").arg(&path), 0);
    let wrong = GUIDES.replace("> busy", "> bussy");
    let guides = write(folder.path(), "shop.guides.yaml", &wrong);
    let told = said(org().arg("check").arg(&guides), 1);
    assert!(told.contains("shop.guides.yaml:6:") && told.contains("busy"), "{told}");
}

#[test]
fn check_prints_json_for_machines() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "shop.yaml", WRONG);
    let told = said(org().args(["check", "--json"]).arg(&path), 1);
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    let findings = json[0]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["line"] == 4 && finding["severity"] == "error"), "{told}");
}

#[test]
fn what_cannot_be_had_is_named_with_the_way_out() {
    let unknown = said(org().args(["check", "carma"]), 1);
    assert!(unknown.contains("no organisation \"carma\"; allowed: karma"), "{unknown}");
    let missing = said(org().args(["show", "nowhere/shop.xml"]), 1);
    assert!(missing.contains("nowhere/shop.xml: the file cannot be read"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "shop.yaml", RIGHT);
    let guides = said(org().arg("explain").arg(&path).args(["--observation", "entry_rate=1"]), 1);
    assert!(guides.contains("shop.guides.yaml") && guides.contains("karma org schema --guides"), "{guides}");
}

#[test]
fn explain_says_which_rule_allowed_and_what_no_rule_allows() {
    let told = said(
        org().args(["explain", "karma", "--role", "bottleneck", "--observation", "auth.pending_requests=45"]),
        0,
    );
    assert!(told.contains("scale api and auth by +1..+3"), "{told}");
    assert!(told.contains("rule \"relieve a bottleneck and what feeds it\" fires for auth"), "{told}");
    assert!(told.contains("45 requests > queue_threshold = 30 requests: true"), "{told}");
    assert!(told.contains("no rule that fires allows it"), "{told}");
    assert!(!told.contains("resource may"), "only the role that was asked for: {told}");
}

#[test]
fn explain_remembers_the_observations_before() {
    let observe = |rates: &[&str]| {
        let rates = rates.iter().flat_map(|rate| ["--observation", rate]);
        said(org().args(["explain", "karma", "--role", "ddos"]).args(rates), 0)
    };
    let calm = observe(&["entry_rate=100", "entry_rate=100", "entry_rate=101"]);
    let surge = observe(&["entry_rate=100", "entry_rate=150", "entry_rate=400"]);
    assert!(calm.contains("ddos may change nothing;"), "{calm}");
    assert!(surge.contains("fires") && surge.contains("by +1..+3"), "{surge}");
}

#[test]
fn convert_goes_there_and_back_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    let xml = write(folder.path(), "karma.xml", karma::org::karma::SPECIFICATION);
    let (yaml, again) = (folder.path().join("there.yaml"), folder.path().join("back.xml"));
    said(org().arg("convert").arg(&xml).arg("--out").arg(&yaml), 0);
    said(org().arg("convert").arg(&yaml).arg("--out").arg(&again), 0);
    let read = |path: &Path| karma::org::xml::read(fs::read(path).unwrap()).unwrap().specification;
    assert_eq!(read(&xml), read(&again));
}

#[test]
fn show_has_words_pictures_and_graphviz() {
    assert!(
        said(org().args(["show", "karma"]), 0)
            .contains("ddos has authority over bottleneck, failure and resource.")
    );
    assert!(said(org().args(["show", "karma", "--format", "svg"]), 0).starts_with("<svg"));
    assert!(said(org().args(["show", "karma", "--format", "dot", "--part", "goals"]), 0).contains("digraph"));
    let guides = said(org().args(["show", "karma", "--format", "guides"]), 0);
    assert_eq!(guides, karma::org::karma::GUIDES);
}

#[test]
fn the_schemas_are_json() {
    for arguments in [&["schema"][..], &["schema", "--guides"]] {
        let schema: serde_json::Value = serde_json::from_str(&said(org().args(arguments), 0)).unwrap();
        assert!(schema["properties"]["organization"].is_object());
    }
}

#[test]
fn the_picture_in_the_readme_is_that_of_the_built_in_organisation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/organization.svg");
    let drawn = said(org().args(["show", "karma", "--format", "svg"]), 0);
    let committed = fs::read_to_string(path).unwrap();
    assert!(
        drawn == committed,
        "renew it: cargo run -p karma -- org show karma --format svg --out docs/organization.svg"
    );
}

#[test]
fn an_impossible_setting_is_refused_in_one_sentence() {
    for setting in [
        ["--alpha", "4000000000"],
        ["--alpha", "0"],
        ["--decision-period", "0"],
        ["--decision-period", "nan"],
    ] {
        let told = said(org().args(["explain", "karma", "--observation", "entry_rate=1"]).args(setting), 1);
        assert!(told.contains("invalid-setting") && told.lines().count() == 1, "{setting:?}: {told}");
    }
}
