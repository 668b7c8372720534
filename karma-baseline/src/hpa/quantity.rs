//! Kubernetes quantities: `100m`, `1.5`, `2Gi`, `3e2`.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};
use thiserror::Error;

/// A fixed-point number as Kubernetes writes it in manifests, exact to one billionth.
///
/// Grammar and rounding are those of `k8s.io/apimachinery/pkg/api/resource`: a decimal number with a suffix
/// `n u m k M G T P E` (powers of ten), `Ki Mi Gi Ti Pi Ei` (powers of 1024) or an exponent `e3`. Finer digits
/// are rounded away from zero, and magnitudes beyond 2^63 - 1 are capped.
///
/// ```
/// use karma_baseline::hpa::Quantity;
///
/// let cpu: Quantity = "1.5".parse().unwrap();
/// assert_eq!(cpu.milli_value(), 1500);
/// assert_eq!(cpu.to_string(), "1500m");
/// assert_eq!("2Ki".parse::<Quantity>().unwrap().milli_value(), 2_048_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity {
    nanos: i128,
}

/// Why a text is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// No digits, two points, or a sign in the middle.
    #[error("`{text}` is not a quantity: expected a decimal number such as `100m`, `1.5` or `2Gi`")]
    Number {
        /// What was written.
        text: String,
    },
    /// A suffix that Kubernetes does not know.
    #[error(
        "`{text}` is not a quantity: unknown suffix `{suffix}`, expected n, u, m, k, M, G, T, P, E, Ki … Ei, or an exponent"
    )]
    Suffix {
        /// What was written.
        text: String,
        /// Its tail after the digits.
        suffix: String,
    },
    /// More digits than any capped quantity can need.
    #[error("`{text}` is not a quantity: it has {digits} digits, at most {MAX_DIGITS} are allowed")]
    Digits {
        /// What was written.
        text: String,
        /// How many digits it has.
        digits: usize,
    },
}

const MAX_DIGITS: usize = 30;
const NANOS: i128 = 1_000_000_000;
const CAP: i128 = (i64::MAX as i128) * NANOS;

impl Quantity {
    /// `units` whole units.
    pub const fn from_units(units: i64) -> Self {
        Self { nanos: units as i128 * NANOS }
    }

    /// `milli` thousandths of a unit.
    pub const fn from_milli(milli: i64) -> Self {
        Self { nanos: milli as i128 * (NANOS / 1000) }
    }

    /// Thousandths, rounded up, saturating at the limits of `i64`.
    pub fn milli_value(self) -> i64 {
        let per_milli = NANOS / 1000;
        let ceil = self.nanos.div_euclid(per_milli) + i128::from(self.nanos.rem_euclid(per_milli) != 0);
        i64::try_from(ceil).unwrap_or(if ceil > 0 { i64::MAX } else { i64::MIN })
    }

    /// The nearest floating-point number.
    pub fn as_f64(self) -> f64 {
        self.nanos as f64 / NANOS as f64
    }

    /// Whether the quantity is greater than zero.
    pub const fn is_positive(self) -> bool {
        self.nanos > 0
    }

    /// Whether the quantity is less than zero.
    pub const fn is_negative(self) -> bool {
        self.nanos < 0
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let trimmed = text.trim();
        let (negative, unsigned) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (mantissa, fraction_digits) = digits(number, text)?;
        let (binary, decimal) = suffix_powers(suffix)
            .ok_or_else(|| QuantityError::Suffix { text: text.to_owned(), suffix: suffix.to_owned() })?;
        let magnitude = scale(mantissa, binary, decimal.saturating_add(9).saturating_sub(fraction_digits));
        Ok(Self { nanos: if negative { -magnitude } else { magnitude } })
    }
}

/// The digits as one integer, and how many of them stand after the point.
fn digits(number: &str, text: &str) -> Result<(i128, i32), QuantityError> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let joined = format!("{whole}{fraction}");
    if joined.is_empty() || fraction.contains('.') {
        return Err(QuantityError::Number { text: text.to_owned() });
    }
    if joined.len() > MAX_DIGITS {
        return Err(QuantityError::Digits { text: text.to_owned(), digits: joined.len() });
    }
    let mantissa = joined.parse().map_err(|_| QuantityError::Number { text: text.to_owned() })?;
    Ok((mantissa, i32::try_from(fraction.len()).unwrap_or(i32::MAX)))
}

/// The powers (of two, of ten) that a suffix multiplies by.
fn suffix_powers(suffix: &str) -> Option<(u32, i32)> {
    let powers = match suffix {
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "" => (0, 0),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        _ => (0, suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    Some(powers)
}

/// `mantissa · 2^binary · 10^decimal`, rounded up and capped.
fn scale(mantissa: i128, binary: u32, decimal: i32) -> i128 {
    let ten = |power: i32| 10_i128.checked_pow(power.unsigned_abs());
    if mantissa == 0 {
        return 0;
    }
    let Some(doubled) = mantissa.checked_mul(1 << binary) else { return CAP };
    let scaled = match ten(decimal) {
        Some(power) if decimal >= 0 => doubled.checked_mul(power).unwrap_or(CAP),
        Some(power) => doubled / power + i128::from(doubled % power != 0),
        None if decimal >= 0 => CAP,
        None => 1,
    };
    scaled.min(CAP)
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (divisor, suffix) = [(NANOS, ""), (1_000_000, "m"), (1_000, "u")]
            .into_iter()
            .find(|(divisor, _)| self.nanos % divisor == 0)
            .unwrap_or((1, "n"));
        write!(f, "{}{suffix}", self.nanos / divisor)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

struct QuantityVisitor;

impl Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity such as 2, 0.5, \"100m\" or \"2Gi\"")
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Quantity, E> {
        Ok(Quantity::from_units(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Quantity, E> {
        Ok(Quantity::from_units(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Quantity, E> {
        self.visit_str(&format!("{value:e}"))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
        text.parse().map_err(E::custom)
    }
}
