//! A random forest that is used as a distribution.
//!
//! **What it learns.** Which recorded transitions are like a new one. Each tree puts a new transition into a leaf, beside
//! recorded ones; a recorded transition's weight is the share of leaves that it holds. The weighted median and the
//! weighted mean of the recorded targets are the forecasts, their weighted mean distance from the median is the noise
//! (Meinshausen, *Quantile Regression Forests*, JMLR 2006; trees: Breiman, *Random Forests*, Machine Learning 2001, for
//! several targets at once). One forest so serves both errors that count by their size and errors that count by their
//! square, and never forecasts what was never seen.
//!
//! **Two views.** A forest of [`View::Increments`] weighs changes from the present, which is best while nothing moves; a
//! forest of [`View::Levels`] weighs the values themselves, which is best when the controls move and the present says
//! little. A [`Stack`](crate::Stack) takes the best of both.
//!
//! **Ignorance.** Trees come in bags of ℓ that share one draw of samples. Between the means of bags there is what other
//! data would change, and the chance in the choice of features, of which averaging over ℓ trees leaves 1/ℓ:
//! epistemic² = Var(bag means) − mean(Var within a bag) / ℓ (*little bags*: Sexton and Laake, 2009; Athey, Tibshirani and
//! Wager, *Generalized Random Forests*, Annals of Statistics 2019). It is at least Var(trees) / number of trees, the error
//! of a forest of finite size. Samples are drawn in stretches of time, since neighbours are nearly copies: single draws
//! would let every tree know every situation. What is out of a bag is still of the same runs: how a forest does in a
//! run unlike all others, a held-out run says, not this.
//!
//! **Missing.** A missing feature goes to the side of a split where such samples fitted better; where the tree saw none,
//! to the side with more samples. A missing target is left out of its column, and only there.
//!
//! **Cost.** Fitting: trees × samples × features tried × depth, on features of one byte each. One row: trees × depth, and
//! as many samples as the leaves hold.
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use karma_core::SeedTree;
//! use karma_twin::{Forecaster, Forecasts, Forest, ForestParams, Inputs, Samples, View};
//!
//! // y jumps by 4 whenever the only feature is above 0.
//! let samples = Samples {
//!     features: (0..40).map(|row| if row % 2 == 0 { -1.0 } else { 1.0 }).collect(),
//!     present: vec![10.0; 40],
//!     targets: (0..40).map(|row| if row % 2 == 0 { 10.0 } else { 14.0 }).collect(),
//!     moved: vec![false; 40],
//!     ..Samples::default()
//! };
//! let config = ForestParams { trees: 10, tried: 1.0, ..ForestParams::default() }.check()?;
//! let randomness = (SeedTree::new(1), NonZeroUsize::MIN);
//! let forest = Forest::fit(&samples, 1, View::Increments, &config, randomness);
//! let mut out = Forecasts::default();
//! let inputs = Inputs { features: &[-1.0, 1.0], present: &[10.0; 2], moved: &[false; 2] };
//! forest.forecast(&inputs, &mut out);
//! assert_eq!(out.median, [10.0, 14.0]);
//! # Ok::<(), karma_nn::ConfigError>(())
//! ```

mod bins;
mod params;
mod pool;
mod split;
mod store;
mod tree;

use std::num::NonZeroUsize;

use karma_core::SeedTree;
use karma_core::parallel::run_all;
use serde::{Deserialize, Serialize};

use crate::{Forecaster, Forecasts, Inputs, Samples};
use bins::Bins;
pub use params::{ForestConfig, ForestParams};
use pool::Pool;
pub(crate) use pool::weighted_median;
use split::Ground;
use tree::{Tree, draw_bag};

/// Most samples that a forest looks at; what comes behind them is left out. Their numbers are exact in `f32`.
const MOST_SAMPLES: usize = 1 << 24;

/// Stretches are shortened until a bag has this many.
const LEAST_STRETCHES: usize = 20;

/// What a forest weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// Target minus present. Where the present is missing, so is the forecast.
    Increments,
    /// The target itself.
    Levels,
}

/// A fitted forest, with the targets that it weighs.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    view: View,
    features: usize,
    columns: usize,
    /// Samples × columns, on the scale of the view; NaN where missing.
    values: Vec<f32>,
    trees_per_bag: usize,
    trees: Vec<Tree>,
}

impl Forest {
    /// Fits a forest to samples of `columns` predicted columns. The result does not depend on `threads`. Without
    /// samples it forecasts the present.
    pub fn fit(
        samples: &Samples,
        columns: usize,
        view: View,
        config: &ForestConfig,
        (seed, threads): (SeedTree, NonZeroUsize),
    ) -> Self {
        let (params, count) = (config.params(), samples.len().min(MOST_SAMPLES));
        let features = samples.features.len().checked_div(samples.len()).unwrap_or(0);
        let values = values(samples, view, count * columns);
        let bins = Bins::of(&samples.features, features, count);
        let ground = ground(&bins, &values, columns, config);
        let bags = params.trees.div_ceil(params.trees_per_bag) as u64;
        let jobs: Vec<u64> = if count == 0 { Vec::new() } else { (0..bags).collect() };
        let trees = run_all(threads, jobs, |bag| {
            let seed = seed.child("forest").index(bag);
            let size = count.min(params.most_samples);
            let stretch = params.stretch.min(count / LEAST_STRETCHES).max(1);
            let bag = draw_bag(count, size, stretch, &mut seed.child("bag").rng());
            let trees = (0..params.trees_per_bag as u64).map(|tree| seed.child("tree").index(tree).rng());
            trees.map(|rng| Tree::grow(&ground, &bag, rng)).collect::<Vec<_>>()
        });
        let trees = trees.into_iter().flatten().collect();
        Self { view, features, columns, values, trees_per_bag: params.trees_per_bag, trees }
    }

    /// What it weighs.
    pub const fn view(&self) -> View {
        self.view
    }

    /// Forecasts for the samples that the forest was fitted to, each from those trees that were grown without it: honest
    /// forecasts, for stacking and calibration. Where every tree knows the sample, all four values are NaN.
    ///
    /// # Panics
    /// If these are not as many samples as the forest was fitted to: a bug of the caller.
    pub fn out_of_bag(&self, samples: &Samples) -> Forecasts {
        assert_eq!(
            samples.len() * self.columns,
            self.values.len(),
            "the samples that the forest was fitted to"
        );
        let in_bag: Vec<Vec<bool>> = self
            .trees
            .chunks(self.trees_per_bag)
            .map(|bag| {
                let mut known = vec![false; samples.len()];
                bag[0].members.iter().for_each(|sample| known[*sample as usize] = true);
                known
            })
            .collect();
        let mut out = Forecasts::default();
        out.resize(samples.len(), self.columns);
        let mut pool = Pool::new(self);
        for (row, (features, present)) in self.rows(&samples.inputs()).enumerate() {
            if pool.gather(features, |bag| !in_bag[bag][row]) > 0 {
                pool.write(row, present, &mut out);
            } else {
                let places = row * self.columns..(row + 1) * self.columns;
                for values in [&mut out.median, &mut out.mean, &mut out.aleatoric, &mut out.epistemic] {
                    values[places.clone()].fill(f32::NAN);
                }
            }
        }
        out
    }

    /// The targets of a sample.
    fn values_of(&self, sample: u32) -> &[f32] {
        &self.values[sample as usize * self.columns..(sample as usize + 1) * self.columns]
    }

    /// Features and present of each row.
    fn rows<'a>(&self, inputs: &Inputs<'a>) -> impl Iterator<Item = (&'a [f32], &'a [f32])> + use<'a> {
        let (features, columns, inputs) = (self.features, self.columns, *inputs);
        let rows = 0..inputs.rows();
        let row = move |values: &'a [f32], row: usize, width: usize| &values[row * width..(row + 1) * width];
        rows.map(move |at| (row(inputs.features, at, features), row(inputs.present, at, columns)))
    }
}

impl Forecaster for Forest {
    fn name(&self) -> &'static str {
        match self.view {
            View::Increments => "forest of increments",
            View::Levels => "forest of levels",
        }
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        out.resize(inputs.rows(), self.columns);
        let mut pool = Pool::new(self);
        for (row, (features, present)) in self.rows(inputs).enumerate() {
            pool.gather(features, |_| true);
            pool.write(row, present, out);
        }
    }
}

/// The first targets on the scale of the view.
fn values(samples: &Samples, view: View, count: usize) -> Vec<f32> {
    let targets = samples.targets.iter().take(count);
    match view {
        View::Increments => targets.zip(&samples.present).map(|(target, present)| target - present).collect(),
        View::Levels => targets.copied().collect(),
    }
}

/// Targets in units of their columns' robust ranges, P99 − P1 (else greatest − least; a constant column is left out), and
/// from their medians, which keeps sums exact.
fn ground<'a>(bins: &'a Bins, values: &[f32], columns: usize, config: &ForestConfig) -> Ground<'a> {
    let units: Vec<(f32, f32)> = (0..columns).map(|column| unit(values, column, columns)).collect();
    let scaled =
        values.iter().zip(units.iter().cycle()).map(|(value, (centre, scale))| (value - centre) * scale);
    let targets = scaled.map(|value| if value.is_finite() { value } else { 0.0 }).collect();
    let mut missing: Vec<f32> = values.iter().map(|value| f32::from(u8::from(!value.is_finite()))).collect();
    if missing.iter().all(|missing| *missing == 0.0) {
        missing.clear();
    }
    let params = config.params();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count lies between 0 and the count"
    )]
    let tried = (f64::from(params.tried) * bins.features() as f64).ceil() as usize;
    Ground { bins, targets, missing, columns, least_leaf: params.least_leaf, tried: tried.max(1) }
}

/// Median of a column and 1 / its range.
fn unit(values: &[f32], column: usize, columns: usize) -> (f32, f32) {
    let mut sorted: Vec<f32> = values.iter().skip(column).step_by(columns).copied().collect();
    sorted.retain(|value| value.is_finite());
    sorted.sort_unstable_by(f32::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return (0.0, 0.0) };
    let at = |percent: usize| sorted[last * percent / 100];
    let robust = at(99) - at(1);
    let range = if robust > 0.0 { robust } else { at(100) - at(0) };
    (at(50), if range > 0.0 { 1.0 / range } else { 0.0 })
}

#[cfg(test)]
mod tests;
