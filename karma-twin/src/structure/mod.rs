//! What is known of a system without learning: derived features, and what a forecast must obey.

mod cluster;

use serde::{Deserialize, Serialize};

use crate::table::Schema;
pub use cluster::{ClusterStructure, ClusterStructureError};

/// Knowledge that a model is given rather than left to find out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Structure {
    /// Only the bounds of the columns.
    #[default]
    Bounds,
    /// Load, capacity and flow in a cluster of services.
    Cluster(ClusterStructure),
}

impl Structure {
    /// Number of derived features.
    pub const fn features(&self) -> usize {
        match self {
            Self::Bounds => 0,
            Self::Cluster(cluster) => cluster.features(),
        }
    }

    /// Whether the structure is one of tables of this schema. A structure that was read from a file must be asked
    /// before it is used: rows of another width would be read out of place.
    pub fn fits(&self, schema: &Schema) -> bool {
        match self {
            Self::Bounds => true,
            Self::Cluster(cluster) => cluster.fits(schema),
        }
    }

    /// Writes the derived features. `now` is a row of the table with the last known values; `next` holds the
    /// controlled and exogenous values of the next row.
    pub fn derive(&self, now: &[f32], next: &[f32], features: &mut [f32]) {
        match self {
            Self::Bounds => {}
            Self::Cluster(cluster) => cluster.derive(now, next, features),
        }
    }

    /// Moves the predicted values of `next` (a whole row) to the nearest ones that the structure allows. `now` is the
    /// row before, with the last known values. What is missing stays missing, and binds nothing.
    pub fn constrain(&self, schema: &Schema, now: &[f32], next: &mut [f32]) {
        for (value, column) in next.iter_mut().zip(schema.predicted()) {
            *value = column.clamp(*value);
        }
        match self {
            Self::Bounds => {}
            Self::Cluster(cluster) => cluster.constrain(now, next),
        }
    }
}
