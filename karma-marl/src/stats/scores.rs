//! Scores by scenario and seed, checked.

use thiserror::Error;

/// Scores that a statistic cannot be computed of.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ScoresError {
    /// There is no scenario.
    #[error("there are no scores: at least one stratum with one score is needed")]
    Empty,
    /// A scenario has no score.
    #[error("stratum {stratum} has no score; each needs at least one")]
    EmptyStratum {
        /// Its position.
        stratum: usize,
    },
    /// A score is NaN or infinite.
    #[error("score {index} of stratum {stratum} is {value}; scores are finite")]
    NotFinite {
        /// Position of the stratum.
        stratum: usize,
        /// Position in the stratum.
        index: usize,
        /// The score.
        value: f64,
    },
    /// Two sets of scores cannot be paired.
    #[error(
        "strata of {left:?} and {right:?} scores cannot be paired: take the same scenarios and seeds for both"
    )]
    Unpaired {
        /// Sizes of the strata of the first.
        left: Vec<usize>,
        /// Sizes of the strata of the second.
        right: Vec<usize>,
    },
    /// Two sets of scores are of different scenarios.
    #[error("{left} and {right} strata cannot be compared: take the same scenarios for both")]
    OtherStrata {
        /// How many strata the first has.
        left: usize,
        /// How many the second has.
        right: usize,
    },
}

/// One score for each (scenario, seed). A scenario is a stratum: seeds are only exchangeable within it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    strata: Vec<Vec<f64>>,
}

impl Scores {
    /// Scores from one vector for each scenario, each with one value for each seed.
    ///
    /// # Errors
    /// If there is no scenario, one has no score, or a score is not finite.
    pub fn new(strata: Vec<Vec<f64>>) -> Result<Self, ScoresError> {
        if strata.is_empty() {
            return Err(ScoresError::Empty);
        }
        for (stratum, scores) in strata.iter().enumerate() {
            if scores.is_empty() {
                return Err(ScoresError::EmptyStratum { stratum });
            }
            if let Some(index) = scores.iter().position(|score| !score.is_finite()) {
                return Err(ScoresError::NotFinite { stratum, index, value: scores[index] });
            }
        }
        Ok(Self { strata })
    }

    /// The scores of each scenario.
    pub fn strata(&self) -> &[Vec<f64>] {
        &self.strata
    }

    /// All scores, scenario after scenario.
    pub fn pooled(&self) -> Vec<f64> {
        self.strata.concat()
    }

    /// The paired differences `self − other`, score by score: what two policies did on the same scenario
    /// and seed. Noise that both share (an easy seed) cancels, so that their interval is much narrower than
    /// that of two separate estimates.
    ///
    /// # Errors
    /// If the strata have different sizes.
    pub fn minus(&self, other: &Self) -> Result<Self, ScoresError> {
        let sizes = |scores: &Self| scores.strata.iter().map(Vec::len).collect::<Vec<_>>();
        let (left, right) = (sizes(self), sizes(other));
        if left != right {
            return Err(ScoresError::Unpaired { left, right });
        }
        let difference =
            |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
        Self::new(self.strata.iter().zip(&other.strata).map(difference).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_taken_seed_by_seed() {
        let left = Scores::new(vec![vec![3.0, 5.0], vec![1.0]]).unwrap();
        let right = Scores::new(vec![vec![1.0, 6.0], vec![1.0]]).unwrap();
        assert_eq!(left.minus(&right).unwrap().strata(), &[vec![2.0, -1.0], vec![0.0]]);
    }

    #[test]
    fn scores_of_other_seeds_are_not_paired() {
        let left = Scores::new(vec![vec![3.0, 5.0]]).unwrap();
        let right = Scores::new(vec![vec![3.0], vec![5.0]]).unwrap();
        let refused = left.minus(&right).unwrap_err();
        assert_eq!(refused, ScoresError::Unpaired { left: vec![2], right: vec![1, 1] });
    }

    #[test]
    fn missing_and_infinite_scores_are_named_by_their_place() {
        assert_eq!(Scores::new(vec![]), Err(ScoresError::Empty));
        assert_eq!(Scores::new(vec![vec![1.0], vec![]]), Err(ScoresError::EmptyStratum { stratum: 1 }));
        let refused = Scores::new(vec![vec![1.0, f64::INFINITY]]).unwrap_err();
        assert_eq!(refused.to_string(), "score 1 of stratum 0 is inf; scores are finite");
    }
}
