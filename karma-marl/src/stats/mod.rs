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
//! | how much do its episodes differ? | [`reward_std_percent`] |
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
mod scores;
mod statistic;

pub use bootstrap::{Bootstrap, BootstrapParams, Estimate};
pub use scores::{Scores, ScoresError};
pub use statistic::{Statistic, interquartile_mean, mean, reward_std_percent, standard_deviation};
