//! Which regimented properties the facts breach.
//!
//! **Difference from MOISE**: there, an operation fails if a property is breached afterwards, whoever breached it. A
//! responsible group that lost two players by a crash could then never be mended, because after the first new player
//! it is still not well formed. Here an operation is held to account for the breaches that it adds or makes worse.
//!
//! **Cost**: linear in groups, schemes and commitments, and quadratic in the roles of one agent.

use super::breach::{Breach, RegimentedProperty as P};
use super::formation::listed;
use super::state::{GroupInstance, RolePlayer, SchemeInstance};
use super::view::View;
use crate::spec::Scope;

impl View<'_> {
    /// All breaches of the properties that last.
    pub(super) fn lasting_breaches(self) -> Vec<Breach> {
        let groups = self.state.groups.iter().flat_map(|(name, group)| self.group_breaches(name, group));
        let players = self.state.players.iter().enumerate();
        let players = players.flat_map(|(index, player)| self.player_breaches(index, player));
        let schemes = self.state.schemes.iter().flat_map(|(name, scheme)| self.scheme_breaches(name, scheme));
        groups.chain(players).chain(schemes).collect()
    }

    fn group_breaches(self, name: &str, group: &GroupInstance) -> Vec<Breach> {
        let mut breaches = self.too_many_players(name, group);
        breaches.extend(self.too_many_subgroups(name, group));
        breaches.extend(self.misplaced(name, group));
        breaches.extend(self.irresponsible(name, group));
        breaches
    }

    fn too_many_players(self, name: &str, group: &GroupInstance) -> Vec<Breach> {
        let node = &self.organization.groups()[group.specification];
        let own = node.roles.iter().map(|(role, range)| (*role, range.max, self.role_players(*role, name)));
        let below = node
            .subtree_roles
            .iter()
            .map(|(role, range)| (*role, range.max, self.role_players_below(*role, name)));
        let breach = |(role, max, count): (_, Option<u32>, usize)| {
            let max = max.filter(|max| count as u64 > u64::from(*max))?;
            let role = self.role_name(role);
            let reason = format!("group {name} has {count} players of {role}; at most {max} are allowed");
            Some(Breach::new(P::RoleCardinality, &[role, name], reason).counted(count, max))
        };
        own.chain(below).filter_map(breach).collect()
    }

    fn too_many_subgroups(self, name: &str, group: &GroupInstance) -> Vec<Breach> {
        let kinds = self.organization.groups()[group.specification].subgroups.iter();
        let breach = |kind| {
            let node = &self.organization.groups()[kind];
            let count = self.subgroups(name).filter(|(_, child)| child.specification == kind).count();
            let max = node.cardinality.max.filter(|max| count as u64 > u64::from(*max))?;
            let reason = format!("group {name} has {count} subgroups {}; at most {max} are allowed", node.id);
            Some(Breach::new(P::SubgroupCardinality, &[&node.id, name], reason).counted(count, max))
        };
        kinds.copied().filter_map(breach).collect()
    }

    fn misplaced(self, name: &str, group: &GroupInstance) -> Option<Breach> {
        let parent = group.parent.as_deref()?;
        let above = &self.organization.groups()[self.group(parent)?.specification];
        let kind = &self.organization.groups()[group.specification].id;
        let reason = || format!("{kind} is no subgroup of {}", above.id);
        let allowed = above.subgroups.contains(&group.specification);
        (!allowed).then(|| Breach::new(P::SubgroupInGroup, &[name, kind, parent], reason()))
    }

    fn irresponsible(self, name: &str, group: &GroupInstance) -> Option<Breach> {
        let faults = self.group_faults(name, group);
        let scheme = self.state.schemes.iter().find(|(_, scheme)| self.is_responsible(name, scheme));
        let (scheme, _) = scheme.filter(|_| !faults.is_empty())?;
        let reason = format!(
            "group {name} is responsible for scheme {scheme}, but is not well formed ({})",
            listed(&faults)
        );
        Some(Breach::new(P::WellFormedResponsible, &[name], reason))
    }

    fn player_breaches(self, index: usize, player: &RolePlayer) -> Vec<Breach> {
        let earlier = self.state.players[..index].iter().filter(|other| other.agent == player.agent);
        let incompatible = earlier.filter_map(|other| self.incompatible(other, player));
        self.foreign(player).into_iter().chain(incompatible).collect()
    }

    fn foreign(self, player: &RolePlayer) -> Option<Breach> {
        let group = &self.organization.groups()[self.group(&player.group)?.specification];
        let role = self.role_name(player.role);
        let known = group.roles.iter().any(|(known, _)| *known == player.role);
        let names: Vec<_> = group.roles.iter().map(|(role, _)| self.role_name(*role)).collect();
        let reason = format!("group {} has no role {role}; it has {}", player.group, names.join(", "));
        (!known).then(|| Breach::new(P::RoleInGroup, &[&player.agent, role, &player.group], reason))
    }

    fn incompatible(self, earlier: &RolePlayer, later: &RolePlayer) -> Option<Breach> {
        let scope = if earlier.group == later.group { Scope::IntraGroup } else { Scope::InterGroup };
        let group = self.group(&later.group)?.specification;
        if self.organization.compatible(group, earlier.role, later.role, scope) {
            return None;
        }
        let (first, second) = (self.role_name(earlier.role), self.role_name(later.role));
        let place = match scope {
            Scope::IntraGroup => format!("in the same group {}", later.group),
            Scope::InterGroup => format!("in groups {} and {}", earlier.group, later.group),
        };
        let reason =
            format!("{} plays {first} already, with which {second} is not compatible {place}", later.agent);
        let about = [first, second, later.group.as_str(), later.agent.as_str()];
        Some(Breach::new(P::RoleCompatibility, &about, reason))
    }

    fn scheme_breaches(self, name: &str, scheme: &SchemeInstance) -> Vec<Breach> {
        let forbidden =
            scheme.commitments.iter().filter(|(agent, mission)| !self.is_permitted(agent, *mission, scheme));
        let forbidden = forbidden.map(|(agent, mission)| {
            let mission = self.mission_name(*mission);
            let reason = format!(
                "no role that {agent} plays in a group responsible for {name} has a norm for {mission}"
            );
            Breach::new(P::MissionPermission, &[agent, mission, name], reason)
        });
        let missions = self.organization.schemes()[scheme.specification].missions.iter();
        let crowded = missions.filter_map(|mission| {
            let count = scheme.agents_of(*mission);
            let max = self.organization.missions()[*mission].cardinality.max;
            let max = max.filter(|max| count as u64 > u64::from(*max))?;
            let mission = self.mission_name(*mission);
            let reason =
                format!("{count} agents are committed to {mission} in {name}; at most {max} are allowed");
            Some(Breach::new(P::MissionCardinality, &[mission, name], reason).counted(count, max))
        });
        forbidden.chain(crowded).collect()
    }
}
