//! Questions about the facts: who plays, who is responsible, who is committed. Everything is recomputed from the
//! facts on each question, so that nothing can be out of date.

use std::collections::BTreeSet;

use super::rules::Rules;
use super::state::{GroupInstance, RolePlayer, SchemeInstance, State};
use crate::Organization;
use crate::organization::{GoalId, MissionId, Quorum, RoleId};

/// The facts, with what they are facts about.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) organization: &'a Organization,
    pub(super) rules: &'a Rules,
    pub(super) state: &'a State,
}

/// What does not change: the organisation and its rules.
#[derive(Clone, Copy)]
pub(super) struct Law<'a> {
    pub(super) organization: &'a Organization,
    pub(super) rules: &'a Rules,
}

impl<'a> Law<'a> {
    pub(super) const fn view<'s>(self, state: &'s State) -> View<'s>
    where
        'a: 's,
    {
        View { organization: self.organization, rules: self.rules, state }
    }
}

impl<'a> View<'a> {
    pub(super) fn role_name(self, role: RoleId) -> &'a str {
        &self.organization.roles()[role].id
    }

    pub(super) fn goal_name(self, goal: GoalId) -> &'a str {
        &self.organization.goals()[goal].id
    }

    pub(super) fn mission_name(self, mission: MissionId) -> &'a str {
        &self.organization.missions()[mission].id
    }

    pub(super) fn group(self, name: &str) -> Option<&'a GroupInstance> {
        self.state.groups.get(name)
    }

    pub(super) fn scheme(self, name: &str) -> Option<&'a SchemeInstance> {
        self.state.schemes.get(name)
    }

    pub(super) fn players_in(self, group: &str) -> impl Iterator<Item = &'a RolePlayer> {
        self.state.players.iter().filter(move |player| player.group == group)
    }

    /// Direct subgroups of a group.
    pub(super) fn subgroups(self, group: &str) -> impl Iterator<Item = (&'a String, &'a GroupInstance)> {
        self.state.groups.iter().filter(move |(_, instance)| instance.parent.as_deref() == Some(group))
    }

    /// The group and all groups that it is in, from the inside out.
    pub(super) fn with_ancestors(self, group: &'a str) -> impl Iterator<Item = &'a str> {
        std::iter::successors(Some(group), move |name| self.group(name)?.parent.as_deref())
    }

    /// Whether the player's role is this one or specialises it (`fplay`).
    pub(super) fn plays_as(self, player: &RolePlayer, role: RoleId) -> bool {
        self.organization.roles()[player.role].ancestors.contains(&role)
    }

    /// Whether a group, or one that it is in, was made responsible for a scheme.
    pub(super) fn is_responsible(self, group: &'a str, scheme: &SchemeInstance) -> bool {
        self.with_ancestors(group).any(|name| scheme.responsible.contains(name))
    }

    /// Those who play the role, or one that specialises it, in a group that is responsible for the scheme.
    pub(super) fn responsible_players(
        self,
        role: RoleId,
        scheme: &'a SchemeInstance,
    ) -> impl Iterator<Item = &'a RolePlayer> {
        let plays = move |player: &&RolePlayer| self.plays_as(player, role);
        self.state
            .players
            .iter()
            .filter(plays)
            .filter(move |player| self.is_responsible(&player.group, scheme))
    }

    /// Whether some norm relates the mission to a role that the agent plays in a responsible group. As in MOISE, the
    /// norm's condition does not matter: it says when the agent must, not whether the role is the right one.
    pub(super) fn is_permitted(self, agent: &str, mission: MissionId, scheme: &'a SchemeInstance) -> bool {
        let norms = self.organization.norms().iter().filter(|norm| norm.mission == mission);
        norms
            .map(|norm| norm.role)
            .any(|role| self.responsible_players(role, scheme).any(|p| p.agent == agent))
    }

    /// The agents that are committed to a goal by one of its missions.
    pub(super) fn committed_to(self, goal: GoalId, scheme: &'a SchemeInstance) -> BTreeSet<&'a str> {
        let missions = &self.organization.goals()[goal].missions;
        let committed = scheme.commitments.iter().filter(|(_, mission)| missions.contains(mission));
        committed.map(|(agent, _)| agent.as_str()).collect()
    }

    /// Whether every goal of the mission is satisfied.
    pub(super) fn is_accomplished(self, mission: MissionId, scheme: &SchemeInstance) -> bool {
        self.organization.missions()[mission].goals.iter().all(|goal| scheme.satisfied.contains(goal))
    }

    /// Whether nobody commits to the goal: it is satisfied when its plan is.
    pub(super) fn is_automatic(self, goal: GoalId) -> bool {
        let node = &self.organization.goals()[goal];
        node.missions.is_empty() || node.quorum == Quorum::AtLeast(0)
    }
}
