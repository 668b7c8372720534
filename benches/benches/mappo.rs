//! Speed of learning: an epoch of MAPPO's update, and what an actor says to a batch.
//!
//! Seconds of a clock, for finding what got slower. A comparison with `PyTorch` needs both on one machine at one time:
//! `benches/peers/run.sh` takes them in turns and prints the table that `docs/performance.md` shows. The epoch here, of
//! 64 units, tanh and layer normalisation, is its first row: in five turns, `PyTorch` 2.15 on one thread needed 26.6 ms
//! (minimum; median 31.1) where this crate needed 12.4 (12.8).

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use karma_core::SeedTree;
use karma_nn::{
    Inference, Mlp, MlpParams, PolicyBatch, PolicyParams, PolicyTrainer, ValueBatch, ValueParams,
    ValueTrainer,
};

type Failure = Box<dyn std::error::Error>;

/// 25 steps of 128 environments with three agents, and their sizes in `simple_spread`.
const ROWS: usize = 25 * 128 * 3;
const OBSERVATION: usize = 18;
const STATE: usize = 3 * OBSERVATION;
const ACTIONS: usize = 5;

fn network(params: &MlpParams, hidden: usize, norm: bool) -> Result<Mlp, Failure> {
    let params = MlpParams { hidden: vec![hidden; 2], input_norm: norm, layer_norm: norm, ..params.clone() };
    Ok(Mlp::orthogonal(&params.check()?, &mut SeedTree::new(7).rng()))
}

/// Numbers between −1 and 1 that look irregular.
fn wave(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.7).sin()).collect()
}

/// One gradient step of actor and critic on all rows, again and again.
struct Epoch {
    actor: PolicyTrainer,
    critic: ValueTrainer,
    observations: Vec<f32>,
    states: Vec<f32>,
    masks: Vec<bool>,
    actions: Vec<usize>,
    old_log_probs: Vec<f32>,
    old_values: Vec<f32>,
    returns: Vec<f32>,
}

impl Epoch {
    fn new(hidden: usize, norm: bool) -> Result<Self, Failure> {
        let actor = network(&MlpParams::actor(OBSERVATION, ACTIONS), hidden, norm)?;
        let critic = network(&MlpParams::critic(STATE), hidden, norm)?;
        Ok(Self {
            actor: PolicyTrainer::new(actor, PolicyParams::default().check()?),
            critic: ValueTrainer::new(critic, ValueParams::default().check()?),
            observations: wave(ROWS * OBSERVATION),
            states: wave(ROWS * STATE),
            actions: (0..ROWS).map(|row| row % ACTIONS).collect(),
            masks: vec![true; ROWS * ACTIONS],
            old_log_probs: vec![-(ACTIONS as f32).ln(); ROWS],
            old_values: vec![0.0; ROWS],
            returns: wave(ROWS),
        })
    }

    fn play(&mut self) -> Result<(), Failure> {
        self.actor.update(&PolicyBatch {
            observations: &self.observations,
            masks: &self.masks,
            actions: &self.actions,
            old_log_probs: &self.old_log_probs,
            advantages: &self.returns,
            weights: None,
            sequences: None,
            advice: None,
        })?;
        let Self { critic, states, old_values, returns, .. } = self;
        critic.update(&ValueBatch { states, old_values, returns, weights: None, sequences: None })?;
        Ok(())
    }
}

#[expect(clippy::expect_used, reason = "a suite whose settings are refused has nothing to measure")]
fn updates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("update");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    for (hidden, norm) in [(64, true), (64, false), (128, true), (128, false)] {
        let mut epoch = Epoch::new(hidden, norm).expect("valid settings");
        let name = BenchmarkId::new(if norm { "layer norm" } else { "plain" }, hidden);
        group.bench_function(name, |bencher| {
            bencher.iter(|| epoch.play().expect("finite rows of the right shape"));
        });
    }
    group.finish();
}

#[expect(clippy::expect_used, reason = "a suite whose settings are refused has nothing to measure")]
fn inference(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inference");
    let actor = network(&MlpParams::actor(OBSERVATION, ACTIONS), 64, true).expect("valid settings");
    let mut memory = Inference::default();
    for rows in [1, 128, 3_840] {
        let (inputs, mut outputs) = (wave(rows * OBSERVATION), vec![0.0; rows * ACTIONS]);
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::from_parameter(rows), |bencher| {
            bencher.iter(|| memory.forward(&actor, &inputs, &mut outputs).expect("rows of the right shape"));
        });
    }
    group.finish();
}

criterion_group!(benches, updates, inference);
criterion_main!(benches);
