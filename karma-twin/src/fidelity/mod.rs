//! How faithful a twin is: errors with a yardstick, intervals with their coverage, policies with their ranks.
//!
//! An "accuracy" means nothing without a tolerance, a range and a trivial rival. On a metric that hardly moves,
//! "nothing changes" is right within 10 % for nearly every row. So every figure here comes with all three:
//!
//! * **Range.** R = P99 − P1 of a column in the *training* targets, never of the data that is judged ([`Ranges`]).
//! * **Rival.** Persistence, frozen at the row from which a roll-out starts: skill 0.
//! * **Where it counts.** All rows, and beside them the rows whose controls moved since the start ([`Rows`]):
//!   elsewhere a twin that ignores every action looks good.
//!
//! | question | open |
//! |---|---|
//! | how far are forecasts from what came, 1 to 40 steps ahead? | [`compare`], [`Score`] |
//! | do intervals hold what they promise? | [`coverage`], [`Coverage`] |
//! | does the twin rank policies as the cluster does? | [`rank`], [`Ranking`] |
//!
//! The first two are about rows, the third is about returns, and the two are never mixed into one number.
//!
//! Two point forecasts are judged, each by the errors for which it is best: the **median** by absolute errors (nMAE,
//! shares within a tolerance, skill), the **mean** by squared ones (R², nRMSE). The R² of the median stands beside.
//! A missing truth is skipped by every measure, and so is a column that was never known at the start.

mod baselines;
mod calibration;
mod errors;
mod ranges;
mod ranking;
mod report;

pub use baselines::{Contender, HeldOut, STEPS, compare};
pub use calibration::{Asked, LEVELS, coverage};
pub use errors::Scorer;
pub use ranges::{ColumnRange, Ranges};
pub use ranking::{RankConfig, RankParams, pearson, performance_ratio, rank, relative_gap, spearman};
pub use report::{
    ColumnCoverage, ColumnScore, Coverage, CoverageScore, Figures, Interval, LevelCoverage, ModelScore,
    PolicyReturns, Ranking, Rows, Score, StepCoverage, StepScore,
};

#[cfg(test)]
mod tests;
