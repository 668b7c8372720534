//! What a snapshot tells without saying it: how fast services compute, and how much of the nodes' CPU others use.

use karma_core::{Metric, PerService, ServiceSnapshot, Snapshot, Topology};

/// Share of the nodes' CPU below which others use none: pods that came or went between two samples.
const IDLE: f64 = 0.03;
/// Requests per second and cores from which on a speed can be told.
const MEASURABLE: (f64, f64) = (5.0, 0.02);
/// CPU over its limit above which a service has no more to give, and what it completes says little of its speed.
const SATURATED: f64 = 0.93;
/// Speeds above this are full speed: arrivals and work are drawn.
const FULL_SPEED: f64 = 0.85;

/// The share of the nodes' CPU that others use: what the nodes use beyond the pods. `None` if there is a node that was not measured, or
/// a service whose pods were not.
pub(super) fn others_share(seen: &Snapshot) -> Option<f64> {
    let used: f64 = seen.nodes.iter().map(|node| node.cpu.map(f64::from)).sum::<Option<f64>>()?;
    let capacity: f64 = seen.nodes.iter().map(|node| f64::from(node.capacity)).sum();
    let own: f64 = seen.services.iter().map(pods_use).sum::<Option<f64>>()?;
    let share = (used - own) / capacity;
    share.is_finite().then(|| if share < IDLE { 0.0 } else { share.min(1.0) })
}

/// CPU that a service's pods use, in milli-cores; one that is ready and was not sampled uses as much as its like.
fn pods_use(service: &ServiceSnapshot) -> Option<f64> {
    let sampled = service.pods.iter().filter_map(|pod| Some(f64::from(pod.cpu?.value)));
    let (count, used) = sampled.fold((0.0, 0.0), |sum, used| (sum.0 + 1.0, sum.1 + used));
    let unsampled = service.pods.iter().filter(|pod| pod.cpu.is_none() && pod.ready == Some(true)).count();
    match (count > 0.0, unsampled) {
        (true, _) => Some(used * (1.0 + unsampled as f64 / count)),
        (false, 0) => Some(0.0),
        (false, _) => None,
    }
}

/// How fast services compute: the CPU that their requests should have used over what was used. Where nothing can be told,
/// what was thought before stands; of a service that is saturated only the worse is believed, because it may complete less than what
/// arrives.
pub(super) fn tell_speeds(topology: &Topology, seen: &Snapshot, speeds: &mut PerService<f64>) {
    for (id, service) in topology.services.iter_enumerated() {
        let Some(row) = seen.services.get(id).map(|service| &service.metrics) else { continue };
        let of = |metric| row.get(metric).map(f64::from);
        let (Some(rate), Some(cpu)) = (of(Metric::RequestRate), of(Metric::CpuUsage)) else { continue };
        let done = rate * (1.0 - of(Metric::ErrorRate).unwrap_or(0.0).min(1.0));
        let cores = cpu / 1000.0;
        if done < MEASURABLE.0 || cores < MEASURABLE.1 {
            continue;
        }
        let speed = (done * service.mean_work() / cores).clamp(0.05, 1.0);
        let utilization = of(Metric::CpuUtilization).unwrap_or(0.0) * service.request_of_limit();
        if utilization <= SATURATED {
            speeds[id] = if speed > FULL_SPEED { 1.0 } else { speed };
        } else {
            speeds[id] = speeds[id].min(speed);
        }
    }
}

#[cfg(test)]
mod tests {
    use karma_core::{Id as _, Seconds, ServiceId};

    use super::super::tests::{seen, setup};
    use super::*;
    use crate::{Event, EventKind};

    #[test]
    fn others_on_the_nodes_are_told_from_what_the_nodes_use_beyond_the_pods() {
        let background = EventKind::Background { share: 0.85 };
        let crowded = seen(100.0, vec![Event { at: Seconds(20.0), kind: background }]);
        let share = others_share(&crowded).unwrap();
        assert!((share - 0.85).abs() < 0.01, "{share}");
        assert_eq!(others_share(&seen(100.0, Vec::new())), Some(0.0));
        let mut unsampled = crowded.clone();
        for service in &mut unsampled.services {
            service.pods[0].cpu = None;
        }
        let share = others_share(&unsampled).unwrap();
        assert!((share - 0.85).abs() < 0.03, "{share}: a pod without a sample uses as much as its like");
        unsampled.services[ServiceId::from_index(1)].pods.iter_mut().for_each(|pod| pod.cpu = None);
        assert_eq!(others_share(&unsampled), None, "a service of which nothing was sampled");
        let mut unmeasured = crowded;
        unmeasured.nodes[0].cpu = None;
        assert_eq!(others_share(&unmeasured), None);
        unmeasured.nodes.clear();
        assert_eq!(others_share(&unmeasured), None);
    }

    #[test]
    fn speeds_are_told_from_what_requests_cost() {
        let (slow, two) = (ServiceId::from_index(1), ServiceId::from_index(2));
        let speed = EventKind::Speed { service: slow, factor: 0.5 };
        let seen = seen(60.0, vec![Event { at: Seconds(20.0), kind: speed }]);
        let topology = &setup().topology;
        let mut speeds = topology.services.map(|_| 1.0);
        tell_speeds(topology, &seen, &mut speeds);
        assert!((speeds[slow] - 0.5).abs() < 0.1, "{speeds:?}");
        assert_eq!(speeds[two], 1.0);
        let mut nothing = seen.clone();
        nothing.services.iter_mut().for_each(|service| service.metrics = karma_core::MetricRow::default());
        let before = speeds.clone();
        tell_speeds(topology, &nothing, &mut speeds);
        assert_eq!(speeds, before, "without samples what was thought stands");
    }
}
