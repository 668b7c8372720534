//! Mock services on free ports: queue, order of calls, retries, faults, drain, metrics.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]
#![expect(clippy::disallowed_methods, reason = "real services take real time")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use karma_mock::service::{Server, ServiceConfig, ServiceParams};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A service that runs.
struct Running {
    address: SocketAddr,
    admin_address: SocketAddr,
    end: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    const fn address(&self) -> SocketAddr {
        self.address
    }

    const fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    async fn drain(self) -> bool {
        self.end.send(()).unwrap();
        self.served.await.unwrap().is_ok()
    }
}

fn local(address: SocketAddr) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], address.port()))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn service(settings: &str) -> Running {
    let text = format!(r#"{{"name": "a", "port": 0, "admin_port": 0 {settings}}}"#);
    let params: ServiceParams = serde_json::from_str(&text).unwrap();
    let server = Server::bind(&ServiceConfig::try_from(params).unwrap(), |_| None).await.unwrap();
    let (requests, admin) = server.addresses().unwrap();
    let (end, ended) = oneshot::channel();
    let served = tokio::spawn(server.serve(async {
        // A test that has dropped its service ends its runtime, too.
        if ended.await.is_err() {
            std::future::pending::<()>().await;
        }
    }));
    Running { address: local(requests), admin_address: local(admin), end, served }
}

/// Status and body of one request.
async fn ask(address: SocketAddr, line: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = "host: a\r\nconnection: close\r\ncontent-type: application/json";
    let request = format!("{line} HTTP/1.1\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

async fn process(address: SocketAddr) -> u16 {
    ask(address, "POST /process", "").await.0
}

async fn set_faults(running: &Running, faults: &str) -> u16 {
    ask(running.admin_address(), "PUT /faults", faults).await.0
}

async fn scrape(running: &Running) -> String {
    ask(running.admin_address(), "GET /metrics", "").await.1
}

#[test]
fn a_full_queue_is_refused_and_the_queued_are_served() {
    block_on(async {
        let running =
            service(r#", "concurrency": 1, "queue_capacity": 1, "work": {"mean_seconds": 0.2}"#).await;
        let address = running.address();
        let (a, b, c) = tokio::join!(process(address), process(address), process(address));
        let mut statuses = [a, b, c];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 503]);
    });
}

#[test]
fn a_call_goes_downstream_and_a_failed_one_fails_the_request_after_its_retries() {
    block_on(async {
        let below = service("").await;
        let call = format!(r#", "retries": 2, "calls": [{{"service": "{}", "calls": 2}}]"#, below.address());
        let above = service(&call).await;
        assert_eq!(process(above.address()).await, 200);
        assert!(scrape(&below).await.contains(r#"status_code="200",http_route="/process"} 2"#));
        set_faults(&below, r#"{"error_rate": 1}"#).await;
        assert_eq!(process(above.address()).await, 502);
        // The first of the two calls is tried three times; the second is never made.
        assert!(scrape(&below).await.contains(r#"status_code="500",http_route="/process"} 3"#));
    });
}

#[test]
fn parallel_calls_overlap_and_sequential_ones_do_not() {
    block_on(async {
        let below = service("").await;
        set_faults(&below, r#"{"latency_seconds": 0.5}"#).await;
        let calls = format!(r#""calls": [{{"service": "{}", "calls": 2}}]"#, below.address());
        for (fan_out, least, most) in [("parallel", 0.5, 0.98), ("sequential", 1.0, 9.0)] {
            let above = service(&format!(r#", "fan_out": "{fan_out}", {calls}"#)).await;
            let begin = Instant::now();
            assert_eq!(process(above.address()).await, 200);
            let took = begin.elapsed().as_secs_f64();
            assert!((least..most).contains(&took), "{fan_out}: {took}");
        }
    });
}

#[test]
fn a_weighted_call_goes_to_one_of_the_services() {
    block_on(async {
        let below = service("").await;
        let calls = format!(
            r#", "fan_out": "weighted",
               "calls": [{{"service": "{}"}}, {{"service": "127.0.0.1:1", "weight": 0}}]"#,
            below.address()
        );
        let above = service(&calls).await;
        for _ in 0..5 {
            assert_eq!(process(above.address()).await, 200);
        }
    });
}

#[test]
fn the_work_header_multiplies_work_downstream_too() {
    block_on(async {
        let below = service(r#", "work": {"mean_seconds": 0.05}"#).await;
        let above = service(&format!(r#", "calls": [{{"service": "{}"}}]"#, below.address())).await;
        let begin = Instant::now();
        assert_eq!(
            ask(above.address(), "POST /process HTTP/1.1\r\nx-karma-work: 6\r\nx-rest:", "").await.0,
            200
        );
        assert!(begin.elapsed() >= Duration::from_millis(290), "{:?}", begin.elapsed());
    });
}

#[test]
fn a_service_that_hangs_answers_nothing_until_it_is_switched_back() {
    block_on(async {
        let running = service("").await;
        set_faults(&running, r#"{"hang": true}"#).await;
        let address = running.address();
        let waiting = tokio::spawn(async move { process(address).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!waiting.is_finished());
        assert_eq!(ask(running.admin_address(), "GET /livez", "").await.0, 503);
        set_faults(&running, "{}").await;
        assert_eq!(waiting.await.unwrap(), 200);
        assert_eq!(ask(running.admin_address(), "GET /livez", "").await.0, 200);
    });
}

#[test]
fn a_fault_out_of_range_is_refused() {
    block_on(async {
        let running = service("").await;
        assert_eq!(set_faults(&running, r#"{"error_rate": 2}"#).await, 422);
        assert!(ask(running.admin_address(), "GET /faults", "").await.1.contains("\"error_rate\":0.0"));
    });
}

#[test]
fn readiness_waits_for_the_startup() {
    block_on(async {
        let running = service(r#", "startup_seconds": 0.3"#).await;
        assert_eq!(ask(running.admin_address(), "GET /readyz", "").await.0, 503);
        tokio::time::sleep(Duration::from_millis(350)).await;
        assert_eq!(ask(running.admin_address(), "GET /readyz", "").await.0, 200);
    });
}

#[test]
fn a_drain_finishes_what_is_in_flight_and_takes_no_more() {
    block_on(async {
        let running = service(r#", "work": {"mean_seconds": 0.3}"#).await;
        let address = running.address();
        let request = tokio::spawn(async move { process(address).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(running.drain().await);
        assert_eq!(request.await.unwrap(), 200);
        assert!(TcpStream::connect(address).await.is_err());
    });
}

#[test]
fn work_that_was_begun_is_finished_when_the_client_has_left() {
    block_on(async {
        let running = service(r#", "work": {"mean_seconds": 0.3}"#).await;
        let left = tokio::time::timeout(Duration::from_millis(50), process(running.address())).await;
        assert!(left.is_err());
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(scrape(&running).await.contains("karma_service_in_service 1"));
    });
}
