//! From a mapping as written to one that reads.

use std::fmt::Debug;

use thiserror::Error;

use super::{ColumnParams, Condition, ControlParams, MappingParams, Names, ScaleParams, SplitParams};
use crate::table::Split;

/// A mapping that can be used; made by [`MappingParams::check`] only.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    params: MappingParams,
    drop: Vec<Condition>,
}

/// A setting of a mapping is out of its range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{setting} is {value}; allowed: {allowed}")]
pub struct MappingError {
    /// Its name, such as `predict.0.floor` for the first of the predicted columns.
    pub setting: String,
    /// Its value.
    pub value: String,
    /// What is allowed.
    pub allowed: &'static str,
}

type Checked = Result<(), MappingError>;

impl Mapping {
    /// The settings as written.
    pub const fn params(&self) -> &MappingParams {
        &self.params
    }

    /// What is held back from learning.
    pub fn split(&self) -> Split {
        self.params.split.clone().into()
    }

    /// The conditions of the rows that are left out.
    pub(in crate::table) fn drop(&self) -> &[Condition] {
        &self.drop
    }
}

impl MappingParams {
    /// The mapping to read with.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(self) -> Result<Mapping, MappingError> {
        require(self.max_gap.is_none_or(above_zero), "max_gap", &self.max_gap, "a finite number above 0")?;
        require(above_zero(self.moved.into()), "moved", &self.moved, "a finite number above 0")?;
        check_delimiter(self.delimiter)?;
        check_split(&self.split)?;
        check_pods(&self)?;
        if self.predict.is_empty() {
            return Err(refuse("predict", "an empty list", "at least one column"));
        }
        let parts = [("predict", &self.predict), ("given", &self.given)];
        for (part, index, column) in numbered(parts) {
            check_column(&format!("{part}.{index}"), column)?;
        }
        for (_, index, control) in numbered([("control", &self.control)]) {
            check_control(&format!("control.{index}"), control)?;
        }
        let drop = self.drop.iter().enumerate().map(|(index, text)| {
            let allowed = "COLUMN OPERATOR NUMBER with one of < <= > >= == !=, such as \"p99 <= 0\"";
            text.parse().map_err(|()| refuse(&format!("drop.{index}"), &format!("{text:?}"), allowed))
        });
        Ok(Mapping { drop: drop.collect::<Result<_, _>>()?, params: self })
    }
}

fn numbered<'a, T, const N: usize>(
    parts: [(&'static str, &'a Vec<T>); N],
) -> impl Iterator<Item = (&'static str, usize, &'a T)> {
    let numbered = |(part, columns): (_, &'a Vec<T>)| {
        columns.iter().enumerate().map(move |(index, column)| (part, index, column))
    };
    parts.into_iter().flat_map(numbered)
}

fn check_column(place: &str, column: &ColumnParams) -> Checked {
    let ColumnParams { columns, name, divide, scale, floor, min, max, unit: _ } = column;
    check_names(place, columns, name.as_deref())?;
    check_numbers(place, *divide, (*min, *max))?;
    let (sound, allowed) = match scale {
        ScaleParams::Log10 => {
            (floor.is_some_and(|floor| above_zero(floor.into())), "a number above 0, which log10 needs")
        }
        ScaleParams::Linear | ScaleParams::Root => (floor.is_none(), "nothing: only log10 has a floor"),
    };
    require(sound, &format!("{place}.floor"), floor, allowed)
}

fn check_control(place: &str, control: &ControlParams) -> Checked {
    let ControlParams { columns, name, divide, when: _, min, max, unit: _ } = control;
    check_names(place, columns, name.as_deref())?;
    check_numbers(place, *divide, (*min, *max))
}

fn check_names(place: &str, columns: &Names, name: Option<&str>) -> Checked {
    let setting = format!("{place}.columns");
    let wrong = columns.0.iter().find(|name| name.trim().is_empty() || name.matches('*').count() > 1);
    if let Some(wrong) = wrong {
        return Err(refuse(&setting, &format!("{wrong:?}"), "names with at most one *"));
    }
    if columns.0.is_empty() {
        return Err(refuse(&setting, "an empty list", "at least one name"));
    }
    let sound = name.is_none_or(|name| {
        let stars = name.matches('*').count();
        !name.trim().is_empty()
            && stars <= 1
            && (stars == 0 || columns.0.iter().all(|column| column.contains('*')))
    });
    require(sound, &format!("{place}.name"), &name, "a name, with * only if every column has one")
}

fn check_numbers(place: &str, divide: f64, (min, max): (Option<f32>, Option<f32>)) -> Checked {
    let sound = divide.is_finite() && divide != 0.0;
    require(sound, &format!("{place}.divide"), &divide, "a finite number that is not 0")?;
    for (bound, value) in [("min", min), ("max", max)] {
        require(value.is_none_or(f32::is_finite), &format!("{place}.{bound}"), &value, "a finite number")?;
    }
    let crossed = min.zip(max).is_some_and(|(min, max)| min > max);
    require(!crossed, &format!("{place}.min"), &min, "a number that is not above max")
}

fn check_delimiter(delimiter: char) -> Checked {
    let reserved = delimiter.is_alphanumeric() || "\"\r\n.+-_".contains(delimiter);
    let allowed = "one ASCII character such as , or ; that is no letter, digit, sign or quote";
    require(delimiter.is_ascii() && !reserved, "delimiter", &delimiter, allowed)
}

fn check_split(split: &SplitParams) -> Checked {
    match split {
        SplitParams::Tail(share) => {
            let sound = *share > 0.0 && *share < 1.0;
            require(sound, "split.tail", share, "a number above 0 and below 1")
        }
        SplitParams::Run(name) => require(!name.is_empty(), "split.run", name, "the name of a run"),
        SplitParams::Windows(every) => {
            require(*every >= 2, "split.windows", every, "a whole number of at least 2")
        }
    }
}

fn check_pods(params: &MappingParams) -> Checked {
    let Some(pods) = &params.pods else { return Ok(()) };
    require(above_zero(pods.every), "pods.every", &pods.every, "a finite number above 0")?;
    require(params.time.is_some(), "time", &params.time, "with pods, the column of the time")?;
    let absent = params.missing.iter().any(|mark| mark.trim().is_empty());
    require(
        absent,
        "missing",
        &params.missing,
        "with pods, a list with \"\": a service may have no pod for a while",
    )
}

fn above_zero(number: f64) -> bool {
    number.is_finite() && number > 0.0
}

fn require(sound: bool, setting: &str, value: &impl Debug, allowed: &'static str) -> Checked {
    if sound { Ok(()) } else { Err(refuse(setting, &shown(value), allowed)) }
}

fn refuse(setting: &str, value: &str, allowed: &'static str) -> MappingError {
    MappingError { setting: setting.to_owned(), value: value.to_owned(), allowed }
}

/// A value as in a message, without the `Some` of an optional one.
fn shown(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.strip_prefix("Some(").and_then(|text| text.strip_suffix(')')) {
        Some(inner) => inner.to_owned(),
        None if text == "None" => "absent".to_owned(),
        None => text,
    }
}
