//! Clusters that the suites measure.
//!
//! `cargo bench -p karma-benches` runs everything; `docs/performance.md` has the figures and what they mean.
//! `cargo run --release -p karma-benches --example memory` states the memory of an environment.

mod recorded;
pub mod turns;

use std::sync::Arc;

use karma_core::team::default_roles;
use karma_core::{DefenderTeam, Topology};
use karma_mock::sim::{Simulation, SimulationConfig};
use karma_mock::{
    ClusterEnvironment, ClusterObserver, Scenario, Setup, Split, Timeline, Workload, topologies,
};

pub use recorded::Recorded;

/// A topology of the catalogue.
///
/// # Panics
/// If there is no topology of this name.
pub fn topology(name: &str) -> Arc<Topology> {
    #[expect(clippy::expect_used, reason = "a suite names topologies that exist")]
    let topology = topologies::by_name(name).expect("a topology of the catalogue");
    Arc::new(topology)
}

/// `topology` with as many initial replicas as `load` times the nominal visits need at 60 % utilisation.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive ratio")]
pub fn sized(name: &str, load: f64) -> Arc<Topology> {
    let mut topology = Topology::clone(&topology(name));
    let visits = topology.nominal_visits();
    for (service, visits) in topology.services.iter_mut().zip(&visits) {
        let needed = (load * visits / (0.6 * service.pod_capacity().0)).ceil().max(1.0) as u32;
        service.initial_replicas.0 = needed;
        service.max_replicas.0 = service.max_replicas.0.max(needed);
    }
    let pods = load.max(1.0).ceil() as u32;
    for pool in &mut topology.nodes {
        pool.count *= pods;
    }
    Arc::new(topology)
}

/// A quiet cluster under `load` times its nominal rate for `seconds`.
pub fn cluster(topology: &Arc<Topology>, load: f64, seconds: u32) -> Simulation {
    let rates = topology.entry_points.map(|entry| entry.nominal_rate.0 * load);
    let timeline = Arc::new(Timeline::constant(&rates, 0, seconds));
    Simulation::new(Arc::clone(topology), SimulationConfig::default(), timeline, 1)
}

/// Visits of services that were served so far.
pub fn hops(cluster: &Simulation) -> u64 {
    cluster.topology().services.ids().map(|service| cluster.waiting(service).started).sum()
}

/// The experiment of `karma-train` by default, on another topology if wanted.
///
/// # Panics
/// If the catalogue lacks what the default names.
pub fn setup(name: &str) -> Setup {
    #[expect(clippy::expect_used, reason = "a suite names workloads that exist")]
    let workload = Workload::by_name("worldcup98").expect("a shipped workload");
    Setup::new(topology(name), workload)
}

/// The environment that `karma-train` trains in by default, on another topology if wanted.
///
/// # Panics
/// If the catalogue lacks what the default names.
pub fn environment(name: &str) -> ClusterEnvironment {
    observed(name, |observer| observer)
}

/// The same with observations in parts, one for each service.
///
/// # Panics
/// If the catalogue lacks what the default names.
pub fn environment_in_parts(name: &str) -> ClusterEnvironment {
    observed(name, ClusterObserver::in_parts)
}

fn observed(name: &str, form: impl Fn(ClusterObserver) -> ClusterObserver) -> ClusterEnvironment {
    let setup = setup(name);
    let topology = Arc::clone(&setup.topology);
    let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), 3);
    let observer = form(ClusterObserver::new(topology, team.action_space(), 2));
    #[expect(clippy::expect_used, reason = "the suite has scenarios")]
    ClusterEnvironment::new(Arc::new(setup), Scenario::suite().into(), Split::Train, team, observer)
        .expect("the suite has scenarios")
}

/// CPU time of this process so far: seconds that its only thread has run (Linux).
///
/// # Errors
/// If the kernel does not tell.
pub fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let schedstat = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds = schedstat.split_whitespace().next().ok_or("schedstat has three fields")?;
    Ok(nanoseconds.parse::<f64>()? / 1e9)
}
