//! The kernel: limits, memory, state and proposals in; actions, reasons and memory out.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use crate::allocate::{Plan, onto_nodes, within_budget};
use crate::amounts::Sum;
use crate::chain::{Chain, Passed};
use crate::limits::Limits;
use crate::memory::{Deed, Memory, ServiceMemory};
use crate::reading::Reading;
use crate::reason::{Property, Reason, Source};
use crate::source;
use crate::state::{Cluster, NodeRoom, ShapeError};

/// An action that went through the shield. Nothing else can make one, so whoever asks for a `Cleared` to act on can
/// only be given what is safe.
///
/// ```compile_fail,E0451
/// fn forged(reason: karma_shield::Reason) -> karma_shield::Cleared {
///     karma_shield::Cleared { service: 0, before: 1, wish: 9, unforced: 9, replicas: 9, reason }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleared {
    service: u32,
    before: u32,
    wish: u32,
    unforced: u32,
    replicas: u32,
    reason: Reason,
}

impl Cleared {
    /// Position of the service.
    pub const fn service(&self) -> usize {
        self.service as usize
    }

    /// Replicas before.
    pub const fn before(&self) -> u32 {
        self.before
    }

    /// What was wished for: the policy's proposal, the fallback's answer, or what is there.
    pub const fn wish(&self) -> u32 {
        self.wish
    }

    /// What would have come of the wish if neither bounds nor a pause nor the budget forced anything.
    pub const fn unforced(&self) -> u32 {
        self.unforced
    }

    /// Replicas that the Deployment may be asked for.
    pub const fn replicas(&self) -> u32 {
        self.replicas
    }

    /// Why.
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }
}

/// Room for the answers of [`decide`], used again and again: a decision allocates nothing once there was one of its size.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    cleared: Vec<Cleared>,
    plans: Vec<Plan>,
    granted: Vec<u32>,
    rooms: Vec<NodeRoom>,
}

impl Decision {
    /// One action for each service.
    pub fn cleared(&self) -> &[Cleared] {
        &self.cleared
    }
}

/// Decides, and takes note of it: `proposals` are what a policy asks for, one for each service, in replicas.
///
/// The order is: choose whom to follow (P6), one service at a time through its pre-shield (P1–P3, P5, P9–P11), all
/// together through the post-shield (P4), remember. See `docs/safety.md` for what holds of the result.
///
/// Cost: O(services + growing services · nodes), no allocation after the first call.
///
/// # Errors
/// If a slice does not have one entry for each service of the limits. Nothing was decided then, and nothing remembered.
pub fn decide(
    limits: &Limits,
    memory: &mut Memory,
    cluster: &Cluster<'_>,
    proposals: &[Reading],
    decision: &mut Decision,
) -> Result<(), ShapeError> {
    check_shape(limits, memory, cluster)?;
    check_length("proposals", proposals.len(), limits)?;
    let now = memory.clock.advance(cluster.now_ms);
    let Decision { cleared, plans, granted, rooms } = decision;
    cleared.clear();
    plans.clear();
    for (service, proposal) in (0u32..).zip(proposals) {
        let at = service as usize;
        let (action, plan) = pre_shield(limits, (&memory.services[at], now), (cluster, service), *proposal);
        cleared.push(action);
        plans.push(plan);
    }
    granted.resize(plans.len(), 0);
    within_budget(limits, plans, granted);
    if let Some(nodes) = cluster.nodes {
        rooms.clear();
        rooms.extend_from_slice(nodes);
        onto_nodes(limits, plans, rooms);
    }
    let remembered = memory.services.iter_mut().zip(limits.services());
    for ((memory, limits), (action, plan)) in remembered.zip(cleared.iter_mut().zip(plans)) {
        action.reason.add(Property::Budget, action.replicas, plan.replicas);
        action.replicas = plan.replicas;
        memory.remember(limits, deed(action, plan, now));
    }
    Ok(())
}

/// One service up to the post-shield.
fn pre_shield(
    limits: &Limits,
    (memory, now): (&ServiceMemory, u64),
    (cluster, service): (&Cluster<'_>, u32),
    proposal: Reading,
) -> (Cleared, Plan) {
    let (limits, state) = (&limits.services()[service as usize], &cluster.services[service as usize]);
    let wish = source::choose(limits, state, cluster.trusted, proposal);
    let chain = Chain::new(limits, memory, state, (now, cluster.pause));
    let passed = chain.pass(wish.replicas);
    let mut reason = Reason::new(wish.source);
    reason.add(Property::Freshness, source::asked(proposal).unwrap_or(state.replicas), wish.replicas);
    chain.explain(wish.replicas, &mut reason);
    let plan = Plan {
        before: state.replicas,
        replicas: passed.replicas,
        insisted: chain.force(0),
        waiting: state.waiting,
    };
    let Passed { unforced, replicas } = passed;
    (Cleared { service, before: state.replicas, wish: wish.replicas, unforced, replicas, reason }, plan)
}

fn deed(action: &Cleared, plan: &Plan, now: u64) -> Deed {
    let wish = match action.reason.source() {
        Source::Hold(_) => None,
        Source::Policy | Source::Baseline(_) => Some(action.wish),
    };
    Deed { now, wish, before: plan.before, after: plan.replicas, unforced: action.unforced }
}

/// The replicas that each service may propose now and see pass unchanged, if it is the only one to grow beyond its
/// share, and what runs fits into the budget: the mask that agents act under, in training as on a cluster. `None` while
/// the policy is not listened to.
///
/// When several services reach for the pool at once, or nodes are full, the post-shield may still trim growth.
///
/// An agent that proposes inside of the interval only, decision by decision, never wishes less than what stabilisation (P3)
/// remembers of its wishes, and so never falls: ask with limits whose stabilisation windows are 0, and let [`decide`] wait.
///
/// # Errors
/// If a slice does not have one entry for each service of the limits.
pub fn admitted(
    limits: &Limits,
    memory: &Memory,
    cluster: &Cluster<'_>,
    admitted: &mut Vec<Option<RangeInclusive<u32>>>,
) -> Result<(), ShapeError> {
    check_shape(limits, memory, cluster)?;
    let now = memory.clock.at(cluster.now_ms);
    let chain = |service: usize| {
        let (limits, memory) = (&limits.services()[service], &memory.services[service]);
        Chain::new(limits, memory, &cluster.services[service], (now, cluster.pause))
    };
    let kept = |service: usize, chain: &Chain| {
        let share = limits.services()[service].share;
        share.max(chain.force(cluster.services[service].replicas))
    };
    let mut taken = Sum::ZERO;
    for (service, each) in limits.services().iter().map(|service| service.each).enumerate() {
        taken.add(kept(service, &chain(service)), each);
    }
    let pool = taken.left_of(limits.budget());
    admitted.clear();
    for (service, held) in limits.services().iter().enumerate() {
        if source::situation(held, &cluster.services[service], cluster.trusted).is_err() {
            admitted.push(None);
            continue;
        }
        let chain = chain(service);
        let (kept, highest) = (kept(service, &chain), chain.pass(u32::MAX).replicas);
        let affordable = kept + pool.affords(highest.saturating_sub(kept), held.each);
        let lowest = chain.pass(0).replicas;
        admitted.push(Some(lowest..=highest.min(affordable).max(lowest)));
    }
    Ok(())
}

fn check_shape(limits: &Limits, memory: &Memory, cluster: &Cluster<'_>) -> Result<(), ShapeError> {
    check_length("memory", memory.len(), limits)?;
    check_length("services", cluster.services.len(), limits)
}

fn check_length(what: &'static str, got: usize, limits: &Limits) -> Result<(), ShapeError> {
    let expected = limits.services().len();
    if got == expected { Ok(()) } else { Err(ShapeError { what, got, expected }) }
}
