//! Laws that hold whatever happens: requests are conserved after every event, and one seed is one history.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fmt::Write as _;
use std::sync::Arc;

use karma_core::{Decision, Id as _, Replicas, Seconds, ServiceId, Target, Topology};
use karma_mock::sim::{Simulation, SimulationConfig, SimulationParams};
use karma_mock::{Event, EventKind, Timeline};
use proptest::prelude::*;

/// A service as JSON fields: every mechanism of the simulation can be switched on.
#[derive(Clone, Debug)]
struct Plan {
    services: Vec<String>,
    connections: String,
    balancing: &'static str,
    retries: u32,
    rate: f64,
    events: Vec<Event>,
    scalings: Vec<Vec<u32>>,
    seed: u64,
}

const SECONDS: u32 = 40;

prop_compose! {
    fn service()(
        cpu in 100u32..1500, throughput in 20.0f64..200.0, concurrency in 1u32..6, queue in 0u32..5,
        blocking: bool, fan_out in prop::sample::select(vec!["sequential", "parallel", "weighted"]),
        memory in prop::sample::select(vec![0.0, 20.0, 60.0]), startup in 0.0f64..10.0,
        faults in prop::array::uniform4(prop::sample::select(vec![0.0, 0.0, 0.9])),
    ) -> String {
        format!(
            r#""cpu": {cpu}, "ram": 256, "computation_throughput": {throughput}, "concurrency": {concurrency},
               "queue_capacity": {queue}, "blocking": {blocking}, "fan_out": "{fan_out}", "memory_per_request": {memory},
               "startup_seconds": {startup}, "max_replicas": 6, "initial_replicas": 2,
               "warning_probability": {}, "error_probability": {}, "degraded_probability": {}, "failure_probability": {}"#,
            faults[0], faults[1], faults[2], faults[3]
        )
    }
}

fn event(services: usize) -> impl Strategy<Value = Event> {
    let kind = prop_oneof![
        (0..services, 0.1f64..2.0)
            .prop_map(|(s, factor)| EventKind::Speed { service: ServiceId::from_index(s), factor }),
        (0.0f64..0.95).prop_map(|share| EventKind::Background { share }),
        (0.0f64..1.0).prop_map(|probability| EventKind::Crash { probability }),
        (0..services, 0u32..4)
            .prop_map(|(s, pods)| EventKind::Kill { service: ServiceId::from_index(s), pods }),
        (0..services, 0u32..4)
            .prop_map(|(s, pods)| EventKind::CrashPods { service: ServiceId::from_index(s), pods }),
        (0.0f64..1.0).prop_map(|probability| EventKind::Alteration { probability }),
        (0.0f64..4.0).prop_map(|factor| EventKind::MaliciousWork { factor }),
    ];
    (0.0..f64::from(SECONDS), kind).prop_map(|(at, kind)| Event { at: Seconds(at), kind })
}

/// Edges go from lower to higher services, so the graph is acyclic; service 0 is the entry.
fn connections(services: usize) -> impl Strategy<Value = String> {
    let edge = (
        0..services,
        0..services,
        prop::sample::select(vec![0.3, 1.0, 2.5]),
        prop::sample::select(vec![-1.0, 5.0]),
    );
    prop::collection::vec(edge, 0..2 * services).prop_map(|edges| {
        let mut text = String::from(r#"{ "source": "INPUT", "destination": "s0", "throughput": 50 }"#);
        let mut seen = std::collections::BTreeSet::new();
        for (a, b, calls, limit) in edges {
            if a < b && seen.insert((a, b)) {
                let _ = write!(text, r#", {{ "source": "s{a}", "destination": "s{b}", "calls": {calls}, "throughput": {limit} }}"#);
            }
        }
        text
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    (1usize..6).prop_flat_map(|n| {
        let balancing = prop::sample::select(vec!["random", "round_robin", "least_requests"]);
        let scalings = prop::collection::vec(prop::collection::vec(0u32..9, n), 3);
        let events = prop::collection::vec(event(n), 0..6);
        (
            prop::collection::vec(service(), n),
            connections(n),
            balancing,
            0u32..3,
            1.0f64..150.0,
            events,
            scalings,
            any::<u64>(),
        )
            .prop_map(
                |(services, connections, balancing, retries, rate, mut events, scalings, seed)| {
                    events.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
                    Plan { services, connections, balancing, retries, rate, events, scalings, seed }
                },
            )
    })
}

impl Plan {
    fn cluster(&self) -> Simulation {
        let services: Vec<_> =
            self.services.iter().enumerate().map(|(i, s)| format!(r#""s{i}": {{ {s} }}"#)).collect();
        // One small node: pods wait for room, and contention bites.
        let text = format!(
            r#"{{ "services": {{ {} }}, "connections": [ {} ], "balancing": "{}", "retries": {}, "timeout_seconds": 2,
                "slo_seconds": 0.5, "nodes": [ {{ "cpu": 8000, "ram": 4096 }} ] }}"#,
            services.join(","),
            self.connections,
            self.balancing,
            self.retries
        );
        let topology = Topology::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let mut timeline = Timeline::constant(&vec![self.rate].into(), 5, SECONDS - 5);
        timeline.malicious.iter_mut().for_each(|rates| rates[10..25].fill(self.rate));
        timeline.events.clone_from(&self.events);
        let params = SimulationParams {
            scrape_loss: 0.2,
            cpu_period: self.cpu_period(),
            network: if self.seed & 2 == 0 { 0.0 } else { 0.003 },
            ..SimulationParams::default()
        };
        Simulation::new(
            Arc::new(topology),
            SimulationConfig::try_from(params).unwrap(),
            Arc::new(timeline),
            self.seed,
        )
    }

    /// Seconds; 0 where CPU flows.
    fn cpu_period(&self) -> f64 {
        if self.seed & 1 == 0 { 0.0 } else { 0.1 }
    }

    /// Plays the whole plan; `each` sees the cluster after every event.
    fn play(&self, mut each: impl FnMut(&Simulation)) -> Simulation {
        let mut cluster = self.cluster();
        for (index, scaling) in self.scalings.iter().enumerate() {
            while cluster.step(Seconds(f64::from(SECONDS) / 4.0 * (index + 1) as f64)).is_some() {
                each(&cluster);
            }
            let targets =
                scaling.iter().map(|replicas| Target::new(Replicas(*replicas), "planned")).collect();
            cluster.scale(&Decision { targets });
            each(&cluster);
        }
        while cluster.step(Seconds(f64::from(SECONDS))).is_some() {
            each(&cluster);
        }
        cluster
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn requests_are_conserved_after_every_event(plan in plan()) {
        let mut broken = None;
        plan.play(|cluster| {
            if broken.is_none() {
                broken = cluster.check_balance().err();
            }
        });
        prop_assert_eq!(broken, None);
    }

    #[test]
    fn one_seed_is_one_history(plan in plan()) {
        let first = plan.play(|_| {});
        let second = plan.play(|_| {});
        prop_assert_eq!(first.digest(), second.digest());
        prop_assert_eq!(first.report(), second.report());
        prop_assert_eq!(first.observe(), second.observe());
        let other = Plan { seed: plan.seed ^ 1, ..plan }.play(|_| {});
        prop_assert_ne!(first.digest(), other.digest());
    }

    #[test]
    fn a_snapshot_is_finite_and_counts_its_pods(plan in plan()) {
        let mut cluster = plan.cluster();
        for second in 1..=SECONDS {
            cluster.run_until(Seconds(f64::from(second)));
            let snapshot = cluster.observe();
            prop_assert!(snapshot.age().is_none_or(|age| (0.0..=5.0 + 1e-9).contains(&age.0)));
            for (id, service) in snapshot.services.iter_enumerated() {
                let row = &service.metrics;
                let limit = 1000.0 * cluster.topology().services[id].cpu_limit.cores();
                let ready = service.pods.iter().filter(|pod| pod.ready == Some(true)).count() as f32;
                prop_assert_eq!(row.get(karma_core::Metric::PodsHealthy).unwrap_or(0.0), ready);
                for pod in &service.pods {
                    let Some(sample) = pod.cpu else { continue };
                    // A window touches at most two periods more than fit into it, and each has its whole quota.
                    let (usage, periods) = (f64::from(sample.value), 2.0 * plan.cpu_period() / sample.window.0);
                    let most = limit * (1.0 + periods) * 1.001;
                    prop_assert!((0.0..=most).contains(&usage), "{} m used by a pod of {} m", usage, limit);
                }
            }
        }
    }
}

#[test]
fn threads_do_not_change_what_happens() {
    let run = |seed: u64| {
        let topology = Arc::new(karma_mock::topologies::by_name("chain4").unwrap());
        let timeline = Arc::new(Timeline::constant(&vec![80.0].into(), 0, 30));
        let mut cluster = Simulation::new(topology, SimulationConfig::default(), timeline, seed);
        cluster.run_until(Seconds(30.0));
        cluster.digest()
    };
    let alone: Vec<_> = (0..6).map(run).collect();
    let together: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..6).map(|seed| scope.spawn(move || run(seed))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    assert_eq!(alone, together);
}
