//! Stories of pods and nodes: each test is one promise of the simulated cluster.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;

use karma_core::{
    Decision, Id as _, Metric, PodPhase, Replicas, Seconds, ServiceId, Snapshot, Target, Topology,
};
use karma_mock::sim::{Simulation, SimulationConfig, SimulationParams};
use karma_mock::{Event, EventKind, Timeline};

/// One service `web` with these fields, `nodes`, and a constant load.
struct Story {
    service: String,
    rest: String,
    rate: f64,
    malicious: f64,
    events: Vec<Event>,
    params: SimulationParams,
}

fn story(service: &str) -> Story {
    Story {
        service: format!(
            r#""cpu": 500, "ram": 256, "computation_throughput": 50, {service} "max_replicas": 10"#
        ),
        rest: String::new(),
        rate: 20.0,
        malicious: 0.0,
        events: Vec::new(),
        params: SimulationParams::default(),
    }
}

impl Story {
    fn rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    fn rest(self, rest: &str) -> Self {
        Self { rest: rest.to_owned(), ..self }
    }

    fn event(mut self, at: f64, kind: EventKind) -> Self {
        self.events.push(Event { at: Seconds(at), kind });
        self
    }

    fn begin(self) -> Simulation {
        let text = format!(
            r#"{{ "services": {{ "web": {{ {} }} }}, {}
                "connections": [ {{ "source": "INPUT", "destination": "web", "throughput": 20 }} ] }}"#,
            self.service, self.rest
        );
        let topology = Topology::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let mut timeline = Timeline::constant(&vec![self.rate].into(), 0, 1200);
        timeline.malicious.iter_mut().for_each(|rates| rates.fill(self.malicious));
        timeline.events = self.events;
        let config = SimulationConfig::try_from(self.params).unwrap();
        Simulation::new(Arc::new(topology), config, Arc::new(timeline), 3)
    }
}

fn scale(cluster: &mut Simulation, replicas: u32) {
    cluster.scale(&Decision { targets: vec![Target::new(Replicas(replicas), "the story says so")].into() });
}

fn web(snapshot: &Snapshot) -> &karma_core::ServiceSnapshot {
    &snapshot.services[ServiceId::from_index(0)]
}

/// The first whole second at which `until` holds, looked at just after a scrape.
fn when(cluster: &mut Simulation, until: impl Fn(&Snapshot) -> bool) -> f64 {
    while cluster.now().0 < 1200.0 {
        if until(&cluster.observe()) {
            return cluster.now().0;
        }
        cluster.run_until(cluster.now() + Seconds(1.0));
    }
    panic!("it never happened");
}

fn ready(snapshot: &Snapshot) -> usize {
    web(snapshot).pods.iter().filter(|pod| pod.ready == Some(true)).count()
}

fn capacity_only(kind: f64) -> SimulationParams {
    SimulationParams { scrape_period: kind, ..SimulationParams::default() }
}

#[test]
fn a_new_pod_is_ready_only_after_its_start_and_a_readiness_probe() {
    let mut delays = Vec::new();
    for seed_shift in 0..40 {
        let mut cluster = Story { params: capacity_only(1.0), ..story("") }.begin();
        cluster.run_until(Seconds(60.0 + f64::from(seed_shift)));
        let start = cluster.now().0;
        scale(&mut cluster, 6);
        delays.push(when(&mut cluster, |snapshot| ready(snapshot) == 6) - start);
    }
    // The slowest of five: start-up median 8 s, sigma 0.3, then up to 10 s until the probe.
    assert!(delays.iter().all(|delay| (8.0..45.0).contains(delay)), "{delays:?}");
}

#[test]
fn a_pod_that_starts_is_pending_then_running_and_not_ready() {
    let mut cluster = Story { params: capacity_only(0.5), ..story("\"startup_seconds\": 20,") }.begin();
    scale(&mut cluster, 2);
    cluster.run_until(Seconds(2.0));
    let newest = |snapshot: &Snapshot| web(snapshot).pods.last().cloned().unwrap();
    let pod = newest(&cluster.observe());
    assert_eq!((pod.phase, pod.ready, pod.cpu), (PodPhase::Pending, Some(false), None));
    when(&mut cluster, |snapshot| newest(snapshot).phase == PodPhase::Running);
    when(&mut cluster, |snapshot| newest(snapshot).ready == Some(true));
}

#[test]
fn a_pod_without_room_waits_until_room_is_freed() {
    let mut cluster = story("").rest(r#""nodes": [ { "cpu": 1000, "ram": 4096 } ],"#).begin();
    scale(&mut cluster, 3);
    cluster.run_until(Seconds(100.0));
    let snapshot = cluster.observe();
    assert_eq!(ready(&snapshot), 2);
    let waiting = web(&snapshot).pods.iter().find(|pod| pod.started_at.is_none()).unwrap();
    assert_eq!((waiting.phase, waiting.ready), (PodPhase::Pending, None));
    scale(&mut cluster, 2);
    cluster.run_until(Seconds(110.0));
    assert_eq!(web(&cluster.observe()).pods.len(), 2, "the pod that waits is the first to go");
}

#[test]
fn a_crash_backs_off_for_ten_seconds_and_then_for_twenty() {
    let crash = EventKind::Crash { probability: 1.0 };
    let story = story("\"startup_seconds\": 0,").event(50.0, crash).event(100.0, crash);
    let mut cluster = Story {
        params: SimulationParams { scrape_period: 1.0, readiness_period: 0.0, ..SimulationParams::default() },
        ..story
    }
    .begin();
    for (crash, delay) in [(50.0, 10.0), (100.0, 20.0)] {
        cluster.run_until(Seconds(crash + 1.0));
        let pod = web(&cluster.observe()).pods[0].clone();
        assert!(pod.crash_looping && pod.ready == Some(false));
        let back = when(&mut cluster, |snapshot| ready(snapshot) == 1) - crash;
        assert!((back - delay).abs() <= 2.0, "ready again after {back} s");
    }
}

#[test]
fn ten_healthy_minutes_reset_the_back_off() {
    let crash = EventKind::Crash { probability: 1.0 };
    let story = story("\"startup_seconds\": 0,").event(50.0, crash).event(100.0, crash).event(800.0, crash);
    let mut cluster = Story {
        params: SimulationParams { scrape_period: 1.0, readiness_period: 0.0, ..SimulationParams::default() },
        ..story
    }
    .begin();
    cluster.run_until(Seconds(801.0));
    assert_eq!(ready(&cluster.observe()), 0);
    let back = when(&mut cluster, |snapshot| ready(snapshot) == 1) - 800.0;
    assert!((back - 10.0).abs() <= 2.0, "ready again after {back} s");
}

#[test]
fn requests_in_a_crashed_pod_fail_and_none_is_lost() {
    let mut cluster = story("").rate(45.0).event(30.0, EventKind::Crash { probability: 1.0 }).begin();
    cluster.run_until(Seconds(29.9));
    assert_eq!(cluster.ledger().failed, 0);
    cluster.run_until(Seconds(30.0));
    assert!(cluster.ledger().failed > 0);
    assert_eq!(cluster.ledger().in_flight, 0);
    cluster.check_balance().unwrap();
}

#[test]
fn too_much_memory_for_requests_kills_the_pod() {
    // 32 slots of 20 MiB do not fit 256 MiB: an overload crashes the pod, a light load does not.
    let fields = "\"memory_idle\": 50, \"memory_per_request\": 20,";
    let mut light = story(fields).rate(5.0).begin();
    light.run_until(Seconds(300.0));
    assert!(web(&light.observe()).pods[0].restarts == 0);
    let mut heavy = story(fields).rate(200.0).begin();
    heavy.run_until(Seconds(60.0));
    assert!(web(&heavy.observe()).pods[0].crash_looping || web(&heavy.observe()).pods[0].restarts > 0);
}

#[test]
fn a_terminating_pod_finishes_its_requests() {
    let mut cluster = story("\"initial_replicas\": 3,").rate(30.0).begin();
    cluster.run_until(Seconds(20.0));
    scale(&mut cluster, 1);
    cluster.run_until(Seconds(60.0));
    assert_eq!(cluster.ledger().failed, 0);
    assert_eq!(web(&cluster.observe()).pods.len(), 1);
}

#[test]
fn a_grace_period_that_ends_fails_what_is_left() {
    // A request takes 20 s here; two seconds of grace are not enough.
    let slow =
        story("\"work_distribution\": \"deterministic\", \"initial_replicas\": 2, \"concurrency\": 200,")
            .rate(1.0)
            .rest(r#""timeout_seconds": 600,"#);
    let slow = Story {
        service: slow.service.replace("\"computation_throughput\": 50", "\"computation_throughput\": 0.05"),
        params: SimulationParams { grace_period: 2.0, ..SimulationParams::default() },
        ..slow
    };
    let mut cluster = slow.begin();
    cluster.run_until(Seconds(10.0));
    scale(&mut cluster, 1);
    cluster.run_until(Seconds(11.9));
    assert_eq!(cluster.ledger().failed, 0);
    cluster.run_until(Seconds(12.1));
    assert!(cluster.ledger().failed > 0);
}

#[test]
fn neighbours_that_take_a_nodes_cpu_slow_every_pod_on_it() {
    let node = r#""nodes": [ { "cpu": 1000, "ram": 4096 } ],"#;
    let quiet = || story("\"initial_replicas\": 2,").rest(node).rate(70.0);
    let p95 = |story: Story| {
        let mut cluster = story.begin();
        cluster.run_until(Seconds(200.0));
        cluster.report().latency_p95.unwrap().0
    };
    let alone = p95(quiet());
    let contended = p95(quiet().event(0.0, EventKind::Background { share: 0.25 }));
    assert!(contended > 1.5 * alone, "{alone} alone, {contended} beside neighbours");
}

#[test]
fn a_bottleneck_halves_what_a_service_completes() {
    let mut cluster = story("")
        .rate(200.0)
        .event(0.0, EventKind::Speed { service: ServiceId::from_index(0), factor: 0.5 })
        .begin();
    cluster.run_until(Seconds(400.0));
    let per_second = web(&cluster.observe()).metrics.get(Metric::NetworkOut).unwrap() / 80.0;
    assert!((per_second - 25.0).abs() < 5.0, "{per_second} answers per second instead of 50");
}

#[test]
fn a_full_queue_refuses_and_an_impatient_client_gives_up() {
    // 50/s of capacity for 100/s: with a queue of 5 requests are refused at once, with a long one they time out.
    let short = story("\"concurrency\": 1, \"queue_capacity\": 5,").rate(100.0);
    let mut cluster = short.rest(r#""timeout_seconds": 10,"#).begin();
    cluster.run_until(Seconds(100.0));
    assert!(cluster.report().latency_p95.unwrap().0 < 0.25);
    let rate = cluster.report().success_rate.unwrap();
    assert!((rate - 0.5).abs() < 0.05, "{rate}");

    let long = story("\"concurrency\": 1, \"queue_capacity\": 100000,").rate(100.0);
    let mut cluster = long.rest(r#""timeout_seconds": 1,"#).begin();
    cluster.run_until(Seconds(100.0));
    assert!(cluster.report().latency_p95.unwrap().0 > 0.9);
}

#[test]
fn slowness_travels_upstream_through_slots_that_are_held() {
    let text = |blocking: bool| {
        format!(
            r#"{{ "services": {{
                "front": {{ "cpu": 1000, "ram": 512, "computation_throughput": 1000, "concurrency": 4, "queue_capacity": 4, "blocking": {blocking} }},
                "back": {{ "cpu": 100, "ram": 512, "computation_throughput": 10, "concurrency": 8, "queue_capacity": 100 }} }},
                "timeout_seconds": 30,
                "connections": [ {{ "source": "INPUT", "destination": "front", "throughput": 50 }},
                                 {{ "source": "front", "destination": "back" }} ] }}"#
        )
    };
    let queued_at_back = |blocking: bool| {
        let topology = Arc::new(Topology::read(text(blocking).as_bytes()).unwrap());
        let timeline = Arc::new(Timeline::constant(&vec![50.0].into(), 0, 60));
        let mut cluster = Simulation::new(topology, SimulationConfig::default(), timeline, 1);
        cluster.run_until(Seconds(60.0));
        let back = ServiceId::from_index(1);
        cluster.waiting(back).queued
    };
    // Four held slots in front never let eight requests reach the back, so nothing queues there.
    assert_eq!(queued_at_back(true), 0);
    assert!(queued_at_back(false) > 0);
}

#[test]
fn what_is_seen_is_the_last_scrape_with_its_age() {
    let mut cluster = story("").begin();
    assert_eq!(cluster.observe().age(), None);
    assert_eq!(web(&cluster.observe()).metrics.get(Metric::RequestRate), None);
    cluster.run_until(Seconds(12.0));
    let (age, scraped) = (cluster.observe().age().unwrap().0, cluster.observe().scraped_at);
    assert!((0.0..5.0).contains(&age));
    scale(&mut cluster, 4);
    let snapshot = cluster.observe();
    assert_eq!(snapshot.scraped_at, scraped);
    assert_eq!(web(&snapshot).desired, Replicas(4), "the API server knows a new target at once");
    assert_eq!(web(&snapshot).pods.len(), 1, "but the pods are those of the scrape");
}

#[test]
fn a_lost_scrape_is_missing_and_not_zero() {
    let params = SimulationParams { scrape_loss: 1.0, ..SimulationParams::default() };
    let mut cluster = Story { params, ..story("") }.begin();
    cluster.run_until(Seconds(60.0));
    let snapshot = cluster.observe();
    let row = &web(&snapshot).metrics;
    assert_eq!(row.get(Metric::CpuUsage), None);
    assert_eq!(row.get(Metric::PendingRequests), None);
    assert_eq!(row.get(Metric::PodsHealthy), Some(1.0), "the API server is still there");
    assert!(web(&snapshot).pods.iter().all(|pod| pod.cpu.is_none()));
}

#[test]
fn cpu_use_is_what_the_requests_need() {
    let mut cluster = story("").rate(25.0).begin();
    cluster.run_until(Seconds(600.0));
    // 25 requests of 10 ms of CPU each second: 250 m, half of the request of 500 m.
    let mut sum = 0.0;
    for _ in 0..100 {
        cluster.run_until(cluster.now() + Seconds(5.0));
        sum += web(&cluster.observe()).metrics.get(Metric::CpuUtilization).unwrap();
    }
    assert!((sum / 100.0 - 0.5).abs() < 0.03, "{}", sum / 100.0);
}

/// CPU of the only node beyond what its pods are seen to use, in milli-cores.
fn beyond_the_pods(snapshot: &Snapshot) -> f32 {
    assert_eq!((snapshot.nodes.len(), snapshot.nodes[0].capacity), (1, 4000.0));
    let pods: f32 = web(snapshot).pods.iter().filter_map(|pod| pod.cpu).map(|sample| sample.value).sum();
    snapshot.nodes[0].cpu.unwrap() - pods
}

#[test]
fn a_node_uses_what_its_pods_and_others_on_it_use() {
    let node = r#""nodes": [ { "cpu": 4000, "ram": 8192 } ],"#;
    let crowded = EventKind::Background { share: 0.25 };
    let story = story("\"initial_replicas\": 2,").rest(node).rate(60.0);
    let mut cluster = story.event(100.0, crowded).event(200.0, EventKind::Background { share: 0.0 }).begin();
    assert!(cluster.observe().nodes.is_empty(), "nothing was scraped yet");
    let mut others = 0.0;
    let mut scraped = None;
    while cluster.now().0 < 300.0 {
        cluster.run_until(cluster.now() + Seconds(1.0));
        let seen = cluster.observe();
        let (Some(at), true) = (seen.scraped_at, seen.scraped_at != scraped) else { continue };
        others += f64::from(beyond_the_pods(&seen)) * scraped.map_or(0.0, |before: Seconds| at.0 - before.0);
        scraped = Some(at);
    }
    assert!(
        (others / 1000.0 - 100.0).abs() < 0.1,
        "{others} milli-core-seconds instead of 100 s of one core"
    );
}

#[test]
fn what_a_pod_used_before_it_went_is_in_its_nodes_use() {
    let node = r#""nodes": [ { "cpu": 4000, "ram": 8192 } ],"#;
    let mut cluster = story("\"initial_replicas\": 2,").rest(node).rate(60.0).begin();
    let fresh = |snapshot: &Snapshot| snapshot.age().is_some_and(|age| age.0 < 1.0);
    cluster.run_until(Seconds(60.0));
    when(&mut cluster, fresh);
    cluster.run_until(cluster.now() + Seconds(3.0));
    scale(&mut cluster, 1);
    cluster.run_until(cluster.now() + Seconds(1.0));
    when(&mut cluster, fresh);
    let seen = cluster.observe();
    assert_eq!(web(&seen).pods.len(), 1);
    // 300 m for at least three of five seconds.
    let gone = beyond_the_pods(&seen);
    assert!((120.0..330.0).contains(&gone), "{gone}");
}

#[test]
fn malicious_requests_share_the_fate_but_not_the_headline() {
    let mut cluster = Story { malicious: 500.0, ..story("") }.begin();
    cluster.run_until(Seconds(100.0));
    let report = cluster.report();
    let (legitimate, all) = (report.legitimate, report.all);
    assert!(report.success_rate.unwrap() < 0.5);
    assert!((legitimate.answered + legitimate.failed) * 10 < all.answered + all.failed);
}

#[test]
fn one_failed_call_of_several_fails_the_request_and_a_retry_may_save_it() {
    // Each pod of the back fails a request now and then.
    let success = |retries: u32| {
        let text = format!(
            r#"{{ "services": {{
                "front": {{ "cpu": 500, "ram": 512, "computation_throughput": 100 }},
                "back": {{ "cpu": 500, "ram": 512, "computation_throughput": 100, "error_probability": 1.0, "max_replicas": 4, "initial_replicas": 4 }} }},
                "retries": {retries},
                "connections": [ {{ "source": "INPUT", "destination": "front", "throughput": 20 }},
                                 {{ "source": "front", "destination": "back" }} ] }}"#
        );
        let topology = Arc::new(Topology::read(text.as_bytes()).unwrap());
        let timeline = Arc::new(Timeline::constant(&vec![20.0].into(), 0, 300));
        let mut cluster = Simulation::new(topology, SimulationConfig::default(), timeline, 1);
        cluster.run_until(Seconds(300.0));
        cluster.check_balance().unwrap();
        cluster.ledger()
    };
    // An error probability of 1 per minute strikes each pod every second: some requests fail, most do not.
    let (without, with) = (success(0), success(2));
    assert!(without.failed > 100, "{without:?}");
    assert!(with.failed * 5 < without.failed, "{with:?}");
}
