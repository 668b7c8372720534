//! What stands in one field of the long format: a value of some kind, or nothing.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;

use super::schema::Field;

/// Characters of a text that a message repeats.
const MAX_QUOTED: usize = 60;

/// What may stand in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text; an empty one is no text.
    Text,
    /// A count of 32 bits.
    Count,
    /// A count of 64 bits.
    Seed,
    /// A whole number with a sign.
    Change,
    /// A moment, in seconds.
    Time,
    /// A duration above 0, in seconds.
    Period,
    /// A duration, in seconds.
    Age,
    /// A number from 0 to 1, in double precision.
    Probability,
    /// A measurement: none of ours is below 0.
    Sample,
    /// A number from 0 to 1.
    Share,
    /// Any finite number.
    Real,
}

/// How values of a kind are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// UTF-8.
    Text,
    /// 64 bits without a sign.
    Unsigned,
    /// 64 bits with a sign.
    Signed,
    /// An `f64`.
    Double,
    /// An `f32`.
    Single,
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Absent,
    /// A text.
    Text(Cow<'a, str>),
    /// A count.
    Unsigned(u64),
    /// A change.
    Signed(i64),
    /// A number in double precision.
    Double(f64),
    /// A number in single precision.
    Single(f32),
}

/// A field that does not hold what its column says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("column {column}: {value} is not {allowed}")]
pub struct CellError {
    /// The column.
    pub column: String,
    /// What was found.
    pub value: String,
    /// What may stand there.
    pub allowed: String,
}

impl CellError {
    /// An error about `cell` in the column of `field`, where `allowed` may stand.
    pub(super) fn new(field: Field, cell: &Cell<'_>, allowed: impl Into<String>) -> Self {
        Self { column: field.name().into_owned(), value: cell.quoted(), allowed: allowed.into() }
    }
}

impl Cell<'_> {
    /// As in a message.
    pub(super) fn quoted(&self) -> String {
        match self {
            Self::Absent => "nothing".to_owned(),
            Self::Text(text) if text.chars().nth(MAX_QUOTED).is_some() => {
                format!("{:?}…", text.chars().take(MAX_QUOTED).collect::<String>())
            }
            Self::Text(text) => format!("{text:?}"),
            number => number.to_string(),
        }
    }
}

impl Kind {
    /// How its values are stored.
    pub const fn storage(self) -> Storage {
        match self {
            Self::Text => Storage::Text,
            Self::Count | Self::Seed => Storage::Unsigned,
            Self::Change => Storage::Signed,
            Self::Time | Self::Period | Self::Age | Self::Probability => Storage::Double,
            Self::Sample | Self::Share | Self::Real => Storage::Single,
        }
    }

    /// What is allowed, in words.
    pub const fn allowed(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Count => "a whole number from 0 to 4294967295",
            Self::Seed => "a whole number from 0 to 18446744073709551615",
            Self::Change => "a whole number",
            Self::Time => "a finite number of seconds",
            Self::Period => "a finite number of seconds above 0",
            Self::Age => "a finite number of seconds of at least 0",
            Self::Probability | Self::Share => "a number from 0 to 1",
            Self::Sample => "a finite number of at least 0 (an absent sample is an empty field)",
            Self::Real => "a finite number",
        }
    }

    /// Whether a cell of this kind may hold `cell`; nothing is always allowed.
    pub fn allows(self, cell: &Cell<'_>) -> bool {
        match (self, cell) {
            (_, Cell::Absent)
            | (Self::Text, Cell::Text(_))
            | (Self::Seed, Cell::Unsigned(_))
            | (Self::Change, Cell::Signed(_)) => true,
            (Self::Count, Cell::Unsigned(count)) => u32::try_from(*count).is_ok(),
            (Self::Time, Cell::Double(x)) => x.is_finite(),
            (Self::Period, Cell::Double(x)) => x.is_finite() && *x > 0.0,
            (Self::Age, Cell::Double(x)) => x.is_finite() && *x >= 0.0,
            (Self::Probability, Cell::Double(x)) => (0.0..=1.0).contains(x),
            (Self::Sample, Cell::Single(x)) => x.is_finite() && *x >= 0.0,
            (Self::Share, Cell::Single(x)) => (0.0..=1.0).contains(x),
            (Self::Real, Cell::Single(x)) => x.is_finite(),
            _ => false,
        }
    }

    /// The cell that `text` stands for; `None` if it does not stand for one of this kind.
    pub(super) fn parse(self, text: &str) -> Option<Cell<'_>> {
        let text = if self == Self::Text { text } else { text.trim() };
        if text.is_empty() {
            return Some(Cell::Absent);
        }
        let cell = match self.storage() {
            Storage::Text => Cell::Text(text.into()),
            Storage::Unsigned => Cell::Unsigned(text.parse().ok()?),
            Storage::Signed => Cell::Signed(text.parse().ok()?),
            Storage::Double => Cell::Double(text.parse().ok()?),
            Storage::Single => Cell::Single(text.parse().ok()?),
        };
        self.allows(&cell).then_some(cell)
    }
}

/// As a field of a text file: numbers in the shortest form that gives the same bits when read.
impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Unsigned(count) => count.fmt(f),
            Self::Signed(change) => change.fmt(f),
            Self::Double(number) => number.fmt(f),
            Self::Single(number) => number.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_field_is_nothing_and_zero_is_a_value() {
        assert_eq!(Kind::Sample.parse(" "), Some(Cell::Absent));
        assert_eq!(Kind::Sample.parse("0"), Some(Cell::Single(0.0)));
    }

    #[test]
    fn a_stand_in_for_a_missing_sample_is_refused() {
        for text in ["-1", "NaN", "inf", "null", "1e39"] {
            assert_eq!(Kind::Sample.parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_count_has_no_fraction_and_fits_32_bits() {
        assert_eq!(Kind::Count.parse("4294967295"), Some(Cell::Unsigned(4_294_967_295)));
        assert_eq!((Kind::Count.parse("4294967296"), Kind::Count.parse("2.0")), (None, None));
    }
}
