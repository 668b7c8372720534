//! Nodes: placement by requests, contention by use.
//!
//! A pod is placed on the node with the most free CPU among those with room for its CPU and memory requests
//! (the scheduler's least-allocated score). When what the pods want exceeds what a node has, CPU is shared in
//! proportion to requests and no pod gets more than it wants: the water level `L` at which
//! `Σ min(want_i, L · request_i) = capacity`. Real CFS does this continuously; here the level is set every
//! 100 ms (the CFS period) from what was wanted in the last one, and only on nodes that can be short at all, so
//! that an uncontended cluster pays nothing.

/// Length of a CFS period in seconds.
pub(super) const TICK: f64 = 0.1;

/// One node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Cores.
    pub(super) cores: f64,
    /// Milli-cores and mebibytes that no pod requests; negative where more pods are than have room.
    free_cpu: i64,
    free_memory: i64,
    /// Pods bound to it.
    pub(super) pods: Vec<u32>,
    /// Share of its CPU that other tenants keep busy.
    background: f64,
    /// Core-seconds that were used since the last scrape: by tenants until `used_until`, and by pods until each was last asked.
    used: f64,
    used_until: f64,
}

impl Node {
    pub(super) fn new(millicores: u32, mebibytes: u32) -> Self {
        Self {
            cores: f64::from(millicores) / 1000.0,
            free_cpu: i64::from(millicores),
            free_memory: i64::from(mebibytes),
            pods: Vec::new(),
            background: 0.0,
            used: 0.0,
            used_until: 0.0,
        }
    }

    /// From now on, other tenants keep such a share of its CPU busy.
    pub(super) fn crowd(&mut self, share: f64, now: f64) {
        self.settle(now);
        self.background = share.clamp(0.0, 1.0);
    }

    /// A pod on it used so many core-seconds.
    pub(super) fn note_use(&mut self, core_seconds: f64) {
        self.used += core_seconds;
    }

    /// Core-seconds that were used since this was last asked.
    pub(super) fn take_used(&mut self, now: f64) -> f64 {
        self.settle(now);
        std::mem::take(&mut self.used)
    }

    fn settle(&mut self, now: f64) {
        self.used += self.cores * self.background * (now - self.used_until);
        self.used_until = now;
    }

    /// Cores left for pods.
    pub(super) fn available(&self) -> f64 {
        self.cores * (1.0 - self.background)
    }
}

/// What a pod asks of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) millicores: u32,
    pub(super) mebibytes: u32,
}

/// Binds a pod to the node with the most free CPU that has room; `None` if none has.
pub(super) fn place(nodes: &mut [Node], pod: u32, request: Request) -> Option<usize> {
    let (cpu, memory) = (i64::from(request.millicores), i64::from(request.mebibytes));
    let room = |node: &Node| node.free_cpu >= cpu && node.free_memory >= memory;
    // max_by_key keeps the last of equals; reversed, the first: the choice is stable.
    let (index, node) = nodes
        .iter_mut()
        .enumerate()
        .rev()
        .filter(|(_, node)| room(node))
        .max_by_key(|(_, node)| node.free_cpu)?;
    put(node, pod, request);
    Some(index)
}

/// Binds a pod to a node, whether or not it has room.
pub(super) fn put(node: &mut Node, pod: u32, request: Request) {
    node.free_cpu -= i64::from(request.millicores);
    node.free_memory -= i64::from(request.mebibytes);
    node.pods.push(pod);
}

/// Unbinds a pod.
pub(super) fn release(node: &mut Node, pod: u32, request: Request) {
    node.free_cpu += i64::from(request.millicores);
    node.free_memory += i64::from(request.mebibytes);
    node.pods.retain(|bound| *bound != pod);
}

/// The water level in cores per requested core; infinite if there is enough for all.
/// `claims`: (wanted cores, requested cores) of each pod.
pub(super) fn water_level(claims: &mut [(f64, f64)], capacity: f64) -> f64 {
    if claims.iter().map(|(wanted, _)| wanted).sum::<f64>() <= capacity {
        return f64::INFINITY;
    }
    // Those that want least per requested core are satisfied first.
    claims.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (mut left, mut weight) = (capacity, claims.iter().map(|(_, request)| request).sum::<f64>());
    for (wanted, request) in claims.iter() {
        if wanted / request * weight >= left {
            return left / weight;
        }
        left -= wanted;
        weight -= request;
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pods_spread_over_the_emptiest_nodes() {
        let mut nodes = vec![Node::new(1000, 100), Node::new(1000, 100)];
        let request = Request { millicores: 400, mebibytes: 10 };
        let placed: Vec<_> = (0..5).map(|pod| place(&mut nodes, pod, request)).collect();
        assert_eq!(placed, [Some(0), Some(1), Some(0), Some(1), None]);
        release(&mut nodes[0], 0, request);
        assert_eq!(place(&mut nodes, 9, request), Some(0));
    }

    #[test]
    fn a_short_node_is_shared_in_proportion_to_requests() {
        // 3 cores for two pods that want 3 each and request 2 and 1: they get 2 and 1.
        assert_eq!(water_level(&mut [(3.0, 2.0), (3.0, 1.0)], 3.0), 1.0);
        // A pod that wants little leaves the rest to the other.
        assert_eq!(water_level(&mut [(0.5, 2.0), (3.0, 1.0)], 3.0), 2.5);
    }

    proptest! {
        #[test]
        fn the_level_hands_out_exactly_the_capacity(
            claims in prop::collection::vec((0.0f64..4.0, 0.1f64..2.0), 1..20), capacity in 0.1f64..20.0
        ) {
            let wanted: f64 = claims.iter().map(|(want, _)| want).sum();
            let level = water_level(&mut claims.clone(), capacity);
            let given: f64 = claims.iter().map(|(want, request)| want.min(level * request)).sum();
            prop_assert!((given - wanted.min(capacity)).abs() < 1e-9, "{} of {}", given, capacity);
        }
    }
}
