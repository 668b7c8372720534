//! What the loop has done, on the disk: a kill at any moment loses the step under way and nothing before it.
//!
//! ```text
//! loop/
//!   loop.json      what is in service: the run and the twin
//!   traces.db      what that twin has learned from the cluster
//!   cycle-3/       one time around
//!     cycle.json   which steps are done, and how it ended
//!     traces.db    drift.json  twin/  run/  team.karma
//! ```

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::error::TransferError;
use super::judge::Judgement;
use crate::run_dir::atomic;

const BOOK: &str = "loop.json";
const CYCLE: &str = "cycle.json";
const LOCK: &str = ".lock";
/// What the twin in service has learned from.
pub(super) const TRACES: &str = "traces.db";

/// What is in service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    /// The run whose team decides.
    pub(super) run: PathBuf,
    /// The twin that knows the cluster.
    pub(super) twin: PathBuf,
}

/// How a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    /// The cluster is the one that the twin knows.
    NoDrift,
    /// The new team is not better than the one in service.
    NotBetter,
    /// The canary was rolled back, or not promoted in time.
    NotPromoted,
    /// The new team is in service.
    Promoted,
}

/// One time around, as far as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cycle {
    /// What was in service when it began.
    pub(super) service: Service,
    /// Transitions that are new, once the traces are there.
    pub(super) transitions: Option<usize>,
    /// Whether they say that the cluster is another one than the twin knows.
    pub(super) drifted: Option<bool>,
    /// Whether the twin was fitted again.
    pub(super) refitted: bool,
    /// Whether the team was trained again.
    pub(super) trained: bool,
    /// The new team against the one in service.
    pub(super) judgement: Option<Judgement>,
    /// Digest of the new team's package.
    pub(super) digest: Option<String>,
    /// How it ended.
    pub(super) end: Option<End>,
}

/// The directory of a loop, of which there is one process at a time.
#[derive(Debug)]
pub(super) struct Book {
    directory: PathBuf,
    /// What is in service.
    pub(super) service: Service,
    number: usize,
    /// The cycle under way.
    pub(super) cycle: Cycle,
    _lock: File,
}

impl Book {
    /// The loop in `directory`, new if `given` says what is in service, with the cycle that is under way or a new one.
    ///
    /// # Errors
    /// If another process is at it, a file cannot be used, or nobody says what is in service.
    pub(super) fn open(directory: &Path, given: (Option<&Path>, Option<&Path>)) -> anyhow::Result<Self> {
        let (path, service) = (directory.join(BOOK), Self::service_of(directory, given)?);
        let place = || directory.display().to_string();
        fs::create_dir_all(directory).with_context(place)?;
        let lock = lock(directory)?;
        write(&path, &service)?;
        let number = cycles(directory).with_context(place)?;
        let mut book =
            Self { directory: directory.to_owned(), cycle: begin(&service), service, number, _lock: lock };
        let last: Option<Cycle> = (number > 0).then(|| read(&book.folder().join(CYCLE))).transpose()?;
        match last.filter(|last| last.end.is_none() && last.service == book.service) {
            Some(last) => book.cycle = last,
            None => book.number += 1,
        }
        fs::create_dir_all(book.folder()).with_context(place)?;
        book.keep()?;
        Ok(book)
    }

    /// What is in service, by what is given or else by what `directory` knows.
    ///
    /// # Errors
    /// If neither says it.
    pub(super) fn service_of(
        directory: &Path,
        given: (Option<&Path>, Option<&Path>),
    ) -> anyhow::Result<Service> {
        let path = directory.join(BOOK);
        match given {
            (Some(run), Some(twin)) => {
                Ok(Service { run: std::path::absolute(run)?, twin: std::path::absolute(twin)? })
            }
            (None, None) if path.exists() => read(&path),
            (None, None) => Err(TransferError::NoService { path: directory.to_owned() }.into()),
            _ => Err(TransferError::HalfService.into()),
        }
    }

    /// The folder of the cycle.
    pub(super) fn folder(&self) -> PathBuf {
        self.directory.join(format!("cycle-{}", self.number))
    }

    /// Number of the cycle, from 1.
    pub(super) const fn number(&self) -> usize {
        self.number
    }

    /// What the twin in service has learned from.
    pub(super) fn traces(&self) -> PathBuf {
        self.directory.join(TRACES)
    }

    /// Writes how far the cycle is.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn keep(&self) -> anyhow::Result<()> {
        write(&self.folder().join(CYCLE), &self.cycle)
    }

    /// Puts something else into service.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn serve(&mut self, service: Service) -> anyhow::Result<()> {
        self.service = service;
        write(&self.directory.join(BOOK), &self.service)
    }
}

fn begin(service: &Service) -> Cycle {
    Cycle {
        service: service.clone(),
        transitions: None,
        drifted: None,
        refitted: false,
        trained: false,
        judgement: None,
        digest: None,
        end: None,
    }
}

/// The greatest number of a cycle; 0 if there is none. A folder that a kill left without a beginning is none.
fn cycles(directory: &Path) -> std::io::Result<usize> {
    let mut greatest = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let number = entry.file_name().to_str().and_then(|name| name.strip_prefix("cycle-")?.parse().ok());
        if let Some(number) = number.filter(|_| entry.path().join(CYCLE).exists()) {
            greatest = greatest.max(number);
        }
    }
    Ok(greatest)
}

fn lock(directory: &Path) -> anyhow::Result<File> {
    let path = directory.join(LOCK);
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(TransferError::LoopBusy { path: directory.to_owned() }.into()),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

pub(super) fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&bytes).with_context(|| path.display().to_string())
}

pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    atomic::write(path, text.as_bytes()).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_goes_on_until_it_has_ended_and_another_service_begins_a_new_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("loop");
        let given = |run: &'static str| (Some(Path::new(run)), Some(Path::new("twin")));
        let refused = Book::open(&path, (None, None)).unwrap_err().to_string();
        assert!(refused.contains("RUN and --twin"), "{refused}");
        let mut book = Book::open(&path, given("runs/a")).unwrap();
        assert_eq!(book.number(), 1);
        let busy = Book::open(&path, (None, None)).unwrap_err().to_string();
        assert!(busy.contains("another process"), "{busy}");
        book.cycle.transitions = Some(7);
        book.keep().unwrap();
        drop(book);
        let mut book = Book::open(&path, (None, None)).unwrap();
        assert_eq!((book.number(), book.cycle.transitions), (1, Some(7)), "it goes on");
        book.cycle.end = Some(End::NoDrift);
        book.keep().unwrap();
        drop(book);
        assert_eq!(Book::open(&path, (None, None)).unwrap().number(), 2);
        let book = Book::open(&path, given("runs/b")).unwrap();
        assert_eq!((book.number(), book.cycle.transitions), (3, None), "another team is in service");
        drop(book);
        let half = Book::open(&path, (Some(Path::new("runs/a")), None)).unwrap_err().to_string();
        assert!(half.contains("both"), "{half}");
    }
}
