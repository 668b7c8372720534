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

use std::iter::once;

use karma_core::{
    Action, ActionError, ActionMask, ActionSpace, AgentSpec, Environment, EnvironmentSpec, EpisodeReport,
    Id as _, JointAction, Observation, PerEntryPoint, State, Step, Team,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ClusterEnvironment;

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
    config: SiegeConfig,
    spec: EnvironmentSpec,
    space: ActionSpace,
    hand: Hand,
}

/// How an attack stands.
#[derive(Clone, Debug, Default, PartialEq)]
struct Hand {
    /// Units of κ.
    levels: PerEntryPoint<u32>,
    /// What is left of the budget, in requests.
    left: f64,
}

impl Siege {
    /// `defended` with an attacker.
    pub fn new(defended: ClusterEnvironment, config: SiegeConfig) -> Self {
        let entries = defended.topology().entry_points.len();
        let space = ActionSpace::Attacker { entry_points: u32::try_from(entries).unwrap_or(u32::MAX) };
        let EnvironmentSpec { agents, global_size, horizon } = defended.spec().clone();
        let attacker = AgentSpec {
            name: "attacker".to_owned(),
            team: Team::Attacker,
            action_space: space,
            observation_size: global_size + entries + 1,
            parts: 1,
        };
        let agents = agents.iter().cloned().chain(once(attacker)).collect();
        let spec = EnvironmentSpec { agents, global_size: global_size + entries + 1, horizon };
        Self { defended, config, spec, space, hand: Hand::default() }
    }

    /// The report of the episode so far; `None` before the first.
    pub fn report(&self) -> Option<EpisodeReport> {
        self.defended.report()
    }

    /// Requests per second of one unit of κ at each entry point.
    fn units(&self) -> PerEntryPoint<f64> {
        self.defended.topology().entry_points.map(|entry| self.config.0.kappa * entry.nominal_rate.0)
    }

    /// The whole budget, in requests.
    fn budget(&self) -> f64 {
        self.config.0.budget * self.defended.topology().nominal_rate().0
    }

    /// Carries out the attacker's move for one decision period. The last of the budget is spread over a period, after
    /// which the attack is over.
    fn press(&mut self, action: Action) {
        let Some(chosen) = self.space.attacker(action) else { return };
        let most = self.config.0.most;
        if let Some(level) = self.hand.levels.as_mut_slice().get_mut(chosen.entry_point.index()) {
            *level = level.saturating_add_signed(chosen.rate_change).min(most);
        }
        let units = self.units();
        let rates = self.hand.levels.iter().zip(&units).map(|(level, unit)| f64::from(*level) * unit);
        let rates: PerEntryPoint<f64> = rates.collect();
        let wanted = rates.iter().sum::<f64>() * self.defended.period();
        let share = if wanted > self.hand.left { self.hand.left / wanted } else { 1.0 };
        let Some(cluster) = self.defended.cluster_mut() else { return };
        for (entry, rate) in rates.iter_enumerated() {
            cluster.attack(entry, rate * share);
        }
        let altered = f64::from(chosen.data_change) / self.config.0.sigma;
        cluster.alter(if wanted * share > 0.0 { altered } else { 0.0 });
        self.hand.left -= wanted * share;
        if share < 1.0 || self.hand.left <= 0.0 {
            self.hand.levels.as_mut_slice().fill(0);
            self.hand.left = 0.0;
        }
    }

    /// The attacker's moves: rates stay between nothing and the most, and nothing grows when the budget is spent.
    fn mask(&self) -> ActionMask {
        let most = i64::from(self.config.0.most);
        ActionMask::from_fn(self.space, |action| {
            self.space.attacker(action).is_some_and(|chosen| {
                let level = self.hand.levels.get(chosen.entry_point).map_or(0, |level| i64::from(*level));
                let then = level + i64::from(chosen.rate_change);
                let idle = chosen.rate_change == 0 && chosen.data_change == 0;
                idle || (0..=most).contains(&then) && self.hand.left > 0.0
            })
        })
    }

    /// What the attacker knows beside what everyone sees.
    #[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
    fn hand_features(&self) -> impl Iterator<Item = f32> {
        let most = f64::from(self.config.0.most);
        let levels = self.hand.levels.iter().map(move |level| (f64::from(*level) / most) as f32);
        levels.chain(once((self.hand.left / self.budget()) as f32))
    }

    /// The defenders' step with the attacker beside them.
    fn joined(&self, mut step: Step) -> Step {
        let reward = self.defended.attacker_reward();
        step.global.extend(self.hand_features());
        let seen = Observation(step.global.clone());
        step.observations = step.observations.iter().cloned().chain(once(seen)).collect();
        step.masks = step.masks.iter().cloned().chain(once(self.mask())).collect();
        step.rewards = step.rewards.iter().copied().chain(once(reward)).collect();
        step
    }
}

impl Environment for Siege {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        let levels = self.defended.topology().entry_points.map(|_| 0);
        self.hand = Hand { levels, left: self.budget() };
        let step = self.defended.reset(seed);
        self.joined(step)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        self.spec.check(action)?;
        if self.defended.is_over() {
            return Err(ActionError::EpisodeOver);
        }
        let (defence, attack) = action.as_slice().split_at(action.len() - 1);
        self.press(attack[0]);
        let step = self.defended.step(&defence.to_vec().into())?;
        Ok(self.joined(step))
    }

    fn state(&self) -> Option<&State> {
        self.defended.state()
    }
}
