//! Why measurements cannot be used.

use karma_core::TopologyError;
use karma_mock::load::LoadError;
use karma_mock::sim::SimulationParamsError;
use thiserror::Error;

/// Why a simulated cluster cannot be calibrated on a file.
#[derive(Debug, Error)]
pub enum CalibrationError {
    /// Not JSON, or a field is missing or unknown.
    #[error("the measurements cannot be read")]
    Syntax(#[from] serde_json::Error),
    /// Written by another version of this program.
    #[error(
        "the measurements have format version {found}; this program reads version {expected}: measure again"
    )]
    Version {
        /// Version of the file.
        found: u32,
        /// Version that is read.
        expected: u32,
    },
    /// The topology is refused.
    #[error("the topology of the measurements is refused")]
    Topology(#[from] TopologyError),
    /// A setting of the simulation that follows from the measurements is refused.
    #[error("the measurements ask for a simulation that there is not")]
    Simulation(#[from] SimulationParamsError),
    /// A service that the topology does not have.
    #[error("{place}: the topology has no service \"{name}\"")]
    UnknownService {
        /// Where it is named.
        place: String,
        /// The name.
        name: String,
    },
    /// A number outside of what is allowed.
    #[error("{place}: {value} is not allowed; expected {expected}")]
    Number {
        /// Where it stands.
        place: String,
        /// The value.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// Rows and offered rates differ in number.
    #[error("run \"{run}\": {rows} rows for {seconds} offered seconds; every second needs one row")]
    Rows {
        /// The run.
        run: String,
        /// Rows.
        rows: usize,
        /// Seconds.
        seconds: usize,
    },
    /// The rates of a run are none that the generator sends.
    #[error("the load of a run is refused")]
    Load(#[from] LoadError),
    /// What a seed says was sent is not what was counted.
    #[error(
        "run \"{run}\", second {second}: {sent} requests were sent, and by its seed {seed} they were {expected}: \
         the seed belongs to another run or version; leave it out, and rates are used"
    )]
    Seed {
        /// The run.
        run: String,
        /// Its seed.
        seed: u64,
        /// First second that differs.
        second: usize,
        /// Requests of its row.
        sent: u64,
        /// Requests by the seed.
        expected: u64,
    },
    /// More than one entry point, which rows do not tell apart.
    #[error("the topology has {found} entry points; calibration needs a topology with exactly one")]
    EntryPoints {
        /// Entry points of the topology.
        found: usize,
    },
    /// Nothing to fit on, or nothing to predict.
    #[error("no run has the purpose \"{purpose}\"; at least one is needed")]
    NoRun {
        /// The purpose.
        purpose: &'static str,
    },
    /// Two runs of one name that are not repetitions of each other.
    #[error("runs \"{run}\" have one name and differ in what they offered or did; give them different names")]
    Repetition {
        /// The name.
        run: String,
    },
}
