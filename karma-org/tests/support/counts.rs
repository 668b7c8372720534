//! How much there is in an organisation, in the order in which tables of organisations give it.

use std::fmt;

use karma_org::spec::{Goal, Group, NormKind, OrganizationalSpecification, Subgroup};

/// Numbers of elements. What inclusions brought in is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) roles: usize,
    pub(crate) extends: usize,
    pub(crate) groups: usize,
    pub(crate) links: usize,
    pub(crate) compatibilities: usize,
    pub(crate) schemes: usize,
    pub(crate) goals: usize,
    pub(crate) missions: usize,
    pub(crate) permissions: usize,
    pub(crate) obligations: usize,
}

impl fmt::Display for Counts {
    /// `3/2/1/3/1/1/10/3/1p+2o`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for number in [self.roles, self.extends, self.groups, self.links, self.compatibilities] {
            write!(f, "{number}/")?;
        }
        for number in [self.schemes, self.goals, self.missions] {
            write!(f, "{number}/")?;
        }
        write!(f, "{}p+{}o", self.permissions, self.obligations)
    }
}

/// Counts the elements of a specification.
pub(crate) fn counts(specification: &OrganizationalSpecification) -> Counts {
    let structural = &specification.structural;
    let groups = structural.group.as_ref().map(groups).unwrap_or_default();
    let schemes = &specification.functional.schemes;
    let norms = &specification.normative.norms;
    let of_kind = |kind| norms.iter().filter(|norm| norm.kind == kind).count();
    Counts {
        roles: structural.roles.len(),
        extends: structural.roles.iter().map(|role| role.extends.len()).sum(),
        groups: groups.len(),
        links: groups.iter().map(|group| group.links.len()).sum(),
        compatibilities: groups.iter().map(|group| group.compatibilities.len()).sum(),
        schemes: schemes.len(),
        goals: schemes.iter().filter_map(|scheme| scheme.goal.as_ref()).map(goals).sum(),
        missions: schemes.iter().map(|scheme| scheme.missions.len()).sum(),
        permissions: of_kind(NormKind::Permission),
        obligations: of_kind(NormKind::Obligation),
    }
}

fn groups(group: &Group) -> Vec<&Group> {
    let inner = group.subgroups.iter().filter_map(|subgroup| match subgroup {
        Subgroup::Specified(group) => Some(groups(group)),
        Subgroup::Included { .. } => None,
    });
    std::iter::once(group).chain(inner.flatten()).collect()
}

fn goals(goal: &Goal) -> usize {
    1 + goal.plan.iter().flat_map(|plan| &plan.goals).map(goals).sum::<usize>()
}
