//! What did the agents learn? From trajectories to clusters, roles, goals, relations, rules and an organisation.
//!
//! Phase 3 of KARMA, and useful without the rest: anything that records what several agents saw and did
//! ([`Recordings`], JSON lines) can be analysed, a simulated cluster, a live one, or a game.
//!
//! | you look for | open |
//! |---|---|
//! | all of it at once | [`Analysis`] |
//! | a file of trajectories | [`recordings`] |
//! | how far apart two sequences are | [`distance`]: warping, edit, common subsequence, local alignment |
//! | groups | [`cluster`]: linkage and its cuts, k-means, mixtures, DBSCAN, silhouettes |
//! | whether two groupings agree | [`agreement`] |
//! | a map of items | [`embedding`] |
//! | who behaves alike | [`roles`] |
//! | where successful episodes linger | [`goals`] |
//! | who depends on whom | [`relations`] |
//! | an organisation that trains the next team | [`inference`] |
//! | how behaviour fits an organisation | [`fit`] |
//! | what moved one decision | [`attribution`] |
//! | a policy as a few rules | [`distill`], over [`tree`] |
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use karma_analyze::cluster::{Linkage, best_cut, linkage};
//! use karma_analyze::distance::{Measure, Warping, pairwise};
//! use karma_analyze::{Alphabet, Sequences};
//!
//! // Two agents go from 0 to 1, at different times; two stay at 2, or nearly so.
//! let mut words = Sequences::new(Alphabet::discrete(3));
//! for word in [[0, 0, 1, 1], [0, 1, 1, 1], [2, 2, 2, 2], [2, 2, 2, 0]] {
//!     words.push(&word)?;
//! }
//! let distances = pairwise(&words, &Measure::Warping(Warping::default()), NonZeroUsize::MIN);
//! let tree = linkage(&distances, Linkage::Average)?;
//! let groups = tree.cut_into(best_cut(&distances, &tree, 3)?.groups)?;
//! assert_eq!(groups.labels(), [0, 0, 1, 1]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Distances and points are different types, so a square matrix of distances is never taken for observations. Everything is a
//! function of its input and a seed, for any number of threads. Nothing is drawn here, no file is opened, and policies are
//! functions.

pub mod agreement;
pub mod analysis;
pub mod attribution;
pub mod cluster;
pub mod distance;
pub mod distill;
pub mod embedding;
pub mod fit;
pub mod goals;
pub mod inference;
pub mod observed;
pub mod recordings;
pub mod relations;
pub mod roles;
pub mod sequence;
pub mod tree;

pub use analysis::{Analysis, AnalysisError, AnalysisParams};
pub use cluster::Partition;
pub use distance::DistanceMatrix;
pub use recordings::{Cast, RecordedEpisode, Recordings};
pub use sequence::{Alphabet, Sequences};
