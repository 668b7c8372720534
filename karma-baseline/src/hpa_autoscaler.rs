//! One Horizontal Pod Autoscaler for each service of a cluster.
//!
//! The algorithm is [`crate::hpa`]; this file gives it each service's bounds, pods and metrics from a
//! [`Snapshot`], keeps each service's memory, and takes every decision as carried out.
//!
//! [`HpaAutoscalerParams::default`] is Kubernetes as shipped: CPU at 80 % of the request and no `behavior`. That is
//! a weak opponent; tune the target and the behavior before claiming to beat it.

mod readings;

use std::borrow::Cow;

use karma_core::topology::Service;
use karma_core::{
    Autoscaler, Decision, PerService, Replicas, Seconds, ServiceId, Snapshot, StreamRng, Target, Topology,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::bounds::Bounds;
use crate::desired::desired;
use crate::error::SettingError;
use crate::hpa::spec::MetricParams;
use crate::hpa::{
    BehaviorParams, ConditionType, ControllerParams, HpaConfig, HpaParams, HpaState, Reconciliation,
    ScaleTarget, SpecError, Tick, Timestamp, reconcile_and_record,
};
use crate::signal::{self, Signal};
use readings::ServiceReader;

/// What all autoscalers of a cluster have in common; the replica bounds are the topology's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HpaAutoscalerParams {
    /// Name in tables. Default `hpa`.
    pub name: String,
    /// As in a manifest; default CPU at 80 %. Readable from a snapshot are `cpu` and `memory`, the service's own
    /// metrics by name as Object metrics, and `request_rate` of the entry points as External metric.
    pub metrics: Vec<MetricParams>,
    /// As in a manifest; default none.
    pub behavior: Option<BehaviorParams>,
    /// The controller's flags.
    pub controller: ControllerParams,
}

impl Default for HpaAutoscalerParams {
    fn default() -> Self {
        Self {
            name: "hpa".to_owned(),
            metrics: Vec::new(),
            behavior: None,
            controller: ControllerParams::default(),
        }
    }
}

impl HpaAutoscalerParams {
    /// CPU at `percent` of the request: `hpa-60`.
    pub fn cpu(percent: i32) -> Self {
        let metrics = vec![signal::resource(percent)];
        Self { name: format!("hpa-{percent}"), metrics, ..Self::default() }
    }
}

/// What keeps a cluster's autoscalers from being set up.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum HpaAutoscalerError {
    /// The specification is not one.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A setting beside the specification is out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A metric that a snapshot does not have.
    #[error("a snapshot has no {metric}; it has cpu and memory of pods, {known}")]
    UnknownMetric {
        /// The metric.
        metric: String,
        /// What there is instead.
        known: &'static str,
    },
    /// A memory of another cluster.
    #[error("the memory is of {found} services, the topology has {expected}")]
    Memory {
        /// Services of the memory.
        found: usize,
        /// Services of the topology.
        expected: usize,
    },
}

/// One autoscaler per service, each with its own memory.
#[derive(Clone, Debug)]
pub struct HpaAutoscaler {
    name: String,
    bounds: PerService<Bounds>,
    configs: PerService<HpaConfig>,
    readers: PerService<ServiceReader>,
    memory: PerService<HpaState>,
}

impl HpaAutoscaler {
    /// An autoscaler with an empty memory for each service of `topology`.
    ///
    /// # Errors
    /// If the specification is not valid, or asks for a metric that a snapshot does not have.
    pub fn new(topology: &Topology, params: &HpaAutoscalerParams) -> Result<Self, HpaAutoscalerError> {
        Self::with_metrics(topology, params, |_| params.metrics.clone())
    }

    /// The same, but every service goes by signals at targets that mean the same on all of them, instead of by the metrics
    /// of `params`; of several signals the one that asks for most counts.
    ///
    /// # Errors
    /// If the rest of the specification is not valid, or a target is not a number above 0.
    pub fn on(
        topology: &Topology,
        signals: &[(Signal, f64)],
        params: &HpaAutoscalerParams,
    ) -> Result<Self, HpaAutoscalerError> {
        for (_, target) in signals {
            let legal = *target > 0.0 && target.is_finite();
            SettingError::first([("target", *target, legal, "a finite number above 0")])?;
        }
        Self::with_metrics(topology, params, |service| {
            signals.iter().map(|(signal, target)| signal.metric(topology, service, *target)).collect()
        })
    }

    fn with_metrics(
        topology: &Topology,
        params: &HpaAutoscalerParams,
        metrics: impl Fn(ServiceId) -> Vec<MetricParams>,
    ) -> Result<Self, HpaAutoscalerError> {
        let controller = params.controller.check()?;
        let config = |(id, service): (ServiceId, &Service)| {
            let spec = HpaParams {
                scale_target_ref: None,
                min_replicas: Some(to_i32(service.min_replicas)),
                max_replicas: to_i32(service.max_replicas),
                metrics: metrics(id),
                behavior: params.behavior.clone(),
            };
            spec.check(controller)
        };
        let configs =
            topology.services.iter_enumerated().map(config).collect::<Result<PerService<_>, _>>()?;
        configs.iter().flat_map(HpaConfig::metrics).try_for_each(readings::check)?;
        Ok(Self {
            name: params.name.clone(),
            bounds: Bounds::of(topology),
            configs,
            readers: topology.services.map(ServiceReader::new),
            memory: topology.services.map(|_| HpaState::default()),
        })
    }

    /// What each service's autoscaler remembers: save it, and a restart changes nothing.
    pub fn memory(&self) -> &PerService<HpaState> {
        &self.memory
    }

    /// Continues with a saved memory.
    ///
    /// # Errors
    /// If it is not of as many services.
    pub fn restore(&mut self, memory: PerService<HpaState>) -> Result<(), HpaAutoscalerError> {
        let (found, expected) = (memory.len(), self.configs.len());
        if found != expected {
            return Err(HpaAutoscalerError::Memory { found, expected });
        }
        self.memory = memory;
        Ok(())
    }

    fn target(&mut self, service: ServiceId, snapshot: &Snapshot, now: Timestamp) -> Target {
        let (bounds, config) = (self.bounds[service], &self.configs[service]);
        let current = snapshot.services.get(service).map_or(bounds.min, |seen| seen.desired);
        let pods = self.readers[service].pods(snapshot, service);
        let readings: Vec<_> =
            config.metrics().iter().map(|metric| readings::read(metric, snapshot, service)).collect();
        let status_replicas = pods.iter().filter(|pod| !pod.deleting).count();
        let target = ScaleTarget {
            spec_replicas: to_i32(current),
            status_replicas: i32::try_from(status_replicas).unwrap_or(i32::MAX),
            pods: &pods,
        };
        let state = &mut self.memory[service];
        let decided = reconcile_and_record(config, state, &Tick { target, readings: &readings, now });
        let replicas = Replicas(u32::try_from(decided.desired_replicas).unwrap_or(0));
        Target { replicas: bounds.clamp(replicas), reason: reason(&decided, state) }
    }
}

impl Autoscaler for HpaAutoscaler {
    fn name(&self) -> &str {
        &self.name
    }

    fn reset(&mut self) {
        self.memory.iter_mut().for_each(|state| *state = HpaState::default());
    }

    fn decide(&mut self, snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
        let Some(now) = moment(snapshot.time) else {
            let hold = |(id, bounds): (_, &Bounds)| {
                Target::new(desired(snapshot, id, *bounds), "the time is not a number")
            };
            return Decision { targets: self.bounds.iter_enumerated().map(hold).collect() };
        };
        Decision { targets: self.configs.ids().map(|service| self.target(service, snapshot, now)).collect() }
    }
}

/// Why a tick moved, or why it did not.
fn reason(decided: &Reconciliation, state: &HpaState) -> Cow<'static, str> {
    if let Some(rescale) = &decided.rescale {
        return Cow::Owned(rescale.to_string());
    }
    let says = |kind| state.conditions.get(kind).map(|condition| condition.reason.message());
    let kind = if decided.recommendation.is_none() {
        ConditionType::ScalingActive
    } else if state.conditions.holds(ConditionType::ScalingLimited) {
        ConditionType::ScalingLimited
    } else {
        ConditionType::AbleToScale
    };
    Cow::Borrowed(says(kind).unwrap_or("nothing to do"))
}

fn moment(time: Seconds) -> Option<Timestamp> {
    Timestamp::from_seconds(time.get())
}

fn to_i32(replicas: Replicas) -> i32 {
    i32::try_from(replicas.get()).unwrap_or(i32::MAX)
}
