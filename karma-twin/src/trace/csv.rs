//! The long format as CSV, and the authors' files.
//!
//! The first line of ours says so:
//!
//! ```text
//! # karma-traces 1 <digest of the columns>
//! timestamp,scenario,service_id,replicas_current,…
//! ```
//!
//! Numbers are written in the shortest form that gives the same bits when read, so that a round trip is exact. Columns
//! may stand in any order. A file without that line has the authors' columns and is read as [`published`](super)
//! traces: windows are cut where the time between two steps exceeds one and a half times its median, where it goes
//! back, and where the scenario or the set of services changes.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};

use csv::{Position, ReaderBuilder, StringRecord, WriterBuilder};
use thiserror::Error;

use super::assemble::Assembler;
use super::layout::{check_signature, layout, published_layout, signature};
use super::published::Published;
use super::record::Record;
use super::schema::{Field, columns};
use super::value::{Cell, CellError};
use super::{LayoutError, Traces, TracesError};

/// A file that holds no traces, or traces that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CsvError {
    /// The other side failed.
    #[error("input or output failed")]
    Io(#[from] io::Error),
    /// The file has other columns.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A line is no line of a table.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// A field does not hold what its column says.
    #[error("line {line}, {cell}")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// The field.
        cell: CellError,
    },
    /// The rows make no traces.
    #[error(transparent)]
    Traces(#[from] TracesError),
}

/// Writes traces, ours in full.
///
/// # Errors
/// If the writer fails, or a value is not one that its column may hold, such as a sample below 0.
pub fn write_csv(traces: &Traces, mut to: impl Write) -> Result<(), CsvError> {
    let fields = columns(traces.entry_points());
    writeln!(to, "# {}", signature())?;
    let mut writer = WriterBuilder::new().from_writer(to);
    let failed = |error: csv::Error| CsvError::Io(error.into());
    writer.write_record(fields.iter().map(|field| field.name().into_owned())).map_err(failed)?;
    let mut text = String::new();
    for (record, line) in traces.records().zip(3..) {
        for field in &fields {
            let cell = record.cell(*field).map_err(|cell| CsvError::Cell { line, cell })?;
            text.clear();
            write!(text, "{cell}").map_err(io::Error::other)?;
            writer.write_field(&text).map_err(failed)?;
        }
        writer.write_record(None::<&[u8]>).map_err(failed)?;
    }
    writer.flush()?;
    Ok(())
}

/// Reads traces, ours or the authors'.
///
/// # Errors
/// If the reader fails, or the file is not of this version and these columns; then the line and the column are named.
pub fn read_csv(from: impl Read) -> Result<Traces, CsvError> {
    let mut from = BufReader::new(from);
    if from.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
        from.consume(3);
    }
    if from.fill_buf()?.first() == Some(&b'#') {
        check_first_line(&mut from)?;
        read_ours(Lines::new(from, 1)?)
    } else {
        read_published(Lines::new(from, 0)?)
    }
}

fn check_first_line(from: &mut impl BufRead) -> Result<(), CsvError> {
    const LONGEST: u64 = 256;
    let mut line = Vec::new();
    from.take(LONGEST).read_until(b'\n', &mut line)?;
    Ok(check_signature(String::from_utf8_lossy(&line).trim_start_matches('#'))?)
}

fn read_ours(mut lines: Lines<impl Read>) -> Result<Traces, CsvError> {
    let (fields, entry_points) = layout(lines.names.iter().map(str::trim))?;
    let mut assembler = Assembler::new(entry_points);
    lines.each(|row| assembler.push(record(row, &fields)?))?;
    Ok(assembler.finish()?)
}

fn read_published(mut lines: Lines<impl Read>) -> Result<Traces, CsvError> {
    let fields = published_layout(lines.names.iter().map(str::trim))?;
    let mut published = Published::default();
    lines.each(|row| published.push(published_record(row, &fields)?))?;
    Ok(published.finish()?)
}

/// The record of a row of ours.
fn record(row: &StringRecord, fields: &[Field]) -> Result<Record<'static>, CellError> {
    let mut record = Record::default();
    for (text, field) in row.iter().zip(fields) {
        record.set(*field, parse(text, *field)?)?;
    }
    Ok(record)
}

/// The record of a row of the authors', in which a service is known by any text.
fn published_record(row: &StringRecord, fields: &[Field]) -> Result<Record<'static>, CellError> {
    let mut record = Record::default();
    for (text, field) in row.iter().zip(fields) {
        match field {
            Field::ServiceId if text.trim().is_empty() => {
                return Err(CellError::new(*field, &Cell::Absent, "the number or the name of a service"));
            }
            Field::ServiceId => record.set(Field::Service, owned(Cell::Text(text.trim().into())))?,
            _ => record.set(*field, parse(text, *field)?)?,
        }
    }
    Ok(record)
}

fn parse(text: &str, field: Field) -> Result<Cell<'static>, CellError> {
    let cell = field.kind().parse(text).map(owned);
    cell.ok_or_else(|| CellError::new(field, &Cell::Text(text.into()), field.kind().allowed()))
}

fn owned(cell: Cell<'_>) -> Cell<'static> {
    match cell {
        Cell::Text(text) => Cell::Text(text.into_owned().into()),
        Cell::Absent => Cell::Absent,
        Cell::Unsigned(count) => Cell::Unsigned(count),
        Cell::Signed(change) => Cell::Signed(change),
        Cell::Double(number) => Cell::Double(number),
        Cell::Single(number) => Cell::Single(number),
    }
}

/// The rows of a file, with the lines where they begin.
struct Lines<R> {
    reader: csv::Reader<R>,
    names: StringRecord,
    /// Lines before the first that the reader saw.
    before: u64,
}

impl<R: Read> Lines<R> {
    fn new(from: R, before: u64) -> Result<Self, CsvError> {
        let mut reader = ReaderBuilder::new().from_reader(from);
        let names = reader.headers().map_err(|error| malformed(error, before))?.clone();
        Ok(Self { reader, names, before })
    }

    fn each(&mut self, mut take: impl FnMut(&StringRecord) -> Result<(), CellError>) -> Result<(), CsvError> {
        let mut row = StringRecord::new();
        while self.reader.read_record(&mut row).map_err(|error| malformed(error, self.before))? {
            let line = self.before + row.position().map_or(0, Position::line);
            take(&row).map_err(|cell| CsvError::Cell { line, cell })?;
        }
        Ok(())
    }
}

fn malformed(error: csv::Error, before: u64) -> CsvError {
    let line = before + error.position().map_or(1, Position::line);
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields, but the header names {expected_len} columns")
        }
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        _ => return CsvError::Io(error.into()),
    };
    CsvError::Line { line, reason }
}
