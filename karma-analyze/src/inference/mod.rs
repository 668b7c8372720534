//! From trajectories to an organisation: roles, goals, missions, norms and links, as karma-org loads and trains with them.
//!
//! MOISE+MARL trains agents under an organisation that an expert wrote. Here the organisation comes from agents that were
//! trained without one, so that phase 3 feeds phase 2 (the second open question of the paper): the next team starts with what
//! the last one found out.
//!
//! | element | inferred from | by |
//! |---|---|---|
//! | roles | what agents did alike | clusters of action sequences ([`crate::roles`]) |
//! | permissions of a role | when its agents acted | shallow trees ([`Rule`]) |
//! | goals | where successful episodes linger | clusters of states ([`crate::goals`]) |
//! | missions, norms | which role leads to which goal | ([`crate::goals`]) |
//! | links | who depends on whom | permutation tests ([`crate::relations`]) |
//!
//! The result is written as MOISE+ ([`InferredOrganization::specification`]) and as the guides that give it a meaning on a cluster
//! ([`InferredOrganization::guides`]); karma-org checks both.

mod guides;
mod links;
mod params;
mod permissions;
mod signals;
mod specification;
#[cfg(test)]
mod tests;

use karma_core::AgentId;
use serde::Serialize;

pub use links::links;
pub use params::{InferenceConfig, InferenceParams, InferenceParamsError};
pub use permissions::{Direction, Rule};

use crate::recordings::Recordings;

/// A role before its permissions are known: who plays it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDraft {
    /// Its name, unique.
    pub name: String,
    /// Its players, at least one. No agent plays two roles.
    pub agents: Vec<AgentId>,
    /// Roles that it specialises, by their place.
    pub extends: Vec<usize>,
}

/// An inferred role.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InferredRole {
    /// Its name.
    pub name: String,
    /// How many agents play it.
    pub agents: u32,
    /// Roles that it specialises, by their place.
    pub extends: Vec<usize>,
    /// What it may do, and when.
    pub rules: Vec<Rule>,
}

/// An inferred goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InferredGoal {
    /// Its name, unique.
    pub name: String,
    /// What it is like to be there.
    pub description: String,
    /// How near a state is, in [−1, 0], in the expression language.
    pub value: String,
    /// Roles that lead there, by their place.
    pub roles: Vec<usize>,
}

/// How one role stands to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct InferredLink {
    /// From which role, by its place.
    pub from: usize,
    /// To which.
    pub to: usize,
    /// `acquaintance`, `communication` or `authority`.
    pub kind: String,
}

/// An organisation that was inferred.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InferredOrganization {
    /// Its name.
    pub id: String,
    /// The roles, in the order of the agents.
    pub roles: Vec<InferredRole>,
    /// The goals, in the order in which successful episodes reach them.
    pub goals: Vec<InferredGoal>,
    /// Whether they are reached one after the other.
    pub in_sequence: bool,
    /// The links.
    pub links: Vec<InferredLink>,
}

impl InferredOrganization {
    /// Infers what the roles may do; goals and links are added to what comes back.
    pub fn of_roles(
        id: impl Into<String>,
        recordings: &Recordings,
        roles: &[RoleDraft],
        config: &InferenceConfig,
    ) -> Self {
        let role = |draft: &RoleDraft| InferredRole {
            name: draft.name.clone(),
            agents: u32::try_from(draft.agents.len()).unwrap_or(u32::MAX),
            extends: draft.extends.clone(),
            rules: permissions::rules(recordings, &draft.agents, config),
        };
        let roles = roles.iter().map(role).collect();
        Self { id: id.into(), roles, goals: Vec::new(), in_sequence: false, links: Vec::new() }
    }
}
