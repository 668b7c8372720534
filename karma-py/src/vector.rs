//! Many environments that write NumPy's arrays in place.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use karma::core::{Action, Id as _};
use karma::marl::{Arrays, Layout, Lockstep, LockstepError};
use numpy::{
    Element, PyArray, PyArray1, PyArray2, PyArray3, PyArrayMethods as _, PyReadwriteArray, PyReadwriteArray1,
    PyReadwriteArray2, PyReadwriteArray3, ToPyArray as _,
};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::actions::{Agents, seed};
use crate::errors::wrong;
use crate::experiment::Experiment;

/// Most environments.
const MOST: usize = 1 << 16;

/// Many environments that step together, as the class `karma.VectorEnv` has them inside.
///
/// While they step, their arrays are lent out: a second thread that asks for a step meanwhile is refused.
#[pyclass(frozen, module = "karma")]
#[derive(Debug)]
pub(crate) struct Vector {
    agents: Agents,
    layout: Layout,
    /// Refuse actions that their mask forbids.
    strict: bool,
    lockstep: Mutex<Lockstep>,
    /// Environments × agents × features.
    #[pyo3(get)]
    observations: Py<PyArray3<f32>>,
    /// Environments × agents × actions, 0 or 1.
    #[pyo3(get)]
    masks: Py<PyArray3<u8>>,
    /// Environments × features of the state.
    #[pyo3(get)]
    states: Py<PyArray2<f32>>,
    /// Environments × agents.
    #[pyo3(get)]
    rewards: Py<PyArray2<f32>>,
    /// Environments, 0 or 1.
    #[pyo3(get)]
    terminations: Py<PyArray1<u8>>,
    /// Environments, 0 or 1.
    #[pyo3(get)]
    truncations: Py<PyArray1<u8>>,
    /// As `observations`, of the end of the last episode.
    #[pyo3(get)]
    final_observations: Py<PyArray3<f32>>,
    /// As `states`, of the end of the last episode.
    #[pyo3(get)]
    final_states: Py<PyArray2<f32>>,
}

/// The arrays, borrowed from NumPy to be written.
struct Lent<'py> {
    observations: PyReadwriteArray3<'py, f32>,
    masks: PyReadwriteArray3<'py, u8>,
    states: PyReadwriteArray2<'py, f32>,
    rewards: PyReadwriteArray2<'py, f32>,
    terminations: PyReadwriteArray1<'py, u8>,
    truncations: PyReadwriteArray1<'py, u8>,
    final_observations: PyReadwriteArray3<'py, f32>,
    final_states: PyReadwriteArray2<'py, f32>,
}

impl Lent<'_> {
    fn arrays(&mut self) -> PyResult<Arrays<'_>> {
        Ok(Arrays {
            observations: numbers(&mut self.observations)?,
            masks: numbers(&mut self.masks)?,
            globals: numbers(&mut self.states)?,
            rewards: numbers(&mut self.rewards)?,
            terminated: numbers(&mut self.terminations)?,
            truncated: numbers(&mut self.truncations)?,
            final_observations: numbers(&mut self.final_observations)?,
            final_globals: numbers(&mut self.final_states)?,
        })
    }
}

/// An array to write, unless somebody else does or it has been made read-only.
fn lend<'py, T: Element, D: numpy::ndarray::Dimension>(
    py: Python<'py>,
    array: &Py<PyArray<T, D>>,
) -> PyResult<PyReadwriteArray<'py, T, D>> {
    array.bind(py).try_readwrite().map_err(|error| {
        let told = format!("the arrays cannot be written, because another thread is at work on them or they are read-only: {error}");
        PyRuntimeError::new_err(told)
    })
}

fn numbers<'a, T: Element, D: numpy::ndarray::Dimension>(
    array: &'a mut PyReadwriteArray<'_, T, D>,
) -> PyResult<&'a mut [T]> {
    let told = "an array no longer lies in one piece of memory: its strides have been changed";
    array.as_slice_mut().map_err(|_| PyRuntimeError::new_err(told))
}

impl Vector {
    fn lend<'py>(&self, py: Python<'py>) -> PyResult<Lent<'py>> {
        Ok(Lent {
            observations: lend(py, &self.observations)?,
            masks: lend(py, &self.masks)?,
            states: lend(py, &self.states)?,
            rewards: lend(py, &self.rewards)?,
            terminations: lend(py, &self.terminations)?,
            truncations: lend(py, &self.truncations)?,
            final_observations: lend(py, &self.final_observations)?,
            final_states: lend(py, &self.final_states)?,
        })
    }

    /// Lets the environments work on the arrays, without the interpreter's lock.
    fn work<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Lockstep, Arrays<'_>) -> R + Send,
    ) -> PyResult<R> {
        let mut lent = self.lend(py)?;
        let arrays = lent.arrays()?;
        Ok(py.detach(|| work(&mut self.lockstep.lock().unwrap_or_else(PoisonError::into_inner), arrays)))
    }
}

/// Why nothing was played.
enum Refusal {
    Lockstep(LockstepError),
    /// Environment, agent and action.
    Masked(usize, usize, u32),
}

#[pymethods]
impl Vector {
    #[new]
    #[pyo3(signature = (experiment, split, environments, threads = None, max_cycles = None, strict = false))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn new(
        py: Python<'_>,
        experiment: &Experiment,
        split: &str,
        environments: usize,
        threads: Option<usize>,
        max_cycles: Option<usize>,
        strict: bool,
    ) -> PyResult<Self> {
        if !(1..=MOST).contains(&environments) {
            let told = format!("num_envs is {environments}; allowed: 1 to {MOST}");
            return Err(PyValueError::new_err(told));
        }
        let games = experiment.environments(split, 0..environments, max_cycles)?;
        let threads = match threads {
            None => experiment.config().threads(),
            Some(threads) => NonZeroUsize::new(threads)
                .ok_or_else(|| PyValueError::new_err("threads is 0; allowed: at least 1"))?,
        };
        let lockstep = Lockstep::new(games, threads).map_err(|error| wrong(&error))?;
        let layout = *lockstep.layout();
        let Layout { agents, features, actions, globals, .. } = layout;
        Ok(Self {
            agents: Agents::of(lockstep.spec()),
            layout,
            strict,
            lockstep: Mutex::new(lockstep),
            observations: PyArray::zeros(py, [environments, agents, features], false).unbind(),
            masks: PyArray::zeros(py, [environments, agents, actions], false).unbind(),
            states: PyArray::zeros(py, [environments, globals], false).unbind(),
            rewards: PyArray::zeros(py, [environments, agents], false).unbind(),
            terminations: PyArray::zeros(py, [environments], false).unbind(),
            truncations: PyArray::zeros(py, [environments], false).unbind(),
            final_observations: PyArray::zeros(py, [environments, agents, features], false).unbind(),
            final_states: PyArray::zeros(py, [environments, globals], false).unbind(),
        })
    }

    /// Names of the agents.
    #[getter]
    fn agents(&self) -> Vec<String> {
        self.agents.names().to_vec()
    }

    /// Steps after which an episode is truncated.
    #[getter]
    fn horizon(&self, py: Python<'_>) -> usize {
        py.detach(|| self.lockstep.lock().unwrap_or_else(PoisonError::into_inner).spec().horizon)
    }

    /// What each agent's actions mean: (number of the service, change of its replicas).
    fn moves(&self) -> Vec<Vec<(usize, i32)>> {
        self.agents.moves()
    }

    /// The seed of the episode that each environment plays; `None` before the first reset.
    fn seeds<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<u64>>> {
        let seeds = py.detach(|| self.lockstep.lock().unwrap_or_else(PoisonError::into_inner).seeds());
        seeds.map(|seeds| seeds.to_pyarray(py))
    }

    /// Begins the first episode of a seed everywhere.
    fn reset(&self, py: Python<'_>, seed: &Bound<'_, PyAny>) -> PyResult<()> {
        let seed = self::seed(Some(seed))?.unwrap_or_default();
        self.work(py, |lockstep, arrays| lockstep.reset(seed, arrays))?.map_err(|error| wrong(&error))
    }

    /// Plays a joint action everywhere.
    fn step(&self, py: Python<'_>, actions: &Bound<'_, PyAny>) -> PyResult<()> {
        let actions = self.agents.actions(self.layout.environments, actions)?;
        let (strict, agents) = (self.strict, self.layout.agents);
        let played = self.work(py, |lockstep, arrays| {
            if let Some((place, agent)) = strict.then(|| lockstep.masked(&actions)).flatten() {
                let agent = agent.index();
                return Err(Refusal::Masked(place, agent, actions[place * agents + agent]));
            }
            lockstep.step(&actions, arrays).map_err(Refusal::Lockstep)
        })?;
        played.map_err(|refusal| match refusal {
            Refusal::Lockstep(error @ LockstepError::NotBegun) => PyRuntimeError::new_err(error.to_string()),
            Refusal::Lockstep(error) => wrong(&error),
            Refusal::Masked(place, agent, action) => {
                self.agents.forbidden(agent, Action(action), &format!("environment {place}: "))
            }
        })
    }
}
