//! Where everything is in a row of a cluster's table.
//!
//! ```text
//! service 0: healthy, failed, cpu, pending, errors, latency, in flight, (rate) | service 1: … | five resilience terms
//! desired replicas of service 0, 1, … | request rate at entry point 0, 1, …
//! ```
//! The order is canonical: it follows from which services are called and how many entry points there are, so neither
//! a table nor a structure has to store it.

/// The columns of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) healthy: usize,
    pub(crate) failed: usize,
    pub(crate) cpu: usize,
    pub(crate) pending: usize,
    pub(crate) errors: usize,
    pub(crate) latency: usize,
    pub(crate) in_flight: usize,
    /// Only of a service that others call: the rate of any other is that of its entry points.
    pub(crate) rate: Option<usize>,
    pub(crate) desired: usize,
}

/// The columns of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) services: Vec<Columns>,
    /// The first of the five resilience terms.
    pub(crate) terms: usize,
    /// The first controlled column: the number of predicted ones.
    pub(crate) controlled: usize,
    /// The first exogenous column.
    pub(crate) exogenous: usize,
    pub(crate) width: usize,
}

impl Layout {
    /// The layout for services that are called by others or not, and a number of entry points.
    pub(crate) fn new(called: &[bool], entries: usize) -> Self {
        let own = |called: &bool| 7 + usize::from(*called);
        let terms: usize = called.iter().map(own).sum();
        let (controlled, mut first) = (terms + 5, 0);
        let mut services = Vec::with_capacity(called.len());
        for (service, called) in called.iter().enumerate() {
            services.push(Columns {
                healthy: first,
                failed: first + 1,
                cpu: first + 2,
                pending: first + 3,
                errors: first + 4,
                latency: first + 5,
                in_flight: first + 6,
                rate: called.then_some(first + 7),
                desired: controlled + service,
            });
            first += 7 + usize::from(*called);
        }
        let exogenous = controlled + services.len();
        Self { services, terms, controlled, exogenous, width: exogenous + entries }
    }
}
