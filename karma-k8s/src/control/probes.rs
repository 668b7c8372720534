//! Whether the process is alive and ready, and its numbers, over HTTP.
//!
//! | path | 200 | 503 |
//! |---|---|---|
//! | `/livez` | the loop went forward lately | it hangs: restart the process |
//! | `/readyz` | whatever has to be there before the first decision is | the body says what is not |
//! | `/metrics` | always | |

use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::telemetry::{self, Telemetry};

/// Whether a loop goes forward, and what it waits for. Free of I/O and clocks.
#[derive(Clone, Debug)]
pub struct Health {
    patience: Duration,
    last: Instant,
    missing: BTreeSet<String>,
}

impl Health {
    /// A loop that begins `now`, whose rounds are `period` apart, and of which `rounds` may be missed. It is not ready
    /// before everything in `missing` is there.
    pub fn new(period: Duration, rounds: u32, missing: &[&str], now: Instant) -> Self {
        let missing = missing.iter().map(|what| (*what).to_owned()).collect();
        Self { patience: period.saturating_mul(rounds), last: now, missing }
    }

    /// The loop went forward, be it as a leader or as one that waits.
    pub fn went_forward(&mut self, now: Instant) {
        self.last = self.last.max(now);
    }

    /// Rounds are now so far apart; as many may be missed as `rounds` says.
    pub const fn expect(&mut self, period: Duration, rounds: u32) {
        self.patience = period.saturating_mul(rounds);
    }

    /// Something that is needed is there.
    pub fn has(&mut self, what: &str) {
        self.missing.remove(what);
    }

    /// Something that is needed is not there any more.
    pub fn lacks(&mut self, what: &str) {
        self.missing.insert(what.to_owned());
    }

    /// Whether the loop went forward lately.
    pub fn is_live(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) <= self.patience
    }

    /// What is not there yet; nothing if it is ready.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.missing.iter().map(String::as_str)
    }
}

/// What is asked for over HTTP, shared by the loop and the server.
#[derive(Clone, Debug)]
pub struct Probes {
    health: Arc<Mutex<Health>>,
    telemetry: Arc<Telemetry>,
}

impl Probes {
    /// Probes of a loop and its numbers.
    pub fn new(health: Health, telemetry: Arc<Telemetry>) -> Self {
        Self { health: Arc::new(Mutex::new(health)), telemetry }
    }

    /// The loop's health, to read or to change. Not to be kept over a wait.
    pub fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The paths.
    pub fn router(self) -> Router {
        Router::new()
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self)
    }
}

/// Answers on `listener` until `shutdown`.
///
/// # Errors
/// The listener cannot be used any more.
pub async fn serve(
    listener: TcpListener,
    probes: Probes,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, probes.router()).with_graceful_shutdown(shutdown).await
}

async fn livez(State(probes): State<Probes>) -> (StatusCode, &'static str) {
    if probes.health().is_live(Instant::now()) {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the loop did not go forward lately\n")
    }
}

async fn readyz(State(probes): State<Probes>) -> (StatusCode, String) {
    let health = probes.health();
    let missing: Vec<&str> = health.missing().collect();
    if missing.is_empty() {
        (StatusCode::OK, "ok\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("not there yet: {}\n", missing.join(", ")))
    }
}

async fn metrics(State(probes): State<Probes>) -> Response {
    match probes.telemetry.text() {
        Ok(text) => ([(CONTENT_TYPE, telemetry::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    const PERIOD: Duration = Duration::from_secs(10);

    async fn answer(probes: &Probes, path: &str) -> (u16, String) {
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        let response = probes.clone().router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn probes() -> Probes {
        let health = Health::new(PERIOD, 3, &["policy", "caches"], Instant::now());
        Probes::new(health, Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_is_live_as_long_as_it_goes_forward() {
        let probes = probes();
        tokio::time::advance(PERIOD * 3).await;
        assert_eq!(answer(&probes, "/livez").await, (200, "ok\n".to_owned()));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(answer(&probes, "/livez").await.0, 503);
        probes.health().went_forward(Instant::now());
        assert_eq!(answer(&probes, "/livez").await.0, 200);
    }

    #[tokio::test]
    async fn it_is_ready_when_everything_is_there() {
        let probes = probes();
        assert_eq!(answer(&probes, "/readyz").await, (503, "not there yet: caches, policy\n".to_owned()));
        probes.health().has("caches");
        probes.health().has("policy");
        assert_eq!(answer(&probes, "/readyz").await.0, 200);
        probes.health().lacks("caches");
        assert_eq!(answer(&probes, "/readyz").await, (503, "not there yet: caches\n".to_owned()));
    }

    #[tokio::test]
    async fn numbers_are_served_on_a_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, probes(), async { stopped.await.unwrap_or_default() }));
        let uri = format!("http://{address}").parse().unwrap();
        let client = kube::Client::try_from(kube::Config::new(uri)).unwrap();
        let request = http::Request::get("/metrics").body(Vec::new()).unwrap();
        let text = client.request_text(request).await.unwrap();
        assert!(text.contains("karma_leader 0") && text.ends_with("# EOF\n"), "{text}");
        drop(client);
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    }
}
