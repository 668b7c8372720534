//! Speed of the simulated cluster: request hops, pods, services, environment steps.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use karma_benches::{cluster, environment, hops, sized};
use karma_core::{Environment as _, Seconds};

const WINDOW: u32 = 15;

/// The cost of a hop as the cluster grows: the same topology under 2, 20 and 200 times its nominal load, with pods
/// in proportion. Per hop it must grow no faster than the logarithm of the pods.
fn hop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hop");
    group.sample_size(10);
    for load in [2.0, 20.0, 200.0] {
        let topology = sized("chain4", load);
        let pods: u32 = topology.services.iter().map(|service| service.initial_replicas.0).sum();
        let mut probe = cluster(&topology, load, WINDOW);
        probe.run_until(Seconds(f64::from(WINDOW)));
        group.throughput(Throughput::Elements(hops(&probe)));
        group.bench_function(BenchmarkId::new("chain4", format!("{pods} pods")), |bencher| {
            bencher.iter_batched_ref(
                || cluster(&topology, load, WINDOW),
                |cluster| cluster.run_until(Seconds(f64::from(WINDOW))),
                criterion::BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Fifteen seconds, every request simulated, of chain4 at 200 requests/s: one step of a learner. Peers that look
/// rows up in a table do 28 (11 services) to 160 (2 services) steps per core-second.
fn step(criterion: &mut Criterion) {
    let topology = sized("chain4", 2.0);
    let mut group = criterion.benchmark_group("step");
    group.throughput(Throughput::Elements(u64::from(600 / WINDOW)));
    group.sample_size(10);
    group.bench_function("chain4 at 200/s, 40 steps of 15 s", |bencher| {
        bencher.iter_batched_ref(
            || cluster(&topology, 2.0, 600),
            |cluster| cluster.run_until(Seconds(600.0)),
            criterion::BatchSize::PerIteration,
        );
    });
    for name in ["chain4", "online-boutique"] {
        let mut environment = environment(name);
        group.bench_function(format!("environment, {name}, scenario suite, 40 steps"), |bencher| {
            let mut seed = 0;
            bencher.iter(|| {
                seed += 1;
                let mut step = environment.reset(seed);
                while !step.is_last() {
                    let hold = step.masks.iter().filter_map(|mask| mask.legal().next()).collect();
                    step = match environment.step(&hold) {
                        Ok(step) => step,
                        Err(error) => panic!("{error}"),
                    };
                }
            });
        });
    }
    group.finish();
}

/// A thousand services run.
fn thousand(criterion: &mut Criterion) {
    let topology = sized("mesh:1000:7", 1.0);
    let mut group = criterion.benchmark_group("mesh");
    group.sample_size(10);
    let mut probe = cluster(&topology, 1.0, WINDOW);
    probe.run_until(Seconds(f64::from(WINDOW)));
    group.throughput(Throughput::Elements(hops(&probe)));
    group.bench_function("1000 services, 15 s", |bencher| {
        bencher.iter_batched_ref(
            || cluster(&topology, 1.0, WINDOW),
            |cluster| cluster.run_until(Seconds(f64::from(WINDOW))),
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, hop, step, thousand);
criterion_main!(benches);
