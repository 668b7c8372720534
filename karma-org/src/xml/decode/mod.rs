//! Elements into the written model.
//!
//! Decoding never fails: what validation has reported becomes a default, and a specification with such defaults is
//! never handed out.

mod functional;
mod normative;
mod structural;

use crate::spec::{Group, OrganizationalSpecification, Property, Reference};

use super::element::Element;

/// What an inclusion brings in, asked for while decoding.
pub(super) trait Resolve {
    /// The specification in another text; `None` if it cannot be had, which has been reported then.
    fn resolve(&mut self, inclusion: &Element) -> Option<OrganizationalSpecification>;
}

/// An `organisational-specification`.
pub(super) fn specification(element: &Element, includes: &mut dyn Resolve) -> OrganizationalSpecification {
    let part = |name: &'static str| element.one(name);
    OrganizationalSpecification {
        id: element.text("id"),
        version: element.text("os-version").filter(|version| !version.is_empty()),
        properties: properties(element),
        structural: part("structural-specification")
            .map(|part| structural::specification(part, includes))
            .unwrap_or_default(),
        functional: part("functional-specification").map(functional::specification).unwrap_or_default(),
        normative: part("normative-specification").map(normative::specification).unwrap_or_default(),
        origin: element.origin.clone(),
    }
}

/// A `group-specification` that is a text of its own, to be included elsewhere.
pub(super) fn group(element: &Element, includes: &mut dyn Resolve) -> Group {
    structural::group(element, includes)
}

fn properties(element: &Element) -> Vec<Property> {
    let property = |property: &Element| Property {
        id: property.required("id"),
        value: property.required("value"),
        origin: property.origin.clone(),
    };
    element.inside("properties", "property").map(property).collect()
}

fn references(element: &Element, name: &'static str, attribute: &str) -> Vec<Reference> {
    let reference =
        |child: &Element| Reference { id: child.required(attribute), origin: child.origin.clone() };
    element.all(name).map(reference).collect()
}
