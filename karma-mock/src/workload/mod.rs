//! Legitimate load: how many requests per second arrive in each second of an episode.
//!
//! | name | shape | variation | peak |
//! |---|---|---|---|
//! | `constant` | the nominal rate | 0 | 1 |
//! | `diurnal` | a sinusoid about it ([`DiurnalParams`]) | 0.35 | 1.5 |
//! | `burst` | flash crowds on top of it ([`BurstParams`]); the mean is above nominal | 0.41 | 2.7 |
//! | `worldcup98` | a web site before, during and after football matches | 0.22, 0.33 | 1.5, 1.9 |
//! | `azure-conv` | an LLM service, conversations | 0.14, 0.19 | 1.4, 1.6 |
//! | `azure-code` | an LLM service, code: silence and shocks; up to 27 % below the nominal mean | 1.13, 1.52 | 3.0, 3.0 |
//! | `nab-elb` | a load balancer | 0.43, 0.49 | 2.5, 2.7 |
//!
//! Variation is the coefficient of variation of an episode's rates, peak its highest multiple of nominal: means over 200
//! episodes of 660 s, of recorded traces ([`ReplayParams`]) in training and in evaluation.
//!
//! A workload is a shape; the topology says what nominal is. In a configuration file it is a name, or a table
//! such as `{ kind = "diurnal", amplitude = 0.8 }`.

mod error;
mod named;
mod read;
mod replay;
mod shapes;
mod span;
mod split;
mod trace;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use karma_core::RequestsPerSecond;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use error::{TraceError, WorkloadError};
pub use replay::{ReplayParams, Scale};
pub use shapes::{BurstParams, ConstantParams, DiurnalParams};
pub use span::{SettingError, Span};
pub use split::Split;
pub use trace::Trace;

pub(crate) use named::NameOrTable;
pub(crate) use span::within;

use crate::topologies::UnknownName;

/// A workload as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum WorkloadParams {
    /// Always the same rate.
    Constant(ConstantParams),
    /// Day and night.
    Diurnal(DiurnalParams),
    /// Flash crowds.
    Burst(BurstParams),
    /// A recorded trace.
    Trace(ReplayParams),
}

impl WorkloadParams {
    fn check(&self) -> Result<(), SettingError> {
        match self {
            Self::Constant(params) => params.check(),
            Self::Diurnal(params) => params.check(),
            Self::Burst(params) => params.check(),
            Self::Trace(params) => params.check(),
        }
    }
}

/// A checked workload.
///
/// ```
/// use karma_core::RequestsPerSecond;
/// use karma_mock::{Split, Workload};
///
/// let workload = Workload::by_name("worldcup98")?;
/// let rates = workload.rates(RequestsPerSecond(100.0), 660, Split::Train, 7);
/// assert_eq!(rates.len(), 660);
/// let mean = rates.iter().sum::<f64>() / 660.0;
/// assert!((mean - 100.0).abs() < 1e-6);
/// assert!(rates.iter().all(|rate| *rate <= 300.0));
/// # Ok::<(), karma_mock::WorkloadError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Workload(Shape);

/// What was written, with the trace that it names.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Constant(ConstantParams),
    Diurnal(DiurnalParams),
    Burst(BurstParams),
    Trace(ReplayParams, Arc<Trace>),
}

impl Workload {
    /// The workloads that have a name.
    pub const NAMES: [&str; 7] =
        ["constant", "diurnal", "burst", "worldcup98", "azure-code", "azure-conv", "nab-elb"];

    /// Checks the settings; a trace must be one that is shipped.
    ///
    /// # Errors
    /// [`WorkloadError`] for a setting out of its range or a trace that is not shipped.
    pub fn new(params: WorkloadParams) -> Result<Self, WorkloadError> {
        params.check()?;
        Ok(Self(match params {
            WorkloadParams::Constant(params) => Shape::Constant(params),
            WorkloadParams::Diurnal(params) => Shape::Diurnal(params),
            WorkloadParams::Burst(params) => Shape::Burst(params),
            WorkloadParams::Trace(params) => {
                let trace = Trace::shipped(&params.trace)?;
                Shape::Trace(params, Arc::new(trace))
            }
        }))
    }

    /// Plays a trace of one's own. The trace's name replaces the one in `params`.
    ///
    /// # Errors
    /// [`WorkloadError::Setting`] for a setting out of its range.
    pub fn replay(trace: Trace, params: &ReplayParams) -> Result<Self, WorkloadError> {
        let params = ReplayParams { trace: trace.name().to_owned(), ..params.clone() };
        params.check()?;
        Ok(Self(Shape::Trace(params, Arc::new(trace))))
    }

    /// The workload called `name`, with its defaults.
    ///
    /// # Errors
    /// [`WorkloadError::Unknown`] with the nearest of [`Workload::NAMES`].
    pub fn by_name(name: &str) -> Result<Self, WorkloadError> {
        Self::new(match name {
            "constant" => WorkloadParams::Constant(ConstantParams::default()),
            "diurnal" => WorkloadParams::Diurnal(DiurnalParams::default()),
            "burst" => WorkloadParams::Burst(BurstParams::default()),
            trace if Trace::NAMES.contains(&trace) => WorkloadParams::Trace(ReplayParams::of(trace)),
            _ => return Err(UnknownName::new("workload", name, &Self::NAMES).into()),
        })
    }

    /// The settings.
    pub fn params(&self) -> WorkloadParams {
        match &self.0 {
            Shape::Constant(params) => WorkloadParams::Constant(*params),
            Shape::Diurnal(params) => WorkloadParams::Diurnal(*params),
            Shape::Burst(params) => WorkloadParams::Burst(*params),
            Shape::Trace(params, _) => WorkloadParams::Trace(params.clone()),
        }
    }

    /// Requests per second in each of `seconds` seconds of episode `seed` of a split. Never negative.
    ///
    /// All entry points of an episode get the same shape, each at its own nominal rate: they have the same users.
    pub fn rates(&self, nominal: RequestsPerSecond, seconds: u32, split: Split, seed: u64) -> Vec<f64> {
        let mut rng = split.seeds(seed).child("workload").rng();
        let mut factors = match &self.0 {
            Shape::Constant(params) => vec![params.factor; seconds as usize],
            Shape::Diurnal(params) => params.factors(seconds, &mut rng),
            Shape::Burst(params) => params.factors(seconds, &mut rng),
            Shape::Trace(params, trace) => params.factors(trace, seconds, split, &mut rng),
        };
        for factor in &mut factors {
            *factor *= nominal.0;
        }
        factors
    }
}

impl FromStr for Workload {
    type Err = WorkloadError;

    fn from_str(name: &str) -> Result<Self, WorkloadError> {
        Self::by_name(name)
    }
}

impl fmt::Display for Workload {
    /// The shape, or the name of the trace.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Shape::Constant(_) => "constant",
            Shape::Diurnal(_) => "diurnal",
            Shape::Burst(_) => "burst",
            Shape::Trace(params, _) => &params.trace,
        })
    }
}

impl Serialize for Workload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.params().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Workload {
    /// From a name, or from a table of [`WorkloadParams`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable {
            expecting: "the name of a workload, or a table with its \"kind\"",
            by_name: Self::by_name,
            checked: Self::new,
        })
    }
}
