//! The graph of calls, its order, and the circle that forbids one.

use std::collections::BTreeSet;

use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use super::super::{Connection, Service, Topology, TopologyError};
use crate::{PerService, ServiceId};

/// The graph, and the services in call order.
type CallGraph = (DiGraph<ServiceId, usize>, Vec<ServiceId>);

pub(super) fn build(
    services: &PerService<Service>,
    connections: &[Connection],
) -> Result<CallGraph, TopologyError> {
    let mut graph = DiGraph::with_capacity(services.len(), connections.len());
    for id in services.ids() {
        graph.add_node(id);
    }
    for (index, call) in connections.iter().enumerate() {
        graph.add_edge(Topology::node_of(call.source), Topology::node_of(call.destination), index);
    }
    if let Ok(order) = toposort(&graph, None) {
        let order = order.into_iter().map(|node| graph[node]).collect();
        return Ok((graph, order));
    }
    let path = circle(&graph).into_iter().map(|node| services[graph[node]].name.clone()).collect();
    Err(TopologyError::Cycle { path })
}

/// One circle of the graph: a walk inside a strongly connected component until a node repeats.
fn circle(graph: &DiGraph<ServiceId, usize>) -> Vec<NodeIndex> {
    let looping = |part: &Vec<NodeIndex>| part.len() > 1 || graph.contains_edge(part[0], part[0]);
    let Some(mut component) = tarjan_scc(graph).into_iter().find(looping) else { return Vec::new() };
    component.sort_unstable();
    let inside: BTreeSet<NodeIndex> = component.iter().copied().collect();
    let mut position = vec![None; graph.node_count()];
    let mut walk = vec![component[0]];
    loop {
        let here = walk[walk.len() - 1];
        position[here.index()] = Some(walk.len() - 1);
        let Some(next) = graph.neighbors(here).find(|node| inside.contains(node)) else { return walk };
        walk.push(next);
        if let Some(start) = position[next.index()] {
            return walk.split_off(start);
        }
    }
}
