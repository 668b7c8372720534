//! Which CPU target should the Kubernetes HPA have on chain4?
//!
//! Plays the scenario suite with targets of 30 to 90 % on the **calibration** split, which neither training nor the
//! table of `karma-train` uses, and prints what the row `hpa-50` of that table rests on.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::sync::Arc;

use karma::baseline::{HpaAutoscaler, HpaAutoscalerParams};
use karma::core::{Autoscaler, EpisodeReport, Foresight};
use karma::mock::{Scenario, Setup, Split, Workload, evaluate, topologies};

const SEEDS: u64 = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let topology = Arc::new(topologies::by_name("chain4")?);
    let setup = Setup::new(Arc::clone(&topology), Workload::by_name("worldcup98")?);
    println!("{:>6} {:>9} {:>11} {:>7} {:>8}", "target", "success", "latency ok", "pod·h", "return");
    for percent in (30..=90).step_by(10) {
        let scaler = HpaAutoscaler::new(&topology, &HpaAutoscalerParams::cpu(percent))?;
        let make = |_: &Foresight| -> Box<dyn Autoscaler> { Box::new(scaler.clone()) };
        let mut reports = Vec::new();
        for scenario in Scenario::suite() {
            reports
                .extend((1..=SEEDS).map(|seed| evaluate(&setup, &scenario, Split::Calibration, seed, &make)));
        }
        let mean = |of: fn(&EpisodeReport) -> f64| reports.iter().map(of).sum::<f64>() / reports.len() as f64;
        println!(
            "{percent:>4} % {:>7.1} % {:>9.1} % {:>7.2} {:>8.2}",
            100.0 * mean(|report| report.success_rate.unwrap_or(0.0)),
            100.0 * mean(|report| report.latency_compliance.unwrap_or(0.0)),
            mean(|report| report.pod_hours),
            mean(|report| report.episodic_return.unwrap_or(0.0)),
        );
    }
    Ok(())
}
