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

use karma_core::{Id as _, IdVec};

use crate::spec::{Cardinality, Norm, OrganizationalSpecification, Origin, Scheme};

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
    let texts = texts(specification, &written);
    let schemes: Vec<&Scheme> = texts.iter().flat_map(|text| text.schemes).collect();
    goals::resolve(&schemes, &mut parts, &mut report);
    missions::resolve(&schemes, &mut parts, &mut report);
    preconditions::derive(&mut parts);
    for text in &texts {
        norms::resolve(text, &mut parts, &mut report);
    }
    (parts, report)
}

/// The schemes and norms of one text: of the one that was read first, or of one that it includes.
struct Text<'s> {
    schemes: &'s [Scheme],
    /// Position of its first scheme among the schemes of all texts.
    first_scheme: usize,
    norms: &'s [Norm],
}

impl Text<'_> {
    fn has_scheme(&self, scheme: SchemeId) -> bool {
        (self.first_scheme..self.first_scheme + self.schemes.len()).contains(&scheme.index())
    }
}

fn texts<'s>(
    specification: &'s OrganizationalSpecification,
    written: &[groups::WrittenGroup<'s>],
) -> Vec<Text<'s>> {
    let (schemes, norms) = (&specification.functional.schemes, &specification.normative.norms);
    let mut texts = vec![Text { schemes, first_scheme: 0, norms }];
    let mut first_scheme = schemes.len();
    for groups::Imported { schemes, norms, .. } in written.iter().map(|group| group.imported) {
        texts.push(Text { schemes, first_scheme, norms });
        first_scheme += schemes.len();
    }
    texts
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
