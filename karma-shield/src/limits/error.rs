//! Why limits are refused.

use core::fmt;

/// Limits that cannot all hold, or that say nothing. `service` is the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitError {
    /// No service can have fewest replicas above most.
    Bounds {
        /// The service.
        service: usize,
        /// Fewest replicas.
        min: u32,
        /// Most replicas.
        max: u32,
    },
    /// The guaranteed share lies outside of the bounds.
    Share {
        /// The service.
        service: usize,
        /// Its share.
        share: u32,
        /// Its fewest replicas.
        min: u32,
        /// Its most replicas.
        max: u32,
    },
    /// A number that must lie within a range does not.
    Range {
        /// The service.
        service: usize,
        /// The field.
        field: &'static str,
        /// What was written.
        value: u64,
        /// The least that is allowed.
        least: u64,
        /// The most that is allowed.
        most: u64,
    },
    /// The share cannot carry the peak demand that is promised for.
    Peak {
        /// The service.
        service: usize,
        /// Pods that the peak needs, the growth during the lead included.
        needed: u32,
        /// Its share.
        share: u32,
    },
    /// Pods may not be added as fast as demand may grow.
    Growth {
        /// The service.
        service: usize,
        /// Pods that the growth of one lead needs.
        needed: u32,
        /// Pods that may be added within a window.
        allowed: u32,
    },
    /// The guaranteed shares alone exceed the budget.
    Budget,
    /// More services than can be counted.
    TooManyServices,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounds { service, min, max } => {
                write!(f, "service {service}: min is {min} and max is {max}; min must not exceed max")
            }
            Self::Share { service, share, min, max } => {
                write!(
                    f,
                    "service {service}: share is {share}; it must lie between min ({min}) and max ({max})"
                )
            }
            Self::Range { service, field, value, least, most } => {
                write!(f, "service {service}: {field} is {value}; it must lie in {least}..={most}")
            }
            Self::Peak { service, needed, share } => write!(
                f,
                "service {service}: the peak demand needs {needed} replicas while its share is {share}; \
                 raise the share or lower the peak"
            ),
            Self::Growth { service, needed, allowed } => write!(
                f,
                "service {service}: demand may grow by {needed} pods within the up window, but {allowed} may be \
                 added in it; raise up.pods or lower growth.per_second"
            ),
            Self::Budget => {
                write!(f, "the shares of all services together exceed the budget; lower them or raise it")
            }
            Self::TooManyServices => write!(f, "more than {} services", u32::MAX),
        }
    }
}

impl core::error::Error for LimitError {}
