//! Runs on a real cluster whose every second is written down, for calibration.
//!
//! A [`Trial`] says what load is offered and what is done to pods; [`run`] carries it out: every service at its replicas and
//! ready, open-loop load on the entry point, kills and scale-ups at their times. What comes of it is a
//! [`Run`](crate::calibration::Run).

mod error;
mod facts;
mod run;
mod suite;

pub use error::TrialError;
pub use facts::{Reading, reading, starts};
pub use run::{Site, run, send, service_url};
pub use suite::{Trial, suite};
