//! From relations between agents to links between roles.

use std::collections::BTreeMap;

use petgraph::algo::has_path_connecting;
use petgraph::graph::DiGraph;

use super::{InferredLink, RoleDraft};
use crate::relations::{Relation, Relations, Tie};

/// The links of an organisation whose roles these agents play: for each ordered pair of roles the strongest tie of any window.
/// Authority that would close a circle, in which nobody would have the last word, becomes communication; of several such
/// links the one with least information gives way.
pub fn links(relations: &Relations, roles: &[RoleDraft]) -> Vec<InferredLink> {
    let mut strongest: BTreeMap<(usize, usize), (Tie, f64)> = BTreeMap::new();
    for link in &relations.links {
        if let Some(pair) = pair(link, roles) {
            let known = strongest.entry(pair).or_insert((link.tie, link.bits));
            if (link.tie, link.bits) > *known {
                *known = (link.tie, link.bits);
            }
        }
    }
    without_circles(strongest, roles.len())
}

/// The roles of the two agents; `None` if they play the same, or one plays none.
fn pair(link: &Relation, roles: &[RoleDraft]) -> Option<(usize, usize)> {
    let role = |agent| roles.iter().position(|role| role.agents.contains(&agent));
    let (from, to) = (role(link.from)?, role(link.to)?);
    (from != to).then_some((from, to))
}

fn without_circles(strongest: BTreeMap<(usize, usize), (Tie, f64)>, roles: usize) -> Vec<InferredLink> {
    let mut by_bits: Vec<((usize, usize), Tie, f64)> =
        strongest.into_iter().map(|(pair, (tie, bits))| (pair, tie, bits)).collect();
    by_bits.sort_by(|a, b| b.2.total_cmp(&a.2));
    let mut commands = DiGraph::<(), ()>::new();
    let nodes: Vec<_> = (0..roles).map(|_| commands.add_node(())).collect();
    let mut links: Vec<InferredLink> = Vec::new();
    for ((from, to), tie, _) in by_bits {
        let closes = has_path_connecting(&commands, nodes[to], nodes[from], None);
        let tie = if tie == Tie::Authority && closes { Tie::Communication } else { tie };
        if tie == Tie::Authority {
            commands.add_edge(nodes[from], nodes[to], ());
        }
        links.push(InferredLink { from, to, kind: name(tie).to_owned() });
    }
    links.sort();
    links
}

const fn name(tie: Tie) -> &'static str {
    match tie {
        Tie::Acquaintance => "acquaintance",
        Tie::Communication => "communication",
        Tie::Authority => "authority",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relations::Correction;
    use karma_core::{AgentId, Id as _};

    fn relations(found: &[(usize, usize, Tie, f64)]) -> Relations {
        let link = |(from, to, tie, bits): &(usize, usize, Tie, f64)| Relation {
            from: AgentId::from_index(*from),
            to: AgentId::from_index(*to),
            window: 0,
            tie: *tie,
            lag: 1,
            bits: *bits,
            p_value: 0.001,
            adjusted: 0.01,
        };
        Relations {
            agents: 4,
            windows: Vec::new(),
            tests: Vec::new(),
            alpha: 0.05,
            correction: Correction::Holm,
            links: found.iter().map(link).collect(),
        }
    }

    fn roles() -> Vec<RoleDraft> {
        let role = |agents: &[usize]| RoleDraft {
            name: String::new(),
            agents: agents.iter().map(|agent| AgentId::from_index(*agent)).collect(),
            extends: vec![],
        };
        vec![role(&[0, 1]), role(&[2]), role(&[3])]
    }

    fn told(found: &[(usize, usize, Tie, f64)]) -> Vec<(usize, usize, String)> {
        links(&relations(found), &roles()).into_iter().map(|link| (link.from, link.to, link.kind)).collect()
    }

    #[test]
    fn the_strongest_tie_of_a_pair_of_roles_counts_and_a_role_has_none_to_itself() {
        let found =
            [(0, 1, Tie::Authority, 0.9), (0, 2, Tie::Acquaintance, 0.5), (1, 2, Tie::Authority, 0.1)];
        assert_eq!(told(&found), [(0, 1, "authority".to_owned())]);
    }

    #[test]
    fn the_weakest_authority_of_a_circle_gives_way() {
        let found = [(0, 2, Tie::Authority, 0.3), (2, 3, Tie::Authority, 0.2), (3, 0, Tie::Authority, 0.1)];
        let kinds: Vec<String> = told(&found).into_iter().map(|(.., kind)| kind).collect();
        assert_eq!(kinds, ["authority", "authority", "communication"]);
    }
}
