//! A cluster like one that was seen: the state of a simulation from what an autoscaler is shown.
//!
//! A snapshot shows most of what a cluster's next minutes depend on. Its pods, with the moments at which they were bound, became
//! ready or crashed, are made again one by one, so that what is starting and what backs off goes on from where it is. Where its
//! requests are is not shown, but that does not last: a client gives up within seconds. So the copy begins some seconds early, empty, under
//! the load that was measured, and has queues of its own by the time it is needed. Only a congestion that keeps itself alive, by work
//! for clients that have given up, would not be there; if one is believed in, the copy begins with all that is under way at its
//! entry points.
//!
//! What no snapshot says outright is taken for granted ([`Belief`]): how fast services compute, how much of the nodes' CPU others use, and
//! whether a congestion is on. Whether a belief explains what was seen, the seconds before tell ([`Simulation::misfit`]).
//!
//! Pods are on the nodes that they were seen on, which matters where others leave little CPU: of two nodes that are as crowded, the one
//! with more of the pods is slower. Where nodes are not shown, pods are placed anew.
//!
//! **What it leaves out.** Pods that are being deleted, nodes that are more crowded than others, and what tells an attack's requests from
//! others: all arrivals are legitimate. The hazards are those of the topology.

use std::sync::Arc;

use karma_core::{Id as _, Metric, PerService, PodPhase, PodSnapshot, Seconds, SeedTree, Snapshot, Topology};
use rand_distr::{Distribution as _, LogNormal};

use super::control::Task;
use super::lifecycle::back_off;
use super::pod::Life;
use super::{Simulation, SimulationConfig};
use crate::timeline::Timeline;

/// Most draws of a start-up delay that is longer than what has passed of it.
const DRAWS: usize = 20;
/// Restarts that are told apart: the back-off is at its longest long before.
const MOST_RESTARTS: u32 = 1000;
/// Most requests per second that are taken for the load of an entry point.
const FASTEST: f32 = 1e5;
/// Most requests that are taken to be under way at an entry point; more are no sample of a service.
const MOST_UNDER_WAY: f32 = 1e5;
/// Share of the highest latency that is acceptable below which two latencies are alike.
const ALIKE_LATENCY: f64 = 0.125;
/// Share of a pod's CPU limit below which two uses of CPU are alike.
const ALIKE_CPU: f64 = 0.2;

/// What has to be believed of a cluster, because no snapshot says it outright.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    /// How fast each service computes; 1 is its own speed.
    pub speeds: PerService<f64>,
    /// Share of every node's CPU that others use, 0 to 1.
    pub background: f64,
    /// Whether the requests that are under way hold each other up.
    pub congested: bool,
}

impl Belief {
    /// Nothing is the matter.
    pub fn sound(topology: &Topology) -> Self {
        Self { speeds: topology.services.map(|_| 1.0), background: 0.0, congested: false }
    }
}

impl Simulation {
    /// A cluster like the one that was `seen`, at the moment of the snapshot, after it has run for `settle` seconds under the load
    /// of the snapshot. That load goes on for ever, and nothing else happens. Draws are of `seed`. A load that was not measured is
    /// none, a moment that is negative or no number is 0, before which no copy begins, and more replicas than the topology's most are the most.
    ///
    /// Cost: `settle` seconds of the simulated cluster.
    pub fn resembling(
        (topology, config): (&Arc<Topology>, SimulationConfig),
        seen: &Snapshot,
        belief: &Belief,
        settle: Seconds,
        seed: u64,
    ) -> Self {
        let nothing = Timeline::constant(&topology.entry_points.map(|_| 0.0), 0, 0);
        let mut cluster = Self::assemble(Arc::clone(topology), config, Arc::new(nothing), seed);
        let now = Seconds(if seen.time.0.is_finite() { seen.time.0.max(0.0) } else { 0.0 });
        let begin = Seconds((now.0 - settle.0).max(0.0));
        cluster.now = begin.0;
        cluster.scraped_at = begin.0;
        cluster.believe(belief);
        cluster.recreate_pods(seen, now.0);
        cluster.load_steadily(seen, belief.congested, SeedTree::new(seed).child("resembling"));
        cluster.control.plan(now.0 + cluster.until_next_scrape(seen), Task::Scrape);
        cluster.control.plan(begin.0 + 1.0, Task::Second);
        cluster.begin_measuring();
        cluster.last_scrape = seen.clone();
        cluster.sync_control();
        cluster.run_until(now);
        cluster.ask_for_what_is_desired(seen);
        cluster.take_interval();
        cluster.last_interval = seen.resilience;
        cluster
    }

    /// How far what it measured since it began, or was last scraped, is from what was `seen`: the mean of squared logarithms of ratios, of
    /// latencies and of CPU. 0 if all is alike, 0.05 for a quarter more or less; infinite if nothing was measured that it could be
    /// held against. Cost: O(pods).
    pub fn misfit(&mut self, seen: &Snapshot) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0);
        let mut compare = |is: f64, was: f64, alike: f64| {
            sum += ((is + alike) / (was.max(0.0) + alike)).ln().powi(2);
            count += 1.0;
        };
        let elapsed = self.now - self.scraped_at;
        let topology = Arc::clone(&self.topology);
        for (id, service) in topology.services.iter_enumerated() {
            let Some(row) = seen.services.get(id).map(|service| &service.metrics) else { continue };
            let counters = self.services[id.index()].counters;
            if let (Some(was), 1..) = (row.get(Metric::LatencyMean), counters.answered) {
                let is = counters.latency / counters.answered as f64;
                compare(is, f64::from(was), ALIKE_LATENCY * topology.slo.0);
            }
            if let (Some(was), true) = (row.get(Metric::CpuUsage), elapsed > 0.0) {
                let is = self.used_since_scrape(id.index()) / elapsed;
                compare(is, f64::from(was) / 1000.0, ALIKE_CPU * service.cpu_limit.cores());
            }
        }
        if count > 0.0 { sum / count } else { f64::INFINITY }
    }

    /// Core-seconds that a service used since the last scrape.
    fn used_since_scrape(&mut self, service: usize) -> f64 {
        let now = self.now;
        let used = |slot: &u32| self.pods[*slot as usize].use_since_scrape(now);
        self.services[service].pods.iter().map(used).sum()
    }

    fn believe(&mut self, belief: &Belief) {
        for (runtime, speed) in self.services.iter_mut().zip(&belief.speeds) {
            runtime.speed = *speed;
        }
        for node in &mut self.nodes {
            node.crowd(belief.background, self.now);
        }
        self.set_hazards();
    }

    /// Seconds until the first scrape that is still to come.
    fn until_next_scrape(&self, seen: &Snapshot) -> f64 {
        let period = self.config.scrape_period().0;
        let age = seen.age().map_or(0.0, |age| age.0).max(0.0);
        if age.is_finite() { period - age % period } else { period }
    }

    fn load_steadily(&mut self, seen: &Snapshot, congested: bool, seeds: SeedTree) {
        for (index, stream) in self.arrivals.iter_mut().enumerate() {
            let entry = seen.entry_points.iter().nth(stream.entry as usize);
            let rate = entry.and_then(|entry| entry.request_rate).unwrap_or(0.0);
            let rate = f64::from(if rate.is_finite() { rate.clamp(0.0, FASTEST) } else { 0.0 });
            let at_once = if congested { under_way(seen, stream.service as usize) } else { 0 };
            let held = if stream.is_legitimate() { (rate, at_once) } else { (0.0, 0) };
            stream.hold(self.now, held, seeds.index(index as u64).rng());
            let first = stream.next_time();
            self.calendar.set(Self::stream_actor(index), first);
        }
    }

    fn recreate_pods(&mut self, seen: &Snapshot, now: f64) {
        for (service, shown) in (0..self.services.len()).zip(&seen.services) {
            // Who has no node yet is asked for anew in the end.
            for pod in shown.pods.iter().filter(|pod| !pod.deleting && pod.started_at.is_some()) {
                self.recreate(service, pod, now);
            }
        }
    }

    /// Makes a pod that was seen again; what it waits for comes when it would have come after `now`.
    fn recreate(&mut self, service: usize, seen: &PodSnapshot, now: f64) {
        let slot = self.create(service);
        match seen.node.map(|node| node as usize).filter(|node| *node < self.nodes.len()) {
            Some(node) => self.bind_to(slot, node),
            None if !self.bind(slot) => return,
            None => {}
        }
        let started = seen.started_at.map_or(now, |at| at.0);
        let changed = seen.ready_changed_at.map_or(started, |at| at.0);
        let restarts = seen.restarts.min(MOST_RESTARTS);
        let pod = &mut self.pods[slot as usize];
        (pod.scheduled_at, pod.ready_changed_at, pod.healthy_since) = (started, changed, changed);
        (pod.restarts, pod.crashes) = (restarts, restarts);
        let generation = pod.generation;
        if seen.ready == Some(true) {
            pod.life = Life::Ready;
            self.services[service].ready.push(slot);
        } else if seen.crash_looping {
            pod.life = Life::BackOff;
            pod.crashes += 1;
            let restart = (changed + back_off(restarts)).max(now);
            self.control.plan(restart, Task::Restarted { slot, generation });
        } else if seen.phase == PodPhase::Running && restarts == 0 {
            pod.life = Life::Unready;
            let wait = self.config.params().readiness_period / 2.0;
            self.control.plan(now + wait, Task::Probed { slot, generation });
        } else {
            pod.life = Life::Starting;
            let began = restarts.checked_sub(1).map_or(started, |before| changed + back_off(before));
            let at = self.will_have_started(service, began, now);
            self.control.plan(at, Task::Started { slot, generation });
        }
    }

    /// When an application answers that began to start some time ago and does not answer yet.
    fn will_have_started(&mut self, service: usize, began: f64, now: f64) -> f64 {
        let median = self.services[service].startup;
        let Ok(delay) = LogNormal::new(median.ln(), self.config.params().startup_sigma) else { return now };
        let draws = (0..DRAWS).map(|_| began + delay.sample(&mut self.streams.startup));
        draws.into_iter().find(|at| *at > now).unwrap_or(now)
    }

    /// Deployments ask for what they ask for since the scrape.
    fn ask_for_what_is_desired(&mut self, seen: &Snapshot) {
        for (service, shown) in (0..self.services.len()).zip(&seen.services) {
            self.services[service].desired = shown.desired.0.min(self.services[service].max);
            self.reconcile(service);
        }
        self.carry_out_dooms();
        self.sync_control();
    }
}

/// Requests that a service has in its pods or in their queues.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturating; a missing sample is none"
)]
fn under_way(seen: &Snapshot, service: usize) -> u32 {
    let row = seen.services.iter().nth(service).map(|service| &service.metrics);
    let of = |metric| row.and_then(|row| row.get(metric)).unwrap_or(0.0);
    (of(Metric::InFlight) + of(Metric::PendingRequests)).min(MOST_UNDER_WAY) as u32
}

#[cfg(test)]
mod tests {
    use karma_core::{Replicas, ServiceId, Target};
    use proptest::prelude::*;

    use super::*;
    use crate::{Event, EventKind, topologies};

    const SETTLE: Seconds = Seconds(10.0);
    /// Share of the nodes' CPU that leaves about what 100 requests per second need.
    const CROWDED: f64 = 0.83;

    /// A chain4 under so much load, at the end of a minute in which `events` happened.
    fn cluster(load: f64, events: Vec<Event>) -> Simulation {
        let topology = Arc::new(topologies::by_name("chain4").unwrap());
        let mut timeline = Timeline::constant(&topology.entry_points.map(|_| load), 0, 600);
        timeline.events = events;
        let mut cluster = Simulation::new(topology, SimulationConfig::default(), Arc::new(timeline), 1);
        cluster.run_until(Seconds(61.0));
        cluster
    }

    fn like(cluster: &Simulation, belief: &Belief, seed: u64) -> Simulation {
        let place = (cluster.topology(), SimulationConfig::default());
        Simulation::resembling(place, &cluster.observe(), belief, SETTLE, seed)
    }

    fn sound(cluster: &Simulation) -> Belief {
        Belief::sound(cluster.topology())
    }

    fn lives(cluster: &Simulation) -> Vec<Vec<Life>> {
        let of = |slots: &Vec<u32>| {
            let mut lives: Vec<_> = slots.iter().map(|slot| cluster.pods[*slot as usize].life).collect();
            lives.sort_by_key(|life| format!("{life:?}"));
            lives
        };
        cluster.services.iter().map(|service| of(&service.pods)).collect()
    }

    fn at(second: f64, kind: EventKind) -> Event {
        Event { at: Seconds(second), kind }
    }

    #[test]
    fn pods_are_where_they_were_and_go_on_from_there() {
        let crash = EventKind::CrashPods { service: ServiceId::from_index(1), pods: 1 };
        let mut cluster = cluster(40.0, vec![at(55.0, crash)]);
        let replicas = [3, 2, 2, 2].map(|replicas| Target::new(Replicas(replicas), "more and less"));
        cluster.scale(&karma_core::Decision { targets: replicas.into_iter().collect() });
        cluster.run_until(Seconds(66.0));
        let mut copy = like(&cluster, &sound(&cluster), 7);
        assert_eq!(lives(&copy), lives(&cluster));
        assert!(lives(&copy).concat().contains(&Life::Starting), "{:?}", lives(&copy));
        assert_eq!(copy.now(), cluster.now());
        let mut shown = copy.observe();
        shown.resilience = cluster.observe().resilience;
        assert_eq!(shown, cluster.observe(), "before the next scrape it shows what was seen");
        // The one that crashed at 55 restarts at 65, and all are ready half a minute later, in both.
        cluster.run_until(Seconds(100.0));
        copy.run_until(Seconds(100.0));
        assert_eq!(lives(&copy), lives(&cluster));
        assert!(lives(&copy).concat().iter().all(|life| *life == Life::Ready));
    }

    #[test]
    fn pods_are_on_the_nodes_that_they_were_seen_on_and_else_placed_anew() {
        let cluster = cluster(40.0, Vec::new());
        let pods_on_nodes = |node: Option<u32>| -> Vec<usize> {
            let mut seen = cluster.observe();
            seen.services.iter_mut().flat_map(|service| &mut service.pods).for_each(|pod| pod.node = node);
            let place = (cluster.topology(), SimulationConfig::default());
            let copy = Simulation::resembling(place, &seen, &sound(&cluster), SETTLE, 1);
            copy.nodes.iter().map(|node| node.pods.len()).collect()
        };
        let shown = cluster.observe().services.iter().map(|service| service.pods.len()).sum();
        assert_eq!(pods_on_nodes(Some(1)), [0, shown, 0]);
        assert_eq!(pods_on_nodes(None), pods_on_nodes(Some(3)), "there are three nodes");
        assert!(pods_on_nodes(None).iter().all(|pods| *pods > 0));
    }

    #[test]
    fn what_is_asked_for_after_the_scrape_is_asked_for_in_the_copy() {
        let mut cluster = cluster(40.0, Vec::new());
        let replicas = [4, 1, 2, 3].map(|replicas| Target::new(Replicas(replicas), "at the last moment"));
        cluster.scale(&karma_core::Decision { targets: replicas.into_iter().collect() });
        let copy = like(&cluster, &sound(&cluster), 7);
        let existing = |cluster: &Simulation| {
            let alive = |slot: &&u32| cluster.pods[**slot as usize].life != Life::Terminating;
            let count =
                |service: &super::super::service::ServiceRuntime| service.pods.iter().filter(alive).count();
            cluster.services.iter().map(count).collect::<Vec<_>>()
        };
        assert_eq!(existing(&copy), [4, 1, 2, 3]);
        assert_eq!(existing(&copy), existing(&cluster));
    }

    #[test]
    fn under_load_and_overload_the_next_half_minute_is_alike() {
        for load in [60.0, 120.0, 400.0] {
            let mut cluster = cluster(load, Vec::new());
            let mut copy = like(&cluster, &sound(&cluster), 7);
            assert!(copy.misfit(&cluster.observe()) < 0.05, "{load}");
            cluster.take_interval();
            for cluster in [&mut cluster, &mut copy] {
                cluster.run_until(Seconds(91.0));
            }
            let [is, was] = [&mut copy, &mut cluster].map(|cluster| cluster.take_interval().terms);
            assert!((is.success_rate - was.success_rate).abs() < 0.05, "{load}: {is:?} {was:?}");
            assert!((is.latency_ratio - was.latency_ratio).abs() < 0.1, "{load}: {is:?} {was:?}");
        }
    }

    #[test]
    fn what_is_not_shown_shows_in_the_misfit_and_a_belief_explains_it() {
        let slow = EventKind::Speed { service: ServiceId::from_index(2), factor: 0.4 };
        let crowded = EventKind::Background { share: 0.93 };
        let mut beliefs = [slow, crowded].map(|kind| {
            let cluster = cluster(90.0, vec![at(20.0, kind)]);
            let sound = sound(&cluster);
            (cluster, sound.clone(), sound)
        });
        beliefs[0].2.speeds[ServiceId::from_index(2)] = 0.4;
        beliefs[1].2.background = 0.93;
        for (cluster, wrong, right) in beliefs {
            let misfit = |belief| like(&cluster, belief, 7).misfit(&cluster.observe());
            let (wrong, right) = (misfit(&wrong), misfit(&right));
            assert!(10.0 * right < wrong, "{right} and {wrong}");
        }
    }

    #[test]
    fn a_congestion_that_keeps_itself_alive_is_in_the_copy_too() {
        // Half a minute of far too much load, and then as much as before, on nodes that could just carry it.
        let topology = Arc::new(topologies::by_name("chain4").unwrap());
        let mut timeline = Timeline::constant(&topology.entry_points.map(|_| 100.0), 0, 600);
        timeline.malicious.iter_mut().for_each(|rates| rates[20..40].fill(300.0));
        timeline.events = vec![at(10.0, EventKind::Background { share: CROWDED })];
        let mut cluster = Simulation::new(topology, SimulationConfig::default(), Arc::new(timeline), 1);
        cluster.run_until(Seconds(61.0));
        let seen = cluster.observe();
        let rate = |congested| {
            let belief = Belief { background: CROWDED, congested, ..sound(&cluster) };
            let mut copy = like(&cluster, &belief, 7);
            let misfit = copy.misfit(&seen);
            copy.run_until(Seconds(76.0));
            (copy.take_interval().terms.success_rate, misfit)
        };
        let (full, empty) = (rate(true), rate(false));
        cluster.take_interval();
        cluster.run_until(Seconds(76.0));
        let truth = cluster.take_interval().terms.success_rate;
        assert!(
            (full.0 - truth).abs() < (empty.0 - truth).abs() / 2.0,
            "{full:?} of {truth}, {empty:?} if empty"
        );
        assert!(full.1 < empty.1 / 2.0, "{full:?} and {empty:?}");
    }

    #[test]
    fn a_copy_depends_on_its_seed_alone() {
        let cluster = cluster(150.0, Vec::new());
        let digest = |seed| {
            let mut copy = like(&cluster, &sound(&cluster), seed);
            copy.run_until(Seconds(70.0));
            copy.digest()
        };
        assert_eq!(digest(1), digest(1));
        assert_ne!(digest(1), digest(2));
    }

    /// A metric that may be anything that a number can be.
    fn wild() -> impl Strategy<Value = f32> {
        prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(-1e30), 0.0f32..2000.0]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        /// Whatever is shown, a copy is made, and the requests in it are all accounted for.
        #[test]
        fn no_snapshot_makes_a_copy_that_does_not_run(
            samples in prop::collection::vec(wild(), 12),
            moments in prop::collection::vec(prop::option::of(prop_oneof![Just(f64::NAN), -1e9..1e9]), 8),
            flags in prop::collection::vec(any::<([bool; 4], u32, u32)>(), 4),
            time in prop_oneof![Just(f64::NAN), Just(61.0), -1e9..1e9],
            belief in (0.0f64..=1.0, any::<bool>()),
        ) {
            let cluster = cluster(40.0, Vec::new());
            let mut seen = cluster.observe();
            seen.entry_points.iter_mut().for_each(|entry| entry.request_rate = Some(samples[0]));
            for (index, service) in seen.services.iter_mut().enumerate() {
                service.metrics.set(Metric::InFlight, samples[1 + index]);
                service.metrics.set(Metric::CpuUsage, samples[5 + index]);
                service.metrics.set(Metric::LatencyMean, samples[(9 + index) % 12]);
                let ([ready, crash_looping, deleting, running], restarts, desired) = flags[index];
                service.desired = Replicas(desired);
                for pod in service.pods.iter_mut().skip(1) {
                    (pod.ready, pod.restarts, pod.node) = (Some(ready), restarts, Some(restarts % 4));
                    (pod.crash_looping, pod.deleting) = (crash_looping, deleting);
                    pod.phase = if running { PodPhase::Running } else { PodPhase::Pending };
                    pod.started_at = moments[index].map(Seconds);
                    pod.ready_changed_at = moments[4 + index].map(Seconds);
                }
            }
            seen.time = Seconds(time);
            let belief = Belief { background: belief.0, congested: belief.1, ..sound(&cluster) };
            let place = (cluster.topology(), SimulationConfig::default());
            let mut copy = Simulation::resembling(place, &seen, &belief, Seconds(1.0), 3);
            copy.run_until(copy.now() + Seconds(2.0));
            prop_assert!(!copy.misfit(&seen).is_nan());
            let ledger = copy.ledger();
            prop_assert_eq!(ledger.arrived, ledger.completed + ledger.failed + ledger.in_flight);
        }
    }

    #[test]
    fn a_snapshot_without_anything_makes_a_cluster_that_only_starts() {
        let cluster = cluster(40.0, Vec::new());
        let mut blank = cluster.blank();
        blank.time = Seconds(1e9);
        blank.services.iter_mut().for_each(|service| service.desired = Replicas(2));
        let place = (cluster.topology(), SimulationConfig::default());
        let mut copy = Simulation::resembling(place, &blank, &sound(&cluster), SETTLE, 1);
        assert_eq!(copy.misfit(&blank), f64::INFINITY, "nothing was measured that it could explain");
        blank.services.iter_mut().for_each(|service| service.metrics.set(Metric::CpuUsage, -1e30));
        assert!(copy.misfit(&blank).is_finite(), "less than nothing is nothing");
        copy.run_until(Seconds(1e9 + 60.0));
        assert!(lives(&copy).iter().all(|lives| *lives == [Life::Ready; 2]));
    }
}
