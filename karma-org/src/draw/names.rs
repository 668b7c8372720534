//! How the elements of an organisation are called where they are named beside each other.

use std::collections::BTreeMap;

use crate::organization::{GoalId, GoalNode, GroupId, MissionId, Organization, RoleId};

use super::text::one_line;

/// Names fit for one line. A mission is `scheme.mission` where several schemes have one of that name.
pub(super) struct Names<'o> {
    organization: &'o Organization,
    missions: BTreeMap<&'o str, usize>,
}

impl<'o> Names<'o> {
    pub(super) fn new(organization: &'o Organization) -> Self {
        let mut missions = BTreeMap::new();
        for mission in organization.missions() {
            *missions.entry(mission.id.as_str()).or_default() += 1;
        }
        Self { organization, missions }
    }

    /// What the whole is called.
    pub(super) fn organization(&self) -> String {
        let id = self.organization.specification().id.as_deref();
        one_line(id.unwrap_or("organisation"))
    }

    pub(super) fn role(&self, role: RoleId) -> String {
        one_line(&self.organization.roles()[role].id)
    }

    pub(super) fn group(&self, group: GroupId) -> String {
        one_line(&self.organization.groups()[group].id)
    }

    pub(super) fn goal(&self, goal: GoalId) -> String {
        one_line(&self.organization.goals()[goal].id)
    }

    pub(super) fn mission(&self, mission: MissionId) -> String {
        let node = &self.organization.missions()[mission];
        if self.missions.get(node.id.as_str()).is_some_and(|named| *named > 1) {
            let scheme = &self.organization.schemes()[node.scheme].id;
            return one_line(&format!("{scheme}.{}", node.id));
        }
        one_line(&node.id)
    }

    /// How many agents can be committed to a goal, by all its missions together; none if there is no limit.
    pub(super) fn most_committed(&self, goal: &GoalNode) -> Option<u32> {
        let most = goal.missions.iter().map(|mission| self.organization.missions()[*mission].cardinality.max);
        most.into_iter().try_fold(0u32, |sum, most| Some(sum.saturating_add(most?)))
    }

    pub(super) fn goals(&self, goals: &[GoalId]) -> Vec<String> {
        goals.iter().map(|goal| self.goal(*goal)).collect()
    }

    pub(super) fn missions(&self, missions: &[MissionId]) -> Vec<String> {
        missions.iter().map(|mission| self.mission(*mission)).collect()
    }

    pub(super) fn roles(&self, roles: &[RoleId]) -> Vec<String> {
        roles.iter().map(|role| self.role(*role)).collect()
    }
}
