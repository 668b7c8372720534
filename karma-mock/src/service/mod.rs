//! One mock microservice: what a service of a topology does, as a process that really computes.
//!
//! [`ServiceParams`] is what a process is told; with the feature `service` the process itself is here too ([`Server`]).
//! It follows the simulated cluster ([`sim`](crate::sim)): so many requests in service, so many waiting, the rest refused
//! with 503; a request burns its CPU, then calls downstream services and holds its slot until they answer. What is
//! simulated there is real here: CPU is burnt by the thread's own clock, memory is resident, calls are HTTP.
//!
//! | port | path | what |
//! |---|---|---|
//! | 5000 | `/process` | a request; the header `X-Karma-Work` multiplies its work, here and downstream |
//! | 5001 | `/livez`, `/readyz` | probes |
//! | 5001 | `/metrics` | Prometheus' text form, OpenTelemetry's names |
//! | 5001 | `/faults` | GET and PUT: [`Faults`] |
//! | 5001 | `/faults/crash` | POST: the process ends at once, with status 137 |

#[cfg(feature = "service")]
mod burn;
#[cfg(feature = "service")]
mod calls;
mod config;
#[cfg(feature = "service")]
mod door;
mod faults;
#[cfg(feature = "service")]
mod memory;
#[cfg(feature = "service")]
mod metrics;
#[cfg(feature = "service")]
mod mock;
mod params;
#[cfg(feature = "service")]
mod resolve;
#[cfg(feature = "service")]
mod server;

#[cfg(feature = "service")]
pub use burn::burn_forever;
pub use config::{ServiceConfig, ServiceParamsError};
pub use faults::Faults;
pub use params::{
    ADMIN_PORT, CallParams, DistributionParams, FanOutParams, MemoryParams, PORT, ServiceParams, VARIABLE,
    WorkParams,
};
#[cfg(feature = "service")]
pub use server::Server;

/// Header of a request whose work is multiplied.
pub const WORK_HEADER: &str = "x-karma-work";
