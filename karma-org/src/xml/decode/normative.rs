//! Norms.

use super::super::element::Element;
use super::properties;
use crate::spec::{Norm, NormativeSpecification};

pub(super) fn specification(element: &Element) -> NormativeSpecification {
    NormativeSpecification {
        properties: properties(element),
        norms: element.all("norm").map(norm).collect(),
        npl: element.one("npl-norms").map(|npl| npl.text.clone()),
        origin: element.origin.clone(),
    }
}

fn norm(element: &Element) -> Norm {
    Norm {
        id: element.required("id"),
        condition: element.text("condition"),
        role: element.required("role"),
        kind: element.keyword("type").unwrap_or_default(),
        mission: element.required("mission"),
        time_constraint: element.text("time-constraint"),
        origin: element.origin.clone(),
    }
}
