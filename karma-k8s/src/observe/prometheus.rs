//! Prometheus over HTTP.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Limited};
use karma_core::Seconds;
use kube::client::Body;
use kube::config::AuthInfo;
use kube::{Client, Config};
use serde::{Deserialize, Serialize};

use super::answer::{Sample, samples};
use super::error::PrometheusError;

/// Where instant queries are asked, below the address.
const QUERY: &str = "/api/v1/query";
/// Longest answer, bytes: a thousand Deployments take about 100 kB.
const LONGEST: usize = 8 << 20;
/// Longest wait for an answer that makes sense, seconds.
const PATIENCE: f64 = 60.0;

/// Where Prometheus is, as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrometheusParams {
    /// Its address with the path before `/api`, such as `http://prometheus.monitoring:9090`.
    pub url: String,
    /// Seconds after which a question is given up, above 0 to 60. Default 5.
    pub timeout_seconds: f64,
    /// File with a bearer token, read again when it changes. Default none.
    pub token_file: Option<PathBuf>,
    /// File with certificates, PEM, that vouch for its own. Default: those of the system.
    pub ca_file: Option<PathBuf>,
}

impl Default for PrometheusParams {
    fn default() -> Self {
        Self { url: String::new(), timeout_seconds: 5.0, token_file: None, ca_file: None }
    }
}

/// A Prometheus that can be asked; its copies share their connections.
#[derive(Clone, Debug)]
pub struct Prometheus(Arc<Connection>);

/// What the copies share.
pub(super) struct Connection {
    client: Client,
    timeout: Duration,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl PrometheusParams {
    /// A client; nothing is sent yet. Must be called within a runtime of Tokio.
    ///
    /// # Errors
    /// An address that is none, a timeout out of range, or files that cannot be used.
    pub fn connect(&self) -> Result<Prometheus, PrometheusError> {
        if !(self.timeout_seconds > 0.0 && self.timeout_seconds <= PATIENCE) {
            return Err(PrometheusError::Timeout { value: self.timeout_seconds, longest: PATIENCE });
        }
        let wrong = |why: String| PrometheusError::Address { url: self.url.clone(), why };
        let url: Uri = self.url.parse().map_err(|error: http::uri::InvalidUri| wrong(error.to_string()))?;
        if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none() {
            return Err(wrong("expected http:// or https:// and a host".to_owned()));
        }
        let timeout = Duration::from_secs_f64(self.timeout_seconds);
        let mut config = Config::new(url);
        config.root_cert_file.clone_from(&self.ca_file);
        config.auth_info = AuthInfo {
            token_file: self.token_file.as_ref().map(|file| file.display().to_string()),
            ..AuthInfo::default()
        };
        // A question is given up as a whole. A timeout of reading would also end connections that nobody asks anything over, just
        // when the next question goes out where questions are as far apart as that.
        (config.connect_timeout, config.read_timeout) = (Some(timeout), None);
        Ok(Prometheus::new(Client::try_from(config)?, timeout))
    }
}

impl Prometheus {
    /// One behind a client that was made elsewhere: its requests go to `/api/v1/query`.
    pub fn new(client: Client, timeout: Duration) -> Self {
        Self(Arc::new(Connection { client, timeout }))
    }

    pub(super) const fn over(connection: Arc<Connection>) -> Self {
        Self(connection)
    }

    pub(super) const fn connection(&self) -> &Arc<Connection> {
        &self.0
    }

    /// The samples of an instant query at `time`, seconds since 1970. The query travels in the body: a list of a thousand
    /// Deployments is too long for an address.
    ///
    /// # Errors
    /// See [`PrometheusError`].
    pub async fn ask(&self, promql: &str, time: Seconds) -> Result<Vec<Sample>, PrometheusError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("query", promql)
            .append_pair("time", &format!("{:.3}", time.0))
            .finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(QUERY)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.into_bytes()))?;
        let answer = tokio::time::timeout(self.0.timeout, self.send(request));
        answer.await.map_err(|_| PrometheusError::Silent { seconds: self.0.timeout.as_secs_f64() })?
    }

    async fn send(&self, request: Request<Body>) -> Result<Vec<Sample>, PrometheusError> {
        let answer = self.0.client.send(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST)
            .collect()
            .await
            .map_err(PrometheusError::Body)?
            .to_bytes();
        // Refusals have a body that says why; a proxy's error page has none that can be read.
        samples(&body).map_err(|source| PrometheusError::Answer { status: status.as_u16(), source })
    }
}
