//! AWARE-like, horizontal only: a learner of its own for each Deployment, and a life cycle that decides when it may drive.
//!
//! After Qiu et al., *AWARE: Automate Workload Autoscaling with Reinforcement Learning in Production Cloud Systems*, USENIX ATC 2023.
//! Every Deployment is an agent that sees itself alone (its table 1) and earns
//!
//! > r = 0.7 · SP + 0.3 · U, with SP = min(1, acceptable latency / latency) and U the utilisation of the CPU request, at most 1,
//!
//! with the weights of its code. An agent adds or removes one replica, or holds. The agents know nothing of each other.
//!
//! | state | meaning |
//! |---|---|
//! | 1 | utilisation of the CPU request |
//! | 2 | SP, how far the objective is kept |
//! | 3, 4 | replicas that the Deployment asks for and that are ready, of its most |
//! | 5 | what all other Deployments ask for, of their most |
//! | 6, 7 | requests, of what all replicas carry, and their change since the last decision |
//! | 8 | whether requests were sampled |
//!
//! **The life cycle** (its algorithm 1): *bootstrapped* by the HPA, whose decisions the agents first learn from; then *online*, where they
//! learn by themselves; *serving* as long as their mean reward is as good as the HPA's. When it falls below, they go back to learning, and in
//! a comparison, where nobody learns, the HPA drives until its reward is that high again ([`Lifecycle`]).
//!
//! Where we differ: no vertical scaling, which our clusters do not have, and so no memory, disk or network in the state; no embedding by a
//! meta-learner, whose 800 synthetic applications are not published, so it knows the services that it was trained on and no others;
//! learning from the HPA is imitation in the simulated cluster, which the paper's section 7 suggests where an on-policy learner (PPO, which
//! its code ships) cannot use logs; the acceptable latency is to be calibrated, for a mean at the limit has half of the requests beyond it;
//! `T_serving` is 0.96 times what the HPA earns, by the retrain threshold of 5 on rewards of 130, and the
//! variance has no threshold, for the paper gives none.
//!
//! Cost: features of all services, O(services), and one pass of a small network for each.

mod deployment;
mod lifecycle;

use std::sync::Arc;

use karma_core::{
    Action, ActionMask, ActionSpace, Autoscaler, Decision, PerService, Policy, Replicas, ServiceId, Snapshot,
    StreamRng, Target, Topology,
};

pub use deployment::{ACCEPTABLE, Deployments, FEATURES, Seen};
pub use lifecycle::{Lifecycle, LifecycleConfig, LifecycleParams, Phase};

use crate::bounds::Bounds;
use crate::desired::desired;
use crate::hpa_autoscaler::HpaAutoscaler;

/// The actions of an agent: one replica less, none, one more.
pub const ACTIONS: ActionSpace = ActionSpace::Discrete { actions: 3 };

/// What an action changes.
#[expect(clippy::cast_possible_wrap, reason = "there are three actions")]
pub const fn change(action: Action) -> i32 {
    action.0 as i32 - 1
}

/// The action nearest to a change.
pub const fn towards(change: i32) -> Action {
    Action((change.signum() + 1).unsigned_abs())
}

/// Learners of which each scales one Deployment, and the HPA that stands in for them.
#[derive(Clone)]
pub struct Aware {
    bounds: PerService<Bounds>,
    deployments: Deployments,
    policies: PerService<Arc<dyn Policy>>,
    fallback: HpaAutoscaler,
    lifecycle: Lifecycle,
}

impl Aware {
    /// A policy for each service of `topology`, who look through `deployments`, and what drives while they may not.
    pub fn new(
        topology: &Topology,
        (deployments, policies): (Deployments, PerService<Arc<dyn Policy>>),
        fallback: HpaAutoscaler,
        lifecycle: LifecycleConfig,
    ) -> Self {
        Self {
            bounds: Bounds::of(topology),
            deployments,
            policies,
            fallback,
            lifecycle: Lifecycle::new(lifecycle),
        }
    }

    /// The state of the life cycle.
    pub const fn phase(&self) -> Phase {
        self.lifecycle.phase()
    }

    fn target(&self, service: ServiceId, current: Replicas, change: i32) -> Target {
        let bounds = self.bounds[service];
        let reason = match change.signum() {
            1 => "its agent adds a replica",
            -1 => "its agent removes a replica",
            _ => "its agent holds",
        };
        Target::new(current.moved(change, bounds.min, bounds.max), reason)
    }
}

/// The actions that keep a Deployment within its bounds.
pub fn mask(topology: &Topology, service: ServiceId, current: Replicas) -> ActionMask {
    let service = &topology.services[service];
    within(Bounds { min: service.min_replicas, max: service.max_replicas }, current)
}

fn within(bounds: Bounds, current: Replicas) -> ActionMask {
    ActionMask::from_fn(ACTIONS, |action| match change(action) {
        1 => current < bounds.max,
        -1 => current > bounds.min,
        _ => true,
    })
}

impl Autoscaler for Aware {
    fn name(&self) -> &'static str {
        "aware-like"
    }

    fn reset(&mut self) {
        self.deployments.reset();
        self.fallback.reset();
        self.lifecycle.reset();
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        let seen = self.deployments.look(snapshot);
        let instead = self.fallback.decide(snapshot, rng);
        let rewards: f64 = seen.iter().map(|seen| f64::from(seen.reward)).sum();
        if self.lifecycle.tell(rewards / seen.len().max(1) as f64) != Phase::Serving {
            return instead;
        }
        let target = |service| {
            let current = desired(snapshot, service, self.bounds[service]);
            let mask = within(self.bounds[service], current);
            let action = self.policies[service].act(&seen[service].observation, &mask, rng);
            self.target(service, current, change(action))
        };
        Decision { targets: self.bounds.ids().map(target).collect() }
    }
}

impl std::fmt::Debug for Aware {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aware").field("lifecycle", &self.lifecycle).finish_non_exhaustive()
    }
}
