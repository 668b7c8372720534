//! Moments on the autoscaler's own time line.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, in whole milliseconds after an origin of the caller's choice (simulated zero, or the Unix epoch).
///
/// Integers, because the algorithm asks "is this event *strictly* newer than now minus 15 s?", and sums of
/// floating-point ticks answer that differently from one run length to another. All arithmetic saturates.
///
/// ```
/// use std::time::Duration;
/// use karma_baseline::hpa::Timestamp;
///
/// let now = Timestamp::from_seconds(0.1 * 3.0).unwrap();
/// assert_eq!(now.as_millis(), 300);
/// assert_eq!(now.minus(Duration::from_millis(200)), Timestamp::from_millis(100));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the origin.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` after the origin, rounded to the nearest millisecond; `None` unless finite.
    /// Beyond the range of the type (292 million years) it saturates.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float-to-integer `as` saturates, as documented"
        )]
        let millis = (seconds * 1000.0).round() as i64;
        seconds.is_finite().then_some(Self(millis))
    }

    /// Milliseconds after the origin.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// The moment `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_seconds_are_refused_or_saturate() {
        assert_eq!(Timestamp::from_seconds(f64::NAN), None);
        assert_eq!(Timestamp::from_seconds(f64::INFINITY), None);
        assert_eq!(Timestamp::from_seconds(1e300), Some(Timestamp::from_millis(i64::MAX)));
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Timestamp::from_millis(i64::MAX).plus(Duration::MAX), Timestamp::from_millis(i64::MAX));
        assert_eq!(Timestamp::from_millis(i64::MIN).minus(Duration::MAX), Timestamp::from_millis(i64::MIN));
    }
}
