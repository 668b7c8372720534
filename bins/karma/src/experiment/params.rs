//! A suite as written.

use std::path::Path;

use karma_mock::environment::SiegeParams;
use serde::{Deserialize, Serialize};

use crate::config::ConfigError;
use crate::sweep::params::{document_error, read_text};

/// A suite as written in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuiteParams {
    /// What it is for, in one sentence.
    pub(crate) about: String,
    /// Settings of every run and every episode, as in a run's configuration; a key may be a path such as `"learner.gamma"`.
    #[serde(default)]
    pub(crate) fixed: toml::Table,
    /// How rules are calibrated.
    #[serde(default)]
    pub(crate) calibration: CalibrationParams,
    /// Where everybody is compared.
    pub(crate) arenas: Vec<ArenaParams>,
    /// Who is compared without training.
    #[serde(default)]
    pub(crate) rules: Vec<RuleEntry>,
    /// Twins that teams are trained in.
    #[serde(default)]
    pub(crate) twins: Vec<TwinEntry>,
    /// Who is trained; the first one is compared with everybody else.
    #[serde(default)]
    pub(crate) teams: Vec<TeamEntry>,
    /// Attackers that study contestants; absent: there are none.
    #[serde(default)]
    pub(crate) assault: Option<AssaultParams>,
}

/// `[calibration]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CalibrationParams {
    /// Episodes of each scenario that every candidate plays, of the training split. Default 3.
    pub(crate) seeds: u64,
    /// The measure that candidates are chosen by. Default `episodic_return`, which is what teams are trained for.
    pub(crate) objective: String,
}

impl Default for CalibrationParams {
    fn default() -> Self {
        Self { seeds: 3, objective: "episodic_return".to_owned() }
    }
}

/// `[[arenas]]`: episodes, the same for everybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArenaParams {
    /// Name in tables.
    pub(crate) name: String,
    /// What is asked there.
    #[serde(default)]
    pub(crate) about: String,
    /// Settings on top of the suite's.
    #[serde(default)]
    pub(crate) settings: toml::Table,
}

/// `[[rules]]`: a rule, and what of it is calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleEntry {
    /// Name in tables.
    pub(crate) name: String,
    /// Its kind and settings.
    pub(crate) rule: toml::Table,
    /// Settings of the rule with the values that calibration tries, in every combination.
    #[serde(default)]
    pub(crate) search: toml::Table,
    /// The arenas in which it plays, by name; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arenas: Option<Vec<String>>,
    /// Whether it is a yardstick that no operator could run, such as one that knows the future.
    #[serde(default)]
    pub(crate) yardstick: bool,
}

/// `[[teams]]`: a team, trained once for each seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamEntry {
    /// Name in tables.
    pub(crate) name: String,
    /// What it is.
    #[serde(default)]
    pub(crate) about: String,
    /// How many trainings, with seeds from 1.
    pub(crate) seeds: u64,
    /// The arenas in which it plays, by name; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arenas: Option<Vec<String>>,
    /// The twin that it is trained in, by name; absent: the simulated cluster itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) twin: Option<String>,
    /// Settings on top of the suite's.
    #[serde(default)]
    pub(crate) settings: toml::Table,
}

/// `[[twins]]`: a twin of the suite's cluster, fitted on episodes of the training split under decisions that explore.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TwinEntry {
    /// Its name.
    pub(crate) name: String,
    /// Episodes of each scenario, 1 to 10 000. Default 60.
    #[serde(default = "sixty")]
    pub(crate) episodes: u64,
}

/// `[assault]`: attackers that study contestants, in the suite's cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssaultParams {
    /// Who is attacked, by name.
    pub(crate) against: Vec<String>,
    /// Attackers of each, with seeds from 1, 1 to 1000: of a team, one studies each of so many trainings. Default 3.
    #[serde(default = "three")]
    pub(crate) seeds: u64,
    /// Iterations that each learns, 1 to 100 000. Default 60.
    #[serde(default = "sixty")]
    pub(crate) iterations: u64,
    /// Episodes on which attackers are compared, 1 to 10 000. Default 20.
    #[serde(default = "twenty")]
    pub(crate) episodes: u64,
    /// What they are allowed.
    #[serde(default)]
    pub(crate) attacker: SiegeParams,
}

const fn three() -> u64 {
    3
}

const fn twenty() -> u64 {
    20
}

const fn sixty() -> u64 {
    60
}

impl AssaultParams {
    /// How many attackers study a contestant.
    pub(crate) fn attackers_of(&self, contestant: &str) -> u64 {
        if self.against.iter().any(|name| name == contestant) { self.seeds } else { 0 }
    }
}

/// Whether one who plays in `arenas` plays in this one; absent: in all.
pub(crate) fn plays_in(arenas: Option<&[String]>, arena: &str) -> bool {
    arenas.is_none_or(|arenas| arenas.iter().any(|name| name == arena))
}

impl TeamEntry {
    /// Whether it plays in an arena.
    pub(crate) fn plays_in(&self, arena: &str) -> bool {
        plays_in(self.arenas.as_deref(), arena)
    }
}

impl SuiteParams {
    /// Reads a suite's file.
    ///
    /// # Errors
    /// If it cannot be read or is no suite, with line and column.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = read_text(path)?;
        toml::from_str(&text).map_err(|error| document_error(path, &text, &error))
    }
}
