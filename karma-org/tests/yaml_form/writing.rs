//! What the writer writes, and what it refuses to write because nobody could read it again.

use karma_org::spec::{Goal, OrganizationalSpecification, Plan, Property, Role, Scheme};
use karma_org::yaml;

#[test]
fn a_text_as_a_person_would_write_it_is_written_as_it_was_read() {
    let text = "\
organization: paper
version: \"0.8\"

properties:
  topic: agents
  open: \"yes\"

roles:
  author: {}
  writer: { extends: author }

group:
  id: team
  instances: 1..
  roles: { author: any, writer: 1..5 }
  links:
    - { authority: author <-> writer, extends_subgroups: true }
    - { type: leadership, from: author, to: writer }
  compatibilities: [author <-> writer]
  subgroups:
    - include: reviewers.xml

schemes:
  write:
    goal:
      id: paper
      within: 5 days
      sequence:
        - draft
        - { id: review, about: \"Ask: is it clear?\", parallel: [spelling, figures] }
    missions:
      author: { agents: 1, goals: [paper, draft] }
      proofs: [review, spelling, figures]

norms:
  n1: { obligation: writer, mission: author, when: \"late(x,y)\", within: 1 day }

npl: |
  a :- b.
  norm n: a -> fail(a).
";
    let document = yaml::read(text).expect("an organisation");
    assert_eq!(yaml::write(&document.specification), Ok(text.to_owned()));
}

fn with_roles(roles: Vec<Role>) -> OrganizationalSpecification {
    let mut specification = OrganizationalSpecification::default();
    specification.structural.roles = roles;
    specification
}

fn role(id: &str, properties: Vec<Property>) -> Role {
    Role { id: id.to_owned(), properties, ..Role::default() }
}

#[test]
fn names_of_any_length_survive() {
    let property = Property { id: "p".repeat(2000), value: "v".repeat(2000), ..Property::default() };
    for length in [1, 98, 99, 200, 999, 1000, 1001, 3000] {
        let specification =
            with_roles(vec![role(&"r".repeat(length), Vec::new()), role("x", vec![property.clone()])]);
        let text = yaml::write(&specification).expect("text");
        let read = yaml::read(&text).unwrap_or_else(|findings| panic!("{length}: {findings}\n{text}"));
        assert_eq!(read.specification, specification, "{length}");
    }
}

#[test]
fn what_could_not_be_read_again_is_refused() {
    let findings = yaml::write(&with_roles(vec![role("a\0b", Vec::new())])).expect_err("a control character");
    assert_eq!(
        findings.to_string(),
        "error[control-character]: the character U+0000 in `a\\0b` cannot be part of a text"
    );

    let goal =
        |goal: Goal| Goal { plan: Some(Plan { goals: vec![goal], ..Plan::default() }), ..Goal::default() };
    let deep = (0..yaml::document::MAX_DEPTH / 2).fold(Goal::default(), |inner, _| goal(inner));
    let mut specification = OrganizationalSpecification::default();
    specification.functional.schemes = vec![Scheme { goal: Some(deep), ..Scheme::default() }];
    let findings = yaml::write(&specification).expect_err("too deep");
    assert!(findings.to_string().starts_with("error[too-deep]: "), "{findings}");
}
