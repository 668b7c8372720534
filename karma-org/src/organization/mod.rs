//! A specification with every name resolved: what the entity runs, what guides are compiled from, what is drawn.
//!
//! An [`Organization`] exists only if its specification has no error, so nothing that uses one needs to check
//! a name again. Ids are dense, in the order of the text; defaults are filled in; inheritance, link implication and
//! compatibility are closed under their rules.

mod authority;
mod compatibility;
mod duties;
mod index;
mod links;
mod node;
pub(crate) mod resolve;
mod time;

use karma_core::IdVec;

use crate::finding::{Finding, Findings};
use crate::spec::OrganizationalSpecification;

pub use authority::AuthorityCycle;
pub use links::ImpliedLink;
pub use node::{
    CompatibilityNode, GoalNode, GroupNode, LinkNode, MissionNode, NormNode, PlanNode, Precondition, Quorum,
    Range, RoleNode, SchemeNode,
};
use resolve::Parts;

karma_core::id! {
    /// A role. The first one is always the root role `soc`.
    RoleId
}
karma_core::id! {
    /// A group specification. The first one, if there is any, is the root.
    GroupId
}
karma_core::id! {
    /// A scheme specification.
    SchemeId
}
karma_core::id! {
    /// A goal of some scheme.
    GoalId
}
karma_core::id! {
    /// A mission of some scheme.
    MissionId
}
karma_core::id! {
    /// A norm.
    NormId
}

/// A checked organisation: every name resolved, every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Organization {
    specification: OrganizationalSpecification,
    parts: Parts,
    warnings: Vec<Finding>,
}

impl Organization {
    /// Resolves and checks a specification.
    ///
    /// # Errors
    /// All findings, warnings too, if one of them is an error.
    pub fn new(specification: OrganizationalSpecification) -> Result<Self, Findings> {
        let (parts, report) = crate::check::checked(&specification);
        if report.has_errors() {
            return Err(Findings(report.into_findings()));
        }
        Ok(Self { specification, parts, warnings: report.into_findings() })
    }

    /// What is probably not meant, though it can be used.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The specification as written.
    pub const fn specification(&self) -> &OrganizationalSpecification {
        &self.specification
    }

    /// The roles; the first is `soc`.
    pub const fn roles(&self) -> &IdVec<RoleId, RoleNode> {
        &self.parts.roles
    }

    /// The groups; the first is the root.
    pub const fn groups(&self) -> &IdVec<GroupId, GroupNode> {
        &self.parts.groups
    }

    /// The schemes.
    pub const fn schemes(&self) -> &IdVec<SchemeId, SchemeNode> {
        &self.parts.schemes
    }

    /// The goals of all schemes.
    pub const fn goals(&self) -> &IdVec<GoalId, GoalNode> {
        &self.parts.goals
    }

    /// The missions of all schemes.
    pub const fn missions(&self) -> &IdVec<MissionId, MissionNode> {
        &self.parts.missions
    }

    /// The norms.
    pub const fn norms(&self) -> &IdVec<NormId, NormNode> {
        &self.parts.norms
    }

    /// The role called `id`.
    pub fn role(&self, id: &str) -> Option<RoleId> {
        self.parts.index.roles.get(id).copied()
    }

    /// The group called `id`.
    pub fn group(&self, id: &str) -> Option<GroupId> {
        self.parts.index.groups.get(id).copied()
    }

    /// The scheme called `id`.
    pub fn scheme(&self, id: &str) -> Option<SchemeId> {
        self.parts.index.schemes.get(id).copied()
    }

    /// The goal called `id` in a scheme.
    pub fn goal(&self, scheme: SchemeId, id: &str) -> Option<GoalId> {
        self.parts.index.goal(&self.parts.goals, scheme, id)
    }

    /// The mission called `id` in a scheme.
    pub fn mission(&self, scheme: SchemeId, id: &str) -> Option<MissionId> {
        self.parts.index.mission(&self.parts.missions, scheme, id)
    }
}
