//! Rules as written in a suite, and what they are made of.

use std::sync::Arc;

use karma_baseline::hpa::{BehaviorParams, Quantity, ScalingRulesParams};
use karma_baseline::{
    HpaAutoscaler, HpaAutoscalerParams, Keda, KedaParams, Knowledge, Learner, OracleParams, Pid, PidParams,
    RandomWalk, Rlad, RladParams, Share, Signal, StaticReplicas, Threshold, ThresholdParams, Watermark,
    WatermarkParams,
};
use karma_core::{Autoscaler as _, Replicas, SeedTree};
use karma_mock::{Episode, Split};
use serde::{Deserialize, Serialize};

use super::ahead::{AheadRule, LookaheadRule, PlannerRule};
use super::aware::AwareRule;
use crate::config::RunConfig;
use crate::evaluation::{Row, oracle};

/// Most episodes of training of a tabular learner.
const MOST_EPISODES: u64 = 10_000;

/// A rule that is not one: what is wrong with it, in one sentence.
pub(super) type Refused = String;

/// A rule as written; `kind` says which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum RuleParams {
    /// The Kubernetes HPA on one or two signals.
    Hpa(HpaRule),
    /// See [`Keda`].
    KedaLike(KedaParams),
    /// See [`Watermark`].
    Watermark(WatermarkParams),
    /// See [`Pid`].
    Pid(PidParams),
    /// See [`Threshold`].
    Threshold(ThresholdParams),
    /// See [`Rlad`]; it is trained before it is compared.
    RladLike(RladRule),
    /// See [`karma_baseline::aware`]; it is trained before it is compared.
    AwareLike(AwareRule),
    /// See [`karma_baseline::Oracle`].
    Oracle(OracleRule),
    /// See [`karma_mock::environment::evaluate_ahead`]; its base is [`karma_baseline::Oracle`].
    Ahead(AheadRule),
    /// The same without the future: its base is [`Threshold`], and it plans for things to stay as they are.
    Planner(PlannerRule),
    /// See [`karma_mock::environment::Lookahead`]; its base is [`Threshold`]. It sees what every rule sees.
    Lookahead(LookaheadRule),
    /// See [`StaticReplicas`].
    Static(StaticRule),
    /// See [`RandomWalk`].
    Random(RandomRule),
}

/// The HPA as a suite writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HpaRule {
    /// What it goes by. Default CPU.
    signal: Signal,
    /// Its target, in the signal's unit. Default 0.8, as Kubernetes ships it.
    target: f64,
    /// Waiting requests for each pod as a second metric. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<f64>,
    /// Requests at the entry points as one more metric, a share of what a pod completes. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_rate: Option<f64>,
    /// `behavior.scaleDown.stabilizationWindowSeconds`. Default: no `behavior`, if nothing of it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    stabilize_down: Option<i32>,
    /// `behavior.scaleUp.stabilizationWindowSeconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stabilize_up: Option<i32>,
    /// Tolerance in both directions. Default: the controller's 0.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerance: Option<f64>,
}

impl Default for HpaRule {
    fn default() -> Self {
        Self {
            signal: Signal::Cpu,
            target: 0.8,
            queue: None,
            entry_rate: None,
            stabilize_down: None,
            stabilize_up: None,
            tolerance: None,
        }
    }
}

/// A tabular learner as a suite writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RladRule {
    /// How it learns. Default model-based.
    learner: Learner,
    /// Episodes of training, the scenarios in turn, 0 to 10 000. Default 120.
    episodes: u64,
}

impl Default for RladRule {
    fn default() -> Self {
        Self { learner: Learner::ModelBased, episodes: 120 }
    }
}

/// A clairvoyant as a suite writes it; the decision period is the suite's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OracleRule {
    /// Utilisation that is planned for. Default 0.5.
    pub(super) target: f64,
    /// Seconds from a decision until a new pod serves. Default 30.
    pub(super) lead: f64,
}

impl Default for OracleRule {
    fn default() -> Self {
        let OracleParams { target_utilization, lead_seconds, .. } = OracleParams::default();
        Self { target: target_utilization, lead: lead_seconds }
    }
}

/// Fixed replicas as a suite writes them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StaticRule {
    /// Replicas of every service, as near as its bounds allow. Default: those that it starts with.
    #[serde(skip_serializing_if = "Option::is_none")]
    replicas: Option<u32>,
}

/// A random walk, as an untrained team.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RandomRule {}

impl RuleParams {
    /// A rule of a table of settings.
    ///
    /// # Errors
    /// What is wrong, in one sentence.
    pub(super) fn of(table: toml::Table) -> Result<Self, Refused> {
        toml::Value::Table(table)
            .try_into()
            .map_err(|error: toml::de::Error| error.message().trim().to_owned())
    }

    /// What it does, in a few words.
    pub(super) const fn about(&self) -> &'static str {
        match self {
            Self::Hpa(HpaRule { signal, queue: None, entry_rate: None, .. }) => match signal {
                Signal::Cpu => "the Kubernetes HPA on CPU",
                Signal::RequestRate => "the Kubernetes HPA on the requests of each service",
                Signal::EntryRate => "the Kubernetes HPA on the requests at the entry points",
                Signal::Queue => "the Kubernetes HPA on waiting requests",
            },
            Self::Hpa(HpaRule { entry_rate: None, .. }) => {
                "the Kubernetes HPA on two metrics, waiting requests the second"
            }
            Self::Hpa(_) => {
                "the Kubernetes HPA on several metrics, the requests at the entry points among them"
            }
            Self::KedaLike(_) => "KEDA-like: the HPA on an event source, with a fallback",
            Self::Watermark(_) => "two watermarks, limits and forbidden windows, after Datadog's autoscaler",
            Self::Pid(_) => "a PID controller on each service's latency, after SHOWAR",
            Self::Threshold(ThresholdParams { of: Share::Limit, .. }) => {
                "one up above a threshold of the CPU limit, one down well below it"
            }
            Self::Threshold(_) => "one up above a threshold, one down well below it",
            Self::RladLike(_) => "Rlad-core-like: a tabular learner for each service",
            Self::AwareLike(_) => {
                "AWARE-like, horizontal only: a learner for each Deployment, and a life cycle with the HPA behind it"
            }
            Self::Oracle(_) => "knows the coming load, but neither crashes nor crowded nodes",
            Self::Ahead(_) => "plays the episode ahead before each decision, and takes what is best",
            Self::Lookahead(_) => "the threshold rule, looking ahead in a twin of what it sees",
            Self::Planner(_) => {
                "a threshold rule that plays ahead what it may decide, as if everything stayed as it is"
            }
            Self::Static(_) => "fixed replicas",
            Self::Random(_) => "uniform steps, as an untrained team",
        }
    }

    /// Whether it learns before it is compared.
    pub(super) const fn learns(&self) -> bool {
        matches!(self, Self::RladLike(_) | Self::AwareLike(_))
    }

    /// Whether its settings make a rule for `config`'s topology, without training it.
    ///
    /// # Errors
    /// A setting out of its range.
    pub(super) fn check(&self, config: &RunConfig) -> Result<(), Refused> {
        match self {
            Self::RladLike(RladRule { episodes, .. }) if *episodes > MOST_EPISODES => {
                Err(format!("`episodes` is {episodes}, allowed is 0 to {MOST_EPISODES}"))
            }
            Self::RladLike(_) => Ok(()),
            Self::AwareLike(rule) => rule.check(config),
            _ => self.row("", config).map(|_| ()),
        }
    }

    /// The row of a table for `config`'s topology. A tabular learner is trained first, on the training split.
    ///
    /// # Errors
    /// A setting out of its range.
    pub(super) fn row(&self, name: &str, config: &RunConfig) -> Result<Row, Refused> {
        let (topology, about) = (Arc::clone(&config.setup().topology), self.about());
        let text = |error: &dyn std::error::Error| error.to_string();
        Ok(match self {
            Self::Hpa(rule) => Row::of(name, about, rule.autoscaler(&topology)?),
            Self::KedaLike(params) => {
                Row::of(name, about, Keda::new(&topology, *params).map_err(|e| text(&e))?)
            }
            Self::Watermark(params) => {
                Row::of(name, about, Watermark::new(&topology, params.check().map_err(|e| text(&e))?))
            }
            Self::Pid(params) => {
                Row::of(name, about, Pid::new(&topology, params.check().map_err(|e| text(&e))?))
            }
            Self::Threshold(params) => {
                Row::of(name, about, Threshold::new(&topology, params.check().map_err(|e| text(&e))?))
            }
            Self::RladLike(rule) => Row::of(name, about, rule.trained(config)?),
            Self::AwareLike(rule) => Row::of(name, about, rule.trained(config)?),
            Self::Oracle(rule) => oracle(config, name, rule.params()).map_err(|error| text(&error))?,
            Self::Ahead(rule) => rule.row(name, about, config)?,
            Self::Lookahead(rule) => rule.row(name, about, config)?,
            Self::Planner(rule) => rule.row(name, about, &topology)?,
            Self::Static(rule) => Row::of(
                name,
                about,
                match rule.replicas {
                    Some(replicas) => StaticReplicas::new(&topology, Replicas(replicas)),
                    None => StaticReplicas::initial(&topology),
                },
            ),
            Self::Random(RandomRule {}) => {
                let alpha = u16::try_from(config.params().alpha).unwrap_or(u16::MAX);
                Row::of(name, about, RandomWalk::new(&topology, alpha))
            }
        })
    }
}

impl OracleRule {
    pub(super) fn params(&self) -> OracleParams {
        let Self { target: target_utilization, lead: lead_seconds } = *self;
        OracleParams { target_utilization, lead_seconds, ..OracleParams::default() }
    }
}

impl HpaRule {
    fn autoscaler(&self, topology: &karma_core::Topology) -> Result<HpaAutoscaler, Refused> {
        let signals: Vec<_> = std::iter::once((self.signal, self.target))
            .chain(self.queue.map(|waiting| (Signal::Queue, waiting)))
            .chain(self.entry_rate.map(|share| (Signal::EntryRate, share)))
            .collect();
        let tolerance = self.tolerance.map(|share| share.to_string().parse::<Quantity>());
        let tolerance = tolerance.transpose().map_err(|error| format!("tolerance: {error}"))?;
        let direction = |window: Option<i32>| ScalingRulesParams {
            stabilization_window_seconds: window,
            tolerance,
            ..ScalingRulesParams::default()
        };
        let written = self.stabilize_down.is_some() || self.stabilize_up.is_some() || tolerance.is_some();
        let behavior = written.then(|| BehaviorParams {
            scale_up: Some(direction(self.stabilize_up)),
            scale_down: Some(direction(self.stabilize_down)),
        });
        let params = HpaAutoscalerParams { behavior, ..HpaAutoscalerParams::default() };
        HpaAutoscaler::on(topology, &signals, &params).map_err(|error| error.to_string())
    }
}

impl RladRule {
    /// Learners that have played their training episodes, one after the other, exploring.
    fn trained(&self, config: &RunConfig) -> Result<Rlad, Refused> {
        let params = RladParams { learner: self.learner, ..RladParams::default() };
        let params = params.check().map_err(|error| error.to_string())?;
        let (setup, scenarios) = (config.setup(), config.scenarios());
        let mut knowledge = Arc::new(Knowledge::new(&setup.topology));
        for (episode, scenario) in (1..=self.episodes).zip(scenarios.iter().cycle()) {
            let learner = Rlad::new(&setup.topology, params, Arc::clone(&knowledge));
            let mut learner = learner.map_err(|error| error.to_string())?.exploring();
            let mut rng = SeedTree::new(episode).child("rlad").rng();
            let mut played = Episode::new(setup, scenario, Split::Train, episode);
            while !played.is_over() {
                let decision = learner.decide(&played.snapshot(), &mut rng);
                played.play(&decision);
            }
            knowledge = Arc::new(learner.knowledge());
        }
        Rlad::new(&setup.topology, params, knowledge).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{RunParams, Written};

    fn rule(text: &str) -> Result<RuleParams, String> {
        RuleParams::of(toml::from_str(text).unwrap())
    }

    #[test]
    fn every_kind_is_read_and_makes_a_row() {
        let config = Written::from(RunParams::default()).check().unwrap();
        for text in [
            "kind = \"hpa\"",
            "kind = \"hpa\"\nsignal = \"entry-rate\"\ntarget = 0.6\nqueue = 4.0\nstabilize_down = 60\ntolerance = 0.05",
            "kind = \"keda-like\"\nthreshold = 0.7",
            "kind = \"watermark\"\nhigh = 0.7\nlow = 0.3",
            "kind = \"pid\"\ntarget = 1.5",
            "kind = \"threshold\"",
            "kind = \"rlad-like\"\nepisodes = 1",
            "kind = \"oracle\"\ntarget = 0.7",
            "kind = \"aware-like\"\niterations = 1\nbootstrap = 1",
            "kind = \"hpa\"\nentry_rate = 0.4",
            "kind = \"ahead\"\ntarget = 0.45\nreach = 1",
            "kind = \"static\"\nreplicas = 4",
            "kind = \"static\"",
            "kind = \"random\"",
        ] {
            let rule = rule(text).unwrap();
            assert_eq!(rule.row("it", &config).unwrap().name, "it", "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_told() {
        assert!(rule("kind = \"hpaa\"").unwrap_err().contains("unknown variant `hpaa`"));
        assert!(rule("kind = \"hpa\"\ntargt = 0.5").unwrap_err().contains("unknown field `targt`"));
        let config = Written::from(RunParams::default()).check().unwrap();
        let refused = rule("kind = \"hpa\"\ntarget = -1.0").unwrap().row("it", &config).unwrap_err();
        assert_eq!(refused, "`target` is -1, allowed is a finite number above 0");
        let refused = |text: &str| rule(text).unwrap().check(&config).unwrap_err();
        assert_eq!(refused("kind = \"ahead\"\nhorizon = 0"), "`horizon` is 0, allowed is 1 to 1000");
        assert_eq!(refused("kind = \"ahead\"\nreach = 101"), "`reach` is 101, allowed is 1 to 100");
    }
}
