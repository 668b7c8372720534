//! AWARE-like: what its agents see and earn, and who drives when.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::sync::Arc;

use common::{awkward_snapshots, decide, orders, snapshot, topology, web};
use karma_baseline::aware::{
    ACCEPTABLE, Aware, Deployments, FEATURES, LifecycleParams, Phase, change, mask, towards,
};
use karma_baseline::{HpaAutoscaler, HpaAutoscalerParams};
use karma_core::{
    Action, ActionMask, Autoscaler as _, Metric, Observation, PerService, Policy, Replicas, SeedTree,
    StreamRng, testing,
};

/// Adds a replica where it may.
struct More;

impl Policy for More {
    fn act(&self, _: &Observation, mask: &ActionMask, _: &mut StreamRng) -> Action {
        if mask.allows(Action(2)) { Action(2) } else { Action(1) }
    }
}

fn aware(online: f64) -> Aware {
    let policies: PerService<Arc<dyn Policy>> =
        topology().services.map(|_| Arc::new(More) as Arc<dyn Policy>);
    let hpa = HpaAutoscaler::new(&topology(), &HpaAutoscalerParams::cpu(50)).unwrap();
    let lifecycle = LifecycleParams { online, window: 2, ..LifecycleParams::default() };
    let deployments = Deployments::new(&topology(), ACCEPTABLE);
    Aware::new(&topology(), (deployments, policies), hpa, lifecycle.check().unwrap())
}

#[test]
fn it_keeps_every_promise_of_an_autoscaler() {
    testing::autoscaler(|| aware(0.0), &topology(), &awkward_snapshots());
    testing::autoscaler(|| aware(10.0), &topology(), &awkward_snapshots());
}

#[test]
fn a_deployment_sees_itself_and_earns_by_objective_and_utilisation() {
    let mut deployments = Deployments::new(&topology(), ACCEPTABLE);
    let mut seen = snapshot(0.0, [4, 5], [Some(0.5), None]);
    let unloaded = topology().unloaded_latencies()[web()].get();
    // The acceptable latency is three times that of an empty system; six times it keeps half of the objective.
    #[expect(clippy::cast_possible_truncation, reason = "metrics are single precision")]
    seen.services[web()].metrics.set(Metric::LatencyMean, (6.0 * unloaded) as f32);
    seen.services[web()].metrics.set(Metric::RequestRate, 250.0);
    let first = deployments.look(&seen);
    let features = &first[web()].observation.0;
    assert_eq!(features.len(), FEATURES);
    let expected = [0.5, 0.5, 0.4, 0.4, 5.0 / 20.0, 250.0 / 1000.0, 0.0, 1.0];
    assert!(features.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{features:?}");
    assert!((first[web()].reward - (0.7 * 0.5 + 0.3 * 0.5)).abs() < 1e-6);
    assert_eq!(first[orders()].observation.0[7], 0.0, "nothing was sampled there");
    assert!((first[orders()].reward - 0.7).abs() < 1e-6, "nobody waits, nothing is used");
    seen.services[web()].metrics.set(Metric::RequestRate, 350.0);
    assert!((deployments.look(&seen)[web()].observation.0[6] - 0.1).abs() < 1e-6, "100/s more of 1000/s");
    deployments.reset();
    assert_eq!(deployments.look(&seen)[web()].observation.0[6], 0.0, "an episode has no before");
}

#[test]
fn agents_move_one_replica_within_the_bounds() {
    let mut rng = SeedTree::new(1).rng();
    let decision = aware(0.0).decide(&snapshot(0.0, [4, 20], [Some(0.5), Some(0.5)]), &mut rng);
    assert_eq!(decision.targets.map(|target| target.replicas.0).as_slice(), [5, 20]);
    assert!(!mask(&topology(), orders(), Replicas(2)).allows(towards(-5)), "its least is 2");
    assert_eq!([-3, 0, 7].map(|wanted| change(towards(wanted))), [-1, 0, 1]);
}

/// A service that is idle earns 0.7 at most: where 0.9 is asked for, the HPA takes over after two decisions.
#[test]
fn the_hpa_drives_while_the_agents_earn_too_little() {
    let (mut aware, mut rng) = (aware(0.9), SeedTree::new(1).rng());
    let idle = |time| snapshot(time, [4, 4], [Some(0.0), Some(0.0)]);
    assert_eq!((decide(&mut aware, &idle(0.0), web()).0, aware.phase()), (5, Phase::Serving));
    let handed = decide(&mut aware, &idle(15.0), web()).0;
    assert!(handed <= 4 && aware.phase() == Phase::Online, "{handed}");
    let busy = |time| snapshot(time, [4, 4], [Some(1.0), Some(1.0)]);
    aware.decide(&busy(30.0), &mut rng);
    aware.decide(&busy(45.0), &mut rng);
    assert_eq!(aware.phase(), Phase::Serving, "what is busy and in time earns 1");
    aware.decide(&idle(60.0), &mut rng);
    aware.decide(&idle(75.0), &mut rng);
    aware.reset();
    assert_eq!(aware.phase(), Phase::Serving);
}

#[test]
fn settings_out_of_range_are_refused() {
    let refused = |params: LifecycleParams| params.check().unwrap_err().to_string();
    let params = LifecycleParams::default();
    assert_eq!(refused(LifecycleParams { window: 0, ..params }), "`window` is 0, allowed is 1 to 1000");
    assert_eq!(refused(LifecycleParams { serving: 1.5, ..params }), "`serving` is 1.5, allowed is 0 to 1");
    assert_eq!(
        refused(LifecycleParams { online: f64::NAN, ..params }),
        "`online` is NaN, allowed is 0 or more"
    );
}
