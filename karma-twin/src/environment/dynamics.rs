//! The numbers of a batch: one row for each environment, in flat matrices that are allocated once.
//!
//! ```text
//! memories ──encode──▶ features ──one forecast──▶ medians, spreads ──settle──▶ next rows ──push──▶ memories
//!             ▲ given: the team's replicas, the recorded load       ▲ residuals, constraints, faults
//! ```

use std::ops::Range;

use super::ClusterModel;
use super::faults::Faults;
use super::script::Script;
use crate::{Forecasts, Inputs};

/// What every environment of a batch remembers, and room for one step.
#[derive(Debug)]
pub(super) struct Dynamics {
    /// Environments × memory.
    memories: Vec<f32>,
    /// Environments × features.
    features: Vec<f32>,
    /// Environments × predicted columns.
    present: Vec<f32>,
    /// Environments × columns.
    next: Vec<f32>,
    moved: Vec<bool>,
    forecasts: Forecasts,
    /// One row, with the pods that a stall leaves.
    stalled: Vec<f32>,
    derived: Range<usize>,
    sizes: Sizes,
}

/// Lengths of rows.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    memory: usize,
    features: usize,
    predicted: usize,
    width: usize,
}

impl Dynamics {
    pub(super) fn new(model: &ClusterModel, environments: usize) -> Self {
        let (encoder, schema) = (&model.encoder, model.table.schema());
        let sizes = Sizes {
            memory: encoder.memory(),
            features: encoder.features(),
            predicted: schema.predicted().len(),
            width: schema.width(),
        };
        let mut forecasts = Forecasts::default();
        forecasts.resize(environments, sizes.predicted);
        Self {
            memories: vec![0.0; environments * sizes.memory],
            features: vec![0.0; environments * sizes.features],
            present: vec![0.0; environments * sizes.predicted],
            next: vec![0.0; environments * sizes.width],
            moved: vec![false; environments],
            forecasts,
            stalled: vec![0.0; sizes.width],
            derived: encoder.groups().derived,
            sizes,
        }
    }

    /// An environment begins a script. Desired replicas that the first row lacks are the last known ones.
    pub(super) fn begin(&mut self, model: &ClusterModel, place: usize, script: &Script) {
        let layout = model.table.layout();
        let controls = layout.controlled..layout.exogenous;
        self.memories[place * self.sizes.memory..][..self.sizes.memory].copy_from_slice(&script.memory);
        let next = &mut self.next[place * self.sizes.width..][..self.sizes.width];
        next.copy_from_slice(script.row(0));
        next[controls.clone()].copy_from_slice(&model.encoder.now(&script.memory)[controls]);
    }

    /// The newest row of an environment, with its gaps.
    pub(super) fn row(&self, place: usize) -> &[f32] {
        &self.next[place * self.sizes.width..][..self.sizes.width]
    }

    /// The last known values of an environment.
    pub(super) fn known<'a>(&'a self, model: &ClusterModel, place: usize) -> &'a [f32] {
        model.encoder.now(&self.memories[place * self.sizes.memory..][..self.sizes.memory])
    }

    fn next_mut(&mut self, place: usize) -> &mut [f32] {
        &mut self.next[place * self.sizes.width..][..self.sizes.width]
    }

    /// What the next row of an environment is given: desired replicas, and rates at entry points on their scale.
    pub(super) fn given_mut(&mut self, place: usize) -> &mut [f32] {
        let predicted = self.sizes.predicted;
        &mut self.next_mut(place)[predicted..]
    }

    /// Encodes an environment's past and what it is given. Services that stall count their healthy pods in part.
    pub(super) fn encode(
        &mut self,
        model: &ClusterModel,
        place: usize,
        stalls: impl Iterator<Item = (usize, f32)>,
    ) {
        let Sizes { memory, features, predicted, width } = self.sizes;
        let memory = &self.memories[place * memory..][..memory];
        let features = &mut self.features[place * features..][..features];
        let given = &self.next[place * width..][predicted..width];
        self.moved[place] = model.encoder.encode(memory, given, features);
        let now = model.encoder.now(memory);
        self.present[place * predicted..][..predicted].copy_from_slice(&now[..predicted]);
        let mut stalls = stalls.peekable();
        if stalls.peek().is_some() {
            self.stalled.copy_from_slice(now);
            for (service, share) in stalls {
                self.stalled[model.table.layout().services[service].healthy] *= share;
            }
            model.encoder.structure().derive(&self.stalled, given, &mut features[self.derived.clone()]);
        }
    }

    /// Forecasts all environments at once.
    pub(super) fn forecast(&mut self, model: &ClusterModel) {
        let inputs = Inputs { features: &self.features, present: &self.present, moved: &self.moved };
        model.forecaster.forecast(&inputs, &mut self.forecasts);
    }

    /// An environment that left its recording moves on: forecast, residuals of the script's step, constraints, faults.
    pub(super) fn settle(
        &mut self,
        model: &ClusterModel,
        place: usize,
        (script, step): (&Script, usize),
        faults: &mut Faults,
    ) {
        let Sizes { memory, predicted, width, .. } = self.sizes;
        let next = &mut self.next[place * width..][..width];
        for (column, residual) in script.residuals(step).iter().enumerate() {
            let index = place * predicted + column;
            next[column] = residual.add_to(self.forecasts.median[index], self.forecasts.spread(index));
        }
        let now = model.encoder.now(&self.memories[place * memory..][..memory]);
        model.encoder.structure().constrain(model.table.schema(), now, next);
        model.table.whole_pods(next);
        faults.strike(script.time(step), model.table.layout(), next);
    }

    /// An environment that follows its recording moves on.
    pub(super) fn follow(&mut self, place: usize, script: &Script, step: usize) {
        let predicted = self.sizes.predicted;
        self.next_mut(place)[..predicted].copy_from_slice(&script.row(step)[..predicted]);
    }

    /// An environment remembers its newest row.
    pub(super) fn push(&mut self, model: &ClusterModel, place: usize) {
        let Sizes { memory, width, .. } = self.sizes;
        let row = &self.next[place * width..][..width];
        model.encoder.push(row, &mut self.memories[place * memory..][..memory]);
    }
}
