//! The models that a twin can hold behind its record, as one type that is fitted, saved and loaded.

use std::num::NonZeroUsize;

use karma_nn::{Checkpoint, CheckpointError, ConfigError};
use thiserror::Error;

use super::blend;
use super::params::{ModelKind, TwinParams};
use crate::network::{FitError, Fitting, NetworkSettingError};
use crate::{
    Encoder, Forecaster, Forecasts, Forest, Inputs, Network, Persistence, Plain, Ridge, Samples, Stack, Stay,
};

/// Networks of the published model that are averaged.
const PLAIN_MEMBERS: usize = 5;

/// What was learned.
#[derive(Clone, Debug, PartialEq)]
pub enum Learned {
    /// The ensemble of networks.
    Network(Network),
    /// One forest.
    Forest(Forest),
    /// Several models, weighed.
    Stack(Stack<Self>),
    /// Ridge regression.
    Ridge(Ridge),
    /// The published model.
    Plain(Plain),
    /// Nothing changes.
    Persistence,
    /// It stays where it has been.
    Stay(Stay),
}

/// Why a model could not be fitted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LearnError {
    /// A setting of the ensemble.
    #[error("network.{0}")]
    NetworkSetting(#[from] NetworkSettingError),
    /// A setting of the forests.
    #[error("forest.{0}")]
    ForestSetting(#[from] ConfigError),
    /// The fit itself.
    #[error(transparent)]
    Fit(#[from] FitError),
}

impl Learned {
    /// Fits the model that the settings ask for. `samples` are those of `fitting`.
    pub(super) fn fit(
        fitting: &Fitting<'_>,
        samples: &Samples,
        params: &TwinParams,
    ) -> Result<Self, LearnError> {
        let columns = fitting.encoder.schema().predicted().len();
        match params.model {
            ModelKind::Network => Ok(Self::Network(Network::fit(fitting, &params.network.check()?)?.network)),
            ModelKind::Ridge => Ok(Self::Ridge(Ridge::fit(samples, columns))),
            ModelKind::Plain => {
                let members = NonZeroUsize::new(PLAIN_MEMBERS).unwrap_or(NonZeroUsize::MIN);
                let randomness = (fitting.seed.child("plain"), fitting.threads);
                Ok(Self::Plain(Plain::fit(samples, columns, &fitting.encoder.groups(), members, randomness)?))
            }
            ModelKind::Forest | ModelKind::Blend => {
                blend::fit(fitting, samples, params, None).map(Self::Stack)
            }
        }
    }

    /// The same kind of model for other data: networks go on from what they know, the rest is fitted anew.
    pub(super) fn refit(
        &self,
        fitting: &Fitting<'_>,
        samples: &Samples,
        params: &TwinParams,
    ) -> Result<Self, LearnError> {
        match self {
            Self::Network(network) => {
                Ok(Self::Network(network.refit(fitting, &params.network.check()?)?.network))
            }
            Self::Stack(_) => blend::fit(fitting, samples, params, self.network()).map(Self::Stack),
            _ => Self::fit(fitting, samples, params),
        }
    }

    /// The ensemble of networks, if there is one: what is fast enough to train in.
    pub fn network(&self) -> Option<&Network> {
        match self {
            Self::Network(network) => Some(network),
            Self::Stack(stack) => stack.members().iter().find_map(Self::network),
            _ => None,
        }
    }

    /// Puts the model into a checkpoint.
    pub(super) fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        let kind = match self {
            Self::Network(network) => {
                network.save(checkpoint, name);
                "network"
            }
            Self::Forest(forest) => {
                forest.save(checkpoint, name);
                "forest"
            }
            Self::Ridge(ridge) => {
                ridge.save(checkpoint, name);
                "ridge"
            }
            Self::Plain(plain) => {
                plain.save(checkpoint, name);
                "plain"
            }
            Self::Stack(stack) => {
                stack.save(checkpoint, name);
                checkpoint.put_counter(&format!("{name}.parts"), stack.members().len() as u64);
                for (index, member) in stack.members().iter().enumerate() {
                    member.save(checkpoint, &format!("{name}.part{index}"));
                }
                "stack"
            }
            Self::Persistence => "persistence",
            Self::Stay(_) => "stay",
        };
        checkpoint.put_note(&format!("{name}.kind"), kind.into());
    }

    /// Takes the model for inputs of `encoder` out of a checkpoint.
    pub(super) fn load(
        checkpoint: &Checkpoint,
        name: &str,
        encoder: &Encoder,
    ) -> Result<Self, CheckpointError> {
        let shape = (encoder.features(), encoder.schema().predicted().len());
        let kind = checkpoint.note(&format!("{name}.kind")).and_then(serde_json::Value::as_str);
        match kind {
            Some("network") => Network::load(checkpoint, name, shape).map(Self::Network),
            Some("forest") => Forest::load(checkpoint, name, shape).map(Self::Forest),
            Some("ridge") => Ridge::load(checkpoint, name, shape).map(Self::Ridge),
            Some("plain") => Plain::load(checkpoint, name, shape).map(Self::Plain),
            Some("persistence") => Ok(Self::Persistence),
            Some("stay") => Ok(Self::Stay(Stay::new(encoder))),
            // A stack in a stack would be a file that was made to exhaust the stack of a program.
            Some("stack") if !name.contains(".part") => {
                let parts = checkpoint.counter(&format!("{name}.parts"))?.min(16);
                let parts =
                    (0..parts).map(|part| Self::load(checkpoint, &format!("{name}.part{part}"), encoder));
                let parts = parts.collect::<Result<Vec<Self>, _>>()?;
                Stack::load(checkpoint, name, shape.1, parts).map(Self::Stack)
            }
            other => Err(CheckpointError::Malformed {
                reason: format!("{name} is of no kind that is known: {other:?}"),
            }),
        }
    }
}

impl Forecaster for Learned {
    fn name(&self) -> &str {
        match self {
            Self::Network(model) => model.name(),
            Self::Forest(model) => model.name(),
            Self::Stack(model) => model.name(),
            Self::Ridge(model) => model.name(),
            Self::Plain(model) => model.name(),
            Self::Persistence => Persistence.name(),
            Self::Stay(model) => model.name(),
        }
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        match self {
            Self::Network(model) => model.forecast(inputs, out),
            Self::Forest(model) => model.forecast(inputs, out),
            Self::Stack(model) => model.forecast(inputs, out),
            Self::Ridge(model) => model.forecast(inputs, out),
            Self::Plain(model) => model.forecast(inputs, out),
            Self::Persistence => Persistence.forecast(inputs, out),
            Self::Stay(model) => model.forecast(inputs, out),
        }
    }
}
