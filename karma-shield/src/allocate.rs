//! The post-shield (P4): one budget for all services, and room on the nodes for every pod that is added.
//!
//! The budget is divided by **assume and guarantee**. Each service has a share that is kept free for it whether it uses
//! it or not; what is beyond all shares is a pool. Within its share a service need not know what the others do; beyond
//! it, it must find something in the pool. So what holds after every decision is stronger than the budget,
//!
//! ```text
//! Σ max(replicasᵢ, shareᵢ) · eachᵢ ≤ budget,
//! ```
//!
//! and from it follows that every service may go up to its share at once, at any time (this is what P10 rests on), with
//! no look at any product of the services' states. As long as nobody else changes replicas or limits, the pool always
//! pays for what runs: only growth is ever trimmed.
//!
//! The pool is given out in two rounds, in each to the services by rank: to what runs already, then to growth. What
//! demand may need (P10) is within the share, which the limits are checked for, and needs no round of its own. Added pods then need a place: pods that wait for a node, and after them those of the growth, are
//! placed first fit. Both passes only ever take away from growth, and what they leave they leave again when they are
//! asked for it again (P8).
//!
//! Cost: O(services) for the budget, O(growing services · nodes) for the places.

use crate::amounts::{Amounts, Sum};
use crate::limits::Limits;
use crate::state::NodeRoom;

/// What one service is to get, on its way through the passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Replicas that are there.
    pub(crate) before: u32,
    /// What the passes so far have left of the wish.
    pub(crate) replicas: u32,
    /// What bounds and pause insist on: never taken away.
    pub(crate) insisted: u32,
    /// Pods that no node has yet.
    pub(crate) waiting: u32,
}

/// The pass of the budget. `granted` is overwritten; it has one entry for each plan.
pub(crate) fn within_budget(limits: &Limits, plans: &mut [Plan], granted: &mut [u32]) {
    let services = limits.services();
    let mut reserved = Sum::ZERO;
    for ((service, plan), granted) in services.iter().zip(plans.iter()).zip(granted.iter_mut()) {
        let reserve = service.share.max(plan.insisted);
        reserved.add(reserve, service.each);
        *granted = plan.replicas.min(reserve);
    }
    let mut pool = reserved.left_of(limits.budget());
    let rounds: [fn(&Plan) -> u32; 2] = [|plan| plan.before, |plan| plan.replicas];
    for upto in rounds {
        for service in limits.order().iter().map(|service| *service as usize) {
            let (plan, granted) = (&plans[service], &mut granted[service]);
            let wanted = upto(plan).min(plan.replicas).saturating_sub(*granted);
            *granted += pool.take(wanted, services[service].each);
        }
    }
    plans.iter_mut().zip(granted).for_each(|(plan, granted)| plan.replicas = *granted);
}

/// The pass of the nodes. `rooms` is used up.
pub(crate) fn onto_nodes(limits: &Limits, plans: &mut [Plan], rooms: &mut [NodeRoom]) {
    let services = limits.services();
    let order = || limits.order().iter().map(|service| *service as usize);
    for service in order() {
        place(rooms, plans[service].waiting, services[service].each);
    }
    for service in order() {
        let plan = &mut plans[service];
        if let Some(added) = plan.replicas.checked_sub(plan.before) {
            let placed = place(rooms, added, services[service].each);
            plan.replicas = (plan.before + placed).max(plan.insisted);
        }
    }
}

/// Places up to `pods` pods, first fit, and says how many found a place.
fn place(rooms: &mut [NodeRoom], pods: u32, each: Amounts) -> u32 {
    let mut left = pods;
    for room in rooms {
        if left == 0 {
            break;
        }
        left -= room.take(left, each);
    }
    pods - left
}

impl NodeRoom {
    /// Takes as many of `wanted` pods as fit, and says how many.
    fn take(&mut self, wanted: u32, each: Amounts) -> u32 {
        let wanted = wanted.min(self.pods);
        let (cpu, memory) = (u64::from(each.cpu), u64::from(each.memory));
        let taken = fitting(fitting(wanted, self.cpu, cpu), self.memory, memory);
        self.cpu -= u64::from(taken) * cpu;
        self.memory -= u64::from(taken) * memory;
        self.pods -= taken;
        taken
    }
}

/// How many of `wanted` things of size `each` fit into `room`; of things without a size all do.
fn fitting(wanted: u32, room: u64, each: u64) -> u32 {
    let Some(rest) = room.checked_sub(each) else { return 0 };
    let more = rest.checked_div(each).map(|more| u32::try_from(more + 1));
    more.map_or(wanted, |fits| fits.map_or(wanted, |fits| fits.min(wanted)))
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::{Budget, LimitParams, ServiceLimits};

    fn limits(services: &[(u32, u32, u32)], cpu: u64) -> Limits {
        let service = |(rank, share, cpu): &(u32, u32, u32)| ServiceLimits {
            min: 0,
            rank: *rank,
            share: *share,
            each: Amounts { cpu: *cpu, ..Amounts::default() },
            ..ServiceLimits::DEFAULT
        };
        let services = services.iter().map(service).collect();
        LimitParams { services, budget: Budget { cpu, ..Budget::UNLIMITED } }.check().unwrap()
    }

    fn plan(before: u32, replicas: u32) -> Plan {
        Plan { before, replicas, insisted: 0, waiting: 0 }
    }

    fn trimmed(limits: &Limits, mut plans: Vec<Plan>) -> Vec<u32> {
        within_budget(limits, &mut plans, &mut vec![7; limits.services().len()]);
        plans.iter().map(|plan| plan.replicas).collect()
    }

    #[test]
    fn growth_is_trimmed_by_rank_and_what_runs_is_kept() {
        let limits = limits(&[(1, 0, 100), (0, 0, 100)], 1_000);
        assert_eq!(trimmed(&limits, vec![plan(4, 5), plan(4, 5)]), [5, 5], "it fits");
        assert_eq!(trimmed(&limits, vec![plan(4, 9), plan(4, 9)]), [4, 6], "the second comes first");
        assert_eq!(trimmed(&limits, vec![plan(8, 8), plan(2, 9)]), [8, 2], "what runs is kept");
        assert_eq!(trimmed(&limits, vec![plan(8, 8), plan(9, 9)]), [1, 9], "unless it is too much already");
    }

    #[test]
    fn nobody_takes_what_is_kept_for_another() {
        let limits = limits(&[(0, 2, 100), (1, 5, 100)], 1_000);
        assert_eq!(trimmed(&limits, vec![plan(2, 9), plan(0, 0)]), [5, 0], "five are kept for the second");
        assert_eq!(trimmed(&limits, vec![plan(5, 5), plan(0, 9)]), [5, 5], "and it may take them at once");
    }

    #[test]
    fn added_pods_find_a_place_and_waiting_ones_come_first() {
        let limits = limits(&[(0, 0, 600), (0, 0, 300)], 100_000);
        let room = NodeRoom { cpu: 1_000, memory: 0, pods: 9 };
        let placed = |mut plans: Vec<Plan>| {
            onto_nodes(&limits, &mut plans, &mut [room, room]);
            plans.iter().map(|plan| plan.replicas).collect::<Vec<_>>()
        };
        assert_eq!(placed(vec![plan(1, 3), plan(1, 3)]), [3, 3], "600 + 300 on each");
        assert_eq!(placed(vec![plan(1, 4), plan(1, 4)]), [3, 3]);
        assert_eq!(placed(vec![Plan { waiting: 1, ..plan(1, 3) }, plan(1, 1)]), [2, 1]);
        assert_eq!(
            placed(vec![Plan { insisted: 4, ..plan(1, 4) }, plan(1, 3)]),
            [4, 3],
            "a minimum is not bent"
        );
        assert_eq!(placed(vec![plan(5, 2), plan(5, 0)]), [2, 0], "what shrinks needs no place");
    }

    #[test]
    fn a_pod_takes_of_everything_that_a_node_has() {
        let each = Amounts { cpu: 100, memory: 10, price: 7 };
        let mut room = NodeRoom { cpu: 1_000, memory: 50, pods: 9 };
        assert_eq!(room.take(3, each), 3);
        assert_eq!(room, NodeRoom { cpu: 700, memory: 20, pods: 6 });
        assert_eq!(room.take(9, each), 2, "memory for two more");
    }

    #[test]
    fn a_node_takes_no_more_pods_than_it_may_have() {
        let limits = limits(&[(0, 0, 0)], 0);
        let mut plans = [plan(0, 9)];
        onto_nodes(&limits, &mut plans, &mut [NodeRoom { cpu: 0, memory: 0, pods: 2 }]);
        assert_eq!(plans[0].replicas, 2);
    }
}
