//! The load generator against a server of known behaviour.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::time::Duration;

use karma_core::Seconds;
use karma_mock::load::testing::{FixedParams, FixedServer};
use karma_mock::load::{
    Connections, Counts, LoadPlan, LoadReport, Pacing, Progress, Target, TargetParams, WORK_HEADER, run,
};

const MS: f64 = 1e-3;

fn server(delay_millis: u64) -> FixedServer {
    FixedServer::start(FixedParams { delay: Duration::from_millis(delay_millis), ..FixedParams::default() })
        .unwrap()
}

fn target(server: &FixedServer, path: &str, change: impl FnOnce(&mut TargetParams)) -> Target {
    let mut params = TargetParams::of(server.url(path));
    change(&mut params);
    params.check().unwrap()
}

fn uniform(rate: f64, seconds: u32) -> LoadPlan {
    LoadPlan::constant(rate, seconds).unwrap().paced(Pacing::Uniform)
}

fn to_the_end(plan: &LoadPlan, target: &Target) -> LoadReport {
    run(plan, target, |_| true).unwrap()
}

fn value(time: Option<Seconds>) -> f64 {
    time.unwrap().0
}

#[test]
fn a_server_of_constant_delay_is_measured_at_that_delay_over_either_kind_of_connection() {
    let server = server(20);
    for connections in [Connections::PerRequest, Connections::Kept] {
        let target = target(&server, "/", |params| params.connections = connections);
        let report = to_the_end(&uniform(200.0, 2), &target);
        let counts = report.legitimate.counts;
        assert_eq!((counts.intended, counts.ok), (400, 400), "{report}");
        let p50 = value(report.legitimate.latency.quantile(0.5));
        assert!((20.0 * MS..35.0 * MS).contains(&p50), "{report}");
        let service = value(report.legitimate.service_time.quantile(0.5));
        assert!((20.0 * MS..=p50 + MS).contains(&service), "{report}");
        assert!((report.achieved_rate() - 200.0).abs() < 20.0, "{report}");
    }
}

/// The server stalls for two seconds. A closed loop would send nothing meanwhile and count one slow request for each
/// connection; here every request that was due in the stall waits for its end: one second on average.
#[test]
fn a_stall_neither_slows_the_schedule_nor_hides_behind_it() {
    let stall = Some(Duration::from_secs(1)..Duration::from_secs(3));
    let server = FixedServer::start(FixedParams { stall, ..FixedParams::default() }).unwrap();
    let target = target(&server, "/", |params| params.connections = Connections::Kept);
    let report = to_the_end(&uniform(100.0, 5), &target);
    let rows = &report.legitimate.seconds;
    assert_eq!(rows.iter().map(|row| row.counts.ok).collect::<Vec<_>>(), [100; 5], "{report}");
    let means: Vec<f64> = rows.iter().map(|row| value(row.mean)).collect();
    for (second, expected) in [(0, 0.0), (1, 1.5), (2, 0.5), (3, 0.0), (4, 0.0)] {
        assert!((means[second] - expected).abs() < 0.15, "second {second}: {means:?}");
    }
    let stalled = f64::midpoint(means[1], means[2]);
    assert!((stalled - 1.0).abs() < 0.1, "{stalled}");
    let long = report.legitimate.counts.ok - report.legitimate.latency.within(Seconds(0.5));
    assert!((140..=160).contains(&long), "{long} requests waited for more than half a second");
    // Nothing of it is the generator's: it sent on time.
    assert!(value(report.lateness.quantile(0.9)) < 0.1, "{report}");
    assert!((report.sending.0 - 5.0).abs() < 0.5, "{report}");
}

#[test]
fn every_way_to_fail_is_counted_apart() {
    let server = server(0);
    let of = |path: &str| {
        let target = target(&server, path, |params| params.timeout = 1.0);
        let report = to_the_end(&uniform(20.0, 1), &target);
        assert!(report.legitimate.latency.is_empty(), "{path} is no answer");
        (report.legitimate.counts, report.legitimate.statuses)
    };
    let all = Counts { intended: 20, ..Counts::default() };
    assert_eq!(of("/503"), (Counts { server_error: 20, ..all }, BTreeMap::from([(503, 20)])));
    assert_eq!(of("/reset"), (Counts { reset: 20, ..all }, BTreeMap::new()));
    assert_eq!(of("/cut"), (Counts { reset: 20, ..all }, BTreeMap::new()));
    assert_eq!(of("/garbage"), (Counts { malformed: 20, ..all }, BTreeMap::new()));
    assert_eq!(of("/hang"), (Counts { timed_out: 20, ..all }, BTreeMap::new()));
}

#[test]
fn where_nobody_listens_requests_are_refused() {
    let url = server(0).url("/");
    let target = TargetParams::of(url).check().unwrap();
    let counts = to_the_end(&uniform(20.0, 1), &target).legitimate.counts;
    assert_eq!(counts, Counts { intended: 20, refused: 20, ..Counts::default() });
    assert_eq!(counts.success_rate(), Some(0.0));
}

#[test]
fn requests_beyond_the_most_in_flight_are_not_sent_and_the_report_says_so() {
    let server = server(0);
    let target = target(&server, "/hang", |params| {
        params.max_in_flight = Some(10);
        params.timeout = 5.0;
    });
    let report = to_the_end(&uniform(50.0, 1), &target);
    let expected = Counts { intended: 50, timed_out: 10, not_sent: 40, ..Counts::default() };
    assert_eq!(report.legitimate.counts, expected);
    assert_eq!(report.achieved_rate(), 10.0);
    assert!(report.to_string().contains("40 requests were not sent"), "{report}");
}

#[test]
fn a_stopped_load_tells_what_was_measured_and_leaves_the_rest_unfinished() {
    let server = server(0);
    let target = target(&server, "/hang", |_| ());
    let soon = |progress: &Progress| progress.elapsed < Duration::from_secs(1);
    let report = run(&uniform(100.0, 600), &target, soon).unwrap();
    let counts = report.legitimate.counts;
    assert!(report.stopped && report.sending.0 < 20.0, "{report}");
    assert!(counts.unfinished >= 80 && counts.unfinished == counts.intended, "{report}");
    let rows = &report.legitimate.seconds;
    assert_eq!(rows.iter().map(|row| row.counts.unfinished).sum::<u64>(), counts.unfinished);
    assert_eq!(counts.success_rate(), None);
}

#[test]
fn malicious_requests_are_counted_apart_and_say_what_work_they_ask_for() {
    let server = FixedServer::start(FixedParams { remember: true, ..FixedParams::default() }).unwrap();
    let plan = uniform(30.0, 1).attacked(10.0, 2.5).unwrap();
    let report = to_the_end(&plan, &target(&server, "/cart?items=3", |_| ()));
    assert_eq!((report.legitimate.counts.ok, report.malicious.counts.ok), (30, 10), "{report}");
    let heads = server.heads();
    assert!(heads.iter().all(|head| head.starts_with("GET /cart?items=3 HTTP/1.1\r\n")), "{heads:?}");
    let asked = heads.iter().filter(|head| head.contains(&format!("{WORK_HEADER}: 2.5\r\n")));
    assert_eq!((heads.len(), asked.count()), (40, 10));
}

#[test]
fn kept_connections_are_used_again_and_others_are_not() {
    let server = FixedServer::start(FixedParams { remember: true, ..FixedParams::default() }).unwrap();
    for connections in [Connections::PerRequest, Connections::Kept] {
        to_the_end(&uniform(20.0, 1), &target(&server, "/", |params| params.connections = connections));
    }
    let closing = server.heads().iter().filter(|head| head.contains("connection: close")).count();
    assert_eq!((server.heads().len(), closing), (40, 20));
    assert!(server.connections() <= 20 + 5, "{} connections for 20 + 20 requests", server.connections());
}

#[test]
fn a_kept_connection_that_the_server_has_closed_meanwhile_costs_no_request() {
    let server = server(0);
    let target = target(&server, "/once", |params| {
        params.connections = Connections::Kept;
        params.timeout = 2.0;
    });
    let report = to_the_end(&uniform(20.0, 1), &target);
    assert_eq!(report.legitimate.counts.ok, 20, "{report}");
    assert_eq!(server.connections(), 20);
}

#[test]
fn a_report_survives_json() {
    let server = server(1);
    let report = to_the_end(&uniform(20.0, 1), &target(&server, "/", |_| ()));
    let text = serde_json::to_string(&report).unwrap();
    let read: LoadReport = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert_eq!(read.legitimate.seconds, report.legitimate.seconds);
}
