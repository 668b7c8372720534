//! Columns in short, as on a command line.

use std::str::FromStr;

use thiserror::Error;

use super::{ColumnParams, ControlParams, Names, ScaleParams, SplitParams, When};

/// A short form that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is not understood; write {allowed}")]
pub struct ShortError {
    /// What is written.
    pub text: String,
    /// What is allowed.
    pub allowed: &'static str,
}

const COLUMN: &str = "[NAME=]COLUMN[/DIVIDE][:SCALE], where the scale is linear, root or log10:FLOOR";
const CONTROL: &str = "[NAME=]COLUMN[/DIVIDE][:decided]";

const SPLIT: &str =
    "tail:SHARE with a share above 0 and below 1, run:NAME, or windows:EVERY with a number of at least 2";

/// `[NAME=]COLUMN[/DIVIDE]` and what follows, each with its colon.
struct Short<'a> {
    name: Option<String>,
    columns: Names,
    divide: f64,
    rest: Vec<&'a str>,
}

impl<'a> Short<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(':');
        let first = parts.next()?;
        let (name, column) = match first.split_once('=') {
            Some((name, column)) => (Some(name.trim()), column),
            None => (None, first),
        };
        let (column, divide) = match column.split_once('/') {
            Some((column, divide)) => (column, divide.trim().parse().ok()?),
            None => (column, 1.0),
        };
        let whole = !column.trim().is_empty() && name.is_none_or(|name| !name.is_empty());
        let columns = Names(vec![column.trim().to_owned()]);
        whole.then(|| Self { name: name.map(str::to_owned), columns, divide, rest: parts.collect() })
    }
}

impl FromStr for ColumnParams {
    type Err = ShortError;

    fn from_str(text: &str) -> Result<Self, ShortError> {
        let refuse = || ShortError { text: text.to_owned(), allowed: COLUMN };
        let Short { name, columns, divide, rest } = Short::parse(text).ok_or_else(refuse)?;
        let (scale, floor) = match rest.as_slice() {
            [] | ["linear"] => (ScaleParams::Linear, None),
            ["root"] => (ScaleParams::Root, None),
            ["log10", floor] => (ScaleParams::Log10, Some(floor.trim().parse().map_err(|_| refuse())?)),
            _ => return Err(refuse()),
        };
        Ok(Self { columns, name, divide, scale, floor, min: None, max: None, unit: String::new() })
    }
}

impl FromStr for ControlParams {
    type Err = ShortError;

    fn from_str(text: &str) -> Result<Self, ShortError> {
        let refuse = || ShortError { text: text.to_owned(), allowed: CONTROL };
        let Short { name, columns, divide, rest } = Short::parse(text).ok_or_else(refuse)?;
        let when = match rest.as_slice() {
            [] => When::InForce,
            ["decided"] => When::Decided,
            _ => return Err(refuse()),
        };
        Ok(Self { columns, name, divide, when, min: None, max: None, unit: String::new() })
    }
}

impl FromStr for SplitParams {
    type Err = ShortError;

    fn from_str(text: &str) -> Result<Self, ShortError> {
        let split = match text.split_once(':') {
            Some(("tail", share)) => share.parse().ok().filter(|x| *x > 0.0 && *x < 1.0).map(Self::Tail),
            Some(("run", name)) if !name.is_empty() => Some(Self::Run(name.to_owned())),
            Some(("windows", every)) => every.parse().ok().filter(|every| *every >= 2).map(Self::Windows),
            _ => None,
        };
        split.ok_or_else(|| ShortError { text: text.to_owned(), allowed: SPLIT })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_part_to_hold_back_is_read_or_refused_with_what_is_allowed() {
        let read = |text: &str| text.parse::<SplitParams>();
        assert_eq!(read("tail:0.2"), Ok(SplitParams::Tail(0.2)));
        assert_eq!(read("run:a:b"), Ok(SplitParams::Run("a:b".to_owned())));
        assert_eq!(read("windows:5"), Ok(SplitParams::Windows(5)));
        for wrong in ["tail:1", "tail:nan", "windows:1", "run:", "half"] {
            assert!(read(wrong).unwrap_err().to_string().contains("tail:SHARE"), "{wrong}");
        }
    }

    use super::*;

    #[test]
    fn every_part_of_the_short_form_is_read() {
        let read = |text: &str| {
            let ColumnParams { columns, name, divide, scale, floor, .. } = text.parse().unwrap();
            (columns.0.concat(), name, divide, scale, floor)
        };
        assert_eq!(read("load/30"), ("load".into(), None, 30.0, ScaleParams::Linear, None));
        assert_eq!(read("p99:log10:0.1"), ("p99".into(), None, 1.0, ScaleParams::Log10, Some(0.1)));
        assert_eq!(read("n=a b:root"), ("a b".into(), Some("n".into()), 1.0, ScaleParams::Root, None));
    }

    #[test]
    fn what_is_no_short_form_is_refused_with_what_is_allowed() {
        for text in ["", "=x", "x/", "x/y", "x:log10", "x:log10:a", "x:log2", "x:linear:1", ":root"] {
            let error = text.parse::<ColumnParams>().unwrap_err();
            assert!(error.to_string().ends_with("log10:FLOOR"), "{error}");
        }
        assert!("x:root".parse::<ControlParams>().unwrap_err().to_string().ends_with("[:decided]"));
    }
}
