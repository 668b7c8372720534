//! Every episode of a suite as one Parquet table, for whoever would rather ask than read.
//!
//! | column | what it is |
//! |---|---|
//! | `arena` | the arena; `assault` for the episodes against attackers |
//! | `contestant`, `team` | who plays, and whether it was trained |
//! | `run` | the seed of the training, or of the attacker; 1 for a rule |
//! | `scenario`, `seed` | the episode; of an assault the scenario is the attacker |
//! | one for each measure | empty where the episode has none |

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::record::Record;
use crate::evaluation::{COLUMNS, EpisodeRecord};
use crate::traces::write_optional;

/// The arena of episodes against attackers.
const ASSAULT: &str = "assault";

/// One row.
struct Row<'a> {
    arena: &'a str,
    record: &'a Record,
    run: u64,
    episode: &'a EpisodeRecord,
}

/// Writes the episodes of all records.
///
/// # Errors
/// If the table cannot be written.
pub(super) fn write(records: &[Record], to: impl Write + Send) -> Result<(), ParquetError> {
    let rows: Vec<Row<'_>> = records.iter().flat_map(rows).collect();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(to, Arc::new(schema()?), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let text = |text: &str| Some(ByteArray::from(text));
    column::<ByteArrayType>(&mut group, rows.iter().map(|row| text(row.arena)))?;
    column::<ByteArrayType>(&mut group, rows.iter().map(|row| text(&row.record.contestant)))?;
    column::<BoolType>(&mut group, rows.iter().map(|row| Some(row.record.training.is_some())))?;
    column::<Int64Type>(&mut group, rows.iter().map(|row| Some(row.run.cast_signed())))?;
    column::<ByteArrayType>(&mut group, rows.iter().map(|row| text(&row.episode.scenario)))?;
    column::<Int64Type>(&mut group, rows.iter().map(|row| Some(row.episode.seed.cast_signed())))?;
    for measure in &COLUMNS {
        column::<DoubleType>(
            &mut group,
            rows.iter().map(|row| (measure.value)(&row.episode.report).filter(|value| value.is_finite())),
        )?;
    }
    group.close()?;
    writer.close()?;
    Ok(())
}

fn rows(record: &Record) -> impl Iterator<Item = Row<'_>> {
    let first = record.training.as_ref().map_or(1, |training| training.seed);
    let arenas = record.arenas.iter().map(move |(arena, episodes)| (arena.as_str(), first, episodes));
    let assaults = (first..).zip(&record.assaults).map(|(run, episodes)| (ASSAULT, run, episodes));
    arenas.chain(assaults).flat_map(move |(arena, run, episodes)| {
        episodes.iter().map(move |episode| Row { arena, record, run, episode })
    })
}

fn schema() -> Result<Type, ParquetError> {
    let column = |name: &str, physical: Physical| {
        let logical = (physical == Physical::BYTE_ARRAY).then_some(LogicalType::String);
        let column = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        column.build().map(Arc::new)
    };
    let place = [
        ("arena", Physical::BYTE_ARRAY),
        ("contestant", Physical::BYTE_ARRAY),
        ("team", Physical::BOOLEAN),
        ("run", Physical::INT64),
        ("scenario", Physical::BYTE_ARRAY),
        ("seed", Physical::INT64),
    ];
    let measures = COLUMNS.iter().map(|measure| (measure.name, Physical::DOUBLE));
    let columns = place.into_iter().chain(measures).map(|(name, physical)| column(name, physical));
    Type::group_type_builder("episodes").with_fields(columns.collect::<Result<_, _>>()?).build()
}

/// The next column of a group.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the table has more columns than its schema".to_owned()));
    };
    write_optional::<T>(&mut column, cells)?;
    column.close()
}
