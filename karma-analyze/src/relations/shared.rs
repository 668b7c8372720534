//! The paper's softer acquaintance: the same observations, the same rewards. Numbers without a test.

use std::collections::BTreeSet;

/// The share of observed fields that two agents have in common: |A ∩ B| / |A ∪ B| (Jaccard, 1901); none if neither
/// observes anything.
///
/// ```
/// use karma_analyze::relations::shared_fields;
/// assert_eq!(shared_fields(&["cpu", "ram"], &["ram", "latency"]), Some(1.0 / 3.0));
/// assert_eq!(shared_fields::<&str>(&[], &[]), None);
/// ```
pub fn shared_fields<F: Ord>(one: &[F], other: &[F]) -> Option<f64> {
    let (one, other): (BTreeSet<&F>, BTreeSet<&F>) = (one.iter().collect(), other.iter().collect());
    let all = one.union(&other).count();
    (all > 0).then(|| one.intersection(&other).count() as f64 / all as f64)
}

/// The correlation of two agents' rewards (Pearson) over the steps that both have; none if one of them never varies, or a
/// reward is not finite.
///
/// ```
/// use karma_analyze::relations::reward_correlation;
/// assert_eq!(reward_correlation(&[1.0, 2.0, 3.0], &[-2.0, -4.0, -6.0]), Some(-1.0));
/// assert_eq!(reward_correlation(&[1.0, 2.0], &[5.0, 5.0]), None);
/// ```
pub fn reward_correlation(one: &[f64], other: &[f64]) -> Option<f64> {
    let n = one.len().min(other.len());
    let mean = |rewards: &[f64]| rewards[..n].iter().sum::<f64>() / n.max(1) as f64;
    let (one_mean, other_mean) = (mean(one), mean(other));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in one.iter().zip(other) {
        let (x, y) = (x - one_mean, y - other_mean);
        (xx, yy, xy) = (xx + x * x, yy + y * y, xy + x * y);
    }
    let scale = (xx * yy).sqrt();
    (scale > 0.0 && scale.is_finite()).then(|| (xy / scale).clamp(-1.0, 1.0))
}
