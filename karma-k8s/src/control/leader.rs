//! How a leader is elected: the periods, as written and checked.

use std::time::Duration;

use thiserror::Error;

/// Periods of an election, in seconds. The defaults are those of Kubernetes' own controllers (client-go).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElectionParams {
    /// How long others leave a lease alone after they saw it renewed.
    pub lease_seconds: u32,
    /// How long a leader acts after it began its last renewal that succeeded; less than `lease_seconds`.
    pub renew_deadline_seconds: u32,
    /// How often a leader renews and the others look; less than half of `renew_deadline_seconds`, for a request that
    /// gets no answer takes as long once more.
    pub retry_seconds: u32,
}

impl Default for ElectionParams {
    fn default() -> Self {
        Self { lease_seconds: 15, renew_deadline_seconds: 10, retry_seconds: 2 }
    }
}

/// Why an election cannot be held.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ElectionError {
    /// The periods do not leave room for each other.
    #[error(
        "an election needs 0 < 2 * retry_seconds < renew_deadline_seconds < lease_seconds <= {longest}; these are \
         {retry}, {deadline} and {lease}"
    )]
    Periods {
        /// `retry_seconds`.
        retry: u32,
        /// `renew_deadline_seconds`.
        deadline: u32,
        /// `lease_seconds`.
        lease: u32,
        /// The longest lease.
        longest: u32,
    },
    /// A leader without a name.
    #[error("the identity is empty; expected a name that no other process has")]
    Identity,
}

/// Longest lease, in seconds.
const LONGEST: u32 = 3600;

/// Checked periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElectionConfig {
    pub(super) lease_seconds: i32,
    pub(super) renew_deadline: Duration,
    pub(super) retry: Duration,
}

impl ElectionParams {
    /// The periods, if they leave room for each other.
    ///
    /// # Errors
    /// They do not.
    pub fn check(self) -> Result<ElectionConfig, ElectionError> {
        let Self { lease_seconds: lease, renew_deadline_seconds: deadline, retry_seconds: retry } = self;
        let wrong = ElectionError::Periods { retry, deadline, lease, longest: LONGEST };
        let ordered = retry > 0 && retry.saturating_mul(2) < deadline && deadline < lease && lease <= LONGEST;
        match i32::try_from(lease) {
            Ok(lease_seconds) if ordered => Ok(ElectionConfig {
                lease_seconds,
                renew_deadline: Duration::from_secs(deadline.into()),
                retry: Duration::from_secs(retry.into()),
            }),
            _ => Err(wrong),
        }
    }
}

impl ElectionConfig {
    /// How long others leave a lease alone after they saw it renewed.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(u64::from(self.lease_seconds.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_that_leave_no_room_are_refused() {
        assert!(ElectionParams::default().check().is_ok());
        for (retry, deadline, lease) in [(0, 10, 15), (5, 10, 15), (2, 15, 15), (2, 10, 3601)] {
            let params = ElectionParams {
                lease_seconds: lease,
                renew_deadline_seconds: deadline,
                retry_seconds: retry,
            };
            let said = params.check().unwrap_err().to_string();
            assert!(said.ends_with(&format!("these are {retry}, {deadline} and {lease}")), "{said}");
        }
    }
}
