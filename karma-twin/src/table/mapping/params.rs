//! A mapping as written.

use serde::{Deserialize, Serialize};

use super::{Names, matched};
use crate::table::Split;

/// A mapping as written. Every field but `predict` has a default; an unknown one is an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MappingParams {
    /// The column that names the run of a row; rows of different runs do not follow each other. Default: one run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The column that says when a row was taken: seconds, or RFC 3339 timestamps such as `2026-01-31T23:59:30Z`. Rows
    /// may stand in any order. Default: the number of the row in its run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Longest time, in seconds, after which a row still follows the one before; above 0. Default: 1.5 × the median of
    /// the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_gap: Option<f64>,
    /// Rows that are left out: `COLUMN OPERATOR NUMBER`, with one of < <= > >= == != and the number as in the file. A
    /// missing value meets no condition. Default: none.
    pub drop: Vec<String>,
    /// Sum of the controls' absolute changes from which on a row counts as one in which something was done; above 0.
    /// Default 0.5.
    pub moved: f32,
    /// What separates fields: one ASCII character. Default `,`.
    pub delimiter: char,
    /// What stands for a missing value, in any case of letters; spaces around it do not count. Default: nothing, `NaN`
    /// and `null`.
    pub missing: Vec<String>,
    /// Set if the file has a row for each pod. Default: it has one for each moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<PodsParams>,
    /// What is to be predicted; at least one.
    pub predict: Vec<ColumnParams>,
    /// What is chosen.
    pub control: Vec<ControlParams>,
    /// What is neither chosen nor predicted, but known in advance, such as a load that is played again.
    pub given: Vec<ColumnParams>,
    /// What is held back from learning.
    pub split: SplitParams,
}

impl Default for MappingParams {
    fn default() -> Self {
        Self {
            run: None,
            time: None,
            max_gap: None,
            drop: Vec::new(),
            moved: 0.5,
            delimiter: ',',
            missing: ["", "NaN", "null"].map(str::to_owned).to_vec(),
            pods: None,
            predict: Vec::new(),
            control: Vec::new(),
            given: Vec::new(),
            split: SplitParams::default(),
        }
    }
}

impl MappingParams {
    /// Whether a column of this name is used.
    pub(in crate::table) fn asks_for(&self, name: &str) -> bool {
        let columns = self.predict.iter().chain(&self.given).map(|column| &column.columns);
        let mut columns = columns.chain(self.control.iter().map(|control| &control.columns));
        columns.any(|names| names.0.iter().any(|pattern| matched(pattern.trim(), name).is_some()))
    }
}

/// A file with a row for each pod.
///
/// Its rows become rows of intervals with a column `SERVICE.COLUMN` for each service and column, the mean over the rows
/// of its pods in the interval, and a column `SERVICE.pods`, the number of its pods that were seen; both are missing if
/// none was. All other settings speak of these columns. The service of a pod is in its name: `NAME-HASH-HASH`, or `NAME-NUMBER`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PodsParams {
    /// The column with the name of the pod.
    pub column: String,
    /// Length of an interval, in seconds; above 0. Intervals begin at its multiples.
    pub every: f64,
}

/// Columns that are predicted or given.
///
/// # In short
/// On a command line a column is `[NAME=]COLUMN[/DIVIDE][:SCALE]`, where the scale is `linear`, `root` or
/// `log10:FLOOR`:
///
/// ```
/// use karma_twin::table::{ColumnParams, ScaleParams};
/// let short: ColumnParams = "wait=avg_latency/1000:log10:0.001".parse()?;
/// assert_eq!((short.name.as_deref(), short.divide), (Some("wait"), 1000.0));
/// assert_eq!((short.scale, short.floor), (ScaleParams::Log10, Some(0.001)));
/// # Ok::<(), karma_twin::table::ShortError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnParams {
    /// Names in the file; one `*` in a name stands for any text. Also written `column`.
    #[serde(alias = "column")]
    pub columns: Names,
    /// Name as printed, in which `*` is the text that `*` stood for. Default: the name in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// By what values are divided; not 0. Default 1.
    #[serde(default = "one")]
    pub divide: f64,
    /// On which scale errors have about one size. Default `linear`.
    #[serde(default)]
    pub scale: ScaleParams,
    /// With `log10`: the smallest value that is told apart, after the division; above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f32>,
    /// Least possible value, after the division. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f32>,
    /// Greatest possible value, after the division. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f32>,
    /// Unit after the division, as printed. Default: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

/// Columns that are chosen: replicas, shares of a machine.
///
/// # In short
/// On a command line a control is `[NAME=]COLUMN[/DIVIDE][:decided]`:
///
/// ```
/// use karma_twin::table::{ControlParams, When};
/// let short: ControlParams = "alloc_*:decided".parse()?;
/// assert_eq!(short.when, When::Decided);
/// # Ok::<(), karma_twin::table::ShortError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlParams {
    /// Names in the file; one `*` in a name stands for any text. Also written `column`.
    #[serde(alias = "column")]
    pub columns: Names,
    /// Name as printed, in which `*` is the text that `*` stood for. Default: the name in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// By what values are divided; not 0. Default 1.
    #[serde(default = "one")]
    pub divide: f64,
    /// Since when a row's value holds. Default `in_force`.
    #[serde(default)]
    pub when: When,
    /// Least possible value, after the division. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f32>,
    /// Greatest possible value, after the division. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f32>,
    /// Unit after the division, as printed. Default: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

/// What the value of a control in a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// What was in force in the interval that ends at the row: the action is the next row's value.
    #[default]
    InForce,
    /// The action, taken after the row was seen: it is in force in the next row. What is in force in the first row of a
    /// window is then unknown.
    Decided,
}

/// The scale of a column, as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleParams {
    /// As it is.
    #[default]
    Linear,
    /// The decimal logarithm: times.
    Log10,
    /// The square root: counts.
    Root,
}

/// What is held back from learning, as written: one of the three.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitParams {
    /// Of each run this last share, above 0 and below 1.
    Tail(f64),
    /// The run of this name.
    Run(String),
    /// Every so many windows one, at least 2.
    Windows(usize),
}

impl Default for SplitParams {
    /// The last fifth of each run.
    fn default() -> Self {
        Self::Tail(0.2)
    }
}

impl From<SplitParams> for Split {
    fn from(params: SplitParams) -> Self {
        match params {
            SplitParams::Tail(share) => Self::Tail { share },
            SplitParams::Run(name) => Self::Run { name },
            SplitParams::Windows(every) => Self::Windows { every },
        }
    }
}

const fn one() -> f64 {
    1.0
}
