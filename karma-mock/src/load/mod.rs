//! Open-loop load: requests are sent when they are due, whatever has become of those before them.
//!
//! A closed loop, in which each of some connections waits for an answer before its next request, slows down with the
//! server that it measures: what would have been slow is never sent, and so never counted. Tene (*How NOT to Measure
//! Latency*, 2013) calls this coordinated omission. Here a [`LoadPlan`] says when each request is due, and
//! latency counts from that moment ([`TrafficReport::latency`]); time from the actual sending stands beside it
//! ([`TrafficReport::service_time`]), and how late the generator itself was ([`LoadReport::lateness`]).
//!
//! | you look for | open |
//! |---|---|
//! | how many requests, and when | [`LoadPlan`], [`Pacing`] |
//! | where they go, and over which connections | [`TargetParams`], [`Connections`] |
//! | sending them | [`run`] |
//! | what came of it | [`LoadReport`] |
//! | a server of known latency, to check a generator by | [`testing`] |
//!
//! ```no_run
//! use karma_mock::load::{LoadPlan, TargetParams, run};
//!
//! let plan = LoadPlan::constant(200.0, 60)?;
//! let target = TargetParams::of("http://127.0.0.1:5000/").check()?;
//! let report = run(&plan, &target, |progress| progress.sent < 10_000)?;
//! println!("{report}");
//! # Ok::<(), karma_mock::load::LoadError>(())
//! ```

mod client;
mod error;
mod histogram;
mod outcome;
mod pacer;
mod plan;
mod progress;
mod recorder;
mod report;
mod run;
mod schedule;
mod seconds;
mod table;
mod target;
pub mod testing;

pub use error::LoadError;
pub use histogram::Latencies;
pub use outcome::{Counts, Outcome};
pub use plan::{LoadPlan, MOST_RATE, MOST_SECONDS};
pub use progress::{Progress, Recent};
pub use report::{LoadReport, TrafficReport, VERSION};
pub use run::run;
pub use schedule::{Due, Pacing, Schedule};
pub use seconds::SecondRow;
pub use target::{Connections, Target, TargetParams};

pub use crate::service::WORK_HEADER;
