//! Training, calibration and evaluation never see the same randomness, nor the same part of a recorded trace.

use std::ops::Range;

use karma_core::SeedTree;
use serde::{Deserialize, Serialize};

/// What an episode is for.
///
/// The same seed number gives independent streams in different splits: the split's name is part of the path of
/// every stream. Of a recorded trace, training sees the first 60 % of the rows, calibration the next 10 % and
/// evaluation the last 30 %, in order of time.
///
/// ```
/// use karma_mock::Split;
/// assert_ne!(Split::Train.seeds(1).seed(), Split::Evaluation.seeds(1).seed());
/// assert_eq!(Split::Evaluation.rows(1000), 700..1000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Learning, and tuning of baselines.
    Train,
    /// Setting thresholds and uncertainty bounds.
    Calibration,
    /// The numbers of a table; untouched while tuning.
    Evaluation,
}

impl Split {
    /// All splits.
    pub const ALL: [Self; 3] = [Self::Train, Self::Calibration, Self::Evaluation];

    /// The name, as in configuration files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Calibration => "calibration",
            Self::Evaluation => "evaluation",
        }
    }

    /// The root of all randomness outside of the cluster in episode `seed` of this split.
    pub fn seeds(self, seed: u64) -> SeedTree {
        SeedTree::new(seed).child("split").child(self.name())
    }

    /// The rows of a trace of `rows` rows that belong to this split.
    pub const fn rows(self, rows: usize) -> Range<usize> {
        let (train, calibration) = (rows * 6 / 10, rows * 7 / 10);
        match self {
            Self::Train => 0..train,
            Self::Calibration => train..calibration,
            Self::Evaluation => calibration..rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_splits_share_no_row_and_leave_none_out(rows in 10usize..1_000_000) {
            let [train, calibration, evaluation] = Split::ALL.map(|split| split.rows(rows));
            prop_assert_eq!((train.start, evaluation.end), (0, rows));
            prop_assert_eq!((train.end, calibration.end), (calibration.start, evaluation.start));
            prop_assert!(!train.is_empty() && !calibration.is_empty() && !evaluation.is_empty());
        }
    }
}
