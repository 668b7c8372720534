//! Trained actors as ONNX models, for programs that know nothing of this one.
//!
//! Each agent gets a model of its own, also where several share a network: then the agent's code is a constant inside.
//! [`Mlp::to_onnx`] says what goes in and out. A model's metadata says what it is for:
//!
//! | key | value |
//! |---|---|
//! | `karma.format` | `karma-actor` |
//! | `karma.format_version` | version of these keys, of inputs and of outputs |
//! | `karma.agent` | the agent's name |
//! | `karma.schema_digest` | that of the checkpoint: agents, action spaces and sizes of the training |
//! | `karma.action_space` | what an action's number means, as JSON |
//! | `karma.normalization` | `environment`: observations are given as the environment makes them, normalised already |

use std::collections::BTreeSet;

use karma_core::{AgentSpec, EnvironmentSpec, PerAgent};
use karma_nn::{Checkpoint, CheckpointError, Mlp, OnnxError, OnnxOptions};
use thiserror::Error;

use crate::error::{MappoError, SetupError};
use crate::mappo::checkpoint;
use crate::seats::{Seat, seats};

const FORMAT: &str = "karma-actor";
const FORMAT_VERSION: &str = "1";

/// One agent's actor as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnnxActor {
    /// The agent's name.
    pub agent: String,
    /// The bytes of its model.
    pub model: Vec<u8>,
}

/// Why actors cannot be exported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The checkpoint cannot be read, or belongs to other agents.
    #[error(transparent)]
    Checkpoint(#[from] MappoError),
    /// An actor has no form as a model.
    #[error("the actor of {agent} cannot be exported")]
    Model {
        /// Whose.
        agent: String,
        /// Why.
        source: OnnxError,
    },
}

impl From<CheckpointError> for ExportError {
    fn from(error: CheckpointError) -> Self {
        MappoError::from(error).into()
    }
}

impl From<SetupError> for ExportError {
    fn from(error: SetupError) -> Self {
        MappoError::from(error).into()
    }
}

/// The actors of all agents, in their order, from the bytes of a trainer's checkpoint. The same checkpoint gives the same
/// bytes.
///
/// `spec` is that of the environment to act in, as for [`TrainedPolicy::load`](crate::TrainedPolicy::load).
///
/// # Errors
/// If the bytes are damaged, hold something else, or were trained for other agents; or if an actor is recurrent.
pub fn export_onnx(bytes: &[u8], spec: &EnvironmentSpec) -> Result<PerAgent<OnnxActor>, ExportError> {
    let (checkpoint, params) = checkpoint::read(bytes, spec)?;
    let seats = seats(spec, params.sharing())?;
    spec.agents.iter().zip(&seats).map(|(agent, seat)| export(&checkpoint, agent, seat)).collect()
}

/// A trainer's checkpoint with the actors alone: enough to act ([`TrainedPolicy::load`](crate::TrainedPolicy::load) takes
/// it), nothing to train further with. The same checkpoint gives the same bytes.
///
/// # Errors
/// If the bytes are damaged, hold something else, or were trained for other agents.
pub fn export_actors(bytes: &[u8], spec: &EnvironmentSpec) -> Result<Vec<u8>, MappoError> {
    let (whole, params) = checkpoint::read(bytes, spec)?;
    let seats = seats(spec, params.sharing())?;
    let networks: BTreeSet<usize> = seats.iter().map(|seat| seat.network).collect();
    let mut actors = Checkpoint::new(&whole.header().schema_digest);
    for number in networks {
        let name = checkpoint::actor_name(number);
        Mlp::restore(&whole, &name)?.save(&mut actors, &name);
    }
    checkpoint::put_played(&mut actors, params)?;
    Ok(actors.to_bytes()?)
}

fn export(checkpoint: &Checkpoint, agent: &AgentSpec, seat: &Seat) -> Result<OnnxActor, ExportError> {
    let network = Mlp::restore(checkpoint, &checkpoint::actor_name(seat.network))?;
    let network = network.with_parts(seat.parts).map_err(MappoError::from)?;
    let action_space = serde_json::json!(agent.action_space).to_string();
    let metadata = [
        ("karma.format", FORMAT),
        ("karma.format_version", FORMAT_VERSION),
        ("karma.agent", &agent.name),
        ("karma.schema_digest", &checkpoint.header().schema_digest),
        ("karma.action_space", &action_space),
        ("karma.normalization", "environment"),
    ];
    let holds = seat.holds();
    let alike = if holds.contains(&true) { &holds[..] } else { &[] };
    let options = OnnxOptions { name: &agent.name, identity: &seat.identity, alike, metadata: &metadata };
    let model = network.to_onnx(&options);
    let model = model.map_err(|source| ExportError::Model { agent: agent.name.clone(), source })?;
    Ok(OnnxActor { agent: agent.name.clone(), model })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use karma_core::Environment;

    use super::*;
    use crate::games::Signals;
    use crate::{Mappo, MappoParams};

    fn trained(parameter_sharing: bool) -> (Vec<u8>, EnvironmentSpec) {
        let params =
            MappoParams { num_envs: 1, num_minibatches: 1, parameter_sharing, ..MappoParams::default() };
        let game = Signals::new(4);
        let spec = game.spec().clone();
        let environments: Vec<Box<dyn Environment>> = vec![Box::new(game)];
        let mut mappo = Mappo::new(params.check().unwrap(), environments, 1, NonZeroUsize::MIN).unwrap();
        mappo.iterate().unwrap();
        (mappo.checkpoint().unwrap(), spec)
    }

    fn holds(model: &[u8], text: &str) -> bool {
        model.windows(text.len()).any(|window| window == text.as_bytes())
    }

    #[test]
    fn each_agent_has_a_model_of_its_own_even_where_they_share_a_network() {
        for sharing in [false, true] {
            let (bytes, spec) = trained(sharing);
            let actors = export_onnx(&bytes, &spec).unwrap();
            let [first, second] = actors.as_slice() else { panic!("two agents") };
            assert_eq!((first.agent.as_str(), second.agent.as_str()), ("first", "second"));
            assert_ne!(first.model, second.model);
            assert!(actors.iter().all(|actor| holds(&actor.model, "Expand") == sharing));
            assert_eq!(actors, export_onnx(&bytes, &spec).unwrap());
        }
    }

    #[test]
    fn a_model_says_whose_it_is_and_what_it_was_trained_for() {
        let (bytes, spec) = trained(false);
        let digest = karma_nn::Header::from_bytes(&bytes).unwrap().schema_digest;
        for OnnxActor { agent, model } in &export_onnx(&bytes, &spec).unwrap() {
            for text in [agent, &digest, "{\"Discrete\":{\"actions\":3}}"] {
                assert!(holds(model, text), "{text} is missing");
            }
        }
    }

    #[test]
    fn a_checkpoint_of_other_agents_or_of_nothing_is_refused() {
        let (bytes, mut spec) = trained(false);
        assert!(matches!(export_onnx(&bytes[..40], &spec), Err(ExportError::Checkpoint(_))));
        spec.agents.as_mut_slice()[0].observation_size = 4;
        let refused = export_onnx(&bytes, &spec).unwrap_err().to_string();
        assert!(refused.starts_with("the checkpoint was made for schema "), "{refused}");
    }
}
