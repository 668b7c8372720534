//! What the reader understands, what it refuses, and where it says so.

use std::io;

use karma_org::spec::{Cardinality, OrganizationalSpecification, Subgroup};
use karma_org::{Finding, yaml};

fn read(text: &str) -> OrganizationalSpecification {
    yaml::read(text).unwrap_or_else(|findings| panic!("{findings}\n{text}")).specification
}

fn findings(text: &str) -> Vec<String> {
    yaml::read(text).expect_err(text).0.iter().map(ToString::to_string).collect()
}

/// Two texts that say the same.
fn same(short: &str, long: &str) {
    assert_eq!(read(short), read(long), "{short} is {long}");
}

#[test]
fn short_forms_say_what_the_long_forms_say() {
    same("roles: [a, b]", "roles: { a: {}, b: }");
    same("roles: [a, b: { extends: a }]", "roles: { a: , b: { extends: [a] } }");
    same("group: { id: g, roles: [a, b] }", "group: { id: g, roles: { a: any, b: } }");
    same("group: { id: g, instances: 2 }", "group: { id: g, instances: 2..2 }");
    same("group: { id: g, instances: 2.. }", "group: { id: g, instances: \"2..*\" }");
    same(
        "group: { id: g, links: [authority: a <-> b] }",
        "group: { id: g, links: [{ type: authority, from: a, to: b, bidirectional: true, scope: intra-group }] }",
    );
    same(
        "group: { id: g, compatibilities: [a -> b] }",
        "group: { id: g, compatibilities: [{ from: a, to: b, type: compatibility }] }",
    );
    same(
        "schemes: { s: { goal: { id: g, choice: [a, b], success_rate: 0.5 } } }",
        "schemes: { s: { goal: { id: g, plan: { operator: choice, success_rate: 0.5, goals: [{ id: a }, { id: b }] } } } }",
    );
    same(
        "schemes: { s: { missions: { m: [a, b] } } }",
        "schemes: [{ s: { missions: [{ m: { goals: [a, b] } }] } }]",
    );
    same(
        "schemes: { s: { notification_policies: { p: { exception: g, when: c, reports: { r: { raise: [a] } } } } } }",
        "schemes: { s: { notification_policies: { p: { exception: g, when: c,
           reports: { r: { goals: [{ stage: raise, goal: { id: a } }] } } } } } }",
    );
}

#[test]
fn ranges_tell_absent_bounds_from_written_ones() {
    for (range, min, max) in [
        ("0", Some(0), Some(0)),
        ("1..5", Some(1), Some(5)),
        ("0..", Some(0), None),
        ("..5", None, Some(5)),
        ("any", None, None),
        ("4294967295", Some(u32::MAX), Some(u32::MAX)),
    ] {
        let group =
            read(&format!("group: {{ id: g, instances: {range} }}")).structural.group.expect("a group");
        assert_eq!(group.cardinality, Cardinality { min, max }, "{range}");
    }
    for range in ["-1", "1..2..3", "..", "a", "1.5", "4294967296", "1..4294967296", "..*", "[1, 5]", "0x10"] {
        let found = findings(&format!("group: {{ id: g, instances: {range} }}"));
        assert_eq!(found.len(), 1, "{range}: {found:?}");
        assert!(found[0].starts_with("1:28: error["), "{range}: {found:?}");
    }
}

#[test]
fn numbers_are_taken_as_written_where_a_text_may_be_a_number() {
    let specification = read("version: 0.10\nproperties: { a: 1e3, b: yes, c: true, d: 0x1F }");
    assert_eq!(specification.version.as_deref(), Some("0.10"));
    let values: Vec<_> = specification.properties.iter().map(|property| property.value.as_str()).collect();
    assert_eq!(values, ["1e3", "yes", "true", "0x1F"]);
}

#[test]
fn every_element_knows_where_it_is() {
    let specification = read(
        "roles:\n  a: {}\n  b: { extends: a }\ngroup:\n  id: g\n  links:\n    - { authority: a -> b }\n\
         schemes:\n  s:\n    goal:\n      id: x\n      sequence: [y, { id: z }]\n    missions:\n      m: [y, z]\n\
         norms:\n  - n: { obligation: a, mission: m }\n",
    );
    let at = |origin: &karma_org::spec::Origin| origin.position.expect("a position").to_string();
    let (structural, scheme) = (&specification.structural, &specification.functional.schemes[0]);
    assert_eq!(at(&structural.roles[1].origin), "3:3");
    assert_eq!(at(&structural.roles[1].extends[0].origin), "3:17");
    assert_eq!(at(&structural.group.as_ref().expect("a group").links[0].origin), "7:7");
    assert_eq!(at(&scheme.origin), "9:3");
    let plan = scheme.goal.as_ref().and_then(|goal| goal.plan.as_ref()).expect("a plan");
    assert_eq!((at(&plan.origin), at(&plan.goals[0].origin)), ("12:7".to_owned(), "12:18".to_owned()));
    assert_eq!(at(&plan.goals[1].origin), "12:21");
    assert_eq!(at(&scheme.missions[0].goals[1].origin), "14:14");
    assert_eq!(at(&specification.normative.norms[0].origin), "16:5");
}

#[test]
fn all_that_is_wrong_with_the_form_is_said_at_once() {
    assert_eq!(
        findings(
            "role: [a]\ngroup:\n  name: g\n  links: [{ autority: a -> b }]\nnorms: { n: { obligation: [a] } }\n"
        ),
        [
            "1:1: error[unknown-field]: unknown field `role`; did you mean `roles`? Allowed: functional_properties, \
             link_types, normative_properties, npl, organization, properties, roles, schemes, structural_properties, version",
            "3:3: error[unknown-field]: unknown field `name`. Allowed: cardinalities, compatibilities, id, instances, \
             properties, roles, subgroups",
            "3:3: error[missing-field]: `id` is missing here",
            "4:13: error[unknown-field]: unknown field `autority`; did you mean `authority`? Allowed: acquaintance, \
             authority, bidirectional, communication, extends_subgroups, from, scope, to, type",
            "5:13: error[missing-field]: `mission` is missing here",
            "5:27: error[wrong-type]: expected a text, found a list",
        ]
    );
}

#[test]
fn all_that_a_schema_cannot_say_is_said_at_once_too() {
    let text = "\
group:
  id: g
  links:
    - { authority: a -> b, from: a }
    - { type: authority, to: b }
    - { scope: inter-group }
    - { communication: a b }
  compatibilities: [a - b, { compatible: a -> b, from: a }, {}]
schemes:
  s:
    goal: { id: g, sequence: [a], choice: [b] }
    missions: { m: { agents: 1-5 } }
    notification_policies: { p: { when: c }, q: { exception: a, accountability: b, when: c } }
  t: { nameless: true, goal: { id: g, success_rate: 0.5 } }
norms:
  n: { mission: m }
";
    let found = findings(text);
    let places: Vec<_> = found.iter().map(|finding| finding.split(": ").next().unwrap_or_default()).collect();
    let wanted = [
        "4:7", "5:7", "6:7", "7:24", "8:21", "8:28", "8:61", "8:61", "11:11", "12:30", "13:33", "13:49",
        "14:18", "14:53", "16:6",
    ];
    let mut sorted = places.clone();
    sorted.sort_by_key(|place| {
        place.split_once(':').map(|(line, column)| (line.parse::<u32>().ok(), column.parse::<u32>().ok()))
    });
    assert_eq!(sorted, wanted, "{}", found.join("\n"));
    assert_eq!(places, sorted, "findings are in the order of the text");
}

#[test]
fn a_text_that_is_no_mapping_is_no_organisation() {
    assert_eq!(findings(""), ["1:1: error[wrong-type]: expected a mapping, found nothing"]);
    assert_eq!(findings("- a"), ["1:1: error[wrong-type]: expected a mapping, found a list"]);
    let bytes = yaml::read(b"organization: \xff").expect_err("no UTF-8");
    assert_eq!(bytes.to_string(), "error[not-utf-8]: the text is not UTF-8");
}

const XML: &str = r#"<organisational-specification id="o" os-version="1" xmlns="http://moise.sourceforge.net/os">
  <structural-specification><group-specification id="x"/></structural-specification>
</organisational-specification>"#;

fn library(uri: &str) -> io::Result<Vec<u8>> {
    Ok(match uri {
        "x.xml" => XML.into(),
        "group.yaml" => "id: y\nsubgroups:\n  - include: x.xml\n".into(),
        "whole.yaml" => "roles: [r]\ngroup: { id: z }\nschemes: { s: {} }\n".into(),
        "self.yaml" => "group: { id: s, subgroups: [{ include: self.yaml }] }".into(),
        "wrong.yaml" => "group:\n  idd: s\n".into(),
        _ => return Err(io::Error::new(io::ErrorKind::NotFound, "there is none")),
    })
}

fn including(uri: &str) -> Result<Subgroup, Vec<Finding>> {
    let text = format!("group:\n  id: g\n  subgroups:\n    - include: {uri}\n");
    let document = yaml::read_with(text, &mut library).map_err(|findings| findings.0)?;
    let group = document.specification.structural.group.expect("a group");
    Ok(group.subgroups.into_iter().next().expect("a subgroup"))
}

#[test]
fn groups_are_included_from_xml_and_from_yaml_whole_or_alone() {
    for (uri, id) in [("x.xml", "x"), ("group.yaml", "y"), ("whole.yaml", "z")] {
        let Ok(Subgroup::Included { group: Some(group), roles, schemes, .. }) = including(uri) else {
            panic!("{uri} is included")
        };
        assert_eq!((group.id.as_str(), group.origin.file.as_deref()), (id, Some(uri)));
        assert_eq!((roles.len(), schemes.len()), if uri == "whole.yaml" { (1, 1) } else { (0, 0) });
    }
}

#[test]
fn inclusions_that_cannot_be_had_are_findings() {
    let messages = |uri| including(uri).expect_err(uri).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        messages("none.yaml"),
        ["4:7: error[unresolved-inclusion]: `none.yaml` cannot be read: `there is none`"]
    );
    assert_eq!(
        messages("self.yaml"),
        ["self.yaml:1:29: error[inclusion-cycle]: `self.yaml` includes itself, by way of `self.yaml`"]
    );
    assert_eq!(messages("wrong.yaml").len(), 2);
    assert!(messages("wrong.yaml")[0].starts_with("wrong.yaml:2:3: error[unknown-field]"));
    let unresolved = yaml::read("group: { id: g, subgroups: [{ include: x.xml }] }").expect("a warning only");
    assert_eq!(unresolved.warnings.len(), 1);
}
