//! What an attacker has in hand: how strong the attack is at each entry point, and what is left to spend.

use std::iter::once;

use karma_core::{Action, ActionMask, ActionSpace, AgentSpec, Id as _, PerEntryPoint, Team, Topology};

use super::SiegeConfig;
use crate::sim::Simulation;

/// How an attack stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hand {
    config: SiegeConfig,
    space: ActionSpace,
    /// Requests per second of one unit of κ.
    units: PerEntryPoint<f64>,
    /// Seconds between two decisions.
    period: f64,
    /// The whole budget, in requests.
    budget: f64,
    /// Units of κ.
    levels: PerEntryPoint<u32>,
    /// What is left of the budget, in requests.
    left: f64,
}

impl Hand {
    pub(super) fn new(topology: &Topology, config: SiegeConfig, period: f64) -> Self {
        let params = config.params();
        let entries = u32::try_from(topology.entry_points.len()).unwrap_or(u32::MAX);
        let budget = params.budget * topology.nominal_rate().0;
        Self {
            space: ActionSpace::Attacker { entry_points: entries },
            units: topology.entry_points.map(|entry| params.kappa * entry.nominal_rate.0),
            levels: topology.entry_points.map(|_| 0),
            config,
            period,
            budget,
            left: budget,
        }
    }

    /// An episode begins.
    pub(super) fn open(&mut self) {
        self.levels.as_mut_slice().fill(0);
        self.left = self.budget;
    }

    /// The attacker, who sees `global_size` features of the cluster and these.
    pub(super) fn agent(&self, global_size: usize) -> AgentSpec {
        AgentSpec {
            name: "attacker".to_owned(),
            team: Team::Attacker,
            action_space: self.space,
            observation_size: global_size + self.levels.len() + 1,
            parts: 1,
        }
    }

    /// Carries out the attacker's move for one decision period. The last of the budget is spread over a period, after
    /// which the attack is over.
    pub(super) fn press(&mut self, action: Action, cluster: &mut Simulation) {
        let Some(chosen) = self.space.attacker(action) else { return };
        let params = self.config.params();
        if let Some(level) = self.levels.as_mut_slice().get_mut(chosen.entry_point.index()) {
            *level = level.saturating_add_signed(chosen.rate_change).min(params.most);
        }
        let rates = self.levels.iter().zip(&self.units).map(|(level, unit)| f64::from(*level) * unit);
        let rates: PerEntryPoint<f64> = rates.collect();
        let wanted = rates.iter().sum::<f64>() * self.period;
        let share = if wanted > self.left { self.left / wanted } else { 1.0 };
        for (entry, rate) in rates.iter_enumerated() {
            cluster.attack(entry, rate * share);
        }
        let altered = f64::from(chosen.data_change) / params.sigma;
        cluster.alter(if wanted * share > 0.0 { altered } else { 0.0 });
        self.left -= wanted * share;
        if share < 1.0 || self.left <= 0.0 {
            self.levels.as_mut_slice().fill(0);
            self.left = 0.0;
        }
    }

    /// The attacker's moves: rates stay between nothing and the most, and nothing grows when the budget is spent.
    pub(super) fn mask(&self) -> ActionMask {
        let most = i64::from(self.config.params().most);
        ActionMask::from_fn(self.space, |action| {
            self.space.attacker(action).is_some_and(|chosen| {
                let level = self.levels.get(chosen.entry_point).map_or(0, |level| i64::from(*level));
                let then = level + i64::from(chosen.rate_change);
                let idle = chosen.rate_change == 0 && chosen.data_change == 0;
                idle || (0..=most).contains(&then) && self.left > 0.0
            })
        })
    }

    /// What the attacker knows beside what everyone sees.
    #[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
    pub(super) fn features(&self) -> impl Iterator<Item = f32> {
        let most = f64::from(self.config.params().most);
        let levels = self.levels.iter().map(move |level| (f64::from(*level) / most) as f32);
        levels.chain(once((self.left / self.budget) as f32))
    }
}
