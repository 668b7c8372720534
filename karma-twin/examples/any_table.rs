//! What does a twin of a table say, and does it know when it does not know?
//!
//! A made-up service: latency follows load over replicas with a delay, and replicas are what one decides. A twin is fitted on
//! three runs of it, then asked about ordinary decisions, and about a load that was never seen: there it is wrong (the true
//! answer is about 410 ms), and its alarm says so.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::num::NonZeroUsize;

use karma_core::SeedTree;
use karma_twin::novelty::Point;
use karma_twin::table::{Column, Part, Scale, Schema, Table, Window};
use karma_twin::twin::TwinFitting;
use karma_twin::{Forecaster as _, Forecasts, Inputs, ModelKind, Structure, Twin, TwinParams};
use rand::RngExt as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let latency =
        Column::new("latency", Part::Predicted).scaled(Scale::Log10 { floor: 1.0 }).within(1.0, None);
    let schema = Schema::new(vec![
        latency,
        Column::new("replicas", Part::Controlled),
        Column::new("load", Part::Exogenous),
    ])?;
    let table = Table::new(schema, (1..=3).map(recording));
    let params = TwinParams { model: ModelKind::Network, horizon: 5, ..TwinParams::default() };
    let (structure, threads) = (Structure::Bounds, NonZeroUsize::MIN);
    let fitting =
        TwinFitting { table: &table, split: None, params: &params, structure: &structure, seed: 1, threads };
    let twin = Twin::fit(&fitting)?;

    println!(
        "{:>8} {:>6} {:>10} {:>18} {:>10}",
        "replicas", "load", "median ms", "90 % interval", "new to it"
    );
    for (replicas, load) in [(2.0, 105.0), (3.0, 105.0), (5.0, 105.0), (3.0, 900.0)] {
        let encoder = twin.encoder();
        let (mut memory, mut features) = (vec![0.0; encoder.memory()], vec![0.0; encoder.features()]);
        encoder.begin(&[2.0, 3.0, 100.0], &mut memory); // 100 ms, three replicas, 100 requests per second
        let moved = encoder.encode(&memory, &[replicas, load], &mut features);
        let mut forecast = Forecasts::default();
        twin.forecast(&Inputs { features: &features, present: &[2.0], moved: &[moved] }, &mut forecast);
        let (median, spread) = (forecast.median[0], forecast.spread(0));
        let interval = twin.calibration().interval((1, 0), (median, spread), 0.9).ok_or("not calibrated")?;
        let point = Point { present: &[2.0], given: &[replicas, load], epistemic: Some(&forecast.epistemic) };
        let verdict = twin.novelty().judge(&point, &mut twin.novelty().scratch());
        let ms = |log: f32| 10f32.powf(log);
        let ends = format!("[{:.0}, {:.0}]", ms(interval.low), ms(interval.high));
        println!(
            "{replicas:>8} {load:>6} {:>10.0} {ends:>18} {:>10}",
            ms(median),
            if verdict.novel { "yes" } else { "no" }
        );
    }
    Ok(())
}

/// Five hundred rows of the made-up service.
fn recording(seed: u64) -> Window {
    let mut rng = SeedTree::new(seed).child("recording").rng();
    let (mut latency, mut replicas, mut load) = (100.0f32, 3.0f32, 100.0f32);
    let mut window = Window::new(format!("run {seed}"), 3);
    for row in 0..500u16 {
        if rng.random::<f32>() < 0.15 {
            replicas = 1.0 + (rng.random::<f32>() * 5.0).floor();
        }
        load = (load + 20.0 * (rng.random::<f32>() - 0.5)).clamp(50.0, 250.0);
        let target = 20.0 + 2.0 * load / replicas;
        latency += 0.6 * (target - latency) * (0.9 + 0.2 * rng.random::<f32>());
        window.push(f64::from(row), &[latency.log10(), replicas, load]);
    }
    window
}
