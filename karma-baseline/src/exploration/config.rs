//! Settings of the exploration, as written and checked.

use karma_core::StreamRng;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Settings of an [`Exploration`](super::Exploration) as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExplorationParams {
    /// Largest change α of one service at one decision, 1 to 100. Default 3, as in the paper.
    pub alpha: u32,
    /// Mean number of decisions that a mode stays in force, 1 or more. Default 6: with a decision every 15 s one in
    /// six modes ends at once, half of them last a minute or more, and one in ten more than three.
    pub mean_decisions: f64,
    /// Probability that a walk moves a service at a decision, in (0, 1). Default 0.4: a service then rests for 2.5
    /// decisions in the mean, longer than a pod takes to start.
    pub walk_moves: f64,
    /// CPU utilisation, in percent of the request, that the HPA aims at, 1 to 1000. Default 50, the calibrated HPA.
    pub hpa_percent: i32,
    /// How often each mode is drawn.
    pub weights: ModeWeights,
}

impl Default for ExplorationParams {
    fn default() -> Self {
        Self {
            alpha: 3,
            mean_decisions: 6.0,
            walk_moves: 0.4,
            hpa_percent: 50,
            weights: ModeWeights::default(),
        }
    }
}

/// Weights of the modes, 0 to 1000; a mode is drawn with its share of the sum. The walk's must be more than 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModeWeights {
    /// The HPA. Default 0.2.
    pub hpa: f64,
    /// The random walk. Default 0.4.
    pub walk: f64,
    /// Probing steps. Default 0.2.
    pub probe: f64,
    /// Excursions. Default 0.2.
    pub excursion: f64,
}

impl Default for ModeWeights {
    fn default() -> Self {
        Self { hpa: 0.2, walk: 0.4, probe: 0.2, excursion: 0.2 }
    }
}

/// Settings that make no exploration.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("`{field}` is {value}, allowed is {allowed}")]
pub struct ExplorationError {
    /// The setting.
    pub field: &'static str,
    /// Its value.
    pub value: f64,
    /// What is allowed.
    pub allowed: &'static str,
}

/// Settings of an [`Exploration`](super::Exploration), checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExplorationConfig(ExplorationParams);

impl ExplorationParams {
    /// Checks the numbers.
    ///
    /// # Errors
    /// For the first setting that is out of its range.
    pub fn check(self) -> Result<ExplorationConfig, ExplorationError> {
        let ModeWeights { hpa, walk, probe, excursion } = self.weights;
        let refuse = |field, value, allowed| Err(ExplorationError { field, value, allowed });
        if !(1..=100).contains(&self.alpha) {
            return refuse("alpha", self.alpha.into(), "1 to 100");
        }
        if !(self.mean_decisions.is_finite() && self.mean_decisions >= 1.0) {
            return refuse("mean_decisions", self.mean_decisions, "a finite number of 1 or more");
        }
        if !(self.walk_moves > 0.0 && self.walk_moves < 1.0) {
            return refuse("walk_moves", self.walk_moves, "more than 0 and less than 1");
        }
        if !(1..=1000).contains(&self.hpa_percent) {
            return refuse("hpa_percent", self.hpa_percent.into(), "1 to 1000");
        }
        for (field, value) in
            [("weights.hpa", hpa), ("weights.probe", probe), ("weights.excursion", excursion)]
        {
            if !(0.0..=1000.0).contains(&value) {
                return refuse(field, value, "0 to 1000");
            }
        }
        if !(walk > 0.0 && walk <= 1000.0) {
            return refuse(
                "weights.walk",
                walk,
                "more than 0 and at most 1000: every decision must be possible",
            );
        }
        Ok(ExplorationConfig(self))
    }
}

/// What may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Hpa,
    Walk,
    Probe,
    Excursion,
}

impl Mode {
    pub(super) const ALL: [Self; 4] = [Self::Hpa, Self::Walk, Self::Probe, Self::Excursion];
}

impl ExplorationConfig {
    /// The settings.
    pub const fn params(&self) -> &ExplorationParams {
        &self.0
    }

    /// The probability of a new draw at a decision.
    pub(super) fn change(&self) -> f64 {
        1.0 / self.0.mean_decisions
    }

    /// The probability that a draw gives `mode`.
    pub(super) fn weight(&self, mode: Mode) -> f64 {
        let ModeWeights { hpa, walk, probe, excursion } = self.0.weights;
        let weight = match mode {
            Mode::Hpa => hpa,
            Mode::Walk => walk,
            Mode::Probe => probe,
            Mode::Excursion => excursion,
        };
        weight / (hpa + walk + probe + excursion)
    }

    pub(super) fn draw(&self, rng: &mut StreamRng) -> Mode {
        let mut left = rng.random::<f64>();
        let reached = |mode: &Mode| {
            left -= self.weight(*mode);
            left < 0.0
        };
        Mode::ALL.into_iter().find(reached).unwrap_or(Mode::Walk)
    }
}
