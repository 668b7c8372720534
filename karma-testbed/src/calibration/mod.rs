//! From measurements of a real cluster to the settings of the simulated one, and how well they predict it.
//!
//! A [`Measurement`] is a file: a topology as it was deployed, facts about its services, and *runs*, each with what was
//! offered second by second, what was done to the cluster, and how requests fared. Some runs are for fitting, the others
//! are held out. [`calibrate`] fits few free parameters on the former ([`Parameter`]: CPU of a request beside its
//! work, time on the network), takes start-up times from observed pod starts in closed form, predicts the latter, and
//! reports every error ([`Report`]), in words too ([`Report::to_markdown`]).
//!
//! The file and the settings determine the report to the last bit: simulations use fixed seeds (common random
//! numbers), and the search ([`minimise`]) draws nothing.
//!
//! **Assumed of the load.** Requests are sent at Poisson moments at the offered rate, whatever happens to earlier ones
//! (open loop), and a row counts the requests *sent* in its second.

mod check;
mod error;
mod fit;
mod markdown;
mod measurement;
mod minimise;
mod model;
mod predict;
mod recovery;
mod replay;
mod series;

pub use check::Study;
pub use error::CalibrationError;
pub use fit::{CalibrationParams, Fit, FitError};
pub use measurement::{Action, ActionKind, Measurement, Purpose, Row, Run, ServiceFacts, Totals, VERSION};
pub use minimise::{Minimum, SearchParams, minimise};
pub use model::{Model, Parameter};
pub use predict::{Errors, MEAN_BOUND, Prediction, Report, calibrate};
pub use recovery::{Recovery, recovery_time};
pub use replay::{Replay, replay};
pub use series::Series;

/// Seconds between two scrapes of an autoscaler: what a recovery may be off by, and what it is smoothed over.
pub const SCRAPE: u32 = 5;
