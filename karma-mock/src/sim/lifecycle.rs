//! Pods come and go: scheduling, start, readiness, crash and back-off, termination.

use karma_core::Decision;
use rand::RngExt as _;
use rand_distr::{Distribution as _, LogNormal};

use super::bandwidth::Bandwidth;
use super::calendar::NEVER;
use super::control::Task;
use super::node::{place, put, release};
use super::pod::{Life, Pod};
use super::{Doom, Simulation};

/// First delay of CrashLoopBackOff, in seconds; it doubles with each crash.
const BACK_OFF: f64 = 10.0;
/// Longest delay of CrashLoopBackOff.
const LONGEST_BACK_OFF: f64 = 300.0;
/// Seconds of health after which the back-off begins anew.
const BACK_OFF_RESET: f64 = 600.0;

/// Delay before the restart that follows `crashes` earlier crashes: 10, 20, 40, 80, 160, 300, 300, …
pub(super) fn back_off(crashes: u32) -> f64 {
    (BACK_OFF * 2f64.powi(i32::try_from(crashes.min(30)).unwrap_or(30))).min(LONGEST_BACK_OFF)
}

impl Simulation {
    /// Carries out a decision: every Deployment asks for its target, kept within the topology's bounds.
    pub fn scale(&mut self, decision: &Decision) {
        for (service, target) in (0..self.services.len()).zip(&decision.targets) {
            let runtime = &mut self.services[service];
            let desired = target.replicas.0.clamp(runtime.min, runtime.max);
            let change = i32::try_from(desired).unwrap_or(i32::MAX)
                - i32::try_from(runtime.desired).unwrap_or(i32::MAX);
            if change == 0 {
                continue;
            }
            let reversed = runtime.last_change.signum() * change.signum() < 0;
            runtime.last_change = change;
            runtime.desired = desired;
            self.interval.moved += u64::from(change.unsigned_abs());
            if let Some(meter) = &mut self.meter {
                meter.scaled(change, reversed);
            }
            self.reconcile(service);
        }
        self.carry_out_dooms();
        self.sync_control();
    }

    /// Creates or deletes pods until as many exist as the Deployment asks for.
    pub(super) fn reconcile(&mut self, service: usize) {
        loop {
            let alive = |pod: &&u32| self.pods[**pod as usize].life != Life::Terminating;
            let existing = self.services[service].pods.iter().filter(alive).count();
            let desired = self.services[service].desired as usize;
            match existing.cmp(&desired) {
                std::cmp::Ordering::Equal => return,
                std::cmp::Ordering::Less => {
                    let pod = self.create(service);
                    self.schedule(pod);
                }
                std::cmp::Ordering::Greater => {
                    let Some(victim) = self.victim(service) else { return };
                    self.terminate(victim);
                }
            }
        }
    }

    /// The pod that a `ReplicaSet` deletes first: unscheduled before scheduled, not ready before ready, then the
    /// one that has been ready for the shortest time, then the youngest.
    fn victim(&self, service: usize) -> Option<u32> {
        let rank = |life| match life {
            Life::Unscheduled => 0,
            Life::Starting => 1,
            Life::BackOff => 2,
            Life::Unready => 3,
            _ => 4,
        };
        let first = |a: &&u32, b: &&u32| {
            let (a, b) = (&self.pods[**a as usize], &self.pods[**b as usize]);
            let shortest = b.ready_changed_at.total_cmp(&a.ready_changed_at);
            rank(a.life).cmp(&rank(b.life)).then(shortest).then(b.id.cmp(&a.id))
        };
        let alive = |pod: &&u32| self.pods[**pod as usize].life != Life::Terminating;
        self.services[service].pods.iter().filter(alive).min_by(first).copied()
    }

    /// A pod of `service`, not yet on a node.
    #[expect(clippy::cast_possible_truncation, reason = "services and pods are far fewer than 2^32")]
    pub(super) fn create(&mut self, service: usize) -> u32 {
        let mut pod = Pod::new(self.next_pod_id, service as u32, self.services[service].limit);
        self.next_pod_id += 1;
        pod.ready_changed_at = self.now;
        pod.bandwidth = self.draw_bandwidth();
        pod.set_capacity(self.now, self.services[service].speed, 1.0);
        let slot = if let Some(slot) = self.free_pods.pop() {
            pod.generation = self.pods[slot as usize].generation + 1;
            self.pods[slot as usize] = pod;
            slot
        } else {
            self.pods.push(pod);
            self.calendar.reserve(self.pod_base + self.pods.len());
            (self.pods.len() - 1) as u32
        };
        self.services[service].pods.push(slot);
        slot
    }

    /// The quota of a new pod, if there are quotas: the periods of each level begin at a moment of their own.
    fn draw_bandwidth(&mut self) -> Option<Box<Bandwidth>> {
        let period = self.config.params().cpu_period;
        let mut phase = || period * self.streams.periods.random::<f64>();
        (period > 0.0).then(|| Box::new(Bandwidth::new(period, [phase(), phase()])))
    }

    /// Binds a pod to a node, if one has room, and starts it.
    fn schedule(&mut self, slot: u32) {
        if self.bind(slot) {
            self.start_container(slot);
        }
    }

    /// Binds a pod to a node, if one has room.
    pub(super) fn bind(&mut self, slot: u32) -> bool {
        let pod = &mut self.pods[slot as usize];
        let request = self.services[pod.service as usize].request;
        let Some(node) = place(&mut self.nodes, slot, request) else {
            pod.life = Life::Unscheduled;
            self.unscheduled.push(slot);
            return false;
        };
        self.bound(slot, node);
        true
    }

    /// Binds a pod to this node, whether or not it has room.
    pub(super) fn bind_to(&mut self, slot: u32, node: usize) {
        let request = self.services[self.pods[slot as usize].service as usize].request;
        put(&mut self.nodes[node], slot, request);
        self.bound(slot, node);
    }

    /// A pod is on a node.
    fn bound(&mut self, slot: u32, node: usize) {
        #[expect(clippy::cast_possible_truncation, reason = "nodes are far fewer than 2^32")]
        let node = node as u32;
        let pod = &mut self.pods[slot as usize];
        pod.node = node;
        pod.scheduled_at = self.now;
        if let Some(bandwidth) = &mut pod.bandwidth {
            bandwidth.node_cores = self.nodes[node as usize].available();
            pod.set_capacity(self.now, self.services[pod.service as usize].speed, 1.0);
        }
        self.watch_contention();
    }

    /// A container is created, and its application starts: a drawn delay.
    fn start_container(&mut self, slot: u32) {
        let pod = &mut self.pods[slot as usize];
        pod.life = Life::Starting;
        let median = self.services[pod.service as usize].startup;
        let sigma = self.config.params().startup_sigma;
        let delay = match LogNormal::new(median.ln(), sigma) {
            Ok(distribution) if median > 0.0 => distribution.sample(&mut self.streams.startup),
            _ => 0.0,
        };
        self.control.plan(self.now + delay, Task::Started { slot, generation: pod.generation });
    }

    /// The application answers; the next readiness probe will see it.
    pub(super) fn started(&mut self, slot: u32) {
        let pod = &mut self.pods[slot as usize];
        pod.life = Life::Unready;
        let wait = self.config.params().readiness_period * self.streams.startup.random::<f64>();
        self.control.plan(self.now + wait, Task::Probed { slot, generation: pod.generation });
    }

    /// The readiness probe succeeds: the pod takes requests.
    pub(super) fn probed(&mut self, slot: u32) {
        let pod = &mut self.pods[slot as usize];
        pod.life = Life::Ready;
        pod.ready_changed_at = self.now;
        pod.healthy_since = self.now;
        self.services[pod.service as usize].ready.push(slot);
    }

    /// The back-off is over: the container starts again on its node.
    pub(super) fn restarted(&mut self, slot: u32) {
        self.pods[slot as usize].restarts += 1;
        self.start_container(slot);
    }

    /// A deletion: a ready pod finishes what it has, any other goes at once.
    fn terminate(&mut self, slot: u32) {
        let pod = &mut self.pods[slot as usize];
        pod.generation += 1;
        if pod.life != Life::Ready || pod.is_idle() {
            return self.remove(slot);
        }
        pod.life = Life::Terminating;
        let generation = pod.generation;
        self.leave_endpoints(slot);
        self.control.plan(self.now + self.config.params().grace_period, Task::Killed { slot, generation });
    }

    fn leave_endpoints(&mut self, slot: u32) {
        let service = self.pods[slot as usize].service as usize;
        self.services[service].ready.retain(|ready| *ready != slot);
    }

    /// A pod disappears, and what it still had fails.
    pub(super) fn remove(&mut self, slot: u32) {
        self.fail_everything(slot);
        let pod = &mut self.pods[slot as usize];
        let (service, node) = (pod.service as usize, pod.node);
        let bound = !matches!(pod.life, Life::Unscheduled);
        pod.life = Life::Gone;
        pod.generation += 1;
        self.services[service].pods.retain(|existing| *existing != slot);
        self.unscheduled.retain(|waiting| *waiting != slot);
        self.free_pods.push(slot);
        if bound {
            let unseen = pod.scrape_use(self.now);
            self.nodes[node as usize].note_use(unseen);
            release(&mut self.nodes[node as usize], slot, self.services[service].request);
            self.schedule_waiting();
        }
    }

    /// Room was freed: pods that wait for a node are tried again, oldest first.
    fn schedule_waiting(&mut self) {
        for slot in std::mem::take(&mut self.unscheduled) {
            self.schedule(slot);
        }
    }

    /// A container dies. It restarts after its back-off, on the same node.
    pub(super) fn crash(&mut self, slot: u32) {
        self.fail_everything(slot);
        let now = self.now;
        let pod = &mut self.pods[slot as usize];
        if pod.life == Life::Terminating {
            return self.remove(slot);
        }
        if now - pod.healthy_since >= BACK_OFF_RESET {
            pod.crashes = 0;
        }
        let restart = now + back_off(pod.crashes);
        pod.crashes += 1;
        pod.life = Life::BackOff;
        pod.ready_changed_at = now;
        pod.generation += 1;
        self.control.plan(restart, Task::Restarted { slot, generation: pod.generation });
    }

    /// Every call at a pod fails; callers elsewhere are told, callees work on for nobody.
    fn fail_everything(&mut self, slot: u32) {
        self.leave_endpoints(slot);
        let lost = if self.pods[slot as usize].is_idle() { Vec::new() } else { self.calls.at_pod(slot) };
        self.pods[slot as usize].clear(self.now);
        self.calendar.set(self.pod_base + slot as usize, NEVER);
        let service = self.pods[slot as usize].service as usize;
        self.services[service].counters.errors += lost.len() as u64;
        let closed: Vec<_> = lost
            .into_iter()
            .map(|index| {
                let call = *self.calls.get(index);
                self.calls.close(index);
                call
            })
            .collect();
        for call in closed {
            self.settle(call, false);
        }
    }

    /// What the last event doomed: pods out of memory crash, drained pods disappear. Carried out between
    /// events, because a crash in the middle of a request's way would pull the ground from under it.
    pub(super) fn carry_out_dooms(&mut self) {
        while let Some((slot, doom)) = self.doomed.pop() {
            let pod = &self.pods[slot as usize];
            match doom {
                Doom::OutOfMemory if pod.life.runs() && self.is_out_of_memory(slot) => self.crash(slot),
                Doom::Drained if pod.life == Life::Terminating && pod.is_idle() => self.remove(slot),
                Doom::OutOfMemory | Doom::Drained => {}
            }
        }
    }

    fn is_out_of_memory(&self, slot: u32) -> bool {
        let pod = &self.pods[slot as usize];
        let service = &self.services[pod.service as usize];
        service.memory_idle + pod.request_memory > service.memory_limit
    }
}

#[cfg(test)]
mod tests {
    use super::back_off;

    #[test]
    fn back_off_doubles_from_ten_seconds_to_five_minutes() {
        let delays: Vec<f64> = (0..8).map(back_off).collect();
        assert_eq!(delays, [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]);
        assert_eq!(back_off(u32::MAX), 300.0);
    }
}
