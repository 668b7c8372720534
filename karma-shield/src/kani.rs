//! Harnesses for the model checker Kani, which proves them of the very code that runs: `cargo kani -p karma-shield`.
//!
//! Inputs are symbolic: each harness speaks of all of them at once. Two things keep it within reach of a SAT solver. The
//! memory holds at most one entry in a window, and numbers that are divided or divide are drawn from 16 bits, while
//! everything that is only compared or added is drawn from its whole range. Long pasts and large products are the
//! business of the sequences and of the SMT proofs (`docs/safety.md`).

use alloc::vec;

use crate::chain::{Chain, Clamp};
use crate::memory::Memory;
use crate::{
    Amounts, Budget, Cluster, Decision, DemandLimits, Growth, LimitParams, NodeRoom, Pause, Rate, Reading,
    ServiceLimits, ServiceState, decide,
};

/// Of 16 bits, for what is multiplied or divided.
fn small() -> u64 {
    kani::any::<u16>().into()
}

fn any_rate() -> Rate {
    Rate { pods: kani::any(), percent: kani::any::<u16>().into(), window_ms: kani::any() }
}

fn any_pause() -> Pause {
    Pause { up: kani::any(), down: kani::any() }
}

fn any_reading() -> Reading {
    match kani::any::<u8>() {
        0 => Reading::Missing,
        1 => Reading::Invalid,
        _ => Reading::Value { value: small(), age_ms: small() },
    }
}

fn any_demand() -> DemandLimits {
    let growth = Growth { per_second: small(), lead_ms: small(), peak: small() };
    DemandLimits {
        per_replica: small().max(1),
        most: kani::any(),
        growth: kani::any::<bool>().then_some(growth),
    }
}

fn any_limits() -> ServiceLimits {
    let limits = ServiceLimits {
        min: kani::any(),
        max: kani::any(),
        up: any_rate(),
        down: any_rate(),
        cooldown_ms: kani::any(),
        stabilize_down_ms: kani::any(),
        stabilize_up_ms: kani::any(),
        each: Amounts { cpu: kani::any::<u16>().into(), memory: 0, price: 0 },
        share: kani::any(),
        rank: 0,
        min_available: kani::any(),
        max_unavailable: kani::any(),
        demand: kani::any::<bool>().then(any_demand),
        stale_after_ms: kani::any(),
        reversals: 2,
        reversal_window_ms: kani::any(),
        target_percent: kani::any::<u16>().max(1).into(),
        tolerance_permille: kani::any::<u16>().into(),
    };
    kani::assume(limits.min <= limits.share && limits.share <= limits.max);
    limits
}

fn any_state() -> ServiceState {
    ServiceState {
        replicas: kani::any(),
        ready: any_reading(),
        demand: any_reading(),
        usage: any_reading(),
        request: any_reading(),
        waiting: kani::any(),
        pause: any_pause(),
    }
}

/// A clamp as every clamp must be.
fn any_clamp() -> Clamp {
    let clamp = Clamp { lo: kani::any(), hi: kani::any() };
    kani::assume(clamp.lo <= clamp.hi);
    clamp
}

/// A service that did one thing before: the level and wish `past`, at the moment 0.
fn chain_after(past: u32, now: u64, limits: &ServiceLimits, state: &ServiceState) -> Chain {
    let mut memory = Memory::new(1).services[0];
    memory.levels_low.push(0, u64::MAX, past);
    memory.levels_high.push(0, u64::MAX, past);
    memory.wishes_low.push(0, u64::MAX, past);
    memory.wishes_high.push(0, u64::MAX, past);
    memory.last_up = kani::any::<bool>().then_some(0);
    Chain::new(limits, &memory, state, (now, Pause::default()))
}

/// P1, as it is written in `docs/safety.md`.
fn assert_bounds(limits: &ServiceLimits, pause: Pause, before: u32, after: u32) {
    let inside = (limits.min..=limits.max).contains(&after);
    let beyond = pause.down && before > limits.max || pause.up && before < limits.min;
    assert!(inside || after == before && beyond);
}

/// P11, as it is written there.
fn assert_pause(pause: Pause, before: u32, after: u32) {
    assert!(!pause.up || after <= before);
    assert!(!pause.down || after >= before);
}

/// P1 and P11 of one service.
#[kani::proof]
#[kani::unwind(18)]
fn a_service_keeps_bounds_and_pause() {
    let (limits, state) = (any_limits(), any_state());
    let replicas = chain_after(kani::any(), kani::any(), &limits, &state).pass(kani::any()).replicas;
    assert_bounds(&limits, state.pause, state.replicas, replicas);
    assert_pause(state.pause, state.replicas, replicas);
}

/// P2 of one service, reckoned in 128 bits.
#[kani::proof]
#[kani::unwind(18)]
fn a_service_moves_by_no_more_than_the_rate() {
    let (limits, state, past, now) = (any_limits(), any_state(), kani::any(), kani::any());
    let unforced = chain_after(past, now, &limits, &state).pass(kani::any()).unforced;
    let before = state.replicas;
    let allowed = |rate: Rate, level: u32| {
        let share = (i128::from(level) * i128::from(rate.percent) + 99) / 100;
        share.max(rate.pods.into())
    };
    if unforced > before {
        let lowest = if now < limits.up.window_ms { past.min(before) } else { before };
        assert!(i128::from(unforced) <= i128::from(lowest) + allowed(limits.up, lowest));
    }
    if unforced < before {
        let highest = if now < limits.down.window_ms { past.max(before) } else { before };
        assert!(i128::from(unforced) >= i128::from(highest) - allowed(limits.down, highest));
    }
}

/// P7 of one service: no clamp is empty, so every wish has an answer.
#[kani::proof]
#[kani::unwind(18)]
fn no_clamp_is_empty() {
    let (limits, state) = (any_limits(), any_state());
    let chain = chain_after(kani::any(), kani::any(), &limits, &state);
    for clamp in [
        chain.oscillation,
        chain.stabilization,
        chain.availability,
        chain.recoverability,
        chain.rate,
        chain.bounds,
        chain.pause,
    ] {
        assert!(clamp.lo <= clamp.hi);
    }
}

/// P8 of the form: a chain of clamps is a clamp.
#[kani::proof]
fn a_chain_of_clamps_is_a_clamp() {
    let chain = Chain {
        oscillation: any_clamp(),
        stabilization: any_clamp(),
        availability: any_clamp(),
        recoverability: any_clamp(),
        rate: any_clamp(),
        bounds: any_clamp(),
        pause: any_clamp(),
    };
    let wish: u32 = kani::any();
    let passed = chain.pass(wish).replicas;
    let (lo, hi) = (chain.pass(0).replicas, chain.pass(u32::MAX).replicas);
    assert!(lo <= hi);
    assert_eq!(passed, Clamp { lo, hi }.apply(wish));
    assert_eq!(passed, chain.pass(passed).replicas);
}

/// P6: bits are read without a panic, and what is negative or no number is never a value.
#[kani::proof]
fn negative_and_infinite_bits_are_no_values() {
    let (bits, scale, age_ms): (u64, u32, u64) = (kani::any(), kani::any(), kani::any());
    if let Reading::Value { value, age_ms: age } = Reading::of_bits(bits, scale, age_ms) {
        assert!(bits >> 63 == 0 || bits << 1 == 0);
        assert!(bits >> 52 & 0x7ff != 0x7ff);
        assert!(age == age_ms && (value > 0 || scale == 0 || bits << 1 == 0));
    }
}

/// P1, P7 and P11 of the kernel as a whole: one service, one node, nothing remembered.
#[kani::proof]
#[kani::unwind(18)]
fn the_first_decision_is_made_within_bounds_and_pause() {
    let (service, state) = (any_limits(), any_state());
    let budget = Budget { cpu: small(), ..Budget::UNLIMITED };
    let Ok(limits) = (LimitParams { services: vec![service], budget }).check() else { return };
    let rooms = [NodeRoom { cpu: small(), memory: kani::any(), pods: kani::any() }];
    let cluster = Cluster {
        now_ms: kani::any(),
        services: &[state],
        nodes: kani::any::<bool>().then_some(&rooms[..]),
        trusted: kani::any(),
        pause: any_pause(),
    };
    let mut decision = Decision::default();
    let decided = decide(&limits, &mut Memory::new(1), &cluster, &[any_reading()], &mut decision);
    assert_eq!(decided, Ok(()));
    assert_eq!(decision.cleared().len(), 1);
    let (pause, replicas) = (state.pause.or(cluster.pause), decision.cleared()[0].replicas());
    assert_bounds(&service, pause, state.replicas, replicas);
    assert_pause(pause, state.replicas, replicas);
}
