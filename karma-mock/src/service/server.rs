//! The process: its two ports, and its end.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Json, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use super::WORK_HEADER;
use super::config::ServiceConfig;
use super::faults::Faults;
use super::mock::Mock;

/// How long a service that ends still takes requests: until everybody has heard that it is not ready.
const LAME: Duration = Duration::from_secs(1);
/// How long it may finish what it has.
const GRACE: Duration = Duration::from_secs(30);
/// Between the answer to a request to crash and the crash.
const LAST_WORDS: Duration = Duration::from_millis(20);
/// Exit status of a process that was told to crash, as of one that was killed.
const CRASHED: i32 = 137;

/// A service that listens.
#[derive(Debug)]
pub struct Server {
    mock: Arc<Mock>,
    requests: TcpListener,
    admin: TcpListener,
}

impl Server {
    /// Listens on the two ports of the settings (0: any that is free). `variable` reads an environment variable.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn bind(config: &ServiceConfig, variable: impl Fn(&str) -> Option<String>) -> io::Result<Self> {
        let params = config.params();
        let (requests, admin) = (listen(params.port).await?, listen(params.admin_port).await?);
        Ok(Self { mock: Arc::new(Mock::new(config, variable)), requests, admin })
    }

    /// Where it takes requests, and where it is asked.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.requests.local_addr()?, self.admin.local_addr()?))
    }

    /// Serves until `end` comes, then finishes what it has: not ready at once, no new connection after a second, and at
    /// most 30 seconds in all.
    ///
    /// # Errors
    /// When a port fails.
    pub async fn serve(self, end: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { mock, requests, admin } = self;
        let admin = tokio::spawn(axum::serve(admin, admin_router(Arc::clone(&mock))).into_future());
        let leaving = Arc::clone(&mock);
        let (told, ended) = tokio::sync::oneshot::channel();
        let lame = async move {
            end.await;
            leaving.drain();
            let _ = told.send(()); // nobody waits if serving failed
            sleep(LAME).await;
        };
        let serving = axum::serve(requests, router(mock)).with_graceful_shutdown(lame).into_future();
        let too_long = async {
            let _ = ended.await;
            sleep(GRACE).await;
        };
        let served = tokio::select! {
            served = serving => served,
            () = too_long => Ok(()),
        };
        admin.abort();
        served
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await;
    listener.map_err(|error| io::Error::new(error.kind(), format!("port {port}: {error}")))
}

fn router(mock: Arc<Mock>) -> Router {
    Router::new().route("/process", get(process).post(process)).with_state(mock)
}

/// The body is read and left: the published mocks take one.
async fn process(
    State(mock): State<Arc<Mock>>,
    method: Method,
    headers: HeaderMap,
    _body: Bytes,
) -> StatusCode {
    let begin = Instant::now();
    let work = headers.get(WORK_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
    let work: f64 = work.filter(|factor: &f64| (0.0..=1e4).contains(factor)).unwrap_or(1.0);
    let metrics = Arc::clone(&mock.metrics);
    let _active = metrics.enter();
    let status = mock.request(work).await;
    metrics.answer(if method == Method::GET { "GET" } else { "POST" }, status, begin.elapsed());
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn admin_router(mock: Arc<Mock>) -> Router {
    Router::new()
        .route("/livez", get(|State(mock): State<Arc<Mock>>| async move { probe(mock.is_alive()) }))
        .route("/readyz", get(|State(mock): State<Arc<Mock>>| async move { probe(mock.is_ready()) }))
        .route("/metrics", get(metrics))
        .route("/faults", get(show_faults).put(set_faults))
        .route("/faults/crash", post(crash))
        .with_state(mock)
}

const fn probe(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn metrics(State(mock): State<Arc<Mock>>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([("content-type", kind)], mock.metrics_text())
}

async fn show_faults(State(mock): State<Arc<Mock>>) -> Json<Faults> {
    Json(mock.faults())
}

async fn set_faults(
    State(mock): State<Arc<Mock>>,
    Json(faults): Json<Faults>,
) -> Result<Json<Faults>, (StatusCode, String)> {
    faults.check().map_err(|said| (StatusCode::UNPROCESSABLE_ENTITY, said))?;
    mock.set_faults(faults);
    Ok(Json(faults))
}

/// The answer goes out first: a client that heard nothing would ask again, and the next process would crash too.
#[expect(clippy::exit, reason = "to crash is what it is asked for")]
async fn crash() -> StatusCode {
    tokio::spawn(async {
        sleep(LAST_WORDS).await;
        std::process::exit(CRASHED)
    });
    StatusCode::ACCEPTED
}
