//! Statistics for comparing policies on few, noisy runs.
//!
//! After Agarwal, Schwarzer, Castro, Courville and Bellemare, *Deep Reinforcement Learning at the Edge of
//! the Statistical Precipice*, `NeurIPS` 2021 (the library `rliable`): with ten seeds a mean without an
//! interval says little, so every figure is an interquartile mean with a stratified bootstrap interval, and
//! two policies are compared by their differences on the same seeds.
//!
//! | question | answer |
//! |---|---|
//! | how good is a policy? | [`Bootstrap::estimate`] of [`Statistic::InterquartileMean`] |
//! | is it better than another? | the same of [`Scores::minus`]; an interval without 0 says yes |
//! | the same of several trainings on the same episodes? | [`Bootstrap::estimate_crossed`] of [`Crossed::minus`] |
//! | what is made of several at once, such as the distance to a front? | [`Bootstrap::estimate_jointly`] |
//! | how far is it from the target? | the same of [`Statistic::OptimalityGap`] |
//! | how bad does it get? | the same of [`Statistic::LowestTenth`] |
//! | how often is it better, not by how much? | [`Bootstrap::probability_of_improvement`] |
//! | how good are its best and its worst runs? | [`Bootstrap::performance_profile`] |
//! | how much do its episodes differ? | [`reward_std_percent`] |
//! | what do the field's own tools say? | a file for `marl-eval`, written by [`MarlEval`] |
//!
//! ```
//! use karma_core::SeedTree;
//! use karma_marl::stats::{BootstrapParams, Scores, Statistic};
//!
//! // Two scenarios (strata), four seeds each; the same seeds for both policies.
//! let learned = Scores::new(vec![vec![0.9, 0.8, 0.95, 0.85], vec![0.6, 0.7, 0.65, 0.75]])?;
//! let hpa = Scores::new(vec![vec![0.7, 0.6, 0.85, 0.75], vec![0.5, 0.5, 0.55, 0.65]])?;
//! let bootstrap = BootstrapParams::default().check()?;
//! let mut rng = SeedTree::new(1).child("bootstrap").rng();
//! let gain = bootstrap.estimate(&learned.minus(&hpa)?, Statistic::InterquartileMean, &mut rng);
//! assert!(gain.low > 0.0, "better in every resampling");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bootstrap;
mod crossed;
mod improvement;
mod joint;
mod marl_eval;
mod profile;
mod scores;
mod statistic;
#[cfg(test)]
mod testing;

pub use bootstrap::{Bootstrap, BootstrapParams, Estimate};
pub use crossed::{Crossed, Tested};
pub use joint::Joint;
pub use marl_eval::{EvalRun, EvalStep, MarlEval, MarlEvalError, Metrics, RunName};
pub use scores::{Scores, ScoresError};
pub use statistic::{
    Statistic, interquartile_mean, lowest_tenth, mean, optimality_gap, reward_std_percent, standard_deviation,
};
