#![allow(missing_docs, clippy::all, clippy::pedantic)]
use std::time::Instant; use std::hint::black_box; use std::sync::Arc;
use karma_benches::Recorded;
use karma_core::*;
fn time(name: &str, mut f: impl FnMut()) {
    let mut best = f64::INFINITY;
    for _ in 0..20 { let t = Instant::now(); for _ in 0..2000 { f(); } best = best.min(t.elapsed().as_secs_f64()); }
    println!("{name} {:.3} us", best * 1e6 / 2000.0);
}
fn main() {
    let recorded = Recorded::new("chain4").unwrap();
    let network = recorded.network().unwrap();
    let setup = recorded.game(Arc::new(network.clone())).unwrap();
    let row = recorded.table.windows()[0].row(5).to_vec();
    time("state_of", || { black_box(recorded.cluster.state_of(&row, Seconds(3.0), None)); });
    let state = recorded.cluster.state_of(&row, Seconds(3.0), None);
    let joint: JointAction = vec![Action(0), Action(8), Action(12), Action(20)].into();
    let mut history = History::starting(state.clone(), 2);
    time("push with clones", || { history.push(joint.clone(), state.clone()); });
    time("observe_all", || { black_box(setup.observer.observe_all(&history, 4)); });
    time("global", || { black_box(setup.observer.global(&history)); });
    let desired: PerService<Replicas> = vec![Replicas(2); 4].into();
    time("mask", || { black_box(setup.team.mask(&desired)); });
    time("net_change", || { black_box(setup.team.net_change(&joint)); });
    let view = TeamView { team: &setup.team, observer: &*setup.observer };
    time("view", || { black_box(view.step(&history, None, 0.5, false)); });
    time("full_scale_out", || { black_box(setup.team.topology().full_scale_out_cores()); });
    let samples = recorded.samples.select(&(0..64).collect::<Vec<_>>());
    let mut out = karma_twin::Forecasts::default();
    use karma_twin::Forecaster;
    let t = Instant::now(); for _ in 0..200 { network.forecast(&samples.inputs(), &mut out); } println!("forecast {}", t.elapsed().as_secs_f64()*1e6/200.0/64.0);
    let mut o = vec![0.0; 64*180];
    let t = Instant::now(); for _ in 0..200 { network.members()[0].forward_into(black_box(&samples.features), &mut o).unwrap(); } println!("products {}", t.elapsed().as_secs_f64()*1e6/200.0/64.0);
    let mut s = setup.clone(); let _ = &mut s;
    let places: Vec<usize> = (0..4096).map(|i| i % recorded.samples.len()).collect();
    let many = recorded.samples.select(&places);
    for _ in 0..3 { let t = Instant::now(); network.forecast(&many.inputs(), &mut out); println!("forecast 4096 {}", t.elapsed().as_secs_f64()*1e6/4096.0); }
    let inputs: Vec<f32> = many.features.iter().map(|x| if x.is_nan() {0.0} else {x.clamp(-3.0,3.0)}).collect();
    let mut o = vec![0.0; 4096*180];
    for _ in 0..3 { let t = Instant::now(); network.members()[0].forward_into(&inputs, &mut o).unwrap(); println!("products 4096 {}", t.elapsed().as_secs_f64()*1e6/4096.0); }
    let mut batch = karma_twin::TwinBatch::new(Arc::new(setup), 4096).unwrap();
    let seeds: Vec<u64> = (0..4096).collect();
    let mut steps = batch.reset(&seeds);
    for _ in 0..4 {
        let joints: Vec<JointAction> = steps.iter().map(|s| s.masks.iter().filter_map(|m| m.legal().next()).collect()).collect();
        let t = Instant::now(); let new = batch.step(&joints).unwrap(); let a = t.elapsed().as_secs_f64()*1e6/4096.0;
        let t = Instant::now(); steps = new; println!("batch step {a} drop {}", t.elapsed().as_secs_f64()*1e6/4096.0);
    }
}
