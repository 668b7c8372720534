//! Test games whose optimum is known, for checking a learner before it meets a cluster.
//!
//! | game | asks of a learner | optimal return |
//! |---|---|---|
//! | [`Signals`] | to coordinate on a signal | horizon |
//! | [`Alternation`] | to plan under a mask, and not to quit | [`Alternation::optimum`] |
//! | [`Stipend`] | to look beyond the horizon | horizon; its *value* is 1 / (1 − γ) |
//! | [`Dilemma`] | to learn from each agent's own reward | [`Dilemma::rewards`] of both playing, each step |
//! | [`MatrixGame`] | to find an equilibrium: of a team, or against an attacker | [`MatrixGame::equilibrium`] |
//! | [`LastStand`] | to die for the team, and to learn nothing from the dead | horizon |
//! | [`Recall`] | to remember | 1 |
//! | [`particles`] | what the field measures MAPPO by | [`particles::Convention::reference_returns`] |
//!
//! Each is an [`Environment`](karma_core::Environment) that takes microseconds a step, most of them of two defenders.

mod alternation;
mod dilemma;
mod last_stand;
mod matrix;
pub mod particles;
mod recall;
mod signals;
mod stipend;

pub use alternation::Alternation;
pub use dilemma::Dilemma;
pub use last_stand::LastStand;
pub use matrix::{MatrixError, MatrixGame, Mixed};
pub use recall::Recall;
pub use signals::Signals;
pub use stipend::Stipend;

use karma_core::{
    Action, ActionError, ActionMask, ActionSpace, AgentId, AgentSpec, EnvironmentSpec, Id as _, JointAction,
    Observation, PerAgent, Step, Team,
};

/// Agents of every game here.
const AGENTS: usize = 2;

/// Two defenders with the same actions and observations.
fn two_defenders(actions: u32, features: usize, horizon: usize) -> EnvironmentSpec {
    let agent = |name: &str| AgentSpec {
        name: name.to_owned(),
        team: Team::Defender,
        action_space: ActionSpace::Discrete { actions },
        observation_size: features,
        parts: 1,
    };
    let agents = vec![agent("first"), agent("second")].into();
    EnvironmentSpec { agents, global_size: features, horizon: horizon.max(1) }
}

/// A step in which both agents and the critic see `features`, may do everything and earn `reward`.
fn shared_step(spec: &EnvironmentSpec, features: Vec<f32>, reward: f32) -> Step {
    Step {
        observations: PerAgent::filled(Observation(features.clone()), AGENTS),
        masks: spec.agents.map(|agent| ActionMask::all(agent.action_space)),
        global: features,
        rewards: PerAgent::filled(reward, AGENTS),
        terminated: false,
        truncated: false,
        corrected: None,
        alive: PerAgent::default(),
        advice: PerAgent::default(),
    }
}

/// The two actions, if they fit the game and it is not over.
fn both(spec: &EnvironmentSpec, joint: &JointAction, over: bool) -> Result<[Action; AGENTS], ActionError> {
    if over {
        return Err(ActionError::EpisodeOver);
    }
    let [first, second] = joint.as_slice() else {
        return Err(ActionError::WrongAgents { got: joint.len(), expected: AGENTS });
    };
    for (agent, action) in [first, second].into_iter().enumerate() {
        let last = spec.agents[AgentId::from_index(agent)].action_space.len() - 1;
        if action.0 as usize > last {
            return Err(ActionError::OutOfRange { agent, action: action.0, last });
        }
    }
    Ok([*first, *second])
}
