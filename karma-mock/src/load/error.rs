//! Why no load was sent.

use thiserror::Error;

use crate::workload::SettingError;

/// Why a plan or a target was refused, or could not be begun.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A setting is out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The address is no URL that load is sent to.
    #[error("\"{url}\" is not a URL that load is sent to: {why}; write it as http://HOST:PORT/PATH")]
    Url {
        /// The URL as written.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// The host has no address.
    #[error("no address is known for \"{host}\"; check the name, or write its address")]
    Resolve {
        /// Host and port.
        host: String,
        /// What the resolver said.
        #[source]
        source: std::io::Error,
    },
    /// More requests in flight than the process may open connections.
    #[error(
        "max_in_flight: {wanted} connections are wanted, and this process may open {allowed}; raise `ulimit -n` or lower it"
    )]
    FileLimit {
        /// As written.
        wanted: u32,
        /// What the limit leaves.
        allowed: u32,
    },
    /// The machine gave no thread or no event queue.
    #[error("the load generator cannot start: {0}")]
    Start(#[source] std::io::Error),
}
