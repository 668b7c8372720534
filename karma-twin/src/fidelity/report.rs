//! What a fidelity report holds: plain, serialisable structures; drawing them is the caller's business.
//!
//! Shares and ratios are fractions, not percentages. A measure of nothing is `None`.

use serde::{Deserialize, Serialize};

/// The same measure on all rows, and on those whose controls moved since the start of the roll-out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rows<T> {
    /// On all rows.
    pub all: T,
    /// On the rows that an action reached: where the control input matters.
    pub moved: T,
}

impl<T> Rows<T> {
    /// The same of both.
    pub fn map<U>(&self, mut of: impl FnMut(&T) -> U) -> Rows<U> {
        Rows { all: of(&self.all), moved: of(&self.moved) }
    }

    /// Those to which a row belongs.
    pub(super) fn of_row(&mut self, moved: bool) -> impl Iterator<Item = &mut T> {
        std::iter::once(&mut self.all).chain(moved.then_some(&mut self.moved))
    }
}

/// Errors of one column, or their means over columns. R is the column's range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// 1 − Σ(mean forecast − truth)² / Σ(truth − its average)²; of a truth that does not vary there is none.
    pub r2: Option<f64>,
    /// The same of the median forecast.
    pub r2_median: Option<f64>,
    /// Mean |median − truth| / R.
    pub nmae: Option<f64>,
    /// √(mean (mean forecast − truth)²) / R.
    pub nrmse: Option<f64>,
    /// Share of values whose median is within 0.05 R of the truth.
    pub acc5: Option<f64>,
    /// The same with 0.10 R.
    pub acc10: Option<f64>,
    /// 1 − nMAE / nMAE of persistence: 0 is "nothing changes", 1 is perfect; none if persistence is perfect.
    pub skill: Option<f64>,
    /// 1 − nRMSE / nRMSE of persistence.
    pub skill_rmse: Option<f64>,
}

/// The errors of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnScore {
    /// Name of the column.
    pub column: String,
    /// Number of values that were compared.
    pub values: usize,
    /// Its errors.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The errors of some rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Rows of which at least one value was compared.
    pub rows: usize,
    /// Share of rows of which **every** compared value is within 0.10 R: the strictest of the shares.
    pub joint10: Option<f64>,
    /// Means over the columns that have the figure. Skills are of the mean errors: 1 − mean nMAE / mean nMAE of
    /// persistence.
    #[serde(flatten)]
    pub mean: Figures,
    /// Each column.
    pub columns: Vec<ColumnScore>,
}

/// The errors so many steps after the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepScore {
    /// Steps ahead: 1 is the one-step forecast.
    pub step: usize,
    /// Its errors.
    #[serde(flatten)]
    pub rows: Rows<Score>,
}

/// The errors of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelScore {
    /// Name of the model.
    pub name: String,
    /// One for each number of steps that some start reaches.
    pub steps: Vec<StepScore>,
}

/// Coverage at one level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelCoverage {
    /// The share that the intervals promise.
    pub level: f64,
    /// The share of truths that lie inside, ends included.
    pub coverage: Option<f64>,
    /// Mean width of the intervals / R; none if one of them is unbounded.
    pub width: Option<f64>,
}

/// Coverage of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnCoverage {
    /// Name of the column.
    pub column: String,
    /// Number of truths.
    pub values: usize,
    /// One for each level: the column's reliability curve.
    pub levels: Vec<LevelCoverage>,
}

/// Coverage of some rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CoverageScore {
    /// The reliability curve: promised against kept, means over columns.
    pub reliability: Vec<LevelCoverage>,
    /// Mean |promised − kept| over columns and levels.
    pub miscalibration: Option<f64>,
    /// Each column.
    pub columns: Vec<ColumnCoverage>,
}

/// Coverage so many steps after the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepCoverage {
    /// Steps ahead.
    pub step: usize,
    /// Its coverage.
    #[serde(flatten)]
    pub rows: Rows<CoverageScore>,
}

/// Coverage of one model's intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Name of the model.
    pub name: String,
    /// One for each number of steps that some start reaches.
    pub steps: Vec<StepCoverage>,
}

/// A statistic with a confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The statistic.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What one policy earned in the twin and in the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyReturns {
    /// Name of the policy.
    pub policy: String,
    /// Mean return in the twin.
    pub twin: f64,
    /// Mean return in the cluster that the twin stands for.
    pub real: f64,
    /// |real − twin| / max(|real|, ε).
    pub gap: f64,
    /// The smaller of both / the larger; see [`performance_ratio`](super::performance_ratio).
    pub ratio: Option<f64>,
}

/// Whether the twin ranks policies as the cluster does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// Correlation of ranks, with its bootstrap interval; none if one side is constant.
    pub spearman: Option<Interval>,
    /// Correlation of returns.
    pub pearson: Option<f64>,
    /// Mean of the policies' gaps.
    pub gap: Option<f64>,
    /// Mean of the policies' ratios.
    pub ratio: Option<f64>,
    /// What the policy that the twin prefers earns in the cluster less than the best one there: 0 if the twin picks
    /// the right one.
    pub regret: Option<f64>,
    /// Each policy.
    pub policies: Vec<PolicyReturns>,
}
