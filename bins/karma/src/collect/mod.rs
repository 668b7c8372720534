//! Collection: episodes of the simulated cluster as traces, from which a twin is learned.
//!
//! A [`CollectPlan`] says which episodes: every scenario, seeds 1, 2, 3 and so on of the training split, one behaviour
//! policy. [`collect`] plays those that are not there yet and hands them over as they are done, in the order of the
//! plan, so that a collection that was killed goes on where it stopped. Where the windows are kept is not told here.
//!
//! ```no_run
//! use std::collections::BTreeSet;
//!
//! use karma::collect::{CollectPlan, EXPLORE, collect};
//! use karma::config::{RunParams, Written};
//!
//! let config = Written::from(RunParams::default()).check()?;
//! let plan = CollectPlan::new(config, EXPLORE, 20)?;
//! let mut windows = Vec::new();
//! let keep = |_, window| -> Result<(), std::convert::Infallible> { Ok(windows.push(window)) };
//! let complete = collect(&plan, &BTreeSet::new(), keep, |_, _| true)?;
//! assert!(complete && windows.len() == plan.jobs().len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ordered;
mod play;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use karma_baseline::{Exploration, ExplorationParams};
use karma_mock::Scenario;
use karma_twin::trace::{TraceWindow, WindowHeader};
use thiserror::Error;

use crate::config::{RunConfig, ScenarioChoice};
use crate::error::RunError;
use crate::evaluation::rivals;
use play::Behaviour;

/// Name of the policy that explores: [`Exploration`].
pub const EXPLORE: &str = "explore";

/// The scenario in which nothing happens beside the workload.
const CALM: &str = "nominal";

/// One window of a collection. Windows with equal jobs, of equal settings, are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the policy.
    pub policy: String,
    /// Seed of the episode.
    pub seed: u64,
}

impl Job {
    /// The job that gave a window; `None` if it is of a live cluster.
    pub fn of(header: &WindowHeader) -> Option<Self> {
        let WindowHeader { scenario, policy, seed, .. } = header;
        seed.map(|seed| Self { scenario: scenario.clone(), policy: policy.clone(), seed })
    }
}

/// Why there is no plan.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CollectError {
    /// The policy is not known.
    #[error("unknown policy {name:?}; known: {}", known.join(", "))]
    UnknownPolicy {
        /// Its name as written.
        name: String,
        /// Those that are known.
        known: Vec<String>,
    },
    /// A policy cannot be set up.
    #[error(transparent)]
    Policy(#[from] RunError),
}

/// Which episodes are played, and with what policy.
#[derive(Debug)]
pub struct CollectPlan {
    config: RunConfig,
    scenarios: Vec<Scenario>,
    episodes: u64,
    policy: String,
    behaviour: Behaviour,
}

impl CollectPlan {
    /// `episodes` of each scenario of `config`, and of `nominal` if the scenarios are the whole suite; with the policy
    /// called `policy`: [`EXPLORE`], or one of the [`rivals`].
    ///
    /// # Errors
    /// If there is no such policy, or it does not fit the topology.
    pub fn new(config: RunConfig, policy: &str, episodes: u64) -> Result<Self, CollectError> {
        let behaviour = if policy == EXPLORE { explore(&config)? } else { rival(&config, policy)? };
        let mut scenarios = config.scenarios().to_vec();
        if config.params().scenarios == ScenarioChoice::suite() {
            scenarios.extend(Scenario::by_name(CALM));
        }
        Ok(Self { config, scenarios, episodes, policy: policy.to_owned(), behaviour })
    }

    /// The settings.
    pub const fn config(&self) -> &RunConfig {
        &self.config
    }

    /// All jobs, seed by seed: a part of them from the start has about as much of every scenario, and a plan of more
    /// episodes begins with the same jobs.
    pub fn jobs(&self) -> Vec<Job> {
        self.cells().map(|(scenario, seed)| self.job(scenario, seed)).collect()
    }

    fn cells(&self) -> impl Iterator<Item = (&Scenario, u64)> {
        (1..=self.episodes).flat_map(|seed| self.scenarios.iter().map(move |scenario| (scenario, seed)))
    }

    fn job(&self, scenario: &Scenario, seed: u64) -> Job {
        Job { scenario: scenario.name().to_owned(), policy: self.policy.clone(), seed }
    }
}

/// Plays the jobs of a plan that are not among those `done`, on the threads of its configuration, and hands each
/// window to `sink` as soon as it and all before it are played: in the order of the plan, on the calling thread.
///
/// `watch` is called on the calling thread with the number of jobs that are there and of all, at least ten times a
/// second while windows are awaited; when it says no, no further episode begins and the answer is `false`. Windows do
/// not depend on the number of threads, nor on what was done before.
///
/// # Errors
/// The first error of `sink`; nothing is handed over after it.
pub fn collect<E>(
    plan: &CollectPlan,
    done: &BTreeSet<Job>,
    mut sink: impl FnMut(Job, TraceWindow) -> Result<(), E>,
    mut watch: impl FnMut(usize, usize) -> bool,
) -> Result<bool, E> {
    let all: Vec<_> = plan.cells().collect();
    let missing: Vec<_> =
        all.iter().filter(|(scenario, seed)| !done.contains(&plan.job(scenario, *seed))).collect();
    let there = all.len() - missing.len();
    let play = |index: usize| {
        let (scenario, seed) = missing[index];
        play::window(plan, scenario, *seed)
    };
    let hand_over = |index: usize, window| {
        let (scenario, seed) = missing[index];
        sink(plan.job(scenario, *seed), window)
    };
    ordered::run(missing.len(), plan.config.threads(), play, hand_over, |played| {
        watch(there + played, all.len())
    })
}

fn explore(config: &RunConfig) -> Result<Behaviour, RunError> {
    let rival = |error: &dyn std::error::Error| RunError::Rival(error.to_string());
    let params = ExplorationParams { alpha: config.params().alpha, ..ExplorationParams::default() };
    let checked = params.check().map_err(|error| rival(&error))?;
    let scaler = Exploration::new(&config.setup().topology, checked).map_err(|error| rival(&error))?;
    Ok(Behaviour::Explore(Box::new(scaler)))
}

fn rival(config: &RunConfig, policy: &str) -> Result<Behaviour, CollectError> {
    let mut rows = rivals(config)?;
    let Some(position) = rows.iter().position(|row| row.name == policy) else {
        let known = std::iter::once(EXPLORE.to_owned()).chain(rows.into_iter().map(|row| row.name));
        return Err(CollectError::UnknownPolicy { name: policy.to_owned(), known: known.collect() });
    };
    Ok(Behaviour::Rival(rows.swap_remove(position)))
}
