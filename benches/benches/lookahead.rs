//! Speed of a decision that looks ahead: what is seen is made into twins, and what may be asked for is played ahead in them.

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use karma_baseline::{Share, Threshold, ThresholdParams};
use karma_benches::setup;
use karma_core::{Adviser as _, Autoscaler as _, SeedTree};
use karma_mock::environment::{Lookahead, LookaheadParams};
use karma_mock::{Episode, Setup, Timeline};

/// The rule that follows every try, as behind a trained team.
fn follower(setup: &Setup) -> Threshold {
    let params = ThresholdParams { utilization: 0.44, of: Share::Limit, ..ThresholdParams::default() };
    match params.check() {
        Ok(config) => Threshold::new(&setup.topology, config),
        Err(error) => panic!("{error}"),
    }
}

/// One decision of a cluster after a minute under its nominal load. Peers do not look ahead; a decision is due every 15 s.
fn advise(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lookahead");
    group.sample_size(10);
    for name in ["chain4", "online-boutique", "mesh:50:7"] {
        let setup = Arc::new(setup(name));
        let rates = setup.topology.entry_points.map(|entry| entry.nominal_rate.0);
        let seen = Episode::of_timeline(&setup, Timeline::constant(&rates, 60, 600), 1).snapshot();
        let mut rule = follower(&setup);
        let config = match LookaheadParams::default().check() {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        };
        let mut lookahead = Lookahead::new(Arc::clone(&setup), config, rule.clone());
        let mut rng = SeedTree::new(1).rng();
        let asked = rule.decide(&seen, &mut rng);
        group.throughput(Throughput::Elements(setup.topology.services.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| lookahead.advise(&seen, asked.clone(), None, &mut rng));
        });
    }
    group.finish();
}

criterion_group!(benches, advise);
criterion_main!(benches);
