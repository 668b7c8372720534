//! The rows of a file, one by one and in order.

use std::collections::BTreeMap;

use csv::StringRecord;

use super::TableError;
use super::header::{Field, Layout};
use super::time;
use crate::table::Mapping;

/// A row that is kept.
#[derive(Debug)]
pub(super) struct Row {
    /// Number of the run, in the order in which runs appear.
    pub(super) run: usize,
    /// In seconds.
    pub(super) time: f64,
    line: u64,
    /// In the order of the schema, on the columns' scales; NaN if missing.
    pub(super) values: Vec<f32>,
}

/// Takes rows.
pub(super) struct Rows<'a> {
    missing: &'a [String],
    layout: &'a Layout,
    /// For each run its number, and how many rows it has in the file.
    runs: BTreeMap<String, (usize, u64)>,
    kept: Vec<Row>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(mapping: &'a Mapping, layout: &'a Layout) -> Self {
        Self { missing: &mapping.params().missing, layout, runs: BTreeMap::new(), kept: Vec::new() }
    }

    pub(super) fn push(&mut self, line: u64, record: &StringRecord) -> Result<(), TableError> {
        let cells = Cells { line, record, missing: self.missing, names: &self.layout.names };
        for (at, condition) in &self.layout.drop {
            if condition.is_met_by(cells.number(*at)?) {
                // Counted all the same: where the number of a row is its time, a row is missing here.
                self.run(&cells)?;
                return Ok(());
            }
        }
        let (run, number) = self.run(&cells)?;
        let time = self.layout.time.map_or(Ok(number as f64), |at| cells.time(at))?;
        let values = self.layout.fields.iter().map(|field| cells.value(field)).collect::<Result<_, _>>()?;
        self.kept.push(Row { run, time, line, values });
        Ok(())
    }

    /// The number of the row's run, and the row's number in it.
    fn run(&mut self, cells: &Cells<'_>) -> Result<(usize, u64), TableError> {
        let name = self.layout.run.map_or(Ok(""), |at| cells.present(at, "the name of a run"))?;
        let next = self.runs.len();
        let (run, count) = match self.runs.get_mut(name) {
            Some(known) => known,
            None => self.runs.entry(name.to_owned()).or_insert((next, 0)),
        };
        *count += 1;
        Ok((*run, *count - 1))
    }

    /// The names of the runs, and the rows by run and time.
    pub(super) fn sorted(mut self) -> Result<(Vec<String>, Vec<Row>), TableError> {
        let mut runs: Vec<(usize, String)> =
            self.runs.into_iter().map(|(name, (run, _))| (run, name)).collect();
        runs.sort_unstable();
        let runs: Vec<String> = runs.into_iter().map(|(_, name)| name).collect();
        self.kept.sort_by(|a, b| a.run.cmp(&b.run).then(a.time.total_cmp(&b.time)));
        let same =
            self.kept.windows(2).find(|pair| pair[0].run == pair[1].run && pair[0].time >= pair[1].time);
        if let Some([a, b]) = same {
            let run = match runs[a.run].as_str() {
                "" => String::new(),
                name => format!(" of the run {name:?}"),
            };
            let (earlier, line) = (a.line.min(b.line), a.line.max(b.line));
            return Err(TableError::Moment { line, earlier, time: a.time, run });
        }
        if self.kept.is_empty() { Err(TableError::Empty) } else { Ok((runs, self.kept)) }
    }
}

/// The fields of one row.
pub(super) struct Cells<'a> {
    pub(super) line: u64,
    pub(super) record: &'a StringRecord,
    pub(super) missing: &'a [String],
    pub(super) names: &'a [String],
}

impl<'a> Cells<'a> {
    fn text(&self, at: usize) -> &'a str {
        self.record.get(at).unwrap_or("").trim()
    }

    fn is_missing(&self, text: &str) -> bool {
        self.missing.iter().any(|mark| mark.trim().eq_ignore_ascii_case(text))
    }

    fn refuse(&self, at: usize, allowed: impl Into<String>) -> TableError {
        TableError::cell(self.line, &self.names[at], self.text(at), allowed)
    }

    /// A text that must be there.
    pub(super) fn present(&self, at: usize, allowed: &str) -> Result<&'a str, TableError> {
        let text = self.text(at);
        if self.is_missing(text) { Err(self.refuse(at, allowed)) } else { Ok(text) }
    }

    /// A number as it is in the file; NaN if it is missing.
    pub(super) fn number(&self, at: usize) -> Result<f64, TableError> {
        let text = self.text(at);
        if self.is_missing(text) {
            return Ok(f64::NAN);
        }
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| self.refuse(at, format!("a finite number, or missing ({})", self.marks())))
    }

    fn marks(&self) -> String {
        let marks = self.missing.iter().map(|mark| format!("{mark:?}"));
        marks.collect::<Vec<_>>().join(", ")
    }

    /// A value of a column, on its scale; NaN if it is missing.
    #[expect(clippy::cast_possible_truncation, reason = "a table has single precision; too large is refused")]
    fn value(&self, field: &Field) -> Result<f32, TableError> {
        let number = self.number(field.at)?;
        let value = (number / field.divide) as f32;
        if value.is_infinite() {
            return Err(self.refuse(field.at, "a number of a size up to 3e38"));
        }
        // The scale must not make a number of a missing value.
        Ok(if value.is_nan() { f32::NAN } else { field.scale.forward(value) })
    }

    pub(super) fn time(&self, at: usize) -> Result<f64, TableError> {
        let text = self.text(at);
        let seconds = text.parse().ok().filter(|seconds: &f64| seconds.is_finite());
        let seconds = seconds.or_else(|| time::seconds(text));
        seconds.ok_or_else(|| {
            self.refuse(
                at,
                "a time: a number of seconds, or an RFC 3339 timestamp such as 2026-01-31T23:59:30Z",
            )
        })
    }
}
