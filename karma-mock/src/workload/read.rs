//! From the bytes of a CSV file to times and values.

use std::io::Read;

use super::error::TraceError;
use crate::topologies::names::shortened;

/// Most bytes of a trace: 64 MiB, about six million rows.
const MAX_BYTES: usize = 64 << 20;
/// Most bytes of a line.
const MAX_LINE: usize = 1024;
/// Fewest rows: each split has at least one.
const MIN_ROWS: usize = 10;
const MOST: f64 = 1e12;

const HEADERS: &str = "two columns: \"second\", \"minute\", \"time\", \"period\" or \"timestamp\", \
                       then \"requests\", \"count\" or \"value\"";
const NUMBER: &str = "a number from 0 to 1e12";
const DATE: &str = "a date and time such as 1998-06-10 21:30:00";
const NUMBER_OR_DATE: &str =
    "a number of seconds from 0 to 1e12, or a date and time such as 1998-06-10 21:30:00";

/// Time in seconds and value of each row.
pub(super) fn read_rows(reader: impl Read) -> Result<Vec<(f64, f64)>, TraceError> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(TraceError::Io)?;
    if bytes.len() > MAX_BYTES {
        return Err(TraceError::TooLarge { limit: MAX_BYTES });
    }
    let rows = parse(text_of(&bytes)?)?;
    if rows.len() < MIN_ROWS {
        return Err(TraceError::TooShort { rows: rows.len(), least: MIN_ROWS });
    }
    Ok(rows)
}

/// Text in lines of a sensible length.
fn text_of(bytes: &[u8]) -> Result<&str, TraceError> {
    let text = std::str::from_utf8(bytes).map_err(|error| TraceError::NotUtf8 {
        line: bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count(),
    })?;
    if let Some(line) = text.split('\n').position(|line| line.len() > MAX_LINE) {
        return Err(TraceError::LongLine { line: line + 1, limit: MAX_LINE });
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() { Err(TraceError::Empty) } else { Ok(text) }
}

fn parse(text: &str) -> Result<Vec<(f64, f64)>, TraceError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    if !next(&mut reader, &mut record)? {
        return Err(TraceError::Empty);
    }
    let mut unit = header(&record)?;
    let mut rows: Vec<(f64, f64)> = Vec::new();
    while next(&mut reader, &mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let (time, value) = row(&record, line, &mut unit)?;
        if rows.last().is_some_and(|(before, _)| time <= *before) {
            return Err(TraceError::Order { line, cell: shortened(&record[0]) });
        }
        rows.push((time, value));
    }
    Ok(rows)
}

fn next(reader: &mut csv::Reader<&[u8]>, record: &mut csv::StringRecord) -> Result<bool, TraceError> {
    reader.read_record(record).map_err(|error| TraceError::Io(error.into()))
}

/// What the cells of the first column mean.
#[derive(Clone, Copy)]
enum Unit {
    /// A number of this many seconds.
    Seconds(f64),
    Date,
}

impl Unit {
    /// The unit in which the first row of a column called `time` is written.
    fn of(cell: &str) -> Option<Self> {
        date(cell).map(|_| Self::Date).or_else(|| number(cell).map(|_| Self::Seconds(1.0)))
    }

    fn seconds(self, cell: &str) -> Option<f64> {
        match self {
            Self::Seconds(each) => number(cell).map(|count| count * each),
            Self::Date => date(cell),
        }
    }

    const fn allowed(self) -> &'static str {
        match self {
            Self::Seconds(_) => NUMBER,
            Self::Date => DATE,
        }
    }
}

/// The unit of time that the header names; `None` if the first row decides.
fn header(record: &csv::StringRecord) -> Result<Option<Unit>, TraceError> {
    let cells: Vec<String> = record.iter().map(str::to_lowercase).collect();
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    match *cells.as_slice() {
        ["second", "requests" | "count" | "value"] => Ok(Some(Unit::Seconds(1.0))),
        ["minute", "requests" | "count" | "value"] => Ok(Some(Unit::Seconds(60.0))),
        ["time" | "period" | "timestamp", "requests" | "count" | "value"] => Ok(None),
        _ => Err(TraceError::Header { found: quoted(record), allowed: HEADERS }),
    }
}

fn row(record: &csv::StringRecord, line: u64, unit: &mut Option<Unit>) -> Result<(f64, f64), TraceError> {
    let (Some(time), Some(value), 2) = (record.get(0), record.get(1), record.len()) else {
        return Err(TraceError::Columns { line, found: record.len(), row: quoted(record) });
    };
    let refused = |what, cell: &str, allowed| TraceError::Cell { line, cell: shortened(cell), what, allowed };
    let known = unit.or_else(|| Unit::of(time)).ok_or_else(|| refused("a time", time, NUMBER_OR_DATE))?;
    *unit = Some(known);
    let seconds = known.seconds(time).ok_or_else(|| refused("a time", time, known.allowed()))?;
    Ok((seconds, number(value).ok_or_else(|| refused("a value", value, NUMBER))?))
}

fn quoted(record: &csv::StringRecord) -> String {
    shortened(&record.iter().collect::<Vec<_>>().join(","))
}

/// A number from 0 to [`MOST`].
fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|value| (0.0..=MOST).contains(value))
}

/// Seconds since the start of 1970 of a date such as `1998-06-10 21:30:00`, with a space or a `T` between.
fn date(cell: &str) -> Option<f64> {
    let (day, time) = cell.split_once([' ', 'T'])?;
    let [year, month, day] = fields(day, '-', [4, 2, 2])?;
    let [hour, minute, second] = fields(time, ':', [2, 2, 2])?;
    let valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && year >= 1970;
    let seconds = f64::from(3600 * hour + 60 * minute + second);
    valid.then(|| 86_400.0 * f64::from(days_since_1970(year, month, day)) + seconds)
}

/// Three groups of exactly so many digits.
fn fields(text: &str, separator: char, digits: [usize; 3]) -> Option<[i32; 3]> {
    let mut parts = text.split(separator);
    let mut values = [0; 3];
    for (value, digits) in values.iter_mut().zip(digits) {
        let part = parts.next()?;
        let sound = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        *value = part.parse().ok().filter(|_| sound)?;
    }
    parts.next().is_none().then_some(values)
}

const fn days_in(year: i32, month: i32) -> i32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days of the Gregorian calendar, by counting years that begin in March (Hinnant 2013, "chrono-compatible
/// low-level date algorithms").
const fn days_since_1970(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_seconds_since_1970() {
        assert_eq!(date("1970-01-01 00:00:00"), Some(0.0));
        assert_eq!(date("2000-03-01T00:00:00"), Some(951_868_800.0));
        assert_eq!(date("1998-06-10 21:30:01"), Some(897_514_201.0));
        for wrong in [
            "1998-02-29 00:00:00",
            "1998-13-01 00:00:00",
            "1998-06-10",
            "1998-06-10 24:00:00",
            "+998-06-10 00:00:00",
        ] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }
}
