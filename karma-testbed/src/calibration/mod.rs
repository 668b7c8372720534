//! From measurements of a real cluster to the settings of the simulated one, and how well they predict it.
//!
//! A [`Measurement`] is a file: a topology as it was deployed, facts about its services, and *runs*, each with what was
//! offered second by second, what was done to the cluster, and how requests fared. Some runs are for fitting, the others
//! are held out. [`calibrate`] fits few free parameters on the former ([`Parameter`]; by default the
//! time on the network alone), takes the CPU of a request and start-up times as they were observed, predicts the latter, and
//! reports every error ([`Report`]), in words too ([`Report::to_markdown`]).
//!
//! The file and the settings determine the report to the last bit: simulations use fixed seeds (common random
//! numbers), and the search ([`minimise`]) draws nothing.
//!
//! **Assumed of the load.** Requests are sent at Poisson moments at the offered rate, whatever happens to earlier ones
//! (open loop), and a row counts the requests *sent* in its second. Where a run has the [seed](Run::seed) of its moments,
//! the simulated cluster gets the same requests at the same moments: a queue near saturation answers two samples of one
//! rate by response times that differ by tens of per cent, and no model can know which sample came (the correlated
//! inspection approach of Law, *Simulation Modeling and Analysis*, 5th ed., §5.6).

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
pub use measurement::{
    Action, ActionKind, Measurement, Purpose, Row, Run, ServiceFacts, Totals, VERSION, load_plan,
};
pub use minimise::{Minimum, SearchParams, minimise};
pub use model::{Model, Parameter};
pub use predict::{Errors, MEAN_BOUND, Prediction, Report, calibrate};
pub use recovery::{Recovery, recovery_time};
pub use replay::{Replay, replay};
pub use series::Series;

/// Seconds between two scrapes of an autoscaler: what a recovery may be off by, and what it is smoothed over.
pub const SCRAPE: u32 = 5;
