//! Settings of a twin.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::novelty::NoveltyParams;
use crate::{EncoderParams, ExactParams, ForestParams, NetworkParams};

/// Which model learns what was not recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// Network and forests, weighed: the most accurate one.
    #[default]
    Blend,
    /// The ensemble of networks alone: nearly as accurate, and fast enough to train in.
    Network,
    /// The forests alone.
    Forest,
    /// Ridge regression with lags: a baseline.
    Ridge,
    /// The published network of 3 × 128: a baseline.
    Plain,
}

impl ModelKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Blend, Self::Network, Self::Forest, Self::Ridge, Self::Plain];

    /// Name as written in files and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blend => "blend",
            Self::Network => "network",
            Self::Forest => "forest",
            Self::Ridge => "ridge",
            Self::Plain => "plain",
        }
    }
}

/// A twin as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwinParams {
    /// What learns (default: the blend).
    pub model: ModelKind,
    /// What it sees of the past.
    pub encoder: EncoderParams,
    /// The ensemble of networks.
    pub network: NetworkParams,
    /// The forests.
    pub forest: ForestParams,
    /// Recorded transitions.
    pub exact: ExactParams,
    /// Observations of one situation from which on the record is believed rather than the model, at least 1 (default 3:
    /// fewer say less about a noisy metric than a model does).
    pub exact_count: usize,
    /// Share of the transitions on which intervals and alarms are calibrated, in (0, 0.5] (default 0.2).
    pub calibration: f64,
    /// Steps ahead for which intervals are calibrated, 1 to 1 000 (default 40); fewer if the held-back stretches are shorter.
    pub horizon: usize,
    /// Fit once more on all transitions after calibrating, so that none is lost (default true). Intervals then err on
    /// the wide side.
    pub refit_on_all: bool,
    /// What counts as new; a coarser rate of false alarms is settled for where the data are few.
    pub novelty: NoveltyParams,
    /// Rows of the record that a twin keeps, to be played again and to be remembered in a refit, at least 1 (default
    /// 200 000). The newest windows are kept.
    pub memory: usize,
}

impl Default for TwinParams {
    fn default() -> Self {
        Self {
            model: ModelKind::default(),
            encoder: EncoderParams::default(),
            network: NetworkParams::default(),
            forest: ForestParams::default(),
            exact: ExactParams::default(),
            exact_count: 3,
            calibration: 0.2,
            horizon: 40,
            refit_on_all: true,
            novelty: NoveltyParams::default(),
            memory: 200_000,
        }
    }
}

/// A setting of a twin is out of its range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{setting} is {value}; allowed: {allowed}")]
pub struct TwinSettingError {
    /// Its name.
    pub setting: &'static str,
    /// Its value.
    pub value: String,
    /// What is allowed.
    pub allowed: &'static str,
}

impl TwinParams {
    /// Checks what is not checked by the parts themselves.
    pub(super) fn check(&self) -> Result<(), TwinSettingError> {
        let unless = |holds: bool, setting, value: String, allowed| {
            if holds { Ok(()) } else { Err(TwinSettingError { setting, value, allowed }) }
        };
        let share = self.calibration > 0.0 && self.calibration <= 0.5;
        unless(share, "calibration", self.calibration.to_string(), "above 0, at most 0.5")?;
        unless((1..=1000).contains(&self.horizon), "horizon", self.horizon.to_string(), "1 to 1000")?;
        unless(self.exact_count > 0, "exact_count", self.exact_count.to_string(), "at least 1")?;
        unless(self.memory > 0, "memory", self.memory.to_string(), "at least 1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_range_is_named_with_its_value() {
        let refused = |params: TwinParams| params.check().unwrap_err().to_string();
        let base = TwinParams::default;
        let calibration = TwinParams { calibration: 0.6, ..base() };
        assert_eq!(refused(calibration), "calibration is 0.6; allowed: above 0, at most 0.5");
        assert_eq!(refused(TwinParams { horizon: 0, ..base() }), "horizon is 0; allowed: 1 to 1000");
        assert!(base().check().is_ok());
    }
}
