//! What is left of a policy that panics?
//!
//! One service with two replicas of 100 requests per second each. The policy asks for ten replicas, then for one, in
//! turn, while 150 requests arrive in a second. Behind the shield the service goes up by no more than its rate allows,
//! is not torn down while it cools down, and never has fewer than the two replicas that carry the load:
//!
//! `cargo run -p karma-guard --example shield_a_policy`
//!
//! ```text
//! time  there  asked  given  why
//!    0      2     10      6  panic; shield: P2 rate -4
//!   15      6      1      6  panic; shield: P3 stabilization +5
//!   30      6     10     10  panic
//!   45     10      1     10  panic; shield: P3 stabilization +9
//! ```
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use karma_core::{Decision, Metric, MetricRow, Replicas, Safeguard as _, Seconds, State, Target, Topology};
use karma_guard::{SafetyParams, Shield, Timing};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let topology = r#"{ "services": {
        "api": { "cpu": 500, "ram": 512, "computation_throughput": 100, "max_replicas": 10 } } }"#;
    let topology = Topology::read(topology.as_bytes())?;
    let mut shield = Shield::new(SafetyParams::default().check(&topology, Timing::default())?);

    println!("time  there  asked  given  why");
    let mut replicas = 2;
    for step in 0..4u16 {
        let state = state(step * 15, replicas);
        let asked = if step % 2 == 0 { 10 } else { 1 };
        let decision = Decision { targets: vec![Target::new(Replicas(asked), "panic")].into() };
        for target in &shield.review(&state, decision).decision.targets {
            let given = target.replicas.0;
            println!("{:>4} {replicas:>6} {asked:>6} {given:>6}  {}", step * 15, target.reason);
            assert!(given >= 2, "two replicas carry 150 requests per second");
            replicas = given;
        }
    }
    Ok(())
}

/// All pods are ready, and 150 requests arrive in a second.
fn state(time: u16, replicas: u32) -> State {
    let mut api = MetricRow::default();
    api.set(Metric::DesiredReplicas, replicas as f32);
    api.set(Metric::PodsHealthy, replicas as f32);
    api.set(Metric::RequestRate, 150.0);
    State {
        time: Seconds(f64::from(time)),
        age: Some(Seconds(2.0)),
        services: vec![api].into(),
        entry_rates: vec![Some(150.0)].into(),
        resilience: None,
    }
}
