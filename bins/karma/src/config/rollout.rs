//! Settings of the learner that must fit the environments and the memory.

use std::fmt::Display;

use karma_core::{AgentId, Id as _, Observer as _};

use super::error::ConfigError;
use super::run_config::RunConfig;
use super::sources::Sources;

/// Most numbers of one kind that a run keeps in memory: 4 GiB of them.
const MOST_NUMBERS: usize = 1 << 30;

/// Settings of the learner that do not fit the environments.
pub(super) fn check(config: &RunConfig, sources: &Sources) -> Result<(), ConfigError> {
    let (horizon, learner) = (config.horizon(), config.learner.params());
    let length = config.learner.rollout_length(horizon);
    let refuse = |setting: &str, value: &dyn Display, allowed: String| {
        Err(sources.refuse(setting, &format!("{setting} is {value}; allowed: {allowed}")))
    };
    // What a network that sees one part after the other has no place for.
    if config.observer().parts() > 1 && learner.recurrent {
        return refuse("learner.recurrent", &true, "false, or observation = \"whole\"".to_owned());
    }
    if config.observer().parts() > 1 && learner.parameter_sharing && learner.agent_identity {
        let allowed = "false, or with agent_identity = false, or observation = \"whole\"".to_owned();
        return refuse("learner.parameter_sharing", &true, allowed);
    }
    if !length.is_multiple_of(horizon) {
        let allowed = format!("a multiple of {horizon}, the decisions of the longest episode");
        return refuse("learner.rollout_length", &length, allowed);
    }
    let rows = length.saturating_mul(learner.num_envs);
    if learner.num_minibatches > rows {
        let allowed = format!("at most {rows}, the rows of an iteration");
        return refuse("learner.num_minibatches", &learner.num_minibatches, allowed);
    }
    let most = MOST_NUMBERS / numbers_in_a_row(config);
    if rows > most {
        let value = format!("{} with {length} decisions each", learner.num_envs);
        return refuse("learner.num_envs", &value, format!("at most {most} decisions in all, for memory"));
    }
    if weights(config) > MOST_NUMBERS / 8 {
        let allowed = format!("narrower or fewer layers, at most {} weights in all", MOST_NUMBERS / 8);
        return refuse("learner.hidden", &format!("{:?}", learner.hidden), allowed);
    }
    Ok(())
}

/// Numbers that a rollout keeps of one step: observations and masks of all agents, and the critic's input.
fn numbers_in_a_row(config: &RunConfig) -> usize {
    let (team, observer) = (config.team(), config.observer());
    let (agents, actions, global) = (team.roles().len(), team.action_space().len(), observer.shared_size());
    global + agents * (observer.observation_size(AgentId::from_index(0)) + actions)
}

/// Weights of all networks.
fn weights(config: &RunConfig) -> usize {
    let (team, observer) = (config.team(), config.observer());
    let (agents, actions, global) = (team.roles().len(), team.action_space().len(), observer.shared_size());
    let (seen, parts) = (observer.observation_size(AgentId::from_index(0)), observer.parts());
    let hidden = &config.learner.params().hidden;
    let network = |inputs: usize, outputs: usize| {
        let from = std::iter::once(&inputs).chain(hidden);
        let layers = from.zip(hidden.iter().chain([&outputs]));
        layers.fold(0_usize, |sum, (from, to)| sum.saturating_add(from.saturating_mul(*to)))
    };
    network(global, 1).saturating_add(network(seen / parts, actions / parts).saturating_mul(agents))
}
