//! Fitting a twin, and fitting it again when newer data have come.

use std::num::NonZeroUsize;

use karma_core::{Digest, SeedTree};
use thiserror::Error;

use super::learned::{LearnError, Learned};
use super::params::{TwinParams, TwinSettingError};
use super::{Origin, Twin};
use crate::conformal::CalibrationError;
use crate::exact::ExactError;
use crate::network::Fitting;
use crate::novelty::{NoveltyError, NoveltyParams};
use crate::table::{Split, Start, Table};
use crate::{
    Calibration, CalibrationBuilder, Composed, Encoder, EncoderError, ExactTable, Forecaster as _, Forecasts,
    Novelty, Samples, Structure, roll_out,
};

/// Stretches of time into which a long window is cut to find the calibration part.
const STRETCHES: usize = 20;
/// The levels that every calibrated step is to give, the first one that the data are enough for.
const LEVELS: [f64; 4] = [0.95, 0.9, 0.8, 0.5];
/// Rates of false alarms that are settled for, in this order, where the data are not enough for the one asked for: a rate at
/// which nothing could ever alarm would be worse than a coarser one.
const COARSER_ALARMS: [f64; 3] = [0.02, 0.05, 0.1];

/// What a twin is fitted on and how.
#[derive(Clone, Copy, Debug)]
pub struct TwinFitting<'a> {
    /// The data.
    pub table: &'a Table,
    /// What is held back from learning; `None`: nothing.
    pub split: Option<&'a Split>,
    /// The settings.
    pub params: &'a TwinParams,
    /// What is known of the system without learning.
    pub structure: &'a Structure,
    /// Root of all randomness.
    pub seed: u64,
    /// The result does not depend on how many there are.
    pub threads: NonZeroUsize,
}

/// Why a twin could not be fitted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum TwinFitError {
    /// A setting of the twin.
    #[error(transparent)]
    Setting(#[from] TwinSettingError),
    /// A setting of the encoder.
    #[error("encoder.{0}")]
    Encoder(#[from] EncoderError),
    /// A setting of the record.
    #[error("exact: {0}")]
    Exact(#[from] ExactError),
    /// The model.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// Too few transitions to calibrate on.
    #[error("the intervals cannot be calibrated: {0}")]
    Calibration(#[from] CalibrationError),
    /// Too few transitions for the alarm.
    #[error("the alarm cannot be calibrated: {0}")]
    Novelty(#[from] NoveltyError),
    /// New data have other columns.
    #[error("the new data have other columns than the twin: it has {expected}, they have {found}")]
    OtherColumns {
        /// Digest of the twin's schema.
        expected: Digest,
        /// Digest of the data's schema.
        found: Digest,
    },
}

impl Twin {
    /// Fits a twin.
    ///
    /// # Errors
    /// If a setting is out of its range, or there are too few transitions.
    pub fn fit(fitting: &TwinFitting<'_>) -> Result<Self, TwinFitError> {
        let TwinFitting { table, params, .. } = *fitting;
        params.check()?;
        let encoder =
            Encoder::new(table.schema().clone(), params.encoder.clone(), fitting.structure.clone())?;
        let starts = learned_from(table, fitting.split);
        let work = Work { encoder: &encoder, fitting, before: None };
        let (model, calibration, novelty) = work.fit(&starts)?;
        let origin = Origin {
            split: fitting.split.cloned(),
            seed: fitting.seed,
            table: table.digest(),
            learned: starts.len() as u64,
            refits: 0,
        };
        let record = newest(table, &starts, params.memory);
        Ok(Self { params: params.clone(), encoder, model, calibration, novelty, record, origin })
    }

    /// Fits the twin again on newer data without forgetting: the windows that it remembers are learned from together with
    /// all new ones, and its networks go on from what they know. The structure stays.
    ///
    /// # Errors
    /// If the new data have other columns, or are too few.
    pub fn refit(&self, fitting: &TwinFitting<'_>) -> Result<Self, TwinFitError> {
        let (expected, found) = (self.schema().digest(), fitting.table.schema().digest());
        if expected != found {
            return Err(TwinFitError::OtherColumns { expected, found });
        }
        let new = newest(fitting.table, &learned_from(fitting.table, fitting.split), usize::MAX);
        let windows = self.record.windows().iter().chain(new.windows()).cloned();
        let together = Table::new(self.schema().clone(), windows);
        let all = TwinFitting { table: &together, split: None, params: &self.params, ..*fitting };
        let starts = learned_from(&together, None);
        let work = Work { encoder: &self.encoder, fitting: &all, before: Some(self.learned()) };
        let (model, calibration, novelty) = work.fit(&starts)?;
        let origin = Origin {
            seed: fitting.seed,
            table: fitting.table.digest(),
            learned: self.origin.learned + new.transitions() as u64,
            refits: self.origin.refits + 1,
            split: fitting.split.cloned(),
        };
        let record = newest(&together, &starts, self.params.memory);
        let (params, encoder) = (self.params.clone(), self.encoder.clone());
        Ok(Self { params, encoder, model, calibration, novelty, record, origin })
    }
}

/// The transitions that are learned from, sorted.
fn learned_from(table: &Table, split: Option<&Split>) -> Vec<Start> {
    let mut starts = split.map_or_else(|| table.starts().collect(), |split| split.divide(table).0);
    starts.sort_unstable();
    starts
}

/// One fit: the calibration part is found, a model judged on it, and a model fitted on all.
struct Work<'a> {
    encoder: &'a Encoder,
    fitting: &'a TwinFitting<'a>,
    before: Option<&'a Learned>,
}

type Parts = (Composed<Learned>, Calibration, Novelty);

impl Work<'_> {
    fn fit(&self, starts: &[Start]) -> Result<Parts, TwinFitError> {
        let params = self.fitting.params;
        let (most, rest) = self.divide(starts);
        let (judged, samples) = self.model(&most)?;
        let calibration = self.calibrate(&judged, &rest)?;
        let novelty = self.novelty(&judged, &samples, &rest)?;
        let model = if params.refit_on_all { self.model(starts)?.0 } else { judged };
        Ok((model, calibration, novelty))
    }

    /// Every so-manieth stretch of time is for calibration: a window, or a part of a long one.
    fn divide(&self, starts: &[Start]) -> (Vec<Start>, Vec<Start>) {
        let share = self.fitting.params.calibration;
        let stretch = starts.len().div_ceil(STRETCHES).max(1);
        let mut turn = 0.0;
        let (mut most, mut rest) = (Vec::new(), Vec::new());
        for window in starts.chunk_by(|a, b| a.window == b.window) {
            for stretch in window.chunks(stretch.max(self.fitting.params.horizon)) {
                turn += share;
                // The last stretch of each 1 / share: the newest are as likely as the oldest to be held back.
                if turn >= 1.0 - 1e-9 {
                    turn -= 1.0;
                    rest.extend_from_slice(stretch);
                } else {
                    most.extend_from_slice(stretch);
                }
            }
        }
        (most, rest)
    }

    fn model(&self, starts: &[Start]) -> Result<(Composed<Learned>, Samples), TwinFitError> {
        let TwinFitting { table, params, seed, threads, .. } = *self.fitting;
        let samples = Samples::of(self.encoder, table, starts);
        let seed = SeedTree::new(seed).child("twin");
        let fitting = Fitting { encoder: self.encoder, table, starts, seed, threads };
        let learned = match self.before {
            Some(before) => before.refit(&fitting, &samples, params)?,
            None => Learned::fit(&fitting, &samples, params)?,
        };
        let exact = ExactTable::new(self.encoder, &samples, params.exact)?;
        Ok((Composed::new(exact, learned, params.exact_count), samples))
    }

    fn calibrate(&self, model: &Composed<Learned>, rest: &[Start]) -> Result<Calibration, TwinFitError> {
        // Cut out: a roll-out must not run on into what was learned.
        let table = newest(self.fitting.table, rest, usize::MAX);
        let starts: Vec<Start> = table.starts().collect();
        let steps = self.fitting.params.horizon.min(longest(&table, &starts));
        let mut builder = CalibrationBuilder::new(steps, self.encoder.schema().predicted().len());
        roll_out(self.encoder, model, &table, &starts, steps, &mut |visit| builder.visit(&visit));
        let mut calibration = builder.finish(LEVELS[0]);
        for level in &LEVELS[1..] {
            calibration = calibration.or_else(|_| builder.finish(*level));
        }
        Ok(calibration?)
    }

    fn novelty(
        &self,
        model: &Composed<Learned>,
        samples: &Samples,
        rest: &[Start],
    ) -> Result<Novelty, TwinFitError> {
        let held_out = Samples::of(self.encoder, self.fitting.table, rest);
        let mut forecasts = Forecasts::default();
        model.model().forecast(&held_out.inputs(), &mut forecasts);
        let (params, epistemic) = (self.fitting.params.novelty, Some(forecasts.epistemic.as_slice()));
        let fit = |epistemic, false_alarms| {
            Novelty::fit(self.encoder, samples, &held_out, epistemic, NoveltyParams { false_alarms })
        };
        let mut novelty = fit(epistemic, params.false_alarms);
        for coarser in COARSER_ALARMS.into_iter().filter(|rate| *rate > params.false_alarms) {
            novelty = novelty.or_else(|_| fit(epistemic, coarser));
        }
        // Too few for two scores at any of these rates: the distance alone needs a third of them.
        let coarsest = COARSER_ALARMS.into_iter().fold(params.false_alarms, f64::max);
        Ok(novelty.or_else(|_| fit(None, coarsest))?)
    }
}

/// Roll-outs that a step must have to be calibrated.
const ENOUGH: usize = 40;

/// The longest roll-out of which there are enough to calibrate on; at least 1.
fn longest(table: &Table, starts: &[Start]) -> usize {
    let length = |start: &Start| table.windows()[start.window].transitions() - start.row;
    let mut lengths: Vec<usize> = starts.iter().map(length).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    lengths.get(ENOUGH).or(lengths.last()).copied().unwrap_or(1)
}

/// The newest windows with `rows` rows at the most, cut to what was learned from.
fn newest(table: &Table, starts: &[Start], rows: usize) -> Table {
    let mut left = rows;
    let mut windows = Vec::new();
    let groups: Vec<&[Start]> = starts.chunk_by(|a, b| a.window == b.window && a.row + 1 == b.row).collect();
    for group in groups.iter().rev() {
        let (first, last) = (group[0], group[group.len() - 1]);
        let length = last.row + 2 - first.row;
        if length > left {
            break;
        }
        left -= length;
        windows.push(table.windows()[first.window].slice(first.row, last.row + 2));
    }
    windows.reverse();
    Table::new(table.schema().clone(), windows)
}
