//! Actions and seeds as Python hands them over.

use karma::core::{
    Action, ActionMask, ActionSpace, DefenderAction, EnvironmentSpec, Id as _, JointAction, PerAgent,
};
use numpy::{PyArray2, PyArrayMethods as _, PyUntypedArray, PyUntypedArrayMethods as _};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};

/// Who plays.
#[derive(Debug)]
pub(crate) struct Agents {
    names: Vec<String>,
    spaces: Vec<ActionSpace>,
}

impl Agents {
    pub(crate) fn of(spec: &EnvironmentSpec) -> Self {
        Self {
            names: spec.agents.iter().map(|agent| agent.name.clone()).collect(),
            spaces: spec.agents.iter().map(|agent| agent.action_space).collect(),
        }
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The joint action in a mapping from every agent's name to its action.
    pub(crate) fn joint(&self, actions: &Bound<'_, PyAny>) -> PyResult<JointAction> {
        let Ok(actions) = actions.cast::<PyMapping>() else {
            let told = format!("actions is a {}; expected a mapping from agent to action", kind(actions));
            return Err(PyTypeError::new_err(told));
        };
        for key in actions.keys()?.iter() {
            let known = key.cast::<PyString>().is_ok_and(|key| self.names.iter().any(|name| *key == **name));
            if !known {
                let names = self.names.join(", ");
                let told = format!("{} is no agent of this environment; its agents are {names}", key.repr()?);
                return Err(PyValueError::new_err(told));
            }
        }
        let action = |(agent, name): (usize, &String)| {
            let missing = |_| PyValueError::new_err(format!("there is no action of agent {name:?}"));
            self.action(agent, &actions.get_item(name).map_err(missing)?)
        };
        self.names.iter().enumerate().map(action).collect()
    }

    fn action(&self, agent: usize, value: &Bound<'_, PyAny>) -> PyResult<Action> {
        let name = &self.names[agent];
        let Ok(index) = value.call_method0("__index__") else {
            let told = format!("the action of agent {name:?} is a {}; expected an integer", kind(value));
            return Err(PyTypeError::new_err(told));
        };
        let found = index.extract::<i64>().ok();
        found.and_then(|index| self.checked(agent, index)).ok_or_else(|| {
            let last = self.spaces[agent].len().saturating_sub(1);
            PyValueError::new_err(format!(
                "agent {name:?} has actions 0 to {last}, but its action is {index}"
            ))
        })
    }

    fn checked(&self, agent: usize, index: i64) -> Option<Action> {
        let index = u32::try_from(index).ok()?;
        ((index as usize) < self.spaces[agent].len()).then_some(Action(index))
    }

    /// The actions in an array of environments × agents.
    pub(crate) fn actions(&self, environments: usize, actions: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
        let expected = [environments, self.names.len()];
        let wanted = || format!("an array of integers of shape ({environments}, {})", self.names.len());
        let Ok(array) = actions.cast::<PyUntypedArray>() else {
            let told = format!("actions is a {}; expected {}", kind(actions), wanted());
            return Err(PyTypeError::new_err(told));
        };
        if array.shape() != expected {
            let told = format!("actions has shape {:?}; expected {}", array.shape(), wanted());
            return Err(PyValueError::new_err(told));
        }
        let how = PyDict::new(actions.py());
        how.set_item("casting", "same_kind")?;
        how.set_item("copy", false)?;
        let Ok(integers) = array.call_method("astype", ("int64",), Some(&how)) else {
            let told = format!("actions has the dtype {}; expected {}", array.dtype(), wanted());
            return Err(PyTypeError::new_err(told));
        };
        let integers = integers.cast_into::<PyArray2<i64>>()?;
        let integers = integers.try_readonly().map_err(|error| crate::errors::failed(&error))?;
        let places = integers.as_array();
        places.indexed_iter().map(|((place, agent), index)| self.in_place(place, agent, *index)).collect()
    }

    fn in_place(&self, place: usize, agent: usize, index: i64) -> PyResult<u32> {
        self.checked(agent, index).map(|action| action.0).ok_or_else(|| {
            let (name, last) = (&self.names[agent], self.spaces[agent].len().saturating_sub(1));
            PyValueError::new_err(format!(
                "environment {place}: agent {name:?} has actions 0 to {last}, but its action is {index}"
            ))
        })
    }

    /// The first agent whose action its mask forbids.
    pub(crate) fn masked(&self, joint: &JointAction, masks: &PerAgent<ActionMask>) -> Option<PyErr> {
        let forbidden = joint.iter().zip(masks).position(|(action, mask)| !mask.allows(*action))?;
        let action = joint.iter().nth(forbidden).copied().unwrap_or(Action(0));
        Some(self.forbidden(forbidden, action, ""))
    }

    /// A mask forbids an action of an agent, at a place told by `place`.
    pub(crate) fn forbidden(&self, agent: usize, Action(action): Action, place: &str) -> PyErr {
        let name = self.names.get(agent).map_or("", String::as_str);
        PyValueError::new_err(format!("{place}the mask of agent {name:?} forbids its action {action}"))
    }

    /// For each agent: a service and a change of its replicas for each action; nothing for an attacker.
    pub(crate) fn moves(&self) -> Vec<Vec<(usize, i32)>> {
        self.spaces.iter().map(|space| moves(*space)).collect()
    }
}

fn moves(space: ActionSpace) -> Vec<(usize, i32)> {
    let actions = (0..u32::try_from(space.len()).unwrap_or(u32::MAX)).map(Action);
    let moves = actions.filter_map(|action| space.defender(action));
    moves.map(|DefenderAction { service, replica_change }| (service.index(), replica_change)).collect()
}

/// A seed, if there is one.
pub(crate) fn seed(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u64>> {
    let Some(value) = value else { return Ok(None) };
    let Ok(index) = value.call_method0("__index__") else {
        let told = format!("seed is a {}; expected an integer", kind(value));
        return Err(PyTypeError::new_err(told));
    };
    index
        .extract::<u64>()
        .map(Some)
        .map_err(|_| PyValueError::new_err(format!("seed is {index}; allowed: 0 to {}", u64::MAX)))
}

/// The name of a value's type.
pub(crate) fn kind(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "value".to_owned(), |name| name.to_string())
}
