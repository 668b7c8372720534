//! Disturbances of a real cluster: pods that are killed, crash, hang, are slow or fail, and other tenants that keep nodes
//! busy.
//!
//! The same [`Timeline`](karma_mock::Timeline) that a scenario draws for the simulated cluster is played here, event by
//! event ([`play`]); [`strike`] is one disturbance by hand. What is done to pods goes through the API server: a pod is
//! deleted, or told over its proxy what to do ([`karma_mock::service`] describes the faults of a mock).
//!
//! **Where the real cluster differs from the simulated one.** Other tenants are pods that burn CPU and have the weight of
//! what they request, while the simulated ones never yield. A pod that is created while its service is slow becomes slow
//! within [`PERIOD`], not at once.

mod contention;
mod error;
mod fault;
mod play;
mod pods;
mod strike;

pub use contention::keep_busy as contend;
pub use error::ChaosError;
pub use fault::{Faults, Strike, Which};
pub use play::{PERIOD, Played, play};
pub use strike::{Struck, clear, strike};
