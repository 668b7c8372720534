//! Why safety as written cannot hold.

use karma_shield::LimitError;
use thiserror::Error;

/// What is wrong with [`SafetyParams`](crate::SafetyParams), in the operator's words: fields with their paths, services
/// by name.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SafetyError {
    /// Exceptions for a service that is not there.
    #[error("safety.services.{name}: the topology has no such service; it has {}", known.join(", "))]
    UnknownService {
        /// The name as written.
        name: String,
        /// The services of the topology.
        known: Vec<String>,
    },
    /// A value that is not allowed.
    #[error("{place}: {value} is not allowed; expected {allowed}")]
    Value {
        /// Path of the field.
        place: String,
        /// What was written.
        value: String,
        /// What is allowed there.
        allowed: String,
    },
    /// A share outside of the service's bounds.
    #[error("service {name}: the share is {share}; expected {min} to {max}, its fewest and most replicas")]
    Share {
        /// The service.
        name: String,
        /// Its share.
        share: u32,
        /// Its fewest replicas.
        min: u32,
        /// Its most replicas.
        max: u32,
    },
    /// The peak that is promised for needs more than the share, which is at most the most replicas.
    #[error(
        "service {name}: demand.growth.peak needs {needed} replicas, its share is {share}; lower the peak, or raise \
         the share or max_replicas"
    )]
    Peak {
        /// The service.
        name: String,
        /// Replicas that carry the peak.
        needed: u32,
        /// Its share.
        share: u32,
    },
    /// Demand may grow faster than replicas may be added.
    #[error(
        "service {name}: demand.growth.per_second may need {needed} more replicas within a window of up or a lead, \
         up.pods is {allowed}; raise up.pods or lower the growth"
    )]
    Growth {
        /// The service.
        name: String,
        /// Replicas that the growth needs.
        needed: u32,
        /// Replicas that may be added.
        allowed: u32,
    },
    /// The shares alone exceed the budget.
    #[error(
        "safety.budget.{field}: {budget} is less than the {shares} that the shares of all services take; raise it, or \
         lower shares or min_replicas"
    )]
    Budget {
        /// Which part of the budget.
        field: &'static str,
        /// What was written.
        budget: f64,
        /// What the shares take.
        shares: f64,
    },
    /// What only the kernel can find, such as more services than it counts.
    #[error("safety: {0}")]
    Kernel(LimitError),
}

impl SafetyError {
    /// Path of the setting that is wrong, as far as it is one.
    pub fn place(&self) -> String {
        match self {
            Self::UnknownService { name, .. } => format!("safety.services.{name}"),
            Self::Value { place, .. } => place.clone(),
            Self::Budget { field, .. } => format!("safety.budget.{field}"),
            Self::Share { .. } | Self::Peak { .. } | Self::Growth { .. } | Self::Kernel(_) => {
                "safety".to_owned()
            }
        }
    }
}
