//! Well-formedness of groups and schemes, with the reasons against it.
//!
//! A group is well formed if the players of each of its roles and the instances of each of its subgroups are as many
//! as it asks for, and all its subgroups are well formed. A role that a formation constraint of the group bounds, but
//! that is played below only, is counted over the whole subtree ("one leader in the whole team").
//! A scheme is well formed if each mission is accomplished or has as many committed agents as it asks for.
//!
//! **Cost**: linear in the players and groups, times the depth of the group tree.

use std::fmt;

use super::state::{GroupInstance, SchemeInstance};
use super::view::View;
use crate::organization::{MissionId, Range, RoleId};

/// One reason why a group or scheme is not well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormationFault {
    /// Too few or too many of something.
    Count {
        /// What is counted: `role`, `subgroup` or `mission`.
        what: &'static str,
        /// Its name.
        name: String,
        /// Name of the group or scheme that counts.
        place: String,
        /// How many there are.
        count: usize,
        /// Fewest that must be.
        min: u32,
        /// Most that may be, if there is a limit.
        max: Option<u32>,
    },
    /// A subgroup is not well formed, for its own reasons.
    Subgroup {
        /// Its name.
        group: String,
        /// Those reasons.
        faults: Vec<Self>,
    },
}

impl fmt::Display for FormationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { what, name, place, count, min, max } => {
                write!(f, "{place} has {count} of {what} {name}; ")?;
                match max {
                    Some(max) if max == min => write!(f, "exactly {min} needed"),
                    Some(max) => write!(f, "{min} to {max} needed"),
                    None => write!(f, "at least {min} needed"),
                }
            }
            Self::Subgroup { group, faults } => {
                write!(f, "subgroup {group} is not well formed ({})", listed(faults))
            }
        }
    }
}

/// The reasons in one line.
pub(super) fn listed(faults: &[FormationFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn check(what: &'static str, name: &str, place: &str, count: usize, range: Range) -> Option<FormationFault> {
    let enough = u64::from(range.min) <= count as u64;
    let fits = range.max.is_none_or(|max| count as u64 <= u64::from(max));
    let fault = || FormationFault::Count {
        what,
        name: name.to_owned(),
        place: place.to_owned(),
        count,
        min: range.min,
        max: range.max,
    };
    (!enough || !fits).then(fault)
}

impl View<'_> {
    /// Why a group is not well formed; empty if it is.
    pub(super) fn group_faults(self, name: &str, group: &GroupInstance) -> Vec<FormationFault> {
        let node = &self.organization.groups()[group.specification];
        let own = node.roles.iter().filter_map(|(role, range)| {
            check("role", self.role_name(*role), name, self.role_players(*role, name), *range)
        });
        let below = node.subtree_roles.iter().filter_map(|(role, range)| {
            check("role", self.role_name(*role), name, self.role_players_below(*role, name), *range)
        });
        let subgroups = node.subgroups.iter().filter_map(|subgroup| {
            let child = &self.organization.groups()[*subgroup];
            let count =
                self.subgroups(name).filter(|(_, instance)| instance.specification == *subgroup).count();
            check("subgroup", &child.id, name, count, child.cardinality)
        });
        let faulty = self.subgroups(name).filter_map(|(child, instance)| {
            let faults = self.group_faults(child, instance);
            (!faults.is_empty()).then(|| FormationFault::Subgroup { group: child.clone(), faults })
        });
        own.chain(below).chain(subgroups).chain(faulty).collect()
    }

    /// How many agents play exactly this role in a group.
    pub(super) fn role_players(self, role: RoleId, group: &str) -> usize {
        self.players_in(group).filter(|player| player.role == role).count()
    }

    /// How many agents play exactly this role in a group or in any group below it.
    pub(super) fn role_players_below(self, role: RoleId, group: &str) -> usize {
        let players = self.state.players.iter().filter(|player| player.role == role);
        players.filter(|player| self.with_ancestors(&player.group).any(|name| name == group)).count()
    }

    /// Why a scheme is not well formed; empty if it is.
    pub(super) fn scheme_faults(self, name: &str, scheme: &SchemeInstance) -> Vec<FormationFault> {
        let missions = self.organization.schemes()[scheme.specification].missions.iter();
        missions.filter_map(|mission| self.mission_fault(name, scheme, *mission)).collect()
    }

    fn mission_fault(
        self,
        name: &str,
        scheme: &SchemeInstance,
        mission: MissionId,
    ) -> Option<FormationFault> {
        let range = self.organization.missions()[mission].cardinality;
        let fault = check("mission", self.mission_name(mission), name, scheme.agents_of(mission), range);
        fault.filter(|_| !self.is_accomplished(mission, scheme))
    }

    pub(super) fn is_scheme_well_formed(self, name: &str, scheme: &SchemeInstance) -> bool {
        self.scheme_faults(name, scheme).is_empty()
    }
}
