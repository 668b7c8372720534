//! From tests to links and graphs.

use karma_core::{AgentId, Id as _};
use karma_org::spec::LinkKind;
use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use serde::{Deserialize, Serialize};

use super::Correction;

/// How one agent relates to another; the larger implies the smaller, as in MOISE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// They depend on each other in a direction that stays in doubt.
    Acquaintance,
    /// They depend on each other both ways, or act together.
    Communication,
    /// The one acts upon what the other did, never the other way.
    Authority,
}

impl From<Tie> for LinkKind {
    fn from(tie: Tie) -> Self {
        match tie {
            Tie::Acquaintance => Self::Acquaintance,
            Tie::Communication => Self::Communication,
            Tie::Authority => Self::Authority,
        }
    }
}

/// Steps of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first.
    pub begin: usize,
    /// One after the last.
    pub end: usize,
}

/// One test of one pair.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Whose action came first; of a synchronous pair the one with the lower number.
    pub from: AgentId,
    /// Whose action was explained by it.
    pub to: AgentId,
    /// Which window.
    pub window: usize,
    /// The lag with most information; 0 for the synchronous test.
    pub lag: usize,
    /// Information beyond that of the null, in bits.
    pub bits: f64,
    /// Of this test alone.
    pub p_value: f64,
    /// Corrected for all tests.
    pub adjusted: f64,
}

/// A link between two agents.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// The source.
    pub from: AgentId,
    /// The target.
    pub to: AgentId,
    /// Which window.
    pub window: usize,
    /// What kind.
    pub tie: Tie,
    /// Steps between cause and effect; 0 if they act together.
    pub lag: usize,
    /// Information beyond that of the null, in bits.
    pub bits: f64,
    /// Of the test alone.
    pub p_value: f64,
    /// Corrected for all tests.
    pub adjusted: f64,
}

/// What was tested and found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Relations {
    /// Number of agents.
    pub agents: usize,
    /// The windows, in the order of time.
    pub windows: Vec<Window>,
    /// All tests: for each window and each pair there, back and together.
    pub tests: Vec<Test>,
    /// The level.
    pub alpha: f64,
    /// How many tests at once were accounted for.
    pub correction: Correction,
    /// The links, by window and pair.
    pub links: Vec<Relation>,
}

impl Relations {
    /// The links of a window as a graph with a node for each agent, in order.
    pub fn graph(&self, window: usize) -> DiGraph<AgentId, Relation> {
        let mut graph = DiGraph::new();
        let nodes: Vec<_> =
            (0..self.agents).map(|agent| graph.add_node(AgentId::from_index(agent))).collect();
        for link in self.of(window) {
            graph.add_edge(nodes[link.from.index()], nodes[link.to.index()], *link);
        }
        graph
    }

    /// Links of a window.
    fn of(&self, window: usize) -> impl Iterator<Item = &Relation> {
        self.links.iter().filter(move |link| link.window == window)
    }

    /// Whether each agent reaches each other one by links of a window.
    pub fn is_strongly_connected(&self, window: usize) -> bool {
        tarjan_scc(&self.graph(window)).len() <= 1
    }

    /// Whom an agent commands directly.
    pub fn commanded_by(&self, window: usize, agent: AgentId) -> Vec<AgentId> {
        self.of(window).filter(|l| l.tie == Tie::Authority && l.from == agent).map(|l| l.to).collect()
    }

    /// Who commands an agent directly.
    pub fn commanders_of(&self, window: usize, agent: AgentId) -> Vec<AgentId> {
        self.of(window).filter(|l| l.tie == Tie::Authority && l.to == agent).map(|l| l.from).collect()
    }

    /// Agents that command somebody and whom nobody commands.
    pub fn roots(&self, window: usize) -> Vec<AgentId> {
        let is_root = |agent: &AgentId| {
            !self.commanded_by(window, *agent).is_empty() && self.commanders_of(window, *agent).is_empty()
        };
        (0..self.agents).map(AgentId::from_index).filter(is_root).collect()
    }
}

/// The links that tests show; tests come in threes: there, back, together.
pub(super) fn links(tests: &[Test], alpha: f64) -> Vec<Relation> {
    let mut links = Vec::new();
    for pair in tests.chunks_exact(3) {
        let [there, back, together] = [pair[0], pair[1], pair[2]];
        links.extend(link(there, back, together, alpha));
        links.extend(link(back, there, together, alpha));
    }
    links
}

/// The link in the direction of `there` (the table of the [module](super)).
fn link(there: Test, back: Test, together: Test, alpha: f64) -> Option<Relation> {
    let shown = |test: Test| test.adjusted <= alpha;
    let (tie, shows) = match (shown(there), shown(together)) {
        (true, _) if back.p_value > alpha => (Tie::Authority, there),
        (true, together) if together || shown(back) => (Tie::Communication, there),
        (true, _) => (Tie::Acquaintance, there),
        (false, true) => (Tie::Communication, together),
        (false, false) => return None,
    };
    let Test { lag, bits, p_value, adjusted, window, .. } = shows;
    Some(Relation { from: there.from, to: there.to, window, tie, lag, bits, p_value, adjusted })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test with p-values, as it is and adjusted.
    fn shown(from: usize, to: usize, lag: usize, (p_value, adjusted): (f64, f64)) -> Test {
        let (from, to) = (AgentId::from_index(from), AgentId::from_index(to));
        Test { from, to, window: 0, lag, bits: 0.1, p_value, adjusted }
    }

    const YES: (f64, f64) = (0.001, 0.01);
    const DOUBT: (f64, f64) = (0.03, 0.2);
    const NO: (f64, f64) = (0.4, 1.0);

    fn ties(there: (f64, f64), back: (f64, f64), together: (f64, f64)) -> Vec<(usize, usize, Tie, usize)> {
        let tests = [shown(0, 1, 2, there), shown(1, 0, 3, back), shown(0, 1, 0, together)];
        links(&tests, 0.05).iter().map(|l| (l.from.index(), l.to.index(), l.tie, l.lag)).collect()
    }

    #[test]
    fn each_case_of_the_table_gives_its_ties() {
        assert_eq!(ties(NO, DOUBT, NO), []);
        assert_eq!(ties(YES, NO, NO), [(0, 1, Tie::Authority, 2)]);
        assert_eq!(ties(YES, DOUBT, NO), [(0, 1, Tie::Acquaintance, 2)]);
        assert_eq!(ties(YES, YES, NO), [(0, 1, Tie::Communication, 2), (1, 0, Tie::Communication, 3)]);
        assert_eq!(ties(NO, NO, YES), [(0, 1, Tie::Communication, 0), (1, 0, Tie::Communication, 0)]);
        assert_eq!(ties(NO, YES, YES), [(0, 1, Tie::Communication, 0), (1, 0, Tie::Authority, 3)]);
        assert_eq!(ties(DOUBT, YES, YES), [(0, 1, Tie::Communication, 0), (1, 0, Tie::Communication, 3)]);
    }

    fn relations(links: &[(usize, usize, Tie)]) -> Relations {
        let link = |(from, to, tie): &(usize, usize, Tie)| {
            let (from, to) = (AgentId::from_index(*from), AgentId::from_index(*to));
            Relation { from, to, window: 0, tie: *tie, lag: 1, bits: 0.1, p_value: 0.001, adjusted: 0.01 }
        };
        let links = links.iter().map(link).collect();
        let windows = vec![Window { begin: 0, end: 5 }, Window { begin: 5, end: 9 }];
        Relations { agents: 3, windows, tests: vec![], alpha: 0.05, correction: Correction::Holm, links }
    }

    #[test]
    fn the_root_of_a_chain_of_command_is_its_head() {
        let chain = relations(&[(2, 0, Tie::Authority), (0, 1, Tie::Authority), (1, 2, Tie::Acquaintance)]);
        let agent = AgentId::from_index;
        assert_eq!(chain.roots(0), [agent(2)]);
        assert_eq!(
            (chain.commanded_by(0, agent(0)), chain.commanders_of(0, agent(0))),
            (vec![agent(1)], vec![agent(2)])
        );
        assert_eq!(chain.roots(1), [], "in another window nobody commands");
    }

    #[test]
    fn a_ring_of_links_is_strongly_connected_and_a_chain_is_not() {
        let ring = [(0, 1, Tie::Authority), (1, 2, Tie::Acquaintance), (2, 0, Tie::Communication)];
        assert!(relations(&ring).is_strongly_connected(0));
        assert!(!relations(&ring[..2]).is_strongly_connected(0));
        assert_eq!(relations(&ring).graph(0).edge_count(), 3);
        assert_eq!(relations(&ring).graph(1).node_count(), 3, "agents without links are nodes too");
    }

    #[test]
    fn the_larger_tie_implies_the_smaller() {
        assert!(Tie::Authority > Tie::Communication && Tie::Communication > Tie::Acquaintance);
        assert_eq!(LinkKind::from(Tie::Authority), LinkKind::Authority);
    }
}
