//! Traces in `SQLite`: written step by step while a cluster runs, and read meanwhile.
//!
//! ## Guarantees
//! * One call of [`WindowWriter::append`] is one transaction: after a kill its steps are all there, or none is.
//! * The log is written ahead (WAL): readers never wait for the writer, and see whole batches only.
//! * Numbers come back as they were. Seeds are stored as `SQLite`'s signed integers with the same 64 bits.
//! * A database of something else, of a later version or with damaged pages is refused.
//!
//! ## Caveats
//! With `synchronous = NORMAL` a loss of power may take the last batches with it, never a part of one. There is one
//! writer at a time; a second waits ten seconds for each of its batches.

mod read;
mod schema;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use karma_core::{Metric, PerService};
use karma_twin::trace::schema::{FORMAT, VERSION, digest};
use karma_twin::trace::{Shape, Traces, check_version};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior};

pub use read::{Summary, WindowEntry};
pub use write::WindowWriter;

use super::error::{Problem, TraceFileError};

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database of traces of one set of services.
#[derive(Debug)]
pub struct TraceStore {
    path: PathBuf,
    database: Connection,
    services: PerService<String>,
    entry_points: usize,
    topology: Option<String>,
    /// Ids of the labels that this process used.
    labels: BTreeMap<String, i64>,
}

impl TraceStore {
    /// A new database for these services and so many entry points, with the topology's document if there is one.
    ///
    /// # Errors
    /// If there is a file already, or it cannot be written.
    pub fn create(
        path: &Path,
        services: &PerService<String>,
        entry_points: usize,
        topology: Option<&str>,
    ) -> Result<Self, TraceFileError> {
        create(path, services, entry_points, topology).map_err(|problem| problem.at(path))?;
        Self::open(path)
    }

    /// The database at `path`, to be read and appended to.
    ///
    /// # Errors
    /// If there is none, it holds something else or other columns, or is damaged.
    pub fn open(path: &Path) -> Result<Self, TraceFileError> {
        open(path).map_err(|problem| problem.at(path))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the services.
    pub const fn services(&self) -> &PerService<String> {
        &self.services
    }

    /// Number of entry points of each step.
    pub const fn entry_points(&self) -> usize {
        self.entry_points
    }

    /// The topology's document, if the database was created with one.
    pub fn topology(&self) -> Option<&str> {
        self.topology.as_deref()
    }

    fn shape(&self) -> Shape {
        Shape { services: self.services.len(), entry_points: self.entry_points }
    }

    fn error(&self) -> impl FnOnce(Problem) -> TraceFileError + use<> {
        let path = self.path.clone();
        move |problem| problem.at(&path)
    }
}

/// Writes traces to a new database.
pub(super) fn write(path: &Path, traces: &Traces) -> Result<(), Problem> {
    let write = || -> Result<(), TraceFileError> {
        let mut store = TraceStore::create(path, traces.services(), traces.entry_points(), None)?;
        for window in traces.windows() {
            store.append_window(window)?;
        }
        Ok(())
    };
    write().map_err(|error| error.problem)
}

/// Creates the tables in one transaction, so that a kill leaves a database or nothing that would be taken for one.
fn create(
    path: &Path,
    services: &PerService<String>,
    entry_points: usize,
    topology: Option<&str>,
) -> Result<(), Problem> {
    let mut database = connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
    check_empty(&database)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    check_empty(&transaction)?;
    transaction.execute_batch(&schema::tables())?;
    let metrics: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    let meta = [
        ("format", Some(FORMAT.to_owned())),
        ("columns", Some(digest().to_string())),
        ("metrics", Some(metrics.join(" "))),
        ("entry_points", Some(entry_points.to_string())),
        ("topology", topology.map(str::to_owned)),
    ];
    for (key, value) in meta.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        transaction.execute("INSERT INTO meta VALUES (?, ?)", (key, value))?;
    }
    for (name, id) in services.iter().zip(0i64..) {
        transaction.execute("INSERT INTO services VALUES (?, ?)", (id, name))?;
    }
    transaction.pragma_update(None, "application_id", schema::APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

/// Nobody's tables are touched; a file of none is what a kill right after its creation leaves.
fn check_empty(database: &Connection) -> Result<(), Problem> {
    let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 { Ok(()) } else { Err(Problem::Occupied) }
}

fn connect(path: &Path, more: OpenFlags) -> Result<Connection, Problem> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let database = Connection::open_with_flags(path, flags)?;
    database.busy_timeout(PATIENCE)?;
    database.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(database)
}

fn open(path: &Path) -> Result<TraceStore, Problem> {
    fs::metadata(path)?;
    let database = connect(path, OpenFlags::empty())?;
    let pragma = |name| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if pragma("application_id")? != i64::from(schema::APPLICATION) {
        return Err(Problem::Foreign);
    }
    let version = u32::try_from(pragma("user_version")?).unwrap_or(0);
    check_version(version, &digest().to_string())?;
    let meta = |key: &str| -> Result<Option<String>, Problem> {
        let value = database.query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get(0));
        Ok(value.optional()?)
    };
    check_version(version, &meta("columns")?.unwrap_or_default())?;
    let entry_points = meta("entry_points")?.and_then(|count| count.parse().ok());
    let topology = meta("topology")?;
    let services = database
        .prepare("SELECT name FROM services ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    if services.is_empty() {
        return Err(Problem::damaged("there is no service"));
    }
    Ok(TraceStore {
        path: path.to_owned(),
        entry_points: entry_points
            .ok_or_else(|| Problem::damaged("the number of entry points is missing"))?,
        services: services.into(),
        topology,
        labels: BTreeMap::new(),
        database,
    })
}
