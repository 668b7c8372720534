//! Which limits can all hold at once.

use alloc::vec::Vec;

use super::{Growth, LimitError, LimitParams, Limits, MOST_REVERSALS, ServiceLimits};
use crate::amounts::Sum;

/// The longest time of a setting, ms: 34 years. Products of times and growths stay within a `u128`.
const LONGEST_MS: u64 = 1 << 40;

impl LimitParams {
    /// Checks that a safe action exists whatever happens (P7), and that what is promised (P10) can be kept.
    ///
    /// # Errors
    /// The first contradiction, with the service, the values and what is allowed.
    pub fn check(self) -> Result<Limits, LimitError> {
        let Self { services, budget } = self;
        let count = u32::try_from(services.len()).map_err(|_| LimitError::TooManyServices)?;
        services.iter().enumerate().try_for_each(|(service, limits)| limits.check(service))?;
        let mut shares = Sum::ZERO;
        for limits in &services {
            shares.add(limits.share, limits.each);
        }
        if !shares.fits(budget) {
            return Err(LimitError::Budget);
        }
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_by_key(|service| services[*service as usize].rank);
        Ok(Limits { services, budget, order })
    }
}

impl ServiceLimits {
    fn check(&self, service: usize) -> Result<(), LimitError> {
        let &Self { min, max, share, .. } = self;
        if min > max {
            return Err(LimitError::Bounds { service, min, max });
        }
        if !(min..=max).contains(&share) {
            return Err(LimitError::Share { service, share, min, max });
        }
        for (field, value, least, most) in self.ranges() {
            if !(least..=most).contains(&value) {
                return Err(LimitError::Range { service, field, value, least, most });
            }
        }
        self.demand
            .and_then(|demand| demand.growth)
            .map_or(Ok(()), |growth| self.check_growth(service, growth))
    }

    /// (field, value, least, most)
    fn ranges(&self) -> impl Iterator<Item = (&'static str, u64, u64, u64)> {
        let times = [
            ("up.window_ms", self.up.window_ms),
            ("down.window_ms", self.down.window_ms),
            ("cooldown_ms", self.cooldown_ms),
            ("stabilize_down_ms", self.stabilize_down_ms),
            ("stabilize_up_ms", self.stabilize_up_ms),
            ("stale_after_ms", self.stale_after_ms),
            ("reversal_window_ms", self.reversal_window_ms),
            ("demand.growth.lead_ms", self.growth().map_or(0, |growth| growth.lead_ms)),
        ];
        let others = [
            ("down.percent", u64::from(self.down.percent), 0, 100),
            ("reversals", u64::from(self.reversals), 2, u64::from(MOST_REVERSALS)),
            ("target_percent", u64::from(self.target_percent), 1, u64::from(u32::MAX)),
            ("tolerance_permille", u64::from(self.tolerance_permille), 0, 1000),
            ("demand.per_replica", self.demand.map_or(1, |demand| demand.per_replica), 1, u64::MAX),
        ];
        times.into_iter().map(|(field, value)| (field, value, 0, LONGEST_MS)).chain(others)
    }

    fn growth(&self) -> Option<Growth> {
        self.demand?.growth
    }

    /// The share carries the peak, and pods may be added as fast as demand grows.
    fn check_growth(&self, service: usize, growth: Growth) -> Result<(), LimitError> {
        let needed = self.peak_need();
        if needed > self.share {
            return Err(LimitError::Peak { service, needed, share: self.share });
        }
        // Between two decisions lies no more than a lead; what was rounded up may cost one unit more.
        let longest = u128::from(self.up.window_ms.max(growth.lead_ms));
        let grown = (u128::from(growth.per_second) * longest).div_ceil(1000) + 1;
        let per_replica = self.demand.map_or(1, |demand| demand.per_replica);
        let needed = u32::try_from(grown.div_ceil(u128::from(per_replica))).unwrap_or(u32::MAX);
        let allowed = self.up.pods;
        if needed > allowed { Err(LimitError::Growth { service, needed, allowed }) } else { Ok(()) }
    }

    /// Pods that carry the peak; 0 if nothing is promised.
    pub(crate) fn peak_need(&self) -> u32 {
        let Some((demand, growth)) = self.demand.and_then(|demand| Some((demand, demand.growth?))) else {
            return 0;
        };
        u32::try_from(growth.peak.div_ceil(demand.per_replica)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;

    use super::*;
    use crate::{Amounts, Budget, DemandLimits, Rate};

    fn check(limits: ServiceLimits) -> Result<Limits, LimitError> {
        LimitParams { services: vec![limits], budget: Budget::UNLIMITED }.check()
    }

    fn growing(per_second: u64, lead_ms: u64, peak: u64) -> ServiceLimits {
        let growth = Some(Growth { per_second, lead_ms, peak });
        let demand = Some(DemandLimits { per_replica: 100, most: 10_000, growth });
        ServiceLimits { share: 5, demand, ..ServiceLimits::default() }
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_the_values() {
        let limits = ServiceLimits::default();
        assert!(check(limits).is_ok());
        assert!(check(ServiceLimits { min: 4, max: 4, share: 4, ..limits }).is_ok(), "always four");
        assert_eq!(
            check(ServiceLimits { min: 11, ..limits }),
            Err(LimitError::Bounds { service: 0, min: 11, max: 10 })
        );
        assert_eq!(
            check(ServiceLimits { share: 0, ..limits }),
            Err(LimitError::Share { service: 0, share: 0, min: 1, max: 10 })
        );
        for (refused, field) in [
            (ServiceLimits { reversals: 1, ..limits }, "reversals is 1; it must lie in 2..=8"),
            (ServiceLimits { reversals: 9, ..limits }, "reversals is 9"),
            (ServiceLimits { down: Rate { percent: 101, ..limits.down }, ..limits }, "down.percent is 101"),
            (ServiceLimits { target_percent: 0, ..limits }, "target_percent is 0"),
            (ServiceLimits { tolerance_permille: 1001, ..limits }, "tolerance_permille is 1001"),
            (ServiceLimits { cooldown_ms: LONGEST_MS + 1, ..limits }, "cooldown_ms is"),
            (growing(0, LONGEST_MS + 1, 0), "demand.growth.lead_ms is"),
        ] {
            let error = check(refused).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }

    #[test]
    fn what_is_promised_can_be_kept() {
        assert!(check(growing(10, 30_000, 500)).is_ok(), "3.01 pods a lead: 4 may be added");
        assert_eq!(
            check(growing(10, 30_000, 501)).unwrap_err(),
            LimitError::Peak { service: 0, needed: 6, share: 5 }
        );
        let too_fast = Err(LimitError::Growth { service: 0, needed: 5, allowed: 4 });
        assert_eq!(check(growing(14, 30_000, 500)), too_fast);
        assert_eq!(check(growing(16, 25_000, 500)), too_fast, "4.01 pods: rounding may cost one unit");
    }

    #[test]
    fn the_shares_of_all_fit_into_the_budget() {
        let each = Amounts { cpu: 100, ..Amounts::default() };
        let services = vec![ServiceLimits { each, share: 2, ..ServiceLimits::default() }; 2];
        let budget = |cpu| Budget { cpu, ..Budget::UNLIMITED };
        assert!(LimitParams { services: services.clone(), budget: budget(400) }.check().is_ok());
        assert_eq!(LimitParams { services, budget: budget(399) }.check(), Err(LimitError::Budget));
    }

    #[test]
    fn services_are_served_by_rank_and_then_in_their_order() {
        let ranked = |rank| ServiceLimits { rank, ..ServiceLimits::default() };
        let services = vec![ranked(2), ranked(0), ranked(2), ranked(1)];
        let limits = LimitParams { services, budget: Budget::UNLIMITED }.check().unwrap();
        assert_eq!(limits.order(), [1, 3, 0, 2]);
    }
}
