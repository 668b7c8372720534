//! The published model, kept for comparison: three hidden layers of 128, one step, mean squared error.
//!
//! Rectifiers, linear output, Adam with step 10⁻³, 50 passes in batches of 32, inputs and outputs in standard deviations
//! from their means. It sees the present, the next controls and their changes, and what is given from outside: no past.
//! Where we differ from its published program: the scaler is part of the artefact, weights start orthogonal, the weights
//! of the pass with the least error on held-out stretches are kept, and several networks can be averaged. The median is
//! the mean: it knows no other.

use std::num::NonZeroUsize;

use karma_core::SeedTree;
use karma_core::draw::shuffle;
use karma_core::parallel::run_all;
use karma_nn::{
    Activation, Adam, AdamParams, Backprop, Checkpoint, CheckpointError, Mlp, MlpParams, NetworkError, Tensor,
};

use crate::network::FitError;
use crate::ridge::Standard;
use crate::{Forecaster, Forecasts, Groups, Inputs, Samples};

/// Passes over the samples.
const EPOCHS: usize = 50;
/// Samples of one step.
const BATCH: usize = 32;
/// Fewest samples to fit to: of every hundredth, the last tenth is held out.
const LEAST: usize = 100;

/// Networks without a memory, and their scaler.
#[derive(Clone, Debug, PartialEq)]
pub struct Plain {
    /// The features that it sees.
    seen: Vec<usize>,
    features: usize,
    inputs: Standard,
    outputs: Standard,
    /// Mean absolute error of each column on the held-out stretches.
    noise: Vec<f32>,
    members: Vec<Mlp>,
}

/// Standardised inputs and targets, a missing target as NaN.
struct Scaled {
    inputs: Vec<f32>,
    targets: Vec<f32>,
    columns: usize,
    width: usize,
}

impl Plain {
    /// Fits `members` networks (at least 1) to samples of `columns` predicted columns, whose features lie as `groups` says.
    /// The result does not depend on `threads`.
    ///
    /// # Errors
    /// If there are fewer than 100 samples, the network would be too wide, or its numbers leave the range.
    pub fn fit(
        samples: &Samples,
        columns: usize,
        groups: &Groups,
        members: NonZeroUsize,
        (seed, threads): (SeedTree, NonZeroUsize),
    ) -> Result<Self, FitError> {
        if samples.len() < LEAST {
            return Err(FitError::TooFew { found: samples.len(), least: LEAST });
        }
        let Groups { present, controls, control_changes, exogenous, exogenous_changes, .. } = groups.clone();
        let seen = [present, controls, control_changes, exogenous, exogenous_changes];
        let seen: Vec<usize> = seen.into_iter().flatten().collect();
        let features = samples.features.len() / samples.len();
        let (inputs, outputs) =
            (Standard::fit(&samples.features, features), Standard::fit(&samples.targets, columns));
        let mut plain =
            Self { seen, features, inputs, outputs, noise: vec![0.0; columns], members: Vec::new() };
        let scaled = plain.scaled(samples);
        let jobs = (0..members.get() as u64).collect();
        let fitted = run_all(threads, jobs, |member| scaled.fit(seed.child("plain").index(member)));
        plain.members = fitted.into_iter().collect::<Result<_, _>>()?;
        plain.noise = plain.held_out_errors(samples);
        Ok(plain)
    }

    fn scaled(&self, samples: &Samples) -> Scaled {
        let columns = self.outputs.width();
        let targets = samples.targets.iter().enumerate();
        let targets = targets.map(|(place, y)| {
            if y.is_finite() { narrow(self.outputs.apply(place % columns, *y)) } else { f32::NAN }
        });
        let (inputs, targets) = (self.standardise(&samples.features), targets.collect());
        Scaled { inputs, targets, columns, width: self.seen.len() }
    }

    /// Rows × seen features.
    fn standardise(&self, features: &[f32]) -> Vec<f32> {
        let rows = features.chunks_exact(self.features.max(1));
        rows.flat_map(|row| self.seen.iter().map(|at| narrow(self.inputs.apply(*at, row[*at])))).collect()
    }

    #[expect(clippy::cast_possible_truncation, reason = "an error is given out in single precision")]
    fn held_out_errors(&self, samples: &Samples) -> Vec<f32> {
        let columns = self.outputs.width();
        let places: Vec<usize> = (0..samples.len()).filter(|row| is_held_out(*row, samples.len())).collect();
        let (held_out, mut out) = (samples.select(&places), Forecasts::default());
        self.forecast(&held_out.inputs(), &mut out);
        let of_column = |column: usize| {
            let pairs = held_out.targets.iter().zip(&out.median).skip(column).step_by(columns);
            let errors = pairs.map(|(y, forecast)| f64::from((y - forecast).abs())).filter(|e| e.is_finite());
            let (sum, count) = errors.fold((0.0, 0.0), |(sum, count), error| (sum + error, count + 1.0));
            (sum / f64::max(count, 1.0)) as f32
        };
        (0..columns).map(of_column).collect()
    }

    /// Puts networks and scaler into a checkpoint.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        self.inputs.save(checkpoint, &format!("{name}.inputs"));
        self.outputs.save(checkpoint, &format!("{name}.outputs"));
        let noise = Tensor::F32 { shape: vec![self.noise.len()], values: self.noise.clone() };
        checkpoint.put_tensor(&format!("{name}.noise"), noise);
        checkpoint.put_note(&format!("{name}.seen"), serde_json::json!(self.seen));
        checkpoint.put_counter(&format!("{name}.members"), self.members.len() as u64);
        for (index, member) in self.members.iter().enumerate() {
            member.save(checkpoint, &format!("{name}.member{index}"));
        }
    }

    /// Takes networks for rows of `features` features and `columns` predicted columns out of a checkpoint.
    ///
    /// # Errors
    /// If a part is missing, has another shape, or makes no sense.
    pub fn load(
        checkpoint: &Checkpoint,
        name: &str,
        (features, columns): (usize, usize),
    ) -> Result<Self, CheckpointError> {
        let inputs = Standard::load(checkpoint, &format!("{name}.inputs"), features)?;
        let outputs = Standard::load(checkpoint, &format!("{name}.outputs"), columns)?;
        let noise = checkpoint.f32_tensor(&format!("{name}.noise"), &[columns])?.to_vec();
        let refused =
            |reason: String| CheckpointError::Malformed { reason: format!("the network `{name}` {reason}") };
        let note = checkpoint.note(&format!("{name}.seen")).cloned().unwrap_or_default();
        let seen: Vec<usize> = serde_json::from_value(note)
            .map_err(|error| refused(format!("has no list of the features that it sees: {error}")))?;
        if let Some(wrong) = seen.iter().find(|at| **at >= features) {
            return Err(refused(format!("sees feature {wrong}, but there are {features}")));
        }
        let members = (0..checkpoint.counter(&format!("{name}.members"))?).map(|index| {
            let member = Mlp::restore(checkpoint, &format!("{name}.member{index}"))?;
            let found = (member.config().params().input, member.config().params().output);
            let expected = (seen.len(), columns);
            let wrong =
                || refused(format!("maps {found:?} in member {index}, where {expected:?} is expected"));
            if found == expected { Ok(member) } else { Err(wrong()) }
        });
        let members: Vec<Mlp> = members.collect::<Result<_, _>>()?;
        if members.is_empty() {
            return Err(refused("has no member".to_owned()));
        }
        Ok(Self { seen, features, inputs, outputs, noise, members })
    }
}

/// Whether sample `row` of `rows` is held out: in the last tenth of its tenth.
const fn is_held_out(row: usize, rows: usize) -> bool {
    row * 100 / rows % 10 == 9
}

#[expect(clippy::cast_possible_truncation, reason = "networks work in single precision")]
const fn narrow(value: f64) -> f32 {
    value as f32
}

impl Scaled {
    /// Fits one network.
    fn fit(&self, seed: SeedTree) -> Result<Mlp, FitError> {
        let (activation, output_gain) = (Activation::Relu, 1.0);
        let (input, output) = (self.width, self.columns);
        let config =
            MlpParams { hidden: vec![128; 3], output, activation, output_gain, ..MlpParams::critic(input) }
                .check()?;
        let adam = AdamParams { learning_rate: 1e-3, epsilon: 1e-8, ..AdamParams::default() }.check()?;
        let mut network = Mlp::orthogonal(&config, &mut seed.child("weights").rng());
        let mut adam = Adam::new(&adam, network.parameters().len());
        let (mut backprop, mut rng) = (Backprop::new(&config), seed.child("order").rng());
        let rows = self.targets.len() / self.columns;
        let (held_out, mut learned): (Vec<usize>, Vec<usize>) =
            (0..rows).partition(|row| is_held_out(*row, rows));
        let (mut best, mut least) = (network.clone(), f64::INFINITY);
        for _ in 0..EPOCHS {
            shuffle(&mut learned, &mut rng);
            for batch in learned.chunks(BATCH) {
                let gradient = self.gradient(&mut backprop, &network, batch)?;
                network.change(|parameters| adam.step(parameters, gradient, 1.0))?;
            }
            let error = self.error(&network, &held_out)?;
            if error < least {
                (best, least) = (network.clone(), error);
            }
        }
        Ok(best)
    }

    /// Derivatives of the mean squared error of a batch; a missing target has none.
    fn gradient<'a>(
        &self,
        backprop: &'a mut Backprop,
        network: &Mlp,
        batch: &[usize],
    ) -> Result<&'a [f32], NetworkError> {
        let share = 2.0 / (batch.len() * self.columns) as f32;
        backprop.gradient(network, &self.rows(batch), |row, outputs, derivatives| {
            let targets = &self.targets[batch[row] * self.columns..][..self.columns];
            for ((derivative, output), target) in derivatives.iter_mut().zip(outputs).zip(targets) {
                *derivative = if target.is_nan() { 0.0 } else { share * (output - target) };
            }
            Ok(())
        })
    }

    /// Sum of squared errors.
    fn error(&self, network: &Mlp, rows: &[usize]) -> Result<f64, NetworkError> {
        let outputs = network.forward(&self.rows(rows))?;
        let targets = rows.iter().flat_map(|row| &self.targets[row * self.columns..(row + 1) * self.columns]);
        let errors = outputs.iter().zip(targets).map(|(output, target)| f64::from(output - target));
        Ok(errors.filter(|error| error.is_finite()).map(|error| error * error).sum())
    }

    fn rows(&self, rows: &[usize]) -> Vec<f32> {
        rows.iter().flat_map(|row| &self.inputs[row * self.width..(row + 1) * self.width]).copied().collect()
    }
}

impl Forecaster for Plain {
    fn name(&self) -> &'static str {
        "mlp3x128"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        let (rows, columns) = (inputs.rows(), self.outputs.width());
        out.resize(rows, columns);
        let standardised = self.standardise(inputs.features);
        let mut outputs = vec![0.0; rows * columns];
        // Mean and spread over the members by Welford's update, in standard deviations.
        for (index, member) in self.members.iter().enumerate() {
            let fitting = rows == 0 || member.forward_into(&standardised, &mut outputs).is_ok();
            debug_assert!(fitting, "features fit the network: both come from one encoder");
            for (place, output) in outputs.iter().enumerate() {
                let before = output - out.mean[place];
                out.mean[place] += before / (index + 1) as f32;
                out.epistemic[place] += before * (output - out.mean[place]);
            }
        }
        let free = self.members.len().saturating_sub(1).max(1) as f64;
        for place in 0..rows * columns {
            let column = place % columns;
            let deviation = (f64::from(out.epistemic[place]) / free).max(0.0).sqrt();
            out.mean[place] = narrow(self.outputs.undo(column, f64::from(out.mean[place])));
            out.epistemic[place] = narrow(self.outputs.spread(column, deviation));
            out.aleatoric[place] = self.noise[column];
        }
        out.median.clone_from(&out.mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Start;

    /// One predicted column, which moves to the value of one control; a feature that it must not look at.
    fn samples(count: u16) -> (Samples, Groups) {
        let mut samples = Samples::default();
        for row in 0..count {
            let (present, control) = (f32::from(row % 7), f32::from(row * 5 % 11));
            let target = if row % 13 == 0 { f32::NAN } else { 100.0 + present + 2.0 * control };
            samples.features.extend([present, f32::from(row), control, control - present]);
            samples.present.push(present);
            samples.targets.push(target);
            samples.moved.push(true);
            samples.starts.push(Start { window: 0, row: usize::from(row) });
        }
        let groups = Groups {
            present: 0..1,
            lags: 1..2,
            means: 2..2,
            deviations: 2..2,
            controls: 2..3,
            control_changes: 3..4,
            exogenous: 4..4,
            exogenous_changes: 4..4,
            absences: 4..4,
            counters: 4..4,
            derived: 4..4,
        };
        (samples, groups)
    }

    fn fit(threads: usize) -> (Plain, Samples) {
        let (samples, groups) = samples(400);
        let [members, threads] = [2, threads].map(|count| NonZeroUsize::new(count).unwrap());
        let fitted = Plain::fit(&samples, 1, &groups, members, (SeedTree::new(1), threads));
        (fitted.unwrap(), samples)
    }

    fn forecast(plain: &Plain, inputs: &Inputs<'_>) -> Forecasts {
        let mut out = Forecasts::default();
        plain.forecast(inputs, &mut out);
        out
    }

    #[test]
    fn it_learns_a_plane_without_looking_at_the_past() {
        let (plain, _) = fit(1);
        let inputs = Inputs { features: &[3.0, -1e6, 5.0, 2.0], present: &[3.0], moved: &[true] };
        let out = forecast(&plain, &inputs);
        assert!((out.median[0] - 113.0).abs() < 1.0, "{} instead of 113", out.median[0]);
        assert!(out.aleatoric[0] > 0.0 && out.aleatoric[0] < 1.0 && out.epistemic[0] > 0.0);
    }

    #[test]
    fn threads_and_the_artefact_change_no_bit() {
        let ((plain, samples), (other, _)) = (fit(1), fit(2));
        assert_eq!(plain, other);
        let mut checkpoint = Checkpoint::new("test");
        plain.save(&mut checkpoint, "plain");
        let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), "test").unwrap();
        let again = Plain::load(&checkpoint, "plain", (4, 1)).unwrap();
        assert_eq!(forecast(&again, &samples.inputs()), forecast(&plain, &samples.inputs()));
        assert!(Plain::load(&checkpoint, "plain", (5, 1)).is_err());
        assert!(Plain::load(&checkpoint, "plain", (4, 2)).is_err());
    }

    #[test]
    fn a_tenth_is_held_out_in_stretches_and_too_few_samples_are_refused() {
        let held_out: Vec<usize> = (0..1000).filter(|row| is_held_out(*row, 1000)).collect();
        assert_eq!((held_out.len(), held_out[0], held_out[10]), (100, 90, 190));
        let (few, groups) = samples(99);
        let fitted = Plain::fit(&few, 1, &groups, NonZeroUsize::MIN, (SeedTree::new(1), NonZeroUsize::MIN));
        assert_eq!(fitted.unwrap_err(), FitError::TooFew { found: 99, least: 100 });
    }
}
