//! From names to ids: one pass over a written specification that resolves what can be resolved and reports all that
//! cannot.
//!
//! Resolution is total: an element that names something unknown is kept without that name, so that one slip does
//! not hide the next. What is resolved becomes an [`Organization`](super::Organization) only if no error was
//! found; until then it serves the checks that look for more.

mod constraints;
mod goals;
mod groups;
mod missions;
mod norms;
mod preconditions;
mod report;
mod roles;

use karma_core::IdVec;

use crate::spec::{Cardinality, OrganizationalSpecification, Origin, Scheme};

use super::index::Index;
use super::{
    GoalId, GoalNode, GroupId, GroupNode, MissionId, MissionNode, NormId, NormNode, Range, RoleId, RoleNode,
    SchemeId, SchemeNode,
};

pub(crate) use report::{Report, quoted};

/// The resolved elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parts {
    pub(crate) roles: IdVec<RoleId, RoleNode>,
    pub(crate) groups: IdVec<GroupId, GroupNode>,
    pub(crate) schemes: IdVec<SchemeId, SchemeNode>,
    pub(crate) goals: IdVec<GoalId, GoalNode>,
    pub(crate) missions: IdVec<MissionId, MissionNode>,
    pub(crate) norms: IdVec<NormId, NormNode>,
    pub(crate) index: Index,
}

/// Resolves every name of a specification. O(n log n) in its size, besides the ancestors of roles, of which there
/// may be as many as roles times their depth.
pub(crate) fn resolve(specification: &OrganizationalSpecification) -> (Parts, Report) {
    let (mut parts, mut report) = (Parts::default(), Report::new());
    let written = groups::written(&specification.structural, &mut report);
    roles::resolve(&specification.structural, &written, &mut parts, &mut report);
    groups::resolve(&specification.structural, &written, &mut parts, &mut report);
    let included = written.iter().map(|group| group.imported);
    let schemes = included.clone().flat_map(|imported| imported.schemes);
    let schemes: Vec<&Scheme> = specification.functional.schemes.iter().chain(schemes).collect();
    goals::resolve(&schemes, &mut parts, &mut report);
    missions::resolve(&schemes, &mut parts, &mut report);
    preconditions::derive(&mut parts);
    let norms = included.flat_map(|imported| imported.norms);
    norms::resolve(specification.normative.norms.iter().chain(norms), &mut parts, &mut report);
    (parts, report)
}

/// A written cardinality with its default, (0, ∞).
fn range(cardinality: Cardinality, element: &str, origin: &Origin, report: &mut Report) -> Range {
    let min = cardinality.min.unwrap_or(0);
    if let Some(max) = cardinality.max
        && max < min
    {
        let message = format!("{element} has at least {min} and at most {max}; max must not be below min");
        report.error("empty-range", origin, message);
    }
    Range { min, max: cardinality.max.map(|max| max.max(min)) }
}

/// Reports an element without a name.
fn named(id: &str, element: &str, origin: &Origin, report: &mut Report) {
    if id.is_empty() {
        report.error("missing-name", origin, format!("a {element} has no name"));
    }
}

/// Appends a node and returns its id.
fn push<I: karma_core::Id, T>(nodes: &mut IdVec<I, T>, node: T) -> I {
    let id = I::from_index(nodes.len());
    let mut items = std::mem::take(nodes).into_vec();
    items.push(node);
    *nodes = items.into();
    id
}
