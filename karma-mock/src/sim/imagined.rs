//! A future that is imagined: everything goes on as it is.
//!
//! Whoever plans without knowing what comes needs some future to plan for. The plainest is *persistence*, the reference of
//! weather forecasts: load stays as it was of late, a disturbance that is on stays on, and none begins or ends. What is left to
//! chance is drawn anew.

use karma_core::SeedTree;

use super::{Simulation, Streams};

impl Simulation {
    /// From now on things go on as they are, in one of the ways that chance leaves: each entry point has its load of the
    /// last scrape interval, legitimate and malicious; an attacker who decides while the episode runs goes on as at present; no
    /// disturbance of the timeline begins, and none ends. All that is drawn
    /// from here on is drawn from `seed`. Cost: one pass over the rates of each stream.
    pub fn imagine(&mut self, seed: u64) {
        let seeds = SeedTree::new(seed).child("imagined");
        self.control.forget_disturbances();
        let window = self.config.scrape_period().0;
        for (stream, arrivals) in self.arrivals.iter_mut().enumerate() {
            arrivals.persist(self.now, window, seeds.child("arrivals").index(stream as u64).rng());
            let next = arrivals.next_time();
            self.calendar.set(Self::stream_actor(stream), next);
        }
        self.streams = Streams::new(seeds);
        self.sync_control();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use karma_core::{Id as _, Seconds, ServiceId, Topology};

    use super::*;
    use crate::sim::SimulationConfig;
    use crate::{Event, EventKind, Timeline, topologies};

    const NOW: usize = 60;

    /// Two minutes of chain4 at 50 requests per second, of which the first has passed; what else happens is up to `more`.
    fn at_one_minute(more: impl Fn(&mut Timeline)) -> Simulation {
        let topology: Arc<Topology> = Arc::new(topologies::by_name("chain4").unwrap());
        let mut timeline = Timeline::constant(&topology.entry_points.map(|_| 50.0), 0, 120);
        more(&mut timeline);
        let mut cluster = Simulation::new(topology, SimulationConfig::default(), Arc::new(timeline), 1);
        cluster.run_until(Seconds(NOW as f64));
        cluster
    }

    /// What arrives in the second minute, and the digest of it all.
    fn second_minute(mut cluster: Simulation) -> (u64, String) {
        let before = cluster.ledger().arrived;
        cluster.run_until(Seconds(120.0));
        (cluster.ledger().arrived - before, format!("{:?}", cluster.digest()))
    }

    fn imagined(cluster: &Simulation, seed: u64) -> Simulation {
        let mut copy = cluster.clone();
        copy.imagine(seed);
        copy
    }

    fn flood(timeline: &mut Timeline) {
        timeline.malicious.iter_mut().for_each(|rates| rates[NOW..].fill(400.0));
        let [service, another] = [0, 1].map(ServiceId::from_index);
        let at = |second: f64, kind| Event { at: Seconds(second), kind };
        timeline.events = vec![
            at(70.0, EventKind::Kill { service, pods: 9 }),
            at(75.0, EventKind::Speed { service: another, factor: 0.1 }),
            at(80.0, EventKind::Crash { probability: 1.0 }),
        ];
    }

    #[test]
    fn what_comes_is_not_known_and_chance_decides_anew() {
        let (calm, doomed) = (at_one_minute(|_| ()), at_one_minute(flood));
        assert_eq!(second_minute(imagined(&calm, 7)), second_minute(imagined(&doomed, 7)));
        assert_ne!(second_minute(imagined(&doomed, 7)), second_minute(imagined(&doomed, 8)));
        let arrived = second_minute(imagined(&doomed, 7)).0 as f64;
        assert!((arrived - 3000.0).abs() < 250.0, "{arrived} of about 3000");
        let really = second_minute(doomed).0;
        assert!(really > 20_000, "{really}: whoever imagines changes nothing of what comes");
    }

    #[test]
    fn what_is_on_stays_on() {
        let slow = |timeline: &mut Timeline| {
            timeline.malicious.iter_mut().for_each(|rates| rates[..NOW].fill(50.0));
            let service = ServiceId::from_index(1);
            let speed =
                |second, factor| Event { at: Seconds(second), kind: EventKind::Speed { service, factor } };
            timeline.events = vec![speed(10.0, 0.25), speed(61.0, 1.0)];
        };
        let cluster = at_one_minute(slow);
        let (stays, ends) = (imagined(&cluster, 1), cluster);
        let late = |mut cluster: Simulation| {
            cluster.run_until(Seconds(119.0));
            let used = cluster.observe().services[ServiceId::from_index(1)].clone();
            used.metrics.get(karma_core::Metric::CpuUtilization).unwrap()
        };
        let arrived = second_minute(stays.clone()).0 as f64;
        assert!((arrived - 6000.0).abs() < 400.0, "{arrived} of about 6000: the attack goes on");
        let (stays, ends) = (late(stays), late(ends));
        assert!(stays > 2.0 * ends, "slow, it has more to do: {stays} and {ends}");
    }
}
