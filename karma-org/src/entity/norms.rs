//! Which obligations and permissions follow from the facts (`os2nopl`).
//!
//! **Commitments.** A norm binds or allows an agent that plays its role (or one that specialises it) in a group that
//! is responsible for a scheme with the norm's mission, while the norm's condition holds, the mission is not
//! accomplished, and V agents are committed to it:
//! * obligation to commit: if V is less than the mission's minimum;
//! * permission to commit: for a permission, if V is less than the maximum; for an obligation, if V is between
//!   minimum and maximum and these differ.
//!
//! **Goals** (`ngoal`). An agent that is committed to a mission must pursue each of its goals that is enabled, in a
//! well-formed scheme: *do* a performance goal, *see satisfied* an achievement goal; as long as the goal is not
//! satisfied, failed, released or impossible and no goal above it is satisfied. Goals that ask for an account, or
//! establish its context, are pursued freely. A maintenance goal obliges nobody: MOISE leaves that open.
//!
//! The deadline is the norm's time constraint or the goal's time to fulfil, counted from now; a year if none is
//! written. A sum that would overflow is the end of time.
//!
//! **Cost**: norms × schemes × players for commitments, commitments × goals for goals.

use std::time::Duration;

use karma_core::Id as _;

use super::facts::Scope;
use super::formula::{Bindings, Term, holds};
use super::ledger::{Aim, Modality, NormInstance, Outcome};
use super::state::SchemeInstance;
use super::view::View;
use crate::organization::{GoalId, MissionId, NormId, NormNode};
use crate::spec::{GoalKind, NormKind, ReportStage};

/// The norm of goals.
pub(super) const GOAL_NORM: &str = "ngoal";

/// The deadline of what has none, as in MOISE: 365 days.
pub const DEFAULT_TIME_TO_FULFIL: Duration = Duration::from_hours(365 * 24);

/// An obligation or permission that the facts ask for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Due {
    norm: String,
    modality: Modality,
    agent: String,
    scheme: String,
    aim: Aim,
    span: Duration,
}

type Key<'a> = (&'a str, Modality, &'a str, &'a str, &'a Aim);

impl Due {
    pub(super) fn key(&self) -> Key<'_> {
        (&self.norm, self.modality, &self.agent, &self.scheme, &self.aim)
    }

    pub(super) fn key_of(norm: &NormInstance) -> Key<'_> {
        (&norm.norm, norm.modality, &norm.agent, &norm.scheme, &norm.aim)
    }

    pub(super) fn is(&self, norm: &NormInstance) -> bool {
        self.key() == Self::key_of(norm)
    }

    pub(super) fn instance(self, now: Duration) -> NormInstance {
        let deadline = now.saturating_add(self.span);
        let Self { norm, modality, agent, scheme, aim, .. } = self;
        NormInstance { norm, modality, agent, scheme, aim, created: now, deadline }
    }
}

impl<'a> View<'a> {
    /// All obligations and permissions whose cause holds and that ask for something that is not the case yet.
    pub(super) fn due(self) -> Vec<Due> {
        let schemes = self.state.schemes.iter();
        schemes
            .flat_map(|(name, scheme)| self.due_commitments(name, scheme).chain(self.due_goals(name, scheme)))
            .collect()
    }

    fn due_commitments(self, name: &'a str, scheme: &'a SchemeInstance) -> impl Iterator<Item = Due> {
        let norms = self.organization.norms().iter().enumerate();
        let here = norms.filter(move |(_, norm)| {
            self.organization.missions()[norm.mission].scheme == scheme.specification
                && !self.is_accomplished(norm.mission, scheme)
        });
        here.flat_map(move |(index, norm)| self.due_of_norm(NormId::from_index(index), norm, name, scheme))
    }

    fn due_of_norm(
        self,
        id: NormId,
        norm: &'a NormNode,
        name: &'a str,
        scheme: &'a SchemeInstance,
    ) -> impl Iterator<Item = Due> {
        let modality = self.modality(norm, name, scheme);
        let players = modality.into_iter().flat_map(move |modality| {
            self.responsible_players(norm.role, scheme).map(move |player| (modality, player))
        });
        let bound = players.filter(move |(_, player)| {
            let facts = Scope { view: self, scheme: name, group: Some(&player.group) };
            let bindings = Bindings::of(&[
                ("S", Term::atom(name)),
                ("A", Term::atom(player.agent.as_str())),
                ("Gr", Term::atom(player.group.as_str())),
            ]);
            !scheme.commitments.contains(&(player.agent.clone(), norm.mission))
                && holds(self.rules.condition(id), &facts, &bindings)
        });
        bound.map(move |(modality, player)| Due {
            norm: norm.id.clone(),
            modality,
            agent: player.agent.clone(),
            scheme: name.to_owned(),
            aim: Aim::Committed { mission: self.mission_name(norm.mission).to_owned() },
            span: norm.time_constraint.unwrap_or(DEFAULT_TIME_TO_FULFIL),
        })
    }

    /// What a norm does to its players now, if anything.
    fn modality(self, norm: &NormNode, name: &str, scheme: &SchemeInstance) -> Option<Modality> {
        let range = self.organization.missions()[norm.mission].cardinality;
        let count = scheme.agents_of(norm.mission) as u64;
        let wanted = count < u64::from(range.min);
        let room = range.max.is_none_or(|max| count < u64::from(max));
        match norm.kind {
            NormKind::Obligation if wanted => {
                (!self.is_scheme_well_formed(name, scheme)).then_some(Modality::Obligation)
            }
            NormKind::Obligation | NormKind::Permission => room.then_some(Modality::Permission),
        }
    }

    fn due_goals(self, name: &'a str, scheme: &'a SchemeInstance) -> impl Iterator<Item = Due> {
        let well_formed = self.is_scheme_well_formed(name, scheme);
        let commitments = scheme.commitments.iter().filter(move |_| well_formed);
        commitments.flat_map(move |(agent, mission)| {
            let goals = self.organization.missions()[*mission].goals.iter();
            let needed = goals.filter(move |goal| self.is_needed(name, scheme, **goal));
            needed.filter_map(move |goal| self.due_goal(agent, name, scheme, *goal))
        })
    }

    fn due_goal(self, agent: &str, name: &str, scheme: &SchemeInstance, goal: GoalId) -> Option<Due> {
        let node = &self.organization.goals()[goal];
        let id = node.id.clone();
        let free = self.rules.has_stage(goal, &[ReportStage::Request, ReportStage::Context]);
        let aim = match node.kind {
            GoalKind::Performance => Aim::Done { goal: id },
            GoalKind::Achievement => Aim::Satisfied { goal: id },
            GoalKind::Maintenance => return None,
        };
        let is_done = node.kind == GoalKind::Performance && scheme.done.contains(&(goal, agent.to_owned()));
        (!free && !is_done).then(|| Due {
            norm: GOAL_NORM.to_owned(),
            modality: Modality::Obligation,
            agent: agent.to_owned(),
            scheme: name.to_owned(),
            aim,
            span: node.time_to_fulfil.unwrap_or(DEFAULT_TIME_TO_FULFIL),
        })
    }

    /// Whether a goal is enabled and still needed.
    fn is_needed(self, name: &str, scheme: &SchemeInstance, goal: GoalId) -> bool {
        let settled = [&scheme.satisfied, &scheme.failed, &scheme.released, &scheme.impossible];
        !settled.iter().any(|set| set.contains(&goal))
            && !self.above(goal).any(|above| scheme.satisfied.contains(&above))
            && self.is_enabled(name, scheme, goal)
    }

    /// How an active obligation or permission ends now, if it does. (Deadlines are looked at before operations.)
    pub(super) fn outcome(self, norm: &NormInstance) -> Option<Outcome> {
        let Some((name, scheme)) = self.state.schemes.get_key_value(&norm.scheme) else {
            return Some(Outcome::Inactive);
        };
        let goal = |id: &str| self.organization.goal(scheme.specification, id);
        let (fulfilled, kept) = match &norm.aim {
            Aim::Committed { mission } => {
                let mission = self.organization.mission(scheme.specification, mission)?;
                let committed = scheme.commitments.contains(&(norm.agent.clone(), mission));
                (committed, self.keeps_commitment(norm, mission, name, scheme))
            }
            Aim::Done { goal: id } => {
                let goal = goal(id)?;
                let done = scheme.done.contains(&(goal, norm.agent.clone()));
                (done, self.keeps_goal(norm, goal, name, scheme))
            }
            Aim::Satisfied { goal: id } => {
                let goal = goal(id)?;
                (scheme.satisfied.contains(&goal), self.keeps_goal(norm, goal, name, scheme))
            }
        };
        if fulfilled { Some(Outcome::Fulfilled) } else { (!kept).then_some(Outcome::Inactive) }
    }

    fn keeps_goal(self, norm: &NormInstance, goal: GoalId, name: &str, scheme: &SchemeInstance) -> bool {
        self.committed_to(goal, scheme).contains(norm.agent.as_str()) && self.is_needed(name, scheme, goal)
    }

    /// An obligation to commit stands until the scheme is well formed or the mission is full, even if it has the
    /// fewest agents that it needs by now; a permission stands as long as its cause.
    fn keeps_commitment(
        self,
        norm: &NormInstance,
        mission: MissionId,
        name: &'a str,
        scheme: &'a SchemeInstance,
    ) -> bool {
        match norm.modality {
            Modality::Obligation => {
                let roles = self
                    .organization
                    .norms()
                    .iter()
                    .filter(|node| node.id == norm.norm && node.mission == mission);
                let mut players = roles.flat_map(|node| self.responsible_players(node.role, scheme));
                let range = self.organization.missions()[mission].cardinality;
                let has_room =
                    range.max.is_none_or(|max| (scheme.agents_of(mission) as u64) < u64::from(max));
                has_room
                    && players.any(|player| player.agent == norm.agent)
                    && !self.is_scheme_well_formed(name, scheme)
            }
            Modality::Permission => self.due_commitments(name, scheme).any(|due| due.is(norm)),
        }
    }
}
