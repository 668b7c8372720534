//! What did the agents learn? Trajectories become clusters, roles, goals, relations and rules.

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
