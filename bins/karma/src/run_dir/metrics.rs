//! `metrics.jsonl`: one line for each iteration of training.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use karma_marl::IterationStats;
use serde::{Deserialize, Serialize};

use super::atomic;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricsLine {
    /// What the learner says.
    #[serde(flatten)]
    pub stats: IterationStats,
    /// Joint steps per second, learning included.
    pub steps_per_second: f64,
    /// Seconds of training since the beginning, all sessions together.
    pub train_seconds: f64,
}

/// The file, open for further lines.
#[derive(Debug)]
pub(super) struct MetricsFile {
    file: File,
    lines: Vec<MetricsLine>,
}

impl MetricsFile {
    /// Opens the file at `path` with the lines of the first `iterations` iterations. A line is written before the
    /// checkpoint of its iteration, so that a kill between the two leaves one line too many, or a part of one.
    pub(super) fn open(path: &Path, iterations: u64) -> io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            text => text.unwrap_or_default(),
        };
        let lines = text.lines().map_while(|line| serde_json::from_str(line).ok());
        let lines: Vec<MetricsLine> =
            lines.take_while(|line: &MetricsLine| line.stats.iteration <= iterations).collect();
        let kept = lines.iter().map(to_text).collect::<Result<String, _>>()?;
        if kept != text {
            atomic::write(path, kept.as_bytes())?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file, lines })
    }

    #[cfg(feature = "explain")]
    /// The lines that are there, as far as they are whole; for a reader beside the run.
    pub(super) fn read(path: &Path) -> io::Result<Vec<MetricsLine>> {
        let text = fs::read_to_string(path)?;
        Ok(text.lines().map_while(|line| serde_json::from_str(line).ok()).collect())
    }

    pub(super) fn append(&mut self, line: MetricsLine) -> io::Result<()> {
        self.file.write_all(to_text(&line)?.as_bytes())?;
        self.file.sync_data()?;
        self.lines.push(line);
        Ok(())
    }

    pub(super) fn lines(&self) -> &[MetricsLine] {
        &self.lines
    }
}

fn to_text(line: &MetricsLine) -> io::Result<String> {
    Ok(serde_json::to_string(line)? + "\n")
}
