//! How much a request computes.

use karma_core::StreamRng;
use karma_core::topology::WorkDistribution;
use rand_distr::{Distribution as _, Exp1, StandardNormal};

/// Draws the work of a request, in core-seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WorkSampler {
    Constant(f64),
    Exponential(f64),
    LogNormal { location: f64, sigma: f64 },
}

impl WorkSampler {
    /// A log-normal of mean `m` and coefficient of variation `c` has σ² = ln(1 + c²), μ = ln m − σ²/2.
    pub(crate) fn new(mean: f64, shape: WorkDistribution) -> Self {
        match shape {
            WorkDistribution::Exponential => Self::Exponential(mean),
            WorkDistribution::LogNormal(cv) if cv > 0.0 && mean > 0.0 => {
                let variance = (cv * cv).ln_1p();
                Self::LogNormal { location: mean.ln() - variance / 2.0, sigma: variance.sqrt() }
            }
            WorkDistribution::Deterministic | WorkDistribution::LogNormal(_) => Self::Constant(mean),
        }
    }

    #[inline]
    pub(crate) fn sample(&self, rng: &mut StreamRng) -> f64 {
        match self {
            Self::Constant(work) => *work,
            Self::Exponential(mean) => {
                let draw: f64 = Exp1.sample(rng);
                mean * draw
            }
            // rand_distr's own log-normal goes through a portable exp that is three times slower.
            Self::LogNormal { location, sigma } => {
                let normal: f64 = StandardNormal.sample(rng);
                (location + sigma * normal).exp()
            }
        }
    }
}
