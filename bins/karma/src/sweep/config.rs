//! A sweep that was checked, and its trials.

use std::path::{Path, PathBuf};

use karma_core::SeedTree;
use karma_marl::stats::{Bootstrap, BootstrapParams};
use karma_mock::Split;
use toml::{Table, Value};

use super::halving::Halving;
use super::objective::Objective;
use super::params::{Kind, SearchParams, SweepParams};
use super::settings::{self, Assignment};
use super::space::Space;
use crate::config::{Budget, ConfigError, RunParams};

/// Most trials of a sweep.
pub(crate) const MOST_TRIALS: usize = 10_000;

/// One combination of settings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trial {
    /// Its number, from 0.
    pub(crate) number: usize,
    /// What it sets beside the fixed settings, in the order of the paths.
    pub(crate) settings: Vec<Assignment>,
}

/// A sweep to run with.
#[derive(Clone, Debug)]
pub(crate) struct SweepConfig {
    /// What trials are compared by.
    pub(crate) objective: Objective,
    /// The rungs, if there are any.
    pub(crate) halving: Option<Halving>,
    /// The trials: a function of the sweep's file alone.
    pub(crate) trials: Vec<Trial>,
    /// How intervals are made.
    pub(crate) bootstrap: Bootstrap,
    /// The sweep as written.
    pub(super) params: SweepParams,
    fixed: Table,
    /// The part of the data that trials are compared on; a choice must be made on the calibration split.
    split: Option<Split>,
    base: PathBuf,
}

impl SweepConfig {
    /// Checks a sweep that chooses: its trials are compared on the calibration split.
    ///
    /// # Errors
    /// The first field that is not allowed, with its value and what is.
    pub(crate) fn choosing(params: SweepParams, file: &Path) -> Result<Self, ConfigError> {
        Self::new(params, file, Some(Split::Calibration))
    }

    /// Checks a sweep that repeats and chooses nothing: its runs are evaluated as their settings say.
    ///
    /// # Errors
    /// The first field that is not allowed, with its value and what is.
    pub(crate) fn repeating(params: SweepParams, file: &Path) -> Result<Self, ConfigError> {
        Self::new(params, file, None)
    }

    fn new(params: SweepParams, file: &Path, split: Option<Split>) -> Result<Self, ConfigError> {
        let refuse = |message: String| ConfigError::Setting { place: file.display().to_string(), message };
        let search = &params.sweep;
        let objective = Objective::new(&search.objective, search.direction)
            .map_err(|(_, message)| refuse(format!("sweep.{message}")))?;
        check_search(search).map_err(refuse)?;
        let spaces = Space::read_all("", &params.space)
            .map_err(|(path, message)| refuse(format!("space.\"{path}\" {message}")))?;
        if spaces.is_empty() {
            return Err(refuse("space is empty; allowed: at least one setting".to_owned()));
        }
        let mut fixed = settings::expand(params.fixed.clone());
        check_paths(&fixed, &spaces, (split.is_some(), search.kind)).map_err(refuse)?;
        if let Some(split) = split {
            settings::set(&mut fixed, "evaluation.split", Value::String(split.name().to_owned()));
        }
        let shared =
            settings::params(fixed.clone()).map_err(|message| refuse(format!("fixed: {message}")))?;
        let (resamples, confidence) = (shared.evaluation.resamples, shared.evaluation.confidence);
        let bootstrap = BootstrapParams { resamples, confidence }.check();
        Ok(Self {
            objective,
            halving: halving(search),
            trials: trials(search, &spaces).map_err(refuse)?,
            bootstrap: bootstrap.map_err(|error| refuse(format!("fixed: evaluation.{error}")))?,
            fixed,
            split,
            base: file.parent().unwrap_or(Path::new("")).to_owned(),
            params,
        })
    }

    /// Whether the best trial is looked for, rather than all of them together.
    pub(super) const fn chooses(&self) -> bool {
        self.split.is_some()
    }

    /// The run of a trial at a rung, or what is wrong with it.
    pub(crate) fn run(&self, trial: &Trial, rung: usize) -> Result<RunParams, String> {
        let mut table = self.fixed.clone();
        for (path, value) in &trial.settings {
            settings::set(&mut table, path, value.clone());
        }
        let mut params = settings::params(table)?;
        settings::rebase(&mut params, &self.base);
        if let Some(budget) = self.halving.and_then(|halving| halving.budgets().get(rung).copied()) {
            params.budget = Budget::Iterations(budget);
        }
        Ok(params)
    }

    /// The settings that are varied.
    pub(super) fn paths(&self) -> Vec<&str> {
        self.trials
            .first()
            .map_or_else(Vec::new, |trial| trial.settings.iter().map(|(path, _)| path.as_str()).collect())
    }

    /// How many rungs there are; 1 without halving.
    pub(super) fn rungs(&self) -> usize {
        self.halving.map_or(1, |halving| halving.budgets().len())
    }
}

/// The trials of a sweep. Draw number n of a path depends on the sweep's seed, n and the path alone: more trials, or another
/// setting, change no draw.
fn trials(search: &SearchParams, spaces: &[(String, Space)]) -> Result<Vec<Trial>, String> {
    if search.kind == Kind::Grid {
        return grid(spaces);
    }
    let root = SeedTree::new(search.seed).child("sweep");
    let draw = |number: usize| {
        let node = root.index(number as u64);
        spaces.iter().map(|(path, space)| (path.clone(), space.draw(node.child(path)))).collect()
    };
    Ok((0..search.trials.unwrap_or(0)).map(|number| Trial { number, settings: draw(number) }).collect())
}

fn grid(spaces: &[(String, Space)]) -> Result<Vec<Trial>, String> {
    let mut rows: Vec<Vec<Assignment>> = vec![Vec::new()];
    for (path, space) in spaces {
        let values = space.list().ok_or_else(|| {
            format!("space.\"{path}\" cannot be listed; allowed in a grid: values, or an integer range of at most 10000")
        })?;
        if rows.len() * values.len() > MOST_TRIALS {
            return Err(format!(
                "the grid has more than {MOST_TRIALS} trials; take fewer values, or kind = \"random\""
            ));
        }
        let longer = |row: &Vec<Assignment>| {
            let row = row.clone();
            values
                .iter()
                .map(move |value| row.iter().cloned().chain([(path.clone(), value.clone())]).collect())
                .collect::<Vec<_>>()
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    Ok(rows.into_iter().enumerate().map(|(number, settings)| Trial { number, settings }).collect())
}

fn halving(search: &SearchParams) -> Option<Halving> {
    let (min_budget, max_budget) = (search.min_budget?, search.max_budget?);
    Some(Halving { eta: search.eta.unwrap_or(3), min_budget, max_budget })
}

/// The fields of `[sweep]` by themselves, and those that its kind needs or has no use for.
fn check_search(search: &SearchParams) -> Result<(), String> {
    let unless = |ok: bool, field: &str, value: &dyn std::fmt::Display, allowed: &str| {
        if ok { Ok(()) } else { Err(format!("sweep.{field} is {value}; allowed: {allowed}")) }
    };
    unless(i64::try_from(search.seed).is_ok(), "seed", &search.seed, "0 to 9223372036854775807")?;
    let trials = search.trials.unwrap_or(1);
    unless((1..=MOST_TRIALS).contains(&trials), "trials", &trials, "1 to 10000")?;
    let eta = search.eta.unwrap_or(3);
    unless((2..=16).contains(&eta), "eta", &eta, "2 to 16")?;
    let min_budget = search.min_budget.unwrap_or(1);
    unless(
        (1..=1_000_000_000).contains(&min_budget),
        "min_budget",
        &min_budget,
        "1 to 1000000000 iterations",
    )?;
    let max_budget = search.max_budget.unwrap_or(min_budget);
    let allowed = format!("min_budget, {min_budget}, to 1000000000 iterations");
    unless((min_budget..=1_000_000_000).contains(&max_budget), "max_budget", &max_budget, &allowed)?;
    let (grid, halving) = (search.kind == Kind::Grid, search.kind == Kind::Halving);
    let fields = [
        ("trials", search.trials.is_some(), !grid, !grid),
        ("min_budget", search.min_budget.is_some(), halving, halving),
        ("max_budget", search.max_budget.is_some(), halving, halving),
        ("eta", search.eta.is_some(), false, halving),
    ];
    for (field, given, needed, known) in fields {
        let kind = Value::try_from(search.kind).map(|kind| kind.to_string()).unwrap_or_default();
        if needed && !given {
            return Err(format!("sweep.{field} is missing; a sweep of kind {kind} needs it"));
        }
        if given && !known {
            return Err(format!("sweep.{field} is given; a sweep of kind {kind} has no use for it"));
        }
    }
    Ok(())
}

/// Whether every path is a setting that can be varied and takes values of this kind. `role` says whether the sweep chooses,
/// and how.
fn check_paths(fixed: &Table, spaces: &[(String, Space)], role: (bool, Kind)) -> Result<(), String> {
    let (chooses, kind) = role;
    let split = fixed.get("evaluation").and_then(|evaluation| evaluation.get("split"));
    let of_calibration = split.is_none_or(|split| split.as_str() == Some(Split::Calibration.name()));
    let varied = |path: &str| spaces.iter().any(|(other, _)| other == path);
    if chooses && (!of_calibration || varied("evaluation.split")) {
        return Err("evaluation.split cannot be chosen: a sweep compares its trials on the calibration split, so that the evaluation split stays untouched for the one that is chosen".to_owned());
    }
    if kind == Kind::Halving && (fixed.contains_key("budget") || varied("budget")) {
        return Err(
            "budget is set by the rungs of a halving sweep; write sweep.min_budget and sweep.max_budget"
                .to_owned(),
        );
    }
    for (place, (path, space)) in spaces.iter().enumerate() {
        if let Some((other, _)) = spaces[..place].iter().find(|(other, _)| overlap(other, path)) {
            return Err(format!("space.\"{path}\" and space.\"{other}\" set the same; allowed: one of them"));
        }
        for value in space.samples() {
            let mut table = fixed.clone();
            settings::set(&mut table, path, value);
            settings::params(table).map_err(|message| format!("space.\"{path}\": {message}"))?;
        }
    }
    Ok(())
}

/// Whether one path is the other, or leads to it.
fn overlap(a: &str, b: &str) -> bool {
    let leads =
        |a: &str, b: &str| b.strip_prefix(a).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    leads(a, b) || leads(b, a)
}

#[cfg(test)]
mod tests;
