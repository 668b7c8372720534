//! What the load needs: whole decisions under which all services are equally busy.
//!
//! A chain is as fast as its slowest service. Where several are short at once, one replica more of any one of them earns nothing, and
//! where all have too many, giving back one at a time takes as many decisions. A search that changes one service after the other ends
//! there, so it is given beginnings that change all of them together. They are found by arithmetic, from the load that entered:
//!
//! `replicas(s) = ⌈ visits(s) / (share · speed(s) · capacity(s)) ⌉`
//!
//! with the visits of `s` per second, how fast it computes, the requests per second that one of its pods completes at most, and the share of
//! that at which it is to be busy. Whether it is a good share now, crowded nodes, crashes and queues included, the twin says.
//!
//! Cost: services + connections.

use karma_core::topology::Service;
use karma_core::{Decision, PerService, Replicas, Snapshot, Target, Topology};

/// Shares of what a pod completes at most: with room for waves, and with little.
const SHARES: [f64; 2] = [0.5, 0.7];

/// What the load that was seen needs where services compute at `speeds` (1 is their own), for each of the [`SHARES`], within the
/// bounds of each service. An entry point that was not measured receives nothing; what is no number needs the least.
pub(super) fn needed(
    topology: &Topology,
    seen: &Snapshot,
    speeds: &PerService<f64>,
) -> [Decision; SHARES.len()] {
    let rates = seen.entry_points.map(|entry| f64::from(entry.request_rate.unwrap_or(0.0)));
    let visits = topology.visits_under(&rates);
    SHARES.map(|share| {
        let target = |(id, service): (_, &Service)| {
            let pods = Replicas::ceil(visits[id] / (share * speeds[id] * service.pod_capacity().0));
            Target::new(pods.max(service.min_replicas).min(service.max_replicas), "what the load needs")
        };
        Decision { targets: topology.services.iter_enumerated().map(target).collect() }
    })
}

#[cfg(test)]
mod tests {
    use karma_core::{Id as _, ServiceId};

    use super::super::tests::{replicas, seen, setup};
    use super::*;

    /// What chain4 needs under a load, in requests per second.
    fn needs(load: f32, speeds: [f64; 4]) -> [Vec<u32>; SHARES.len()] {
        let mut seen = seen(20.0, Vec::new());
        seen.entry_points.iter_mut().for_each(|entry| entry.request_rate = Some(load));
        needed(&setup().topology, &seen, &speeds.into_iter().collect()).map(|decision| replicas(&decision))
    }

    #[test]
    fn one_replica_less_would_be_busier_than_the_share() {
        let topology = &setup().topology;
        for load in [10.0, 60.0, 150.0, 211.0] {
            let visits = topology.visits_under(&topology.entry_points.map(|_| f64::from(load)));
            for (share, needs) in SHARES.into_iter().zip(needs(load, [1.0; 4])) {
                for (pods, (id, service)) in needs.into_iter().zip(topology.services.iter_enumerated()) {
                    let busy = |pods: u32| visits[id] / (f64::from(pods) * service.pod_capacity().0);
                    assert!(
                        busy(pods) <= share || pods == service.max_replicas.0,
                        "{load}/s: {pods} of {id:?}"
                    );
                    assert!(pods == 1 || busy(pods - 1) > share, "{load}/s: {pods} of {id:?}");
                }
            }
        }
    }

    #[test]
    fn who_is_half_as_fast_needs_as_many_as_for_twice_the_load() {
        let slow = ServiceId::from_index(2).index();
        let mut speeds = [1.0; 4];
        speeds[slow] = 0.5;
        for (once, (slowed, twice)) in
            needs(60.0, [1.0; 4]).into_iter().zip(needs(60.0, speeds).into_iter().zip(needs(120.0, [1.0; 4])))
        {
            assert_eq!(slowed[slow], twice[slow]);
            assert!(slowed[slow] > once[slow]);
            assert_eq!(slowed[0], once[0]);
        }
    }

    #[test]
    fn no_load_needs_the_least_and_any_load_no_more_than_the_most() {
        let topology = &setup().topology;
        let of = |bound: fn(&Service) -> Replicas| -> Vec<u32> {
            topology.services.iter().map(|service| bound(service).0).collect()
        };
        for least in [0.0, -1.0, f32::NAN] {
            assert_eq!(needs(least, [1.0; 4]), [of(|s| s.min_replicas), of(|s| s.min_replicas)]);
        }
        assert_eq!(needs(f32::INFINITY, [1.0; 4]), [of(|s| s.max_replicas), of(|s| s.max_replicas)]);
    }
}
