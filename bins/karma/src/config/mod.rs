//! The settings of a run: as written ([`RunParams`]), and checked ([`RunConfig`]).
//!
//! Defaults give way to a configuration file, and a file gives way to flags. An error points at the flag, or at file,
//! line and column.

mod budget;
mod check;
mod choice;
mod error;
#[cfg(test)]
mod example_tests;
mod identity;
mod params;
mod ranges;
mod read;
mod rollout;
mod run_config;
mod sources;
mod twin;
mod workload;

use std::path::Path;

pub use budget::{Budget, BudgetError};
pub use choice::{Choice, ScenarioChoice, WorkloadChoice};
pub use error::ConfigError;
pub(crate) use identity::first_difference;
pub use params::{EvaluationParams, ObservationForm, RunParams, Teacher};
pub(crate) use read::is_path;
pub use run_config::RunConfig;

use sources::Sources;
#[cfg(feature = "transfer")]
use sources::{HeldFiles, SourceFile};

/// A topology by its name, or from its file.
///
/// # Errors
/// If there is no such name, or the file is no topology.
#[cfg(feature = "lab")]
pub(crate) fn topology_named(name: &str) -> Result<karma_core::Topology, ConfigError> {
    check::topology(name, &Sources::default())
}

/// Settings from flags; what is absent leaves the file's or the default value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `--topology`.
    pub topology: Option<String>,
    /// `--workload`.
    pub workload: Option<String>,
    /// `--scenario`, repeated; empty leaves the scenarios as they are.
    pub scenarios: Vec<String>,
    /// `--twin`.
    pub twin: Option<String>,
    /// `--org`.
    pub organization: Option<String>,
    /// `--hardness`.
    pub hardness: Option<f32>,
    /// `--attacker`.
    pub attacker: Option<bool>,
    /// `--shield`.
    pub shield: Option<bool>,
    /// `--seed`.
    pub seed: Option<u64>,
    /// `--budget`.
    pub budget: Option<Budget>,
    /// `--threads`.
    pub threads: Option<usize>,
    /// `--evaluation-seeds`.
    pub evaluation_seeds: Option<usize>,
}

/// Settings together with the places where they were written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    params: RunParams,
    sources: Sources,
}

impl From<RunParams> for Written {
    /// Settings that no file holds.
    fn from(params: RunParams) -> Self {
        Self { params, sources: Sources::default() }
    }
}

impl Written {
    /// All defaults, or what a file says.
    ///
    /// # Errors
    /// If the file cannot be read or is not a configuration.
    pub fn read(file: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = file else { return Ok(Self::default()) };
        let (params, sources) = read::read_file(path)?;
        Ok(Self { params, sources })
    }

    /// What `text` says, which is called `name` in errors and may name no other files than `held`.
    ///
    /// # Errors
    /// If the text is not a configuration.
    #[cfg(feature = "transfer")]
    pub(crate) fn held(name: &str, text: &str, held: HeldFiles) -> Result<Self, ConfigError> {
        let path = Path::new(name);
        let params = read::parse(path, text)?;
        let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
        let sources = Sources { file: Some(file), flags: Vec::new(), held: Some(std::sync::Arc::new(held)) };
        Ok(Self { params, sources })
    }

    /// The same with flags on top.
    #[must_use]
    pub fn with(mut self, flags: &Overrides) -> Self {
        let Self { params, sources } = &mut self;
        let mut set = |given: bool, setting, flag| {
            if given {
                sources.flags.push((setting, flag));
            }
        };
        set(flags.topology.is_some(), "topology", "--topology");
        set(flags.workload.is_some(), "workload", "--workload");
        set(!flags.scenarios.is_empty(), "scenarios", "--scenario");
        set(flags.twin.is_some(), "twin", "--twin");
        set(flags.organization.is_some(), "organization", "--org");
        set(flags.hardness.is_some(), "hardness", "--hardness");
        set(flags.attacker.is_some(), "attacker", "--attacker");
        set(flags.shield.is_some(), "shield", "--shield");
        set(flags.seed.is_some(), "seed", "--seed");
        set(flags.threads.is_some(), "threads", "--threads");
        set(flags.evaluation_seeds.is_some(), "evaluation.seeds", "--evaluation-seeds");
        flags.apply(params);
        self
    }

    /// The settings as written.
    pub const fn params(&self) -> &RunParams {
        &self.params
    }

    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is out of its range or contradicts another, with its place.
    pub fn check(&self) -> Result<RunConfig, ConfigError> {
        check::check(&self.params, &self.sources)
    }
}

impl Overrides {
    fn apply(&self, params: &mut RunParams) {
        if let Some(topology) = &self.topology {
            params.topology.clone_from(topology);
        }
        if let Some(workload) = &self.workload {
            params.workload = Choice::named(workload);
        }
        if !self.scenarios.is_empty() {
            params.scenarios = self.scenarios.iter().map(Choice::named).collect();
        }
        if let Some(organization) = &self.organization {
            params.organization.clone_from(organization);
        }
        if let Some(twin) = &self.twin {
            params.twin = Some(twin.clone());
        }
        match self.attacker {
            Some(true) => params.attacker = Some(params.attacker.unwrap_or_default()),
            Some(false) => params.attacker = None,
            None => {}
        }
        params.hardness = self.hardness.or(params.hardness);
        params.shield = self.shield.unwrap_or(params.shield);
        params.seed = self.seed.unwrap_or(params.seed);
        params.budget = self.budget.unwrap_or(params.budget);
        params.threads = self.threads.or(params.threads);
        params.evaluation.seeds = self.evaluation_seeds.unwrap_or(params.evaluation.seeds);
    }
}
