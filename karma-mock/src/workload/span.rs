//! Ranges that settings are drawn from, and the error for a setting out of its range.

use karma_core::StreamRng;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A setting that is out of its range.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{place}: {value} is not allowed; expected {allowed}")]
pub struct SettingError {
    /// Path of the setting, for instance `ddos.ramp`.
    pub place: String,
    /// The value as written.
    pub value: String,
    /// What is allowed there.
    pub allowed: String,
}

impl SettingError {
    pub(crate) fn new(place: &str, value: &impl ToString, allowed: impl Into<String>) -> Self {
        Self { place: place.to_owned(), value: value.to_string(), allowed: allowed.into() }
    }
}

/// Refuses a number outside of `min..=max`, and what is no number.
pub(crate) fn within(place: &str, value: f64, (min, max): (f64, f64)) -> Result<(), SettingError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(SettingError::new(place, &value, format!("a number from {min} to {max}")))
}

/// A closed range from which a number is drawn uniformly; written `[from, to]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, f64)", into = "(f64, f64)")]
pub struct Span {
    /// Least value.
    pub from: f64,
    /// Greatest value.
    pub to: f64,
}

impl From<(f64, f64)> for Span {
    fn from((from, to): (f64, f64)) -> Self {
        Self { from, to }
    }
}

impl From<Span> for (f64, f64) {
    fn from(span: Span) -> Self {
        (span.from, span.to)
    }
}

impl Span {
    /// All numbers from `from` to `to`.
    pub const fn new(from: f64, to: f64) -> Self {
        Self { from, to }
    }

    /// One number only.
    pub const fn fixed(value: f64) -> Self {
        Self { from: value, to: value }
    }

    /// A number, uniformly.
    pub(crate) fn draw(self, rng: &mut StreamRng) -> f64 {
        rng.random_range(self.from..=self.to)
    }

    /// A whole number, uniformly.
    pub(crate) fn draw_whole(self, rng: &mut StreamRng) -> u32 {
        let (from, to) = self.whole();
        rng.random_range(from..=to)
    }

    /// The least and the greatest whole number inside.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked against a range of u32 first"
    )]
    pub(crate) const fn whole(self) -> (u32, u32) {
        (self.from.ceil() as u32, self.to.floor() as u32)
    }

    /// Refuses a span that is upside down or leaves `range`.
    pub(crate) fn check(self, place: &str, range: (f64, f64)) -> Result<(), SettingError> {
        let allowed = |bound: f64| (range.0..=range.1).contains(&bound);
        if allowed(self.from) && allowed(self.to) && self.from <= self.to {
            return Ok(());
        }
        let wanted = format!("[from, to] with {} <= from <= to <= {}", range.0, range.1);
        Err(SettingError::new(place, &self.text(), wanted))
    }

    /// Refuses a span of seconds that leaves `range` or has no whole second inside.
    pub(crate) fn check_seconds(self, place: &str, range: (u32, u32)) -> Result<(), SettingError> {
        self.check(place, (f64::from(range.0), f64::from(range.1)))?;
        let (from, to) = self.whole();
        if from <= to {
            return Ok(());
        }
        Err(SettingError::new(place, &self.text(), "a range with a whole number of seconds inside"))
    }

    fn text(self) -> String {
        format!("[{}, {}]", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::SeedTree;

    #[test]
    fn draws_stay_inside_and_a_fixed_span_gives_its_value() {
        let mut rng = SeedTree::new(1).rng();
        for _ in 0..1000 {
            let value = Span::new(0.3, 0.6).draw(&mut rng);
            assert!((0.3..=0.6).contains(&value));
            let whole = Span::new(1.5, 3.5).draw_whole(&mut rng);
            assert!((2..=3).contains(&whole));
        }
        assert_eq!(Span::fixed(4.0).draw(&mut rng), 4.0);
    }

    #[test]
    fn what_is_upside_down_out_of_range_or_no_number_is_refused() {
        for span in [(2.0, 1.0), (-1.0, 1.0), (0.0, 11.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert!(Span::from(span).check("x", (0.0, 10.0)).is_err(), "{span:?}");
        }
        let error = Span::new(1.2, 1.8).check_seconds("mixed.stagger", (0, 10)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "mixed.stagger: [1.2, 1.8] is not allowed; expected a range with a whole number of seconds inside"
        );
    }
}
