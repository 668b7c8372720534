//! What a cluster has room for.

use karma_core::{Mebibytes, Millicores};

/// Room on each node: what it can give to pods, less what other pods have asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// CPU and memory of each node that takes pods.
    pub nodes: Vec<(Millicores, Mebibytes)>,
}

impl Capacity {
    /// Whether some node has room for one pod.
    pub fn fits(&self, cpu: Millicores, memory: Mebibytes) -> bool {
        self.nodes.iter().any(|(has_cpu, has_memory)| cpu <= *has_cpu && memory <= *has_memory)
    }

    /// The node with the most CPU, and of those the one with the most memory.
    pub fn largest(&self) -> Option<(Millicores, Mebibytes)> {
        self.nodes.iter().copied().max()
    }

    /// CPU in millicores and memory in mebibytes over all nodes.
    pub fn total(&self) -> (u64, u64) {
        let add = |sum: (u64, u64), node: &(Millicores, Mebibytes)| {
            (sum.0 + u64::from(node.0.0), sum.1 + u64::from(node.1.0))
        };
        self.nodes.iter().fold((0, 0), add)
    }
}
