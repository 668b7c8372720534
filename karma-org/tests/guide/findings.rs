//! What a binding may not say, and how its author is told.

use karma_core::Seconds;
use karma_org::Finding;
use karma_org::guide::binding::Source;
use karma_org::guide::{Binding, GuideSetting, Guides};

use crate::support::{SHOP, chain, compile, guides, organization};

/// The findings of the shop's binding, after some text in it was replaced.
fn findings(replaced: &str, by: &str) -> Vec<String> {
    assert!(SHOP.contains(replaced), "the binding says {replaced:?}");
    let binding = SHOP.replacen(replaced, by, 1);
    match compile(&binding, GuideSetting::default()) {
        Ok(guides) => guides.warnings().iter().map(ToString::to_string).collect(),
        Err(findings) => findings.0.iter().map(ToString::to_string).collect(),
    }
}

/// Asserts that the replacement has one finding that contains all of `parts`.
#[track_caller]
fn complains(replaced: &str, by: &str, parts: &[&str]) {
    let found = findings(replaced, by);
    let has = found.iter().any(|finding| parts.iter().all(|part| finding.contains(part)));
    assert!(has, "{by:?} should have a finding with {parts:?}, but has {found:#?}");
}

#[test]
fn a_good_binding_compiles_without_a_word() {
    let guides: &Guides = &guides(SHOP);
    assert!(guides.warnings().is_empty(), "{:?}", guides.warnings());
    let team: Vec<_> = guides.team().iter().map(|role| (role.name.as_str(), role.authority)).collect();
    assert_eq!(team, [("bottleneck", 0), ("ddos", 1), ("failure", 0), ("resource", 0)]);
}

#[test]
fn names_must_be_known() {
    complains(
        "organization: shop",
        "organization: shpo",
        &["1:15: error[other-organization]", "shpo", "shop"],
    );
    complains(
        "  failure:\n",
        "  falure:\n",
        &["error[unknown-role]", "\"falure\"", "did you mean \"failure\"?"],
    );
    complains("  drain: {", "  drian: {", &["error[unknown-goal]", "did you mean \"drain\"?"]);
    complains("  m_ddos:", "  m_dos:", &["error[unknown-mission]", "did you mean \"m_ddos\"?"]);
    complains(
        "goals: { save: 2 }",
        "goals: { drain: 2 }",
        &["error[goal-not-of-mission]", "m_resource", "Known: save, calm"],
    );
    complains("pattern: thrash", "pattern: trash", &["error[unknown-pattern]", "did you mean \"thrash\"?"]);
    complains("on: Auth", "on: Auht", &["error[unknown-services]", "did you mean \"Auth\"?"]);
    complains("matches(thrash)", "matches(trash)", &["error", "trash"]);
    complains("[overloaded,up,calm]", "[overlaoded,up,calm]", &["error[invalid-pattern]", "overloaded"]);
}

#[test]
fn only_roles_that_can_be_played_have_agents() {
    complains(
        "  failure:\n",
        "  defender:\n",
        &["error[abstract-role]", "defender", "no always", "bottleneck, ddos, failure, resource"],
    );
    complains("  failure:\n", "  defender:\n", &["error[abstract-role]", "no penalty"]);
    let alone = Binding::read("organization: shop\nroles: { defender: {} }\n").unwrap();
    let findings = Guides::compile(&organization(), &alone, &chain(), GuideSetting::default()).unwrap_err().0;
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&"no-roles") && codes.contains(&"nobody-inherits"), "{findings:?}");
    complains("  failure:\n", "  failure:\n    agents: 2\n", &["warning[too-many-players]", "room for 1"]);
    complains("  failure:\n", "  failure:\n    agents: 0\n", &["error[no-agents]"]);
    let one = "organization: shop\nroles: { failure: {} }\n";
    let guides = guides(one);
    assert!(
        guides.warnings().iter().any(|finding| finding.code == "role-not-bound"),
        "{:?}",
        guides.warnings()
    );
    let none = compile("organization: shop\nroles: {}\n", GuideSetting::default()).unwrap_err();
    assert!(none.0.iter().any(|finding| finding.code == "no-roles"));
}

#[test]
fn numbers_must_lie_in_their_ranges() {
    complains("hardness: 0.8", "hardness: 1.5", &["33:15: error[out-of-range]", "1.5", "between 0 and 1"]);
    complains("        hardness: 1\n", "        hardness: -1\n", &["error[out-of-range]", "-1"]);
    complains("penalty: -0.25", "penalty: 0.25", &["error[out-of-range]", "a penalty is 0.25"]);
    complains("priority: 0.9", "priority: 1", &["error[out-of-range]", "priority"]);
    complains("weight: 0.2", "weight: -0.2", &["error[out-of-range]", "weight"]);
    complains("from: 30 s", "from: 30 requests", &["error[invalid-time]", "30 requests"]);
    complains("from: 30 s", "from: 20 min", &["error[empty-window]", "m_ddos"]);
    complains("change: +1", "change: +9", &["warning[change-out-of-range]", "+9", "-3..+3"]);
    complains(
        "change: [none, -1], on: all",
        "change: [none, -9], on: all",
        &["warning[change-out-of-range]", "-9"],
    );
    complains(
        "change: [none, -1], on: all",
        "change: [none, -1..-3], on: all",
        &["error[empty-range]", "-3..-1"],
    );
}

#[test]
fn thresholds_have_units_that_fit() {
    complains("unit: requests", "unit: reqs", &["error[parameter-unit]", "reqs"]);
    complains("unit: requests", "unit: m", &["error", "requests", "m"]);
    complains("  queue_threshold: {", "  cpu_usage: {", &["error[parameter-name]", "cpu_usage"]);
    complains("success_rate - mean(latency_mean) / 10 s", "success_rate - mean(latency_mean)", &["error"]);
    complains(
        "-sum(pending_requests) / 100 requests",
        "-sum(pending_requests)",
        &["error[reward-unit]", "requests"],
    );
}

#[test]
fn a_goal_has_one_meaning() {
    complains("pattern: thrash, reward: -0.2", "pattern: thrash", &["error[goal-meaning]", "reward"]);
    complains("pattern: thrash, reward: -0.2", "reward: -0.2", &["error[goal-meaning]", "either"]);
    complains("{ value: -sum(pending", "{ once: true, value: -sum(pending", &["error[goal-meaning]", "once"]);
    complains(
        "  save: { value: \"-sum(cpu_utilization, critical)\" }\n",
        "",
        &["error[goal-without-meaning]", "save"],
    );
}

#[test]
fn a_rule_must_do_something() {
    let rule = "allow: [{ change: up }]";
    complains(rule, "hardness: 1", &["error[rule-without-effect]", "replace what failed"]);
}

#[test]
fn a_mask_that_would_be_empty_for_certain_is_refused() {
    complains(
        "        allow: [{ change: up }]",
        "        allow: [{ change: up, on: API, except: entry }]",
        &["error[nothing-left]", "replace what failed", "on this topology"],
    );
    complains(
        "        forbid: [{ change: down, on: entry }]",
        "        forbid: [{ change: any }]",
        &["error[nothing-left]", "\"ddos\" has nothing left to do while none"],
    );
    complains(
        "        forbid: [{ change: down, on: entry }]",
        "        forbid: [{ change: up }]",
        &["error[nothing-left]", "absorb a flood", "always forbidden"],
    );
    complains(
        "{ change: [none, -1], on: all, except: critical }",
        "{ change: -1, on: all, except: all }",
        &["error[nothing-left]", "resource"],
    );
    let some = "    always: []\n    rules:\n      - { name: never at the entry, forbid: [{ change: up, on: API }] }\n      - name: replace what failed";
    complains(
        "    always: []\n    rules:\n      - name: replace what failed",
        some,
        &["warning[little-left]", "replace what failed", "for API:"],
    );
}

#[test]
fn missions_and_norms_must_fit() {
    complains(
        "  m_failure: { priority: 0.9 }\n",
        "",
        &["warning[mission-not-bound]", "failure", "m_failure"],
    );
    complains(
        "  resource:\n    hardness: 0.5\n",
        "  bottle:\n    hardness: 0.5\n",
        &["warning[mission-of-nobody]", "m_resource"],
    );
    complains("goals: { save: 2 }", "goals: {}", &["warning[worthless-mission]", "m_resource"]);
}

#[test]
fn a_service_of_another_topology_may_have_a_priority_but_not_without_a_word() {
    let with = "priorities: { services: { Orders: low, Ordres: low } }\npatterns:\n";
    complains("patterns:\n", with, &["warning[unknown-service]", "\"Ordres\"", "did you mean \"Orders\"?"]);
}

#[test]
fn all_findings_are_told_in_the_order_of_the_text() {
    let binding = SHOP
        .replace("hardness: 0.8", "hardness: 8")
        .replace("unit: m", "unit: n")
        .replace("m_failure", "m_failre")
        .replace("on: Auth", "on: Out");
    let found = compile(&binding, GuideSetting::default()).unwrap_err().0;
    let positions: Vec<_> = found.iter().filter_map(Finding::position).collect();
    assert!(found.len() >= 3 && positions.len() == found.len() && positions.is_sorted(), "{found:?}");
}

#[test]
fn a_setting_must_make_sense() {
    for setting in [
        GuideSetting { alpha: 0, ..GuideSetting::default() },
        GuideSetting { decision_period: Seconds(0.0), ..GuideSetting::default() },
        GuideSetting { decision_period: Seconds(f64::NAN), ..GuideSetting::default() },
    ] {
        assert!(compile(SHOP, setting).is_err(), "{setting:?}");
    }
}

#[test]
fn a_binding_written_in_rust_needs_no_text() {
    let mut binding = Binding::read(SHOP).unwrap();
    binding.source = Source::default();
    binding.organization = "other".to_owned();
    let found = Guides::compile(&organization(), &binding, &chain(), GuideSetting::default()).unwrap_err();
    assert!(found.0.iter().all(|finding| finding.position().is_none()));
}

#[test]
fn what_is_wrong_with_an_inherited_rule_is_told_once() {
    let wrong = "organization: shop\nroles:\n  defender: { hardness: 2, rules: [{ name: x, when: pendig_requests > 3, allow: [{ change: up }] }] }\n  failure: {}\n  resource: {}\n";
    let findings = compile(wrong, GuideSetting::default()).unwrap_err().0;
    let count = |code: &str| findings.iter().filter(|finding| finding.code == code).count();
    let errors = findings.iter().filter(|finding| finding.severity == karma_org::Severity::Error).count();
    assert_eq!(errors, 2, "{findings:?}");
    assert_eq!(count("out-of-range"), 1, "{findings:?}");
}
