//! Results in the format that the field's own tools read.
//!
//! Gorsane, Mahjoub, de Kock, Dubb, Singh and Pretorius, *Towards a Standardised Performance Evaluation Protocol for
//! Cooperative MARL*, `NeurIPS` 2022, evaluate every policy at even intervals of training, and the best one once more over
//! ten times as many episodes (the absolute metric). Their tool `marl-eval` reads one JSON document:
//!
//! ```json
//! {"environment": {"task": {"algorithm": {"seed": {
//!     "step_0": {"step_count": 10000, "elapsed_time": 12.5, "return": [1.0, 2.0]},
//!     "step_1": {"step_count": 20000, "elapsed_time": 24.9, "return": [2.0, 3.0]},
//!     "absolute_metrics": {"return": [2.0, 3.0, 2.5]}
//! }}}}}
//! ```
//!
//! The tool takes the last entry of a run for the absolute metrics, so the order of entries is part of the format. It
//! asks that all runs of an environment be alike: every algorithm on every task, with the same seeds and as many
//! evaluations; [`MarlEval::write`] asks this too, so that a document which is written is one that can be read. The
//! seconds are as its own logger writes them; its `DiagnoseData` (0.0.4) takes them for a metric that the absolute ones lack.

mod error;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub use error::MarlEvalError;

use super::{Scores, ScoresError, mean};

const ABSOLUTE: &str = "absolute_metrics";
const STEP: &str = "step_";

/// The values of each metric: one for each evaluation episode, or a single one for a metric that is a summary of them.
pub type Metrics = BTreeMap<String, Vec<f64>>;

/// Which run of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunName {
    /// A family of tasks, in lower case: `karma`.
    pub environment: String,
    /// What is to be solved: a scenario.
    pub task: String,
    /// Who solves it, without a comma: `mappo`, `hpa`.
    pub algorithm: String,
    /// Seed of training.
    pub seed: u64,
}

/// One evaluation during training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvalStep {
    /// Joint steps trained before it.
    pub step_count: u64,
    /// Seconds trained before it; absent if nobody measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_time: Option<f64>,
    /// What it came to.
    #[serde(flatten)]
    pub metrics: Metrics,
}

/// One run: its evaluations in the order of training, and that of its best policy.
#[derive(Clone, Debug, PartialEq)]
pub struct EvalRun {
    /// Those during training, written as `step_0`, `step_1`, ...
    pub steps: Vec<EvalStep>,
    /// That of the best policy, over ten times as many episodes.
    pub absolute: Metrics,
}

type Runs = BTreeMap<u64, EvalRun>;
type Tasks = BTreeMap<String, BTreeMap<String, Runs>>;

/// The results of an experiment.
///
/// ```
/// use karma_marl::stats::{EvalRun, EvalStep, MarlEval, Metrics, RunName};
///
/// let returns = |values: &[f64]| Metrics::from([("return".to_owned(), values.to_vec())]);
/// let step = EvalStep { step_count: 9_600, elapsed_time: Some(4.5), metrics: returns(&[1.0, 3.0]) };
/// let name = RunName { environment: "karma".into(), task: "ddos".into(), algorithm: "mappo".into(), seed: 1 };
/// let mut results = MarlEval::default();
/// results.insert(name, EvalRun { steps: vec![step], absolute: returns(&[3.0, 4.0]) })?;
/// let mut json = Vec::new();
/// results.write(&mut json)?;
/// assert_eq!(MarlEval::read(json.as_slice())?, results);
/// # Ok::<(), karma_marl::stats::MarlEvalError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MarlEval {
    environments: BTreeMap<String, Tasks>,
}

impl MarlEval {
    /// Adds a run.
    ///
    /// # Errors
    /// If it is there already, the tool does not find such a name, its step counts do not rise, its entries have other metrics than its absolute ones, or a
    /// metric has no value, one that is not finite, or a name of the format's own.
    pub fn insert(&mut self, name: RunName, run: EvalRun) -> Result<(), MarlEvalError> {
        name.check()?;
        run.check()?;
        let tasks = self.environments.entry(name.environment.clone()).or_default();
        let algorithms = tasks.entry(name.task.clone()).or_default();
        let runs = algorithms.entry(name.algorithm.clone()).or_default();
        if runs.contains_key(&name.seed) {
            return Err(MarlEvalError::Twice(name));
        }
        runs.insert(name.seed, run);
        Ok(())
    }

    /// The mean absolute metric of each run of an algorithm: a stratum for each task, a score for each seed. A run without
    /// the metric has no score.
    ///
    /// # Errors
    /// If there is no such run.
    pub fn scores(&self, environment: &str, algorithm: &str, metric: &str) -> Result<Scores, ScoresError> {
        let score = |run: &EvalRun| mean(run.absolute.get(metric)?);
        let stratum = |runs: &Runs| runs.values().filter_map(score).collect();
        let tasks = self.environments.get(environment).into_iter().flat_map(BTreeMap::values);
        Scores::new(tasks.filter_map(|algorithms| algorithms.get(algorithm)).map(stratum).collect())
    }

    /// Writes the document.
    ///
    /// # Errors
    /// If the runs of an environment are not alike, or `out` cannot be written.
    pub fn write(&self, out: impl Write) -> Result<(), MarlEvalError> {
        for (environment, tasks) in &self.environments {
            check_even(environment, tasks)?;
        }
        Ok(serde_json::to_writer_pretty(out, self)?)
    }

    /// Reads a document whose runs are named by their seeds, as [`Self::write`] names them.
    ///
    /// # Errors
    /// If it is not one, or holds a run that [`Self::insert`] refuses.
    pub fn read(input: impl Read) -> Result<Self, MarlEvalError> {
        let document: Self = serde_json::from_reader(input)?;
        let algorithms = document.environments.values().flat_map(BTreeMap::values);
        algorithms.flat_map(BTreeMap::values).flat_map(BTreeMap::values).try_for_each(EvalRun::check)?;
        Ok(document)
    }
}

impl RunName {
    fn check(&self) -> Result<(), MarlEvalError> {
        let found = self.environment == self.environment.to_lowercase() && !self.algorithm.contains(',');
        if found { Ok(()) } else { Err(MarlEvalError::RunName(self.clone())) }
    }
}

impl EvalRun {
    fn check(&self) -> Result<(), MarlEvalError> {
        check_metrics(ABSOLUTE, &self.absolute)?;
        for (number, step) in self.steps.iter().enumerate() {
            let entry = format!("{STEP}{number}");
            check_metrics(&entry, &step.metrics)?;
            if !step.metrics.keys().eq(self.absolute.keys()) {
                let names = |metrics: &Metrics| metrics.keys().cloned().collect();
                let (found, expected) = (names(&step.metrics), names(&self.absolute));
                return Err(MarlEvalError::Metrics { entry, found, expected });
            }
        }
        let step_counts: Vec<u64> = self.steps.iter().map(|step| step.step_count).collect();
        if step_counts.is_sorted_by(|a, b| a < b) {
            Ok(())
        } else {
            Err(MarlEvalError::Order { step_counts })
        }
    }
}

fn check_metrics(entry: &str, metrics: &Metrics) -> Result<(), MarlEvalError> {
    for (metric, values) in metrics {
        let (entry, metric) = (entry.to_owned(), metric.clone());
        if metric.contains("step_count") || metric == "elapsed_time" {
            return Err(MarlEvalError::Name { entry, metric });
        }
        if values.is_empty() || !values.iter().all(|value| value.is_finite()) {
            return Err(MarlEvalError::Values { entry, metric, values: values.clone() });
        }
    }
    Ok(())
}

fn check_even(environment: &str, tasks: &Tasks) -> Result<(), MarlEvalError> {
    let names: BTreeSet<&String> = tasks.values().flat_map(BTreeMap::keys).collect();
    let first = tasks.values().flat_map(BTreeMap::values).next();
    for (task, algorithms) in tasks {
        let odd = |name: &&String| !algorithms.get(*name).zip(first).is_some_and(|(a, b)| alike(a, b));
        if let Some(algorithm) = names.iter().copied().find(odd).cloned() {
            let (environment, task) = (environment.to_owned(), task.clone());
            return Err(MarlEvalError::Uneven { environment, task, algorithm });
        }
    }
    Ok(())
}

/// Whether two algorithms have the same seeds, and all their runs as many evaluations of the same metrics.
fn alike(runs: &Runs, first: &Runs) -> bool {
    let shape = |run: &EvalRun| (run.steps.len(), run.absolute.keys().cloned().collect::<Vec<_>>());
    let expected = first.values().next().map(shape);
    runs.keys().eq(first.keys()) && runs.values().all(|run| Some(shape(run)) == expected)
}

/// `step_0`, `step_1`, ..., and the absolute metrics last.
impl Serialize for EvalRun {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.steps.len() + 1))?;
        for (number, step) in self.steps.iter().enumerate() {
            map.serialize_entry(&format!("{STEP}{number}"), step)?;
        }
        map.serialize_entry(ABSOLUTE, &self.absolute)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for EvalRun {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut entries = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let absolute = entries.remove(ABSOLUTE).ok_or_else(|| D::Error::missing_field(ABSOLUTE))?;
        let step = |(name, entry): (String, Value)| {
            let number = name.strip_prefix(STEP).and_then(|number| number.parse::<u64>().ok());
            let unknown = || D::Error::custom(format!("{name} is neither {STEP}<n> nor {ABSOLUTE}"));
            Ok((number.ok_or_else(unknown)?, from_value(entry)?))
        };
        // As text, step_10 comes before step_2.
        let steps = entries.into_iter().map(step).collect::<Result<BTreeMap<u64, EvalStep>, D::Error>>()?;
        Ok(Self { steps: steps.into_values().collect(), absolute: from_value(absolute)? })
    }
}

fn from_value<T: DeserializeOwned, E: serde::de::Error>(value: Value) -> Result<T, E> {
    serde_json::from_value(value).map_err(E::custom)
}
