//! How many request hops does the simulated cluster play in a second of one core?
//!
//! Criterion's suite answers in seconds of a clock, which a busy machine stretches; this answers in seconds of
//! CPU time, as Linux counts it for this process. Best of five runs each, interleaved.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::sync::Arc;

use karma_benches::{cluster, cpu_seconds, hops, sized};
use karma_core::{Seconds, Topology};

type Failure = Box<dyn std::error::Error>;

const RUNS: usize = 5;
/// Simulated seconds of one environment step.
const STEP: f64 = 15.0;

/// A topology under a load for a while.
struct Case {
    name: &'static str,
    topology: Arc<Topology>,
    load: f64,
    seconds: u32,
}

impl Case {
    fn new(name: &'static str, load: f64, seconds: u32) -> Self {
        Self { name, topology: sized(name, load), load, seconds }
    }

    /// CPU seconds and hops of one run.
    fn run(&self) -> Result<(f64, u64), Failure> {
        let mut cluster = cluster(&self.topology, self.load, self.seconds);
        let before = cpu_seconds()?;
        cluster.run_until(Seconds(f64::from(self.seconds)));
        Ok((cpu_seconds()? - before, hops(&cluster)))
    }
}

fn main() -> Result<(), Failure> {
    let cases = [
        Case::new("chain4", 2.0, 1500),
        Case::new("chain4", 20.0, 150),
        Case::new("chain4", 200.0, 15),
        Case::new("online-boutique", 1.0, 600),
        Case::new("mesh:1000:7", 1.0, 30),
    ];
    let mut best = vec![(f64::INFINITY, 0); cases.len()];
    for _ in 0..RUNS {
        for (case, best) in cases.iter().zip(&mut best) {
            let run = case.run()?;
            if run.0 < best.0 {
                *best = run;
            }
        }
    }
    println!(
        "{:<16} {:>9} {:>7} {:>10} {:>16} {:>16}",
        "topology", "load", "pods", "hops", "hops/core-s", "steps/core-s"
    );
    for (case, (cpu, hops)) in cases.iter().zip(best) {
        let pods: u32 = case.topology.services.iter().map(|service| service.initial_replicas.0).sum();
        let rate = case.load * case.topology.nominal_rate().0;
        let steps = f64::from(case.seconds) / STEP / cpu;
        println!(
            "{:<16} {rate:>7.0}/s {pods:>7} {hops:>10} {:>14.2} M {steps:>16.1}",
            case.name,
            hops as f64 / cpu / 1e6
        );
    }
    Ok(())
}
