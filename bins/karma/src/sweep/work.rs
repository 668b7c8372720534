//! The whole sweep, or a slice of it: what is done is read, what is missing is played.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::error::SweepError;
use super::params::SweepParams;
use super::record::{Record, gather, write_tables};
use super::settings::show;
use super::trial::Site;
use crate::config::first_difference;
use crate::progress::Progress;
use crate::run_dir::RunDirError;

const FILE: &str = "sweep.toml";

/// Which trials this process plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slice {
    /// All.
    Whole,
    /// This one.
    Trial(usize),
    /// Part `.0` of `.1`, from 1: every `.1`-th trial.
    Part(usize, usize),
}

impl Slice {
    const fn holds(self, trial: usize) -> bool {
        match self {
            Self::Whole => true,
            Self::Trial(number) => trial == number,
            Self::Part(part, parts) => trial % parts == part - 1,
        }
    }
}

/// Makes the directory the sweep's, or finds that it is.
///
/// # Errors
/// If it holds another sweep or something else, or cannot be written.
pub(super) fn claim(params: &SweepParams, directory: &Path, slice: Slice) -> Result<(), SweepError> {
    let path = directory.join(FILE);
    let failed = |source: io::Error| RunDirError::File { path: path.clone(), action: "written", source };
    if !path.exists() {
        fs::create_dir_all(directory).map_err(failed)?;
        let names = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let ours = |name: &str| name.starts_with(".sweep.toml.") || name == "lost+found";
        if names.map_err(failed)?.iter().any(|entry| !ours(&entry.file_name().to_string_lossy())) {
            return Err(SweepError::Foreign { path: directory.to_owned() });
        }
        write_file(params, directory, slice).map_err(failed)?;
    }
    let value = |params: &SweepParams| serde_json::to_value(params).unwrap_or_default();
    match first_difference(&value(&SweepParams::read(&path)?), &value(params)) {
        None => Ok(()),
        Some((setting, stored, given)) => {
            Err(SweepError::OtherSweep { path: directory.to_owned(), setting, stored, given })
        }
    }
}

/// Writes the sweep's file by a name that is this slice's own, so that slices may begin at the same moment.
fn write_file(params: &SweepParams, directory: &Path, slice: Slice) -> io::Result<()> {
    let name = match slice {
        Slice::Whole => "whole".to_owned(),
        Slice::Trial(number) => format!("trial-{number}"),
        Slice::Part(part, parts) => format!("part-{part}-{parts}"),
    };
    let temporary = directory.join(format!(".{FILE}.{name}.tmp"));
    let text = toml::to_string(params).map_err(io::Error::other)?;
    let mut file = fs::File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, directory.join(FILE))
}

impl Site<'_> {
    /// Plays what is missing of a slice; `false` if it was interrupted. The whole sweep keeps its tables up to date.
    ///
    /// # Errors
    /// If a file cannot be read or written, another process works on a trial, or the sweep cannot be split.
    pub(super) fn work(
        self,
        slice: Slice,
        progress: &mut dyn FnMut() -> Box<dyn Progress>,
    ) -> Result<bool, SweepError> {
        let sweep = self.sweep;
        if slice != Slice::Whole && sweep.halving.is_some() {
            return Err(SweepError::Indivisible);
        }
        let mut entrants: Vec<usize> = (0..sweep.trials.len()).filter(|trial| slice.holds(*trial)).collect();
        for rung in 0..sweep.rungs() {
            let mut scores = Vec::new();
            for number in entrants {
                let Some(record) = self.trial(number, rung, progress)? else { return Ok(false) };
                if slice == Slice::Whole {
                    write_tables(sweep, &gather(sweep, self.directory), self.directory)?;
                }
                scores.push((number, record.objective));
            }
            entrants = match sweep.halving {
                Some(halving) => halving.promoted(&scores, sweep.objective.direction),
                None => Vec::new(),
            };
        }
        Ok(true)
    }

    /// The row of a trial: as it was written, or played now.
    fn trial(
        self,
        number: usize,
        rung: usize,
        progress: &mut dyn FnMut() -> Box<dyn Progress>,
    ) -> Result<Option<Record>, SweepError> {
        if let Some(record) = Record::read(self.directory, number, rung) {
            return Ok(Some(record));
        }
        let trial = &self.sweep.trials[number];
        let settings = trial.settings.iter().map(|(path, value)| format!("{path} = {}", show(value)));
        let settings = settings.collect::<Vec<_>>().join(", ");
        let (total, rungs) = (self.sweep.trials.len(), self.sweep.rungs());
        let rung_text = if rungs > 1 { format!(", rung {rung} of {rungs}") } else { String::new() };
        let mut progress = progress();
        progress.note(&format!("trial {number} of {total}{rung_text}: {settings}"));
        let record = self.play(trial, rung, progress.as_mut())?;
        if let Some(Record { reason: Some(reason), .. }) = &record {
            progress.note(&format!("trial {number} failed: {reason}"));
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::SweepConfig;
    use super::super::record::TrialStatus;
    use super::super::testing::{sweep, tiny};
    use super::*;
    use crate::progress::Silent;

    fn work(sweep: &SweepConfig, directory: &Path, slice: Slice) -> Result<bool, SweepError> {
        let site = Site { sweep, directory, threads: Some(1) };
        claim(&sweep.params, directory, slice)?;
        site.work(slice, &mut || Box::new(Silent))
    }

    fn rows(sweep: &SweepConfig, directory: &Path) -> Vec<(usize, usize, u64, TrialStatus, Option<f64>)> {
        let row = |r: Record| (r.trial, r.rung, r.iterations, r.status, r.objective);
        gather(sweep, directory).into_iter().map(row).collect()
    }

    #[test]
    fn slices_make_the_rows_of_the_whole() {
        let sweep = tiny("kind = \"grid\"", "seed = { values = [1, 2, 3] }");
        let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert!(work(&sweep, whole.path(), Slice::Whole).unwrap());
        for slice in [Slice::Trial(1), Slice::Part(1, 2)] {
            assert!(work(&sweep, parts.path(), slice).unwrap());
        }
        let found = rows(&sweep, whole.path());
        assert_eq!(found.len(), 3);
        assert_eq!(found, rows(&sweep, parts.path()));
        assert!(whole.path().join("trials.csv").exists() && !parts.path().join("trials.csv").exists());
    }

    #[test]
    fn a_refused_setting_is_a_row_and_the_sweep_goes_on() {
        let sweep = tiny("kind = \"grid\"", "\"learner.gamma\" = { values = [1.5, 0.9] }");
        let directory = tempfile::tempdir().unwrap();
        assert!(work(&sweep, directory.path(), Slice::Whole).unwrap());
        let found = gather(&sweep, directory.path());
        assert_eq!(found[0].status, TrialStatus::Failed);
        assert_eq!(
            found[0].reason.as_deref(),
            Some("learner.gamma: learner.gamma is 1.5; allowed: 0 to below 1")
        );
        assert_eq!((found[1].status, found[1].iterations), (TrialStatus::Done, 1));
    }

    #[test]
    fn a_halving_sweep_goes_on_with_its_best_from_their_checkpoints() {
        let kind = "kind = \"halving\"\ntrials = 3\neta = 3\nmin_budget = 1\nmax_budget = 2";
        let sweep = tiny(kind, "\"learner.learning_rate\" = { log_uniform = [1e-4, 1e-2] }");
        let directory = tempfile::tempdir().unwrap();
        assert!(work(&sweep, directory.path(), Slice::Whole).unwrap());
        let found = rows(&sweep, directory.path());
        assert_eq!(found.iter().filter(|row| row.1 == 0).count(), 3);
        let last: Vec<_> = found.iter().filter(|row| row.1 == 1).collect();
        assert_eq!((last.len(), last[0].2), (1, 2), "one trial, two iterations in all");
        let first =
            |trial: usize| found.iter().find(|row| (row.0, row.1) == (trial, 0)).and_then(|row| row.4);
        assert!((0..3).all(|trial| first(trial) <= first(last[0].0)));
        assert!(matches!(work(&sweep, directory.path(), Slice::Trial(0)), Err(SweepError::Indivisible)));
    }

    #[test]
    fn another_sweep_or_another_directory_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let first = sweep("seed = { values = [1, 2] }");
        claim(&first.params, directory.path(), Slice::Whole).unwrap();
        claim(&first.params, directory.path(), Slice::Trial(1)).unwrap();
        let told =
            claim(&sweep("seed = { values = [1, 3] }").params, directory.path(), Slice::Whole).unwrap_err();
        assert!(told.to_string().ends_with(
            "holds another sweep: space.seed.values.1 is 2 there, but 3 is asked for; choose another --out"
        ), "{told}");
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join("thesis.tex"), "years of work").unwrap();
        let told = claim(&first.params, other.path(), Slice::Whole).unwrap_err();
        assert!(matches!(told, SweepError::Foreign { .. }), "{told}");
    }
}
