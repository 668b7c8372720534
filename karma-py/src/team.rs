//! A trained team.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use karma::config::RunConfig;
use karma::core::{ActionMask, ActionSpace, Memory, Observation, PerAgent, SeedTree, StreamRng};
use karma::explain::{Recorder, recordings};
use karma::marl::{Mode, TrainedPolicy};
use karma::{export_policy, load_policies};
use numpy::{PyArray1, PyArrayMethods as _, PyReadonlyArray1};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};

use crate::actions::kind;
use crate::errors::{of_run, told, wrong};
use crate::experiment::Experiment;
use crate::watch::{Raised, Watch};
use crate::{columns, trajectories};

/// The team that a run has trained, in the course of one episode.
#[pyclass(frozen, module = "karma")]
#[derive(Debug)]
pub(crate) struct Team {
    run: PathBuf,
    config: Arc<RunConfig>,
    policies: PerAgent<TrainedPolicy>,
    names: Vec<String>,
    course: Mutex<Course>,
}

/// What the agents remember, and what they draw from.
#[derive(Debug)]
struct Course {
    memories: PerAgent<Memory>,
    rng: StreamRng,
}

impl Team {
    pub(crate) const fn policies(&self) -> &PerAgent<TrainedPolicy> {
        &self.policies
    }

    pub(crate) const fn config(&self) -> &Arc<RunConfig> {
        &self.config
    }

    fn act_as(&self, agent: usize, seen: &Seen) -> Result<u32, karma::nn::NetworkError> {
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        let Course { memories, rng } = &mut *course;
        let memory = &mut memories.as_mut_slice()[agent];
        let policy = &self.policies.as_slice()[agent];
        policy.try_act_on(memory, &seen.observation, &seen.mask, rng).map(|action| action.0)
    }
}

/// What one agent decides on.
struct Seen {
    observation: Observation,
    mask: ActionMask,
}

impl Seen {
    /// From a mapping with `observation` and `action_mask`.
    fn read(agent: &str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let wanted = "a mapping with the arrays observation (float32) and action_mask";
        let wrong = |found: &str| {
            PyTypeError::new_err(format!("what agent {agent:?} sees is {found}; expected {wanted}"))
        };
        let mapping = value.cast::<PyMapping>().map_err(|_| wrong(&format!("a {}", kind(value))))?;
        let part = |name: &str| mapping.get_item(name).map_err(|_| wrong(&format!("without {name}")));
        let observation = part("observation")?;
        let observation = observation.extract::<PyReadonlyArray1<'_, f32>>();
        let observation = observation.map_err(|_| wrong("no array of float32 with one dimension"))?;
        let mask = part("action_mask")?.call_method1("astype", ("bool",));
        let mask = mask.ok().and_then(|mask| mask.cast_into::<PyArray1<bool>>().ok());
        let mask = mask.ok_or_else(|| wrong("without a mask with one dimension"))?;
        let mask = mask.try_readonly().map_err(|error| crate::errors::failed(&error))?;
        let flags: Vec<bool> = mask.as_array().iter().copied().collect();
        let space = ActionSpace::Discrete { actions: u32::try_from(flags.len()).unwrap_or(u32::MAX) };
        Ok(Self {
            observation: Observation(observation.as_array().iter().copied().collect()),
            mask: ActionMask::from_fn(space, |action| flags.get(action.0 as usize).copied().unwrap_or(false)),
        })
    }
}

#[pymethods]
impl Team {
    /// The team of a run's directory. It takes its most probable actions, or with a seed draws from its distributions.
    #[new]
    #[pyo3(signature = (run, seed = None))]
    fn new(py: Python<'_>, run: PathBuf, seed: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let seed = crate::actions::seed(seed)?;
        let (policies, config) = py.detach(|| load_policies(&run)).map_err(|error| of_run(&error))?;
        let mode = if seed.is_some() { Mode::Sampled } else { Mode::Greedy };
        let policies: PerAgent<_> = policies.iter().map(|policy| policy.clone().with_mode(mode)).collect();
        let memories = policies.map(|_| Memory::default());
        let rng = SeedTree::new(seed.unwrap_or(0)).child("python").rng();
        let names = config.team().roles().iter().map(|role| role.name.clone()).collect();
        let course = Mutex::new(Course { memories, rng });
        Ok(Self { run, config: Arc::new(config), policies, names, course })
    }

    /// Names of the agents.
    #[getter]
    fn agents(&self) -> Vec<String> {
        self.names.clone()
    }

    /// The directory.
    #[getter]
    fn run(&self) -> PathBuf {
        self.run.clone()
    }

    /// What it was trained in.
    #[getter]
    fn experiment(&self) -> Experiment {
        Experiment::of(Arc::clone(&self.config))
    }

    /// Begins an episode: agents that remember forget.
    fn reset(&self) {
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        course.memories.iter_mut().for_each(Memory::clear);
    }

    /// The actions of its agents among those in a mapping from agent to what it sees; others are left out.
    fn act<'py>(&self, py: Python<'py>, observations: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let Ok(observations) = observations.cast::<PyMapping>() else {
            let told = format!(
                "observations is a {}; expected a mapping from agent to what it sees",
                kind(observations)
            );
            return Err(PyTypeError::new_err(told));
        };
        let actions = PyDict::new(py);
        for (agent, name) in self.names.iter().enumerate() {
            if observations.contains(name)? {
                let seen = Seen::read(name, &observations.get_item(name)?)?;
                let action = py.detach(|| self.act_as(agent, &seen));
                let refused = |error| PyValueError::new_err(format!("agent {name:?}: {}", told(&error)));
                actions.set_item(name, action.map_err(refused)?)?;
            }
        }
        Ok(actions)
    }

    /// Writes its actors as ONNX models into a directory, and gives their paths.
    fn export_onnx(&self, py: Python<'_>, out: PathBuf) -> PyResult<Vec<PathBuf>> {
        py.detach(|| export_policy(&self.run, &out)).map_err(|error| wrong(&error))
    }

    /// Plays so many episodes of every scenario of its run, on the calibration split, and gives the transitions as columns.
    fn record<'py>(&self, py: Python<'py>, episodes: u64) -> PyResult<Bound<'py, PyDict>> {
        let raised = Raised::default();
        let mut watch = Watch { raised: raised.clone() };
        let recorder = Recorder::new(&self.config, self.policies.clone()).map_err(|error| of_run(&error))?;
        let played = py.detach(|| recorder.record(episodes, &mut watch));
        let played = raised.or(played)?.unwrap_or_default();
        let recordings = recordings(recorder.cast(), &played).map_err(|error| wrong(&error))?;
        columns::table(py, trajectories::columns(&recordings))
    }

    fn __repr__(&self) -> String {
        format!("<karma.Team: {} of {}>", self.names.join(", "), self.run.display())
    }
}
