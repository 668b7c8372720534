//! Whether the twin ranks policies as the cluster does, and how far its returns are off.
//!
//! A twin may be wrong about every return and still be good for choosing a policy, or right on average and prefer the
//! policies that exploit its errors. So the same policies are run in both, and the two lists of returns compared: the
//! sim-to-real correlation coefficient of Kadian et al. (*IEEE Robotics and Automation Letters* 2020), with ranks
//! beside the returns themselves.

use karma_core::SeedTree;
use karma_core::draw::below;
use karma_nn::ConfigError;
use serde::{Deserialize, Serialize};

use super::errors::mean;
use super::ranges::quantile;
use super::{Interval, PolicyReturns, Ranking};

/// Settings of a [`Ranking`] as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RankParams {
    /// How often the policies are drawn anew for the interval, 1 to 10⁷ (default 10 000).
    pub resamples: usize,
    /// Probability that the interval is meant to cover, above 0 and below 1 (default 0.95).
    pub confidence: f64,
    /// ε of the relative gap, above 0: returns nearer to 0 than this do not divide (default 10⁻⁶).
    pub epsilon: f64,
}

impl Default for RankParams {
    fn default() -> Self {
        Self { resamples: 10_000, confidence: 0.95, epsilon: 1e-6 }
    }
}

impl RankParams {
    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is outside its range.
    pub fn check(&self) -> Result<RankConfig, ConfigError> {
        let refuse = |field, value: String, allowed| Err(ConfigError { field, value, allowed });
        if !(1..=10_000_000).contains(&self.resamples) {
            return refuse("resamples", self.resamples.to_string(), "1 to 10000000");
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return refuse("confidence", self.confidence.to_string(), "above 0 and below 1");
        }
        if !(self.epsilon.is_finite() && self.epsilon > 0.0) {
            return refuse("epsilon", self.epsilon.to_string(), "a finite number above 0");
        }
        Ok(RankConfig { params: *self })
    }
}

/// Settings that were checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankConfig {
    params: RankParams,
}

/// Compares the returns of policies: name, mean return in the twin, mean return in the cluster.
///
/// The interval of Spearman's ρ is a percentile bootstrap over policies (Efron, *Annals of Statistics* 1979); a
/// resample of which one side is constant has no correlation and is left out. Seeds within a policy are not resampled,
/// so the interval speaks of other policies, not of other seeds. With few policies it is too narrow, as every
/// bootstrap's is.
///
/// Cost: resamples × n log n.
pub fn rank(policies: &[(String, f64, f64)], config: &RankConfig, seeds: SeedTree) -> Ranking {
    let pairs: Vec<(f64, f64)> = policies.iter().map(|(_, twin, real)| (*twin, *real)).collect();
    let policies: Vec<PolicyReturns> = policies
        .iter()
        .map(|(policy, twin, real)| PolicyReturns {
            policy: policy.clone(),
            twin: *twin,
            real: *real,
            gap: relative_gap(*twin, *real, config.params.epsilon),
            ratio: performance_ratio(*twin, *real),
        })
        .collect();
    Ranking {
        spearman: spearman(&pairs).and_then(|value| bootstrap(&pairs, value, &config.params, seeds)),
        pearson: pearson(&pairs),
        gap: mean(policies.iter().map(|policy| policy.gap)),
        ratio: mean(policies.iter().filter_map(|policy| policy.ratio)),
        regret: regret(&pairs),
        policies,
    }
}

/// |real − twin| / max(|real|, ε).
pub fn relative_gap(twin: f64, real: f64, epsilon: f64) -> f64 {
    (real - twin).abs() / real.abs().max(epsilon)
}

/// The smaller of two returns / the larger, by magnitude: 1 if they agree, 0 if their signs do not. Of two zeros there
/// is none.
///
/// ```
/// use karma_twin::fidelity::performance_ratio;
/// assert_eq!(performance_ratio(9.0, 10.0), Some(0.9));
/// assert_eq!(performance_ratio(-2.0, -1.0), Some(0.5));
/// assert_eq!(performance_ratio(-1.0, 1.0), Some(0.0));
/// ```
pub fn performance_ratio(twin: f64, real: f64) -> Option<f64> {
    let (small, large) = (twin.abs().min(real.abs()), twin.abs().max(real.abs()));
    (large > 0.0).then(|| if twin * real < 0.0 { 0.0 } else { small / large })
}

/// Pearson's correlation of pairs; none if there are fewer than two, one side is constant, or a value is not finite.
pub fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    if !vary(pairs) {
        return None;
    }
    let (x, y) = (mean(pairs.iter().map(|pair| pair.0))?, mean(pairs.iter().map(|pair| pair.1))?);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        xx += (a - x) * (a - x);
        yy += (b - y) * (b - y);
        xy += (a - x) * (b - y);
    }
    Some((xy / (xx * yy).sqrt()).clamp(-1.0, 1.0))
}

/// Spearman's ρ: Pearson's correlation of ranks, equal values sharing the mean of their ranks; none where Pearson's is.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    if !vary(pairs) {
        return None;
    }
    let (x, y) = (ranks(pairs.iter().map(|pair| pair.0)), ranks(pairs.iter().map(|pair| pair.1)));
    pearson(&x.into_iter().zip(y).collect::<Vec<_>>())
}

/// Whether all values are finite and both sides vary. Asked of the values and not of a sum of squares: the mean of
/// equal numbers need not be one of them to the last bit.
fn vary(pairs: &[(f64, f64)]) -> bool {
    let Some(first) = pairs.first() else { return false };
    pairs.iter().all(|(x, y)| x.is_finite() && y.is_finite())
        && pairs.iter().any(|pair| pair.0 != first.0)
        && pairs.iter().any(|pair| pair.1 != first.1)
}

/// The rank of each value, from 1.
fn ranks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let values: Vec<f64> = values.collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let (mut ranks, mut first) = (vec![0.0; values.len()], 0);
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let shared = first as f64 + f64::midpoint(1.0, equal.len() as f64);
        for place in equal {
            ranks[*place] = shared;
        }
        first += equal.len();
    }
    ranks
}

fn bootstrap(pairs: &[(f64, f64)], value: f64, params: &RankParams, seeds: SeedTree) -> Option<Interval> {
    let (mut rng, mut drawn) = (seeds.child("spearman").rng(), pairs.to_vec());
    let mut resampled: Vec<f64> = (0..params.resamples)
        .filter_map(|_| {
            drawn.fill_with(|| pairs[below(&mut rng, pairs.len())]);
            spearman(&drawn)
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    let tail = (1.0 - params.confidence) / 2.0;
    Some(Interval { value, low: quantile(&resampled, tail)?, high: quantile(&resampled, 1.0 - tail)? })
}

/// What following the twin costs: the best real return − the real return of the twin's favourite.
fn regret(pairs: &[(f64, f64)]) -> Option<f64> {
    let best = pairs.iter().map(|pair| pair.1).max_by(f64::total_cmp)?;
    let favourite = pairs.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(best - favourite.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn correlations_are_as_by_hand() {
        let pairs = [(1.0, 2.0), (2.0, 1.0), (2.0, 4.0), (3.0, 3.0), (5.0, 7.0)];
        // Ranks 1, 2½, 2½, 4, 5 and 2, 1, 4, 3, 5: products of deviations 6.5, squares 9.5 and 10.
        assert!((spearman(&pairs).unwrap() - 6.5 / 95f64.sqrt()).abs() < 1e-12);
        // Means 2.6 and 3.4: products of deviations 11.8, squares 9.2 and 21.2.
        assert!((pearson(&pairs).unwrap() - 11.8 / (9.2 * 21.2f64).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn equal_values_share_their_ranks() {
        assert_eq!(ranks([3.0, 1.0, 3.0, 3.0, 0.0].into_iter()), [4.0, 2.0, 4.0, 4.0, 1.0]);
    }

    #[test]
    fn a_constant_has_no_correlation() {
        assert_eq!(spearman(&[(1.0, 1.0), (2.0, 1.0)]), None);
        assert_eq!(pearson(&[(0.1, 1.0), (0.1, 2.0), (0.1, 4.0)]), None);
        assert_eq!(pearson(&[(1.0, 1.0)]), None);
        assert_eq!(spearman(&[]), None);
        assert_eq!(spearman(&[(1.0, 1.0), (f64::NAN, 2.0)]), None, "a missing return has no rank");
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let refused = |params: RankParams| params.check().unwrap_err().field;
        assert_eq!(refused(RankParams { resamples: 0, ..RankParams::default() }), "resamples");
        assert_eq!(refused(RankParams { confidence: 1.0, ..RankParams::default() }), "confidence");
        assert_eq!(refused(RankParams { epsilon: f64::NAN, ..RankParams::default() }), "epsilon");
    }

    fn ranked(pairs: &[(f64, f64)], seed: u64) -> Ranking {
        let name = |(place, pair): (usize, &(f64, f64))| (format!("policy {place}"), pair.0, pair.1);
        let policies: Vec<_> = pairs.iter().enumerate().map(name).collect();
        rank(&policies, &RankParams::default().check().unwrap(), SeedTree::new(seed))
    }

    #[test]
    fn gaps_and_ratios_are_as_by_hand() {
        assert_eq!(relative_gap(8.0, 10.0, 1e-6), 0.2);
        assert_eq!(relative_gap(0.5, 0.0, 0.5), 1.0);
        assert_eq!(performance_ratio(0.0, 4.0), Some(0.0));
        assert_eq!(performance_ratio(0.0, 0.0), None);
    }

    #[test]
    fn a_twin_that_orders_all_policies_alike_has_rank_correlation_one() {
        let pairs: Vec<(f64, f64)> = (1..=9).map(|x| (f64::from(x), f64::from(x * x))).collect();
        let ranking = ranked(&pairs, 1);
        assert_eq!(ranking.spearman, Some(Interval { value: 1.0, low: 1.0, high: 1.0 }));
        assert!(ranking.pearson.unwrap() < 1.0);
        assert_eq!(ranking.regret, Some(0.0));
        assert_eq!(ranking.policies[1].gap, 0.5);
        assert_eq!(ranking.policies[1].ratio, Some(0.5));
    }

    #[test]
    fn following_a_twin_that_prefers_the_wrong_policy_has_a_price() {
        let ranking = ranked(&[(3.0, 1.0), (2.0, 6.0)], 1);
        assert_eq!(ranking.regret, Some(5.0));
        assert_eq!(ranking.spearman.unwrap().value, -1.0);
    }

    #[test]
    fn the_same_seed_gives_the_same_interval_around_the_value() {
        let pairs = [(1.0, 2.0), (2.0, 1.0), (3.0, 4.0), (4.0, 3.0), (5.0, 5.0), (6.0, 7.0), (7.0, 6.0)];
        let of = |seed| ranked(&pairs, seed).spearman.unwrap();
        assert_eq!(of(1), of(1));
        assert!(of(1).low < of(1).value && of(1).value < of(1).high, "{:?}", of(1));
        assert!((of(1).low - of(2).low).abs() < 0.05);
    }

    proptest! {
        #[test]
        fn ranks_do_not_change_under_an_increasing_function(pairs in prop::collection::vec((-3.0..3.0, -3.0..3.0), 2..12)) {
            let bent: Vec<(f64, f64)> = pairs.iter().map(|(x, y): &(f64, f64)| (x.exp(), y.powi(3))).collect();
            let [straight, bent] = [spearman(&pairs), spearman(&bent)];
            prop_assert!(straight.zip(bent).is_none_or(|(a, b)| (a - b).abs() < 1e-12));
        }
    }
}
