//! Speed of distances, linkage, cuts and maps of a few hundred trajectories; the example `cluster_scale` has the
//! thousands.

use std::num::NonZeroUsize;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use karma_analyze::cluster::{Linkage, best_cut, linkage};
use karma_analyze::distance::{Measure, Normalization, WarpingParams, pairwise};
use karma_analyze::embedding::embed;
use karma_analyze::{Alphabet, DistanceMatrix, Sequences};
use karma_core::{ActionSpace, SeedTree, draw};

const WORDS: usize = 128;
const STEPS: usize = 200;

/// Words of random actions of a defender of four services.
fn words() -> Sequences {
    let space = ActionSpace::Defender { services: 4, alpha: 3 };
    let mut rng = SeedTree::new(1).rng();
    let mut words = Sequences::new(Alphabet::of_actions(space));
    for _ in 0..WORDS {
        let word: Vec<u32> =
            (0..STEPS).filter_map(|_| draw::below(&mut rng, space.len()).try_into().ok()).collect();
        words.push(&word).unwrap_or_else(|error| panic!("{error}"));
    }
    words
}

/// Cells of the recursion of all pairs, a second, on one thread.
fn distances(criterion: &mut Criterion) {
    let words = words();
    let mut group = criterion.benchmark_group("distances");
    group.sample_size(10);
    for (name, band, normalization) in [
        ("unbanded", None, Normalization::None),
        ("band of 20", Some(20), Normalization::None),
        ("by path", None, Normalization::Path),
    ] {
        let warping = WarpingParams { band, normalization }.check().unwrap_or_else(|error| panic!("{error}"));
        let width = band.map_or(STEPS, |band| 2 * band as usize + 1);
        group.throughput(Throughput::Elements((WORDS * (WORDS - 1) / 2 * STEPS * width) as u64));
        group.bench_function(BenchmarkId::new("warping", name), |bencher| {
            bencher.iter(|| pairwise(&words, &Measure::Warping(warping), NonZeroUsize::MIN));
        });
    }
    for (name, measure) in [("edit", Measure::Edit), ("subsequence", Measure::CommonSubsequence)] {
        group.throughput(Throughput::Elements((WORDS * (WORDS - 1) / 2 * STEPS * STEPS) as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| pairwise(&words, &measure, NonZeroUsize::MIN));
        });
    }
    group.finish();
}

/// What follows the distances, by number of items; pairs a second.
fn clustering(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("clustering");
    for items in [250, 500, 1_000] {
        let mut rng = SeedTree::new(2).rng();
        let matrix = DistanceMatrix::from_fn(items, |_, _| 1.0 + draw::below(&mut rng, 1_000) as f32);
        group.throughput(Throughput::Elements(matrix.as_slice().len() as u64));
        group.bench_function(BenchmarkId::new("linkage", items), |bencher| {
            bencher.iter(|| linkage(&matrix, Linkage::Average));
        });
        let tree = linkage(&matrix, Linkage::Average).unwrap_or_else(|error| panic!("{error}"));
        group.bench_function(BenchmarkId::new("best cut", items), |bencher| {
            bencher.iter(|| best_cut(&matrix, &tree, 20));
        });
    }
    let matrix = DistanceMatrix::from_fn(250, |i, j| ((i * 7 + j * 3) % 11) as f32);
    group.throughput(Throughput::Elements(matrix.as_slice().len() as u64));
    group.bench_function("map of 250", |bencher| bencher.iter(|| embed(&matrix)));
    group.finish();
}

criterion_group!(benches, distances, clustering);
criterion_main!(benches);
