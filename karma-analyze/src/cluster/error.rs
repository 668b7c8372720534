//! What keeps items from being grouped.

/// Why there are no groups.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClusterError {
    /// Too few items for what was asked.
    #[error("{items} items are too few for {needed}; give more of them, or ask for fewer groups")]
    TooFewItems {
        /// Items given.
        items: usize,
        /// Items that it takes.
        needed: usize,
    },
    /// No group was asked for.
    #[error("0 groups hold nothing; ask for 1 at least")]
    NoGroups,
    /// One group has no other to be compared with.
    #[error("a partition of {groups} groups has no silhouette; cut into 2 at least")]
    OneGroup {
        /// Groups that there are.
        groups: usize,
    },
    /// A distance that nothing can be compared with.
    #[error(
        "the distance of items {left} and {right} is {distance}; distances have to lie between 0 and 1e18"
    )]
    UnfitDistance {
        /// One item.
        left: usize,
        /// The other.
        right: usize,
        /// How far apart they are said to be.
        distance: f32,
    },
    /// Two things are of different numbers of items.
    #[error("{left} items here and {right} there; both have to come from the same sequences")]
    DifferentItems {
        /// Items of one.
        left: usize,
        /// Items of the other.
        right: usize,
    },
    /// Points and centroids of different spaces.
    #[error("points have {points} dimensions, centroids {centroids}; describe both by the same features")]
    DifferentDimensions {
        /// Dimensions of the points.
        points: usize,
        /// Dimensions of the centroids.
        centroids: usize,
    },
    /// A setting is out of its range.
    #[error("{name} is {value}; it has to be {range}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// As given.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// The algorithm gave up.
    #[error("the fit failed: {0}; ask for fewer groups, or leave out features that hardly vary")]
    Fit(String),
}

impl ClusterError {
    /// Refuses a setting that is not in its range.
    pub(crate) fn unless(
        holds: bool,
        name: &'static str,
        value: f64,
        range: &'static str,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::Setting { name, value, range }) }
    }
}
