//! Models side by side on the same held-out starts.

use std::fmt;

use super::{ModelScore, Ranges, Rows, Scorer, StepScore};
use crate::table::{Start, Table};
use crate::{Encoder, Forecaster, roll_out};

/// Steps ahead at which models are compared.
pub const STEPS: [usize; 5] = [1, 5, 10, 20, 40];

/// A model with what it sees of the past.
#[derive(Clone, Copy)]
pub struct Contender<'a> {
    /// Name as printed.
    pub name: &'a str,
    /// What it sees of the past.
    pub encoder: &'a Encoder,
    /// The model.
    pub forecaster: &'a dyn Forecaster,
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Data that no model was fitted on, and how it is judged.
#[derive(Clone, Copy, Debug)]
pub struct HeldOut<'a> {
    /// The table.
    pub table: &'a Table,
    /// Where roll-outs start: rows that were held back.
    pub starts: &'a [Start],
    /// Ranges of the training targets.
    pub ranges: &'a Ranges,
    /// Steps ahead, usually [`STEPS`]. Those that no start reaches before its window ends are left out; the number of
    /// rows stands beside each of the others.
    pub steps: &'a [usize],
}

impl HeldOut<'_> {
    /// The last step.
    pub(super) fn horizon(&self) -> usize {
        self.steps.iter().copied().max().unwrap_or(0)
    }

    /// The place of a step among the steps.
    pub(super) fn place(&self, step: usize) -> Option<usize> {
        self.steps.iter().position(|wanted| *wanted == step)
    }
}

/// The errors of each contender, one step and many steps ahead: one open-loop roll-out from every start.
pub fn compare(held_out: &HeldOut<'_>, contenders: &[Contender<'_>]) -> Vec<ModelScore> {
    contenders.iter().map(|contender| score(held_out, contender)).collect()
}

fn score(held_out: &HeldOut<'_>, contender: &Contender<'_>) -> ModelScore {
    let scorer = Scorer::new(held_out.ranges);
    let mut scorers = vec![Rows { all: scorer.clone(), moved: scorer }; held_out.steps.len()];
    let Contender { name, encoder, forecaster } = contender;
    roll_out(encoder, *forecaster, held_out.table, held_out.starts, held_out.horizon(), &mut |visit| {
        let scorers = held_out.place(visit.step).map(|place| &mut scorers[place]);
        scorers.into_iter().flat_map(|rows| rows.of_row(visit.moved)).for_each(|scorer| scorer.add(&visit));
    });
    let steps = held_out.steps.iter().zip(&scorers);
    let scored = steps.map(|(step, rows)| StepScore { step: *step, rows: rows.map(Scorer::score) });
    ModelScore { name: (*name).to_owned(), steps: scored.filter(|step| step.rows.all.rows > 0).collect() }
}
