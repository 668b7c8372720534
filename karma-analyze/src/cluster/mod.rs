//! Groups of trajectories: by linkage of their distances, or by the points that describe them.
//!
//! | have | want | take |
//! |---|---|---|
//! | distances | a tree of groups | [`linkage`], then a cut of the [`Dendrogram`] |
//! | distances | the number of groups | [`best_cut`], by silhouettes |
//! | distances | dense groups, and what is in none | [`dbscan`] |
//! | points | `k` compact groups | [`kmeans`], [`kmeans_from`] |
//! | points | overlapping groups with their probabilities | [`mixture`] |
//! | a partition | how well it separates | [`silhouette`] |
//!
//! Points are never distances, and the compiler knows:
//!
//! ```compile_fail,E0308
//! use karma_analyze::DistanceMatrix;
//! use karma_analyze::cluster::{KMeansParams, kmeans};
//! use karma_core::SeedTree;
//!
//! // The rows of a distance matrix taken for observations, as in the published analysis.
//! let distances = DistanceMatrix::from_fn(4, |_, _| 1.0);
//! let config = KMeansParams { groups: 2, ..KMeansParams::default() }.check().unwrap();
//! let groups = kmeans(&distances, &config, SeedTree::new(1));
//! ```

mod cut;
mod dbscan;
mod error;
mod inconsistency;
mod kmeans;
mod linkage;
mod mixture;
mod points;
mod silhouette;

pub use dbscan::{DbscanConfig, DbscanParams, dbscan};
pub use error::ClusterError;
pub use inconsistency::Inconsistency;
pub use kmeans::{KMeans, KMeansConfig, KMeansParams, kmeans, kmeans_from};
pub use linkage::{Linkage, linkage};
pub use mixture::{Mixture, MixtureConfig, MixtureParams, mixture};
pub use points::{Points, PointsError};
pub use silhouette::{BestCut, Silhouette, best_cut, silhouette};

/// Which group each item belongs to: groups are numbered from 0, and each has at least one item.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Partition {
    labels: Vec<usize>,
    groups: usize,
}

impl Partition {
    /// Groups of items with equal labels, numbered in the order of their first items.
    pub fn of_labels<L: Ord>(labels: impl IntoIterator<Item = L>) -> Self {
        let mut known = std::collections::BTreeMap::new();
        let labels = labels.into_iter().map(|label| {
            let next = known.len();
            *known.entry(label).or_insert(next)
        });
        let labels: Vec<usize> = labels.collect();
        Self { labels, groups: known.len() }
    }

    /// The group of each item.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Number of groups.
    pub const fn groups(&self) -> usize {
        self.groups
    }

    /// Number of items.
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no items.
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The items of a group, in order.
    pub fn members(&self, group: usize) -> impl Iterator<Item = usize> {
        self.labels.iter().enumerate().filter(move |(_, label)| **label == group).map(|(item, _)| item)
    }
}

/// Two groups become one.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Merge {
    /// One of them: below the number of items an item, else that number plus the place of the merge that made it.
    pub left: usize,
    /// The other; `left < right`.
    pub right: usize,
    /// How far apart they were.
    pub height: f32,
    /// Items in both together.
    pub size: usize,
}

/// How items became one group, step by step (SciPy's `linkage`): merges by growing height.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Dendrogram {
    pub(crate) items: usize,
    pub(crate) merges: Vec<Merge>,
}
