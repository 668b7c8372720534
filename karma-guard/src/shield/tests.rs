//! Stories of one shield.

use karma_core::{Metric, MetricRow, Seconds};

use super::*;
use crate::testing::{calm, chain, state};
use crate::{SafetyParams, ServiceSafetyParams, Timing};

fn shield(params: &SafetyParams) -> Shield {
    Shield::new(params.check(&chain(), Timing::default()).unwrap())
}

fn ask(targets: [u32; 2]) -> Decision {
    Decision { targets: targets.map(|replicas| Target::new(Replicas(replicas), "ddos +2")).to_vec().into() }
}

/// Replicas and reason of both services, and what changed them.
fn reviewed(
    shield: &mut Shield,
    state: &State,
    targets: [u32; 2],
) -> (Vec<(u32, String)>, Vec<&'static str>) {
    let Reviewed { decision, changed_by } = shield.review(state, ask(targets));
    (
        decision.targets.iter().map(|target| (target.replicas.0, target.reason.to_string())).collect(),
        changed_by,
    )
}

#[test]
fn what_is_safe_passes_with_its_own_reason() {
    let (targets, changed_by) =
        reviewed(&mut shield(&SafetyParams::default()), &calm(0.0, [2, 3], 100.0), [4, 2]);
    assert_eq!(targets, [(4, "ddos +2".to_owned()), (2, "ddos +2".to_owned())]);
    assert!(changed_by.is_empty());
}

#[test]
fn what_is_not_is_changed_and_both_reasons_are_told() {
    let (targets, changed_by) =
        reviewed(&mut shield(&SafetyParams::default()), &calm(0.0, [2, 4], 120.0), [8, 2]);
    assert_eq!(targets[0], (6, "ddos +2; shield: P2 rate -2".to_owned()));
    assert_eq!(targets[1], (3, "ddos +2; shield: P5 availability +1".to_owned()), "120/s at 50/s a replica");
    assert_eq!(changed_by, ["P2 rate", "P5 availability"]);
}

#[test]
fn without_its_data_a_policy_is_not_listened_to() {
    let mut unread = calm(0.0, [2, 3], 100.0);
    unread.services.iter_mut().for_each(|row| row.clear(Metric::RequestRate));
    let mut shield = shield(&SafetyParams::default());
    assert_eq!(
        shield.admit(&unread).into_vec(),
        [Replicas(2)..=Replicas(2), Replicas(3)..=Replicas(3)],
        "only what is there"
    );
    let (targets, changed_by) = reviewed(&mut shield, &unread, [8, 3]);
    assert_eq!(targets[0].0, 2);
    assert!(targets[0].1.starts_with("ddos +2; shield: held, because the demand is missing"), "{targets:?}");
    assert_eq!(changed_by, ["P6 freshness"], "the second stayed where the policy wanted it");

    let stale = State { age: Some(Seconds(61.0)), ..calm(15.0, [2, 3], 100.0) };
    assert!(reviewed(&mut shield, &stale, [3, 3]).0[0].1.contains("the number of ready pods is stale"));
}

#[test]
fn then_the_formula_of_the_hpa_decides_if_it_has_its_own_data() {
    let samples = [
        (Metric::DesiredReplicas, 2.0),
        (Metric::CurrentReplicas, 4.0),
        (Metric::PodsHealthy, 2.0),
        (Metric::CpuUsage, 1600.0),
        (Metric::CpuRequest, 4000.0),
    ];
    let unread = state(0.0, &[&samples, &samples]);
    let (targets, _) = reviewed(&mut shield(&SafetyParams::default()), &unread, [8, 8]);
    assert_eq!(targets[0].0, 2, "two ready pods use 80 % of what two request: {targets:?}");
    assert!(targets[0].1.contains("HPA, because the demand is missing; P6 freshness -6"), "{targets:?}");
}

#[test]
fn who_is_not_trusted_is_not_heard_and_a_pause_holds() {
    let (mut shield, calm) = (shield(&SafetyParams::default()), calm(0.0, [2, 3], 100.0));
    shield.trust(false);
    assert_eq!(shield.admit(&calm).into_vec()[0], Replicas(2)..=Replicas(2));
    assert_eq!(reviewed(&mut shield, &calm, [4, 3]).0[0].0, 2);
    shield.trust(true);
    shield.pause(ServiceId::from_index(0), Pause::ALL);
    shield.reset();
    let (targets, changed_by) = reviewed(&mut shield, &calm, [4, 4]);
    assert_eq!((targets[0].0, targets[1].0), (2, 4));
    assert_eq!(changed_by, ["P11 pause"]);
}

#[test]
fn a_state_that_cannot_be_read_changes_nothing() {
    let mut shield = shield(&SafetyParams::default());
    let before = shield.memory_bytes();
    for bad in [calm(f64::NAN, [2, 3], 1.0), state(0.0, &[&[(Metric::DesiredReplicas, 7.0)]])] {
        let present: Vec<_> = bad.services.iter().map(karma_core::MetricRow::desired).collect();
        assert_eq!(shield.admit(&bad).into_vec(), present.iter().map(|r| *r..=*r).collect::<Vec<_>>());
        let Reviewed { decision, changed_by } = shield.review(&bad, ask([1, 3]));
        assert_eq!(decision.targets.map(|target| target.replicas).into_vec(), present);
        assert!(decision.targets.iter().all(|target| target.reason.contains("shield: held, because")));
        assert_eq!(changed_by, [UNREADABLE]);
        assert!(shield.restore_cautiously(&bad).is_err());
    }
    assert_eq!(shield.memory_bytes(), before);
}

#[test]
fn a_decision_without_a_target_is_no_proposal() {
    let mut shield = shield(&SafetyParams::default());
    let decision = Decision { targets: vec![Target::new(Replicas(3), "more")].into() };
    let Reviewed { decision, .. } = shield.review(&calm(0.0, [2, 3], 100.0), decision);
    let missing = &decision.targets.as_slice()[1];
    assert_eq!(missing.replicas, Replicas(3));
    assert_eq!(missing.reason, "no target; shield: held, because the proposal is missing");
}

#[test]
fn an_agent_that_always_takes_the_least_it_may_ask_for_is_let_down() {
    let mut shield = shield(&SafetyParams { stabilize_down_seconds: 60.0, ..SafetyParams::default() });
    let mut replicas = [6, 2];
    let mut levels = Vec::new();
    for step in 0..9 {
        let state = calm(15.0 * f64::from(step), replicas, 90.0);
        let least = shield.admit(&state).as_slice()[0].start().0;
        replicas[0] = reviewed(&mut shield, &state, [least, 2]).0[0].0;
        levels.push(replicas[0]);
    }
    // Three of six may go at once. The next three may after a minute, and then the wish for one must be a minute old.
    assert_eq!(levels, [3, 3, 3, 3, 3, 3, 3, 1, 1]);
}

#[test]
fn a_wish_to_go_down_is_repeated_until_it_is_old_enough() {
    let stabilized =
        SafetyParams { cooldown_seconds: 0.0, stabilize_down_seconds: 60.0, ..SafetyParams::default() };
    let mut shield = shield(&stabilized);
    assert_eq!(reviewed(&mut shield, &calm(0.0, [2, 2], 90.0), [4, 2]).0[0].0, 4);
    let asked = |shield: &mut Shield, time| {
        let state = calm(time, [4, 2], 90.0);
        assert!(shield.admit(&state).as_slice()[0].contains(&Replicas(3)), "it may be asked for");
        reviewed(shield, &state, [3, 2]).0[0].0
    };
    assert_eq!([15.0, 30.0, 45.0].map(|time| asked(&mut shield, time)), [4, 4, 4]);
    assert_eq!(asked(&mut shield, 60.0), 3);
}

#[test]
fn after_a_restart_it_goes_on_where_it_stopped() {
    let mut shield = shield(&SafetyParams::default());
    shield.review(&calm(0.0, [2, 3], 100.0), ask([5, 3]));
    let mut restarted = Shield::new(shield.config().clone());
    restarted.restore(&shield.memory_bytes()).unwrap();
    let next = calm(15.0, [5, 3], 100.0);
    assert_eq!(reviewed(&mut restarted, &next, [2, 3]), reviewed(&mut shield, &next, [2, 3]));

    assert_eq!(
        restarted.restore(&Memory::new(3).to_bytes()),
        Err(RestoreError::Services { got: 3, expected: 2 })
    );
    assert_eq!(restarted.restore(b"KSH"), Err(RestoreError::Memory(MemoryError::Foreign)));
    restarted.restore_cautiously(&next).unwrap();
    assert_eq!(reviewed(&mut restarted, &next, [2, 3]).0[0].0, 5, "nothing is removed");
}

#[test]
fn a_reset_forgets_the_episode_before() {
    let mut shield = shield(&SafetyParams::default());
    shield.review(&calm(0.0, [2, 3], 100.0), ask([5, 3]));
    shield.reset();
    assert_eq!(reviewed(&mut shield, &calm(15.0, [5, 3], 100.0), [2, 3]).0[0].0, 2);
}

#[test]
fn demand_that_grows_is_met_before_anyone_asks() {
    let growth = crate::GrowthParams { per_second: 0.01, peak: 3.0, startup_factor: 2.0 };
    let demand = crate::DemandParams { growth: Some(growth), ..crate::DemandParams::default() };
    let params = SafetyParams { demand, ..SafetyParams::default() };
    let (targets, changed_by) = reviewed(&mut shield(&params), &calm(0.0, [2, 4], 190.0), [2, 4]);
    // 190/s + 1/s² · (2 + 16 + 15 + 10 + 2.5) s = 235.5/s: three replicas at 100/s, and at 50/s
    // 190/s + 1/s² · (2 + 20 + 27.5) s = 239.5/s: five.
    assert_eq!(targets[0], (3, "ddos +2; shield: P10 recoverability +1".to_owned()));
    assert_eq!(targets[1].0, 5);
    assert_eq!(changed_by, ["P10 recoverability"; 2]);
}

#[test]
fn a_budget_is_for_the_critical_service_first() {
    // 500 m and 1 000 m a replica: 2 · 0.5 + 2 · 1 cores run, 1.5 are left.
    let budget = crate::BudgetParams { cpu_cores: Some(4.5), ..crate::BudgetParams::default() };
    let mut shield = shield(&SafetyParams { budget, ..SafetyParams::default() });
    let (targets, changed_by) = reviewed(&mut shield, &calm(0.0, [2, 2], 100.0), [5, 4]);
    assert_eq!((targets[0].0, targets[1].0), (5, 2));
    assert_eq!(changed_by, ["P4 budget"]);
}

#[test]
fn an_exception_holds_for_its_service_alone() {
    let exception = ServiceSafetyParams { min_available: Some(3), ..ServiceSafetyParams::default() };
    let services = [("api".to_owned(), exception)].into();
    let mut shield = shield(&SafetyParams { services, ..SafetyParams::default() });
    let (targets, _) = reviewed(&mut shield, &calm(0.0, [4, 4], 90.0), [1, 2]);
    assert_eq!((targets[0].0, targets[1].0), (3, 2));
}

#[test]
fn every_property_is_named_as_the_kernel_prints_it() {
    for property in Property::ALL {
        assert_eq!(property_code(property), property.to_string());
    }
}

#[test]
fn it_keeps_the_promises_of_a_safeguard() {
    let config = SafetyParams::default().check(&chain(), Timing::default()).unwrap();
    let mut states: Vec<State> = (0..40u8).map(|step| calm(f64::from(step) * 15.0, [2, 3], 100.0)).collect();
    states.push(calm(-1.0, [2, 3], 100.0));
    states.push(calm(615.0, [0, 90], 100.0));
    states.push(calm(630.0, [0, 90], f32::INFINITY));
    states.push(State { age: None, ..calm(645.0, [2, 3], 0.0) });
    let nothing = PerService::filled(MetricRow::default(), 2);
    states.push(State { services: nothing, ..calm(660.0, [0, 0], 0.0) });
    let factory = config.factory();
    karma_core::testing::safeguard(|| factory.make(), &states);
}
