//! Questions to a running organisation.

use std::time::Duration;

use super::OrganizationEntity;
use super::breach::RecordedBreach;
use super::formation::FormationFault;
use super::goal_state::GoalState;
use super::ledger::{Aim, ClosedNorm, Modality, NormInstance};
use super::state::{GroupInstance, RolePlayer, SchemeInstance};
use crate::organization::{MissionId, RoleId};

impl OrganizationEntity {
    /// The time of the last operation.
    pub const fn now(&self) -> Duration {
        self.state.now
    }

    /// The groups, by name.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &GroupInstance)> {
        self.state.groups.iter().map(|(name, group)| (name.as_str(), group))
    }

    /// A group.
    pub fn group(&self, name: &str) -> Option<&GroupInstance> {
        self.state.groups.get(name)
    }

    /// The schemes, by name.
    pub fn schemes(&self) -> impl Iterator<Item = (&str, &SchemeInstance)> {
        self.state.schemes.iter().map(|(name, scheme)| (name.as_str(), scheme))
    }

    /// A scheme.
    pub fn scheme(&self, name: &str) -> Option<&SchemeInstance> {
        self.state.schemes.get(name)
    }

    /// Who plays what where, in the order of adoption.
    pub fn players(&self) -> &[RolePlayer] {
        &self.state.players
    }

    /// Whether an agent plays a role, or one that specialises it, in a group (`fplay`).
    pub fn plays(&self, agent: &str, role: RoleId, group: &str) -> bool {
        let view = self.view();
        view.players_in(group).any(|player| player.agent == agent && view.plays_as(player, role))
    }

    /// Why a group is not well formed; empty if it is, nothing if there is no such group.
    pub fn group_faults(&self, name: &str) -> Option<Vec<FormationFault>> {
        Some(self.view().group_faults(name, self.group(name)?))
    }

    /// Why a scheme is not well formed; empty if it is, nothing if there is no such scheme.
    pub fn scheme_faults(&self, name: &str) -> Option<Vec<FormationFault>> {
        Some(self.view().scheme_faults(name, self.scheme(name)?))
    }

    /// The state of a goal of a scheme, if there is such a goal.
    pub fn goal_state(&self, scheme: &str, goal: &str) -> Option<GoalState> {
        let view = self.view();
        let instance = self.scheme(scheme)?;
        let goal = self.organization.goal(instance.specification, goal)?;
        Some(view.goal_state(scheme, instance, goal, view.is_scheme_well_formed(scheme, instance)))
    }

    /// The states of all goals of a scheme, by name, in the order of the specification.
    pub fn goal_states(&self, scheme: &str) -> Vec<(&str, GoalState)> {
        let states = self.view().goal_states(scheme).into_iter();
        states.map(|(goal, state)| (self.organization.goals()[goal].id.as_str(), state)).collect()
    }

    /// The goals that an agent is committed to and can pursue now, as (scheme, goal).
    pub fn possible_goals(&self, agent: &str) -> Vec<(&str, &str)> {
        let view = self.view();
        let schemes = self.state.schemes.iter().flat_map(|(name, scheme)| {
            let states = view.goal_states(name).into_iter();
            let mine = states.filter(move |(goal, state)| {
                *state == GoalState::Enabled && view.committed_to(*goal, scheme).contains(agent)
            });
            mine.map(move |(goal, _)| (name.as_str(), view.goal_name(goal)))
        });
        schemes.collect()
    }

    /// Whether a mission is accomplished: all its goals are satisfied.
    pub fn is_accomplished(&self, scheme: &str, mission: &str) -> bool {
        self.scheme(scheme).is_some_and(|instance| {
            let mission = self.organization.mission(instance.specification, mission);
            mission.is_some_and(|mission| self.view().is_accomplished(mission, instance))
        })
    }

    /// The value of an argument of a goal, if it has one.
    pub fn argument(&self, scheme: &str, goal: &str, argument: &str) -> Option<&str> {
        let instance = self.scheme(scheme)?;
        let goal = self.organization.goal(instance.specification, goal)?;
        instance.arguments.get(&goal)?.get(argument).map(String::as_str)
    }

    /// The obligations that are active, in the order of creation.
    pub fn obligations(&self) -> impl Iterator<Item = &NormInstance> {
        self.state.ledger.active.iter().filter(|norm| norm.modality == Modality::Obligation)
    }

    /// The permissions that are active, in the order of creation.
    pub fn permissions(&self) -> impl Iterator<Item = &NormInstance> {
        self.state.ledger.active.iter().filter(|norm| norm.modality == Modality::Permission)
    }

    /// What an agent must and may do now: obligations first; commitments that the agent prefers (`preferred` of
    /// missions, which is transitive) before others.
    pub fn norms_of(&self, agent: &str) -> Vec<&NormInstance> {
        let mut norms: Vec<_> = self.state.ledger.active.iter().filter(|norm| norm.agent == agent).collect();
        norms.sort_by_key(|norm| (norm.modality, self.dispreference(norm)));
        norms
    }

    /// The length of the longest chain of missions that would be preferred to the one asked for.
    fn dispreference(&self, norm: &NormInstance) -> usize {
        let mission = match &norm.aim {
            Aim::Committed { mission } => self
                .scheme(&norm.scheme)
                .and_then(|scheme| self.organization.mission(scheme.specification, mission)),
            Aim::Done { .. } | Aim::Satisfied { .. } => None,
        };
        mission.map_or(0, |mission| self.preferred_above(mission, &mut Vec::new()))
    }

    fn preferred_above(&self, mission: MissionId, path: &mut Vec<MissionId>) -> usize {
        path.push(mission);
        let preferred = self.organization.missions()[mission].preferred.iter();
        let open: Vec<_> = preferred.copied().filter(|other| !path.contains(other)).collect();
        let length = open.into_iter().map(|other| 1 + self.preferred_above(other, path)).max().unwrap_or(0);
        path.pop();
        length
    }

    /// The obligations and permissions that are over, in the order in which they ended. Those of a scheme are
    /// forgotten with it.
    pub fn closed_norms(&self) -> &[ClosedNorm] {
        &self.state.ledger.closed
    }

    /// The breaches of properties that are managed by prohibition, in the order in which they happened.
    pub fn breaches(&self) -> &[RecordedBreach] {
        &self.state.breaches
    }
}
