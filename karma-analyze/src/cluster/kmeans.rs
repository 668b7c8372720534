//! k-means: `k` centroids such that items are close to the nearest.
//!
//! Least is wanted of the inertia Σ min ‖x − c‖², by turns of giving each item to its nearest centroid and moving each
//! centroid to the mean of its items (Lloyd, *Least squares quantization in PCM*, IEEE Transactions on Information
//! Theory, 1982). The turns are the library's (`linfa`); they end in a minimum that depends on the start. Starts are ours,
//! by k-means++ (Arthur and Vassilvitskii, SODA 2007): each further centroid is an item, drawn with the square of its
//! distance to the nearest one so far. So the result is a function of points, settings and seed. The best of all restarts
//! counts.
//!
//! Where we differ from the library: it moves a centroid to the mean of its items and its old place, which comes to rest at
//! the same place a little later; we let it come to rest and then take the mean. O(n·k·d) a turn.

use karma_core::{SeedTree, StreamRng};
use linfa::DatasetBase;
use linfa::traits::{Fit as _, Predict as _};
use linfa_clustering::{KMeans as Library, KMeansInit};
use ndarray::Array2;
use rand_xoshiro::rand_core::Rng as _;
use serde::{Deserialize, Serialize};

use super::{ClusterError, Points};

/// How to fit, as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KMeansParams {
    /// Number of groups; at least 1. Default 8, as scikit-learn.
    pub groups: usize,
    /// Starts of which the best counts; at least 1. Default 10, as scikit-learn had for random starts.
    pub restarts: u32,
    /// Turns of one start at most; at least 1. Default 300, as scikit-learn.
    pub max_turns: u32,
}

impl Default for KMeansParams {
    fn default() -> Self {
        Self { groups: 8, restarts: 10, max_turns: 300 }
    }
}

/// How to fit, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KMeansConfig(KMeansParams);

impl KMeansParams {
    /// Checks the numbers.
    ///
    /// # Errors
    /// If one of them is 0.
    pub fn check(self) -> Result<KMeansConfig, ClusterError> {
        if self.groups == 0 {
            return Err(ClusterError::NoGroups);
        }
        ClusterError::unless(self.restarts > 0, "restarts", 0.0, "1 at least")?;
        ClusterError::unless(self.max_turns > 0, "max_turns", 0.0, "1 at least")?;
        Ok(KMeansConfig(self))
    }
}

/// Centroids and what is close to them.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    /// The centroids.
    pub centroids: Points,
    /// The nearest centroid of each item; a centroid may have none. Make a [`Partition`](super::Partition) of it to
    /// leave those out.
    pub labels: Vec<usize>,
    /// Sum of the squared distances of the items to their centroids.
    pub inertia: f64,
}

/// The best of several starts.
///
/// # Errors
/// If there are fewer items than groups.
pub fn kmeans(points: &Points, config: &KMeansConfig, seed: SeedTree) -> Result<KMeans, ClusterError> {
    let groups = config.0.groups;
    check_items(points, groups)?;
    let mut best = None::<KMeans>;
    for restart in 0..config.0.restarts {
        let start = plus_plus(points, groups, &mut seed.index(u64::from(restart)).rng());
        let found = kmeans_from(points, &Points::of_rows(points, &start), config)?;
        best = best.filter(|best| best.inertia <= found.inertia).or(Some(found));
    }
    best.ok_or(ClusterError::NoGroups)
}

/// From given centroids, as many as there are; the number in the settings does not count.
///
/// ```
/// use karma_analyze::cluster::{KMeansParams, Points, kmeans_from};
///
/// let points = Points::new(vec![0.0, 1.0, 8.0, 10.0], 1)?;
/// let start = Points::new(vec![0.0, 1.0], 1)?;
/// let found = kmeans_from(&points, &start, &KMeansParams::default().check()?)?;
/// assert_eq!(found.centroids.values(), [0.5, 9.0]);
/// assert_eq!(found.inertia, 2.5); // 2 · 0.5² + 2 · 1²
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If there is no centroid, there are fewer items than centroids, or they have other dimensions.
pub fn kmeans_from(points: &Points, start: &Points, config: &KMeansConfig) -> Result<KMeans, ClusterError> {
    check_items(points, start.len())?;
    if points.dimensions() != start.dimensions() {
        let (points, centroids) = (points.dimensions(), start.dimensions());
        return Err(ClusterError::DifferentDimensions { points, centroids });
    }
    let data = DatasetBase::from(points.view());
    let fitted = Library::params(start.len())
        .n_runs(1)
        .max_n_iterations(u64::from(config.0.max_turns))
        .tolerance(rest(points))
        .init_method(KMeansInit::Precomputed(start.view().to_owned()))
        .fit(&data)
        .map_err(|error| ClusterError::Fit(error.to_string()))?;
    let labels = fitted.predict(&points.view()).to_vec();
    Ok(settle(points, labels, fitted.centroids()))
}

fn check_items(points: &Points, groups: usize) -> Result<(), ClusterError> {
    match groups {
        0 => Err(ClusterError::NoGroups),
        _ if points.len() < groups => Err(ClusterError::TooFewItems { items: points.len(), needed: groups }),
        _ => Ok(()),
    }
}

/// Centroids that move less are at rest: 1e-9 of the root mean square of all numbers.
fn rest(points: &Points) -> f64 {
    let squares: f64 = points.values().iter().map(|value| value * value).sum();
    (1e-9 * (squares / points.values().len() as f64).sqrt()).max(f64::MIN_POSITIVE)
}

/// Moves centroids to the means of their items; one without items stays.
fn settle(points: &Points, labels: Vec<usize>, old: &Array2<f64>) -> KMeans {
    let (mut sums, mut counts) = (Array2::<f64>::zeros(old.raw_dim()), vec![0_usize; old.nrows()]);
    for (row, label) in points.view().rows().into_iter().zip(&labels) {
        let mut sum = sums.row_mut(*label);
        sum += &row;
        counts[*label] += 1;
    }
    for ((mut sum, count), old) in sums.rows_mut().into_iter().zip(counts).zip(old.rows()) {
        if count == 0 {
            sum.assign(&old);
        } else {
            sum /= count as f64;
        }
    }
    let centroids = Points::of_array(&sums);
    let squares =
        labels.iter().enumerate().map(|(item, label)| points.squared_distance(item, centroids.row(*label)));
    KMeans { inertia: squares.sum(), centroids, labels }
}

/// Items to start from.
fn plus_plus(points: &Points, groups: usize, rng: &mut StreamRng) -> Vec<usize> {
    let mut chosen = vec![karma_core::draw::below(rng, points.len())];
    let mut nearest = vec![f64::INFINITY; points.len()];
    while chosen.len() < groups {
        let last = points.row(chosen[chosen.len() - 1]);
        for (item, nearest) in nearest.iter_mut().enumerate() {
            *nearest = nearest.min(points.squared_distance(item, last));
        }
        chosen.push(draw(&nearest, &chosen, rng));
    }
    chosen
}

/// An item, drawn with these weights; if all are 0, the first that was not chosen.
fn draw(weights: &[f64], chosen: &[usize], rng: &mut StreamRng) -> usize {
    let total: f64 = weights.iter().sum();
    // 53 bits: the numbers in [0, 1) that a f64 holds evenly.
    let mut left = (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 * total;
    let positive = |item: &usize| weights[*item] > 0.0;
    for item in (0..weights.len()).filter(positive) {
        left -= weights[item];
        if left < 0.0 {
            return item;
        }
    }
    let last = (0..weights.len()).rfind(positive);
    last.or_else(|| (0..weights.len()).find(|item| !chosen.contains(item))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(values: Vec<f64>, groups: usize, seed: u64) -> Result<KMeans, ClusterError> {
        let config = KMeansParams { groups, ..KMeansParams::default() }.check().unwrap();
        kmeans(&Points::new(values, 1).unwrap(), &config, SeedTree::new(seed))
    }

    #[test]
    fn the_same_seed_gives_the_same_bits() {
        let values: Vec<f64> = (0..50).map(|at| f64::from(at * at % 37)).collect();
        assert_eq!(fit(values.clone(), 5, 3).unwrap(), fit(values, 5, 3).unwrap());
    }

    #[test]
    fn equal_items_are_no_trouble() {
        let found = fit(vec![2.0; 5], 3, 1).unwrap();
        assert_eq!((found.inertia, found.centroids.values()), (0.0, &[2.0, 2.0, 2.0][..]));
    }

    #[test]
    fn more_groups_than_items_are_refused() {
        assert_eq!(fit(vec![1.0], 2, 1).unwrap_err(), ClusterError::TooFewItems { items: 1, needed: 2 });
        assert_eq!(
            KMeansParams { groups: 0, ..Default::default() }.check().unwrap_err(),
            ClusterError::NoGroups
        );
    }

    #[test]
    fn centroids_of_another_space_are_refused() {
        let (points, start) = (Points::new(vec![1.0; 4], 2).unwrap(), Points::new(vec![1.0], 1).unwrap());
        let refused = kmeans_from(&points, &start, &KMeansParams::default().check().unwrap()).unwrap_err();
        assert_eq!(refused, ClusterError::DifferentDimensions { points: 2, centroids: 1 });
    }
}
