//! One text with every element and every attribute, and what is read from it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use karma_org::spec::{
    GoalKind, LinkKind, NotificationKind, OrganizationalSpecification, PlanOperator, ReportStage, Scope,
    Subgroup,
};
use karma_org::xml;

use crate::support::counts::counts;

fn text() -> String {
    let seed = "../fuzz/seeds/moise_xml/every_element.xml";
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(seed)).unwrap()
}

/// Its inclusion stays unresolved.
fn every_element() -> OrganizationalSpecification {
    let document = xml::read(text()).unwrap();
    let codes: Vec<_> = document.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["unresolved-inclusion"]);
    document.specification
}

#[test]
fn every_element_is_read() {
    let read = every_element();
    assert_eq!(counts(&read).to_string(), "2/2/2/2/1/1/5/2/1p+1o");
    assert_eq!(read.id.as_deref(), Some("bakery"));
    assert_eq!(read.properties[0].value, "A & \"B\"");
    assert_eq!(read.normative.norms[0].condition.as_deref(), Some("is_open(\"town\")"));
    assert_eq!(read.normative.npl.as_deref(), Some("norm x: a & b -> fail(c). <end>"));
}

#[test]
fn links_are_read_with_their_defaults() {
    let town = every_element().structural.group.unwrap();
    let [Subgroup::Included { uri, group: None, .. }, Subgroup::Specified(shop)] = town.subgroups.as_slice()
    else {
        panic!("{:?}", town.subgroups)
    };
    assert_eq!(uri, "market.xml");
    let [authority, trust] = shop.links.as_slice() else { panic!("{:?}", shop.links) };
    assert_eq!((&authority.kind, authority.scope), (&LinkKind::Authority, Scope::InterGroup));
    assert!(authority.extends_subgroups && authority.bidirectional);
    assert_eq!((&trust.kind, trust.scope), (&LinkKind::Other("trust".into()), Scope::IntraGroup));
    assert!(!trust.extends_subgroups && !trust.bidirectional);
}

#[test]
fn plans_and_goals_are_read_with_what_no_example_of_moise_uses() {
    let goal = every_element().functional.schemes[0].goal.clone().unwrap();
    let plan = goal.plan.unwrap();
    assert_eq!((plan.operator, plan.success_rate), (PlanOperator::Choice, Some(0.75)));
    let kinds: Vec<_> = plan.goals.iter().map(|goal| goal.kind).collect();
    assert_eq!(goal.kind, Some(GoalKind::Maintenance));
    assert_eq!(kinds, [Some(GoalKind::Achievement), Some(GoalKind::Performance)]);
    assert_eq!(plan.goals[0].location.as_deref(), Some("market"));
    assert_eq!(plan.goals[1].depends_on, ["buy".into()]);
}

#[test]
fn reports_are_read_stage_by_stage() {
    let policies = every_element().functional.schemes[0].notification_policies.clone();
    let kinds: Vec<_> = policies.iter().map(|policy| policy.kind).collect();
    assert_eq!(kinds, [NotificationKind::Exception, NotificationKind::Accountability]);
    let stages: Vec<_> =
        policies.iter().flat_map(|policy| &policy.reports[0].goals).map(|goal| goal.stage).collect();
    assert_eq!(
        stages,
        [
            ReportStage::Raise,
            ReportStage::Handle,
            ReportStage::Context,
            ReportStage::Request,
            ReportStage::Account,
            ReportStage::Treatment
        ]
    );
    assert_eq!(policies[1].reports[0].goals[3].when.as_deref(), Some("answered"));
}

#[test]
fn every_element_is_written_again() {
    let read = every_element();
    let written = xml::write(&read).unwrap();
    assert_eq!(xml::read(&written).unwrap().specification, read);
    assert_eq!(xml::write(&xml::read(&written).unwrap().specification).unwrap(), written);
}

/// A name without its second letter.
fn misspelt(name: &str) -> String {
    name.chars().take(1).chain(name.chars().skip(2)).collect()
}

/// The names that follow `before` and are followed by one of `after`.
fn names(before: &str, after: &[char]) -> BTreeSet<String> {
    let text = text();
    let (_, text) = text.split_once("?>").unwrap();
    let names = text.split(before).skip(1).filter_map(|rest| rest.split_once(after));
    names
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.chars().all(|c| c == '-' || c.is_alphabetic()))
        .collect()
}

#[test]
fn every_misspelt_element_is_told_its_right_name() {
    let names = names("<m:", &[' ', '>', '/']);
    assert_eq!(names.len(), 37);
    for name in names {
        let wrong = misspelt(&name);
        let ends = [' ', '>', '/'];
        let text = ends
            .iter()
            .fold(text(), |text, end| text.replace(&format!("m:{name}{end}"), &format!("m:{wrong}{end}")));
        let found = xml::read(text).unwrap_err().to_string();
        assert!(
            found.contains(&format!("`{wrong}`")) && found.contains(&format!("did you mean `{name}`?")),
            "{found}"
        );
    }
}

#[test]
fn every_misspelt_attribute_is_told_its_right_name() {
    // Of two letters, one says too little: `d` could be `id` or `ds`.
    let names = names(" ", &['=']);
    assert!(names.len() > 20, "{names:?}");
    for name in names.into_iter().filter(|name| name.len() > 2) {
        let wrong = misspelt(&name);
        let found =
            xml::read(text().replace(&format!(" {name}="), &format!(" {wrong}="))).unwrap_err().to_string();
        assert!(
            found.contains(&format!("no attribute `{wrong}`"))
                && found.contains(&format!("did you mean `{name}`?")),
            "{found}"
        );
    }
}
