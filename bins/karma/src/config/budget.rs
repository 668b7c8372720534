//! How long a run trains: `90s`, `3m`, `1h`, or a number of iterations.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

const MOST_SECONDS: u64 = 30 * 86_400;
const MOST_ITERATIONS: u64 = 1_000_000_000;

/// What is spent on training; evaluation comes on top.
///
/// A budget of iterations gives the same result everywhere; one of time depends on the machine.
///
/// ```
/// use karma::config::Budget;
/// use std::time::Duration;
///
/// assert_eq!("3m".parse(), Ok(Budget::Time(Duration::from_secs(180))));
/// assert_eq!("40".parse(), Ok(Budget::Iterations(40)));
/// assert_eq!(Budget::Time(Duration::from_secs(90)).to_string(), "90s");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Time of training on the wall clock.
    Time(Duration),
    /// Iterations of the learner.
    Iterations(u64),
}

/// A text that is no budget.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "\"{value}\" is no budget; write a time such as 90s, 3m or 1h (1s to 30 days), or a number of iterations (1 to {MOST_ITERATIONS})"
)]
pub struct BudgetError {
    /// The text as written, shortened.
    pub value: String,
}

impl Budget {
    /// How much of the budget is spent, from 0 to 1.
    pub fn spent(self, elapsed: Duration, iterations: u64) -> f64 {
        let share = match self {
            Self::Time(time) => elapsed.as_secs_f64() / time.as_secs_f64(),
            Self::Iterations(most) => iterations as f64 / most as f64,
        };
        share.min(1.0)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::Time(Duration::from_mins(3))
    }
}

impl FromStr for Budget {
    type Err = BudgetError;

    fn from_str(text: &str) -> Result<Self, BudgetError> {
        parse(text.trim()).ok_or_else(|| BudgetError {
            value: text.chars().take(40).collect::<String>().escape_debug().to_string(),
        })
    }
}

fn parse(text: &str) -> Option<Budget> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let seconds = match text[digits..].trim_start() {
        "" => return (1..=MOST_ITERATIONS).contains(&number).then_some(Budget::Iterations(number)),
        "s" => number,
        "m" | "min" => number.checked_mul(60)?,
        "h" => number.checked_mul(3600)?,
        _ => return None,
    };
    (1..=MOST_SECONDS).contains(&seconds).then(|| Budget::Time(Duration::from_secs(seconds)))
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iterations(count) => write!(f, "{count}"),
            Self::Time(time) => match time.as_secs() {
                seconds if seconds.is_multiple_of(3600) => write!(f, "{}h", seconds / 3600),
                seconds if seconds.is_multiple_of(60) => write!(f, "{}m", seconds / 60),
                seconds => write!(f, "{seconds}s"),
            },
        }
    }
}

impl Serialize for Budget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Iterations(count) => serializer.serialize_u64(*count),
            Self::Time(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Budget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;
        impl Visitor<'_> for TextOrNumber {
            type Value = Budget;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"3m\", or a number of iterations")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Budget, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, count: i64) -> Result<Budget, E> {
                self.visit_str(&count.to_string())
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<Budget, E> {
                self.visit_str(&count.to_string())
            }
        }
        deserializer.deserialize_any(TextOrNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_and_iterations_are_told_apart() {
        assert_eq!("60s".parse(), Ok(Budget::Time(Duration::from_mins(1))));
        assert_eq!("5m".parse(), Ok(Budget::Time(Duration::from_mins(5))));
        assert_eq!("2h".parse(), Ok(Budget::Time(Duration::from_hours(2))));
        assert_eq!(" 60 ".parse(), Ok(Budget::Iterations(60)));
    }

    #[test]
    fn what_is_no_budget_is_quoted_with_what_is_allowed() {
        for text in ["", "0", "0s", "-5", "1.5m", "5 weeks", "99999999999999999999s", "31536000m", "ü"] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
        assert_eq!(
            "soon".parse::<Budget>().unwrap_err().to_string(),
            "\"soon\" is no budget; write a time such as 90s, 3m or 1h (1s to 30 days), or a number of iterations (1 to 1000000000)"
        );
    }

    #[test]
    fn a_budget_is_spent_by_time_or_by_iterations() {
        let half = Duration::from_secs(30);
        assert_eq!(Budget::Time(Duration::from_mins(1)).spent(half, 1_000), 0.5);
        assert_eq!(Budget::Iterations(4).spent(half, 1), 0.25);
        assert_eq!(Budget::Iterations(4).spent(half, 9), 1.0);
    }

    proptest! {
        #[test]
        fn a_written_budget_reads_back(seconds in 1..=MOST_SECONDS, iterations in 1..=MOST_ITERATIONS) {
            for budget in [Budget::Time(Duration::from_secs(seconds)), Budget::Iterations(iterations)] {
                prop_assert_eq!(budget.to_string().parse(), Ok(budget));
                let text = serde_json::to_string(&budget).unwrap();
                prop_assert_eq!(serde_json::from_str::<Budget>(&text).unwrap(), budget);
            }
        }
    }
}
