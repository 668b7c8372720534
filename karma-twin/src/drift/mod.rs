//! Drift: does the cluster still do what the twin was fitted to?
//!
//! New transitions are forecast one step ahead, exactly as those of the calibration were, and compared with it:
//!
//! * **coverage** of each column: as many truths inside the intervals as promised?
//! * **bias** of each column: does the mean residual stay where it was?
//! * **novelty**: are there more situations that nothing was learned from?
//!
//! A refit is due for reasons that are both *large* (beyond a margin) and *sure* (beyond a significance that is divided
//! by the number of tests, after Bonferroni). The test of a rate knows that the calibration was a sample too: given
//! n calibration residuals and tail rank t, the number of hits among m exchangeable transitions is beta-binomial with
//! a = n + 1 − 2t and b = 2t (Vovk, *Conditional validity of inductive conformal predictors*, ACML 2012), which is wider
//! than a binomial number and becomes one as n grows. Rows near each other in time are not independent, so how much
//! they clump is measured, and m and n count for less by as much.
//!
//! The report is what was measured at one time. Whether to refit at once, or only after several such reports, is for
//! the caller to decide.

mod tail;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::novelty::{Novelty, Point};
use crate::table::{Start, Table};
use crate::{Calibration, Encoder, Forecaster, Samples, roll_out};

/// Standard errors by which a mean residual must have moved to count.
const SURE: f64 = 4.0;

/// Settings as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DriftParams {
    /// Level of the intervals, above 0 and below 1 (default 0.9).
    pub level: f64,
    /// Probability of a reason where nothing has changed, over all tests of a report (default 0.01).
    pub significance: f64,
    /// Coverage that may be lost, as a share, 0 or more (default 0.05).
    pub coverage_margin: f64,
    /// Standard deviations of the calibration's residuals by which their mean may move, 0 or more (default 0.5).
    pub bias_margin: f64,
    /// Multiple of the stated rate of false alarms that novelty may reach, 0 or more (default 2).
    pub novelty_factor: f64,
}

impl Default for DriftParams {
    fn default() -> Self {
        Self { level: 0.9, significance: 0.01, coverage_margin: 0.05, bias_margin: 0.5, novelty_factor: 2.0 }
    }
}

/// Drift cannot be measured.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum DriftError {
    /// A setting is out of its range.
    #[error("{setting} of the drift report is {value}; allowed: {allowed}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The calibration is of other columns, or too small for the level.
    #[error(
        "the calibration has no finite interval of level {level} for column {column}: calibrate on more windows"
    )]
    Level {
        /// Predicted column, from 0.
        column: usize,
        /// The level.
        level: f64,
    },
}

/// What new transitions are compared with.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Encodes the past, as it did for the calibration.
    pub encoder: &'a Encoder,
    /// The model that was calibrated.
    pub forecaster: &'a dyn Forecaster,
    /// Its calibration; step 1 is used.
    pub calibration: &'a Calibration,
    /// What it learned from, if that is known.
    pub novelty: Option<&'a Novelty>,
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("forecaster", &self.forecaster.name()).finish_non_exhaustive()
    }
}

/// One predicted column, now and at calibration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// Its name.
    pub name: String,
    /// Transitions whose truth and forecast are there.
    pub known: usize,
    /// Mean standardised residual now; `None` without transitions.
    pub residual: Option<f64>,
    /// Mean standardised residual at calibration.
    pub residual_before: f64,
    /// Standard deviation of the residuals at calibration.
    pub deviation_before: f64,
    /// Share of truths inside the intervals now; `None` without transitions.
    pub coverage: Option<f64>,
    /// Probability of as few hits if nothing has changed; 1 without transitions.
    pub p_value: f64,
}

/// How much of it is new.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoveltyDrift {
    /// Situations that were judged.
    pub judged: usize,
    /// Those that were called novel.
    pub novel: usize,
    /// The share of ordinary situations that is.
    pub false_alarms: f64,
    /// Probability of as many if nothing has changed.
    pub p_value: f64,
}

/// What was measured, and whether a refit is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// New transitions.
    pub transitions: usize,
    /// Level of the intervals.
    pub level: f64,
    /// Each predicted column.
    pub columns: Vec<ColumnDrift>,
    /// Novelty, if what was learned from is known.
    pub novelty: Option<NoveltyDrift>,
    /// Why a refit is due, in words; empty if it is not.
    pub reasons: Vec<String>,
}

impl DriftReport {
    /// Compares the transitions of `table` that start at `starts` (sorted) with a calibration.
    ///
    /// # Errors
    /// If a setting is out of its range, or the calibration does not reach the level.
    pub fn measure(
        watch: &Watch<'_>,
        table: &Table,
        starts: &[Start],
        params: DriftParams,
    ) -> Result<Self, DriftError> {
        params.check()?;
        let predicted = watch.encoder.schema().predicted();
        let mut tallies = vec![Tally::default(); predicted.len()];
        let mut epistemic = vec![f32::NAN; starts.len() * predicted.len()];
        roll_out(watch.encoder, watch.forecaster, table, starts, 1, &mut |visit| {
            for (column, tally) in tallies.iter_mut().enumerate() {
                let forecast = (visit.median[column], visit.spread(column));
                tally.add(watch.calibration, (column, params.level), forecast, visit.truth[column]);
            }
            let place = visit.place * predicted.len();
            epistemic[place..place + predicted.len()].copy_from_slice(visit.epistemic);
        });
        let columns = tallies.iter().zip(predicted).enumerate();
        let columns = columns.map(|(index, (tally, column))| {
            tally.measure(watch.calibration, (index, params.level), &column.name)
        });
        let columns: Vec<ColumnDrift> = columns.collect::<Result<_, _>>()?;
        let novelty = watch.novelty.map(|novelty| {
            let samples = Samples::of(watch.encoder, table, starts);
            NoveltyDrift::measure(novelty, watch.encoder, &samples, |start| {
                let place = starts.binary_search(start).ok()? * predicted.len();
                epistemic.get(place..place + predicted.len())
            })
        });
        let (transitions, level) = (starts.len(), params.level);
        let mut report = Self { transitions, level, columns, novelty, reasons: Vec::new() };
        report.reasons = report.reasons(&params);
        Ok(report)
    }

    /// Whether there is a reason to refit.
    pub const fn refit_due(&self) -> bool {
        !self.reasons.is_empty()
    }

    fn reasons(&self, params: &DriftParams) -> Vec<String> {
        let tests = self.columns.len() + usize::from(self.novelty.is_some());
        let significance = params.significance / tests as f64;
        let coverage = self.columns.iter().filter_map(|column| column.lost_coverage(params, significance));
        let bias = self.columns.iter().filter_map(|column| column.moved(params));
        let novelty = self.novelty.iter().filter_map(|novelty| novelty.grew(params, significance));
        coverage.chain(bias).chain(novelty).collect()
    }
}

impl DriftParams {
    fn check(&self) -> Result<(), DriftError> {
        let refuse = |setting, value, allowed| Err(DriftError::Setting { setting, value, allowed });
        for (setting, value) in [("level", self.level), ("significance", self.significance)] {
            if !(value > 0.0 && value < 1.0) {
                return refuse(setting, value, "above 0 and below 1");
            }
        }
        let margins = [("coverage_margin", self.coverage_margin), ("bias_margin", self.bias_margin)];
        for (setting, value) in margins.into_iter().chain([("novelty_factor", self.novelty_factor)]) {
            if !(value.is_finite() && value >= 0.0) {
                return refuse(setting, value, "a finite number, 0 or more");
            }
        }
        Ok(())
    }
}

/// Counts of one column.
#[derive(Clone, Debug, Default)]
struct Tally {
    /// Whether each truth lay inside its interval, in the order of time.
    inside: Vec<bool>,
    /// Sum of the residuals.
    sum: f64,
}

impl Tally {
    fn add(
        &mut self,
        calibration: &Calibration,
        (column, level): (usize, f64),
        forecast: (f32, f32),
        truth: f32,
    ) {
        let interval = calibration.interval((1, column), forecast, level);
        let residual = calibration.residual((1, column), forecast, truth);
        if let Some((interval, residual)) = interval.zip(residual) {
            self.inside.push(interval.contains(truth));
            self.sum += residual;
        }
    }

    fn measure(
        &self,
        calibration: &Calibration,
        (column, level): (usize, f64),
        name: &str,
    ) -> Result<ColumnDrift, DriftError> {
        let shape = calibration.shape_of_coverage(1, column, level);
        let before = calibration.moments(1, column);
        let (shape, (residual_before, deviation_before)) =
            shape.zip(before).ok_or(DriftError::Level { column, level })?;
        let (known, hits) = (self.inside.len(), self.inside.iter().filter(|inside| **inside).count());
        let per_known = |total: f64| (known > 0).then(|| total / known as f64);
        Ok(ColumnDrift {
            name: name.to_owned(),
            known,
            residual: per_known(self.sum),
            residual_before,
            deviation_before,
            coverage: per_known(hits as f64),
            p_value: tail::p_value(&self.inside, shape),
        })
    }
}

impl ColumnDrift {
    fn lost_coverage(&self, params: &DriftParams, significance: f64) -> Option<String> {
        let coverage = self.coverage.filter(|share| *share < params.level - params.coverage_margin)?;
        (self.p_value < significance).then(|| {
            format!(
                "{}: {:.1} % of {} truths lie inside the intervals of level {:.1} % (p = {:.1e})",
                self.name,
                100.0 * coverage,
                self.known,
                100.0 * params.level,
                self.p_value
            )
        })
    }

    fn moved(&self, params: &DriftParams) -> Option<String> {
        let residual = self.residual?;
        let distance = (residual - self.residual_before).abs();
        let error = self.deviation_before / (self.known as f64).sqrt();
        (distance > params.bias_margin * self.deviation_before && distance > SURE * error).then(|| {
            format!(
                "{}: truths lie {:+.2} spreads from the median on average over {}; at calibration {:+.2} ± {:.2}",
                self.name, residual, self.known, self.residual_before, self.deviation_before
            )
        })
    }
}

impl NoveltyDrift {
    fn measure<'a>(
        novelty: &Novelty,
        encoder: &Encoder,
        samples: &Samples,
        epistemic: impl Fn(&Start) -> Option<&'a [f32]>,
    ) -> Self {
        let (groups, mut scratch) = (encoder.groups(), novelty.scratch());
        let (columns, mut given, mut known) = (groups.present.len(), Vec::new(), Vec::new());
        for (row, start) in samples.starts.iter().enumerate() {
            let features = &samples.features[row * groups.derived.end..(row + 1) * groups.derived.end];
            given.clear();
            given.extend_from_slice(&features[groups.controls.clone()]);
            given.extend_from_slice(&features[groups.exogenous.clone()]);
            let present = &samples.present[row * columns..(row + 1) * columns];
            let point = Point { present, given: &given, epistemic: epistemic(start) };
            known.push(!novelty.judge(&point, &mut scratch).novel);
        }
        let (novel, (a, b)) = (known.iter().filter(|known| !**known).count(), novelty.shape_of_alarms());
        let (judged, p_value) = (known.len(), tail::p_value(&known, (b, a)));
        Self { judged, novel, false_alarms: novelty.params().false_alarms, p_value }
    }

    fn grew(&self, params: &DriftParams, significance: f64) -> Option<String> {
        let rate = self.novel as f64 / self.judged.max(1) as f64;
        (rate > params.novelty_factor * self.false_alarms && self.p_value < significance).then(|| {
            format!(
                "{} of {} situations are novel: {:.1} % where {:.1} % is normal (p = {:.1e})",
                self.novel,
                self.judged,
                100.0 * rate,
                100.0 * self.false_alarms,
                self.p_value
            )
        })
    }
}

#[cfg(test)]
mod tests;
