//! The long format in Parquet: a column of its own type for each column, null for what is absent.
//!
//! The file's metadata has the key `karma-traces` with the version and the digest of the columns. Texts repeat, so that
//! they are kept in dictionaries; pages are compressed with Snappy. Rows are read in batches, whatever the file says of
//! its size.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::reader::{FileReader as _, RowGroupReader};
use ::parquet::file::serialized_reader::SerializedFileReader;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::{ColumnDescPtr, Type};
use karma_twin::trace::schema::{FORMAT, columns};
use karma_twin::trace::{
    Assembler, Cell, Field, LayoutError, Record, Storage, Traces, check_signature, layout, signature,
};

use super::error::Problem;

/// Rows of a row group.
const GROUP: usize = 1 << 16;
/// Rows that are read at once.
const BATCH: usize = 1 << 12;

/// Writes traces.
///
/// # Errors
/// If the writer fails, or a value is not one that its column may hold, such as a sample below 0.
pub fn write_parquet(traces: &Traces, to: impl Write + Send) -> Result<(), Problem> {
    let fields = columns(traces.entry_points());
    let signature = KeyValue::new(FORMAT.to_owned(), signature());
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(vec![signature]));
    let mut writer = SerializedFileWriter::new(to, Arc::new(schema(&fields)?), Arc::new(properties.build()))?;
    let mut records = traces.records();
    let mut written = 0;
    loop {
        let rows: Vec<Record<'_>> = records.by_ref().take(GROUP).collect();
        if rows.is_empty() {
            break;
        }
        let mut group = writer.next_row_group()?;
        let mut fields = fields.iter();
        while let (Some(mut column), Some(field)) = (group.next_column()?, fields.next()) {
            let cells = cells(&rows, *field, written)?;
            write_column(&mut column, field.kind().storage(), cells)?;
            column.close()?;
        }
        group.close()?;
        written += rows.len() as u64;
    }
    writer.close()?;
    Ok(())
}

fn schema(fields: &[Field]) -> Result<Type, ParquetError> {
    let column = |field: &Field| {
        let (name, storage) = (field.name(), field.kind().storage());
        let column = Type::primitive_type_builder(&name, physical(storage))
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical(storage));
        column.build().map(Arc::new)
    };
    let columns = fields.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("traces").with_fields(columns).build()
}

const fn physical(storage: Storage) -> Physical {
    match storage {
        Storage::Text => Physical::BYTE_ARRAY,
        Storage::Unsigned | Storage::Signed => Physical::INT64,
        Storage::Double => Physical::DOUBLE,
        Storage::Single => Physical::FLOAT,
    }
}

fn logical(storage: Storage) -> Option<LogicalType> {
    match storage {
        Storage::Text => Some(LogicalType::String),
        Storage::Unsigned => Some(LogicalType::integer(64, false)),
        Storage::Signed | Storage::Double | Storage::Single => None,
    }
}

/// One column of `rows`, before which `written` rows were written.
fn cells<'a>(rows: &'a [Record<'_>], field: Field, written: u64) -> Result<Vec<Cell<'a>>, Problem> {
    let cell = |(row, number): (&'a Record<'_>, u64)| {
        row.cell(field).map_err(|cell| Problem::Cell { row: number, cell })
    };
    rows.iter().zip(written + 1..).map(cell).collect()
}

fn write_column(
    column: &mut SerializedColumnWriter<'_>,
    storage: Storage,
    cells: Vec<Cell<'_>>,
) -> Result<(), ParquetError> {
    match storage {
        Storage::Text => write::<ByteArrayType>(column, cells, |cell| match cell {
            Cell::Text(text) => Some(ByteArray::from(text.as_ref())),
            _ => None,
        }),
        Storage::Unsigned | Storage::Signed => write::<Int64Type>(column, cells, |cell| match cell {
            Cell::Unsigned(count) => Some(count.cast_signed()),
            Cell::Signed(change) => Some(change),
            _ => None,
        }),
        Storage::Double => write::<DoubleType>(column, cells, |cell| match cell {
            Cell::Double(number) => Some(number),
            _ => None,
        }),
        Storage::Single => write::<FloatType>(column, cells, |cell| match cell {
            Cell::Single(number) => Some(number),
            _ => None,
        }),
    }
}

fn write<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    cells: Vec<Cell<'_>>,
    value: impl Fn(Cell<'_>) -> Option<T::T>,
) -> Result<(), ParquetError> {
    write_optional::<T>(column, cells.into_iter().map(value))
}

/// Writes a flat column in which a cell may be empty.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write_optional<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let cells: Vec<Option<T::T>> = cells.collect();
    let levels: Vec<i16> = cells.iter().map(|cell| cell.is_some().into()).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    Ok(())
}

/// Reads traces.
///
/// # Errors
/// If the file is not Parquet, or not of this version and these columns; then the column and the row are named.
pub fn read_parquet(from: File) -> Result<Traces, Problem> {
    let reader = SerializedFileReader::new(from)?;
    let metadata = reader.metadata().file_metadata();
    let keys = metadata.key_value_metadata().into_iter().flatten();
    let found = keys.filter(|entry| entry.key == FORMAT).find_map(|entry| entry.value.as_deref());
    check_signature(found.ok_or(LayoutError::Foreign { found: "nothing".to_owned() })?)?;
    let descriptions = metadata.schema_descr().columns();
    let names: Vec<String> = descriptions.iter().map(|column| column.path().string()).collect();
    let (fields, entry_points) = layout(names.iter().map(String::as_str))?;
    for (description, field) in descriptions.iter().zip(&fields) {
        check_type(description, *field)?;
    }
    let mut rows = Rows { assembler: Assembler::new(entry_points), taken: 0 };
    for group in 0..reader.num_row_groups() {
        rows.take_group(reader.get_row_group(group)?.as_ref(), &fields)?;
    }
    Ok(rows.assembler.finish()?)
}

/// A column is flat, and its values are stored as its field's are.
fn check_type(column: &ColumnDescPtr, field: Field) -> Result<(), Problem> {
    let expected = physical(field.kind().storage());
    if column.physical_type() == expected && column.max_rep_level() == 0 && column.max_def_level() <= 1 {
        return Ok(());
    }
    let found =
        if column.max_rep_level() > 0 { "a list".to_owned() } else { column.physical_type().to_string() };
    Err(Problem::Type { name: field.name().into_owned(), found, expected: expected.to_string() })
}

struct Rows {
    assembler: Assembler,
    taken: u64,
}

impl Rows {
    fn take_group(&mut self, group: &dyn RowGroupReader, fields: &[Field]) -> Result<(), Problem> {
        let columns = (0..fields.len()).map(|column| group.get_column_reader(column));
        let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
        loop {
            let mut rows: Vec<Record<'static>> = Vec::new();
            for (column, (field, first)) in columns.iter_mut().zip(fields.iter().zip(0..)) {
                let cells = read_column(column, field.kind().storage())?;
                if first == 0 {
                    rows.resize(cells.len(), Record::default());
                } else if cells.len() != rows.len() {
                    return Err(Problem::damaged("the columns do not have the same number of rows"));
                }
                for ((row, cell), number) in rows.iter_mut().zip(cells).zip(self.taken + 1..) {
                    row.set(*field, cell).map_err(|cell| Problem::Cell { row: number, cell })?;
                }
            }
            if rows.is_empty() {
                return Ok(());
            }
            self.take(rows)?;
        }
    }

    fn take(&mut self, rows: Vec<Record<'static>>) -> Result<(), Problem> {
        for row in rows {
            self.taken += 1;
            self.assembler.push(row).map_err(|cell| Problem::Cell { row: self.taken, cell })?;
        }
        Ok(())
    }
}

/// The next cells of a column, [`BATCH`] at most.
fn read_column(column: &mut ColumnReader, storage: Storage) -> Result<Vec<Cell<'static>>, Problem> {
    match column {
        ColumnReader::ByteArrayColumnReader(column) => read(column, |bytes| {
            let text = bytes.as_utf8().map_err(|_| Problem::damaged("a text is not UTF-8"))?;
            Ok(Cell::Text(text.to_owned().into()))
        }),
        ColumnReader::Int64ColumnReader(column) if storage == Storage::Unsigned => {
            read(column, |bits| Ok(Cell::Unsigned(bits.cast_unsigned())))
        }
        ColumnReader::Int64ColumnReader(column) => read(column, |change| Ok(Cell::Signed(change))),
        ColumnReader::DoubleColumnReader(column) => read(column, |number| Ok(Cell::Double(number))),
        ColumnReader::FloatColumnReader(column) => read(column, |number| Ok(Cell::Single(number))),
        _ => Err(Problem::damaged("a column has another type than the file says")),
    }
}

fn read<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    cell: impl Fn(T::T) -> Result<Cell<'static>, Problem>,
) -> Result<Vec<Cell<'static>>, Problem> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let (rows, ..) = column.read_records(BATCH, Some(&mut levels), None, &mut values)?;
    if levels.is_empty() {
        levels.resize(rows, 1);
    }
    let mut values = values.into_iter();
    let cells = levels.into_iter().map(|level| match level {
        0 => Ok(Cell::Absent),
        _ => values.next().map_or(Ok(Cell::Absent), &cell),
    });
    cells.collect()
}
