//! Runs under organisations.

use serde_json::Value;

use crate::workplace::Workplace;

const CHECKPOINT: &str = "policy/checkpoint.safetensors";

const SHOP: &str = "organization: shop
roles: { saver: {}, keeper: {} }
group: { id: shop, roles: { saver: 1, keeper: 1..2 }, links: [{ authority: keeper -> saver }] }
schemes: { day: { goal: { id: fine, parallel: [saved, kept] }, missions: { save: { goals: [saved] }, keep: { goals: [kept] } } } }
norms: { n1: { obligation: saver, mission: save }, n2: { permission: keeper, mission: keep } }
";

const GUIDES: &str = "organization: shop
roles:
  keeper:
    agents: 2
    rules: [{ name: help, for: each service, when: cpu_utilization > 60 %, allow: { change: up } }]
  saver:
    rules: [{ name: save, for: each service, when: cpu_utilization < 30 %, allow: { change: -1 } }]
goals: { saved: { value: -mean(replica_utilization_ratio) } }
missions: { save: { weight: 0.2 } }
";

fn shop() -> Workplace {
    let here = Workplace::new();
    here.write("shop.yaml", SHOP);
    here.write("shop.guides.yaml", GUIDES);
    here
}

fn conduct(here: &Workplace, run: &str) -> Value {
    let evaluation: Value =
        serde_json::from_slice(&here.read(&format!("{run}/evaluation.json"))).expect("an evaluation");
    evaluation["conduct"].clone()
}

#[test]
fn a_hard_organisation_is_kept_to_without_exception_and_a_team_without_one_is_measured_by_it() {
    let here = Workplace::new();
    here.run("--out hard");
    let hard = conduct(&here, "hard");
    assert_eq!((&hard["organization"], &hard["alignment"]), (&"karma".into(), &1.0.into()));
    for organization in ["none", "soft"] {
        here.run(&format!("--out {organization} --org {organization}"));
        let conduct = conduct(&here, organization);
        assert_eq!(conduct["organization"], organization);
        assert!(conduct["conduct"]["actions"].as_u64().unwrap() > 0, "{conduct}");
    }
    assert!(!here.path("none/organization.xml").exists(), "a run without an organisation keeps none");
    assert!(here.read("hard/organization.guides.yaml").starts_with(b"# What KARMA"));
}

#[test]
fn an_organisation_of_ones_own_is_trained_under_kept_with_the_run_and_resumed() {
    let here = shop();
    here.run("--out whole --org shop.yaml --budget 2");
    here.run("--out parts --org shop.guides.yaml --budget 1");
    here.write("shop.guides.yaml", "not what the run was begun with");
    here.karma_train("--resume parts --budget 2 --quiet").assert().success();
    for file in [CHECKPOINT, "policy/policy.json", "table.txt"] {
        assert!(here.read(&format!("whole/{file}")) == here.read(&format!("parts/{file}")), "{file} differs");
    }
    let card: Value = serde_json::from_slice(&here.read("parts/policy/policy.json")).unwrap();
    let names: Vec<&str> =
        card["roles"].as_array().unwrap().iter().filter_map(|role| role["name"].as_str()).collect();
    assert_eq!(names.len(), 3, "two keepers and a saver: {names:?}");
}

#[test]
fn a_run_is_not_resumed_under_another_organisation() {
    let here = shop();
    here.run("--out run --org shop.yaml");
    let guides = String::from_utf8(here.read("run/organization.guides.yaml")).unwrap();
    here.write("run/organization.guides.yaml", guides.replace("60 %", "70 %"));
    assert!(here.refused("--resume run --budget 2").contains("another organization"));
}

#[test]
fn what_is_wrong_with_an_organisation_is_told_with_file_line_and_column() {
    let here = shop();
    here.write("shop.guides.yaml", GUIDES.replace("cpu_utilization > 60 %", "cpu_utilisation > 60 m"));
    let told = here.refused("--org shop.yaml");
    assert!(told.contains("--org: shop.guides.yaml:5:") && told.contains("cpu_utilization"), "{told}");
    assert!(here.refused("--org none.yaml").contains("none.yaml: the file cannot be read"));
    assert!(here.refused("--hardness 2").contains("--hardness: a hardness lies in [0, 1]"));
}
