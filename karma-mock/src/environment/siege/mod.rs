//! The cluster besieged: the same game with one agent more, an attacker who gains what service is lost.
//!
//! KARMA's game is zero-sum (arXiv 2505.21559, III.B): at every decision of the defenders the attacker changes the rate of
//! malicious requests at one entry point by −2 to 2 units of κ, and alters data, which adds `data_change / σ` to the
//! failure probability while its requests last. The paper gives it no limit, and without one the best attack is the
//! largest; here a rate has a most, and an episode a budget of requests, so that *where* and *when* are what it learns. The
//! scenario's own disturbances go on meanwhile; `nominal` has none.
//!
//! An attacker who studies a team shows what scripted ones do not: the worst that a frozen team can meet within a
//! budget (exploitability), or, learning beside the team, an opponent that gets better as the team does.
//!
//! [`Siege`] is the game of both sides. [`Assault`] is the attacker's alone, against any autoscaler, which stays as it is.

mod assault;
mod hand;

use std::iter::once;

use karma_core::{
    ActionError, AgentSpec, Environment, EnvironmentSpec, EpisodeReport, JointAction, Observation, State,
    Step,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use assault::{Assault, Defence};

use super::ClusterEnvironment;
use hand::Hand;

/// What an attacker may do, as written; [`SiegeConfig::try_from`] checks it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiegeParams {
    /// The paper's κ as a multiple of an entry point's nominal rate, 0.01 to 100; 1 (assumed).
    pub kappa: f64,
    /// The most that enters at one entry point, in units of κ, 1 to 1 000; 8, the extended paper's strongest attack.
    pub most: u32,
    /// Malicious requests in an episode, as seconds of the topology's whole nominal rate, 1 to 1 000 000; 720: four
    /// times the nominal rate for three minutes, a strong attack of the scenario `ddos`.
    pub budget: f64,
    /// The paper's σ, 2 to 1 000; 10.
    pub sigma: f64,
}

impl Default for SiegeParams {
    fn default() -> Self {
        Self { kappa: 1.0, most: 8, budget: 720.0, sigma: 10.0 }
    }
}

/// A setting outside of its range.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("attacker.{field}: {value} is not allowed; expected a number from {min} to {max}")]
pub struct SiegeParamsError {
    /// The setting.
    pub field: &'static str,
    /// Its value.
    pub value: f64,
    /// Least allowed.
    pub min: f64,
    /// Most allowed.
    pub max: f64,
}

/// Checked settings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SiegeConfig(SiegeParams);

impl SiegeConfig {
    /// The settings as written.
    pub const fn params(&self) -> &SiegeParams {
        &self.0
    }
}

impl TryFrom<SiegeParams> for SiegeConfig {
    type Error = SiegeParamsError;

    fn try_from(params: SiegeParams) -> Result<Self, Self::Error> {
        let ranges = [
            ("kappa", params.kappa, 0.01, 100.0),
            ("most", f64::from(params.most), 1.0, 1_000.0),
            ("budget", params.budget, 1.0, 1e6),
            ("sigma", params.sigma, 2.0, 1_000.0),
        ];
        for (field, value, min, max) in ranges {
            if !(min..=max).contains(&value) {
                return Err(SiegeParamsError { field, value, min, max });
            }
        }
        Ok(Self(params))
    }
}

/// [`ClusterEnvironment`] with an attacker as its last agent.
///
/// The attacker's observation, which is the critic's too, is the cluster's global features, then the rate at each entry
/// point as a share of the most, then the share of the budget that is left. Of that the defenders see what shows in the
/// cluster. It earns `R_a = −or(s)` ([`karma_core::RewardParams::attacker`]): the
/// game is exactly zero-sum where replicas have no price and no organisation adds to the defenders' rewards.
#[derive(Debug)]
pub struct Siege {
    defended: ClusterEnvironment,
    spec: EnvironmentSpec,
    hand: Hand,
}

impl Siege {
    /// `defended` with an attacker.
    pub fn new(defended: ClusterEnvironment, config: SiegeConfig) -> Self {
        let hand = Hand::new(defended.topology(), config, defended.period());
        let EnvironmentSpec { agents, global_size, horizon } = defended.spec().clone();
        let attacker = hand.agent(global_size);
        let global_size = attacker.observation_size;
        let agents: Vec<AgentSpec> = agents.iter().cloned().chain(once(attacker)).collect();
        let spec = EnvironmentSpec { agents: agents.into(), global_size, horizon };
        Self { defended, spec, hand }
    }

    /// The report of the episode so far; `None` before the first.
    pub fn report(&self) -> Option<EpisodeReport> {
        self.defended.report()
    }

    /// The defenders' step with the attacker beside them.
    fn joined(&self, mut step: Step) -> Step {
        let reward = self.defended.attacker_reward();
        step.global.extend(self.hand.features());
        let seen = Observation(step.global.clone());
        step.observations = step.observations.iter().cloned().chain(once(seen)).collect();
        step.masks = step.masks.iter().cloned().chain(once(self.hand.mask())).collect();
        step.rewards = step.rewards.iter().copied().chain(once(reward)).collect();
        step
    }
}

impl Environment for Siege {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        self.hand.open();
        let step = self.defended.reset(seed);
        self.joined(step)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        self.spec.check(action)?;
        if self.defended.is_over() {
            return Err(ActionError::EpisodeOver);
        }
        let (defence, attack) = action.as_slice().split_at(action.len() - 1);
        if let Some(cluster) = self.defended.cluster_mut() {
            self.hand.press(attack[0], cluster);
        }
        let step = self.defended.step(&defence.to_vec().into())?;
        Ok(self.joined(step))
    }

    fn state(&self) -> Option<&State> {
        self.defended.state()
    }
}
