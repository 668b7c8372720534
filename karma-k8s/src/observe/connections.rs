//! Connections to Prometheus, shared by all who ask the same one.
//!
//! A client has connections of its own, one for each question that is under way, and its own copy of the certificates that it
//! trusts: with 250 objects, 0.3 MiB and five open files each. Hundreds of objects ask one Prometheus, and only some of them at the
//! same time.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::error::PrometheusError;
use super::prometheus::{Connection, Prometheus, PrometheusParams};

/// Every Prometheus that somebody asks.
#[derive(Debug, Default)]
pub struct Connections {
    open: Mutex<Vec<(PrometheusParams, Weak<Connection>)>>,
}

impl Connections {
    /// The Prometheus of these settings: the one that others ask already, or a new one. It is closed with the last of them, and
    /// its `ca_file` is not read again before. Must be called within a runtime of Tokio.
    ///
    /// # Errors
    /// As [`PrometheusParams::connect`].
    pub fn to(&self, params: &PrometheusParams) -> Result<Prometheus, PrometheusError> {
        // A thread that panicked here has left a whole list behind.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, connection)| connection.strong_count() > 0);
        let same = open.iter().find(|(of, _)| of == params).and_then(|(_, connection)| connection.upgrade());
        if let Some(connection) = same {
            return Ok(Prometheus::over(connection));
        }
        let prometheus = params.connect()?;
        open.push((params.clone(), Arc::downgrade(prometheus.connection())));
        Ok(prometheus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(url: &str) -> PrometheusParams {
        PrometheusParams { url: url.to_owned(), ..PrometheusParams::default() }
    }

    fn is_one(a: &Prometheus, b: &Prometheus) -> bool {
        Arc::ptr_eq(a.connection(), b.connection())
    }

    #[tokio::test]
    async fn equal_settings_share_a_connection_and_others_do_not() {
        let connections = Connections::default();
        let one = connections.to(&params("http://a:9090")).unwrap();
        assert!(is_one(&one, &connections.to(&params("http://a:9090")).unwrap()));
        let hasty = PrometheusParams { timeout_seconds: 1.0, ..params("http://a:9090") };
        for other in [params("http://b:9090"), hasty] {
            assert!(!is_one(&one, &connections.to(&other).unwrap()), "{other:?}");
        }
    }

    #[tokio::test]
    async fn a_connection_is_closed_with_the_last_who_asks_and_one_that_fails_is_not_kept() {
        let connections = Connections::default();
        let first = connections.to(&params("http://a:9090")).unwrap();
        let weak = Arc::downgrade(first.connection());
        drop((first.clone(), first));
        assert_eq!(weak.strong_count(), 0);
        assert!(connections.to(&params("ftp://a")).is_err());
        let _again = connections.to(&params("http://a:9090")).unwrap();
        assert_eq!(connections.open.lock().unwrap().len(), 1);
    }
}
