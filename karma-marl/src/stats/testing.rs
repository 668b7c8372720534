//! What the tests of this module share.

use karma_core::{SeedTree, StreamRng};

use super::{Bootstrap, BootstrapParams, Scores};

/// Three tasks with ten runs each, of which the golden values of rliable are.
pub(super) fn table() -> Scores {
    scores(&[
        &[0.0, 0.17, 0.24, 0.31, 0.48, 0.55, 0.62, 0.79, 0.86, 0.93],
        &[0.5, 0.65, 0.8, 0.95, 0.6, 0.75, 0.9, 0.55, 0.7, 0.85],
        &[2.0, 1.7, 0.8, -0.7, 0.2, 0.5, 0.2, -0.7, 0.8, 1.7],
    ])
}

/// The same tasks with eight runs of another policy each; some scores tie with those of [`table`].
pub(super) fn other_table() -> Scores {
    scores(&[
        &[0.17, 0.31, 0.1, 0.24, 0.55, 0.05, 0.4, 0.62],
        &[0.5, 0.6, 0.4, 0.7, 0.65, 0.45, 0.3, 0.8],
        &[0.2, 0.8, 1.7, 0.5, -0.7, 2.1, 0.9, 0.2],
    ])
}

fn scores(strata: &[&[f64]]) -> Scores {
    Scores::new(strata.iter().map(|stratum| stratum.to_vec()).collect()).expect("the table is complete")
}

/// 95 % intervals of so many resamples.
pub(super) fn bootstrap(resamples: usize) -> Bootstrap {
    BootstrapParams { resamples, ..BootstrapParams::default() }.check().expect("a count within its range")
}

pub(super) fn rng(seed: u64) -> StreamRng {
    SeedTree::new(seed).rng()
}
