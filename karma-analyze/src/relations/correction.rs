//! Many tests at once.

use serde::{Deserialize, Serialize};

/// How p-values of many tests are adjusted so that each can be compared with one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// The probability of any false positive is at most the level, however the tests depend on each other (Holm, 1979,
    /// Scandinavian Journal of Statistics 6).
    Holm,
    /// The expected share of false ones among the positives is at most the level, for tests that are independent or
    /// depend positively (Benjamini and Hochberg, 1995, Journal of the Royal Statistical Society B 57; Benjamini and
    /// Yekutieli, 2001).
    BenjaminiHochberg,
}

impl Correction {
    /// Adjusted p-values, in the order of the p-values: those at most `alpha` are positive at level `alpha`.
    ///
    /// ```
    /// use karma_analyze::relations::Correction;
    /// let p = [0.01, 0.04, 0.03];
    /// // Holm: 3 · 0.01, then 2 · 0.03, then at least that.
    /// assert_eq!(Correction::Holm.adjusted(&p), [0.03, 0.06, 0.06]);
    /// // Benjamini-Hochberg, from the largest: 0.04, min(0.04, 3/2 · 0.03), min(0.04, 3 · 0.01).
    /// assert_eq!(Correction::BenjaminiHochberg.adjusted(&p), [0.03, 0.04, 0.04]);
    /// ```
    pub fn adjusted(self, p_values: &[f64]) -> Vec<f64> {
        let m = p_values.len();
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
        let mut adjusted = vec![0.0; m];
        match self {
            Self::Holm => {
                let mut least: f64 = 0.0;
                for (rank, test) in order.into_iter().enumerate() {
                    least = least.max(p_values[test] * (m - rank) as f64).min(1.0);
                    adjusted[test] = least;
                }
            }
            Self::BenjaminiHochberg => {
                let mut most: f64 = 1.0;
                for (rank, test) in order.into_iter().enumerate().rev() {
                    most = most.min(p_values[test] * m as f64 / (rank + 1) as f64);
                    adjusted[test] = most;
                }
            }
        }
        adjusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn holm_is_between_the_raw_p_value_and_bonferroni_and_above_benjamini_hochberg(
            p in proptest::collection::vec(0.0..=1.0_f64, 1..20)
        ) {
            let holm = Correction::Holm.adjusted(&p);
            let discovery = Correction::BenjaminiHochberg.adjusted(&p);
            for i in 0..p.len() {
                prop_assert!(p[i] <= discovery[i] + 1e-12 && discovery[i] <= holm[i] + 1e-12);
                prop_assert!(holm[i] <= (p[i] * p.len() as f64).min(1.0) + 1e-12);
            }
        }

        #[test]
        fn adjusting_keeps_the_order(p in proptest::collection::vec(0.0..=1.0_f64, 2..20)) {
            for correction in [Correction::Holm, Correction::BenjaminiHochberg] {
                let adjusted = correction.adjusted(&p);
                for i in 1..p.len() {
                    prop_assert!(p[i - 1] > p[i] || adjusted[i - 1] <= adjusted[i]);
                }
            }
        }
    }
}
