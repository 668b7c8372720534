//! Synthetic loads: constant, diurnal, and bursts.

use karma_core::StreamRng;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::span::{SettingError, Span, within};

/// The same rate in every second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConstantParams {
    /// The rate as a multiple of nominal, 0 to 100 (default 1).
    pub factor: f64,
}

impl Default for ConstantParams {
    fn default() -> Self {
        Self { factor: 1.0 }
    }
}

impl ConstantParams {
    pub(super) fn check(self) -> Result<(), SettingError> {
        within("constant.factor", self.factor, (0.0, 100.0))
    }
}

/// A sinusoid about the nominal rate, as days are in most services; the phase is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiurnalParams {
    /// Length of a day in simulated seconds, 10 to 86 400 (default 600: an episode sees one).
    pub period: f64,
    /// Share of nominal by which the rate rises and falls, 0 to 1 (default 0.5).
    pub amplitude: f64,
}

impl Default for DiurnalParams {
    fn default() -> Self {
        Self { period: 600.0, amplitude: 0.5 }
    }
}

impl DiurnalParams {
    pub(super) fn check(&self) -> Result<(), SettingError> {
        within("diurnal.period", self.period, (10.0, 86_400.0))?;
        within("diurnal.amplitude", self.amplitude, (0.0, 1.0))
    }

    pub(super) fn factors(&self, seconds: u32, rng: &mut StreamRng) -> Vec<f64> {
        let phase = rng.random::<f64>();
        let turns = |second: u32| (f64::from(second) + 0.5) / self.period + phase;
        (0..seconds)
            .map(|second| 1.0 + self.amplitude * (std::f64::consts::TAU * turns(second)).sin())
            .collect()
    }
}

/// The nominal rate, and from time to time a multiple of it: flash crowds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BurstParams {
    /// Seconds of calm before each burst, 1 to 86 400 (default 60 to 180).
    pub calm: Span,
    /// Seconds of a burst, 1 to 86 400 (default 15 to 45).
    pub duration: Span,
    /// Rate during a burst as a multiple of nominal, 0 to 100 (default 1.5 to 3; a match day of the World Cup trace
    /// grows by 1.7 to 1.8 in ten minutes).
    pub factor: Span,
}

impl Default for BurstParams {
    fn default() -> Self {
        Self { calm: Span::new(60.0, 180.0), duration: Span::new(15.0, 45.0), factor: Span::new(1.5, 3.0) }
    }
}

impl BurstParams {
    pub(super) fn check(&self) -> Result<(), SettingError> {
        self.calm.check_seconds("burst.calm", (1, 86_400))?;
        self.duration.check_seconds("burst.duration", (1, 86_400))?;
        self.factor.check("burst.factor", (0.0, 100.0))
    }

    pub(super) fn factors(&self, seconds: u32, rng: &mut StreamRng) -> Vec<f64> {
        let seconds = seconds as usize;
        let mut factors = Vec::with_capacity(seconds);
        while factors.len() < seconds {
            let calm = factors.len() + self.calm.draw_whole(rng) as usize;
            factors.resize(calm, 1.0);
            let burst = calm + self.duration.draw_whole(rng) as usize;
            factors.resize(burst, self.factor.draw(rng));
        }
        factors.truncate(seconds);
        factors
    }
}
