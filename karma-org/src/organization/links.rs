//! Which roles are linked, once implication and inheritance are taken into account.

use std::collections::BTreeSet;

use crate::spec::{LinkKind, Scope};

use super::{GroupId, LinkNode, Organization, RoleId};

/// A link that holds, written or implied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImpliedLink {
    /// Source.
    pub from: RoleId,
    /// Target.
    pub to: RoleId,
    /// Its strength.
    pub kind: LinkKind,
    /// Inside a group or between groups.
    pub scope: Scope,
}

/// The kinds of link that come with one, the strongest first.
const STRENGTHS: [LinkKind; 3] = [LinkKind::Authority, LinkKind::Communication, LinkKind::Acquaintance];

/// Authority implies communication, communication implies acquaintance; every kind implies itself.
fn implied(kind: &LinkKind) -> &[LinkKind] {
    let position = STRENGTHS.iter().position(|known| known == kind);
    position.map_or(std::slice::from_ref(kind), |position| &STRENGTHS[position..])
}

/// # Links
///
/// A link is a statement of a group: *players of `from` know (may talk to, may command) players of `to`*. The links
/// that hold in a group are the smallest set that contains what is written and is closed under the rules of MOISE+
/// (J. F. Hübner, J. S. Sichman, O. Boissier, "Developing organised multiagent systems using the MOISE+ model",
/// IJAOSE 1(3/4), 2007):
///
/// 1. authority ⇒ communication ⇒ acquaintance;
/// 2. a role inherits the links of the roles that it specialises, at both ends;
/// 3. a link that is written both ways holds backwards;
/// 4. a link that extends to subgroups holds in all groups below.
///
/// Because inheritance is transitive already, one look at each written link decides: no fixpoint is computed.
impl Organization {
    /// The written links that hold in a group: its own, and those above that extend to subgroups.
    pub fn links_in_force(&self, group: GroupId) -> impl Iterator<Item = &LinkNode> {
        let above = self.groups_above(group).flat_map(|above| &self.groups()[above].links);
        self.groups()[group].links.iter().chain(above.filter(|link| link.extends_subgroups))
    }

    /// Whether players of `from` are linked to players of `to` in a group.
    ///
    /// O(l log r) for l links in force and r roles.
    ///
    /// ```
    /// # use karma_org::builder::{OrganizationBuilder, authority};
    /// # use karma_org::spec::{LinkKind, Scope};
    /// let team = OrganizationBuilder::new("team")
    ///     .role("player")
    ///     .role_extending("goalkeeper", ["player"])
    ///     .group("team", |group| {
    ///         group.role("coach", 1..=1).role("goalkeeper", 1..=1).link(authority("coach", "player"))
    ///     })
    ///     .organization()?;
    /// let [coach, goalkeeper] = ["coach", "goalkeeper"].map(|id| team.role(id).unwrap());
    /// let group = team.group("team").unwrap();
    /// assert!(team.linked(group, coach, goalkeeper, &LinkKind::Communication, Scope::IntraGroup));
    /// # Ok::<(), karma_org::Findings>(())
    /// ```
    #[expect(clippy::too_many_arguments, reason = "a link is where, from, to, what and how far")]
    pub fn linked(&self, group: GroupId, from: RoleId, to: RoleId, kind: &LinkKind, scope: Scope) -> bool {
        self.links_in_force(group).any(|link| {
            link.scope == scope && implied(&link.kind).contains(kind) && self.joins(link, from, to)
        })
    }

    /// Whether a written link leads from one role to another, by inheritance or backwards.
    pub(super) fn joins(&self, link: &LinkNode, from: RoleId, to: RoleId) -> bool {
        let leads = |a, b| self.specialises(a, link.from) && self.specialises(b, link.to);
        leads(from, to) || (link.bidirectional && leads(to, from))
    }

    /// All links that hold in a group among roles that can be played somewhere, in ascending order.
    ///
    /// O(l · p² log r) for l links in force, p roles that can be played and r roles.
    pub fn links_of(&self, group: GroupId) -> BTreeSet<ImpliedLink> {
        let played: Vec<RoleId> =
            self.roles().ids().filter(|role| !self.roles()[*role].is_abstract).collect();
        let mut links = BTreeSet::new();
        for link in self.links_in_force(group) {
            let specialising = |end| played.iter().copied().filter(move |role| self.specialises(*role, end));
            for from in specialising(link.from) {
                links.extend(specialising(link.to).flat_map(|to| both_ways(link, from, to)));
            }
        }
        links
    }
}

/// All kinds of link that one written link means between two roles.
fn both_ways(link: &LinkNode, from: RoleId, to: RoleId) -> impl Iterator<Item = ImpliedLink> {
    let backwards = link.bidirectional.then_some((to, from));
    let directions = std::iter::once((from, to)).chain(backwards);
    directions.flat_map(move |(from, to)| {
        implied(&link.kind).iter().map(move |kind| ImpliedLink {
            from,
            to,
            kind: kind.clone(),
            scope: link.scope,
        })
    })
}
