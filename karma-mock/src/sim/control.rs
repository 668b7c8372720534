//! The control plane: everything that is planned for a moment and is neither an arrival, a completion nor a
//! client's timeout.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use karma_core::{Id as _, Seconds};
use rand::RngExt as _;

use super::node::{TICK, water_level};
use super::pod::Life;
use super::{CONTROL, Simulation};
use crate::timeline::EventKind;

/// Something planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Task {
    /// A disturbance of the timeline.
    Disturb { event: u32 },
    /// An application started.
    Started { slot: u32, generation: u32 },
    /// A readiness probe succeeds.
    Probed { slot: u32, generation: u32 },
    /// A back-off ends.
    Restarted { slot: u32, generation: u32 },
    /// A grace period ends.
    Killed { slot: u32, generation: u32 },
    /// A CFS period ends on contended nodes.
    Contend,
    /// The metrics are scraped.
    Scrape,
    /// A whole second has passed.
    Second,
}

/// Tasks in the order of their moments; equal moments in the order of planning.
#[derive(Clone, Debug, Default)]
pub(super) struct Control {
    tasks: BinaryHeap<Reverse<(Moment, u64, Task)>>,
    planned: u64,
}

/// A moment with a total order.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Moment(f64);

impl Eq for Moment {}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Control {
    pub(super) fn plan(&mut self, at: f64, task: Task) {
        self.tasks.push(Reverse((Moment(at), self.planned, task)));
        self.planned += 1;
    }

    pub(super) fn next_time(&self) -> f64 {
        self.tasks.peek().map_or(super::calendar::NEVER, |Reverse((at, ..))| at.0)
    }

    /// Disturbances that are still to come do not.
    pub(super) fn forget_disturbances(&mut self) {
        self.tasks.retain(|Reverse((_, _, task))| !matches!(task, Task::Disturb { .. }));
    }

    fn pop(&mut self) -> Option<Task> {
        self.tasks.pop().map(|Reverse((_, _, task))| task)
    }
}

impl Simulation {
    /// Carries out the next task.
    pub(super) fn carry_out(&mut self) {
        let Some(task) = self.control.pop() else { return };
        match task {
            Task::Disturb { event } => self.disturb(self.timeline.events[event as usize].kind),
            Task::Started { slot, generation } if self.holds(slot, generation) => self.started(slot),
            Task::Probed { slot, generation } if self.holds(slot, generation) => self.probed(slot),
            Task::Restarted { slot, generation } if self.holds(slot, generation) => self.restarted(slot),
            Task::Killed { slot, generation } if self.holds(slot, generation) => self.remove(slot),
            Task::Started { .. } | Task::Probed { .. } | Task::Restarted { .. } | Task::Killed { .. } => {}
            Task::Contend => self.contend(),
            Task::Scrape => self.scrape(),
            Task::Second => self.second(),
        }
    }

    /// Whether a planned event of a pod still holds.
    fn holds(&self, slot: u32, generation: u32) -> bool {
        self.pods[slot as usize].generation == generation
    }

    fn disturb(&mut self, kind: EventKind) {
        match kind {
            EventKind::Speed { service, factor } => {
                let service = service.index();
                self.services[service].speed = factor;
                for slot in self.services[service].pods.clone() {
                    self.refresh_capacity(slot);
                }
            }
            EventKind::Background { share } => {
                for node in &mut self.nodes {
                    node.crowd(share, self.now);
                }
                self.watch_contention();
                self.refresh_quotas();
            }
            EventKind::Crash { probability } => self.crash_each(probability),
            EventKind::Kill { service, pods } => self.kill(service.index(), pods),
            EventKind::CrashPods { service, pods } => self.crash_some(service.index(), pods),
            EventKind::Alteration { probability } => {
                self.alteration = probability;
                self.set_hazards();
            }
            EventKind::MaliciousWork { factor } => self.malicious_work = factor,
        }
    }

    fn crash_each(&mut self, probability: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "pods are far fewer than 2^32")]
        for slot in 0..self.pods.len() as u32 {
            if self.pods[slot as usize].life.runs() && self.streams.faults.random::<f64>() < probability {
                self.crash(slot);
            }
        }
    }

    /// Deletes pods without grace, those that have been ready the longest first; their `ReplicaSet` replaces them at
    /// once.
    fn kill(&mut self, service: usize, pods: u32) {
        for slot in self.longest_ready(service, pods) {
            self.remove(slot);
        }
        self.reconcile(service);
    }

    /// Crashes containers, those that have been ready the longest first; they restart in place.
    fn crash_some(&mut self, service: usize, pods: u32) {
        for slot in self.longest_ready(service, pods) {
            self.crash(slot);
        }
    }

    fn longest_ready(&self, service: usize, pods: u32) -> Vec<u32> {
        let mut ready = self.services[service].ready.clone();
        let since = |slot: &u32| {
            let pod = &self.pods[*slot as usize];
            (pod.ready_changed_at, pod.id)
        };
        ready.sort_by(|a, b| {
            let (a, b) = (since(a), since(b));
            a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
        });
        ready.truncate(pods as usize);
        ready
    }

    /// Under quotas, pods compute with what other tenants leave of their node.
    fn refresh_quotas(&mut self) {
        #[expect(clippy::cast_possible_truncation, reason = "pods are far fewer than 2^32")]
        for slot in 0..self.pods.len() as u32 {
            if self.pods[slot as usize].bandwidth.is_some() {
                self.refresh_capacity(slot);
            }
        }
    }

    /// A pod computes with what its service, its node and its health leave it.
    fn refresh_capacity(&mut self, slot: u32) {
        let pod = &mut self.pods[slot as usize];
        let throttle = pod.throttle;
        if let (Some(bandwidth), Some(node)) = (&mut pod.bandwidth, self.nodes.get(pod.node as usize)) {
            bandwidth.node_cores = node.available();
        }
        pod.set_capacity(self.now, self.services[pod.service as usize].speed, throttle);
        self.calendar.set(self.pod_base + slot as usize, pod.next_event());
    }

    /// Chances per second from chances per minute: `1 − (1 − p)^(1/60)`.
    pub(super) fn set_hazards(&mut self) {
        let per_second = |per_minute: f64| 1.0 - (1.0 - per_minute.clamp(0.0, 1.0)).powf(1.0 / 60.0);
        for (runtime, service) in self.services.iter_mut().zip(&self.topology.services) {
            let faults = service.faults;
            runtime.hazards = [
                per_second(faults.warning),
                per_second(faults.error),
                per_second(faults.degraded),
                per_second(faults.failure + self.alteration + self.pressed),
            ];
        }
    }

    /// A whole second has passed: faults strike, availability is noted.
    fn second(&mut self) {
        self.control.plan(self.now + 1.0, Task::Second);
        self.strike();
        let available: Vec<bool> =
            (0..self.services.len()).map(|service| self.is_available(service)).collect();
        for entry in &self.topology.entry_points {
            self.interval.entry_seconds += 1;
            self.interval.entry_available += u64::from(available[entry.service.index()]);
        }
        let (mut pods, mut cores) = (0.0, 0.0);
        for pod in self.pods.iter().filter(|pod| !matches!(pod.life, Life::Gone | Life::Unscheduled)) {
            pods += 1.0;
            cores += f64::from(self.services[pod.service as usize].request.millicores) / 1000.0;
        }
        if let Some(meter) = &mut self.meter {
            meter.second(available.iter().filter(|up| **up).count(), available.len());
            meter.held(pods, cores, Seconds(1.0));
        }
        if self.meter.is_none() && self.now >= f64::from(self.timeline.warm_up) {
            self.begin_measuring();
        }
    }

    /// Whether some ready pod accepts a request.
    pub(super) fn is_available(&self, service: usize) -> bool {
        let runtime = &self.services[service];
        runtime.ready.iter().any(|slot| {
            let pod = &self.pods[*slot as usize];
            pod.in_service < runtime.concurrency || pod.queue.len() < runtime.queue_capacity
        })
    }

    /// The four faults of a topology strike each serving pod with its chances per second.
    fn strike(&mut self) {
        let until = self.now + self.config.params().fault_duration;
        #[expect(clippy::cast_possible_truncation, reason = "pods are far fewer than 2^32")]
        for slot in 0..self.pods.len() as u32 {
            let pod = &mut self.pods[slot as usize];
            if pod.life != Life::Ready {
                continue;
            }
            let hazards = self.services[pod.service as usize].hazards;
            let [warning, error, degraded, failure] =
                hazards.map(|chance| chance > 0.0 && self.streams.faults.random::<f64>() < chance);
            if warning {
                pod.slow_until = until;
            }
            pod.fail_next |= error;
            let recovered = pod.degraded_until > 0.0 && pod.degraded_until <= self.now;
            if recovered {
                pod.degraded_until = 0.0;
            }
            if degraded {
                pod.degraded_until = until;
            }
            if degraded || recovered {
                self.refresh_capacity(slot);
            }
            if failure {
                self.crash(slot);
            }
        }
    }

    /// Plans a contention tick if some node can be short of CPU and none is planned.
    pub(super) fn watch_contention(&mut self) {
        if !self.contention_planned && (0..self.nodes.len()).any(|node| self.can_be_short(node)) {
            self.contention_planned = true;
            self.control.plan(self.now + TICK, Task::Contend);
        }
    }

    fn can_be_short(&self, node: usize) -> bool {
        let limit = |slot: &u32| self.services[self.pods[*slot as usize].service as usize].limit;
        let limits: f64 = self.nodes[node].pods.iter().map(limit).sum();
        limits > self.nodes[node].available() + 1e-9
    }

    /// A CFS period ends: what pods wanted in it decides what they may use in the next.
    fn contend(&mut self) {
        self.contention_planned = false;
        for node in 0..self.nodes.len() {
            let slots = self.nodes[node].pods.clone();
            let mut claims = Vec::with_capacity(slots.len());
            for slot in &slots {
                let pod = &mut self.pods[*slot as usize];
                let request = f64::from(self.services[pod.service as usize].request.millicores) / 1000.0;
                claims.push((pod.demand_since_tick(self.now, TICK), request));
            }
            let short = self.can_be_short(node);
            let level =
                if short { water_level(&mut claims, self.nodes[node].available()) } else { f64::INFINITY };
            for slot in slots {
                self.throttle(slot, level);
            }
        }
        self.watch_contention();
    }

    fn throttle(&mut self, slot: u32, level: f64) {
        let pod = &self.pods[slot as usize];
        let service = &self.services[pod.service as usize];
        let share = level * f64::from(service.request.millicores) / 1000.0;
        let throttle = (share / service.limit).min(1.0);
        if pod.throttle != throttle {
            self.pods[slot as usize].throttle = throttle;
            self.refresh_capacity(slot);
        }
    }

    /// The next control task becomes known to the calendar.
    pub(super) fn sync_control(&mut self) {
        self.calendar.set(CONTROL, self.control.next_time());
    }
}
