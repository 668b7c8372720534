//! A KEDA-like rule: an event source's rate for each pod, and a fixed fallback when the source is silent.
//!
//! KEDA (2.x, <https://keda.sh/docs>) turns a `ScaledObject` into a generated HPA on an External metric with `AverageValue`:
//! `⌈metric / threshold⌉` ([`HpaAutoscaler::on`], with the HPA's default `behavior`, as KEDA generates it). When the source has failed
//! `failure_threshold` times in a row, that HPA is told a value that asks for `fallback` replicas (`behavior: static`); with
//! fewer failures it holds, as the HPA does without a metric.
//!
//! Where we differ: its operator, which wakes a Deployment from zero and puts it to sleep, is left out, because a service of a
//! topology has at least one replica; one trigger for each service; no other fallback behaviour; the metric is one of [`Signal`],
//! summed over the entry points where KEDA has one source for each. Reimplemented from its documentation, so tables call it
//! *keda-like*.

use karma_core::{
    Autoscaler, Decision, PerService, Replicas, ServiceId, Snapshot, StreamRng, Target, Topology,
};
use serde::{Deserialize, Serialize};

use crate::bounds::Bounds;
use crate::hpa::BehaviorParams;
use crate::hpa_autoscaler::{HpaAutoscaler, HpaAutoscalerError, HpaAutoscalerParams};
use crate::signal::Signal;

/// Settings of a [`Keda`] as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KedaParams {
    /// The trigger's metric. Default the rate at the entry points.
    pub signal: Signal,
    /// How much of it is meant for each pod, in the unit of the signal's targets; more than 0. Default 0.6.
    pub threshold: f64,
    /// Polls in a row without a metric after which the fallback counts; 0 for no fallback. Default 3.
    pub failure_threshold: u32,
    /// Replicas of the fallback. Default: those that a service starts with.
    pub fallback: Option<u32>,
}

impl Default for KedaParams {
    fn default() -> Self {
        Self { signal: Signal::EntryRate, threshold: 0.6, failure_threshold: 3, fallback: None }
    }
}

/// The rule for every service.
#[derive(Clone, Debug)]
pub struct Keda {
    params: KedaParams,
    hpa: HpaAutoscaler,
    fallback: PerService<Replicas>,
    /// Polls in a row in which a source was silent.
    failures: PerService<u32>,
}

impl Keda {
    /// A scaled object for each service of `topology`.
    ///
    /// # Errors
    /// If the threshold is not a number above 0.
    pub fn new(topology: &Topology, params: KedaParams) -> Result<Self, HpaAutoscalerError> {
        let hpa = HpaAutoscalerParams {
            name: "keda-like".to_owned(),
            behavior: Some(BehaviorParams::default()),
            ..HpaAutoscalerParams::default()
        };
        let initial = topology.services.map(|service| service.initial_replicas);
        let fallback = initial.map(|initial| params.fallback.map_or(*initial, Replicas));
        let bounds = Bounds::of(topology);
        Ok(Self {
            hpa: HpaAutoscaler::on(topology, &[(params.signal, params.threshold)], &hpa)?,
            fallback: fallback
                .iter()
                .zip(&bounds)
                .map(|(replicas, bounds)| bounds.clamp(*replicas))
                .collect(),
            failures: topology.services.map(|_| 0),
            params,
        })
    }

    fn oversee(&mut self, service: ServiceId, snapshot: &Snapshot, wanted: Target) -> Target {
        let failures = &mut self.failures[service];
        if self.params.signal.read(snapshot, service).is_some() {
            *failures = 0;
            return wanted;
        }
        *failures = failures.saturating_add(1);
        if self.params.failure_threshold > 0 && *failures >= self.params.failure_threshold {
            Target::new(self.fallback[service], "the source is silent: fallback")
        } else {
            wanted
        }
    }
}

impl Autoscaler for Keda {
    fn name(&self) -> &str {
        self.hpa.name()
    }

    fn reset(&mut self) {
        self.hpa.reset();
        self.failures.iter_mut().for_each(|count| *count = 0);
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        let wanted = self.hpa.decide(snapshot, rng).targets;
        let targets = wanted.iter_enumerated().map(|(id, target)| self.oversee(id, snapshot, target.clone()));
        Decision { targets: targets.collect() }
    }
}
