//! From a state to a snapshot that any autoscaler can read: pods again, where only their number is known.
//!
//! A [`State`] says how many pods of a service are healthy, failed and pending; an autoscaler such as Kubernetes' HPA
//! asks each of them how long it has been ready and what it uses. A [`PodBook`] follows the numbers from one state to
//! the next and keeps the pods behind them. Metrics, rates, resilience terms and the age of the samples are the
//! state's own. The rest is **made up**, as likely as the numbers allow:
//!
//! | of a pod | is |
//! |---|---|
//! | who it is | kept while the numbers allow it: a change of them moves as few pods as possible |
//! | who goes | as with a `ReplicaSet`: pending before failed before healthy, of these who changed last, then the youngest |
//! | started | at the decision before the state that it appears in; at 0 s if it was there from the beginning |
//! | readiness changed | midway between the two scrapes around it; at 0 s if it was so from the beginning |
//! | use of a healthy pod | the service's, in equal parts; a mean over the scrape interval that ends at the scrape |
//! | a failed pod | waits in `CrashLoopBackOff`, without samples |
//! | a pending pod | is bound and not ready, without samples |
//!
//! Left out are pods that terminate, which no state counts. An entry point is available if a pod behind it is healthy.
//! What a state does not say stays missing: unknown use is a pod without samples, and where the number of pods is
//! unknown they are those of the state before.

use std::sync::Arc;

use karma_core::{
    EntryPointSnapshot, Metric, MetricRow, PerService, PodPhase, PodSample, PodSnapshot, Replicas, Seconds,
    ServiceSnapshot, Snapshot, State, Topology,
};

use super::ClusterTable;

/// The pods of a cluster, followed through its states.
#[derive(Clone, Debug)]
pub struct PodBook {
    topology: Arc<Topology>,
    /// Seconds of a CPU sample's window, of each service.
    windows: PerService<Seconds>,
    pods: PerService<Vec<Pod>>,
    next_id: u64,
    /// When the state before was decided upon, and when it was scraped.
    before: Option<(Seconds, Seconds)>,
}

/// A pod that is made up.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pod {
    id: u64,
    health: Health,
    started_at: Seconds,
    changed_at: Seconds,
    restarts: u32,
}

/// What a state counts pods by; the later, the sooner a pod is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    Healthy,
    Failed,
    Pending,
}

/// The numbers of [`Health`], in its order.
const COUNTS: [Metric; 3] = [Metric::PodsHealthy, Metric::PodsFailed, Metric::PodsPending];

/// Which pods change when the numbers do: the first that applies, from left to right.
const CHANGES: [(Health, Health); 6] = [
    (Health::Pending, Health::Healthy),
    (Health::Failed, Health::Healthy),
    (Health::Healthy, Health::Failed),
    (Health::Pending, Health::Failed),
    (Health::Failed, Health::Pending),
    (Health::Healthy, Health::Pending),
];

/// Moments that a look at a state gives to what is new in it.
#[derive(Clone, Copy, Debug)]
struct Moments {
    started: Seconds,
    changed: Seconds,
}

impl PodBook {
    /// A book without pods, for states of the cluster that `table` describes. A scrape interval that its traces do not
    /// show is taken to be `period`, the time between two decisions.
    pub fn new(table: &ClusterTable, period: Seconds) -> Self {
        let window = |seconds: Option<f32>| seconds.map_or(period, |seconds| Seconds(f64::from(seconds)));
        Self {
            topology: Arc::clone(table.topology()),
            windows: table.constants().map(|constants| window(constants.scrape_seconds)),
            pods: table.constants().map(|_| Vec::new()),
            next_id: 0,
            before: None,
        }
    }

    /// The snapshot of the next state.
    pub fn look(&mut self, state: &State) -> Snapshot {
        let scraped_at = state.age.map(|age| state.time - age);
        let at = scraped_at.unwrap_or(state.time);
        let moments =
            self.before.map_or(Moments { started: Seconds(0.0), changed: Seconds(0.0) }, |before| Moments {
                started: before.0,
                changed: Seconds(f64::midpoint(before.1.0, at.0)),
            });
        self.before = Some((state.time, at));
        for (pods, metrics) in self.pods.iter_mut().zip(&state.services) {
            if let Some(counts) = counts(metrics) {
                recount(pods, counts, moments, &mut self.next_id);
            }
        }
        let services = self.pods.iter().zip(&self.windows).zip(&state.services);
        Snapshot {
            time: state.time,
            scraped_at,
            services: services.map(|((pods, window), metrics)| service(metrics, pods, at, *window)).collect(),
            entry_points: self
                .topology
                .entries()
                .zip(&state.entry_rates)
                .map(|((_, entry), rate)| EntryPointSnapshot {
                    request_rate: *rate,
                    available: self.pods[entry.service].iter().any(|pod| pod.health == Health::Healthy),
                })
                .collect(),
            nodes: Vec::new(),
            resilience: state.resilience,
        }
    }
}

/// How many pods are healthy, failed and pending, if the state says it.
fn counts(metrics: &MetricRow) -> Option<[usize; 3]> {
    let [healthy, failed, pending] = COUNTS.map(|metric| metrics.get(metric).map(whole));
    Some([healthy?, failed?, pending?])
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of pods, as a sample")]
fn whole(pods: f32) -> usize {
    pods.round() as usize
}

/// Lets pods go, come and change until there are as many of each kind as `counts` says.
fn recount(pods: &mut Vec<Pod>, counts: [usize; 3], moments: Moments, next_id: &mut u64) {
    let total: usize = counts.iter().sum();
    while pods.len() > total {
        let last = |a: &Pod, b: &Pod| {
            a.health.cmp(&b.health).then(a.changed_at.0.total_cmp(&b.changed_at.0)).then(a.id.cmp(&b.id))
        };
        let victim = (0..pods.len()).max_by(|a, b| last(&pods[*a], &pods[*b]));
        victim.map(|victim| pods.remove(victim));
    }
    while pods.len() < total {
        pods.push(Pod {
            id: *next_id,
            health: Health::Pending,
            started_at: moments.started,
            changed_at: moments.started,
            restarts: 0,
        });
        *next_id += 1;
    }
    for (from, to) in CHANGES {
        let have = |health| pods.iter().filter(|pod| pod.health == health).count();
        let spare = have(from).saturating_sub(counts[from as usize]);
        let room = counts[to as usize].saturating_sub(have(to));
        for pod in pods.iter_mut().filter(|pod| pod.health == from).take(spare.min(room)) {
            pod.health = to;
            pod.changed_at = moments.changed;
            pod.restarts += u32::from(from == Health::Failed);
        }
    }
}

fn service(metrics: &MetricRow, pods: &[Pod], at: Seconds, window: Seconds) -> ServiceSnapshot {
    let healthy = pods.iter().filter(|pod| pod.health == Health::Healthy).count() as f32;
    let share =
        |metric, window| metrics.get(metric).map(|all| PodSample { value: all / healthy, at, window });
    let (cpu, memory) = (share(Metric::CpuUsage, window), share(Metric::MemoryUsage, Seconds(0.0)));
    let asked = metrics.get(Metric::DesiredReplicas).map_or(pods.len(), whole);
    ServiceSnapshot {
        desired: Replicas(u32::try_from(asked).unwrap_or(u32::MAX)),
        metrics: *metrics,
        pods: pods.iter().map(|pod| pod.snapshot(cpu, memory)).collect(),
    }
}

impl Pod {
    fn snapshot(&self, cpu: Option<PodSample>, memory: Option<PodSample>) -> PodSnapshot {
        let healthy = self.health == Health::Healthy;
        PodSnapshot {
            id: self.id,
            phase: if self.health == Health::Pending { PodPhase::Pending } else { PodPhase::Running },
            node: None,
            ready: Some(healthy),
            started_at: Some(self.started_at),
            ready_changed_at: Some(self.changed_at),
            deleting: false,
            crash_looping: self.health == Health::Failed,
            restarts: self.restarts,
            cpu: cpu.filter(|_| healthy),
            memory: memory.filter(|_| healthy),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cluster::tests::{state, table};

    fn moments(at: f64) -> Moments {
        Moments { started: Seconds(at), changed: Seconds(at + 5.0) }
    }

    /// Pods after each of these numbers in turn.
    fn follow(all: &[[usize; 3]]) -> Vec<Pod> {
        let (mut pods, mut next_id) = (Vec::new(), 0);
        for (step, counts) in all.iter().enumerate() {
            recount(&mut pods, *counts, moments(15.0 * step as f64), &mut next_id);
        }
        pods
    }

    fn ids(pods: &[Pod], health: Health) -> Vec<u64> {
        pods.iter().filter(|pod| pod.health == health).map(|pod| pod.id).collect()
    }

    #[test]
    fn a_pod_that_survives_keeps_its_start_and_grows_old() {
        let pods = follow(&[[2, 0, 0], [2, 0, 2], [3, 0, 1], [4, 0, 0]]);
        let seen: Vec<_> = pods.iter().map(|pod| (pod.id, pod.started_at.0, pod.changed_at.0)).collect();
        assert_eq!(seen, [(0, 0.0, 5.0), (1, 0.0, 5.0), (2, 15.0, 35.0), (3, 15.0, 50.0)]);
    }

    #[test]
    fn pods_that_are_not_ready_go_first_and_then_those_that_became_so_last() {
        assert_eq!(ids(&follow(&[[2, 0, 0], [2, 0, 1], [2, 0, 0]]), Health::Healthy), [0, 1]);
        assert_eq!(ids(&follow(&[[3, 0, 0], [2, 1, 1], [2, 0, 0]]), Health::Healthy), [1, 2]);
        assert_eq!(ids(&follow(&[[2, 0, 0], [2, 0, 1], [3, 0, 0], [2, 0, 0]]), Health::Healthy), [0, 1]);
    }

    #[test]
    fn a_pod_that_crashed_comes_back_as_itself_with_one_restart() {
        let pods = follow(&[[3, 0, 0], [2, 1, 0], [2, 0, 1], [3, 0, 0]]);
        assert_eq!(ids(&pods, Health::Healthy), [0, 1, 2]);
        assert_eq!(pods.iter().map(|pod| pod.restarts).collect::<Vec<_>>(), [1, 0, 0]);
    }

    #[test]
    fn healthy_pods_share_what_the_service_uses_and_others_have_no_sample() {
        let mut book = PodBook::new(&table(), Seconds(15.0));
        book.look(&state(0, [3.0, 4.0], [0.0, 0.0]));
        let next = state(1, [4.0, 4.0], [1.0, 0.0]);
        let snapshot = book.look(&next);
        assert_eq!((snapshot.time, snapshot.scraped_at), (next.time, Some(Seconds(70.0))));
        let front = &snapshot.services.as_slice()[0];
        assert_eq!((front.desired, front.pods.len()), (Replicas(4), 4));
        let cpu: Vec<PodSample> = front.pods.iter().filter_map(|pod| pod.cpu).collect();
        let total: f32 = cpu.iter().map(|sample| sample.value).sum();
        assert!((total - front.metrics.get(Metric::CpuUsage).unwrap()).abs() < 1e-2);
        assert!(cpu.iter().all(|sample| (sample.at, sample.window) == (Seconds(70.0), Seconds(5.0))));
        assert_eq!(cpu.len(), 3);
        let fresh = &front.pods[3];
        assert_eq!(
            (fresh.phase, fresh.ready, fresh.started_at),
            (PodPhase::Pending, Some(false), Some(Seconds(60.0)))
        );
        assert!(snapshot.entry_points.as_slice()[0].available);
        assert_eq!(State::from(&snapshot), next);
    }

    #[test]
    fn what_a_state_does_not_say_stays_missing() {
        let mut book = PodBook::new(&table(), Seconds(15.0));
        book.look(&state(0, [2.0, 3.0], [0.0, 0.0]));
        let mut blind = state(1, [2.0, 3.0], [0.0, 0.0]);
        blind.services.as_mut_slice()[0] = MetricRow::default();
        let front = book.look(&blind).services.as_slice()[0].clone();
        assert_eq!((front.desired, front.pods.len()), (Replicas(2), 2), "as they were");
        assert!(front.pods.iter().all(|pod| pod.cpu.is_none() && pod.memory.is_none()));
    }

    proptest! {
        #[test]
        fn there_are_always_as_many_pods_as_the_state_counts(
            all in prop::collection::vec(prop::array::uniform3(0usize..5), 1..12),
        ) {
            let pods = follow(&all);
            let healths = [Health::Healthy, Health::Failed, Health::Pending];
            prop_assert_eq!(healths.map(|health| ids(&pods, health).len()), all[all.len() - 1]);
            prop_assert!(pods.windows(2).all(|pair| pair[0].id < pair[1].id));
        }
    }
}
