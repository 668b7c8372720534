//! One job: calibrate or train, then play every arena.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use karma_core::PerAgent;
use karma_marl::{Mode, StopReason, TrainedPolicy};
use karma_mock::Split;

use super::params::{TeamEntry, plays_in};
use super::record::{Calibration, Point, Record, Training, run_directory};
use super::suite::{Candidate, Job, Rule, Suite};
use super::twin;
use crate::assault::{Study, study};
use crate::clock::Stopwatch;
use crate::config::RunConfig;
use crate::evaluation::{Better, COLUMNS, EpisodeRecord, Row, play, play_on, team_row};
use crate::progress::Progress;
use crate::run_dir::{RunDir, Status};
use crate::sweep::trial::train_in;

/// Where a suite works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    pub(super) suite: &'a Suite,
    /// The directory of the suite's file, which its paths are relative to.
    pub(super) base: &'a Path,
    pub(super) directory: &'a Path,
}

impl Site<'_> {
    /// Does a job and writes what it came to; `None` if it was interrupted.
    ///
    /// # Errors
    /// If a file cannot be read or written, or training fails.
    pub(super) fn work(self, job: &Job<'_>, progress: &mut dyn Progress) -> anyhow::Result<Option<Record>> {
        if progress.interrupted() {
            return Ok(None);
        }
        let done = match job {
            Job::Rule(rule) => self.rule(job, rule, progress)?,
            Job::Team(team, seed) => self.team(job, team, *seed, progress)?,
        };
        let Some(record) = done else { return Ok(None) };
        record.write(self.directory, job)?;
        Ok(Some(record))
    }

    fn rule(self, job: &Job<'_>, rule: &Rule, progress: &mut dyn Progress) -> anyhow::Result<Option<Record>> {
        let (suite, watch) = (self.suite, Stopwatch::start());
        let Some(calibration) = self.calibrate(rule, progress)? else { return Ok(None) };
        let Candidate { rule: chosen, settings } = &rule.candidates[calibration.chosen];
        if chosen.learns() {
            progress.note(&format!("training {}", rule.name));
        }
        let row = Arc::new(self.row(&rule.name, chosen)?);
        let (mut arenas, mut arena_seconds) = (BTreeMap::new(), BTreeMap::new());
        for arena in suite.arenas.iter().filter(|arena| plays_in(rule.arenas.as_deref(), &arena.name)) {
            // Where services are others, the same rule is made for them, and a tabular learner learns them.
            let there =
                || chosen.row(&rule.name, &arena.config).map_err(|reason| refused(&rule.name, &reason));
            let other = arena.elsewhere.then(there).transpose()?;
            let row = other.as_ref().unwrap_or(&*row);
            let watch = Stopwatch::start();
            let Some(episodes) = play(&arena.config, row, progress) else { return Ok(None) };
            arena_seconds.insert(arena.name.clone(), watch.elapsed().as_secs_f64());
            arenas.insert(arena.name.clone(), episodes);
        }
        let Some(assaults) = self.assaults(job, 1, &row, progress)? else { return Ok(None) };
        let about = chosen.about().to_owned();
        let about = if settings.is_empty() { about } else { format!("{about}, calibrated: {settings}") };
        let calibration = (calibration.candidates.len() > 1).then_some(calibration);
        Ok(Some(Record {
            digest: suite.digest_of(job).to_string(),
            contestant: rule.name.clone(),
            about,
            calibration,
            training: None,
            seconds: watch.elapsed().as_secs_f64(),
            arenas,
            arena_seconds,
            assaults,
        }))
    }

    /// The rule at home: a tabular learner is trained there, as a team is.
    fn row(self, name: &str, rule: &super::rule::RuleParams) -> anyhow::Result<Row> {
        rule.row(name, &self.suite.home).map_err(|reason| refused(name, &reason))
    }

    /// The mean of the objective of each candidate over the training split, and the best; the first one of equals.
    fn calibrate(self, rule: &Rule, progress: &mut dyn Progress) -> anyhow::Result<Option<Calibration>> {
        let plan = &self.suite.params.calibration;
        let seeds: Vec<u64> = (1..=plan.seeds).collect();
        let (mut candidates, mut episodes) = (Vec::new(), 0);
        if let [only] = rule.candidates.as_slice() {
            let point = Point { settings: only.settings.clone(), objective: None, measures: BTreeMap::new() };
            return Ok(Some(Calibration { episodes: 0, chosen: 0, candidates: vec![point] }));
        }
        for candidate in &rule.candidates {
            progress.note(&format!("calibrating {}: {}", rule.name, candidate.settings));
            let row = self.row(&rule.name, &candidate.rule)?;
            let Some(played) = play_on(&self.suite.home, Split::Train, &seeds, &row, progress) else {
                return Ok(None);
            };
            episodes = played.len();
            let measures = means(&played);
            candidates.push(Point {
                settings: candidate.settings.clone(),
                objective: measures.get(self.suite.objective.name).copied(),
                measures,
            });
        }
        let chosen = best(&candidates, self.suite.objective.better);
        Ok(Some(Calibration { episodes, chosen, candidates }))
    }

    fn team(
        self,
        job: &Job<'_>,
        team: &TeamEntry,
        seed: u64,
        progress: &mut dyn Progress,
    ) -> anyhow::Result<Option<Record>> {
        let suite = self.suite;
        let Some(config) = self.training(job, (team, seed), progress)? else { return Ok(None) };
        let (directory, mut manifest, trained) =
            train_in(&config, &run_directory(self.directory, job), progress)?;
        let interrupted = trained.stop == StopReason::Interrupted;
        manifest.stop(if interrupted { Status::Interrupted } else { Status::Finished });
        directory.write_manifest(&manifest)?;
        if interrupted {
            return Ok(None);
        }
        let training = Training {
            seed,
            iterations: manifest.iterations,
            steps: trained.log.last().map_or(0, |line| line.stats.steps),
            seconds: manifest.train_seconds,
            returns: trained.log.iter().filter_map(|line| line.stats.episodic_return).collect(),
        };
        let watch = Stopwatch::start();
        let played = self.compare((team, seed), (&directory, &trained.policies), progress)?;
        let Some((arenas, arena_seconds)) = played else { return Ok(None) };
        let row = Arc::new(team_row(&config, trained.policies)?);
        let Some(assaults) = self.assaults(job, seed, &row, progress)? else { return Ok(None) };
        Ok(Some(Record {
            digest: suite.digest_of(job).to_string(),
            contestant: team.name.clone(),
            about: team.about.clone(),
            calibration: None,
            seconds: training.seconds + watch.elapsed().as_secs_f64(),
            training: Some(training),
            arenas,
            arena_seconds,
            assaults,
        }))
    }

    /// Plays every arena of the team's, on another topology with the same weights for its services.
    fn compare(
        self,
        (team, seed): (&TeamEntry, u64),
        (directory, policies): (&RunDir, &PerAgent<TrainedPolicy>),
        progress: &mut dyn Progress,
    ) -> anyhow::Result<Option<Played>> {
        let (mut arenas, mut seconds) = (BTreeMap::new(), BTreeMap::new());
        for arena in self.suite.arenas.iter().filter(|arena| team.plays_in(&arena.name)) {
            let config = self.suite.playing(arena, team, seed, self.base)?;
            let policies = if arena.elsewhere { elsewhere(directory, &config)? } else { policies.clone() };
            let row = team_row(&config, policies)?;
            let watch = Stopwatch::start();
            let Some(episodes) = play(&config, &row, progress) else { return Ok(None) };
            seconds.insert(arena.name.clone(), watch.elapsed().as_secs_f64());
            arenas.insert(arena.name.clone(), episodes);
        }
        Ok(Some((arenas, seconds)))
    }

    /// The settings of a training; its twin is fitted if it is not there yet.
    fn training(
        self,
        job: &Job<'_>,
        (team, seed): (&TeamEntry, u64),
        progress: &mut dyn Progress,
    ) -> anyhow::Result<Option<RunConfig>> {
        let Some(entry) = self.suite.twin_of(team) else {
            return Ok(Some(self.suite.training(team, seed, self.base)?));
        };
        let Some(file) = twin::file(entry, &self.suite.home, (self.directory, &job.name()), progress)? else {
            return Ok(None);
        };
        Ok(Some(self.suite.training_in(&file, (team, seed), self.base)?))
    }

    /// What attackers take from a contestant that they have studied, in the suite's cluster; the first of them has this seed.
    fn assaults(
        self,
        job: &Job<'_>,
        first: u64,
        row: &Arc<Row>,
        progress: &mut dyn Progress,
    ) -> anyhow::Result<Option<Vec<Vec<EpisodeRecord>>>> {
        let mut assaults = Vec::new();
        let Some(params) = &self.suite.params.assault else { return Ok(Some(assaults)) };
        for seed in first..first + self.suite.attackers_of(job) {
            progress.note(&format!("attacker {seed} studies {}", job.contestant()));
            let (limits, iterations, episodes) = (params.attacker, params.iterations, params.episodes);
            let plan = Study { limits, iterations, seed, episodes };
            let Some(studied) = study(&self.suite.home, row, plan, progress)? else { return Ok(None) };
            assaults.push(studied.episodes.concat());
        }
        Ok(Some(assaults))
    }
}

/// The episodes of each arena, and the seconds that they took.
type Played = (BTreeMap<String, Vec<EpisodeRecord>>, BTreeMap<String, f64>);

fn refused(rule: &str, reason: &str) -> anyhow::Error {
    anyhow::anyhow!("rule \"{rule}\": {reason}")
}

/// A trained team on the services of `config`.
fn elsewhere(directory: &RunDir, config: &RunConfig) -> anyhow::Result<PerAgent<TrainedPolicy>> {
    let bytes = directory.checkpoint()?.context("the training left no checkpoint")?;
    let policies = TrainedPolicy::load(&bytes, &config.environment_spec()?, Mode::Greedy)?;
    Ok(config.defenders(&policies))
}

/// The mean of every measure over the episodes that have it.
fn means(episodes: &[EpisodeRecord]) -> BTreeMap<String, f64> {
    let mean = |column: &crate::evaluation::Column| {
        let values: Vec<f64> =
            episodes.iter().filter_map(|episode| (column.value)(&episode.report)).collect();
        Some((column.name.to_owned(), karma_marl::stats::mean(&values)?))
    };
    COLUMNS.iter().filter_map(mean).collect()
}

fn best(candidates: &[Point], better: Better) -> usize {
    let worth = |point: &Point| match (point.objective, better) {
        (Some(value), Better::Higher) => value,
        (Some(value), Better::Lower) => -value,
        (None, _) => f64::NEG_INFINITY,
    };
    let mut chosen = 0;
    for (index, point) in candidates.iter().enumerate() {
        if worth(point) > worth(&candidates[chosen]) {
            chosen = index;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_best_candidates_is_chosen() {
        let point = |objective| Point { settings: String::new(), objective, measures: BTreeMap::new() };
        let points = [None, Some(1.0), Some(3.0), Some(3.0), Some(2.0)].map(point);
        assert_eq!(best(&points, Better::Higher), 2);
        assert_eq!(best(&points, Better::Lower), 1);
    }
}
