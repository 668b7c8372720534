//! Where load goes, and over which connections.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use hyper::Uri;
use hyper::header::HeaderValue;
use serde::{Deserialize, Serialize};

use super::error::LoadError;
use crate::workload::{SettingError, within};

/// Most requests in flight, unless something else is said and if the limit of open files allows it.
const MAX_IN_FLIGHT: u32 = 20_000;
/// File descriptors that are left for all else.
const SPARE_FILES: u64 = 64;

/// How connections are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connections {
    /// A new connection for each request. A Kubernetes Service chooses a pod for each connection, so requests are
    /// spread over the pods, new ones among them.
    #[default]
    PerRequest,
    /// Connections are kept open, and the one that was used last is used next. A Kubernetes Service then keeps to the pods
    /// that it has chosen.
    Kept,
}

/// A target as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetParams {
    /// `http://HOST:PORT/PATH`.
    pub url: String,
    /// How connections are used (default: one for each request).
    #[serde(default)]
    pub connections: Connections,
    /// Seconds after it was due at which a request is given up (default 30; from 0.001 to 3600).
    #[serde(default = "timeout")]
    pub timeout: f64,
    /// Most requests in flight (default 20 000, or what the limit of open files allows); a request beyond is not sent.
    #[serde(default)]
    pub max_in_flight: Option<u32>,
}

const fn timeout() -> f64 {
    30.0
}

/// A checked target.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) params: TargetParams,
    pub(super) address: SocketAddr,
    pub(super) host: HeaderValue,
    pub(super) path: Uri,
    pub(super) timeout: Duration,
    pub(super) max_in_flight: u32,
}

impl TargetParams {
    /// This URL with defaults.
    pub fn of(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections: Connections::default(), timeout: timeout(), max_in_flight: None }
    }

    /// Checks the settings, looks the host up (once: all requests go to its first address), and raises this process's
    /// limit of open files as far as it may.
    ///
    /// ```
    /// use karma_mock::load::TargetParams;
    ///
    /// assert!(TargetParams::of("http://127.0.0.1:5000/cart?items=3").check().is_ok());
    /// let error = TargetParams::of("https://127.0.0.1/").check().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "\"https://127.0.0.1/\" is not a URL that load is sent to: only http is spoken; write it as http://HOST:PORT/PATH"
    /// );
    /// ```
    ///
    /// # Errors
    /// [`LoadError`] for the first thing that is wrong.
    pub fn check(self) -> Result<Target, LoadError> {
        within("timeout", self.timeout, (0.001, 3600.0))?;
        let refuse = |why: &str| LoadError::Url { url: shown(&self.url), why: why.to_owned() };
        let uri: Uri =
            self.url.parse().map_err(|error: hyper::http::uri::InvalidUri| refuse(&error.to_string()))?;
        if uri.scheme_str() != Some("http") {
            return Err(refuse("only http is spoken"));
        }
        let authority = uri.authority().ok_or_else(|| refuse("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(refuse("a user is not sent"));
        }
        let host = HeaderValue::from_str(authority.as_str()).map_err(|error| refuse(&error.to_string()))?;
        let path =
            format!("{}{}", uri.path(), uri.query().map_or_else(String::new, |query| format!("?{query}")));
        let path = path.parse().map_err(|_| refuse("its path is not valid"))?;
        let address = resolve(authority.host(), authority.port_u16().unwrap_or(80))?;
        let max_in_flight = in_flight(self.max_in_flight)?;
        let timeout = Duration::from_secs_f64(self.timeout);
        Ok(Target { params: self, address, host, path, timeout, max_in_flight })
    }
}

impl Target {
    /// What was written.
    pub const fn params(&self) -> &TargetParams {
        &self.params
    }

    /// Where requests go.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Most requests in flight.
    pub const fn max_in_flight(&self) -> u32 {
        self.max_in_flight
    }
}

/// A URL cut to what a message can bear.
fn shown(url: &str) -> String {
    url.chars().take(200).flat_map(char::escape_debug).collect()
}

fn resolve(host: &str, port: u16) -> Result<SocketAddr, LoadError> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let failed = |source| LoadError::Resolve { host: format!("{}:{port}", shown(host)), source };
    let mut addresses = (name, port).to_socket_addrs().map_err(failed)?;
    addresses.next().ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))
}

fn in_flight(wanted: Option<u32>) -> Result<u32, LoadError> {
    let allowed = connections_allowed(u64::from(wanted.unwrap_or(MAX_IN_FLIGHT)));
    match wanted {
        Some(0) => Err(SettingError::new("max_in_flight", &0, "at least 1").into()),
        Some(wanted) if wanted > allowed => Err(LoadError::FileLimit { wanted, allowed }),
        Some(wanted) => Ok(wanted),
        None => Ok(MAX_IN_FLIGHT.min(allowed)),
    }
}

/// Connections that the limit of open files leaves room for. The soft limit is raised first, as far as is wanted and
/// allowed: it is low for programs that use `select`, which this one does not.
fn connections_allowed(wanted: u64) -> u32 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let enough = wanted + SPARE_FILES;
    if limit.current.is_some_and(|current| current < enough) {
        let raised = limit.maximum.map_or(enough, |maximum| maximum.min(enough));
        // If it is refused, the old limit is read back below.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit });
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    u32::try_from(files.saturating_sub(SPARE_FILES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_urls_with_a_host_are_taken() {
        for url in [
            "",
            "/",
            "127.0.0.1:80",
            "ftp://a/",
            "http://",
            "http://me:secret@127.0.0.1/",
            "http://a b/",
            "\0",
        ] {
            assert!(matches!(TargetParams::of(url).check(), Err(LoadError::Url { .. })), "{url:?}");
        }
        let target = TargetParams::of("http://[::1]:81?x=1").check().unwrap();
        assert_eq!(
            (target.address().to_string(), target.path.to_string()),
            ("[::1]:81".into(), "/?x=1".into())
        );
    }

    #[test]
    fn more_in_flight_than_files_are_refused_with_what_is_allowed() {
        let params = TargetParams { max_in_flight: Some(u32::MAX), ..TargetParams::of("http://127.0.0.1/") };
        let error = params.check().unwrap_err().to_string();
        assert!(
            error.contains("4294967295 connections are wanted") && error.contains("ulimit -n"),
            "{error}"
        );
        let none = TargetParams { max_in_flight: Some(0), ..TargetParams::of("http://127.0.0.1/") };
        assert_eq!(
            none.check().unwrap_err().to_string(),
            "max_in_flight: 0 is not allowed; expected at least 1"
        );
    }
}
