//! Who has the last word.

use crate::spec::LinkKind;

use super::{Organization, RoleId};

/// Roles that command each other in a cycle, so that none of them has the last word.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("roles command each other in a cycle: {}", around(.names))]
pub struct AuthorityCycle {
    /// The roles, each of which commands the next one; the last commands the first.
    pub roles: Vec<RoleId>,
    /// Their names.
    pub names: Vec<String>,
}

fn around(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().chain(names.first()).map(|name| format!("{name:?}")).collect();
    quoted.join(" commands ")
}

impl Organization {
    /// How much authority each of some roles has: the length of the longest chain of command that starts at it and
    /// passes through these roles only. Of two that disagree, the one of higher rank decides.
    ///
    /// The links of all groups and both scopes count. A role that commands itself – because it specialises both ends
    /// of a link, as a leader who is a player and commands players – has no authority over itself; the same role
    /// twice has the same rank twice.
    ///
    /// Longest paths in a graph without cycles, in the order of A. B. Kahn (CACM 5(11), 1962). O(n² · l log r) for n
    /// roles asked for, l links and r roles.
    ///
    /// # Errors
    /// A cycle, if there is one.
    ///
    /// ```
    /// # use karma_org::builder::{OrganizationBuilder, authority};
    /// let team = OrganizationBuilder::new("team")
    ///     .group("team", |group| {
    ///         let group = group.role("boss", ..).role("lead", ..).role("worker", ..);
    ///         group.link(authority("boss", "lead")).link(authority("lead", "worker"))
    ///     })
    ///     .organization()?;
    /// let roles = ["worker", "boss", "lead"].map(|id| team.role(id).unwrap());
    /// assert_eq!(team.authority_ranks(&roles), Ok(vec![0, 2, 1]));
    /// # Ok::<(), karma_org::Findings>(())
    /// ```
    pub fn authority_ranks(&self, roles: &[RoleId]) -> Result<Vec<u32>, AuthorityCycle> {
        let below: Vec<Vec<usize>> = roles.iter().map(|role| self.commanded(*role, roles)).collect();
        let mut ranks: Vec<Option<u32>> = vec![None; roles.len()];
        let mut waiting: Vec<usize> = below.iter().map(Vec::len).collect();
        let mut ready: Vec<usize> = (0..roles.len()).filter(|role| waiting[*role] == 0).collect();
        while let Some(role) = ready.pop() {
            ranks[role] =
                Some(below[role].iter().filter_map(|below| ranks[*below]).max().map_or(0, |rank| rank + 1));
            for above in (0..roles.len()).filter(|above| below[*above].contains(&role)) {
                waiting[above] -= 1;
                if waiting[above] == 0 {
                    ready.push(above);
                }
            }
        }
        ranks
            .iter()
            .copied()
            .collect::<Option<Vec<u32>>>()
            .ok_or_else(|| self.authority_cycle(roles, &below, &ranks))
    }

    /// Whether players of one role command those of another, in any group.
    pub fn commands(&self, role: RoleId, other: RoleId) -> bool {
        let links = self.groups().iter().flat_map(|group| &group.links);
        links.filter(|link| link.kind == LinkKind::Authority).any(|link| self.joins(link, role, other))
    }

    /// Positions of the roles that a role commands.
    fn commanded(&self, role: RoleId, roles: &[RoleId]) -> Vec<usize> {
        let others = roles.iter().enumerate().filter(|(_, other)| **other != role);
        others.filter(|(_, other)| self.commands(role, **other)).map(|(position, _)| position).collect()
    }

    /// Follows command among the roles without a rank until one comes twice.
    fn authority_cycle(
        &self,
        roles: &[RoleId],
        below: &[Vec<usize>],
        ranks: &[Option<u32>],
    ) -> AuthorityCycle {
        let unranked = |role: &usize| ranks[*role].is_none();
        let mut path: Vec<usize> = Vec::new();
        let mut next = (0..roles.len()).find(unranked);
        while let Some(role) = next {
            if let Some(start) = path.iter().position(|known| roles[*known] == roles[role]) {
                path.drain(..start);
                break;
            }
            path.push(role);
            next = below[role].iter().copied().find(unranked);
        }
        let roles: Vec<RoleId> = path.into_iter().map(|role| roles[role]).collect();
        let names = roles.iter().map(|role| self.roles()[*role].id.clone()).collect();
        AuthorityCycle { roles, names }
    }
}
