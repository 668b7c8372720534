//! A Kubernetes cluster that tests can rely on: a real control plane, mock services on it, chaos, calibration.
//!
//! | you look for | open |
//! |---|---|
//! | a whole cluster on this machine, without Docker, and nothing left of it | [`cluster`] |
//! | a topology as Deployments, Services, autoscalers, manifests, and its image | [`deploy`] |
//! | the same topology on a smaller machine | [`shrunk`] |
//! | pods that are killed, crash, hang, are slow; the disturbances of a scenario | [`chaos`] |
//! | how well the simulated cluster predicts a real one | [`calibration`] |
//! | runs on a real cluster, written down for that | [`trials`] |
//! | a cluster for tests | [`testing`] |

pub mod calibration;
pub mod chaos;
pub mod cluster;
pub mod deploy;
mod shrink;
pub mod testing;
pub mod trials;

pub use shrink::{fitting_factor, shrunk};
