//! Speed of a decision of the Kubernetes HPA, one controller for each service.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use karma_baseline::{HpaAutoscaler, HpaAutoscalerParams};
use karma_benches::{cluster, sized};
use karma_core::{Autoscaler as _, Seconds, SeedTree};

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hpa");
    for name in ["chain4", "mesh:1000:7"] {
        let topology = sized(name, 1.0);
        let mut cluster = cluster(&topology, 1.0, 60);
        cluster.run_until(Seconds(60.0));
        let snapshot = cluster.observe();
        let mut scaler = match HpaAutoscaler::new(&topology, &HpaAutoscalerParams::default()) {
            Ok(scaler) => scaler,
            Err(error) => panic!("{error}"),
        };
        let mut rng = SeedTree::new(1).rng();
        group.throughput(Throughput::Elements(topology.services.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| scaler.decide(&snapshot, &mut rng)));
    }
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
