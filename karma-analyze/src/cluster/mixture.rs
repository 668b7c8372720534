//! Mixtures of Gaussians: groups that overlap, each item with its probabilities.
//!
//! Items are taken for draws from Σ w · N(μ, Σ), and weights, means and full covariances are fitted by expectation
//! maximisation (Dempster, Laird and Rubin, *Maximum likelihood from incomplete data via the EM algorithm*, Journal of
//! the Royal Statistical Society B, 1977) with the library (`linfa`), from the groups of a k-means of its own. That draws
//! its start from a fixed stream by the order of items, so each restart shuffles the items by ours; the fit of the
//! greatest likelihood counts. The Bayesian information criterion −2·L + p·ln n (Schwarz, *Estimating the dimension of a
//! model*, The Annals of Statistics, 1978) compares numbers of groups: less is better.
//!
//! O(n·k·d²) a turn.

use karma_core::{SeedTree, draw};
use linfa::DatasetBase;
use linfa::traits::Fit as _;
use linfa_clustering::GaussianMixtureModel;
use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::{ClusterError, Points};

/// How to fit, as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MixtureParams {
    /// Number of groups; at least 1. Default 1, as scikit-learn.
    pub groups: usize,
    /// Starts of which the best counts; at least 1. Default 3.
    pub restarts: u32,
    /// Turns of one start at most; at least 1. Default 1 000.
    pub max_turns: u32,
    /// The fit ends when the mean log-likelihood of an item rises by less; above 0. Default 1e-6.
    pub tolerance: f64,
    /// What is added to the variances, in squares of the features' units; at least 0. Default 1e-6, as scikit-learn.
    pub regularization: f64,
}

impl Default for MixtureParams {
    fn default() -> Self {
        Self { groups: 1, restarts: 3, max_turns: 1_000, tolerance: 1e-6, regularization: 1e-6 }
    }
}

/// How to fit, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixtureConfig(MixtureParams);

impl MixtureParams {
    /// Checks the numbers.
    ///
    /// # Errors
    /// If one of them is out of its range.
    pub fn check(self) -> Result<MixtureConfig, ClusterError> {
        if self.groups == 0 {
            return Err(ClusterError::NoGroups);
        }
        let (tolerance, added) = (self.tolerance, self.regularization);
        ClusterError::unless(self.restarts > 0, "restarts", 0.0, "1 at least")?;
        ClusterError::unless(self.max_turns > 0, "max_turns", 0.0, "1 at least")?;
        ClusterError::unless(tolerance > 0.0 && tolerance.is_finite(), "tolerance", tolerance, "above 0")?;
        ClusterError::unless(added >= 0.0 && added.is_finite(), "regularization", added, "0 at least")?;
        Ok(MixtureConfig(self))
    }
}

/// A fitted mixture; groups by falling weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// The share of each group.
    pub weights: Vec<f64>,
    /// The mean of each group.
    pub means: Points,
    /// The covariance of each group, row after row.
    pub covariances: Vec<Vec<f64>>,
    /// The probability of each group, item after item.
    pub probabilities: Vec<f64>,
    /// Logarithm of the likelihood of all items.
    pub log_likelihood: f64,
    /// The Bayesian information criterion; less is better.
    pub bic: f64,
}

impl Mixture {
    /// The most probable group of each item; of equal ones the first.
    pub fn labels(&self) -> Vec<usize> {
        let rows = self.probabilities.chunks_exact(self.weights.len());
        let best =
            rows.map(|row| (0..row.len()).rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0));
        best.collect()
    }
}

/// The best of several starts.
///
/// # Errors
/// If there are fewer items than groups or than two, or no start leads to a fit.
pub fn mixture(points: &Points, config: &MixtureConfig, seed: SeedTree) -> Result<Mixture, ClusterError> {
    let (items, needed) = (points.len(), config.0.groups.max(2));
    if items < needed {
        return Err(ClusterError::TooFewItems { items, needed });
    }
    let (mut best, mut failed) = (None::<Mixture>, String::new());
    for restart in 0..config.0.restarts {
        let mut order: Vec<usize> = (0..items).collect();
        draw::shuffle(&mut order, &mut seed.index(u64::from(restart)).rng());
        match fit(points, &Points::of_rows(points, &order), &config.0) {
            Ok(found) => {
                best = best.filter(|best| best.log_likelihood >= found.log_likelihood).or(Some(found));
            }
            Err(error) => failed = error,
        }
    }
    best.ok_or(ClusterError::Fit(failed))
}

fn fit(points: &Points, shuffled: &Points, params: &MixtureParams) -> Result<Mixture, String> {
    let fitted = GaussianMixtureModel::params(params.groups)
        .n_runs(1)
        .max_n_iterations(u64::from(params.max_turns))
        .tolerance(params.tolerance)
        .reg_covariance(params.regularization)
        .fit(&DatasetBase::from(shuffled.view()))
        .map_err(|error| error.to_string())?;
    let mut order: Vec<usize> = (0..params.groups).collect();
    order.sort_by(|a, b| fitted.weights()[*b].total_cmp(&fitted.weights()[*a]));
    let weights: Vec<f64> = order.iter().map(|group| fitted.weights()[*group]).collect();
    let means = Points::of_array(&fitted.means().select(Axis(0), &order));
    let covariances = order.iter().map(|group| fitted.covariances().index_axis(Axis(0), *group));
    let mut densities = Vec::with_capacity(order.len());
    for (group, covariance) in covariances.clone().enumerate() {
        densities.push(Density::new(&covariance).ok_or("a group has no volume")?.with(weights[group]));
    }
    let (probabilities, log_likelihood) = explain(points, &means, &densities);
    let (k, d) = (params.groups as f64, points.dimensions() as f64);
    let parameters = k - 1.0 + k * d + k * d * (d + 1.0) / 2.0;
    let bic = parameters * (points.len() as f64).ln() - 2.0 * log_likelihood;
    let covariances = covariances.map(|covariance| covariance.iter().copied().collect()).collect();
    Ok(Mixture { weights, means, covariances, probabilities, log_likelihood, bic })
}

/// The probability of each group for each item, and the logarithm of the likelihood of all.
fn explain(points: &Points, means: &Points, densities: &[Density]) -> (Vec<f64>, f64) {
    let (mut probabilities, mut log_likelihood) = (Vec::new(), 0.0);
    for item in 0..points.len() {
        let logs = densities
            .iter()
            .enumerate()
            .map(|(group, density)| density.log(points.row(item), means.row(group)));
        let logs: Vec<f64> = logs.collect();
        let greatest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total = greatest + logs.iter().map(|log| (log - greatest).exp()).sum::<f64>().ln();
        probabilities.extend(logs.iter().map(|log| (log - total).exp()));
        log_likelihood += total;
    }
    (probabilities, log_likelihood)
}

/// The density of a group.
struct Density {
    /// The covariance is this, lower triangular, times its transpose (Cholesky).
    factor: Array2<f64>,
    /// Logarithm of the weight, over the square root of (2π)ᵈ · |Σ|.
    log_scale: f64,
}

impl Density {
    /// None if the covariance is not positive definite.
    fn new(covariance: &ArrayView2<'_, f64>) -> Option<Self> {
        let d = covariance.nrows();
        let (mut factor, mut log_scale) =
            (Array2::zeros((d, d)), -0.5 * d as f64 * std::f64::consts::TAU.ln());
        for i in 0..d {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| factor[[i, k]] * factor[[j, k]]).sum();
                let left = covariance[[i, j]] - known;
                factor[[i, j]] = if i == j { left.sqrt() } else { left / factor[[j, j]] };
            }
            if factor[[i, i]].is_nan() || factor[[i, i]] <= 0.0 {
                return None;
            }
            log_scale -= factor[[i, i]].ln();
        }
        Some(Self { factor, log_scale })
    }

    fn with(mut self, weight: f64) -> Self {
        self.log_scale += weight.ln();
        self
    }

    /// Logarithm of weight times density at a point: with L·z = x − μ, the exponent is −‖z‖² / 2.
    fn log(&self, point: &[f64], mean: &[f64]) -> f64 {
        let mut z: Vec<f64> = Vec::with_capacity(point.len());
        for i in 0..point.len() {
            let known: f64 = z.iter().enumerate().map(|(k, z)| self.factor[[i, k]] * z).sum();
            z.push((point[i] - mean[i] - known) / self.factor[[i, i]]);
        }
        self.log_scale - 0.5 * z.iter().map(|z| z * z).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_group_has_the_mean_and_the_variance_of_all() {
        let points = Points::new(vec![1.0, 3.0, 5.0, 7.0], 1).unwrap();
        let config = MixtureParams { regularization: 0.0, ..Default::default() }.check().unwrap();
        let found = mixture(&points, &config, SeedTree::new(1)).unwrap();
        assert!((found.means.row(0)[0] - 4.0).abs() < 1e-12 && (found.covariances[0][0] - 5.0).abs() < 1e-12);
        // Four times −½·ln(2π·5), and squares of 9, 1, 1, 9 over 2·5.
        let expected = -2.0 * (std::f64::consts::TAU * 5.0).ln() - 2.0;
        assert!((found.log_likelihood - expected).abs() < 1e-12);
        assert!((found.bic - (2.0 * 4.0_f64.ln() - 2.0 * expected)).abs() < 1e-12);
        assert_eq!(found.labels(), [0; 4]);
    }

    #[test]
    fn a_feature_that_never_varies_has_no_density_and_is_refused_with_the_way_out() {
        let points = Points::new(vec![1.0, 2.0, 1.0, 3.0, 1.0, 5.0], 2).unwrap();
        let config = MixtureParams { regularization: 0.0, ..Default::default() }.check().unwrap();
        let refused = mixture(&points, &config, SeedTree::new(1)).unwrap_err().to_string();
        assert!(refused.ends_with("or leave out features that hardly vary"), "{refused}");
    }
}
