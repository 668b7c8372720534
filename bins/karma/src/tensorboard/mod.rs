//! Training curves for TensorBoard: `tensorboard --logdir runs`.
//!
//! An events file is a sequence of records ([`record`]), each a message ([`event`]). What it says is what `metrics.jsonl`
//! says, and is made from it alone: on opening, a file that does not hold exactly the events of the log (cut off by a
//! kill, or of iterations after the checkpoint that a run goes on from) is written anew, so that no event is missing or
//! there twice.
//!
//! A step is a joint step. The time of an event is the training time in seconds: pauses between two sessions do not
//! appear in the view "Relative", and the view "Wall" begins in 1970. Only scalars are written.

mod event;
mod record;
mod scalars;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::run_dir::{MetricsLine, atomic};
use event::Event;

/// An events file, open for further iterations.
#[derive(Debug)]
pub(crate) struct EventsFile {
    file: File,
}

impl EventsFile {
    /// Opens the file at `path` with the events of `lines`, in the directory above it, which is made if need be.
    pub(crate) fn open(path: &Path, lines: &[MetricsLine]) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut bytes = record::encode(&Event::version());
        for line in lines {
            bytes.extend(to_record(line)?);
        }
        let found = match fs::read(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            found => found.unwrap_or_default(),
        };
        if found != bytes {
            atomic::write(path, &bytes)?;
        }
        Ok(Self { file: OpenOptions::new().append(true).open(path)? })
    }

    /// Appends an iteration. What a crash loses is written again on opening.
    pub(crate) fn append(&mut self, line: &MetricsLine) -> io::Result<()> {
        self.file.write_all(&to_record(line)?)
    }
}

fn to_record(line: &MetricsLine) -> io::Result<Vec<u8>> {
    let step = i64::try_from(line.stats.steps).map_err(io::Error::other)?;
    Ok(record::encode(&Event::scalars(line.train_seconds, step, scalars::of(line)?)))
}

#[cfg(test)]
mod tests;
