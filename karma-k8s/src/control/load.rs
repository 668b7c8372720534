//! From a specification to what decides: policy, settings, fallback, collector.

use std::sync::Arc;

use karma_core::Seconds;
use kube::ResourceExt as _;

use super::draft::Draft;
use super::policy::read_policy;
use super::runner::{Site, Stop};
use super::said::Reason;
use crate::decide::{Minds, Round};
use crate::observe::Collector;
use crate::resource::ConditionKind;

/// What was made of one generation of the specification.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) generation: i64,
    pub(super) round: Round,
    pub(super) collector: Collector,
    pub(super) names: Vec<String>,
    pub(super) policy: String,
}

impl Loaded {
    pub(super) const fn period(&self) -> Seconds {
        self.round.settings().period
    }
}

/// Reads the policy and checks the specification against it.
///
/// # Errors
/// The first that is of no use.
pub(super) async fn load(site: &Site, draft: &Draft) -> Result<Loaded, Stop> {
    let refused = |reason, message| Stop {
        kind: ConditionKind::PolicyLoaded,
        reason,
        message,
        event: Reason::PolicyRefused,
    };
    let wrong = |message: String| Stop {
        kind: ConditionKind::PolicyLoaded,
        reason: "SpecRefused",
        message,
        event: Reason::SpecRefused,
    };
    let spec = &draft.object.spec;
    let namespace = draft.object.namespace().unwrap_or_default();
    let bytes = read_policy(&site.client, &namespace, &spec.policy, site.patience).await;
    let bytes = bytes.map_err(|error| refused(error.reason(), error.to_string()))?;
    let policy = site.loader.load(&bytes).map_err(|why| refused("NotUsable", why))?;
    let settings =
        spec.settings(&policy.topology, policy.period).map_err(|error| wrong(error.to_string()))?;
    let fallback = site.loader.fallback(&settings.topology, &spec.fallback);
    let fallback = fallback.map_err(|why| wrong(format!("spec.fallback: {why}")))?;
    let queries = spec.metrics.queries().map_err(|error| wrong(error.to_string()))?;
    let prometheus = spec.metrics.prometheus().map_err(|error| wrong(error.to_string()))?;
    let prometheus = prometheus.map(|params| site.prometheus.to(&params)).transpose();
    let prometheus = prometheus.map_err(|error| wrong(format!("spec.metrics.prometheus: {error}")))?;
    let topology = Arc::clone(&settings.topology);
    let names = settings.names().map(str::to_owned).collect();
    let collector = Collector::new(site.client.clone(), prometheus, topology, &namespace, queries);
    let collector = collector.map_err(|error| wrong(error.to_string()))?;
    let minds = Minds { agents: policy.agents, fallback, alarm: policy.alarm };
    let round = Round::new(settings, minds, spec.policy.digest.clone());
    let policy = spec.policy.digest.clone();
    Ok(Loaded { generation: draft.generation(), round, collector, names, policy })
}
