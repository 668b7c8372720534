//! Newtypes for quantities that must not be mixed up.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($inner:ty), $suffix:literal $(, $derive:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize $(, $derive)*)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// The bare number.
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)?;
                f.write_str($suffix)
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                iter.fold(Self::default(), Add::add)
            }
        }
    };
}

unit! {
    /// A number of pods of one Deployment. A replica count is never a float.
    Replicas(u32), "", Eq, Ord, Hash
}
unit! {
    /// CPU in thousandths of a core.
    Millicores(u32), "m", Eq, Ord, Hash
}
unit! {
    /// Memory in 2^20 bytes.
    Mebibytes(u32), "Mi", Eq, Ord, Hash
}
unit! {
    /// A point in simulated time or a duration, in seconds.
    Seconds(f64), " s"
}
unit! {
    /// A rate of requests.
    RequestsPerSecond(f64), "/s"
}

impl Millicores {
    /// The same amount in cores.
    pub fn cores(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl Replicas {
    /// This count moved by `change`, kept inside `[min, max]`.
    ///
    /// ```
    /// use karma_core::Replicas;
    /// assert_eq!(Replicas(4).moved(3, Replicas(1), Replicas(5)), Replicas(5));
    /// assert_eq!(Replicas(1).moved(-3, Replicas(1), Replicas(5)), Replicas(1));
    /// ```
    #[must_use]
    pub fn moved(self, change: i32, min: Self, max: Self) -> Self {
        Self(self.0.saturating_add_signed(change).clamp(min.0, max.0.max(min.0)))
    }

    /// The fewest replicas that are `count` or more. A count that is a hair above a whole number by rounding alone is that number,
    /// one beyond all numbers is the largest, and one that is negative or no number is none.
    ///
    /// ```
    /// use karma_core::Replicas;
    /// assert_eq!(Replicas::ceil(2.1), Replicas(3));
    /// assert_eq!(Replicas::ceil(0.3 / 0.1), Replicas(3));
    /// ```
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating at 0 and the largest count; NaN is 0"
    )]
    pub fn ceil(count: f64) -> Self {
        Self((count - 1e-9).ceil() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_print_with_their_suffix() {
        assert_eq!(Millicores(250).to_string(), "250m");
        assert_eq!(format!("{:.1}", RequestsPerSecond(12.34)), "12.3/s");
    }

    #[test]
    fn replicas_are_whole_and_saturate() {
        let whole =
            [0.0, 1e-10, 2.0, 2.000_01, f64::INFINITY, -3.0, f64::NAN].map(|count| Replicas::ceil(count).0);
        assert_eq!(whole, [0, 0, 2, 3, u32::MAX, 0, 0]);
    }

    #[test]
    fn a_move_stays_inside_even_when_the_bounds_are_extreme() {
        assert_eq!(Replicas(u32::MAX).moved(i32::MAX, Replicas(0), Replicas(u32::MAX)), Replicas(u32::MAX));
        assert_eq!(Replicas(0).moved(i32::MIN, Replicas(0), Replicas(9)), Replicas(0));
    }
}
