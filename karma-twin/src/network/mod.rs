//! The learned model of our own: an ensemble of small networks that knows what it does not know.
//!
//! **What it learns.** Given the encoded past, the next controls and the next exogenous values: for every predicted
//! column a median, a mean and the noise around them (the head). Each member starts from other weights and learns
//! without one in so many stretches of time, so members agree where there were data and differ where there were none:
//! their spread is the epistemic part (Lakshminarayanan et al., *Deep Ensembles*, NeurIPS 2017; PETS, Chua et al.,
//! NeurIPS 2018). The stretches that a member did not see give honest forecasts of the whole table.
//!
//! **Multi-step loss.** A model that was fitted on recorded pasts alone meets, in a roll-out, pasts of its own making,
//! and its small errors feed on each other. So it also learns from those: it is rolled out for a few steps, and each
//! imagined past is paired with the *recorded* next row, which teaches it to come back (*Data as Demonstrator*,
//! Venkatraman, Hebert and Bagnell, AAAI 2015). This needs no gradient through time.
//!
//! **Where it differs from the published model** (3 × 128, one step, mean squared error): history, gated change
//! targets, noise, ensemble, imagined pasts, and normalisation inside the artefact. That one is kept beside it for comparison.
//!
//! **Cost.** One row: members × (F·h + h² + 5h·P) multiply-adds for F features, width h and P columns.

mod fit;
mod head;
mod imagine;
mod normaliser;
mod params;

use karma_nn::{Checkpoint, CheckpointError, Mlp, Tensor};

use crate::{Forecaster, Forecasts, Inputs};
pub use fit::{FitError, Fitted, Fitting};
use head::{OUTPUTS, Units};
pub use normaliser::Normaliser;
pub use params::{NetworkConfig, NetworkParams, NetworkSettingError};

/// Rows that are forecast together.
const ROWS: usize = 64;

/// An ensemble of networks over encoded pasts.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    normaliser: Normaliser,
    units: Vec<Units>,
    members: Vec<Mlp>,
}

impl Network {
    /// Number of features of an input row.
    pub const fn features(&self) -> usize {
        self.normaliser.width()
    }

    /// Number of predicted columns.
    pub const fn columns(&self) -> usize {
        self.units.len()
    }

    /// The networks.
    pub fn members(&self) -> &[Mlp] {
        &self.members
    }

    /// One member as a model of its own, which claims to know everything: its epistemic spread is 0. `None` if there is no
    /// such member. Environments that each live in the world of one member meet, together, what the ensemble does not
    /// know (the TS∞ of PETS), at the cost of one network.
    pub fn member(&self, index: usize) -> Option<Self> {
        let member = self.members.get(index)?.clone();
        Some(Self { normaliser: self.normaliser.clone(), units: self.units.clone(), members: vec![member] })
    }

    /// Adds what a member says of some rows, from its raw outputs. Spread by Welford's update: the sum of squares of the
    /// medians' distances from their running mean.
    fn add(&self, member: usize, outputs: &[f32], present: &[f32], out: [&mut [f32]; 4]) {
        let (share, count, columns) = (1.0 / self.members.len() as f32, (member + 1) as f32, self.columns());
        let [medians, means, aleatoric, epistemic] = out.map(|values| values.chunks_exact_mut(columns));
        let sums = medians.zip(means).zip(aleatoric.zip(epistemic));
        let rows = outputs.chunks_exact(columns * OUTPUTS).zip(present.chunks_exact(columns));
        for ((outputs, present), ((medians, means), (aleatoric, epistemic))) in rows.zip(sums) {
            let said = self.units.iter().zip(outputs.as_chunks::<OUTPUTS>().0).zip(present);
            let sums = medians.iter_mut().zip(means).zip(aleatoric.iter_mut().zip(epistemic));
            for (((units, outputs), present), ((median, mean), (noise, squares))) in said.zip(sums) {
                let said = units.read(outputs, *present);
                let before = said.median - *median;
                *median += before / count;
                *squares += before * (said.median - *median);
                *mean += share * said.mean;
                *noise += share * said.aleatoric;
            }
        }
    }

    /// Puts the ensemble into a checkpoint.
    pub(crate) fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        self.normaliser.save(checkpoint, &format!("{name}.features"));
        let units = self.units.iter().flat_map(|u| [u.centre, u.level, u.increment, u.root_mean_square]);
        let tensor = Tensor::F32 { shape: vec![self.units.len(), 4], values: units.collect() };
        checkpoint.put_tensor(&format!("{name}.units"), tensor);
        checkpoint.put_counter(&format!("{name}.members"), self.members.len() as u64);
        for (index, member) in self.members.iter().enumerate() {
            member.save(checkpoint, &format!("{name}.member{index}"));
        }
    }

    /// Takes the ensemble out of a checkpoint.
    pub(crate) fn load(
        checkpoint: &Checkpoint,
        name: &str,
        (features, columns): (usize, usize),
    ) -> Result<Self, CheckpointError> {
        let units = checkpoint.f32_tensor(&format!("{name}.units"), &[columns, 4])?;
        let units = units.chunks_exact(4).map(|unit| Units {
            centre: unit[0],
            level: unit[1],
            increment: unit[2],
            root_mean_square: unit[3],
        });
        let normaliser = Normaliser::load(checkpoint, &format!("{name}.features"), features)?;
        let count = checkpoint.counter(&format!("{name}.members"))?;
        let members = (0..count.min(64)).map(|index| {
            let member = Mlp::restore(checkpoint, &format!("{name}.member{index}"))?;
            let (found, expected) = (member.config().params(), (features, columns * OUTPUTS));
            if (found.input, found.output) == expected {
                Ok(member)
            } else {
                let reason =
                    format!("member {index} maps {} to {}, not {expected:?}", found.input, found.output);
                Err(CheckpointError::Malformed { reason })
            }
        });
        let members: Vec<Mlp> = members.collect::<Result<_, _>>()?;
        if members.is_empty() {
            return Err(CheckpointError::Malformed { reason: "an ensemble without members".to_owned() });
        }
        Ok(Self { normaliser, units: units.collect(), members })
    }
}

impl Forecaster for Network {
    fn name(&self) -> &'static str {
        "network"
    }

    /// A few rows at a time, so that all of a row's numbers stay in the cache.
    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        let (features, columns) = (self.features(), self.columns());
        out.resize(inputs.rows(), columns);
        let mut normalised = Vec::new();
        let mut outputs = vec![0.0; ROWS.min(inputs.rows()) * columns * OUTPUTS];
        let [medians, means, aleatoric, epistemic] =
            out.each_mut().map(|values| values.chunks_mut(ROWS * columns));
        let places = medians.zip(means).zip(aleatoric.zip(epistemic));
        let rows = inputs.features.chunks(ROWS * features).zip(inputs.present.chunks(ROWS * columns));
        for ((features, present), ((median, mean), (aleatoric, epistemic))) in rows.zip(places) {
            normalised.clear();
            normalised.extend_from_slice(features);
            self.normaliser.apply(&mut normalised);
            let outputs = &mut outputs[..present.len() * OUTPUTS];
            for (member, network) in self.members.iter().enumerate() {
                let fitting = network.forward_into(&normalised, outputs);
                debug_assert!(fitting.is_ok(), "features fit the network: both come from one encoder");
                self.add(member, outputs, present, [&mut *median, mean, aleatoric, epistemic]);
            }
        }
        let share = 1.0 / self.members.len() as f32;
        for spread in &mut out.epistemic {
            *spread = (*spread * share).max(0.0).sqrt();
        }
    }
}

#[cfg(test)]
mod tests;
