//! A number from outside, with its age: fresh, or of no use.

/// One measurement or proposal as it arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// Nobody gave it.
    #[default]
    Missing,
    /// It is not a number, negative, or larger than a `u64` holds.
    Invalid,
    /// A number.
    Value {
        /// In the unit of the place where it is used.
        value: u64,
        /// Milliseconds since it was true.
        age_ms: u64,
    },
}

/// Why a reading is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// It is missing.
    Missing,
    /// It is not a number, negative, or larger than anything plausible.
    Invalid,
    /// It is too old.
    Stale,
}

impl Reading {
    /// A value that was true just now.
    pub const fn now(value: u64) -> Self {
        Self::Value { value, age_ms: 0 }
    }

    /// A value that was true at `at_ms` on the clock that says `now_ms`. One from the future is of no age: invalid.
    pub const fn at(value: u64, at_ms: u64, now_ms: u64) -> Self {
        match now_ms.checked_sub(at_ms) {
            Some(age_ms) => Self::Value { value, age_ms },
            None => Self::Invalid,
        }
    }

    /// The double with these bits ([`f64::to_bits`]) in units of one in `scale`, rounded up, so that a load is never
    /// taken for smaller than it is; by integers alone.
    ///
    /// NaN, infinities, negative numbers and what does not fit into a `u64` are invalid; both zeros are 0.
    ///
    /// ```
    /// use karma_shield::Reading;
    ///
    /// assert_eq!(Reading::of_bits(0.25f64.to_bits(), 1000, 0), Reading::now(250));
    /// assert_eq!(Reading::of_bits(0.0001f64.to_bits(), 1000, 0), Reading::now(1));
    /// assert_eq!(Reading::of_bits((-0.0f64).to_bits(), 1000, 0), Reading::now(0));
    /// assert_eq!(Reading::of_bits(f64::NAN.to_bits(), 1000, 0), Reading::Invalid);
    /// assert_eq!(Reading::of_bits((-1.0f64).to_bits(), 1000, 0), Reading::Invalid);
    /// ```
    pub fn of_bits(bits: u64, scale: u32, age_ms: u64) -> Self {
        const FRACTION: u32 = 52;
        const SIGN: u64 = 1 << 63;
        if bits & !SIGN == 0 {
            return Self::Value { value: 0, age_ms };
        }
        let exponent = (bits >> FRACTION) & 0x7ff;
        if bits & SIGN != 0 || exponent == 0x7ff {
            return Self::Invalid;
        }
        let fraction = bits & ((1 << FRACTION) - 1);
        // value = significand · 2^(power − 1075), with the hidden bit unless it is subnormal
        let (significand, power) =
            if exponent == 0 { (fraction, 1) } else { (fraction + (1 << FRACTION), exponent) };
        let scaled = u128::from(significand) * u128::from(scale); // below 2^85
        let value = if let Some(shift) = power.checked_sub(1075) {
            // From 64 shifts on, what is not 0 does not fit.
            scaled.checked_mul(1 << shift.min(64))
        } else {
            // From 85 shifts on, what is not 0 is rounded up to 1.
            Some(scaled.div_ceil(1 << (1075 - power).min(100)))
        };
        match value.map(u64::try_from) {
            Some(Ok(value)) => Self::Value { value, age_ms },
            _ => Self::Invalid,
        }
    }

    /// The value and its age, if it is at most `most` and no older than `stale_after_ms`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub const fn fresh(self, stale_after_ms: u64, most: u64) -> Result<(u64, u64), Defect> {
        match self {
            Self::Missing => Err(Defect::Missing),
            Self::Invalid => Err(Defect::Invalid),
            Self::Value { value, .. } if value > most => Err(Defect::Invalid),
            Self::Value { age_ms, .. } if age_ms > stale_after_ms => Err(Defect::Stale),
            Self::Value { value, age_ms } => Ok((value, age_ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the machine's own arithmetic, where that is exact.
        #[test]
        fn bits_are_read_as_the_machine_reads_them(value in 0u64..1 << 50, eighths in 0u32..8) {
            let double = value as f64 + f64::from(eighths) / 8.0;
            prop_assert_eq!(
                Reading::of_bits(double.to_bits(), 1, 7),
                Reading::Value { value: value + u64::from(eighths > 0), age_ms: 7 }
            );
            prop_assert_eq!(Reading::of_bits(double.to_bits(), 8, 0), Reading::now(value * 8 + u64::from(eighths)));
        }

        #[test]
        fn no_bits_panic_and_only_finite_numbers_that_are_not_negative_are_values(bits: u64, scale: u32) {
            let double = f64::from_bits(bits);
            let read = Reading::of_bits(bits, scale, 0);
            match read {
                Reading::Value { value, .. } => {
                    prop_assert!(double.is_finite() && double >= 0.0);
                    let exact = double * f64::from(scale);
                    prop_assert!((value as f64 - exact.ceil()).abs() <= exact * 1e-12 + 1.0, "{value} {exact}");
                }
                Reading::Invalid => prop_assert!(
                    !double.is_finite() || double < 0.0 || double * f64::from(scale) > 1.8e19
                ),
                Reading::Missing => prop_assert!(false),
            }
        }
    }

    #[test]
    fn the_edges_of_doubles_are_read() {
        assert_eq!(Reading::of_bits(f64::MIN_POSITIVE.to_bits(), 1000, 0), Reading::now(1));
        assert_eq!(Reading::of_bits(1, 1000, 0), Reading::now(1), "the smallest subnormal");
        assert_eq!(Reading::of_bits(1, 0, 0), Reading::now(0), "none of it");
        assert_eq!(Reading::of_bits((-0.0f64).to_bits(), 1, 0), Reading::now(0));
        assert_eq!(Reading::of_bits((-f64::MIN_POSITIVE).to_bits(), 1, 0), Reading::Invalid);
        assert_eq!(Reading::of_bits(f64::NAN.to_bits(), 1, 0), Reading::Invalid);
        assert_eq!(Reading::of_bits(u64::MAX >> 1, 1, 0), Reading::Invalid, "another of them");
        assert_eq!(Reading::of_bits(f64::MAX.to_bits(), 1, 0), Reading::Invalid);
        assert_eq!(Reading::of_bits(f64::INFINITY.to_bits(), 1, 0), Reading::Invalid);
        let beyond = (1u128 << 64) as f64;
        let below = f64::from_bits(beyond.to_bits() - 1);
        assert_eq!(Reading::of_bits(below.to_bits(), 1, 0), Reading::now(0xffff_ffff_ffff_f800));
        assert_eq!(Reading::of_bits(beyond.to_bits(), 1, 0), Reading::Invalid);
        assert_eq!(Reading::of_bits(f64::MAX.to_bits(), 0, 0), Reading::now(0), "none of it");
    }

    #[test]
    fn what_is_old_large_or_from_the_future_is_of_no_use() {
        assert_eq!(Reading::at(5, 100, 130).fresh(30, 9), Ok((5, 30)));
        assert_eq!(Reading::at(5, 100, 131).fresh(30, 9), Err(Defect::Stale));
        assert_eq!(Reading::now(10).fresh(30, 9), Err(Defect::Invalid));
        assert_eq!(Reading::at(5, 101, 100).fresh(30, 9), Err(Defect::Invalid));
        assert_eq!(Reading::Missing.fresh(30, 9), Err(Defect::Missing));
    }
}
