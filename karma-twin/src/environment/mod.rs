//! The twin as a game: recorded windows, played again with other decisions.
//!
//! An episode is a **counterfactual replay** (abduction, action, prediction: Pearl, *Causality*, 2009, section 7.1;
//! in reinforcement learning Buesing et al., *Woulda, coulda, shoulda*, ICLR 2019):
//!
//! 1. *abduction*: at each step of a recorded window, what the fitted model did not foresee is kept as a standardised
//!    residual ε = (truth − median) / spread ([`Script`]);
//! 2. *action*: a team decides otherwise;
//! 3. *prediction*: the model forecasts from what these decisions have led to, and the recorded residual is added
//!    back, median′ + spread′ · ε, under the recorded load.
//!
//! With the recorded decisions it *is* the recording; with others it answers what would have happened. So the
//! disturbances that a trace holds (attacks, crashes, contention, slow services) come back in training without a
//! model of any of them, as large as they were where the model is as sure as it was. What no trace held can be added
//! by [`faults`].
//!
//! [`TwinBatch`] plays many episodes side by side, with one forecast for all of them in each step; a
//! [`TwinEnvironment`] is a batch of one behind the [`Environment`](karma_core::Environment) seam, and a [`TwinEpisode`]
//! is one replay for an [`Autoscaler`](karma_core::Autoscaler) instead of a team.

mod batch;
mod dynamics;
mod episode;
pub mod faults;
mod player;
mod replay;
mod script;
mod single;

use std::fmt;
use std::sync::Arc;

use karma_core::{DefenderTeam, Observer, RewardParams};
use thiserror::Error;

use crate::{ClusterTable, Encoder, Forecaster};
pub use batch::TwinBatch;
pub use episode::TwinEpisode;
pub use faults::{FaultConfig, FaultParams, FaultParamsError};
pub use script::{Script, ScriptError};
pub use single::TwinEnvironment;

/// A table, an encoder and a forecaster of one cluster.
#[derive(Clone)]
pub struct ClusterModel {
    table: ClusterTable,
    encoder: Encoder,
    forecaster: Arc<dyn Forecaster>,
}

impl ClusterModel {
    /// A model of the cluster that `table` describes.
    ///
    /// # Errors
    /// [`ReplayError::Schema`] if the encoder is for rows of another schema.
    pub fn new(
        table: ClusterTable,
        encoder: Encoder,
        forecaster: Arc<dyn Forecaster>,
    ) -> Result<Self, ReplayError> {
        if encoder.schema() != table.schema() {
            return Err(ReplayError::Schema);
        }
        Ok(Self { table, encoder, forecaster })
    }

    /// From states to rows and back.
    pub const fn table(&self) -> &ClusterTable {
        &self.table
    }

    /// From the past to features.
    pub const fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// From features to the next row.
    pub fn forecaster(&self) -> &dyn Forecaster {
        &*self.forecaster
    }
}

impl fmt::Debug for ClusterModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterModel")
            .field("table", &self.table)
            .field("forecaster", &self.forecaster.name())
            .finish_non_exhaustive()
    }
}

/// What all episodes of a twin share.
#[derive(Clone)]
pub struct TwinSetup {
    /// What was learned of the cluster.
    pub model: ClusterModel,
    /// The recorded windows that episodes replay.
    pub scripts: Vec<Script>,
    /// Who decides.
    pub team: DefenderTeam,
    /// What they see.
    pub observer: Arc<dyn Observer>,
    /// How many states the observer shows.
    pub depth: usize,
    /// What a step is worth; its price of churn is scaled by the team's α.
    pub reward: RewardParams,
    /// What is added to the recordings; nothing by default.
    pub faults: FaultConfig,
}

impl fmt::Debug for TwinSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwinSetup")
            .field("model", &self.model)
            .field("scripts", &self.scripts.len())
            .field("reward", &self.reward)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// Parts of a twin that do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// An encoder for other rows.
    #[error("the encoder is for another schema than that of the cluster's table")]
    Schema,
    /// Nothing to replay.
    #[error("no recorded window to replay: give at least one")]
    NoScript,
    /// A script of another model.
    #[error(
        "script {script} was prepared for another model: columns and memory are {found:?}, those of the model {expected:?}"
    )]
    Script {
        /// Its place.
        script: usize,
        /// Columns of its rows, and length of the memory that it starts from.
        found: (usize, usize),
        /// The same of the model.
        expected: (usize, usize),
    },
    /// A place beyond the last script.
    #[error("there is no script {script}: the setup has {scripts}, counted from 0")]
    NoSuchScript {
        /// The place.
        script: usize,
        /// How many there are.
        scripts: usize,
    },
    /// A team over another topology.
    #[error("the team scales {found} services, the model has {expected}")]
    Team {
        /// Services of the team.
        found: usize,
        /// Services of the model.
        expected: usize,
    },
}

#[cfg(test)]
mod tests;
