//! An election over the Lease of an API server of a few lines, with time that passes at once.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "common/serve.rs"]
mod serve;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use karma_core::Seconds;
use karma_k8s::control::{Election, ElectionError, ElectionParams, Leader};
use kube::Client;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";

/// Keeps one Lease, and refuses a write of another version.
#[derive(Default)]
struct Kept {
    lease: Option<Value>,
    version: u64,
    writes: Vec<String>,
}

impl Kept {
    fn answer(&mut self, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
        let failure = |code: u16, reason: &str| {
            let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
                                 "code": code, "message": "" });
            (code, status)
        };
        if method == "GET" {
            return self.lease.clone().map_or_else(|| failure(404, "NotFound"), |lease| (200, lease));
        }
        self.writes.push(format!("{method} {path}"));
        let mut lease: Value = serde_json::from_slice(body).unwrap();
        let version = lease["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        let current = self.lease.as_ref().map(|_| self.version.to_string());
        if version != current {
            return failure(409, if method == "POST" { "AlreadyExists" } else { "Conflict" });
        }
        self.version += 1;
        lease["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.lease = Some(lease.clone());
        (200, lease)
    }
}

/// The API server behind one replica's connection, which can be cut.
#[derive(Clone, Default)]
struct Fake {
    kept: Arc<Mutex<Kept>>,
    cut: Arc<Mutex<bool>>,
}

impl Fake {
    fn another(&self) -> Self {
        Self { kept: Arc::clone(&self.kept), cut: Arc::default() }
    }

    fn client(&self) -> Client {
        let fake = self.clone();
        serve::client(move |method, path, _query, body| {
            let reached = !*fake.cut.lock().unwrap();
            reached.then(|| fake.kept.lock().unwrap().answer(method, path, body))
        })
    }

    fn election(&self, identity: &str) -> (Election, Leader) {
        let config = ElectionParams::default().check().unwrap();
        let began = Instant::now();
        let wall = move || Seconds(1_767_225_600.0 + began.elapsed().as_secs_f64());
        Election::new(self.client(), ("shop", "karma"), identity.to_owned(), config, wall).unwrap()
    }

    fn cut(&self) {
        *self.cut.lock().unwrap() = true;
    }

    fn start(&self, identity: &str) -> (Leader, oneshot::Sender<()>) {
        let (election, leader) = self.election(identity);
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(election.run(async { stopped.await.unwrap_or_default() }));
        (leader, stop)
    }
}

async fn seconds(count: f64) {
    sleep(Duration::from_secs_f64(count)).await;
}

fn leads(leader: &Leader) -> bool {
    leader.is_leading(Instant::now())
}

#[tokio::test(start_paused = true)]
async fn the_first_makes_the_lease_and_renews_it() {
    let fake = Fake::default();
    let (leader, _stop) = fake.start("a-1");
    seconds(1.0).await;
    assert!(leads(&leader));
    let lease = fake.kept.lock().unwrap().lease.clone().unwrap();
    let spec = json!({ "holderIdentity": "a-1", "leaseDurationSeconds": 15, "leaseTransitions": 0,
                       "acquireTime": "2026-01-01T00:00:00.000000Z", "renewTime": "2026-01-01T00:00:00.000000Z" });
    assert_eq!(lease["spec"], spec);
    seconds(60.0).await;
    assert!(leads(&leader));
    let kept = fake.kept.lock().unwrap();
    assert_eq!(kept.writes[..2], [format!("POST {LEASES}"), format!("PUT {LEASES}/karma")]);
    let spec = &kept.lease.as_ref().unwrap()["spec"];
    assert_eq!(
        (&spec["acquireTime"], &spec["leaseTransitions"]),
        (&json!("2026-01-01T00:00:00.000000Z"), &json!(0))
    );
    assert_eq!(spec["renewTime"], json!("2026-01-01T00:01:00.000000Z"));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cut_off_stops_to_lead_before_another_takes_over() {
    let fake = Fake::default();
    let other = fake.another();
    let (mut first, _stop) = fake.start("a-1");
    seconds(1.0).await;
    let (second, _stop) = other.start("b-1");
    seconds(20.0).await;
    assert!(leads(&first) && !leads(&second));
    fake.cut();
    let cut = Instant::now();
    first.lost().await;
    assert!(!leads(&first) && !leads(&second));
    assert!(cut.elapsed() <= Duration::from_secs(10), "{:?}", cut.elapsed());
    while !leads(&second) {
        seconds(0.1).await;
        assert!(cut.elapsed() < Duration::from_secs(20), "a lease and its looks are over");
    }
    assert!(cut.elapsed() > Duration::from_secs(12), "{:?}", cut.elapsed());
    let standing = first.watch().borrow().clone();
    let words = "no answer within 2 s to get leases.coordination.k8s.io karma in namespace shop";
    assert_eq!(standing.trouble.as_deref(), Some(words));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_shut_down_gives_the_lease_up() {
    let fake = Fake::default();
    let (first, stop) = fake.start("a-1");
    seconds(1.0).await;
    let (second, _stop) = fake.another().start("b-1");
    seconds(1.0).await;
    stop.send(()).unwrap();
    seconds(0.1).await;
    assert!(!leads(&first) && !leads(&second));
    assert_eq!(fake.kept.lock().unwrap().lease.as_ref().unwrap()["spec"]["holderIdentity"], json!(""));
    seconds(2.0).await;
    assert!(leads(&second));
    assert_eq!(second.watch().borrow().holder.as_deref(), Some("b-1"));
}

#[tokio::test(start_paused = true)]
async fn of_two_that_begin_at_once_one_leads() {
    let fake = Fake::default();
    let leaders = [fake.start("a-1"), fake.another().start("b-1")];
    for _ in 0..50 {
        seconds(1.0).await;
        assert_eq!(leaders.iter().filter(|(leader, _)| leads(leader)).count(), 1);
    }
}

#[tokio::test]
async fn a_candidate_without_a_name_is_refused() {
    let config = ElectionParams::default().check().unwrap();
    let client = Fake::default().client();
    let refused = Election::new(client, ("shop", "karma"), String::new(), config, || Seconds(0.0));
    assert_eq!(refused.unwrap_err(), ElectionError::Identity);
}
