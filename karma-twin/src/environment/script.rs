//! A recorded window, prepared for replay: its rows, and what the model did not foresee at each of its steps.

use std::num::NonZeroUsize;
use std::ops::Range;

use karma_core::Seconds;
use thiserror::Error;

use super::ClusterModel;
use crate::cluster::ClusterError;
use crate::cluster::layout::Columns;
use crate::table::{Table, Window};
use crate::trace::TraceWindow;
use crate::{Forecasts, Inputs};

/// Residuals beyond this many spreads are carried as they are: an outage that the model never expected says nothing
/// of how noisy a quiet cluster is.
const MOST_SPREADS: f32 = 4.0;
/// A spread below this is no spread: the whole residual is carried as it is.
const LEAST_SPREAD: f32 = 1e-6;

/// What the model did not foresee of one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Residual {
    /// The truth is median + `spreads` · spread + `rest`.
    Known {
        /// Standardised, within ±[`MOST_SPREADS`].
        spreads: f32,
        /// What is beyond, on the column's scale.
        rest: f32,
    },
    /// There was a value, but no forecast of it, because none was known before.
    Unforeseen(f32),
    /// Other metrics of the service were sampled and this one was not defined: there was nothing to measure. Under
    /// other decisions there may be, so the model's median stands in.
    Undefined,
    /// The sample was lost, as it would have been under any decision.
    Lost,
}

impl Residual {
    /// The residual of a value that is known.
    pub(super) fn of(truth: f32, median: f32, spread: f32) -> Self {
        if !median.is_finite() {
            return Self::Unforeseen(truth);
        }
        let error = truth - median;
        if spread < LEAST_SPREAD {
            return Self::Known { spreads: 0.0, rest: error };
        }
        let spreads = (error / spread).clamp(-MOST_SPREADS, MOST_SPREADS);
        Self::Known { spreads, rest: error - spreads * spread }
    }

    /// The value under another forecast.
    pub(super) fn add_to(self, median: f32, spread: f32) -> f32 {
        match self {
            Self::Known { spreads, rest } => median + spreads * spread + rest,
            Self::Unforeseen(truth) => truth,
            Self::Undefined => median,
            Self::Lost => f32::NAN,
        }
    }
}

/// A stretch of a recorded window, at most one episode long.
#[derive(Clone, Debug)]
pub struct Script {
    /// The encoder's memory at the first row, with the whole past of the window.
    pub(super) memory: Vec<f32>,
    /// Steps + 1 rows.
    rows: Window,
    /// Age of the samples of each row.
    ages: Vec<Option<Seconds>>,
    /// Steps × predicted columns.
    residuals: Vec<Residual>,
}

/// Windows that cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScriptError {
    /// Traces of another topology.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A table of another schema.
    #[error("the table has other columns than the model")]
    Schema,
    /// A reward needs the resilience terms, an action the desired replicas.
    #[error(
        "window {window} ({run:?}) has no step at which all resilience terms and desired replicas are known: \
         a replay starts from one"
    )]
    Unknown {
        /// Number of the window, from 0.
        window: usize,
        /// Its scenario.
        run: String,
    },
}

impl Script {
    /// Cuts recorded windows into scripts of at most `horizon` steps. Each begins with the past of its window, from the
    /// first row on at which resilience terms and desired replicas are known; a rest shorter than half a horizon is left
    /// out, unless it is all there is, and so are windows without a transition.
    ///
    /// # Errors
    /// If a window is of another topology, or nowhere known enough to start from.
    pub fn cut(
        model: &ClusterModel,
        windows: &[TraceWindow],
        horizon: NonZeroUsize,
    ) -> Result<Vec<Self>, ScriptError> {
        model.table.check(windows)?;
        let mut scripts = Vec::new();
        for (index, window) in windows.iter().enumerate() {
            let ages: Vec<_> = window.steps.iter().map(|step| step.state.age).collect();
            scripts.extend(Self::of_window((index, model.table.window_of(window)), &ages, model, horizon)?);
        }
        Ok(scripts)
    }

    /// The same for the windows of a table, which does not say how old its samples were: `age` does.
    ///
    /// # Errors
    /// If the table has another schema, or a window is nowhere known enough to start from.
    pub fn cut_table(
        model: &ClusterModel,
        table: &Table,
        age: Option<Seconds>,
        horizon: NonZeroUsize,
    ) -> Result<Vec<Self>, ScriptError> {
        if table.schema() != model.table.schema() {
            return Err(ScriptError::Schema);
        }
        let mut scripts = Vec::new();
        for (index, window) in table.windows().iter().enumerate() {
            let ages = vec![age; window.len()];
            scripts.extend(Self::of_window((index, window.clone()), &ages, model, horizon)?);
        }
        Ok(scripts)
    }

    fn of_window(
        (index, rows): (usize, Window),
        ages: &[Option<Seconds>],
        model: &ClusterModel,
        horizon: NonZeroUsize,
    ) -> Result<Vec<Self>, ScriptError> {
        if rows.transitions() == 0 {
            return Ok(Vec::new());
        }
        let reading = Reading::of(model, rows);
        let Some(first) = reading.first_start(model) else {
            return Err(ScriptError::Unknown { window: index, run: reading.rows.run().to_owned() });
        };
        let stretches = cut(first..reading.rows.transitions(), horizon.get());
        Ok(stretches.map(|steps| reading.script(ages, steps)).collect())
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.rows.transitions()
    }

    /// The scenario that was recorded.
    pub fn run(&self) -> &str {
        self.rows.run()
    }

    /// Lengths of its rows and of the memory that it starts from.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.rows.row(0).len(), self.memory.len())
    }

    /// The recorded row after `step` steps.
    pub(super) fn row(&self, step: usize) -> &[f32] {
        self.rows.row(step)
    }

    /// What the model did not foresee of the row after `step` steps, which is at least 1.
    pub(super) fn residuals(&self, step: usize) -> &[Residual] {
        let columns = self.residuals.len() / self.steps();
        &self.residuals[(step - 1) * columns..step * columns]
    }

    /// The moment of the row after `step` steps, in seconds.
    pub(super) fn time(&self, step: usize) -> f64 {
        self.rows.times()[step]
    }

    /// The age of its samples.
    pub(super) fn age(&self, step: usize) -> Option<Seconds> {
        self.ages[step]
    }

    /// Its first and its last moment.
    pub(super) fn span(&self) -> Range<f64> {
        self.time(0)..self.time(self.steps())
    }
}

/// Stretches of at most `horizon` steps. The last one is left out if it is shorter than half a horizon and not the
/// first.
fn cut(steps: Range<usize>, horizon: usize) -> impl Iterator<Item = Range<usize>> {
    let Range { start, end } = steps;
    let stretches =
        (start..end).step_by(horizon).map(move |from| from..from.saturating_add(horizon).min(end));
    stretches.filter(move |stretch| stretch.start == start || 2 * stretch.len() >= horizon)
}

/// A window as the model reads it.
struct Reading {
    rows: Window,
    /// Rows × memory.
    memories: Vec<f32>,
    /// Transitions × predicted columns.
    residuals: Vec<Residual>,
}

impl Reading {
    fn of(model: &ClusterModel, rows: Window) -> Self {
        let encoder = &model.encoder;
        let predicted = encoder.schema().predicted().len();
        let mut memory = vec![0.0; encoder.memory()];
        let (mut memories, mut present) = (Vec::new(), Vec::new());
        let (mut features, mut moved) = (vec![0.0; encoder.features() * rows.transitions()], Vec::new());
        for (step, row) in rows.rows().enumerate() {
            if step == 0 {
                encoder.begin(row, &mut memory);
            } else {
                encoder.push(row, &mut memory);
            }
            memories.extend_from_slice(&memory);
            if step < rows.transitions() {
                let features = &mut features[step * encoder.features()..][..encoder.features()];
                moved.push(encoder.encode(&memory, &rows.row(step + 1)[predicted..], features));
                present.extend_from_slice(&encoder.now(&memory)[..predicted]);
            }
        }
        let mut forecasts = Forecasts::default();
        let inputs = Inputs { features: &features, present: &present, moved: &moved };
        model.forecaster.forecast(&inputs, &mut forecasts);
        let residuals = residuals(model, &rows, &forecasts);
        Self { rows, memories, residuals }
    }

    /// The first step from which an episode can start.
    fn first_start(&self, model: &ClusterModel) -> Option<usize> {
        let layout = model.table.layout();
        let needed = layout.terms..layout.exogenous;
        let known =
            |memory: &[f32]| model.encoder.now(memory)[needed.clone()].iter().all(|value| value.is_finite());
        let mut memories = self.memories.chunks_exact(model.encoder.memory());
        memories.position(known).filter(|start| *start < self.rows.transitions())
    }

    fn script(&self, ages: &[Option<Seconds>], steps: Range<usize>) -> Script {
        let (memory, predicted) =
            (self.memories.len() / self.rows.len(), self.residuals.len() / self.rows.transitions());
        let Range { start, end } = steps;
        Script {
            memory: self.memories[start * memory..(start + 1) * memory].to_vec(),
            rows: self.rows.slice(start, end + 1),
            ages: ages[start..=end].to_vec(),
            residuals: self.residuals[start * predicted..end * predicted].to_vec(),
        }
    }
}

/// What the forecasts of every transition did not foresee.
fn residuals(model: &ClusterModel, rows: &Window, forecasts: &Forecasts) -> Vec<Residual> {
    let layout = model.table.layout();
    let undefinable = |columns: &Columns| [(columns.errors, *columns), (columns.latency, *columns)];
    let undefinable: Vec<(usize, Columns)> = layout.services.iter().flat_map(undefinable).collect();
    let mut residuals = Vec::with_capacity(rows.transitions() * layout.controlled);
    for row in rows.rows().skip(1) {
        for (column, truth) in row[..layout.controlled].iter().enumerate() {
            let index = residuals.len();
            let sampled =
                |(at, columns): &(usize, Columns)| *at == column && !row[columns.in_flight].is_nan();
            residuals.push(if !truth.is_nan() {
                Residual::of(*truth, forecasts.median[index], forecasts.spread(index))
            } else if undefinable.iter().any(sampled) {
                Residual::Undefined
            } else {
                Residual::Lost
            });
        }
    }
    residuals
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_window_is_cut_into_episodes_and_short_rests_are_left_out() {
        let cut = |steps, horizon| super::cut(steps, horizon).collect::<Vec<_>>();
        assert_eq!(cut(0..40, 40), vec![0..40; 1]);
        assert_eq!(cut(1..100, 40), [1..41, 41..81]);
        assert_eq!(cut(0..60, 40), [0..40, 40..60]);
        assert_eq!(cut(0..3, 40), vec![0..3; 1], "a short window is better than none");
        assert_eq!(cut(2..9, usize::MAX), vec![2..9; 1], "no limit");
    }

    #[test]
    fn a_surprise_is_as_many_spreads_elsewhere_and_an_outlier_stays_as_large_as_it_was() {
        let surprise = Residual::of(7.0, 5.0, 1.0);
        assert_eq!(surprise, Residual::Known { spreads: 2.0, rest: 0.0 });
        assert_eq!(surprise.add_to(10.0, 3.0), 16.0);
        let outlier = Residual::of(105.0, 5.0, 1.0);
        assert_eq!(outlier, Residual::Known { spreads: 4.0, rest: 96.0 });
        assert_eq!(outlier.add_to(10.0, 2.0), 114.0);
        assert_eq!(Residual::of(7.0, 5.0, 0.0).add_to(1.0, 0.5), 3.0, "a model that is sure says no spread");
    }

    #[test]
    fn nothing_is_known_of_what_was_not_measured() {
        assert_eq!(Residual::of(3.0, f32::NAN, 1.0).add_to(f32::NAN, 1.0), 3.0);
        assert_eq!(Residual::Undefined.add_to(2.0, 1.0), 2.0);
        assert!(Residual::Lost.add_to(2.0, 1.0).is_nan());
    }

    proptest! {
        #[test]
        fn under_the_same_forecast_the_truth_comes_back(
            truth in -50.0f32..50.0, median in -50.0f32..50.0, spread in 0.0f32..5.0,
        ) {
            let back = Residual::of(truth, median, spread).add_to(median, spread);
            prop_assert!((back - truth).abs() < 2e-5, "{truth} came back as {back}");
        }
    }
}
