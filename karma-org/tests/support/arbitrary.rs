//! Arbitrary specifications for properties: of any shape and with any text that a person could write, but with no
//! regard to sense. Names dangle and cardinalities contradict each other, so that a reader or a writer can lean on
//! nothing.
//!
//! Only what no form of writing keeps is left out: an empty version (it is no version), characters that XML cannot
//! hold, a link type of one's own that is named like one of MOISE's, report goals out of the order of their
//! stages, and inclusions that are resolved (what they bring in depends on another text).

mod functional;
mod structural;

use karma_org::spec::{
    Cardinality, Norm, NormKind, NormativeSpecification, OrganizationalSpecification, Origin, Property,
    Reference,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// Any specification.
pub(crate) fn specification() -> impl Strategy<Value = OrganizationalSpecification> {
    let head = (of(name()), of(name().prop_filter("an empty version is none", |text| !text.is_empty())));
    let parts = (structural::specification(), functional::specification(), normative());
    (head, properties(), parts).prop_map(
        |((id, version), properties, (structural, functional, normative))| {
            let origin = Origin::default();
            OrganizationalSpecification { id, version, properties, structural, functional, normative, origin }
        },
    )
}

/// A name: mostly a plain one, sometimes one that is hard to write down.
pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-zA-Z_][a-zA-Z0-9_.-]{0,6}", 1 => text()]
}

/// Any text that XML can hold; with white space, quotes, markup and the words of other notations made likely.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\r\n".to_owned()),
        Just("]]>".to_owned()),
        Just("&amp;&#10;".to_owned()),
        Just("<!-- -->".to_owned()),
        Just(": # - ~ null yes 0x1 1e3 [a] {b}".to_owned()),
        "[ \t\n\r'\"<>&%@`|*!?]{0,3}",
        "[a-zäß→𝄞 ]{0,5}",
        any::<char>().prop_filter("XML cannot hold it", |c| is_xml_char(*c)).prop_map(String::from),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

const fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn cardinality() -> impl Strategy<Value = Cardinality> {
    (of(any::<u32>()), of(0_u32..9)).prop_map(|(min, max)| Cardinality { min, max })
}

fn properties() -> impl Strategy<Value = Vec<Property>> {
    let property = (name(), text()).prop_map(|(id, value)| Property { id, value, origin: Origin::default() });
    vec(property, 0..3)
}

fn references() -> impl Strategy<Value = Vec<Reference>> {
    vec(name().prop_map(|id| Reference { id, origin: Origin::default() }), 0..3)
}

fn normative() -> impl Strategy<Value = NormativeSpecification> {
    (properties(), vec(norm(), 0..3), of(text())).prop_map(|(properties, norms, npl)| {
        NormativeSpecification { properties, norms, npl, origin: Origin::default() }
    })
}

pub(crate) fn norm() -> impl Strategy<Value = Norm> {
    let kind = prop_oneof![Just(NormKind::Obligation), Just(NormKind::Permission)];
    (name(), of(text()), name(), kind, name(), of(text())).prop_map(
        |(id, condition, role, kind, mission, time_constraint)| Norm {
            id,
            condition,
            role,
            kind,
            mission,
            time_constraint,
            origin: Origin::default(),
        },
    )
}
