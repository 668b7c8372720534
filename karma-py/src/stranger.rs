//! Any callable as a policy.

use std::sync::{Arc, Mutex, PoisonError};

use karma::core::{Action, ActionMask, Memory, Observation, PerAgent, Policy, StreamRng};
use numpy::ToPyArray as _;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::actions::kind;
use crate::watch::Raised;

/// One agent that a callable of Python plays: `policy(agent, observation, action_mask) -> int`.
///
/// Episodes are played side by side, but a policy is asked one thing at a time: many keep what they reckon with in themselves.
/// A policy that remembers has a method `begin(agent)`, which gives a callable `(observation, action_mask) -> int` for one
/// agent and one episode. An exception stops the evaluation; until it has stopped, the agent does what its mask allows first.
#[derive(Clone, Debug)]
pub(crate) struct Stranger {
    policy: Arc<Py<PyAny>>,
    agent: String,
    turn: Arc<Mutex<()>>,
    raised: Raised,
}

/// What a policy that remembers gave for an episode.
#[derive(Default)]
struct Episode(Option<Py<PyAny>>);

impl Stranger {
    /// One for each agent.
    pub(crate) fn team(
        policy: Py<PyAny>,
        agents: impl Iterator<Item = String>,
        raised: &Raised,
    ) -> PerAgent<Self> {
        let (policy, turn) = (Arc::new(policy), Arc::default());
        let one = |agent| Self {
            policy: Arc::clone(&policy),
            agent,
            turn: Arc::clone(&turn),
            raised: raised.clone(),
        };
        agents.map(one).collect()
    }

    fn ask(
        &self,
        py: Python<'_>,
        memory: &mut Memory,
        observation: &Observation,
        mask: &ActionMask,
    ) -> PyResult<Action> {
        let (begun, Episode(actor)) = memory.parts::<Episode>();
        let policy = self.policy.bind(py);
        if begun.is_empty() {
            begun.push(1.0);
            let remembers = policy.hasattr("begin")?;
            *actor =
                if remembers { Some(policy.call_method1("begin", (&self.agent,))?.unbind()) } else { None };
        }
        let seen = (observation.0.to_pyarray(py), mask.as_slice().to_pyarray(py));
        let answer = match actor {
            Some(actor) => actor.bind(py).call1(seen)?,
            None => policy.call1((&self.agent, seen.0, seen.1))?,
        };
        self.action(&answer, mask)
    }

    fn action(&self, answer: &Bound<'_, PyAny>, mask: &ActionMask) -> PyResult<Action> {
        let agent = &self.agent;
        let Ok(index) = answer.call_method0("__index__") else {
            let told =
                format!("the policy answered a {} for agent {agent:?}; expected an integer", kind(answer));
            return Err(PyTypeError::new_err(told));
        };
        let action = index.extract::<u32>().ok().map(Action).filter(|action| mask.allows(*action));
        action.ok_or_else(|| {
            let told =
                format!("the policy answered {index} for agent {agent:?}, which its mask does not allow");
            pyo3::exceptions::PyValueError::new_err(told)
        })
    }
}

impl Policy for Stranger {
    fn act(&self, observation: &Observation, mask: &ActionMask, rng: &mut StreamRng) -> Action {
        self.act_on(&mut Memory::default(), observation, mask, rng)
    }

    fn act_on(
        &self,
        memory: &mut Memory,
        observation: &Observation,
        mask: &ActionMask,
        _rng: &mut StreamRng,
    ) -> Action {
        let first = || mask.legal().next().unwrap_or(Action(0));
        if self.raised.is_set() {
            return first();
        }
        // Taken before the interpreter's lock: whoever has it waits for nobody.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Python::attach(|py| self.ask(py, memory, observation, mask)).unwrap_or_else(|error| {
            self.raised.keep(error);
            first()
        })
    }
}
