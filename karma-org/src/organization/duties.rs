//! Who specialises whom, which groups are above, and who must or may commit to what.

use std::collections::BTreeMap;

use crate::spec::NormKind;

use super::{GroupId, MissionId, NormNode, Organization, RoleId};

impl Organization {
    /// Whether a role is another one or extends it, directly or not. O(log r) for r roles.
    pub fn specialises(&self, role: RoleId, ancestor: RoleId) -> bool {
        self.roles()[role].ancestors.binary_search(&ancestor).is_ok()
    }

    /// The groups that a group is in, the nearest first.
    pub fn groups_above(&self, group: GroupId) -> impl Iterator<Item = GroupId> {
        std::iter::successors(self.groups()[group].parent, |above| self.groups()[*above].parent)
    }

    /// The norms that bind players of a role: its own, and those of the roles that it specialises. O(n log r) for n
    /// norms and r roles.
    pub fn norms_of(&self, role: RoleId) -> impl Iterator<Item = &NormNode> {
        self.norms().iter().filter(move |norm| self.specialises(role, norm.role))
    }

    /// Whether some norm allows players of a role to commit to a mission, whatever its condition. Whoever must, may.
    pub fn may(&self, role: RoleId, mission: MissionId) -> bool {
        self.norms_of(role).any(|norm| norm.mission == mission)
    }

    /// Whether some norm obliges players of a role to commit to a mission, whatever its condition.
    pub fn must(&self, role: RoleId, mission: MissionId) -> bool {
        self.norms_of(role).any(|norm| norm.mission == mission && norm.kind == NormKind::Obligation)
    }

    /// The missions that players of a role may commit to, in the order of the text, and whether they must.
    pub fn missions_of(&self, role: RoleId) -> Vec<(MissionId, NormKind)> {
        let mut missions = BTreeMap::new();
        for norm in self.norms_of(role) {
            let kind = missions.entry(norm.mission).or_insert(norm.kind);
            if norm.kind == NormKind::Obligation {
                *kind = NormKind::Obligation;
            }
        }
        missions.into_iter().collect()
    }
}
