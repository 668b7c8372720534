//! The arithmetic of ratios: 64-bit integers that wrap, and floating point that saturates.

use std::collections::BTreeMap;

use super::error::MetricError;

/// How far a ratio may be from 1 without consequence, in each direction; both 0 or more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerances {
    /// Below 1.
    pub scale_down: f64,
    /// Above 1.
    pub scale_up: f64,
}

impl Tolerances {
    /// Whether `ratio` lies in `[1 - scale_down, 1 + scale_up]`; never for NaN.
    pub fn contain(self, ratio: f64) -> bool {
        (1.0 - self.scale_down) <= ratio && ratio <= (1.0 + self.scale_up)
    }
}

/// The values that take part in a ratio, in thousandths, by pod.
pub(super) type Samples<'a> = BTreeMap<&'a str, i64>;

/// Percent of the request that the sampled pods use together, truncated to an integer, and the mean sample.
/// Samples without a request belong to no known pod and do not count.
pub(super) fn utilization(
    samples: &Samples<'_>,
    requests: &BTreeMap<&str, i64>,
) -> Result<(i32, i64), MetricError> {
    let (mut used, mut requested, mut entries) = (0_i64, 0_i64, 0_i64);
    for (pod, sample) in samples {
        if let Some(request) = requests.get(pod) {
            used = used.wrapping_add(*sample);
            requested = requested.wrapping_add(*request);
            entries += 1;
        }
    }
    if requested == 0 {
        return Err(MetricError::NoMatchingPods);
    }
    #[expect(clippy::cast_possible_truncation, reason = "Go truncates here, and so does `as`")]
    let percent = used.wrapping_mul(100).wrapping_div(requested) as i32;
    Ok((percent, used / entries))
}

/// The mean sample, truncated to an integer; 0 of no sample.
pub(super) fn mean(samples: &Samples<'_>) -> i64 {
    let sum = samples.values().fold(0_i64, |sum, sample| sum.wrapping_add(*sample));
    let count = i64::try_from(samples.len()).unwrap_or(i64::MAX);
    sum.checked_div(count).unwrap_or(0)
}

/// The sum of the series, which stops at the largest integer.
pub(super) fn sum_capped(series: &[i64]) -> i64 {
    let mut sum = 0_i64;
    for value in series {
        if *value > 0 && sum > i64::MAX - value {
            return i64::MAX;
        }
        sum = sum.wrapping_add(*value);
    }
    sum
}

/// The sum of the series, or the largest integer as soon as it is negative: upstream takes every negative sum
/// for an overflow.
pub(super) fn sum_or_max(series: &[i64]) -> i64 {
    let mut sum = 0_i64;
    for value in series {
        sum = sum.wrapping_add(*value);
        if sum < 0 {
            return i64::MAX;
        }
    }
    sum
}

/// The ceiling, saturating; 0 for NaN.
#[expect(clippy::cast_possible_truncation, reason = "a float-to-integer `as` saturates, as documented")]
pub(super) fn ceil_to_i32(value: f64) -> i32 {
    value.ceil() as i32
}

/// The ceiling, saturating; 0 for NaN.
#[expect(clippy::cast_possible_truncation, reason = "a float-to-integer `as` saturates, as documented")]
pub(super) fn ceil_to_i64(value: f64) -> i64 {
    value.ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_series_stops_at_the_largest_integer() {
        assert_eq!(sum_capped(&[i64::MAX, 1, -5]), i64::MAX);
        assert_eq!(sum_capped(&[-5, 3]), -2);
        assert_eq!(sum_or_max(&[i64::MAX, i64::MAX]), i64::MAX);
    }

    #[test]
    fn a_negative_sum_per_replica_is_taken_for_an_overflow() {
        assert_eq!(sum_or_max(&[5, -3]), 2);
        assert_eq!(sum_or_max(&[5, -6, 100]), i64::MAX);
    }

    #[test]
    fn ceilings_saturate_and_nan_is_zero() {
        assert_eq!((ceil_to_i32(0.1), ceil_to_i32(1e300), ceil_to_i32(f64::NAN)), (1, i32::MAX, 0));
        assert_eq!((ceil_to_i64(-0.9), ceil_to_i64(f64::NEG_INFINITY)), (0, i64::MIN));
    }
}
