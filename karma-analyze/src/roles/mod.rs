//! Roles: which agents behave alike.
//!
//! # What it solves
//! The paper (its section III.D) clusters action sequences by dynamic time warping and calls the clusters roles. What an agent did
//! in an episode is one item; agents that play one role lie near each other whatever they are called, and an agent that plays
//! several roles shows in several groups.
//!
//! # How
//! 1. Actions become letters ([`Alphabet::of_actions`]), episodes of an agent words.
//! 2. Words are compared by banded warping, divided by both lengths, so that long episodes are not far from everything.
//! 3. Ward's linkage, cut where the mean silhouette is greatest; then each group again, as long as the cut is clear
//!    ([`RolesParams::least_silhouette`]) and the parts lie further apart than agents do that only begin at different times
//!    ([`RolesParams::resolution`]). A few exceptions are no role of their own. If nothing is clear, all share one role.
//! 4. A role is described by its profile (share of each kind of action), by the sequence of moves that its members have in
//!    common (TEMM, Soulé et al., 2025), and by the roles that it specialises: those whose common sequence its own contains.
//!
//! # Where this differs
//! Ward's linkage is meant for Euclidean distances, and warping gives none; here it only proposes groups, which silhouettes
//! judge. On planted roles whose agents mostly hold, average linkage split off single odd episodes first: with six roles and
//! three of ten actions random it agreed to 0.56 with what was planted, Ward's in the same trial to 0.91.
//!
//! The published code takes mean and variance of the *states* as features, hands a square distance matrix to a linkage that
//! reads it as observations, and cuts at a fixed threshold. None of that is kept.
//!
//! # Cost
//! n = agents × episodes items: n² / 2 warpings and as many distances in memory (4 bytes each), O(n²) for linkage and cut;
//! `docs/performance.md` has figures up to n = 10 000.

mod common;
mod error;
mod grouping;
mod params;
mod profile;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use karma_core::{Action, AgentId, Id as _};
use serde::Serialize;

pub use error::RolesError;
pub use params::{RolesConfig, RolesParams};
pub use profile::{Kind, Profile};

use crate::agreement::purity;
use crate::cluster::{Dendrogram, Partition};
use crate::distance::{DistanceMatrix, Measure, pairwise};
use crate::recordings::Recordings;
use crate::sequence::{Alphabet, Sequences};

/// What one agent did in one episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Which agent.
    pub agent: AgentId,
    /// Which episode of the recordings.
    pub episode: usize,
}

/// One role.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Role {
    /// What it mostly does, as a name; unique among the roles.
    pub name: String,
    /// Its items, the most central one first.
    pub members: Vec<usize>,
    /// The agents that play this role more often than any other.
    pub agents: Vec<AgentId>,
    /// What its agents do how often.
    pub profile: Profile,
    /// Moves that its members have in common, in their order; nothing is left out between equal neighbours but repetitions.
    pub common: Vec<Action>,
    /// Share of the members that have them in common.
    pub common_to: f64,
    /// Roles that it specialises, by their place.
    pub extends: Vec<usize>,
}

/// The roles of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Roles {
    /// What was clustered: all agents of the first episode, then of the second, and so on.
    pub items: Vec<Item>,
    /// How far apart they are.
    pub distances: DistanceMatrix,
    /// How they were joined.
    pub tree: Dendrogram,
    /// Mean silhouette of the cut into 2 groups, 3, and so on.
    pub silhouettes: Vec<f64>,
    /// The role of each item.
    pub partition: Partition,
    /// The roles.
    pub roles: Vec<Role>,
    /// Share of the items that belong to the main agent of their role.
    pub purity: f64,
}

impl Roles {
    /// The roles of a recording. The same for any number of threads.
    ///
    /// # Errors
    /// If there are fewer than two items.
    pub fn find(
        recordings: &Recordings,
        config: &RolesConfig,
        threads: NonZeroUsize,
    ) -> Result<Self, RolesError> {
        let (items, words) = words(recordings)?;
        let distances = pairwise(&words, &Measure::Warping(*config.warping()), threads);
        let grouping::Grouping { tree, silhouettes, partition } =
            grouping::group(&distances, config.params())?;
        let agents = Partition::of_labels(items.iter().map(|item| item.agent.index()));
        let purity = purity(&partition, &agents)?;
        let described = Describer { recordings, items: &items, words: &words, distances: &distances };
        let roles = described.roles(&partition);
        Ok(Self { items, distances, tree, silhouettes, partition, roles, purity })
    }

    /// Who plays what in an organisation: roles that some agent plays more often than any other.
    pub fn drafts(&self) -> Vec<crate::inference::RoleDraft> {
        let played: Vec<usize> =
            (0..self.roles.len()).filter(|place| !self.roles[*place].agents.is_empty()).collect();
        let draft = |place: &usize| {
            let role = &self.roles[*place];
            let extends =
                role.extends.iter().filter_map(|other| played.iter().position(|place| place == other));
            crate::inference::RoleDraft {
                name: role.name.clone(),
                agents: role.agents.clone(),
                extends: extends.collect(),
            }
        };
        played.iter().map(draft).collect()
    }
}

fn words(recordings: &Recordings) -> Result<(Vec<Item>, Sequences), RolesError> {
    let cast = recordings.cast();
    let mut words = Sequences::new(Alphabet::of_actions(cast.action_space));
    let mut items = Vec::new();
    for (place, episode) in recordings.episodes().iter().enumerate() {
        for agent in cast.agents.ids() {
            words.push(&episode.letters(agent).collect::<Vec<u32>>())?;
            items.push(Item { agent, episode: place });
        }
    }
    Ok((items, words))
}

struct Describer<'a> {
    recordings: &'a Recordings,
    items: &'a [Item],
    words: &'a Sequences,
    distances: &'a DistanceMatrix,
}

impl Describer<'_> {
    fn roles(&self, partition: &Partition) -> Vec<Role> {
        let mut roles: Vec<Role> = (0..partition.groups()).map(|group| self.role(partition, group)).collect();
        self.cast_agents(partition, &mut roles);
        name_apart(&mut roles);
        for place in 0..roles.len() {
            let specialises = |other: &usize| common::is_within(&roles[*other].common, &roles[place].common);
            roles[place].extends = (0..roles.len()).filter(specialises).collect();
        }
        roles
    }

    fn role(&self, partition: &Partition, group: usize) -> Role {
        let mut members: Vec<usize> = partition.members(group).collect();
        let spread = |item: usize| -> f64 {
            members.iter().map(|other| f64::from(self.distances.get(item, *other))).sum()
        };
        let mut central: Vec<(f64, usize)> = members.iter().map(|item| (spread(*item), *item)).collect();
        central.sort_by(|a, b| a.0.total_cmp(&b.0));
        members = central.into_iter().map(|(_, item)| item).collect();
        let cast = self.recordings.cast();
        let letters = members.iter().flat_map(|item| self.words.get(*item)).map(|letter| Action(*letter));
        let profile = Profile::of(cast, letters);
        let moves: Vec<Vec<Action>> =
            members.iter().map(|item| common::moves(cast.action_space, self.words.get(*item))).collect();
        let (common, holders) = common::sequence(&moves);
        let common_to = holders as f64 / members.len() as f64;
        Role {
            name: profile.name(cast),
            members,
            agents: vec![],
            profile,
            common,
            common_to,
            extends: vec![],
        }
    }

    /// Gives each agent to the role that it plays most often, the first of several.
    fn cast_agents(&self, partition: &Partition, roles: &mut [Role]) {
        for agent in self.recordings.cast().agents.ids() {
            let mut plays = vec![0_usize; roles.len()];
            for (item, role) in self.items.iter().zip(partition.labels()) {
                plays[*role] += usize::from(item.agent == agent);
            }
            let most = (0..plays.len()).rev().max_by_key(|role| plays[*role]);
            if let Some(role) = most {
                roles[role].agents.push(agent);
            }
        }
    }
}

/// Numbers the roles whose names are equal. A number is passed over where a role is called that already: a service may be
/// called `1`.
fn name_apart(roles: &mut [Role]) {
    let names: Vec<String> = roles.iter().map(|role| role.name.clone()).collect();
    let is_unique = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    let mut taken: BTreeSet<String> = names.iter().filter(|name| is_unique(name)).cloned().collect();
    for (role, name) in roles.iter_mut().zip(&names).filter(|(_, name)| !is_unique(name)) {
        let mut numbered = (1..).map(|number: usize| format!("{name}_{number}"));
        if let Some(free) = numbered.find(|name| !taken.contains(name)) {
            taken.insert(free.clone());
            role.name = free;
        }
    }
}
