//! A digital twin of a cluster, learned from its traces.
//!
//! | you look for | open |
//! |---|---|
//! | what a cluster showed and what was decided | [`trace`] |
//! | numbers in time: columns, windows, splits | [`table`] |
//! | a cluster as a table, and back | [`cluster`] |
//! | what a model sees of the past | [`Encoder`] |
//! | what is known without learning | [`Structure`] |
//! | the learned model: an ensemble of networks | [`network`] |
//! | recorded transitions weighed by their likeness | [`forest`] |
//! | several models as one | [`stack`] |
//! | rivals: a line, and the published network | [`ridge`], [`plain`] |
//! | the seam of all models, and the simplest of them | [`Forecaster`], [`Persistence`] |
//! | the twin as a game for a team: recorded windows with other decisions | [`environment`] |
//! | a model that lives on its own forecasts | [`roll_out`] |
//! | record, model, intervals and alarm as one artefact | [`twin`] |
//! | how faithful a model is | [`fidelity`] |
//! | what was recorded, looked up before a model is asked | [`exact`] |
//! | intervals that keep their promise | [`conformal`] |
//! | situations that nothing was learned from | [`novelty`] |
//! | whether the cluster still does what was learned | [`drift`] |

pub mod cluster;
pub mod conformal;
pub mod drift;
mod encoder;
pub mod environment;
pub mod exact;
pub mod fidelity;
mod forecast;
pub mod forest;
pub mod network;
pub mod novelty;
pub mod plain;
pub mod ridge;
mod rollout;
pub mod stack;
mod statistics;
mod stay;
mod structure;
pub mod table;
pub mod trace;
pub mod twin;

pub use cluster::ClusterTable;
pub use conformal::{AdaptiveConformal, Calibration, CalibrationBuilder, Interval};
pub use drift::{DriftParams, DriftReport};
pub use encoder::{Encoder, EncoderError, EncoderParams, Groups, Samples};
pub use environment::{TwinBatch, TwinEnvironment, TwinEpisode};
pub use exact::{Composed, ExactParams, ExactTable};
pub use forecast::{Forecaster, Forecasts, Inputs, Persistence};
pub use forest::{Forest, ForestConfig, ForestParams, View};
pub use network::{Network, NetworkConfig, NetworkParams};
pub use novelty::{Cusum, Novelty, NoveltyParams, Verdict};
pub use plain::Plain;
pub use ridge::Ridge;
pub use rollout::{Visit, roll_out};
pub use stack::Stack;
pub use stay::Stay;
pub use structure::{ClusterStructure, ClusterStructureError, Structure};
pub use twin::{ModelKind, Twin, TwinParams};
