//! Texts that include others.

use std::io;

use karma_org::Findings;
use karma_org::spec::{OrganizationalSpecification, Subgroup};
use karma_org::xml::{self, Document};

const NAMESPACE: &str = "xmlns='http://moise.sourceforge.net/os'";

/// A text whose root group is `id` and includes these.
fn including(id: &str, uris: &[&str]) -> String {
    let uris: Vec<_> = uris.iter().map(|uri| format!("<include-group-specification uri='{uri}'/>")).collect();
    format!(
        "<organisational-specification os-version='1' {NAMESPACE}><structural-specification>\
         <role-definitions><role id='r_{id}'/></role-definitions><group-specification id='{id}'>\n\
         <subgroups>{}</subgroups></group-specification></structural-specification>\
         </organisational-specification>",
        uris.concat()
    )
}

fn read(text: &str, others: &[(&str, String)]) -> Result<Document, Findings> {
    let mut includes = |uri: &str| -> io::Result<Vec<u8>> {
        let found = others.iter().find(|(name, _)| *name == uri);
        found.map(|(_, text)| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    xml::read_with(text, &mut includes)
}

fn first_subgroup(specification: &OrganizationalSpecification) -> &Subgroup {
    &specification.structural.group.as_ref().unwrap().subgroups[0]
}

fn found(text: &str, others: &[(&str, String)]) -> String {
    read(text, others).unwrap_err().to_string()
}

#[test]
fn an_included_organisation_brings_its_group_roles_schemes_and_norms() {
    let text = include_str!("../data/moise/wp-os.xml").to_owned();
    let whole = xml::read(&text).unwrap().specification;
    let read = read(&including("a", &["wp-os.xml"]), &[("wp-os.xml", text)]).unwrap();
    assert_eq!(read.warnings, []);
    let Subgroup::Included { uri, group, roles, link_types, schemes, norms, .. } =
        first_subgroup(&read.specification)
    else {
        panic!("{read:?}")
    };
    assert_eq!(uri, "wp-os.xml");
    assert_eq!(group.as_deref(), whole.structural.group.as_ref());
    assert_eq!((roles, link_types), (&whole.structural.roles, &whole.structural.link_types));
    assert_eq!((schemes, norms), (&whole.functional.schemes, &whole.normative.norms));
    assert_eq!(roles[0].origin.file.as_deref(), Some("wp-os.xml"));
    assert_eq!(read.specification.structural.roles[0].origin.file, None);
}

#[test]
fn an_included_group_needs_no_organisation_around_it() {
    let group = format!(
        "<group-specification id='g' {NAMESPACE}><roles><role id='r'/></roles></group-specification>"
    );
    let read = read(&including("a", &["g.xml"]), &[("g.xml", group)]).unwrap();
    let Subgroup::Included { group: Some(group), .. } = first_subgroup(&read.specification) else {
        panic!("{read:?}")
    };
    assert_eq!((group.id.as_str(), group.roles.len()), ("g", 1));
}

#[test]
fn a_group_alone_is_no_organisation() {
    let found = found(&format!("<group-specification id='g' {NAMESPACE}/>"), &[]);
    assert!(
        found.starts_with("1:1: error[unknown-element]: the root element is `group-specification`"),
        "{found}"
    );
}

#[test]
fn inclusions_survive_writing() {
    let others = [("b.xml", including("b", &["c.xml"])), ("c.xml", including("c", &[]))];
    let first = read(&including("a", &["b.xml", "c.xml"]), &others).unwrap().specification;
    let written = xml::write(&first).unwrap();
    assert_eq!(read(&written, &others).unwrap().specification, first);
}

#[test]
fn what_is_wrong_in_an_included_text_names_that_text() {
    let group = format!("<group-specification {NAMESPACE}>\n <roles><role/></roles></group-specification>");
    assert_eq!(
        found(&including("a", &["g.xml"]), &[("g.xml", group)]),
        "g.xml:1:1: error[missing-attribute]: `group-specification` needs the attribute `id`\n\
         g.xml:2:9: error[missing-attribute]: `role` needs the attribute `id`"
    );
}

#[test]
fn what_cannot_be_had_is_said_where_it_is_asked_for() {
    assert_eq!(
        found(&including("a", &["gone.xml"]), &[]),
        "2:12: error[unresolved-inclusion]: `gone.xml` cannot be read: entity not found"
    );
    let document = xml::read(including("a", &["gone.xml"])).unwrap();
    assert_eq!(
        document.warnings[0].to_string(),
        "2:12: warning[unresolved-inclusion]: `gone.xml` is not included: nobody said where to read it from"
    );
}

#[test]
fn texts_that_include_each_other_are_refused() {
    let others = [("b.xml", including("b", &["c.xml"])), ("c.xml", including("c", &["b.xml"]))];
    assert_eq!(
        found(&including("a", &["b.xml"]), &others),
        "c.xml:2:12: error[inclusion-cycle]: `b.xml` includes itself: b.xml → c.xml → b.xml"
    );
}

#[test]
fn a_text_that_always_includes_another_one_ends() {
    let mut count = 0;
    let mut endless = |_: &str| -> io::Result<Vec<u8>> {
        count += 1;
        Ok(including("g", &[&format!("{count}.xml")]).into_bytes())
    };
    let found = xml::read_with(including("a", &["0.xml"]), &mut endless).unwrap_err().to_string();
    assert!(
        found.ends_with("error[inclusion-depth]: `16.xml` is included more than 16 texts deep"),
        "{found}"
    );
}

#[test]
fn texts_that_double_at_every_inclusion_are_stopped_by_their_size() {
    let mut read = 0;
    let mut doubling = |uri: &str| -> io::Result<Vec<u8>> {
        let text = including("g", &[&format!("{uri}l"), &format!("{uri}r")]) + &" ".repeat(10_000);
        read += text.len();
        Ok(text.into_bytes())
    };
    let found = xml::read_with(including("a", &["x"]), &mut doubling).unwrap_err();
    assert!(found.0.iter().any(|finding| finding.code == "too-large"), "{found}");
    assert!(read < 3 * xml::MAX_BYTES, "{read}");
}
