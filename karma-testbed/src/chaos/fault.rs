//! What can be done to the pods of a service.

use super::ChaosError;

pub use karma_mock::service::Faults;

/// One disturbance of a service.
#[derive(Clone, Debug, PartialEq)]
pub enum Strike {
    /// Pods are deleted without grace; their Deployment replaces them.
    Kill,
    /// Containers end at once; the kubelet starts them again, with back-off.
    Crash,
    /// Pods behave otherwise until they are told to stop.
    Faults(Faults),
}

/// Which pods of the service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Which {
    /// So many of them, drawn; all if there are fewer.
    Count(usize),
    /// Each with this probability.
    Share(f64),
    /// All.
    All,
}

impl Which {
    pub(super) fn check(self) -> Result<(), ChaosError> {
        match self {
            Self::Count(0) => Err(ChaosError::Range { what: "pods", value: 0.0, allowed: "at least 1" }),
            Self::Share(share) if !(0.0..=1.0).contains(&share) => {
                Err(ChaosError::Range { what: "share", value: share, allowed: "a number from 0 to 1" })
            }
            _ => Ok(()),
        }
    }
}
