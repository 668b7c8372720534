//! One environment.

use std::sync::{Mutex, MutexGuard, PoisonError};

use karma::core::{
    ActionMask, Environment, EnvironmentSpec, JointAction, Metric, PerAgent, SeedTree, State, Step,
};
use numpy::{PyArray1, PyArray2, ToPyArray as _};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::actions::{Agents, seed};
use crate::errors::wrong;
use crate::experiment::Experiment;

/// One environment, as the class `karma.KarmaEnv` has it inside. Threads that share it take turns.
#[pyclass(frozen, module = "karma")]
#[derive(Debug)]
pub(crate) struct Game {
    spec: EnvironmentSpec,
    agents: Agents,
    services: Vec<String>,
    /// Refuse actions that their mask forbids.
    strict: bool,
    course: Mutex<Course>,
}

/// The episode under way.
struct Course {
    environment: Box<dyn Environment>,
    /// The last seed that was given, and the episodes begun since.
    root: Option<(u64, u64)>,
    masks: PerAgent<ActionMask>,
    over: bool,
}

impl std::fmt::Debug for Course {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Course").field("root", &self.root).field("over", &self.over).finish_non_exhaustive()
    }
}

/// Why no step was played.
enum Refusal {
    NotBegun,
    Over,
    /// The joint action, about which more is known elsewhere.
    Action,
    Masked(PerAgent<ActionMask>),
    Step(karma::core::ActionError),
}

/// Observations and masks of all agents, the critic's features, rewards, terminated, truncated.
type Shown<'py> = (
    Vec<Bound<'py, PyArray1<f32>>>,
    Vec<Bound<'py, PyArray1<i8>>>,
    Bound<'py, PyArray1<f32>>,
    Vec<f32>,
    bool,
    bool,
);

/// Time, age of the samples, and services × metrics.
type Onlook<'py> = (f64, Option<f64>, Bound<'py, PyArray2<f64>>);

impl Course {
    fn reset(&mut self, seed: Option<u64>) -> Option<Step> {
        let (root, episode) = match (seed, self.root) {
            (Some(seed), _) => (seed, 0),
            (None, Some((root, episodes))) => (root, episodes),
            (None, None) => return None,
        };
        self.root = Some((root, episode + 1));
        self.over = false;
        let step = self.environment.reset(episode_seed(root, episode));
        self.masks.clone_from(&step.masks);
        Some(step)
    }

    fn step(&mut self, joint: Option<&JointAction>, strict: bool) -> Result<Step, Refusal> {
        if self.root.is_none() {
            return Err(Refusal::NotBegun);
        }
        if self.over {
            return Err(Refusal::Over);
        }
        let joint = joint.ok_or(Refusal::Action)?;
        if strict && joint.iter().zip(&self.masks).any(|(action, mask)| !mask.allows(*action)) {
            return Err(Refusal::Masked(self.masks.clone()));
        }
        let step = self.environment.step(joint).map_err(Refusal::Step)?;
        self.over = step.is_last();
        self.masks.clone_from(&step.masks);
        Ok(step)
    }
}

/// The episode of a seed is its own; those that follow without a seed are drawn from it.
fn episode_seed(root: u64, episode: u64) -> u64 {
    if episode == 0 { root } else { SeedTree::new(root).child("next").index(episode).seed() }
}

impl Game {
    /// The course, for the thread that does not hold the interpreter's lock.
    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self, joint: PyResult<JointAction>, refusal: Refusal) -> PyErr {
        let runtime = PyRuntimeError::new_err::<&str>;
        match (refusal, joint) {
            (Refusal::NotBegun, _) => runtime("no episode has begun: call reset before the first step"),
            (Refusal::Over, _) => runtime("the episode has ended: call reset before the next step"),
            (_, Err(error)) => error,
            (Refusal::Masked(masks), Ok(joint)) => {
                self.agents.masked(&joint, &masks).unwrap_or_else(|| runtime("a mask forbids an action"))
            }
            (Refusal::Step(error), Ok(_)) => wrong(&error),
            (Refusal::Action, Ok(_)) => runtime("the joint action is missing"),
        }
    }
}

#[pymethods]
impl Game {
    #[new]
    #[pyo3(signature = (experiment, split, max_cycles = None, strict = false))]
    fn new(experiment: &Experiment, split: &str, max_cycles: Option<usize>, strict: bool) -> PyResult<Self> {
        let mut games = experiment.environments(split, 0..1, max_cycles)?;
        let environment = games.pop().ok_or_else(|| PyValueError::new_err("no environment"))?;
        let spec = environment.spec().clone();
        let topology = &experiment.config().setup().topology;
        Ok(Self {
            agents: Agents::of(&spec),
            services: topology.services.iter().map(|service| service.name.clone()).collect(),
            spec,
            strict,
            course: Mutex::new(Course { environment, root: None, masks: PerAgent::default(), over: false }),
        })
    }

    /// Names of the agents, in the order of all lists.
    #[getter]
    fn agents(&self) -> Vec<String> {
        self.agents.names().to_vec()
    }

    /// Length of each agent's observations.
    #[getter]
    fn observation_sizes(&self) -> Vec<usize> {
        self.spec.agents.iter().map(|agent| agent.observation_size).collect()
    }

    /// Number of each agent's actions.
    #[getter]
    fn action_counts(&self) -> Vec<usize> {
        self.spec.agents.iter().map(|agent| agent.action_space.len()).collect()
    }

    /// Length of the critic's features.
    #[getter]
    fn state_size(&self) -> usize {
        self.spec.global_size
    }

    /// Steps after which an episode is truncated.
    #[getter]
    fn horizon(&self) -> usize {
        self.spec.horizon
    }

    /// Names of the services.
    #[getter]
    fn services(&self) -> Vec<String> {
        self.services.clone()
    }

    /// Names of the metrics of each service.
    #[getter]
    #[expect(clippy::unused_self, reason = "an attribute of an object")]
    fn metrics(&self) -> Vec<&'static str> {
        Metric::ALL.iter().map(|metric| metric.name()).collect()
    }

    /// What each agent's actions mean: (number of the service, change of its replicas).
    fn moves(&self) -> Vec<Vec<(usize, i32)>> {
        self.agents.moves()
    }

    /// Begins the episode of a seed, or without one the next of the last seed.
    #[pyo3(signature = (seed = None))]
    fn reset<'py>(&self, py: Python<'py>, seed: Option<&Bound<'py, PyAny>>) -> PyResult<Shown<'py>> {
        let seed = self::seed(seed)?;
        let step = py.detach(|| self.course().reset(seed));
        let told = "the first reset needs a seed";
        step.map(|step| shown(py, &step)).ok_or_else(|| PyValueError::new_err(told))
    }

    /// Plays a joint action: a mapping from agent to action.
    fn step<'py>(&self, py: Python<'py>, actions: &Bound<'py, PyAny>) -> PyResult<Shown<'py>> {
        let joint = self.agents.joint(actions);
        let given = joint.as_ref().ok();
        let played = py.detach(|| self.course().step(given, self.strict));
        match played {
            Ok(step) => Ok(shown(py, &step)),
            Err(refusal) => Err(self.refused(joint, refusal)),
        }
    }

    /// What an onlooker sees now: time, age of the samples, and services × metrics, NaN where nothing was measured. `None`
    /// before the first reset.
    fn look<'py>(&self, py: Python<'py>) -> PyResult<Option<Onlook<'py>>> {
        let state = py.detach(|| self.course().environment.state().cloned());
        state.map(|state| onlook(py, &state)).transpose()
    }
}

fn shown<'py>(py: Python<'py>, step: &Step) -> Shown<'py> {
    let observations = step.observations.iter().map(|seen| seen.0.to_pyarray(py));
    let flags = |mask: &ActionMask| mask.as_slice().iter().map(|flag| i8::from(*flag)).collect::<Vec<_>>();
    let masks = step.masks.iter().map(|mask| flags(mask).to_pyarray(py));
    let rewards = step.rewards.iter().copied().collect();
    let global = step.global.to_pyarray(py);
    (observations.collect(), masks.collect(), global, rewards, step.terminated, step.truncated)
}

fn onlook<'py>(py: Python<'py>, state: &State) -> PyResult<Onlook<'py>> {
    let row =
        |row: &karma::core::MetricRow| Metric::ALL.iter().map(|metric| sample(row.get(*metric))).collect();
    let rows: Vec<Vec<f64>> = state.services.iter().map(row).collect();
    let matrix = PyArray2::from_vec2(py, &rows).map_err(|error| wrong(&error))?;
    Ok((state.time.0, state.age.map(|age| age.0), matrix))
}

fn sample(value: Option<f32>) -> f64 {
    value.map_or(f64::NAN, f64::from)
}
