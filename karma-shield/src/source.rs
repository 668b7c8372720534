//! The Simplex choice: the policy while all it rests on is in order, else the HPA formula, else nobody.

use crate::limits::ServiceLimits;
use crate::reading::{Defect, Reading};
use crate::reason::{Cause, Source};
use crate::state::ServiceState;

/// A wish for one service and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) source: Source,
    pub(crate) replicas: u32,
}

/// Chooses whom to follow.
pub(crate) fn choose(limits: &ServiceLimits, state: &ServiceState, trusted: bool, proposal: Reading) -> Wish {
    let cause = match listen(limits, state, trusted, proposal) {
        Ok(replicas) => return Wish { source: Source::Policy, replicas },
        Err(cause) => cause,
    };
    match baseline(limits, state) {
        Some(replicas) => Wish { source: Source::Baseline(cause), replicas },
        None => Wish { source: Source::Hold(cause), replicas: state.replicas },
    }
}

/// The proposal, if the policy may be listened to.
fn listen(
    limits: &ServiceLimits,
    state: &ServiceState,
    trusted: bool,
    proposal: Reading,
) -> Result<u32, Cause> {
    let stale_after = limits.stale_after_ms;
    let (proposal, _) = proposal.fresh(stale_after, u64::from(u32::MAX)).map_err(Cause::Proposal)?;
    situation(limits, state, trusted)?;
    u32::try_from(proposal).map_err(|_| Cause::Proposal(Defect::Invalid))
}

/// Whether what a policy rests on is in order.
///
/// # Errors
/// What is not.
pub(crate) fn situation(limits: &ServiceLimits, state: &ServiceState, trusted: bool) -> Result<(), Cause> {
    state.ready.fresh(limits.stale_after_ms, u64::from(u32::MAX)).map_err(Cause::Ready)?;
    if let Some(demand) = &limits.demand {
        state.demand.fresh(limits.stale_after_ms, demand.most).map_err(Cause::Demand)?;
    }
    if trusted { Ok(()) } else { Err(Cause::Distrusted) }
}

/// What a number that is a proposal asked for, whether it was followed or not.
pub(crate) fn asked(proposal: Reading) -> Option<u32> {
    match proposal {
        Reading::Value { value, .. } => u32::try_from(value).ok(),
        Reading::Missing | Reading::Invalid => None,
    }
}

/// The HPA formula for CPU utilisation in integers: `ceil(ready · utilisation / target)`, and the replicas that are
/// there while utilisation is within the tolerance. Utilisation is a whole percentage, as in the HPA.
///
/// It differs where pods are not ready or not measured, which the HPA weighs one by one: here only sums over ready pods
/// count. Where the quotient is whole the HPA's doubles may round it up by one; integers do not.
pub(crate) fn baseline(limits: &ServiceLimits, state: &ServiceState) -> Option<u32> {
    let fresh = |reading: Reading, most: u64| {
        let (value, _) = reading.fresh(limits.stale_after_ms, most).ok()?;
        Some(u128::from(value))
    };
    let ready = fresh(state.ready, u64::from(u32::MAX))?;
    let usage = fresh(state.usage, u64::MAX)?;
    let request = fresh(state.request, u64::MAX).filter(|request| *request > 0)?;
    let (utilization, target) = (usage * 100 / request, u128::from(limits.target_percent));
    if utilization.abs_diff(target) * 1000 <= u128::from(limits.tolerance_permille) * target {
        return Some(state.replicas);
    }
    // Utilisation is below 2^71 and ready below 2^32.
    Some(u32::try_from((ready * utilization).div_ceil(target)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ServiceLimits = ServiceLimits { target_percent: 50, ..ServiceLimits::DEFAULT };

    fn state(replicas: u32, ready: u64, usage: u64, request: u64) -> ServiceState {
        ServiceState {
            replicas,
            ready: Reading::now(ready),
            usage: Reading::now(usage),
            request: Reading::now(request),
            ..ServiceState::default()
        }
    }

    #[test]
    fn the_fallback_is_the_formula_of_the_hpa() {
        let desired =
            |replicas, ready, usage, request| baseline(&LIMITS, &state(replicas, ready, usage, request));
        assert_eq!(desired(4, 4, 4_000, 4_000), Some(8), "100 % against 50 %");
        assert_eq!(desired(4, 4, 2_200, 4_000), Some(4), "55 %: at the edge of the tolerance");
        assert_eq!(desired(4, 4, 2_240, 4_000), Some(5), "56 %: beyond it");
        assert_eq!(desired(4, 4, 100, 4_000), Some(1), "2 %");
        assert_eq!(desired(4, 4, 0, 4_000), Some(0), "nothing used; the bounds come later");
        assert_eq!(desired(4, 0, 0, 0), None, "no ready pod requests anything");
        assert_eq!(desired(4, 4, u64::MAX, 1), Some(u32::MAX));
    }

    #[test]
    fn the_policy_is_followed_while_everything_is_in_order() {
        let state = state(3, 3, 300, 300);
        let wish = choose(&LIMITS, &state, true, Reading::now(7));
        assert_eq!(wish, Wish { source: Source::Policy, replicas: 7 });
        let wish = choose(&LIMITS, &state, false, Reading::now(7));
        assert_eq!(wish, Wish { source: Source::Baseline(Cause::Distrusted), replicas: 6 });
        let unread = ServiceState { ready: Reading::Missing, ..state };
        let wish = choose(&LIMITS, &unread, true, Reading::now(7));
        assert_eq!(wish, Wish { source: Source::Hold(Cause::Ready(Defect::Missing)), replicas: 3 });
        let wish = choose(&LIMITS, &state, true, Reading::now(1 << 32));
        assert_eq!(wish.source, Source::Baseline(Cause::Proposal(Defect::Invalid)));
    }
}
