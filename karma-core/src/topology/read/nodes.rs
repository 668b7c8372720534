//! The list `nodes`, and the nodes of a topology that lists none.

use super::super::fields::{Fields, Range, too_many};
use super::super::{NodePool, Service, TopologyError};
use super::{CPU, MEMORY};
use crate::json::Node;
use crate::{Mebibytes, Millicores, PerService};

/// Most nodes of a topology, over all groups.
const MAX_NODES: u64 = 1_000_000;
const COUNT: Range<u32> = Range { what: "a whole number of nodes", least: 1, most: 1_000_000 };
const FIELDS: &[&str] = &["count", "cpu", "ram"];

pub(super) fn read(items: Vec<Node>) -> Result<Vec<NodePool>, TopologyError> {
    let pools: Vec<NodePool> = items.into_iter().enumerate().map(read_pool).collect::<Result<_, _>>()?;
    let nodes: u64 = pools.iter().map(|pool| u64::from(pool.count)).sum();
    if nodes == 0 || nodes > MAX_NODES {
        return Err(too_many("nodes", format!("{nodes} nodes"), format!("1 to {MAX_NODES} nodes")));
    }
    Ok(pools)
}

fn read_pool((index, item): (usize, Node)) -> Result<NodePool, TopologyError> {
    let mut fields = Fields::of(item, format!("nodes[{index}]"), FIELDS)?;
    let pool = NodePool {
        count: fields.count("count", COUNT)?.unwrap_or(1),
        cpu: Millicores(fields.count("cpu", CPU)?.ok_or_else(|| fields.missing("cpu"))?),
        memory: Mebibytes(fields.count("ram", MEMORY)?.ok_or_else(|| fields.missing("ram"))?),
    };
    fields.finish().map(|()| pool)
}

/// Nodes of 8 cores and 32 GiB (larger if a pod needs it) that carry full scale-out with a fifth to spare.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a ratio of checked positive numbers"
)]
pub(super) fn enough_for(services: &PerService<Service>) -> Vec<NodePool> {
    let largest = |of: fn(&Service) -> u32, least: u32| services.iter().map(of).max().unwrap_or(0).max(least);
    let cpu = largest(|service| service.cpu.0, 8_000);
    let memory = largest(|service| service.memory.0, 32_768);
    let total = |of: fn(&Service) -> u32| -> f64 {
        services.iter().map(|service| f64::from(of(service)) * f64::from(service.max_replicas.0)).sum()
    };
    let for_cpu = total(|service| service.cpu.0) / f64::from(cpu);
    let for_memory = total(|service| service.memory.0) / f64::from(memory);
    let count = (for_cpu.max(for_memory) * 1.2).ceil().max(1.0) as u32;
    vec![NodePool { count, cpu: Millicores(cpu), memory: Mebibytes(memory) }]
}

/// What one node of each group offers; at most three groups are named.
pub(super) fn describe(pools: &[NodePool]) -> String {
    let one = |pool: &NodePool| format!("{} and {}", pool.cpu, pool.memory);
    let mut named: Vec<String> = pools.iter().take(3).map(one).collect();
    if pools.len() > named.len() {
        named.push("less than the pod".to_owned());
    }
    named.join(", or ")
}
