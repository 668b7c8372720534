//! A topology on a machine that is smaller than the one it was written for.

use karma_core::{Millicores, RequestsPerSecond, Seconds, Topology};

/// Share of a cluster's free CPU that the initial replicas may request; the rest is for scaling up.
const INITIAL_SHARE: f64 = 0.5;

/// The topology with every pod at `factor` of its CPU.
///
/// Requests, limits, what a pod completes, what links carry and nominal rates are multiplied, so that a request costs
/// the CPU that it did and every utilisation at the nominal load is the same: the same cluster for `factor` times the
/// users. A pod that has less of a core takes longer for the same request, so the acceptable time and the time after which
/// a client gives up grow as the unloaded time does; they stay as far above it as they were. CPU is rounded to whole
/// millicores, at least one. Memory, replicas and start-up times stay. O(services + connections).
///
/// ```
/// let topology = karma_mock::topologies::by_name("chain4").unwrap();
/// let small = karma_testbed::shrunk(&topology, 0.1);
/// let api = small.service_named("api").unwrap();
/// assert_eq!(small.services[api].cpu.0, 50);
/// assert_eq!(small.services[api].mean_work(), topology.services[api].mean_work());
/// assert_eq!(small.nominal_rate().0, 10.0);
/// let multiple = |topology: &karma_core::Topology| topology.slo.0 / topology.unloaded_latency().0;
/// assert!((multiple(&small) - multiple(&topology)).abs() < 1e-9);
/// ```
#[must_use]
pub fn shrunk(topology: &Topology, factor: f64) -> Topology {
    let mut small = topology.clone();
    for service in small.services.as_mut_slice() {
        let work = service.mean_work();
        service.cpu = scaled(service.cpu, factor);
        service.cpu_limit = scaled(service.cpu_limit, factor);
        service.throughput = RequestsPerSecond(service.cpu.cores() / work);
    }
    for connection in &mut small.connections {
        connection.throughput = connection.throughput.map(|rate| RequestsPerSecond(rate.0 * factor));
    }
    for entry in small.entry_points.as_mut_slice() {
        entry.nominal_rate = RequestsPerSecond(entry.nominal_rate.0 * factor);
    }
    let slower = small.unloaded_latency().0 / topology.unloaded_latency().0;
    if slower.is_finite() {
        small.slo = Seconds(topology.slo.0 * slower);
        small.timeout = Seconds(topology.timeout.0 * slower);
    }
    small
}

/// The largest factor, at most 1, with which the initial replicas request half of the CPU that is free.
pub fn fitting_factor(topology: &Topology, free: Millicores) -> f64 {
    let requested: f64 = topology
        .services
        .iter()
        .map(|service| f64::from(service.initial_replicas.0) * f64::from(service.cpu.0))
        .sum();
    if requested > 0.0 { (INITIAL_SHARE * f64::from(free.0) / requested).min(1.0) } else { 1.0 }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturating cast of a rounded number"
)]
fn scaled(cpu: Millicores, factor: f64) -> Millicores {
    Millicores(((f64::from(cpu.0) * factor).round() as u32).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_replicas_of_a_topology_take_half_of_what_is_free() {
        for name in ["chain4", "diamond", "online-boutique"] {
            let topology = karma_mock::topologies::by_name(name).unwrap();
            let small = shrunk(&topology, fitting_factor(&topology, Millicores(2000)));
            let requested: u32 = small.services.iter().map(|s| s.initial_replicas.0 * s.cpu.0).sum();
            assert!((980..=1020).contains(&requested), "{name} requests {requested}");
        }
    }

    /// Found on a real cluster: a fifth of all requests failed under any autoscaler, because what was acceptable at a whole core had
    /// stayed acceptable at a fifth of one, and was less than a request takes alone.
    #[test]
    fn a_slower_pod_has_as_many_times_its_unloaded_time() {
        for name in ["chain4", "diamond", "online-boutique"] {
            let topology = karma_mock::topologies::by_name(name).unwrap();
            let small = shrunk(&topology, 0.196);
            assert!(small.unloaded_latency() > topology.unloaded_latency(), "{name}");
            for (before, after) in [(topology.slo, small.slo), (topology.timeout, small.timeout)] {
                let (before, after) =
                    (before.0 / topology.unloaded_latency().0, after.0 / small.unloaded_latency().0);
                assert!((before - after).abs() < 1e-9, "{name}: {before} became {after}");
            }
        }
    }

    #[test]
    fn a_topology_that_fits_stays_as_it_is() {
        let topology = karma_mock::topologies::by_name("chain4").unwrap();
        assert_eq!(fitting_factor(&topology, Millicores(100_000)), 1.0);
    }
}
