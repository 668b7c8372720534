//! An inferred organisation as MOISE+.

use karma_org::builder::{
    self, GroupBuilder, OrganizationBuilder, SchemeBuilder, goal, mission, obligation, permission,
};
use karma_org::spec::{GoalKind, OrganizationalSpecification};

use super::{InferredOrganization, InferredRole};

/// The abstract role that all others extend.
const ROOT: &str = "agent";
/// The root goal.
const SUCCESS: &str = "succeed";

impl InferredOrganization {
    /// Roles in one group, goals in one scheme, a mission for each role that leads to a goal. A role whose goals no other role
    /// leads to is obliged to its mission, others are permitted theirs (TEMM's third step).
    pub fn specification(&self) -> OrganizationalSpecification {
        let organization = OrganizationBuilder::new(&self.id).role(ROOT);
        let organization = self.roles.iter().fold(organization, |organization, role| {
            let extended: Vec<&str> = role.extends.iter().filter_map(|place| self.name(*place)).collect();
            let extended = if extended.is_empty() { vec![ROOT] } else { extended };
            organization.role_extending(&role.name, extended)
        });
        let organization = organization.group("team", |group| self.fill_group(group));
        if self.goals.is_empty() {
            return organization.build();
        }
        let organization = organization.scheme("resilience", |scheme| self.fill_scheme(scheme));
        let norms = self.with_missions().map(|(place, role)| {
            let (id, mission) = (format!("norm_{}", role.name), mission_of(role));
            let norm = if self.is_exclusive(place) { obligation } else { permission };
            norm(id, role.name.clone(), mission)
        });
        norms.fold(organization, OrganizationBuilder::norm).build()
    }

    fn fill_group(&self, group: GroupBuilder) -> GroupBuilder {
        let group =
            self.roles.iter().fold(group, |group, role| group.role(&role.name, role.agents..=role.agents));
        let links = self.links.iter().filter_map(|link| {
            Some(builder::link(link.kind.clone(), self.name(link.from)?, self.name(link.to)?))
        });
        links.fold(group, GroupBuilder::link)
    }

    fn fill_scheme(&self, scheme: SchemeBuilder) -> SchemeBuilder {
        let leaves = self
            .goals
            .iter()
            .map(|leaf| goal(&leaf.name).kind(GoalKind::Maintenance).described(&leaf.description));
        let root = goal(SUCCESS).described("what successful episodes have in common");
        let root = if self.in_sequence { root.sequence(leaves) } else { root.parallel(leaves) };
        let scheme = scheme.goal(root);
        self.with_missions().fold(scheme, |scheme, (place, role)| {
            scheme.mission(mission(mission_of(role)).agents(0..=role.agents).goals(self.goals_of(place)))
        })
    }

    /// Names of the goals that a role leads to.
    pub(super) fn goals_of(&self, role: usize) -> Vec<&str> {
        self.goals.iter().filter(|goal| goal.roles.contains(&role)).map(|goal| goal.name.as_str()).collect()
    }

    /// The roles that lead to a goal.
    pub(super) fn with_missions(&self) -> impl Iterator<Item = (usize, &InferredRole)> {
        self.roles.iter().enumerate().filter(|(place, _)| !self.goals_of(*place).is_empty())
    }

    fn is_exclusive(&self, role: usize) -> bool {
        self.goals.iter().filter(|goal| goal.roles.contains(&role)).all(|goal| goal.roles.len() == 1)
    }

    fn name(&self, role: usize) -> Option<&str> {
        self.roles.get(role).map(|role| role.name.as_str())
    }
}

/// The mission of a role.
pub(super) fn mission_of(role: &InferredRole) -> String {
    format!("mission_{}", role.name)
}
