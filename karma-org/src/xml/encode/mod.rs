//! The written model into elements, in the order of MOISE's schema. What is absent or a default is left out.

mod functional;
mod normative;
mod structural;

use crate::spec::{OrganizationalSpecification, Property, Reference};

use super::element::Element;
use super::namespace::NAMESPACES;

/// An `organisational-specification`. The schema demands a version; a specification without one gets an empty one,
/// which reads as none.
pub(super) fn specification(specification: &OrganizationalSpecification) -> Element {
    let OrganizationalSpecification { id, version, structural, functional, normative, origin, .. } =
        specification;
    Element::new("organisational-specification", origin)
        .maybe("id", id.as_ref())
        .with("os-version", version.as_deref().unwrap_or_default())
        .with("xmlns", NAMESPACES[0])
        .push(properties(&specification.properties))
        .push(structural::specification(structural))
        .push(functional::specification(functional))
        .push(normative::specification(normative))
}

fn properties(properties: &[Property]) -> Option<Element> {
    let property = |property: &Property| {
        Element::new("property", &property.origin).with("id", &property.id).with("value", &property.value)
    };
    Element::holding("properties", properties.iter().map(property).collect())
}

fn references(references: &[Reference], name: &'static str, attribute: &'static str) -> Vec<Element> {
    let element =
        |reference: &Reference| Element::new(name, &reference.origin).with(attribute, &reference.id);
    references.iter().map(element).collect()
}

/// A part of a specification; nothing if it says nothing.
fn part<T: Default + PartialEq>(part: &T, element: impl FnOnce(&T) -> Element) -> Option<Element> {
    (*part != T::default()).then(|| element(part))
}
