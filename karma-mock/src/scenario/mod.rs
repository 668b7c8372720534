//! Scenarios: what may happen to a cluster, drawn into a [`Timeline`] from a seed.
//!
//! | name | what happens |
//! |---|---|
//! | `bottleneck` | one service behind the entry points computes at 0.3–0.6 of its speed for 150–240 s |
//! | `ddos` | one entry point receives 1, 2, 4 or 8 × the nominal load on top, for 120–240 s, with altered data |
//! | `failures` | 1, 5, 10 or 20 % of all pods crash every 20–40 s, for 120–240 s |
//! | `contention` | other tenants leave 1.2–2 × the CPU that the nominal load uses, for 150–240 s |
//! | `mixed` | two or three of these at once |
//! | `cascade` | a DDoS, then crashes, then contention, with overlapping tails |
//! | `nominal` | nothing; not part of the [suite](Scenario::suite) |
//! | `ddos:4`, `failures:10`, `bottleneck:50`, `contention:60` | one magnitude: times nominal, percent |
//!
//! An episode is 60 s of warm-up and 600 measured seconds. A disturbance starts at least 60 s into the measured
//! time and ends at least 120 s before its end. Ranges, defaults and their origin are with [`DisturbanceParams`]'s
//! variants. A [`Split`] keeps training, calibration and evaluation apart.

mod catalogue;
mod disturbance;
mod draw;
mod effect;
mod load;
mod params;

use std::fmt;
use std::str::FromStr;

use karma_core::Topology;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

pub use disturbance::{
    Background, BottleneckParams, ContentionParams, DdosParams, DisturbanceParams, FailuresParams,
    OnOffParams,
};
pub use load::LoadSummary;
pub use params::{Arrangement, EpisodeParams, ScenarioParams, VERSION};

use crate::Timeline;
use crate::topologies::UnknownName;
use crate::workload::{NameOrTable, SettingError, Split, Workload};

/// The scenarios of the suite, and `nominal`.
pub const NAMES: [&str; 7] = ["bottleneck", "ddos", "failures", "contention", "mixed", "cascade", "nominal"];

/// Why there is no such scenario.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The name is not known.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// A setting is out of its range, or contradicts another.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

/// A checked scenario.
///
/// ```
/// use karma_mock::{Scenario, Split, Workload, topologies};
///
/// let topology = topologies::by_name("chain4")?;
/// let workload = Workload::by_name("worldcup98")?;
/// let scenario = Scenario::by_name("ddos:4")?;
/// let timeline = scenario.draw(&topology, &workload, Split::Train, 7);
/// assert_eq!(timeline, scenario.draw(&topology, &workload, Split::Train, 7));
/// assert_ne!(timeline, scenario.draw(&topology, &workload, Split::Evaluation, 7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario(ScenarioParams);

impl Scenario {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`ScenarioError::Setting`] for the first setting that is out of its range or contradicts another.
    pub fn new(params: ScenarioParams) -> Result<Self, ScenarioError> {
        params.check()?;
        Ok(Self(params))
    }

    /// The scenario called `name`, for instance `ddos` or `ddos:4`.
    ///
    /// # Errors
    /// [`ScenarioError::Unknown`] with the nearest known name, [`ScenarioError::Setting`] for a magnitude out of its range.
    pub fn by_name(name: &str) -> Result<Self, ScenarioError> {
        Self::new(catalogue::params(name)?)
    }

    /// The scenarios of every table: all of [`NAMES`] but `nominal`.
    pub fn suite() -> Vec<Self> {
        NAMES.iter().filter(|name| **name != "nominal").filter_map(|name| Self::by_name(name).ok()).collect()
    }

    /// The name in tables and files.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The version of drawing. Numbers of different versions do not compare.
    pub const fn version(&self) -> u32 {
        self.0.version
    }

    /// What happens, in one sentence.
    pub fn description(&self) -> &str {
        &self.0.description
    }

    /// The settings.
    pub const fn params(&self) -> &ScenarioParams {
        &self.0
    }

    /// Episode `seed` of a split. The same arguments give the same timeline.
    pub fn draw(&self, topology: &Topology, workload: &Workload, split: Split, seed: u64) -> Timeline {
        draw::timeline(&self.0, topology, workload, split, seed)
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(name: &str) -> Result<Self, ScenarioError> {
        Self::by_name(name)
    }
}

impl Serialize for Scenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scenario {
    /// From a name, or from a table of [`ScenarioParams`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable {
            expecting: "the name of a scenario, or a table with its settings",
            by_name: Self::by_name,
            checked: Self::new,
        })
    }
}
