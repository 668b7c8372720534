//! Exact where recorded, learned elsewhere.

use karma_core::Source;

use super::{ExactTable, Outcome, Recorded, situation};
use crate::{Forecaster, Forecasts, Inputs};

/// The recorded transitions in front of a model: T̂ of the paper.
///
/// A row is *exact* if its situation was recorded and every value that is known now was seen to follow at least
/// `min_count` times; all other rows are the model's.
///
/// Median and mean of an exact row are those of the observations. Its noise (aleatoric) is their mean absolute
/// deviation, in which the one degree of freedom that the median takes is filled with the model's noise:
/// (n · spread + model) / n, so that a single observation is not taken for certainty. Its ignorance (epistemic) is the
/// standard error of a mean of n under normal noise of that size: √(π/2) · noise / √n.
#[derive(Clone, Debug)]
pub struct Composed<F> {
    table: ExactTable,
    model: F,
    min_count: usize,
    name: String,
}

impl<F: Forecaster> Composed<F> {
    /// `table` in front of `model`, which is asked when fewer than `min_count` observations (at least 1) are there.
    pub fn new(table: ExactTable, model: F, min_count: usize) -> Self {
        let name = format!("lookup+{}", model.name());
        Self { table, model, min_count: min_count.max(1), name }
    }

    /// The recorded transitions.
    pub const fn table(&self) -> &ExactTable {
        &self.table
    }

    /// The recorded transitions, to add to them.
    pub const fn table_mut(&mut self) -> &mut ExactTable {
        &mut self.table
    }

    /// The model behind them.
    pub const fn model(&self) -> &F {
        &self.model
    }

    /// Forecasts, and for each row where it comes from.
    pub fn forecast_with_sources(&self, inputs: &Inputs<'_>, out: &mut Forecasts, sources: &mut Vec<Source>) {
        self.model.forecast(inputs, out);
        sources.clear();
        let (columns, mut cell) = (self.table.groups.present.len(), Vec::new());
        for (row, present) in inputs.present.chunks_exact(columns).enumerate() {
            self.table.locate(situation(&self.table.groups, inputs, row), &mut cell);
            match self.table.find(&cell).filter(|recorded| self.suffices(recorded, present)) {
                Some(recorded) => {
                    self.write(recorded.outcomes, row * columns, out);
                    sources.push(Source::Exact);
                }
                None => sources.push(Source::Learned),
            }
        }
    }

    /// Whether enough was seen of every column that is known now, and of one at least.
    fn suffices(&self, recorded: &Recorded<'_>, present: &[f32]) -> bool {
        let enough = |outcome: &Outcome| outcome.known >= self.min_count;
        recorded.outcomes.iter().any(enough)
            && recorded.outcomes.iter().zip(present).all(|(outcome, now)| enough(outcome) || now.is_nan())
    }

    fn write(&self, outcomes: &[Outcome], start: usize, out: &mut Forecasts) {
        let seen = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.known >= self.min_count);
        for (column, outcome) in seen {
            let (place, n) = (start + column, outcome.known as f32);
            out.median[place] = outcome.median;
            out.mean[place] = outcome.mean;
            out.aleatoric[place] = outcome.spread + out.aleatoric[place] / n;
            out.epistemic[place] = (std::f32::consts::FRAC_PI_2 / n).sqrt() * out.aleatoric[place];
        }
    }
}

impl<F: Forecaster> Forecaster for Composed<F> {
    fn name(&self) -> &str {
        &self.name
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        self.forecast_with_sources(inputs, out, &mut Vec::new());
    }
}
