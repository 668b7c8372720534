//! The digital twin: what was recorded, a model of the rest, and how far to trust it, as one artefact.
//!
//! ```text
//! T̂(s, a) = the record,  where this situation was seen often enough        (Source::Exact)
//!           the model,    otherwise                                          (Source::Learned)
//! ```
//!
//! That is the paper's T̂ = T̂ₜ ∘ T̂ₐ (section III.A). Around it lie what the published modeler lacked: intervals that are
//! calibrated for each step of a roll-out ([`Calibration`]), an alarm for situations unlike the record ([`Novelty`]), the
//! normalisation inside the artefact, and the newest recorded windows, to be played again with other decisions and to be
//! remembered in a refit.
//!
//! **Fitting.** The transitions are split once more: on the larger part a model is fitted, on the smaller part, whole
//! stretches of time that it did not see, it is rolled out, and its residuals give the intervals and the alarm. Then the
//! model is fitted once more on everything, so that nothing recorded is lost; its intervals are those of the one that knew
//! less.

mod artefact;
mod blend;
mod fit;
mod learned;
mod model;
mod params;

use karma_core::{Digest, Source};

use crate::table::{Schema, Split, Table};
use crate::{Calibration, Composed, Encoder, Forecaster, Forecasts, Inputs, Novelty};
pub use artefact::{FORMAT, TwinError};
pub use fit::{TwinFitError, TwinFitting};
pub use learned::{LearnError, Learned};
pub use model::ClusterTwin;
pub use params::{ModelKind, TwinParams, TwinSettingError};

/// A fitted twin.
#[derive(Clone, Debug)]
pub struct Twin {
    params: TwinParams,
    encoder: Encoder,
    model: Composed<Learned>,
    calibration: Calibration,
    novelty: Novelty,
    record: Table,
    origin: Origin,
}

/// Where a twin comes from.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// What was held back when it was fitted, to be judged on; `None`: nothing.
    pub split: Option<Split>,
    /// Root of the randomness of the fit.
    pub seed: u64,
    /// Digest of the table that it was fitted on.
    pub table: Digest,
    /// Transitions that it learned from, all refits included.
    pub learned: u64,
    /// Times that it was fitted again on newer data.
    pub refits: u64,
}

impl Twin {
    /// The settings.
    pub const fn params(&self) -> &TwinParams {
        &self.params
    }

    /// What it sees of the past.
    pub const fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The columns.
    pub const fn schema(&self) -> &Schema {
        self.encoder.schema()
    }

    /// The record in front of the model.
    pub const fn model(&self) -> &Composed<Learned> {
        &self.model
    }

    /// The model alone.
    pub const fn learned(&self) -> &Learned {
        self.model.model()
    }

    /// Its intervals.
    pub const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// Its alarm.
    pub const fn novelty(&self) -> &Novelty {
        &self.novelty
    }

    /// The newest windows that it learned from.
    pub const fn record(&self) -> &Table {
        &self.record
    }

    /// Where it comes from.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Forecasts, and for each row whether it was recorded or learned.
    pub fn forecast_with_sources(&self, inputs: &Inputs<'_>, out: &mut Forecasts, sources: &mut Vec<Source>) {
        self.model.forecast_with_sources(inputs, out, sources);
    }
}

impl Forecaster for Twin {
    fn name(&self) -> &'static str {
        "twin"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        self.model.forecast(inputs, out);
    }
}

#[cfg(test)]
mod tests;
