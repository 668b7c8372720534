//! Norms.

use super::super::element::Element;
use super::super::value::name_of;
use super::{part, properties};
use crate::spec::{Norm, NormativeSpecification};

pub(super) fn specification(specification: &NormativeSpecification) -> Option<Element> {
    part(specification, |normative| {
        Element::new("normative-specification", &normative.origin)
            .push(properties(&normative.properties))
            .push(normative.norms.iter().map(norm))
            .push(normative.npl.as_ref().map(|text| npl(normative, text)))
    })
}

fn norm(norm: &Norm) -> Element {
    Element::new("norm", &norm.origin)
        .with("id", &norm.id)
        .maybe("condition", norm.condition.as_ref())
        .with("role", &norm.role)
        .with("type", name_of(norm.kind))
        .with("mission", &norm.mission)
        .maybe("time-constraint", norm.time_constraint.as_ref())
}

fn npl(normative: &NormativeSpecification, text: &str) -> Element {
    Element { text: text.to_owned(), ..Element::new("npl-norms", &normative.origin) }
}
