//! Fitting the ensemble.

use std::num::NonZeroUsize;

use karma_core::draw::{below, shuffle};
use karma_core::parallel::run_all;
use karma_core::{SeedTree, StreamRng};
use karma_nn::{Activation, Adam, AdamParams, Backprop, Mlp, MlpParams, NetworkError, gradient_norm};
use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};
use thiserror::Error;

use super::head::{NOISE, OUTPUTS, Units};
use super::imagine::imagine;
use super::{Network, NetworkConfig, Normaliser};
use crate::table::{Start, Table};
use crate::{Encoder, Forecaster as _, Forecasts, Samples};

/// Stretches of time for each member; it learns without one of as many as there are members.
const STRETCHES: usize = 10;
/// Longest gradient that is followed; a longer one is shortened to this.
const LONGEST_GRADIENT: f32 = 5.0;

/// Why an ensemble could not be fitted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FitError {
    /// Too little to learn from.
    #[error("{found} transitions to learn from; at least {least} are needed")]
    TooFew {
        /// How many there are.
        found: usize,
        /// How many there must be.
        least: usize,
    },
    /// A network failed: its numbers left the range, which a smaller step size mends.
    #[error("the network cannot be fitted; try a smaller learning_rate")]
    Network(#[from] NetworkError),
    /// The settings of the network do not fit its sizes.
    #[error("the network cannot be made")]
    Config(#[from] karma_nn::ConfigError),
}

/// What is fitted on, how, and with which randomness.
#[derive(Clone, Copy, Debug)]
pub struct Fitting<'a> {
    /// Makes features of the past.
    pub encoder: &'a Encoder,
    /// The data.
    pub table: &'a Table,
    /// The transitions to learn from, sorted.
    pub starts: &'a [Start],
    /// Root of all randomness.
    pub seed: SeedTree,
    /// The result does not depend on how many there are.
    pub threads: NonZeroUsize,
}

/// A fitted ensemble.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The ensemble.
    pub network: Network,
    /// For each sample the forecast of the member that did not learn from it, in the order of the starts.
    pub out_of_fold: Forecasts,
}

impl Network {
    /// Fits an ensemble.
    ///
    /// # Errors
    /// If there are too few transitions, or the numbers leave the range.
    pub fn fit(fitting: &Fitting<'_>, config: &NetworkConfig) -> Result<Fitted, FitError> {
        let samples = Samples::of(fitting.encoder, fitting.table, fitting.starts);
        Self::warm(fitting, config, &samples, None)
    }

    /// Goes on from `self` with other data: the normalisation and the units stay, so that what was learned keeps its
    /// meaning.
    ///
    /// # Errors
    /// As [`Network::fit`].
    pub fn refit(&self, fitting: &Fitting<'_>, config: &NetworkConfig) -> Result<Fitted, FitError> {
        let samples = Samples::of(fitting.encoder, fitting.table, fitting.starts);
        Self::warm(fitting, config, &samples, Some(self))
    }

    fn warm(
        fitting: &Fitting<'_>,
        config: &NetworkConfig,
        samples: &Samples,
        before: Option<&Self>,
    ) -> Result<Fitted, FitError> {
        let members = before.map_or(config.params().members, |network| network.members.len());
        let least = 2 * members * STRETCHES;
        if samples.len() < least {
            return Err(FitError::TooFew { found: samples.len(), least });
        }
        let features = fitting.encoder.features();
        let columns = fitting.encoder.schema().predicted().len();
        let normaliser =
            before.map_or_else(|| Normaliser::fit(&samples.features, features), |n| n.normaliser.clone());
        let units = before.map_or_else(|| units(samples, columns), |network| network.units.clone());
        let jobs: Vec<usize> = (0..members).collect();
        let fitted = run_all(fitting.threads, jobs, |member| {
            let start = before.map(|network| network.members[member].clone());
            let recorded =
                (0..samples.len()).filter(|row| fold(*row, samples.len(), members) != member).count();
            let (normaliser, units) = (&normaliser, &units);
            Member { fitting, config, samples, normaliser, units, index: member, members, recorded }
                .fit(start)
        });
        let fitted = fitted.into_iter().collect::<Result<Vec<Mlp>, FitError>>()?;
        let network = Self { normaliser, units, members: fitted };
        let out_of_fold = network.out_of_fold(samples);
        Ok(Fitted { network, out_of_fold })
    }

    fn out_of_fold(&self, samples: &Samples) -> Forecasts {
        let (columns, members) = (self.columns(), self.members.len());
        let (mut all, mut one) = (Forecasts::default(), Forecasts::default());
        all.resize(samples.len(), columns);
        for (member, network) in (0..members).filter_map(|index| self.member(index)).enumerate() {
            network.forecast(&samples.inputs(), &mut one);
            for row in (0..samples.len()).filter(|row| fold(*row, samples.len(), members) == member) {
                let places = row * columns..(row + 1) * columns;
                all.median[places.clone()].copy_from_slice(&one.median[places.clone()]);
                all.mean[places.clone()].copy_from_slice(&one.mean[places.clone()]);
                all.aleatoric[places.clone()].copy_from_slice(&one.aleatoric[places]);
            }
        }
        all
    }
}

/// The member that does not learn from sample `row` of `rows`.
const fn fold(row: usize, rows: usize, members: usize) -> usize {
    row * members * STRETCHES / rows % members
}

/// Centre and spread of the levels and size of the increments of each column, over what is there.
#[expect(clippy::cast_possible_truncation, reason = "statistics are summed in double precision")]
fn units(samples: &Samples, columns: usize) -> Vec<Units> {
    let unit = |column: usize| {
        let pairs = || {
            let pairs = samples.present.iter().zip(&samples.targets).skip(column).step_by(columns);
            pairs.map(|(s, y)| (f64::from(*s), f64::from(*y))).filter(|(_, y)| y.is_finite())
        };
        let mean = |value: &dyn Fn((f64, f64)) -> f64| {
            let (sum, count) =
                pairs().map(value).filter(|x| x.is_finite()).fold((0.0, 0.0), |(s, n), x| (s + x, n + 1.0));
            if count > 0.0 { sum / count } else { 0.0 }
        };
        let centre = mean(&|(_, y)| y);
        let level = mean(&|(_, y)| (y - centre) * (y - centre)).sqrt();
        let increment = mean(&|(s, y)| (y - s).abs());
        let root_mean_square = mean(&|(s, y)| (y - s) * (y - s)).sqrt();
        // A column that never changes still needs a unit; any will do, since its errors are 0.
        let floor = |x: f64| x.max(1e-3 * level).max(1e-6) as f32;
        Units {
            centre: centre as f32,
            level: (level as f32).max(1e-6),
            increment: floor(increment),
            root_mean_square: floor(root_mean_square),
        }
    };
    (0..columns).map(unit).collect()
}

/// One member's share of the work.
struct Member<'a> {
    fitting: &'a Fitting<'a>,
    config: &'a NetworkConfig,
    samples: &'a Samples,
    normaliser: &'a Normaliser,
    units: &'a [Units],
    index: usize,
    members: usize,
    /// Samples of its own that are recorded; those behind are imagined, and say nothing about the noise.
    recorded: usize,
}

impl Member<'_> {
    fn fit(&self, start: Option<Mlp>) -> Result<Mlp, FitError> {
        let params = self.config.params();
        let seed = self.fitting.seed.child("network").index(self.index as u64);
        let shape = MlpParams {
            hidden: params.hidden.clone(),
            output: self.units.len() * OUTPUTS,
            activation: Activation::Relu,
            output_gain: 0.1,
            ..MlpParams::critic(self.normaliser.width())
        };
        let mut network = match start {
            Some(network) => network,
            None => Mlp::orthogonal(&shape.check()?, &mut seed.child("weights").rng()),
        };
        let own: Vec<usize> = (0..self.samples.len())
            .filter(|row| fold(*row, self.samples.len(), self.members) != self.index)
            .collect();
        let mut learned = self.samples.select(&own);
        let rng = &mut seed.child("order").rng();
        if params.imagination == 0 {
            self.descend(&mut network, &learned, params.epochs, rng)?;
            return Ok(network);
        }
        // First the recorded pasts, then those of its own making beside them.
        let first = params.epochs.div_ceil(2);
        self.descend(&mut network, &learned, first, rng)?;
        learned.extend(&self.imagined(&network, &own, rng));
        self.descend(&mut network, &learned, (params.epochs - first).max(1), rng)?;
        Ok(network)
    }

    /// Pasts that the network makes of the recorded ones.
    fn imagined(&self, network: &Mlp, own: &[usize], rng: &mut StreamRng) -> Samples {
        let steps = self.config.params().imagination;
        let alone = Network {
            normaliser: self.normaliser.clone(),
            units: self.units.to_vec(),
            members: vec![network.clone()],
        };
        let wanted = self.imagined_starts(own.len());
        let mut starts: Vec<Start> =
            (0..wanted).map(|_| self.samples.starts[own[below(rng, own.len())]]).collect();
        starts.sort_unstable();
        starts.dedup();
        imagine(self.fitting.encoder, &alone, self.fitting.table, &starts, steps)
    }

    /// Roll-outs that give the wanted share of imagined pasts.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count, at least 0"
    )]
    fn imagined_starts(&self, samples: usize) -> usize {
        let params = self.config.params();
        let pasts = samples as f32 * params.imagined_share;
        (pasts / params.imagination.max(1) as f32).ceil() as usize
    }

    /// Adam along a cosine from the full step size to 0.
    fn descend(
        &self,
        network: &mut Mlp,
        samples: &Samples,
        epochs: usize,
        rng: &mut StreamRng,
    ) -> Result<(), FitError> {
        let params = self.config.params();
        let mut normalised = samples.features.clone();
        self.normaliser.apply(&mut normalised);
        let mut adam = Adam::new(
            &AdamParams { epsilon: 1e-8, ..AdamParams::default() }.check()?,
            network.parameters().len(),
        );
        let mut backprop = Backprop::new(network.config());
        let mut order: Vec<usize> = (0..samples.len()).collect();
        let steps = epochs * order.len().div_ceil(params.batch);
        let (mut step, mut rows) = (0, Vec::new());
        for _ in 0..epochs {
            shuffle(&mut order, rng);
            for batch in order.chunks(params.batch) {
                self.disturbed(&normalised, batch, &mut rows, rng);
                let rate = params.learning_rate * cosine(step, steps);
                let norm = gradient_norm(self.gradient(&mut backprop, network, &rows, (samples, batch))?);
                let decay = 1.0 - rate * params.weight_decay;
                network.change(|parameters| parameters.iter_mut().for_each(|parameter| *parameter *= decay));
                adam.set_learning_rate(rate.max(1e-9))?;
                let scale = (LONGEST_GRADIENT / norm.max(1e-12)).min(1.0);
                network.change(|parameters| adam.step(parameters, backprop.last_gradient(), scale))?;
                step += 1;
            }
        }
        Ok(())
    }

    /// The rows of a batch with noise, and with some inputs hidden.
    fn disturbed(&self, normalised: &[f32], batch: &[usize], rows: &mut Vec<f32>, rng: &mut StreamRng) {
        let (params, width) = (self.config.params(), self.normaliser.width());
        rows.clear();
        for row in batch {
            rows.extend(normalised[row * width..(row + 1) * width].iter().map(|x| {
                if params.input_dropout > 0.0 && rng.random::<f32>() < params.input_dropout {
                    return 0.0;
                }
                let noise: f32 = StandardNormal.sample(rng);
                x + params.input_noise * noise
            }));
        }
    }

    fn gradient<'b>(
        &self,
        backprop: &'b mut Backprop,
        network: &Mlp,
        rows: &[f32],
        (samples, batch): (&Samples, &[usize]),
    ) -> Result<&'b [f32], NetworkError> {
        let columns = self.units.len();
        let weight = 1.0 / (batch.len() * columns) as f32;
        backprop.gradient(network, rows, |row, outputs, derivatives| {
            let places = batch[row] * columns..(batch[row] + 1) * columns;
            let pairs = samples.present[places.clone()].iter().zip(&samples.targets[places]);
            let of_column = outputs.chunks_exact(OUTPUTS).zip(derivatives.chunks_exact_mut(OUTPUTS));
            for ((units, (present, truth)), (outputs, derivatives)) in
                self.units.iter().zip(pairs).zip(of_column)
            {
                if truth.is_finite() {
                    units.differentiate(outputs, (*present, *truth), weight, derivatives);
                    if batch[row] >= self.recorded {
                        derivatives[NOISE] = 0.0;
                    }
                }
            }
            Ok(())
        })
    }
}

fn cosine(step: usize, steps: usize) -> f32 {
    0.5 * (1.0 + (std::f32::consts::PI * step as f32 / steps as f32).cos())
}
