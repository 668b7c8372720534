//! The end of a sweep: its tables, and the settings to go on with.

use std::path::Path;

use comfy_table::{Table, presets};
use karma_mock::Split;
use serde::Serialize;

use super::config::SweepConfig;
use super::halving::best_first;
use super::over_seeds::{Group, groups};
use super::record::{Record, TrialStatus};
use super::settings::show;
use crate::evaluation::{COLUMNS, Unit};
use crate::run_dir::{RunDirError, atomic};

/// The settings of the best trial, for `--config`.
pub(super) const BEST: &str = "best.toml";

/// Everything that a sweep has to say.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SweepReport {
    /// What trials are compared by.
    pub(super) objective: String,
    /// How many trials the sweep has.
    pub(super) trials: usize,
    /// The rows that there are, the best first: those of higher rungs before those of lower ones.
    pub(super) rows: Vec<Record>,
    /// Trials that differ in their seed alone, if the seed is varied.
    pub(super) over_seeds: Vec<Group>,
}

impl SweepReport {
    pub(super) fn new(sweep: &SweepConfig, mut rows: Vec<Record>) -> Self {
        let over_seeds = groups(sweep, &rows);
        let highest = |record: &Record, rows: &[Record]| {
            rows.iter().filter(|other| other.trial == record.trial).all(|other| other.rung <= record.rung)
        };
        let all = rows.clone();
        rows.retain(|record| highest(record, &all));
        if sweep.chooses() {
            rows.sort_by(|a, b| {
                let better = match (a.objective, b.objective) {
                    (Some(a), Some(b)) => best_first(a, b, sweep.objective.direction),
                    (a, b) => a.is_none().cmp(&b.is_none()),
                };
                b.rung.cmp(&a.rung).then(better).then(a.trial.cmp(&b.trial))
            });
        }
        let (objective, trials) = (sweep.objective.name.clone(), sweep.trials.len());
        Self { objective, trials, rows, over_seeds }
    }

    /// Whether there are rows and none of them is sound.
    pub(super) fn all_failed(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|record| record.status == TrialStatus::Failed)
    }

    /// Writes the settings of the best trial (with seeds: of the best group), to be evaluated on the evaluation split.
    pub(super) fn write_best(&self, sweep: &SweepConfig, directory: &Path) -> Result<(), RunDirError> {
        let of_group = self.over_seeds.first().and_then(|group| group.trials.first());
        let best = of_group.copied().or(self.rows.first().map(|record| record.trial));
        let done = self.rows.iter().filter(|record| record.objective.is_some());
        let Some(record) =
            best.and_then(|best| done.clone().find(|record| record.trial == best)).or(done.clone().next())
        else {
            return Ok(());
        };
        let Ok(mut params) = sweep.run(&sweep.trials[record.trial], record.rung) else { return Ok(()) };
        params.evaluation.split = Split::Evaluation;
        let path = directory.join(BEST);
        let text = toml::to_string(&params).map_err(std::io::Error::other);
        let written = text.and_then(|text| {
            let head =
                format!("# The settings of trial {}, chosen on the calibration split.\n", record.trial);
            atomic::write(&path, (head + &text).as_bytes())
        });
        written.map_err(|source| RunDirError::File { path, action: "written", source })
    }

    /// The tables as text.
    pub(super) fn table(&self, sweep: &SweepConfig) -> String {
        let failures = self.rows.iter().filter_map(|record| {
            record.reason.as_ref().map(|reason| format!("trial {} failed: {reason}\n", record.trial))
        });
        let mut parts = vec![draw(&self.trial_rows(sweep))];
        parts.extend(failures);
        let missing = self.trials - self.rows.len();
        if missing > 0 {
            parts.push(format!("{missing} of {} trials have no row yet\n", self.trials));
        }
        parts.extend(self.seed_table(sweep));
        parts.concat()
    }

    /// The groups over seeds of a sweep that chooses, or every measure of one that repeats.
    fn seed_table(&self, sweep: &SweepConfig) -> Option<String> {
        let group = self.over_seeds.first()?;
        Some(if sweep.chooses() {
            let table = draw(&self.group_rows(sweep));
            format!("\nOver seeds, {} as interquartile mean [interval]:\n{table}", self.objective)
        } else {
            let (failed, table) = (group.failed, draw(&measure_rows(group)));
            let done = group.trials.len() - failed;
            format!(
                "\nOver {done} seeds ({failed} failed), interquartile mean and interval over scenarios and seeds:\n{table}"
            )
        })
    }

    fn trial_rows(&self, sweep: &SweepConfig) -> Vec<Vec<String>> {
        let paths = sweep.paths();
        let head = ["trial"].into_iter().chain(paths.iter().copied());
        let head = head.chain([self.objective.as_str(), "iterations", "seconds", "status"]);
        let row = |record: &Record| {
            let settings = paths.iter().map(|path| record.settings.get(*path).map(show).unwrap_or_default());
            let value =
                record.objective.map_or_else(|| "–".to_owned(), |value| unit(&self.objective).show(value));
            let status = if record.status == TrialStatus::Done { "done" } else { "failed" };
            let rest =
                [value, record.iterations.to_string(), format!("{:.1}", record.seconds), status.to_owned()];
            [record.trial.to_string()].into_iter().chain(settings).chain(rest).collect()
        };
        [head.map(str::to_owned).collect()].into_iter().chain(self.rows.iter().map(row)).collect()
    }

    fn group_rows(&self, sweep: &SweepConfig) -> Vec<Vec<String>> {
        let paths: Vec<&str> = sweep.paths().into_iter().filter(|path| *path != "seed").collect();
        let head =
            paths.iter().copied().chain([self.objective.as_str(), "seeds", "failed"]).map(str::to_owned);
        let row = |group: &Group| {
            let settings = paths.iter().map(|path| group.settings.get(*path).cloned().unwrap_or_default());
            let estimate = group.estimates.get(&self.objective);
            let value =
                estimate.map_or_else(|| "–".to_owned(), |estimate| interval(&self.objective, estimate));
            let seeds = (group.trials.len() - group.failed).to_string();
            settings.chain([value, seeds, group.failed.to_string()]).collect()
        };
        [head.collect()].into_iter().chain(self.over_seeds.iter().map(row)).collect()
    }
}

/// The measures of a group, those of a run's table first.
fn measure_rows(group: &Group) -> Vec<Vec<String>> {
    let known = COLUMNS.iter().map(|column| column.name);
    let logged = group.estimates.keys().map(String::as_str).filter(|name| name.contains('.'));
    let row = |name: &str| Some(vec![name.to_owned(), interval(name, group.estimates.get(name)?)]);
    let head = vec!["measure".to_owned(), "interquartile mean".to_owned()];
    [head].into_iter().chain(known.chain(logged).filter_map(row)).collect()
}

fn interval(measure: &str, estimate: &karma_marl::stats::Estimate) -> String {
    let unit = unit(measure);
    format!("{} {}", unit.show(estimate.value), unit.show_interval(estimate.low, estimate.high))
}

fn unit(measure: &str) -> Unit {
    COLUMNS.iter().find(|column| column.name == measure).map_or(Unit::Plain, |column| column.unit)
}

fn draw(rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).force_no_tty();
    if let Some((head, rows)) = rows.split_first() {
        table.set_header(head);
        table.add_rows(rows);
    }
    table.trim_fmt() + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::testing::sweep;
    use super::*;

    #[test]
    fn the_best_trial_is_first_failures_are_last_with_their_reason_and_the_best_settings_are_written() {
        let sweep = sweep("\"learner.gamma\" = { values = [0.7, 0.8, 0.9] }");
        let mut rows: Vec<Record> =
            (0..3).map(|trial| Record::failed(&sweep.trials[trial], 0, "why".to_owned())).collect();
        for (place, value) in [(1, 1.0), (2, 2.0)] {
            let done = Record {
                objective: Some(value),
                status: TrialStatus::Done,
                reason: None,
                ..rows[place].clone()
            };
            rows[place] = done;
        }
        let report = SweepReport::new(&sweep, rows);
        assert_eq!(report.rows.iter().map(|record| record.trial).collect::<Vec<_>>(), [2, 1, 0]);
        assert!(!report.all_failed());
        let text = report.table(&sweep);
        assert!(text.contains("learner.gamma") && text.ends_with("trial 0 failed: why\n"), "{text}");
        let directory = tempfile::tempdir().unwrap();
        report.write_best(&sweep, directory.path()).unwrap();
        let best = std::fs::read_to_string(directory.path().join(BEST)).unwrap();
        let params: crate::config::RunParams = toml::from_str(&best).unwrap();
        assert_eq!((params.learner.gamma, params.evaluation.split), (0.9, Split::Evaluation));
    }
}
