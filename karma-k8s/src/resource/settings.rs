//! A specification, checked against the topology of its policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use karma_core::{Metric, PerService, Replicas, Seconds, Topology};
use karma_guard::{SafetyConfig, SafetyError, Timing};
use karma_shield::Pause;
use thiserror::Error;

use super::spec::{
    CanarySpec, GuardSpec, KarmaAutoscalerSpec, MetricsSpec, Mode, Pausing, SourceSpec, TrustSpec,
};
use crate::decide::{CanaryConfig, GuardConfig, TrustConfig};
use crate::observe::{PrometheusParams, Queries, QueryError, QueryParams, SourceParams};

/// Where tokens and certificates for Prometheus lie.
const MOUNTED: &str = "/etc/karma/";

/// How the Deployments of a policy are scaled, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The policy's topology with the bounds of the specification.
    pub topology: Arc<Topology>,
    /// Between two decisions: the policy's.
    pub period: Seconds,
    /// What the shield holds to.
    pub safety: SafetyConfig,
    /// What is done with decisions.
    pub mode: Mode,
    /// Directions in which a service is not scaled.
    pub pauses: PerService<Pause>,
    /// When the agents are listened to.
    pub trust: TrustConfig,
    /// What makes the canary go on.
    pub canary: CanaryConfig,
    /// What junk may cost.
    pub guard: GuardConfig,
    /// Whether a service belongs to the canary.
    pub is_canary: PerService<bool>,
}

/// Why a specification does not go with its policy.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SpecError {
    /// A service that the policy does not know.
    #[error("{place}: the policy knows no service {name}; it knows {known}")]
    UnknownService {
        /// Where it stands.
        place: &'static str,
        /// Its name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// Bounds outside of the policy's.
    #[error("spec.services.{name}: {min} to {max} replicas are not within the policy's {least} to {most}")]
    Bounds {
        /// The service.
        name: String,
        /// Fewest, as asked for.
        min: u32,
        /// Most, as asked for.
        max: u32,
        /// The policy's fewest.
        least: u32,
        /// The policy's most.
        most: u32,
    },
    /// No metric of this name.
    #[error("spec.metrics.sources.{source_name}.metrics: there is no metric {name}")]
    Metric {
        /// The source.
        source_name: String,
        /// The name.
        name: String,
    },
    /// A source with the name of a preset that is used, too.
    #[error("spec.metrics.sources.{name}: the preset of this name is used, too; choose another name")]
    SourceTwice {
        /// The name.
        name: String,
    },
    /// A file of the controller that is not meant for this.
    #[error(
        "spec.metrics.prometheus: {file} is not below {MOUNTED}, where the controller's operator mounts such files"
    )]
    File {
        /// As written.
        file: String,
    },
    /// Queries that are none.
    #[error("spec.metrics: {0}")]
    Queries(#[from] QueryError),
    /// Limits that cannot hold.
    #[error("spec.limits: {0}")]
    Safety(#[from] SafetyError),
}

impl Settings {
    /// The canary's settings in short: with others it begins anew.
    pub(crate) fn canary_of(&self) -> String {
        format!("{:?} {:?} {:?}", self.mode, self.canary, self.is_canary.as_slice())
    }

    /// Names of the services, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.topology.services.iter().map(|service| service.name.as_str())
    }
}

impl From<Pausing> for Pause {
    fn from(pausing: Pausing) -> Self {
        match pausing {
            Pausing::None => Self::default(),
            Pausing::Up => Self { up: true, down: false },
            Pausing::Down => Self { up: false, down: true },
            Pausing::All => Self::ALL,
        }
    }
}

impl KarmaAutoscalerSpec {
    /// Checks what the API server cannot: that it goes with the `topology` and the decision `period` of its policy.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn settings(&self, topology: &Topology, period: Seconds) -> Result<Settings, SpecError> {
        let known = |place, name: &str| {
            topology.service_named(name).ok_or_else(|| SpecError::UnknownService {
                place,
                name: name.to_owned(),
                known: topology.services.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", "),
            })
        };
        let mut narrowed = topology.clone();
        let mut pauses = PerService::filled(Pause::from(self.pause), topology.services.len());
        for (name, service) in &self.services {
            let id = known("spec.services", name)?;
            let bounds = &mut narrowed.services[id];
            let (least, most) = (bounds.min_replicas.0, bounds.max_replicas.0);
            let (min, max) = (service.min_replicas.unwrap_or(least), service.max_replicas.unwrap_or(most));
            if min < least || max > most || min > max {
                return Err(SpecError::Bounds { name: name.clone(), min, max, least, most });
            }
            (bounds.min_replicas, bounds.max_replicas) = (Replicas(min), Replicas(max));
            bounds.initial_replicas = Replicas(bounds.initial_replicas.0.clamp(min, max));
            pauses[id] = pauses[id].or(service.pause.into());
        }
        let mut is_canary = PerService::filled(false, topology.services.len());
        for name in &self.canary.services {
            is_canary[known("spec.canary.services", name)?] = true;
        }
        let timing = Timing { decision_period: period, ..Timing::default() };
        Ok(Settings {
            safety: self.limits.safety(self.budget).check(&narrowed, timing)?,
            topology: Arc::new(narrowed),
            period,
            mode: self.mode,
            pauses,
            trust: self.trust.config(),
            canary: self.canary.config(),
            guard: self.guard.config(),
            is_canary,
        })
    }
}

impl TrustSpec {
    fn config(&self) -> TrustConfig {
        let default = TrustConfig::default();
        TrustConfig {
            window: self.window.unwrap_or(default.window),
            alarms: self.alarms.unwrap_or(default.alarms),
            calm: self.calm.unwrap_or(default.calm),
        }
    }
}

impl CanarySpec {
    fn config(&self) -> CanaryConfig {
        let default = CanaryConfig::default();
        CanaryConfig {
            watch: self.watch_seconds.map_or(default.watch, |seconds| Seconds(f64::from(seconds))),
            promote: self.promote.unwrap_or(default.promote),
            max_error_rate: self.max_error_rate.unwrap_or(default.max_error_rate),
            max_latency: self.max_latency_seconds.map(Seconds),
            max_failed_pods: self.max_failed_pods.unwrap_or(default.max_failed_pods),
            roll_back_after: self.roll_back_after.unwrap_or(default.roll_back_after),
        }
    }
}

impl GuardSpec {
    fn config(&self) -> GuardConfig {
        let default = GuardConfig::default();
        GuardConfig {
            junk_replicas: self.junk_replicas.unwrap_or(default.junk_replicas),
            utilization: self.utilization.unwrap_or(default.utilization),
        }
    }
}

impl MetricsSpec {
    /// What Prometheus is asked.
    ///
    /// # Errors
    /// A metric that there is not, or queries that are none.
    pub fn queries(&self) -> Result<Queries, SpecError> {
        let mut params = QueryParams::of(&self.presets);
        for (name, source) in &self.sources {
            if params.sources.insert(name.clone(), source.params(name)?).is_some() {
                return Err(SpecError::SourceTwice { name: name.clone() });
            }
        }
        params.window_seconds = self.window_seconds.unwrap_or(params.window_seconds);
        params.max_age_seconds = self.max_age_seconds.unwrap_or(params.max_age_seconds);
        Ok(params.check()?)
    }

    /// Where Prometheus is. A file lies in the folder that is meant for such files: whoever writes a specification also says
    /// where the token in it is sent, and must not have the controller send its own.
    ///
    /// # Errors
    /// A file elsewhere.
    pub fn prometheus(&self) -> Result<Option<PrometheusParams>, SpecError> {
        let Some(spec) = self.prometheus.as_ref() else { return Ok(None) };
        for file in spec.token_file.iter().chain(&spec.ca_file) {
            if !file.starts_with(MOUNTED) || file.split('/').any(|part| part == "..") {
                return Err(SpecError::File { file: file.clone() });
            }
        }
        let default = PrometheusParams::default();
        Ok(Some(PrometheusParams {
            url: spec.url.clone(),
            timeout_seconds: spec.timeout_seconds.unwrap_or(default.timeout_seconds),
            token_file: spec.token_file.as_ref().map(Into::into),
            ca_file: spec.ca_file.as_ref().map(Into::into),
        }))
    }
}

impl SourceSpec {
    fn params(&self, source: &str) -> Result<SourceParams, SpecError> {
        let metric = |(name, template): (&String, &String)| {
            let metric = Metric::ALL.iter().copied().find(|metric| metric.name() == name);
            let unknown = || SpecError::Metric { source_name: source.to_owned(), name: name.clone() };
            Ok((metric.ok_or_else(unknown)?, template.clone()))
        };
        let metrics: Result<BTreeMap<_, _>, SpecError> = self.metrics.iter().map(metric).collect();
        Ok(SourceParams {
            sampled_at: self.sampled_at.clone(),
            metrics: metrics?,
            junk_rate: self.junk_rate.clone(),
        })
    }
}
