//! A CSV file as a table, by a mapping.
//!
//! 0. Rows of pods, if it has them, become rows of moments.
//! 1. The header says which columns there are; the mapping's names are found in it.
//! 2. Each row gives its run, its time and its values, or is left out by a condition. A missing value stays missing.
//! 3. Rows are ordered by run, in the order in which runs appear, and by time; two rows of one moment are an error.
//! 4. Rows are cut into windows where the next comes later than the longest gap.
//! 5. Controls that are written when they are decided move to the next row, where they are in force.
//!
//! Cost: the rows are kept once, and sorted.

mod error;
mod header;
#[cfg(test)]
mod laws;
mod pods;
mod rows;
#[cfg(test)]
mod tests;
mod time;

use std::io::Read;

use csv::{Position, Reader, ReaderBuilder, StringRecord};

pub use error::TableError;
use header::Layout;
use pods::Pods;
use rows::{Row, Rows};

use super::{Mapping, Table, Window};

impl Mapping {
    /// Reads a CSV file with a header.
    ///
    /// # Errors
    /// If the file is not CSV in UTF-8, lacks a column of the mapping, has a field that is neither a number nor
    /// missing, has two rows of one moment, or has no row. Errors name the line and the column.
    pub fn read(&self, from: impl Read) -> Result<Table, TableError> {
        let delimiter = u8::try_from(self.params().delimiter).unwrap_or(b',');
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(from);
        let header = reader.headers().map_err(malformed)?.clone();
        let Some(pods) = &self.params().pods else {
            let layout = Layout::find(self, &header)?;
            let mut rows = Rows::new(self, &layout);
            each(&mut reader, |line, record| rows.push(line, record))?;
            return self.table(&layout, rows);
        };
        let mut pods = Pods::new(self, pods, &header)?;
        each(&mut reader, |line, record| pods.push(line, record))?;
        let (header, records) = pods.by_moment()?;
        let layout = Layout::find(self, &header)?;
        let mut rows = Rows::new(self, &layout);
        records.iter().try_for_each(|(line, record)| rows.push(*line, record))?;
        self.table(&layout, rows)
    }

    fn table(&self, layout: &Layout, rows: Rows<'_>) -> Result<Table, TableError> {
        let (runs, rows) = rows.sorted()?;
        let gap = self.params().max_gap.unwrap_or_else(|| 1.5 * median_gap(&rows));
        let windows = rows.chunk_by(|a, b| a.run == b.run && b.time - a.time <= gap);
        Ok(Table::new(layout.schema.clone(), windows.map(|rows| window(&runs[rows[0].run], rows, layout))))
    }
}

/// Hands each record to `take`, with the line where it begins.
fn each(
    reader: &mut Reader<impl Read>,
    mut take: impl FnMut(u64, &StringRecord) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(malformed)? {
        take(record.position().map_or(0, Position::line), &record)?;
    }
    Ok(())
}

/// A window of these rows. What was decided in a row is in force in the next.
fn window(run: &str, rows: &[Row], layout: &Layout) -> Window {
    let mut window = Window::new(run, layout.fields.len());
    let mut decided = vec![f32::NAN; layout.fields.len()];
    for row in rows {
        let mut values = row.values.clone();
        for ((value, decided), field) in values.iter_mut().zip(&mut decided).zip(&layout.fields) {
            if field.decided {
                std::mem::swap(value, decided);
            }
        }
        window.push(row.time, &values);
    }
    window
}

/// Median of the times between rows of one run; 0 if there are none.
fn median_gap(rows: &[Row]) -> f64 {
    let pairs = rows.windows(2).filter(|pair| pair[0].run == pair[1].run);
    let mut gaps: Vec<f64> = pairs.map(|pair| pair[1].time - pair[0].time).collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or(0.0)
}

fn malformed(error: csv::Error) -> TableError {
    let line = error.position().map_or(1, Position::line);
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields, but the header names {expected_len} columns")
        }
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        _ => return TableError::Io(error.into()),
    };
    TableError::Line { line, reason }
}
