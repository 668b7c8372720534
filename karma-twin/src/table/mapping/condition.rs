//! Conditions on a row, such as `p99 <= 0`.

use std::cmp::Ordering;
use std::str::FromStr;

/// A condition on the number in a column.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::table) struct Condition {
    pub(in crate::table) column: String,
    operator: Operator,
    number: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Below,
    AtMost,
    Above,
    AtLeast,
    Equal,
    Unequal,
}

impl Condition {
    /// Whether `value` meets the condition; a missing value (NaN) never does.
    pub(in crate::table) fn is_met_by(&self, value: f64) -> bool {
        value.partial_cmp(&self.number).is_some_and(|order| match self.operator {
            Operator::Below => order == Ordering::Less,
            Operator::AtMost => order != Ordering::Greater,
            Operator::Above => order == Ordering::Greater,
            Operator::AtLeast => order != Ordering::Less,
            Operator::Equal => order == Ordering::Equal,
            Operator::Unequal => order != Ordering::Equal,
        })
    }
}

impl FromStr for Condition {
    type Err = ();

    /// The operator is the last one, so that a column's name may hold others.
    fn from_str(text: &str) -> Result<Self, ()> {
        let end = text.rfind(['<', '>', '=']).ok_or(())? + 1;
        let (left, number) = text.split_at(end);
        let operators = [
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("==", Operator::Equal),
            ("!=", Operator::Unequal),
            ("<", Operator::Below),
            (">", Operator::Above),
        ];
        let found = operators.into_iter().find_map(|(sign, operator)| {
            let column = left.strip_suffix(sign)?.trim();
            (!column.is_empty()).then(|| (column.to_owned(), operator))
        });
        let (column, operator) = found.ok_or(())?;
        let number: f64 = number.trim().parse().map_err(|_| ())?;
        if number.is_finite() { Ok(Self { column, operator, number }) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operator_does_what_it_says() {
        let met = |text: &str| -> Vec<bool> {
            let condition: Condition = text.parse().unwrap();
            assert_eq!(condition.column, "p 99");
            [1.0, 2.0, 3.0, f64::NAN].map(|value| condition.is_met_by(value)).to_vec()
        };
        assert_eq!(met("p 99 < 2"), [true, false, false, false]);
        assert_eq!(met("p 99<=2"), [true, true, false, false]);
        assert_eq!(met("p 99 > 2.0"), [false, false, true, false]);
        assert_eq!(met(" p 99 >= 2e0"), [false, true, true, false]);
        assert_eq!(met("p 99 == 2"), [false, true, false, false]);
        assert_eq!(met("p 99 != 2"), [true, false, true, false]);
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "p99", "p99 <=", "<= 0", "p99 = 0", "p99 < NaN", "p99 <= 0 ms"] {
            assert_eq!(text.parse::<Condition>(), Err(()), "{text}");
        }
    }
}
