//! A recorded trace: what was counted at which time.

use std::io::Read;
use std::ops::Range;

use super::Split;
use super::error::TraceError;
use super::read::read_rows;
use crate::topologies::UnknownName;

/// A step this many times longer than the median step is a gap.
const GAP: f64 = 5.0;

/// Times in seconds and the values counted there, in order of time.
///
/// Only the shape is used: a workload takes a window of a trace and scales it. Where a step is longer than five
/// times the median step the trace has a gap; no window crosses one.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    name: String,
    times: Vec<f64>,
    values: Vec<f64>,
    /// First rows of the stretches without a gap.
    starts: Vec<usize>,
    step: f64,
}

impl Trace {
    /// The traces that come with the simulated cluster; `data/README.md` says where each is from.
    pub const NAMES: [&str; 4] = ["worldcup98", "azure-code", "azure-conv", "nab-elb"];

    /// Reads a CSV file of two columns with a header: a time (`second`, `minute`, or `time`, `period`,
    /// `timestamp`, which may hold dates) and a value (`requests`, `count`, `value`).
    ///
    /// ```
    /// use karma_mock::Trace;
    /// let rows: String = (0..12).map(|minute| format!("{minute},{}\n", 100 + minute)).collect();
    /// let trace = Trace::read(format!("minute,requests\n{rows}").as_bytes(), "mine")?;
    /// assert_eq!((trace.rows(), trace.step()), (12, 60.0));
    ///
    /// let error = Trace::read("minute,requests\n0,100\n1,-5\n".as_bytes(), "mine").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "line 3: \"-5\" is not allowed as a value; expected a number from 0 to 1e12"
    /// );
    /// # Ok::<(), karma_mock::TraceError>(())
    /// ```
    ///
    /// # Errors
    /// One [`TraceError`] for the first thing that is wrong: it names the line, the value and what is allowed.
    pub fn read(reader: impl Read, name: impl Into<String>) -> Result<Self, TraceError> {
        let (times, values) = read_rows(reader)?.into_iter().unzip();
        Ok(Self::from_rows(name.into(), times, values))
    }

    /// A shipped trace.
    ///
    /// # Errors
    /// [`TraceError::Unknown`] if no trace of this name is shipped.
    pub fn shipped(name: &str) -> Result<Self, TraceError> {
        let text = match name {
            "worldcup98" => include_str!("../../data/traces/worldcup98.csv"),
            "azure-code" => include_str!("../../data/traces/azure-code.csv"),
            "azure-conv" => include_str!("../../data/traces/azure-conv.csv"),
            "nab-elb" => include_str!("../../data/traces/nab-elb.csv"),
            _ => return Err(UnknownName::new("trace", name, &Self::NAMES).into()),
        };
        Self::read(text.as_bytes(), name)
    }

    /// `times` increase and are at least two.
    fn from_rows(name: String, times: Vec<f64>, values: Vec<f64>) -> Self {
        let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let middle = steps.len() / 2;
        let step = *steps.select_nth_unstable_by(middle, f64::total_cmp).1;
        let after_gap = |row: &usize| times[*row] - times[*row - 1] > GAP * step;
        let gaps = (1..times.len()).filter(after_gap);
        let starts = std::iter::once(0).chain(gaps).collect();
        Self { name, times, values, starts, step }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.times.len()
    }

    /// Median step between rows, in seconds.
    pub const fn step(&self) -> f64 {
        self.step
    }

    /// Stretches without a gap: ranges of rows.
    pub fn stretches(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self.starts.iter().skip(1).copied().chain([self.rows()]);
        self.starts.iter().copied().zip(ends).map(|(start, end)| start..end)
    }

    /// Stretches of one split.
    pub(super) fn stretches_of(&self, split: Split) -> Vec<Range<usize>> {
        let rows = split.rows(self.rows());
        let inside = |stretch: Range<usize>| stretch.start.max(rows.start)..stretch.end.min(rows.end);
        self.stretches().map(inside).filter(|stretch| !stretch.is_empty()).collect()
    }

    /// Times of some rows, in seconds.
    pub fn times(&self, rows: Range<usize>) -> &[f64] {
        self.times.get(rows).unwrap_or_default()
    }

    /// Values of some rows.
    pub fn values(&self, rows: Range<usize>) -> &[f64] {
        self.values.get(rows).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_parts_a_trace_and_a_missing_row_does_not() {
        // Rows at 0 to 5, then at 7 (one missing), then at 100 to 104.
        let text = "second,requests\n0,1\n1,1\n2,1\n3,1\n4,1\n5,1\n7,1\n100,1\n101,1\n102,1\n103,1\n104,1\n";
        let trace = Trace::read(text.as_bytes(), "gappy").unwrap();
        assert_eq!(trace.stretches().collect::<Vec<_>>(), [0..7, 7..12]);
        assert_eq!(trace.stretches_of(Split::Evaluation), vec![8..12]);
        assert_eq!(trace.stretches_of(Split::Calibration), vec![7..8]);
    }

    #[test]
    fn every_shipped_trace_reads_and_has_no_gap() {
        for (name, rows, step) in [
            ("worldcup98", 24_480, 60.0),
            ("azure-code", 3_436, 1.0),
            ("azure-conv", 3_502, 1.0),
            ("nab-elb", 4_032, 300.0),
        ] {
            let trace = Trace::shipped(name).unwrap();
            assert_eq!((trace.rows(), trace.step(), trace.stretches().count()), (rows, step, 1), "{name}");
        }
    }

    #[test]
    fn an_unknown_trace_is_answered_with_the_known_ones() {
        let error = Trace::shipped("worldcup").unwrap_err().to_string();
        assert!(error.contains("did you mean \"worldcup98\"?"), "{error}");
    }
}
