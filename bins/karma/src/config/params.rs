//! A run as written: every setting, its unit and its default.

use karma_core::RewardParams;
use karma_guard::SafetyParams;
use karma_marl::{MappoParams, StopParams};
use karma_mock::Split;
use karma_mock::environment::{LookaheadParams, SiegeParams};
use karma_mock::sim::SimulationParams;
use karma_twin::environment::FaultParams;
use serde::{Deserialize, Serialize};

use super::budget::Budget;
use super::choice::{ScenarioChoice, WorkloadChoice};
use crate::organization::BUILT_IN;

/// A run as written in a configuration file. Every field has a default; an unknown one is an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunParams {
    /// The services: a name such as `chain4` or `mesh:20:7`, or the path of a `topology.json`. Default `chain4`.
    pub topology: String,
    /// The legitimate load: a name such as `worldcup98`, the path of a CSV file, or a table with a `kind`. Default
    /// `worldcup98`, a recorded trace.
    pub workload: WorkloadChoice,
    /// What may happen in an episode: names such as `ddos` or `ddos:4`, or tables. Default: the whole suite.
    pub scenarios: Vec<ScenarioChoice>,
    /// Train in this twin of the cluster (a file of `karma-model fit`, or its directory) instead of the simulated cluster.
    /// Evaluation is in the simulated cluster in any case. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// Faults that are laid over the recordings of the twin, which they never held. Default: none.
    pub faults: FaultParams,
    /// The organisation of the team: `karma`, `soft` (the same, but nothing is masked), `none`, or the path of a
    /// specification or guides file. Default `karma`.
    pub organization: String,
    /// Hardness of every role, 0 (rewards only) to 1 (masks). Default: what the organisation's guides say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardness: Option<f32>,
    /// Whether the safety shield stands between every policy and the cluster, in training and in evaluation, under the limits
    /// of `safety`. Default true.
    pub shield: bool,
    /// The root of all randomness of training, 0 to 2⁶³ − 1. Default 1.
    pub seed: u64,
    /// How long to train: a time on the wall clock (`"90s"`, `"3m"`, `"1h"`) or a number of iterations. Default `"3m"`;
    /// evaluation comes on top.
    pub budget: Budget,
    /// Seconds between two decisions, 1 to 3600. Default 15, the period of the Kubernetes HPA.
    pub decision_period: f64,
    /// Most replicas by which an agent changes a service at one decision, 1 to 100. Default 3, as in the paper.
    pub alpha: u32,
    /// States that an observation shows, the present one included, 1 to 16. Default 2: a pod takes longer than one decision
    /// to start, so that one state does not tell what is under way.
    pub history: usize,
    /// Rounds of moves at one decision of a trained team, 1 to 1000; an agent moves one service in each, and a service is moved in
    /// one of them. Training has one. Default: ⌈services / agents⌉, as many moves as there are services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<usize>,
    /// How an observation is read: `parts`, one for each service, by one network that learns from all of them and goes to
    /// other topologies; or `whole`, by a network that knows the services by their places. Default `parts`.
    pub observation: ObservationForm,
    /// Threads for episodes, 1 to 1024. Default: as many as the machine runs at once. No result depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Train against an attacker that learns, too, within these limits, on top of what the scenarios do. Evaluation is
    /// against the scenarios alone in any case. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attacker: Option<SiegeParams>,
    /// Whether a trained team looks ahead in a twin of the present before it decides, and how far. Evaluation only: training knows
    /// nothing of it. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookahead: Option<LookaheadParams>,
    /// What the shield holds every policy to.
    pub safety: SafetyParams,
    /// The simulated cluster.
    pub simulation: SimulationParams,
    /// Whom the team imitates, as much as `learner.imitation` says: `oracle`, the clairvoyant, which knows the coming load;
    /// `threshold`, the rule, which goes by what is there; `prudent`, of each service the higher of what both ask for; or
    /// `none`. Only in the simulated cluster. Default `prudent`.
    pub teacher: Teacher,
    /// Whether the critic, which exists in training only, is told of the coming load and speeds: what an episode's load does to
    /// its return is then not taken for the team's merit. Only in the simulated cluster. Default true.
    pub informed_critic: bool,
    /// What the team is rewarded for.
    pub reward: RewardParams,
    /// The learner.
    pub learner: MappoParams,
    /// Reasons to stop before the budget is spent, among them the paper's criterion. Default: none.
    pub stop: StopParams,
    /// The comparison at the end.
    pub evaluation: EvaluationParams,
}

impl Default for RunParams {
    fn default() -> Self {
        Self {
            topology: "chain4".to_owned(),
            workload: WorkloadChoice::named("worldcup98"),
            scenarios: ScenarioChoice::suite(),
            twin: None,
            faults: FaultParams::default(),
            organization: BUILT_IN.to_owned(),
            hardness: None,
            shield: true,
            seed: 1,
            budget: Budget::default(),
            decision_period: 15.0,
            alpha: 3,
            history: 2,
            rounds: None,
            observation: ObservationForm::Parts,
            threads: None,
            attacker: None,
            lookahead: None,
            safety: SafetyParams::default(),
            simulation: SimulationParams::default(),
            teacher: Teacher::Prudent,
            informed_critic: true,
            reward: RewardParams::default(),
            learner: MappoParams::default(),
            stop: StopParams::default(),
            evaluation: EvaluationParams::default(),
        }
    }
}

/// How an observation is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservationForm {
    /// A part for each service, with what surrounds it.
    Parts,
    /// All services at once.
    Whole,
}

/// Whom a team imitates in its training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Teacher {
    /// Nobody.
    None,
    /// The clairvoyant, which knows the coming load and speeds.
    Oracle,
    /// The threshold rule.
    Threshold,
    /// Both: of each service the higher of what the clairvoyant and the threshold rule ask for.
    Prudent,
}

/// How the rows of the table are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluationParams {
    /// Episodes of each scenario, 1 to 10 000. Default 10; they are the same for every row and every run.
    pub seeds: usize,
    /// Which part of the randomness and of a recorded trace: `"evaluation"`, or `"calibration"` while tuning.
    /// Default `"evaluation"`.
    pub split: Split,
    /// Resamples behind each interval, 1 to 10⁷. Default 10 000.
    pub resamples: usize,
    /// Probability that an interval is meant to cover, above 0 and below 1. Default 0.95.
    pub confidence: f64,
}

impl Default for EvaluationParams {
    fn default() -> Self {
        Self { seeds: 10, split: Split::Evaluation, resamples: 10_000, confidence: 0.95 }
    }
}
