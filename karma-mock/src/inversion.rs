//! Inversion of a rate that is constant within each second: where its integral has grown by a given amount.
//!
//! With exponential amounts of mean 1 the moments are a non-homogeneous Poisson process (Çınlar 1975); with the amount 1
//! they are evenly spaced. The amount is consumed second by second, so it is exact and needs no thinning.

/// The moment after `now` at which the integral of `rates + extra` has grown by `amount`; `None` if that is not before
/// the end of the last second. Costs one step for each second that is passed.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a moment within the rates")]
pub(crate) fn crossing(rates: &[f64], extra: f64, mut now: f64, mut amount: f64) -> Option<f64> {
    let mut second = now as usize;
    while let Some(rate) = rates.get(second).map(|rate| rate + extra) {
        let left = (second + 1) as f64 - now;
        if amount < rate * left {
            return Some(now + amount / rate);
        }
        amount -= rate * left;
        second += 1;
        now = second as f64;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_consumed_across_seconds_of_different_rates() {
        let rates = [2.0, 0.0, 4.0];
        assert_eq!(crossing(&rates, 0.0, 0.0, 1.0), Some(0.5));
        assert_eq!(crossing(&rates, 0.0, 0.5, 2.0), Some(2.25));
        assert_eq!(crossing(&rates, 1.0, 0.5, 2.0), Some(1.5));
        assert_eq!(crossing(&rates, 0.0, 0.0, 6.0), None);
        assert_eq!(crossing(&rates, 0.0, 7.0, 0.1), None);
    }
}
