//! A running organisation in writing, so that it survives a restart.

use std::collections::BTreeSet;
use std::sync::Arc;

use karma_core::{Digest, Id as _};
use serde::{Deserialize, Serialize};

use super::OrganizationEntity;
use super::digest::digest;
use super::state::{SchemeInstance, State};
use crate::Organization;
use crate::finding::Findings;

/// The version of the written form that this code writes and reads.
const VERSION: u32 = 1;

/// A running organisation, written down. Elements of the specification are numbered in it, so it is of use with that
/// specification only, which its digest makes sure of.
///
/// A written organisation that a person changed is checked too: every number must stand for something, every name
/// must be that of something there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntitySnapshot {
    version: u32,
    specification: Digest,
    state: State,
}

/// Why a written organisation cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// Another version of the written form.
    #[error("the snapshot is written in version {found}; this program reads version {VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// Another specification.
    #[error("the snapshot is of an organisation with digest {found}; this specification has {expected}")]
    Specification {
        /// The digest found.
        found: Digest,
        /// The digest of the specification given.
        expected: Digest,
    },
    /// Parts of the snapshot that stand for nothing: all of them.
    #[error("the snapshot is damaged: {}", .0.join("; "))]
    Damaged(Vec<String>),
    /// The specification itself cannot be run.
    #[error(transparent)]
    Rules(#[from] Findings),
}

impl OrganizationEntity {
    /// The organisation in writing.
    pub fn snapshot(&self) -> EntitySnapshot {
        EntitySnapshot {
            version: VERSION,
            specification: digest(&self.organization),
            state: self.state.clone(),
        }
    }

    /// Goes on with a written organisation, exactly where it was.
    ///
    /// # Errors
    /// If it was written in another version or for another specification, or is damaged.
    pub fn restore(organization: Arc<Organization>, snapshot: EntitySnapshot) -> Result<Self, RestoreError> {
        if snapshot.version != VERSION {
            return Err(RestoreError::Version { found: snapshot.version });
        }
        let (found, expected) = (snapshot.specification, digest(&organization));
        if found != expected {
            return Err(RestoreError::Specification { found, expected });
        }
        let damages = damages(&organization, &snapshot.state);
        if !damages.is_empty() {
            return Err(RestoreError::Damaged(damages));
        }
        Ok(Self { state: snapshot.state, ..Self::new(organization)? })
    }
}

fn damages(organization: &Organization, state: &State) -> Vec<String> {
    let mut damages = Vec::new();
    let mut need = |is_right: bool, what: &dyn Fn() -> String| {
        if !is_right {
            damages.push(what());
        }
    };
    for (name, group) in &state.groups {
        let kinds = organization.groups().len();
        need(group.specification.index() < kinds, &|| format!("group {name} is of no kind"));
        need(is_rooted(state, name), &|| format!("group {name} is in no group that there is, or in itself"));
    }
    for player in &state.players {
        let known =
            player.role.index() < organization.roles().len() && state.groups.contains_key(&player.group);
        need(known, &|| format!("{} plays no role of a group that there is", player.agent));
    }
    for (name, scheme) in &state.schemes {
        let kinds = organization.schemes().len();
        let known = scheme.specification.index() < kinds;
        need(known, &|| format!("scheme {name} is of no kind"));
        if known {
            need(is_whole(organization, state, scheme), &|| {
                format!("scheme {name} has goals, missions or groups that are not its own")
            });
        }
    }
    damages
}

/// Whether the groups that a group is in end at one that is in none.
fn is_rooted(state: &State, name: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut at = Some(name);
    while let Some(name) = at {
        let Some(group) = state.groups.get(name).filter(|_| seen.insert(name)) else { return false };
        at = group.parent.as_deref();
    }
    true
}

fn is_whole(organization: &Organization, state: &State, scheme: &SchemeInstance) -> bool {
    let node = &organization.schemes()[scheme.specification];
    let goals =
        [&scheme.satisfied, &scheme.failed, &scheme.released, &scheme.impossible].into_iter().flatten();
    let goals = goals.chain(scheme.done.iter().map(|(goal, _)| goal)).chain(scheme.arguments.keys());
    let mut missions = scheme.commitments.iter().map(|(_, mission)| mission);
    goals.into_iter().all(|goal| node.goals.contains(goal))
        && missions.all(|mission| node.missions.contains(mission))
        && scheme.responsible.iter().all(|group| state.groups.contains_key(group))
}
