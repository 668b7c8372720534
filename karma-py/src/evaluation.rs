//! The comparison, with a trained team or with anything that can be called.

use std::sync::Arc;

use karma::config::RunConfig;
use karma::core::AgentSpec;
use karma::evaluation::{Row, rivals, team_row};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::actions::kind;
use crate::errors::of_run;
use crate::experiment::Experiment;
use crate::results::Results;
use crate::stranger::Stranger;
use crate::team::Team;
use crate::watch::{Raised, Watch};

/// Plays the evaluation episodes of an experiment with a policy, beside the rule-based rows if they are wanted.
///
/// A team without an experiment is judged in its own run's.
#[pyfunction]
#[pyo3(signature = (policy, experiment, name, with_rivals))]
pub(crate) fn evaluate(
    py: Python<'_>,
    policy: &Bound<'_, PyAny>,
    experiment: Option<&Bound<'_, Experiment>>,
    name: Option<String>,
    with_rivals: bool,
) -> PyResult<Results> {
    let raised = Raised::default();
    let (row, config) = match policy.cast::<Team>() {
        Ok(team) => of_team(team.get(), experiment, name)?,
        Err(_) => of_callable(policy, experiment, name, &raised)?,
    };
    let mut rows = vec![row];
    if with_rivals {
        rows.extend(rivals(&config).map_err(|error| of_run(&error))?);
    }
    let mut watch = Watch { raised: raised.clone() };
    let played = py.detach(|| karma::evaluation::evaluate(&config, &rows, &mut watch));
    let evaluation = raised.or(played)?;
    evaluation.map(Results::of).ok_or_else(|| PyValueError::new_err("the evaluation was stopped"))
}

fn of_team(
    team: &Team,
    experiment: Option<&Bound<'_, Experiment>>,
    name: Option<String>,
) -> PyResult<(Row, Arc<RunConfig>)> {
    let own = Experiment::of(Arc::clone(team.config()));
    let config = Arc::clone(experiment.map_or(&own, |experiment| experiment.get()).config());
    fits(&own, experiment.map_or(&own, |experiment| experiment.get()))?;
    let mut row = team_row(&config, team.policies().clone()).map_err(|error| of_run(&error))?;
    row.name = name.unwrap_or(row.name);
    Ok((row, config))
}

/// Whether a team that was trained in `own` can act in `other`.
fn fits(own: &Experiment, other: &Experiment) -> PyResult<()> {
    let defenders = |experiment: &Experiment| -> PyResult<Vec<AgentSpec>> {
        let count = experiment.config().team().roles().len();
        Ok(experiment.spec()?.agents.iter().take(count).cloned().collect())
    };
    if defenders(own)? == defenders(other)?
        && own.config().topology_digest() == other.config().topology_digest()
    {
        return Ok(());
    }
    let told = "the team was trained for another topology, other roles or other observations than those of the experiment";
    Err(PyValueError::new_err(told))
}

fn of_callable(
    policy: &Bound<'_, PyAny>,
    experiment: Option<&Bound<'_, Experiment>>,
    name: Option<String>,
    raised: &Raised,
) -> PyResult<(Row, Arc<RunConfig>)> {
    if !policy.is_callable() && !policy.hasattr("begin")? {
        let told = format!(
            "policy is a {}; expected a karma.Team, a callable (agent, observation, action_mask) -> action, or an object \
             with a method begin(agent)",
            kind(policy)
        );
        return Err(PyTypeError::new_err(told));
    }
    let Some(experiment) = experiment else {
        return Err(PyValueError::new_err("a callable is evaluated in an experiment: give one as suite"));
    };
    let config = Arc::clone(experiment.get().config());
    let names = config.team().roles().iter().map(|role| role.name.clone()).collect::<Vec<_>>();
    let agents = Stranger::team(policy.clone().unbind(), names.into_iter(), raised);
    let team = config.team_autoscaler(agents).map_err(|error| of_run(&error.into()))?;
    let name = name.unwrap_or_else(|| "policy".to_owned());
    Ok((Row::of(&name, "a policy from Python", team).with_shield_inside(), config))
}
