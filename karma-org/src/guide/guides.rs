//! Compiled guides: what a batch of environments or an explanation is computed from.

use std::collections::BTreeMap;

use karma_core::topology::Priority;
use karma_core::{
    ActionSpace, AgentId, Hardness, PerAgent, PerService, ResilienceWeights, Role, Seconds, Topology,
};

use super::action_set::ActionSet;
use super::restriction::Restriction;
use crate::Finding;
use crate::condition::{CheckedCondition, Program, Quantity, Signals, TruthId, ValueId, Vocabulary};
use crate::organization::RoleId;
use crate::pattern::Automaton;

/// What guides need to know besides the organisation, its binding and the topology.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuideSetting {
    /// Largest change α of one service at one decision; 3 by default, the paper's.
    pub alpha: u32,
    /// Time between two decisions, which turns "30 s ago" into a number of decisions; 15 s by default.
    pub decision_period: Seconds,
    /// Hardness of all roles and rules, whatever the binding says; as the binding says by default.
    pub hardness: Option<Hardness>,
    /// Weights of the term `resilience` in conditions; the paper's by default.
    pub weights: ResilienceWeights,
}

impl Default for GuideSetting {
    fn default() -> Self {
        let weights = ResilienceWeights::default();
        Self { alpha: 3, decision_period: Seconds(15.0), hardness: None, weights }
    }
}

/// The guides of a team, compiled for one organisation, binding and topology. Immutable: what changes from step to
/// step is in a [`GuideBatch`](super::GuideBatch) or an [`EpisodeGuide`](super::EpisodeGuide), and many of them
/// may share one `Guides`.
#[derive(Clone, Debug)]
pub struct Guides {
    pub(super) space: ActionSpace,
    pub(super) meanings: Meanings,
    pub(super) signals: Signals,
    pub(super) labels: Labels,
    pub(super) roles: Vec<RoleGuide>,
    pub(super) seats: PerAgent<Seat>,
    pub(super) team: PerAgent<Role>,
    pub(super) rules: Rules,
    pub(super) rewards: Rewards,
    pub(super) warnings: Vec<Finding>,
}

impl Guides {
    /// The agents: their names and ranks. An agent is called as its role, with a number if the role has several.
    pub const fn team(&self) -> &PerAgent<Role> {
        &self.team
    }

    /// The actions of every agent.
    pub const fn action_space(&self) -> ActionSpace {
        self.space
    }

    /// What is probably not meant, though it could be compiled.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// The agent called `name`.
    pub fn agent(&self, name: &str) -> Option<AgentId> {
        self.seats.iter_enumerated().find(|(_, seat)| seat.name == name).map(|(agent, _)| agent)
    }

    /// The role that an agent plays, by name.
    ///
    /// # Panics
    /// If there is no such agent.
    pub fn role_of(&self, agent: AgentId) -> &str {
        &self.role(agent).name
    }

    pub(super) fn role(&self, agent: AgentId) -> &RoleGuide {
        &self.roles[self.seats[agent].role]
    }
}

/// What a [`Vocabulary`] is made of, kept to explain conditions with.
#[derive(Clone, Debug)]
pub(super) struct Meanings {
    pub(super) topology: Topology,
    pub(super) parameters: BTreeMap<String, Quantity>,
    pub(super) priorities: PerService<Priority>,
    pub(super) setting: GuideSetting,
}

impl Guides {
    /// What names in conditions mean.
    pub(super) fn vocabulary(&self) -> Vocabulary<'_> {
        let Meanings { topology, parameters, priorities, setting } = &self.meanings;
        Vocabulary {
            topology,
            parameters: parameters.clone(),
            decision_period: setting.decision_period,
            priorities: priorities.clone(),
            patterns: self.labels.automata.iter().map(|(name, _)| name.clone()).collect(),
            weights: setting.weights,
        }
    }
}

/// One agent.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// Index of its role.
    pub(super) role: usize,
    pub(super) name: String,
    /// Where the matches of its patterns begin among those of all agents.
    pub(super) patterns_from: usize,
}

/// A role as it was checked.
#[derive(Clone, Debug)]
pub(super) struct RoleGuide {
    pub(super) role: RoleId,
    pub(super) name: String,
    pub(super) agents: u32,
    pub(super) penalty: f32,
    pub(super) hardness: Hardness,
    pub(super) rules: Vec<Rule>,
    pub(super) always: ActionSet,
    pub(super) otherwise: ActionSet,
}

/// A rule as it was checked.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    /// Whether it is asked of each service.
    pub(super) each: bool,
    pub(super) when: CheckedCondition,
    /// For each service, or once, what it allows; nothing if it allows nothing anywhere.
    pub(super) allow: Vec<ActionSet>,
    /// For each service, or once, what it forbids; nothing if it forbids nothing anywhere.
    pub(super) forbid: Vec<ActionSet>,
    pub(super) hardness: Hardness,
}

/// What patterns are about.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    /// The patterns by name.
    pub(super) automata: Vec<(String, Automaton)>,
    /// Computes what is observed.
    pub(super) program: Program,
    /// One truth for each label of observations.
    pub(super) truths: Vec<TruthId>,
    /// The labels of each action, one bit each.
    pub(super) of_actions: Vec<u32>,
}

/// The compiled action guides.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) program: Program,
    pub(super) restrictions: PerAgent<Restriction>,
}

/// The compiled goal reward guides.
#[derive(Clone, Debug)]
pub(super) struct Rewards {
    pub(super) program: Program,
    pub(super) sparse: Vec<Sparse>,
    pub(super) terms: PerAgent<Vec<Term>>,
}

/// A reward for matches of a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sparse {
    pub(super) pattern: usize,
    pub(super) reward: f32,
    pub(super) once: bool,
}

/// What one goal of one mission adds to the reward of an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Term {
    pub(super) goal: Goal,
    /// Weight of the mission times weight of the goal, over `1 − p + ε`.
    pub(super) coefficient: f32,
    /// The mission counts from this time on, in seconds after the beginning of the episode,
    pub(super) from: f32,
    /// and before this.
    pub(super) until: f32,
}

/// Where the worth of a goal is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    Value(ValueId),
    Sparse(usize),
}
