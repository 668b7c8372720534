//! The values that a setting may take.

use karma_core::SeedTree;
use karma_core::draw::below;
use toml::{Table, Value};

/// Most values that a list or a range may have in a grid.
const MOST_VALUES: i64 = 10_000;

/// The kinds of a space, as they are written.
const KINDS: [&str; 4] = ["values", "log_uniform", "uniform", "integer"];

/// The values of one setting.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Space {
    /// `{ values = [..] }`: one of these.
    Values(Vec<Value>),
    /// `{ uniform = [low, high] }`: any number between.
    Uniform(f64, f64),
    /// `{ log_uniform = [low, high] }`: any number between, every power of ten alike.
    LogUniform(f64, f64),
    /// `{ integer = [low, high] }`: a whole number, both ends included.
    Integer(i64, i64),
}

impl Space {
    /// All spaces of a table with their paths, in the order in which they are written out: nested tables are paths too.
    ///
    /// # Errors
    /// The path of the first that is not allowed, and why.
    pub(super) fn read_all(prefix: &str, table: &Table) -> Result<Vec<(String, Self)>, (String, String)> {
        let mut spaces = Vec::new();
        for (key, value) in table {
            let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            match value {
                Value::Table(inner) if inner.keys().any(|key| KINDS.contains(&key.as_str())) => {
                    let space = Self::read(inner).map_err(|message| (path.clone(), message))?;
                    spaces.push((path, space));
                }
                Value::Table(inner) if !inner.is_empty() => spaces.extend(Self::read_all(&path, inner)?),
                other => return Err((path, format!("is {other}; allowed: {}", allowed()))),
            }
        }
        Ok(spaces)
    }

    fn read(table: &Table) -> Result<Self, String> {
        let mut entries = table.iter();
        let (Some((kind, value)), None) = (entries.next(), entries.next()) else {
            return Err(format!(
                "is {}; allowed: exactly one of {}",
                Value::Table(table.clone()),
                KINDS.join(", ")
            ));
        };
        let told = || format!("has {kind} = {value}");
        let Value::Array(items) = value else { return Err(format!("{}; allowed: a list", told())) };
        match kind.as_str() {
            "values" if items.is_empty() => Err(format!("{}; allowed: at least one value", told())),
            "values" => Ok(Self::Values(items.clone())),
            "integer" => match items.as_slice() {
                [Value::Integer(low), Value::Integer(high)] if low <= high => Ok(Self::Integer(*low, *high)),
                _ => Err(format!("{}; allowed: [low, high], two whole numbers, low at most high", told())),
            },
            _ => {
                let log = kind == "log_uniform";
                let least = if log { f64::MIN_POSITIVE } else { f64::MIN };
                match ends(items).filter(|[low, high]| least <= *low && low < high && *high <= f64::MAX) {
                    Some([low, high]) if log => Ok(Self::LogUniform(low, high)),
                    Some([low, high]) => Ok(Self::Uniform(low, high)),
                    None if log => Err(format!("{}; allowed: [low, high], 0 < low < high", told())),
                    None => Err(format!("{}; allowed: [low, high], two numbers, low < high", told())),
                }
            }
        }
    }

    /// All values, if they can be listed.
    pub(super) fn list(&self) -> Option<Vec<Value>> {
        match self {
            Self::Values(values) => Some(values.clone()),
            Self::Integer(low, high) if high.saturating_sub(*low) < MOST_VALUES => {
                Some((*low..=*high).map(Value::Integer).collect())
            }
            _ => None,
        }
    }

    /// Values to try the setting's kind with: all of a list, the ends of a range.
    pub(super) fn samples(&self) -> Vec<Value> {
        match self {
            Self::Values(values) => values.clone(),
            Self::Integer(low, high) => [*low, *high].map(Value::Integer).into(),
            Self::Uniform(low, high) | Self::LogUniform(low, high) => [*low, *high].map(Value::Float).into(),
        }
    }

    /// The draw of a node of the tree of seeds. Numbers have six significant digits, so that what a table shows is what
    /// was run.
    pub(super) fn draw(&self, node: SeedTree) -> Value {
        let mut rng = node.rng();
        match self {
            Self::Values(values) => values[below(&mut rng, values.len())].clone(),
            Self::Integer(low, high) => {
                let count = usize::try_from(high.abs_diff(*low)).unwrap_or(usize::MAX).saturating_add(1);
                Value::Integer(low.saturating_add_unsigned(below(&mut rng, count) as u64))
            }
            Self::Uniform(low, high) => {
                // Not low + share · (high − low), which overflows for the widest ranges.
                let share = share(below(&mut rng, GRAINS));
                Value::Float(short(low * (1.0 - share) + high * share).clamp(*low, *high))
            }
            Self::LogUniform(low, high) => {
                let share = share(below(&mut rng, GRAINS));
                Value::Float(short((low.ln() * (1.0 - share) + high.ln() * share).exp()).clamp(*low, *high))
            }
        }
    }
}

/// Steps between 0 and 1 of a draw.
const GRAINS: usize = 1 << 53;

fn share(grain: usize) -> f64 {
    grain as f64 / GRAINS as f64
}

/// A number with six significant digits.
fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

fn ends(items: &[Value]) -> Option<[f64; 2]> {
    let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
    match items {
        [low, high] => Some([number(low)?, number(high)?]),
        _ => None,
    }
}

fn allowed() -> &'static str {
    "{ values = [..] }, { uniform = [low, high] }, { log_uniform = [low, high] } or { integer = [low, high] }"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<(String, Space)>, (String, String)> {
        Space::read_all("", &toml::from_str(text).unwrap())
    }

    #[test]
    fn spaces_are_read_by_path_whether_quoted_or_nested() {
        let quoted = read("\"learner.gamma\" = { values = [0.9, 0.99] }").unwrap();
        assert_eq!(quoted, read("[learner.gamma]\nvalues = [0.9, 0.99]").unwrap());
        assert_eq!(quoted[0].0, "learner.gamma");
        assert_eq!(read("seed = { integer = [1, 3] }").unwrap()[0].1.list().unwrap().len(), 3);
    }

    #[test]
    fn what_is_no_space_is_told_with_what_is_allowed() {
        let refused = |text: &str| read(text).unwrap_err().1;
        assert!(refused("seed = 3").starts_with("is 3; allowed: { values = [..] }, "));
        assert_eq!(refused("seed = { values = [] }"), "has values = []; allowed: at least one value");
        assert_eq!(
            refused("lr = { log_uniform = [0.0, 1.0] }"),
            "has log_uniform = [0.0, 1.0]; allowed: [low, high], 0 < low < high"
        );
        assert_eq!(
            refused("lr = { integer = [5, 1] }"),
            "has integer = [5, 1]; allowed: [low, high], two whole numbers, low at most high"
        );
        assert!(refused("lr = { uniform = [nan, 1] }").contains("low < high"));
        assert!(
            refused("lr = { uniform = [0, 1], values = [1] }").contains("exactly one of values, log_uniform")
        );
    }

    #[test]
    fn draws_of_a_log_uniform_space_favour_no_power_of_ten() {
        let space = Space::LogUniform(1e-4, 1e-2);
        let below_middle = (0..1000)
            .filter(|n| space.draw(SeedTree::new(3).index(*n)).as_float().is_some_and(|value| value < 1e-3))
            .count();
        // Expectation 500, standard deviation 16.
        assert!(below_middle.abs_diff(500) < 80, "{below_middle}");
    }

    proptest! {
        #[test]
        fn draws_stay_in_their_space_and_depend_on_their_node_alone(
            seed: u64, low in -1e3..1e3_f64, width in 1e-3..1e3_f64, first in -50..50_i64, count in 0..50_i64,
        ) {
            let node = SeedTree::new(seed);
            let uniform = Space::Uniform(low, low + width).draw(node).as_float().unwrap();
            prop_assert!((low..=low + width).contains(&uniform));
            let (least, most) = (low.abs() + 1e-6, low.abs() + 1e-6 + width);
            let log = Space::LogUniform(least, most).draw(node).as_float().unwrap();
            prop_assert!((least..=most).contains(&log));
            let integer = Space::Integer(first, first + count);
            let drawn = integer.draw(node);
            prop_assert!(integer.list().unwrap().contains(&drawn));
            prop_assert_eq!(drawn, integer.draw(node));
        }

        #[test]
        fn the_widest_ranges_do_not_overflow(seed: u64) {
            let node = SeedTree::new(seed);
            prop_assert!(Space::Uniform(f64::MIN, f64::MAX).draw(node).as_float().unwrap().is_finite());
            Space::Integer(i64::MIN, i64::MAX).draw(node);
        }
    }
}
