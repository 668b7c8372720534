//! Speed of masks and shaping for a whole batch of environments, one step of each.
//!
//! `step` is the figure that counts: masks and shaping together, patterns included; the sizes show how it grows with
//! services, agents and environments. `note` is what it costs to take note of the states.

use std::cell::RefCell;
use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use karma_benches::topology;
use karma_core::{Action, Metric, MetricRow, OperationalResilience, Seconds, State};
use karma_org::Organization;
use karma_org::builder::{OrganizationBuilder, goal, mission, obligation};
use karma_org::guide::{Binding, GuideBatch, GuideSetting, Guides};

const ROLES: [&str; 4] = ["bottleneck", "ddos", "failure", "resource"];

/// Four managers, each with a mission of one goal.
fn organization() -> Organization {
    let mut builder = OrganizationBuilder::new("bench")
        .group("team", |group| ROLES.iter().fold(group, |group, role| group.role(*role, 1..)));
    builder = builder.scheme("resilience", |scheme| {
        let scheme = scheme.goal(goal("resilience").parallel(ROLES.map(|role| goal(format!("g_{role}")))));
        ROLES.iter().fold(scheme, |scheme, role| {
            scheme.mission(mission(format!("m_{role}")).goals([format!("g_{role}")]))
        })
    });
    for role in ROLES {
        builder = builder.norm(obligation(format!("n_{role}"), role, format!("m_{role}")));
    }
    match builder.organization() {
        Ok(organization) => organization,
        Err(findings) => panic!("{findings}"),
    }
}

/// A binding as rich as KARMA's, with a trajectory pattern, for `agents` agents in each role.
fn guides(topology_name: &str, agents: u32) -> Arc<Guides> {
    let text = include_str!("guides.yaml").replace("agents: 1", &format!("agents: {agents}"));
    let compiled = Binding::read(&text).and_then(|binding| {
        Guides::compile(&organization(), &binding, &topology(topology_name), GuideSetting::default())
    });
    match compiled {
        Ok(guides) => Arc::new(guides),
        Err(findings) => panic!("{findings}"),
    }
}

/// States in which every rule fires now and then.
fn state(services: usize, entries: usize, number: usize) -> State {
    let row = |service: usize| {
        let mut row = MetricRow::default();
        for (index, metric) in Metric::ALL.iter().enumerate() {
            row.set(*metric, ((number * 7 + service * 13 + index * 5) % 61) as f32 / 20.0);
        }
        row.set(Metric::PendingRequests, ((number * 11 + service * 17) % 60) as f32);
        row
    };
    let resilience =
        OperationalResilience { latency_ratio: (number % 10) as f32 / 9.0, ..OperationalResilience::PERFECT };
    State {
        time: Seconds(number as f64 * 15.0),
        age: Some(Seconds(0.0)),
        services: (0..services).map(row).collect(),
        entry_rates: vec![Some((number % 5) as f32); entries].into(),
        resilience: Some(resilience),
    }
}

/// A batch in the middle of its episodes.
fn batch(topology_name: &str, agents: u32, environments: usize) -> (GuideBatch, Vec<State>) {
    let topology = topology(topology_name);
    let (services, entries) = (topology.services.len(), topology.entry_points.len());
    let states: Vec<State> = (0..64).map(|number| state(services, entries, number)).collect();
    let mut batch = GuideBatch::new(guides(topology_name, agents), environments);
    (0..environments).for_each(|environment| batch.begin(environment, &states[environment % 64]));
    for step in 0..4 {
        note(&mut batch, &states, step);
        batch.shape();
        batch.restrict();
    }
    (batch, states)
}

/// Takes note of a step in every environment.
fn note(batch: &mut GuideBatch, states: &[State], step: usize) {
    let agents = batch.guides().team().len();
    let joint = (0..agents).map(|agent| Action(u32::try_from((agent + step) % 28).unwrap_or(0))).collect();
    for environment in 0..batch.environments() {
        batch.advance(environment, &joint, &states[(environment * 5 + step * 3) % states.len()]);
    }
}

fn masks_and_shaping(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("guides");
    let sizes = [
        ("chain4", 1, 4096),
        ("chain:50", 1, 4096),
        ("chain:200", 1, 4096),
        ("chain4", 2, 4096),
        ("chain4", 4, 4096),
        ("chain4", 1, 1024),
        ("chain4", 1, 16_384),
    ];
    for (topology, agents, environments) in sizes {
        let (batch, states) = batch(topology, agents, environments);
        let batch = RefCell::new(batch);
        let name = format!("{topology}/{}x{environments}", 4 * agents);
        group.throughput(Throughput::Elements(environments as u64));
        let mut step = 0;
        let mut take_a_step = || {
            step += 1;
            note(&mut batch.borrow_mut(), &states, step);
        };
        group.bench_function(BenchmarkId::new("note", &name), |bencher| bencher.iter(&mut take_a_step));
        group.bench_function(BenchmarkId::new("step", &name), |bencher| {
            let masks_and_shaping = |(): &mut ()| {
                let mut batch = batch.borrow_mut();
                batch.shape();
                batch.restrict();
            };
            bencher.iter_batched_ref(&mut take_a_step, masks_and_shaping, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, masks_and_shaping);
criterion_main!(benches);
