//! What a scrape records, and what an autoscaler is then shown.

use karma_core::{
    EntryPointSnapshot, Id as _, Metric, MetricRow, NodeSnapshot, OperationalResilience, PodPhase, PodSample,
    PodSnapshot, Replicas, Seconds, ServiceSnapshot, Snapshot,
};
use rand::RngExt as _;

use super::Simulation;
use super::control::Task;
use super::node::Node;
use super::pod::{Life, Pod};
use super::service::Counters;

impl Simulation {
    /// The last scrape, as it would be read now. Desired replicas are those of now.
    pub fn observe(&self) -> Snapshot {
        let mut snapshot = self.last_scrape.clone();
        snapshot.time = Seconds(self.now);
        for (service, runtime) in snapshot.services.iter_mut().zip(&self.services) {
            service.desired = Replicas(runtime.desired);
        }
        snapshot.resilience = self.last_interval;
        snapshot
    }

    /// A snapshot before anything was scraped: only what the API server knows.
    pub(super) fn blank(&self) -> Snapshot {
        let entry = |_: &_| EntryPointSnapshot { request_rate: None, available: true };
        Snapshot {
            time: Seconds(0.0),
            scraped_at: None,
            services: self.topology.services.map(|_| ServiceSnapshot::default()),
            entry_points: self.topology.entry_points.map(entry),
            nodes: Vec::new(),
            resilience: None,
        }
    }

    /// Scrapes every service and notes the pending ratio.
    pub(super) fn scrape(&mut self) {
        let period = self.config.scrape_period().0;
        self.control.plan(self.now + period, Task::Scrape);
        let elapsed = self.now - self.scraped_at;
        let (mut queued, mut answered) = (0, 0);
        let mut services = Vec::with_capacity(self.services.len());
        for service in 0..self.services.len() {
            let lost = self.config.params().scrape_loss;
            let lost = lost > 0.0 && self.streams.scrape.random::<f64>() < lost;
            let counters = std::mem::take(&mut self.services[service].counters);
            queued += self.queued(service);
            answered += counters.answered;
            services.push(self.scrape_service(service, counters, elapsed, lost));
        }
        if let Some(meter) = &mut self.meter {
            meter.scrape(queued, answered);
        }
        self.last_scrape = Snapshot {
            time: Seconds(self.now),
            scraped_at: Some(Seconds(self.now)),
            services: services.into(),
            entry_points: self.scrape_entries(elapsed),
            nodes: self.scrape_nodes(elapsed),
            resilience: None,
        };
        self.scraped_at = self.now;
    }

    fn queued(&self, service: usize) -> u64 {
        self.services[service].pods.iter().map(|slot| self.pods[*slot as usize].queue.len() as u64).sum()
    }

    fn scrape_entries(&mut self, elapsed: f64) -> karma_core::PerEntryPoint<EntryPointSnapshot> {
        let arrivals = self.entry_arrivals.clone();
        self.entry_arrivals.fill(0);
        #[expect(clippy::cast_possible_truncation, reason = "a rate for people and networks")]
        let snapshot = |(entry, count): (&karma_core::topology::EntryPoint, u64)| EntryPointSnapshot {
            request_rate: (elapsed > 0.0).then(|| (count as f64 / elapsed) as f32),
            available: self.is_available(entry.service.index()),
        };
        self.topology.entry_points.iter().zip(arrivals).map(snapshot).collect()
    }

    /// What the kubelets say of their nodes. Cost: O(nodes).
    #[expect(clippy::cast_possible_truncation, reason = "samples are single precision")]
    fn scrape_nodes(&mut self, elapsed: f64) -> Vec<NodeSnapshot> {
        let now = self.now;
        let shown = |node: &mut Node| {
            let used = node.take_used(now);
            let cpu = (elapsed > 0.0).then(|| (1000.0 * used / elapsed) as f32);
            NodeSnapshot { capacity: (1000.0 * node.cores) as f32, cpu }
        };
        self.nodes.iter_mut().map(shown).collect()
    }

    fn scrape_service(
        &mut self,
        service: usize,
        counters: Counters,
        elapsed: f64,
        lost: bool,
    ) -> ServiceSnapshot {
        let slots = self.services[service].pods.clone();
        let pods: Vec<PodSnapshot> = slots.iter().map(|slot| self.scrape_pod(*slot, elapsed, lost)).collect();
        let mut metrics = self.known_metrics(service);
        if !lost && elapsed > 0.0 {
            self.pod_metrics(service, &pods, &mut metrics);
            self.request_metrics(service, counters, elapsed, &mut metrics);
        }
        ServiceSnapshot { desired: Replicas(self.services[service].desired), metrics, pods }
    }

    /// What the API server knows.
    fn known_metrics(&self, service: usize) -> MetricRow {
        let runtime = &self.services[service];
        let count = |of: fn(Life) -> bool| {
            runtime.pods.iter().filter(|slot| of(self.pods[**slot as usize].life)).count() as f32
        };
        let existing = count(|life| life != Life::Terminating);
        let (ready, failed) = (count(|life| life == Life::Ready), count(|life| life == Life::BackOff));
        let mut row = MetricRow::default();
        row.set(Metric::DesiredReplicas, runtime.desired as f32);
        row.set(Metric::CurrentReplicas, existing);
        row.set(Metric::CpuRequest, existing * runtime.request.millicores as f32);
        row.set(Metric::MemoryRequest, existing * runtime.request.mebibytes as f32);
        row.set(Metric::PodsHealthy, ready);
        row.set(Metric::PodsFailed, failed);
        row.set(Metric::PodsPending, existing - ready - failed);
        row.set(Metric::PodsHealthyRatio, if existing > 0.0 { ready / existing } else { 0.0 });
        row.set(Metric::PodsFailedRatio, if existing > 0.0 { failed / existing } else { 0.0 });
        row.set(Metric::ReplicaUtilizationRatio, existing / runtime.max as f32);
        row
    }

    /// What the kubelets say of the pods' use.
    fn pod_metrics(&self, service: usize, pods: &[PodSnapshot], row: &mut MetricRow) {
        let sum = |of: fn(&PodSnapshot) -> Option<PodSample>| -> f32 {
            pods.iter().filter_map(of).map(|sample| sample.value).sum()
        };
        let sampled = pods.iter().filter(|pod| pod.cpu.is_some()).count() as f32;
        if sampled > 0.0 {
            let cpu = sum(|pod| pod.cpu);
            let requested = sampled * self.services[service].request.millicores as f32;
            row.set(Metric::CpuUsage, cpu);
            row.set(Metric::MemoryUsage, sum(|pod| pod.memory));
            row.set(Metric::CpuUtilization, cpu / requested);
        }
    }

    /// What the pods say of their requests.
    #[expect(clippy::cast_possible_truncation, reason = "samples are single precision")]
    fn request_metrics(&self, service: usize, counters: Counters, elapsed: f64, row: &mut MetricRow) {
        let params = self.config.params();
        let rate = counters.arrived as f64 / elapsed;
        let held = |slot: &u32| {
            let pod = &self.pods[*slot as usize];
            u64::from(pod.in_service) + u64::from(pod.detached)
        };
        row.set(Metric::NetworkIn, (rate * params.request_kilobits) as f32);
        row.set(Metric::NetworkOut, (counters.answered as f64 / elapsed * params.answer_kilobits) as f32);
        row.set(Metric::PendingRequests, self.queued(service) as f32);
        row.set(Metric::RequestsTotal, counters.arrived as f32);
        row.set(Metric::RequestsErrors, counters.errors as f32);
        row.set(Metric::RequestRate, rate as f32);
        row.set(Metric::InFlight, self.services[service].pods.iter().map(held).sum::<u64>() as f32);
        if counters.arrived > 0 {
            row.set(Metric::ErrorRate, (counters.errors as f64 / counters.arrived as f64).min(1.0) as f32);
        }
        if counters.answered > 0 {
            row.set(Metric::LatencyMean, (counters.latency / counters.answered as f64) as f32);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "samples are single precision")]
    fn scrape_pod(&mut self, slot: u32, elapsed: f64, lost: bool) -> PodSnapshot {
        let now = self.now;
        let pod = &mut self.pods[slot as usize];
        let used = pod.scrape_use(now);
        let cores = used / elapsed.max(f64::MIN_POSITIVE);
        if let Some(node) = self.nodes.get_mut(pod.node as usize) {
            node.note_use(used);
        }
        // A pod that became ready within the window has no whole window of CPU to show yet.
        let whole = pod.life.runs() && !lost && elapsed > 0.0 && pod.scheduled_at <= now - elapsed;
        let memory = self.services[pod.service as usize].memory_idle + pod.request_memory;
        let sample = |value: f64, window: f64| {
            whole.then_some(PodSample { value: value as f32, at: Seconds(now), window: Seconds(window) })
        };
        PodSnapshot { cpu: sample(cores * 1000.0, elapsed), memory: sample(memory, 0.0), ..pod_status(pod) }
    }

    /// How the system did since the last call: the paper's five terms, over all traffic.
    #[expect(clippy::cast_possible_truncation, reason = "terms are single precision")]
    pub fn take_interval(&mut self) -> Interval {
        let interval = std::mem::take(&mut self.interval);
        let share = |part: u64, whole: u64, empty: f32| {
            if whole == 0 { empty } else { (part as f64 / whole as f64) as f32 }
        };
        let latency = if interval.answered == 0 { 0.0 } else { interval.latency / interval.answered as f64 };
        let exists = |pod: &&Pod| !matches!(pod.life, Life::Gone | Life::Terminating);
        let pods = self.pods.iter().filter(exists).count() as u64;
        let failed = self.pods.iter().filter(|pod| pod.life == Life::BackOff).count() as u64;
        let terms = OperationalResilience {
            success_rate: share(interval.answered, interval.answered + interval.failed, 1.0),
            failed_pod_ratio: share(failed, pods, 0.0),
            latency_ratio: (latency / self.topology.slo.0).min(1.0) as f32,
            entry_point_availability: share(interval.entry_available, interval.entry_seconds, 1.0),
            traffic_ratio: share(interval.answered, interval.received, 1.0).min(1.0),
        };
        self.last_interval = Some(terms);
        Interval { terms, moved: interval.moved }
    }
}

/// What happened between two decisions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The paper's five terms, over all traffic.
    pub terms: OperationalResilience,
    /// Pods that decisions started or stopped.
    pub moved: u64,
}

/// Counts between two decisions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct IntervalCounters {
    pub(super) received: u64,
    pub(super) answered: u64,
    pub(super) failed: u64,
    pub(super) latency: f64,
    pub(super) entry_available: u64,
    pub(super) entry_seconds: u64,
    pub(super) moved: u64,
}

/// What the API server shows of a pod.
fn pod_status(pod: &Pod) -> PodSnapshot {
    let bound = pod.life != Life::Unscheduled;
    let created = !matches!(pod.life, Life::Unscheduled | Life::Starting) || pod.restarts > 0;
    PodSnapshot {
        id: pod.id,
        phase: if created { PodPhase::Running } else { PodPhase::Pending },
        node: bound.then_some(pod.node),
        ready: bound.then_some(matches!(pod.life, Life::Ready)),
        started_at: bound.then_some(Seconds(pod.scheduled_at)),
        ready_changed_at: bound.then_some(Seconds(pod.ready_changed_at)),
        deleting: pod.life == Life::Terminating,
        crash_looping: pod.life == Life::BackOff,
        restarts: pod.restarts,
        cpu: None,
        memory: None,
    }
}
