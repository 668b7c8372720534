//! Where a downstream service is.

use std::io;
use std::net::SocketAddr;

use tokio::net::lookup_host;

use super::params::PORT;

/// A downstream service's address, as far as it is known at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// As Kubernetes told this process.
    Known(SocketAddr),
    /// To be looked up at each connection: `host:port`.
    Name(String),
}

impl Address {
    /// Kubernetes tells each container the addresses of the Services that existed when it started, in variables such as
    /// `CART_SERVICE_HOST`; these need no name server. Without them, a name is looked up. `variable` reads one.
    pub(super) fn of(service: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let prefix = service.to_uppercase().replace('-', "_");
        let host = variable(&format!("{prefix}_SERVICE_HOST"));
        let known = host.and_then(|host| format!("{host}:{}", port(&prefix, &variable)).parse().ok());
        let with_port =
            || if service.contains(':') { service.to_owned() } else { format!("{service}:{PORT}") };
        known.or_else(|| service.parse().ok()).map_or_else(|| Self::Name(with_port()), Self::Known)
    }

    /// An address to connect to.
    pub(super) async fn resolve(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Known(address) => Ok(*address),
            Self::Name(name) => {
                let found = lookup_host(name).await?.next();
                found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{name} has no address")))
            }
        }
    }
}

/// The port called `http`, for a Service may have several.
fn port(prefix: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    variable(&format!("{prefix}_SERVICE_PORT_HTTP"))
        .or_else(|| variable(&format!("{prefix}_SERVICE_PORT")))
        .unwrap_or_else(|| PORT.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kubernetes(name: &str) -> Option<String> {
        let value = match name {
            "REDIS_CART_SERVICE_HOST" => "198.18.64.9",
            "REDIS_CART_SERVICE_PORT" => "5001",
            "REDIS_CART_SERVICE_PORT_HTTP" => "5000",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn kubernetes_variables_come_before_names() {
        let known = Address::Known("198.18.64.9:5000".parse().unwrap());
        assert_eq!(Address::of("redis-cart", kubernetes), known);
        assert_eq!(Address::of("cart", kubernetes), Address::Name("cart:5000".to_owned()));
        assert_eq!(Address::of("cart.shop:80", kubernetes), Address::Name("cart.shop:80".to_owned()));
        assert_eq!(Address::of("127.0.0.1:7", kubernetes), Address::Known("127.0.0.1:7".parse().unwrap()));
    }
}
