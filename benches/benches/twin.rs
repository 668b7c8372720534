//! Is the twin fast enough to train in?
//!
//! A step of 4 096 environments of chain4, beside its own matrix products and beside a step of the simulated cluster;
//! then the parts that models share. Ratios are what counts, so this is no Criterion suite: everything is measured in
//! CPU time, as Linux counts it for this thread, in turns, and the best of five turns stands.
#![expect(clippy::print_stdout, reason = "a bench answers on the terminal")]

use std::hint::black_box;
use std::sync::Arc;

use karma_benches::{Recorded, cpu_seconds, environment};
use karma_core::{Environment as _, JointAction, Step};
use karma_mock::ClusterEnvironment;
use karma_twin::{Forecaster, Forecasts, Network, Samples, TwinBatch, roll_out};

type Failure = Box<dyn std::error::Error>;

const TURNS: usize = 5;
/// Environments of the batch.
const ENVIRONMENTS: usize = 4096;
/// Steps of the batch in one turn.
const STEPS: usize = 8;
/// Steps of a roll-out.
const HORIZON: usize = 40;

fn main() -> Result<(), Failure> {
    let recorded = Recorded::new("chain4")?;
    let (network, forest) = (recorded.network()?, recorded.forest()?);
    let mut game = Game::new(&recorded, &network)?;
    let (mut products, mut cluster) = (Products::new(&network), environment("chain4"));
    let places: Vec<usize> = (0..ENVIRONMENTS).map(|place| place % recorded.samples.len()).collect();
    let many = recorded.samples.select(&places);
    let mut best = [f64::INFINITY; 7];
    for turn in 0..TURNS as u64 {
        let seconds = [
            game.play(turn)?,
            products.compute()?,
            play(&mut cluster, turn)?,
            encode(&recorded)?,
            forecast(&network, &many)?,
            forecast(&forest, &recorded.samples)?,
            advance(&recorded, &network)?,
        ];
        best.iter_mut().zip(seconds).for_each(|(best, seconds)| *best = best.min(seconds));
    }
    let names = [
        "step of one of 4 096 environments",
        "its matrix products",
        "step of the simulated cluster",
        "row, remembered and encoded",
        "forecast of the network",
        "forecast of a forest of 300 trees",
        "step of a roll-out of the network",
    ];
    for (name, seconds) in names.iter().zip(best) {
        println!("{name:<36} {:>9.2} µs {:>12.0} per core-second", 1e6 * seconds, 1.0 / seconds);
    }
    println!("steps of the twin for one of the cluster: {:.0}", best[2] / best[0]);
    println!("time of a step over that of its matrix products: {:.2}", best[0] / best[1]);
    Ok(())
}

/// Seconds that `work` takes for each of the elements that it counts.
fn each(work: impl FnOnce() -> Result<usize, Failure>) -> Result<f64, Failure> {
    let before = cpu_seconds()?;
    let elements = work()?;
    Ok((cpu_seconds()? - before) / elements as f64)
}

/// The first move that every agent may take.
fn first_legal(step: &Step) -> JointAction {
    step.masks.iter().filter_map(|mask| mask.legal().next()).collect()
}

/// Many environments, each in the middle of an episode.
struct Game {
    batch: TwinBatch,
    steps: Vec<Step>,
}

impl Game {
    fn new(recorded: &Recorded, network: &Network) -> Result<Self, Failure> {
        let setup = recorded.game(Arc::new(network.clone()))?;
        let mut batch = TwinBatch::new(Arc::new(setup), ENVIRONMENTS)?;
        let seeds: Vec<u64> = (0..ENVIRONMENTS as u64).collect();
        let steps = batch.reset(&seeds);
        Ok(Self { batch, steps })
    }

    /// Only the steps are timed, not the choice of actions and the beginnings of episodes.
    fn play(&mut self, turn: u64) -> Result<f64, Failure> {
        let mut seconds = 0.0;
        for _ in 0..STEPS {
            for place in 0..ENVIRONMENTS {
                if self.steps[place].is_last() {
                    self.steps[place] = self.batch.restart(place, turn * ENVIRONMENTS as u64 + place as u64);
                }
            }
            let joints: Vec<JointAction> = self.steps.iter().map(first_legal).collect();
            seconds += each(|| {
                self.batch.step_into(&joints, &mut self.steps)?;
                Ok(ENVIRONMENTS * STEPS)
            })?;
        }
        Ok(seconds)
    }
}

/// The matrix products of a network alone.
struct Products<'a> {
    network: &'a Network,
    inputs: Vec<f32>,
    outputs: Vec<f32>,
}

impl<'a> Products<'a> {
    fn new(network: &'a Network) -> Self {
        let params = network.members()[0].config().params();
        let inputs = (0..ENVIRONMENTS * params.input).map(|i| (i as f32 * 0.37).sin()).collect();
        Self { network, inputs, outputs: vec![0.0; ENVIRONMENTS * params.output] }
    }

    fn compute(&mut self) -> Result<f64, Failure> {
        each(|| {
            for _ in 0..STEPS {
                self.network.members()[0].forward_into(&self.inputs, &mut self.outputs)?;
            }
            Ok(ENVIRONMENTS * STEPS)
        })
    }
}

/// Whole episodes under the default suite, without their warm-ups.
fn play(cluster: &mut ClusterEnvironment, turn: u64) -> Result<f64, Failure> {
    let (mut seconds, mut steps) = (0.0, 0);
    for seed in 10 * turn..10 * turn + 10 {
        let mut step = cluster.reset(seed);
        seconds += each(|| {
            while !step.is_last() {
                step = cluster.step(&first_legal(&step))?;
                steps += 1;
            }
            Ok(1)
        })?;
    }
    Ok(seconds / f64::from(steps))
}

/// All recorded rows, again and again.
fn encode(recorded: &Recorded) -> Result<f64, Failure> {
    let (encoder, predicted) = (&recorded.encoder, recorded.encoder.schema().predicted().len());
    let (mut memory, mut features) = (vec![0.0; encoder.memory()], vec![0.0; encoder.features()]);
    each(|| {
        let mut rows = 0;
        while rows < STEPS * ENVIRONMENTS {
            for window in recorded.table.windows() {
                encoder.begin(window.row(0), &mut memory);
                for row in window.rows().skip(1) {
                    black_box(encoder.encode(&memory, &row[predicted..], &mut features));
                    encoder.push(row, &mut memory);
                    rows += 1;
                }
            }
        }
        Ok(rows)
    })
}

fn forecast(model: &dyn Forecaster, samples: &Samples) -> Result<f64, Failure> {
    let mut out = Forecasts::default();
    model.forecast(&samples.inputs(), &mut out);
    each(|| {
        model.forecast(&samples.inputs(), &mut out);
        Ok(samples.len())
    })
}

fn advance(recorded: &Recorded, network: &Network) -> Result<f64, Failure> {
    let mut steps = 0;
    each(|| {
        roll_out(&recorded.encoder, network, &recorded.table, &recorded.starts, HORIZON, &mut |_| steps += 1);
        Ok(steps)
    })
}
