//! One pod: a concurrency-limited processor-sharing server behind a bounded accept queue.
//!
//! The `n` requests that compute share the pod's cores equally, at most one core each, so each gets work done at
//! `rate = speed · min(1, cores / n)`. Instead of counting down every request's work at every event, the pod
//! keeps a *virtual time* that grows at `rate`: a request with work `w` that starts at virtual time `v` ends at
//! `v + w`, whatever comes and goes meanwhile. An arrival or a completion costs a heap operation among the
//! requests of this pod, nothing else.
//!
//! That is a fluid limit. Under a [`Bandwidth`] quota the pod computes with whole cores of its node and stands still
//! once the quota of the period is used up: its rate is then 0, and its virtual time too stands still.
//!
//! With `concurrency = 1` this is a first-come-first-served server, with `concurrency = c` cores it is M/M/c,
//! without a limit it is M/G/1-PS: the closed forms that the simulation is checked against.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use super::bandwidth::{Bandwidth, TOLERANCE};
use super::calendar::NEVER;

/// Where a pod stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// No pod in this slot.
    Gone,
    /// No node has room.
    Unscheduled,
    /// Bound to a node; its container is being created and its application starts.
    Starting,
    /// Started, not yet ready.
    Unready,
    /// Serves.
    Ready,
    /// Its container crashed and waits for its restart.
    BackOff,
    /// Being deleted: finishes what it has, takes nothing new.
    Terminating,
}

impl Life {
    /// Whether its container runs.
    pub(super) const fn runs(self) -> bool {
        matches!(self, Self::Unready | Self::Ready | Self::Terminating)
    }
}

/// A request that computes, ordered so that the earliest virtual finish comes first out of a max-heap.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Job {
    finish: f64,
    call: u32,
}

impl Eq for Job {}

impl Ord for Job {
    fn cmp(&self, other: &Self) -> Ordering {
        other.finish.total_cmp(&self.finish).then_with(|| other.call.cmp(&self.call))
    }
}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One pod.
#[derive(Clone, Debug)]
pub(super) struct Pod {
    pub(super) id: u64,
    pub(super) service: u32,
    pub(super) node: u32,
    pub(super) life: Life,
    /// Moves on whenever a planned event of this slot's life no longer holds.
    pub(super) generation: u32,
    jobs: BinaryHeap<Job>,
    virtual_time: f64,
    updated: f64,
    rate: f64,
    /// Cores that it may use now: its limit, less under contention or degradation.
    cores: f64,
    /// Cores that it uses now.
    draw: f64,
    speed: f64,
    /// How its limit is enforced, unless as a share of a fluid.
    pub(super) bandwidth: Option<Box<Bandwidth>>,
    pub(super) queue: VecDeque<u32>,
    /// Slots taken.
    pub(super) in_service: u32,
    /// Requests that wait for answers without a slot.
    pub(super) detached: u32,
    /// Mebibytes held by requests.
    pub(super) request_memory: f64,
    /// Core-seconds used so far.
    used: f64,
    /// Core-seconds that its requests would have used with its whole limit.
    wanted: f64,
    limit: f64,
    used_at_scrape: f64,
    wanted_at_tick: f64,
    pub(super) scheduled_at: f64,
    pub(super) ready_changed_at: f64,
    pub(super) healthy_since: f64,
    pub(super) crashes: u32,
    pub(super) restarts: u32,
    pub(super) slow_until: f64,
    pub(super) degraded_until: f64,
    pub(super) throttle: f64,
    pub(super) fail_next: bool,
}

impl Pod {
    pub(super) fn new(id: u64, service: u32, limit: f64) -> Self {
        Self {
            id,
            service,
            node: u32::MAX,
            life: Life::Unscheduled,
            generation: 0,
            jobs: BinaryHeap::new(),
            virtual_time: 0.0,
            updated: 0.0,
            rate: 0.0,
            cores: limit,
            draw: 0.0,
            speed: 1.0,
            bandwidth: None,
            queue: VecDeque::new(),
            in_service: 0,
            detached: 0,
            request_memory: 0.0,
            used: 0.0,
            wanted: 0.0,
            limit,
            used_at_scrape: 0.0,
            wanted_at_tick: 0.0,
            scheduled_at: 0.0,
            ready_changed_at: 0.0,
            healthy_since: 0.0,
            crashes: 0,
            restarts: 0,
            slow_until: 0.0,
            degraded_until: 0.0,
            throttle: 1.0,
            fail_next: false,
        }
    }

    /// Brings virtual time and CPU use up to `now`.
    #[inline]
    fn update(&mut self, now: f64) {
        let elapsed = now - self.updated;
        self.updated = now;
        self.virtual_time += elapsed * self.rate;
        self.used += elapsed * self.draw;
        if self.bandwidth.is_some() {
            return self.spend(now, elapsed);
        }
        self.wanted += elapsed * self.limit.min(self.jobs.len() as f64);
    }

    /// The same for the quota, out of the way of those without one. Uncontended, a pod gets what it wants; contended,
    /// it would use its limit.
    #[inline(never)]
    fn spend(&mut self, now: f64, elapsed: f64) {
        let contended = self.throttle < 1.0;
        self.wanted += elapsed * if contended { self.limit.min(self.jobs.len() as f64) } else { self.draw };
        let released = self.bandwidth.as_mut().is_some_and(|b| b.spend(now, elapsed, self.draw));
        if released {
            self.share();
        }
    }

    #[inline]
    fn share(&mut self) {
        let n = self.jobs.len();
        if n == 0 {
            self.virtual_time = 0.0;
            self.rate = 0.0;
            self.draw = 0.0;
        } else {
            self.rate = self.speed * (self.cores / n as f64).min(1.0);
            self.draw = self.cores.min(n as f64);
        }
        if self.bandwidth.as_ref().is_some_and(|bandwidth| bandwidth.is_throttled()) {
            (self.rate, self.draw) = (0.0, 0.0);
        }
    }

    /// A request begins to compute.
    #[inline]
    pub(super) fn compute(&mut self, now: f64, call: u32, work: f64) {
        self.update(now);
        self.jobs.push(Job { finish: self.virtual_time + work, call });
        self.share();
    }

    /// The request that completes now; none if the pod's own moment was one of its quota.
    #[inline]
    pub(super) fn complete(&mut self, now: f64) -> Option<u32> {
        self.update(now);
        if self.bandwidth.is_some() && !self.is_done() {
            self.exhaust();
            return None;
        }
        let job = self.jobs.pop()?;
        // Rounding must not leave a finished request behind the clock.
        self.virtual_time = self.virtual_time.max(job.finish);
        self.share();
        Some(job.call)
    }

    /// Whether its next request has no work left.
    fn is_done(&self) -> bool {
        self.jobs.peek().is_some_and(|job| job.finish - self.virtual_time <= self.rate * TOLERANCE)
    }

    /// The pod stands still if its quota is used up.
    fn exhaust(&mut self) {
        let draw = self.draw;
        if let Some(bandwidth) = self.bandwidth.as_mut().filter(|b| b.is_exhausted(draw)) {
            bandwidth.throttle(draw);
            self.share();
        }
    }

    /// When the next request completes.
    #[inline]
    fn next_completion(&self) -> f64 {
        match self.jobs.peek() {
            Some(job) if self.rate > 0.0 => {
                self.updated + ((job.finish - self.virtual_time) / self.rate).max(0.0)
            }
            _ => NEVER,
        }
    }

    /// When the pod acts next: a request completes, or its quota ends or begins anew.
    #[inline]
    pub(super) fn next_event(&self) -> f64 {
        let completion = self.next_completion();
        match &self.bandwidth {
            Some(bandwidth) if !self.jobs.is_empty() => {
                let change = bandwidth.next_change(self.updated, self.draw);
                if completion <= change + TOLERANCE { completion } else { change }
            }
            _ => completion,
        }
    }

    /// Changes what the pod has to compute with: `speed` of its service, `throttle` of its node's CPU.
    pub(super) fn set_capacity(&mut self, now: f64, speed: f64, throttle: f64) {
        self.update(now);
        self.speed = speed;
        self.throttle = throttle;
        let degraded = if now < self.degraded_until { 0.5 } else { 1.0 };
        self.cores = self.limit * throttle * degraded;
        if let Some(bandwidth) = &mut self.bandwidth {
            bandwidth.set_limit(self.limit * degraded);
            // On a short node, its share of the cores; else all of them, as long as the quota lasts.
            let share = if throttle < 1.0 { self.limit * throttle } else { f64::INFINITY };
            self.cores = bandwidth.node_cores.min(share);
        }
        self.share();
    }

    /// Forgets every request, as a crash does.
    pub(super) fn clear(&mut self, now: f64) {
        self.update(now);
        self.jobs.clear();
        self.queue.clear();
        self.in_service = 0;
        self.detached = 0;
        self.request_memory = 0.0;
        self.fail_next = false;
        self.share();
    }

    /// Whether it holds no request at all.
    pub(super) fn is_idle(&self) -> bool {
        self.in_service == 0 && self.detached == 0 && self.queue.is_empty()
    }

    /// Requests that it holds, waiting ones included.
    pub(super) fn load(&self) -> usize {
        self.in_service as usize + self.detached as usize + self.queue.len()
    }

    /// Core-seconds used until `now`.
    pub(super) fn used_until(&mut self, now: f64) -> f64 {
        self.update(now);
        self.used
    }

    /// Core-seconds used since the last scrape.
    pub(super) fn use_since_scrape(&mut self, now: f64) -> f64 {
        self.used_until(now) - self.used_at_scrape
    }

    /// The same; it is scraped now.
    pub(super) fn scrape_use(&mut self, now: f64) -> f64 {
        let used = self.use_since_scrape(now);
        self.used_at_scrape = self.used;
        used
    }

    /// Mean cores that its requests wanted since the last call.
    pub(super) fn demand_since_tick(&mut self, now: f64, elapsed: f64) -> f64 {
        self.update(now);
        let demand = (self.wanted - self.wanted_at_tick) / elapsed;
        self.wanted_at_tick = self.wanted;
        demand
    }

    /// Number of requests that compute.
    pub(super) fn computing(&self) -> usize {
        self.jobs.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_requests_share_one_core_and_one_alone_has_it_all() {
        let mut pod = Pod::new(0, 0, 1.0);
        pod.compute(0.0, 7, 1.0);
        pod.compute(0.0, 8, 3.0);
        // Each runs at half speed until the first is done at 2; the second then has 2 left, alone.
        assert_eq!(pod.next_event(), 2.0);
        assert_eq!(pod.complete(2.0), Some(7));
        assert_eq!(pod.next_event(), 4.0);
        assert_eq!(pod.complete(4.0), Some(8));
        assert_eq!(pod.used_until(10.0), 4.0);
    }

    #[test]
    fn a_request_never_uses_more_than_one_core() {
        let mut pod = Pod::new(0, 0, 4.0);
        pod.compute(0.0, 0, 2.0);
        assert_eq!(pod.next_event(), 2.0);
    }

    #[test]
    fn a_degraded_pod_works_with_half_its_cores() {
        let mut pod = Pod::new(0, 0, 1.0);
        pod.degraded_until = 10.0;
        pod.set_capacity(0.0, 1.0, 1.0);
        pod.compute(0.0, 0, 1.0);
        assert_eq!(pod.next_event(), 2.0);
    }

    #[test]
    fn a_slow_service_burns_the_same_cpu_for_less_work() {
        let mut pod = Pod::new(0, 0, 1.0);
        pod.set_capacity(0.0, 0.5, 1.0);
        pod.compute(0.0, 0, 1.0);
        assert_eq!(pod.complete(2.0), Some(0));
        assert_eq!(pod.used_until(2.0), 2.0);
    }

    #[test]
    fn demand_is_what_the_limit_would_give() {
        let mut pod = Pod::new(0, 0, 1.0);
        pod.set_capacity(0.0, 1.0, 0.25);
        pod.compute(0.0, 0, 9.0);
        assert_eq!(pod.demand_since_tick(1.0, 1.0), 1.0);
        assert_eq!(pod.used_until(1.0), 0.25);
    }
}
