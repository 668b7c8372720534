//! What a column of a table is: its name, its part in the game, and the scale on which it is predicted.

use serde::{Deserialize, Serialize};

/// A column's part in a transition from one row to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// State: known up to now, to be predicted for the next row.
    Predicted,
    /// Action: what was in force in the interval that ends at a row; the next row's value is chosen, so it is known.
    Controlled,
    /// From outside: neither chosen nor predicted, but given for the next row (a recorded load that is played again).
    Exogenous,
}

/// The scale on which a column is kept in a table and predicted.
///
/// Errors on the right scale have about one size over a column's range: a latency is as uncertain by a factor
/// whether it is 10 ms or 1 s, and the square root of a Poisson count has one variance whatever its mean
/// (Anscombe, *Biometrika* 1948).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// As it is.
    #[default]
    Linear,
    /// Times and other heavy tails: log₁₀(max(x, floor)).
    Log10 {
        /// Smallest value that is told apart, in the column's unit; above 0.
        floor: f32,
    },
    /// Counts: √x, with negative values taken for 0.
    Root,
}

impl Scale {
    /// From the column's unit to this scale.
    ///
    /// ```
    /// use karma_twin::table::Scale;
    /// let scale = Scale::Log10 { floor: 1.0 };
    /// assert_eq!(scale.forward(100.0), 2.0);
    /// assert_eq!(scale.forward(0.5), 0.0);
    /// assert_eq!(scale.inverse(2.0), 100.0);
    /// ```
    pub fn forward(self, x: f32) -> f32 {
        match self {
            Self::Linear => x,
            Self::Log10 { floor } => x.max(floor).log10(),
            Self::Root => x.max(0.0).sqrt(),
        }
    }

    /// From this scale back to the column's unit. A missing value (NaN) stays missing.
    pub fn inverse(self, y: f32) -> f32 {
        match self {
            Self::Linear => y,
            Self::Log10 { .. } => 10f32.powf(y),
            Self::Root => y * y.abs(),
        }
    }
}

/// One column of a [`Schema`](super::Schema).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name as printed.
    pub name: String,
    /// Its part.
    pub part: Part,
    /// Unit of the unscaled value; empty for ratios and counts.
    #[serde(default)]
    pub unit: String,
    /// The scale of the stored value.
    #[serde(default)]
    pub scale: Scale,
    /// Least possible value, in the column's unit, if there is one.
    #[serde(default)]
    pub min: Option<f32>,
    /// Greatest possible value, in the column's unit, if there is one.
    #[serde(default)]
    pub max: Option<f32>,
}

impl Column {
    /// A column without bounds on a linear scale.
    pub fn new(name: impl Into<String>, part: Part) -> Self {
        Self { name: name.into(), part, unit: String::new(), scale: Scale::Linear, min: None, max: None }
    }

    /// The same column on another scale.
    #[must_use]
    pub fn scaled(self, scale: Scale) -> Self {
        Self { scale, ..self }
    }

    /// The same column with a least and a greatest value, in its unit.
    #[must_use]
    pub fn within(self, min: impl Into<Option<f32>>, max: impl Into<Option<f32>>) -> Self {
        Self { min: min.into(), max: max.into(), ..self }
    }

    /// A stored value kept inside the bounds. A missing value stays missing.
    pub fn clamp(&self, stored: f32) -> f32 {
        let low = self.min.map_or(f32::NEG_INFINITY, |min| self.scale.forward(min));
        let high = self.max.map_or(f32::INFINITY, |max| self.scale.forward(max));
        // Not `f32::clamp`: it panics on crossed bounds, and `max` and `min` would lose a NaN.
        if stored < low {
            low
        } else if stored > high {
            high
        } else {
            stored
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_missing_value_stays_missing_on_every_scale() {
        for scale in [Scale::Linear, Scale::Log10 { floor: 1.0 }, Scale::Root] {
            assert!(scale.inverse(f32::NAN).is_nan(), "{scale:?}");
        }
        assert!(Column::new("x", Part::Predicted).within(0.0, 1.0).clamp(f32::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn scales_go_there_and_back(x in 0.5f32..1e6) {
            for scale in [Scale::Linear, Scale::Log10 { floor: 0.1 }, Scale::Root] {
                let back = scale.inverse(scale.forward(x));
                prop_assert!((back / x - 1.0).abs() < 1e-4, "{scale:?}: {x} came back as {back}");
            }
        }

        #[test]
        fn a_clamped_value_lies_inside(y in -1e6f32..1e6) {
            let column = Column::new("latency", Part::Predicted).scaled(Scale::Log10 { floor: 1.0 }).within(1.0, 1e4);
            prop_assert!((0.0..=4.0).contains(&column.clamp(y)));
        }
    }
}
