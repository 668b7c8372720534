//! The models that a twin must beat, each fitted on what the twin learned from.

use std::num::NonZeroUsize;

use karma_core::SeedTree;
use karma_twin::fidelity::Contender;
use karma_twin::table::{Start, Table};
use karma_twin::{
    Composed, Encoder, EncoderParams, ExactParams, ExactTable, Forecaster, Persistence, Plain, Ridge,
    Samples, Structure,
};

/// Networks of the published model that are averaged.
const PLAIN_MEMBERS: usize = 5;

/// A model with a name and its own view of the past.
pub(super) struct Rival {
    name: &'static str,
    encoder: Encoder,
    forecaster: Box<dyn Forecaster>,
}

impl Rival {
    pub(super) fn contender(&self) -> Contender<'_> {
        Contender { name: self.name, encoder: &self.encoder, forecaster: &*self.forecaster }
    }
}

/// "Nothing changes", a ridge regression on four rows, and the published scheme: the record, else a network of 3 × 128.
///
/// None of them is told of the structure of the system; all are given the same next controls and exogenous values as the
/// twin.
pub(super) fn fit(
    table: &Table,
    learned: &[Start],
    moved: f32,
    (seed, threads): (u64, NonZeroUsize),
) -> anyhow::Result<Vec<Rival>> {
    let params = EncoderParams { lags: 4, half_lives: Vec::new(), moved, ..EncoderParams::default() };
    let encoder = Encoder::new(table.schema().clone(), params, Structure::Bounds)?;
    let samples = Samples::of(&encoder, table, learned);
    let columns = table.schema().predicted().len();
    let seeds = SeedTree::new(seed).child("rivals");
    let members = NonZeroUsize::new(PLAIN_MEMBERS).unwrap_or(NonZeroUsize::MIN);
    let plain = Plain::fit(&samples, columns, &encoder.groups(), members, (seeds, threads))?;
    // As published: one recorded transition is enough, and the key is the numbers themselves.
    let record =
        ExactTable::new(&encoder, &samples, ExactParams { tolerance: 0.0, ..ExactParams::default() })?;
    let rival = |name, forecaster: Box<dyn Forecaster>| Rival { name, encoder: encoder.clone(), forecaster };
    Ok(vec![
        rival("persistence", Box::new(Persistence)),
        rival("ridge with lags", Box::new(Ridge::fit(&samples, columns))),
        rival("lookup+mlp3x128", Box::new(Composed::new(record, plain, 1))),
    ])
}
