//! Which roles one agent may play together.

use karma_core::IdVec;

use crate::spec::Scope;

use super::{CompatibilityNode, GroupId, Organization, RoleId};

/// # Compatibilities
///
/// An agent that plays a role may play only compatible roles besides. The compatibilities of a scope in a group are
/// the smallest relation that
///
/// 1. is reflexive and transitive;
/// 2. makes each role compatible with the roles that it specialises;
/// 3. contains what is written in the group, and above where it extends to subgroups;
/// 4. lets roles inherit what is written for the roles that they specialise, at both ends.
///
/// Rules 1, 3 and 4 are those of MOISE+'s specification, rule 2 is from the norms that MOISE generates
/// (`fcompatible`). What follows from rule 2 is not inherited downwards: every role is compatible with `soc`, so that
/// otherwise all roles would be compatible with all. We differ from the generated norms in that transitivity has an
/// effect: there, its rule has no base case.
impl Organization {
    /// The written compatibilities that hold in a group: its own, and those above that extend to subgroups.
    pub fn compatibilities_in_force(&self, group: GroupId) -> impl Iterator<Item = &CompatibilityNode> {
        let above = self.groups_above(group).flat_map(|above| &self.groups()[above].compatibilities);
        self.groups()[group].compatibilities.iter().chain(above.filter(|written| written.extends_subgroups))
    }

    /// Whether an agent that plays `role` in a group may also play `other`: in the same instance of the group
    /// (intra-group), or in another one (inter-group).
    ///
    /// ```
    /// # use karma_org::builder::{OrganizationBuilder, compatible};
    /// # use karma_org::spec::Scope;
    /// let house = OrganizationBuilder::new("house")
    ///     .role("owner")
    ///     .role("company")
    ///     .role_extending("roofer", ["company"])
    ///     .role_extending("painter", ["company"])
    ///     .group("house_group", |group| {
    ///         let group = group.role("owner", 1..=1).role("roofer", 1..=1).role("painter", 1..=1);
    ///         group.compatibility(compatible("company", "company"))
    ///     })
    ///     .organization()?;
    /// let [owner, roofer, painter] = ["owner", "roofer", "painter"].map(|id| house.role(id).unwrap());
    /// let group = house.group("house_group").unwrap();
    /// assert!(house.compatible(group, roofer, painter, Scope::IntraGroup));
    /// assert!(!house.compatible(group, roofer, owner, Scope::IntraGroup));
    /// # Ok::<(), karma_org::Findings>(())
    /// ```
    pub fn compatible(&self, group: GroupId, role: RoleId, other: RoleId, scope: Scope) -> bool {
        self.specialises(role, other) || self.compatible_with(group, role, scope)[other]
    }

    /// For each role, whether an agent that plays `role` in a group may also play it.
    ///
    /// Roles that were reached are followed along what is written for them or for roles that they specialise.
    /// O(c · r log r) for c compatibilities in force and r roles.
    pub fn compatible_with(&self, group: GroupId, role: RoleId, scope: Scope) -> IdVec<RoleId, bool> {
        let mut unused = self.directed(group, scope);
        let mut reached = IdVec::filled(false, self.roles().len());
        let mut open = vec![role];
        while let Some(role) = open.pop() {
            let targets: Vec<RoleId> =
                unused.extract_if(.., |(from, _)| self.specialises(role, *from)).map(|(_, to)| to).collect();
            for target in targets {
                let below =
                    self.roles().ids().filter(|below| !reached[*below] && self.specialises(*below, target));
                let below: Vec<RoleId> = below.collect();
                for role in &below {
                    reached[*role] = true;
                }
                open.extend(below);
            }
        }
        reached[role] = true;
        self.with_ancestors(&reached)
    }

    /// The written pairs of a scope, those that hold both ways twice.
    fn directed(&self, group: GroupId, scope: Scope) -> Vec<(RoleId, RoleId)> {
        let of_scope = self.compatibilities_in_force(group).filter(|written| written.scope == scope);
        of_scope
            .flat_map(|written| {
                let backwards = written.bidirectional.then_some((written.to, written.from));
                std::iter::once((written.from, written.to)).chain(backwards)
            })
            .collect()
    }

    fn with_ancestors(&self, reached: &IdVec<RoleId, bool>) -> IdVec<RoleId, bool> {
        let mut all = reached.clone();
        for role in reached.ids().filter(|role| reached[*role]) {
            for ancestor in &self.roles()[role].ancestors {
                all[*ancestor] = true;
            }
        }
        all
    }
}
