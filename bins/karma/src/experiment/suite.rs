//! A suite, checked: who plays where, as a list of jobs that do not depend on each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use karma_core::Digest;
use serde_json::json;
use thiserror::Error;

use super::params::{RuleEntry, SuiteParams, TeamEntry, plays_in};
use super::rule::RuleParams;
use crate::config::{ObservationForm, RunConfig, Written};
use crate::evaluation::{COLUMNS, Column};
use crate::sweep::settings;

/// Most candidates of one rule.
const MOST_CANDIDATES: usize = 10_000;

/// What is wrong with a suite.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {reason}")]
pub(crate) struct SuiteError {
    /// Where.
    pub(crate) place: String,
    /// What.
    pub(crate) reason: String,
}

fn refuse(place: impl fmt::Display, reason: impl fmt::Display) -> SuiteError {
    SuiteError { place: place.to_string(), reason: reason.to_string() }
}

/// A place to compare in.
#[derive(Clone, Debug)]
pub(crate) struct Arena {
    pub(crate) name: String,
    pub(crate) about: String,
    /// Its settings, with those of the suite.
    settings: toml::Table,
    pub(crate) config: RunConfig,
    /// Whether its topology is another than that of calibration and training.
    pub(crate) elsewhere: bool,
}

/// A rule with its candidates.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) yardstick: bool,
    /// Where it plays; absent: everywhere.
    pub(crate) arenas: Option<Vec<String>>,
    pub(crate) candidates: Vec<Candidate>,
}

/// A rule with the settings that calibration may choose.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// What calibration set, as in a table.
    pub(crate) settings: String,
    pub(crate) rule: RuleParams,
}

/// What a job is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Job<'a> {
    /// Calibrate a rule, if there is something to choose, and play it everywhere.
    Rule(&'a Rule),
    /// Train a team with a seed, and play it everywhere.
    Team(&'a TeamEntry, u64),
}

impl Job<'_> {
    /// Its name, and that of its files.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Rule(rule) => rule.name.clone(),
            Self::Team(team, seed) => format!("{}-seed-{seed}", team.name),
        }
    }

    /// Whose row it adds to.
    pub(crate) fn contestant(&self) -> &str {
        match self {
            Self::Rule(rule) => &rule.name,
            Self::Team(team, _) => &team.name,
        }
    }
}

/// A suite to run.
#[derive(Clone, Debug)]
pub(crate) struct Suite {
    pub(crate) params: SuiteParams,
    pub(crate) arenas: Vec<Arena>,
    /// Where rules are calibrated and teams are trained: the suite's settings alone.
    pub(crate) home: RunConfig,
    pub(crate) rules: Vec<Rule>,
    pub(crate) objective: &'static Column,
    /// Digests of the settings that teams are trained with, by name.
    trained_with: BTreeMap<String, Digest>,
    threads: Option<usize>,
}

impl Suite {
    /// Checks a suite, all its settings included. Paths are relative to `file`'s directory.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(crate) fn check(
        params: SuiteParams,
        file: &Path,
        threads: Option<usize>,
    ) -> Result<Self, SuiteError> {
        let base = file.parent().unwrap_or(Path::new(""));
        let config = |place: &str, tables: &[&toml::Table]| {
            run_config(merged(tables), base, threads).map_err(|reason| refuse(place, reason))
        };
        let home = config("fixed", &[&params.fixed])?;
        let mut arenas = Vec::new();
        for arena in &params.arenas {
            let place = format!("arena \"{}\"", arena.name);
            let checked = config(&place, &[&params.fixed, &arena.settings])?;
            let elsewhere = checked.topology_digest() != home.topology_digest();
            let mut visitors = params.teams.iter().filter(|team| elsewhere && team.plays_in(&arena.name));
            if let Some(team) = visitors.find(|team| !goes_elsewhere(&params, team)) {
                let reason = format!(
                    "team \"{}\" knows the services of its own topology by their places; only one with observation = \"parts\" \
                     goes to another; give the team a list of arenas without this one",
                    team.name
                );
                return Err(refuse(place, reason));
            }
            let acts = |config: &RunConfig| {
                let params = config.params();
                (params.decision_period.to_bits(), params.alpha, params.history)
            };
            if acts(&checked) != acts(&home) {
                let reason =
                    "everybody acts as at home: decision_period, alpha and history belong into [fixed]";
                return Err(refuse(place, reason));
            }
            let settings = merged(&[&params.fixed, &arena.settings]);
            arenas.push(Arena {
                name: arena.name.clone(),
                about: arena.about.clone(),
                settings,
                config: checked,
                elsewhere,
            });
        }
        if !(1..=10_000).contains(&params.calibration.seeds) {
            let reason = format!("it is {}; allowed: 1 to 10000", params.calibration.seeds);
            return Err(refuse("calibration.seeds", reason));
        }
        if arenas.is_empty() {
            return Err(refuse("arenas", "there is none; at least one is needed"));
        }
        let mut trained_with = BTreeMap::new();
        for team in &params.teams {
            let checked = config(&format!("team \"{}\"", team.name), &[&params.fixed, &team.settings])?;
            trained_with.insert(team.name.clone(), checked.digest());
            check_arenas(format!("team \"{}\"", team.name), team.arenas.as_deref(), &arenas)?;
            check_seeds(team)?;
        }
        for rule in &params.rules {
            check_arenas(format!("rule \"{}\"", rule.name), rule.arenas.as_deref(), &arenas)?;
        }
        let rules = params.rules.iter().map(|entry| check_rule(entry, &home)).collect::<Result<_, _>>()?;
        let objective = objective(&params)?;
        let suite = Self { params, arenas, home, rules, objective, trained_with, threads };
        suite.check_names()?;
        Ok(suite)
    }

    fn check_names(&self) -> Result<(), SuiteError> {
        let contestants =
            self.rules.iter().map(|rule| &rule.name).chain(self.params.teams.iter().map(|t| &t.name));
        let mut seen = BTreeSet::new();
        for name in contestants {
            check_name(name)?;
            if !seen.insert(name) {
                return Err(refuse(format!("\"{name}\""), "the name is given twice"));
            }
        }
        if seen.is_empty() {
            return Err(refuse("rules and teams", "there is nobody to compare"));
        }
        let mut seen = BTreeSet::new();
        let arenas = self.arenas.iter().map(|arena| &arena.name);
        arenas.map(|name| (check_name(name), seen.insert(name), name)).try_for_each(|(legal, new, name)| {
            legal?;
            if new { Ok(()) } else { Err(refuse(format!("arena \"{name}\""), "the name is given twice")) }
        })
    }

    /// Refuses the number of a job that there is not.
    pub(crate) fn check_job(&self, number: usize) -> Result<(), SuiteError> {
        match self.jobs().len() {
            jobs if number < jobs => Ok(()),
            jobs => Err(refuse("--job", format!("there is no job {number}; the suite has {jobs}, from 0"))),
        }
    }

    /// Everything that is to be done, rules first; any order and any number of machines give the same results.
    pub(crate) fn jobs(&self) -> Vec<Job<'_>> {
        let trainings = |team| move |seed| Job::Team(team, seed);
        let teams = self.params.teams.iter().flat_map(|team| (1..=team.seeds).map(trainings(team)));
        self.rules.iter().map(Job::Rule).chain(teams).collect()
    }

    /// The settings that a team is trained with.
    ///
    /// # Errors
    /// None that the check has not found.
    pub(crate) fn training(&self, team: &TeamEntry, seed: u64, base: &Path) -> Result<RunConfig, SuiteError> {
        self.of_team(&self.params.fixed, team, seed, base)
    }

    /// The settings that a team is compared with in an arena.
    ///
    /// # Errors
    /// Where the arena's settings and the team's contradict each other.
    pub(crate) fn playing(
        &self,
        arena: &Arena,
        team: &TeamEntry,
        seed: u64,
        base: &Path,
    ) -> Result<RunConfig, SuiteError> {
        self.of_team(&arena.settings, team, seed, base)
    }

    fn of_team(
        &self,
        table: &toml::Table,
        team: &TeamEntry,
        seed: u64,
        base: &Path,
    ) -> Result<RunConfig, SuiteError> {
        let mut settings = merged(&[table, &team.settings]);
        settings.insert("seed".to_owned(), toml::Value::Integer(i64::try_from(seed).unwrap_or(i64::MAX)));
        run_config(settings, base, self.threads)
            .map_err(|reason| refuse(format!("team \"{}\"", team.name), reason))
    }

    /// Digest of everything that the results of a job depend on: where everybody plays, and what is written of this contestant
    /// alone. A suite may so gain a contestant, or seeds, without any other playing again.
    pub(crate) fn digest_of(&self, job: &Job<'_>) -> Digest {
        let plays = |arena: &&Arena| match job {
            Job::Rule(rule) => plays_in(rule.arenas.as_deref(), &arena.name),
            Job::Team(team, _) => team.plays_in(&arena.name),
        };
        // An arena may say something of teams, how strictly roles bind there, say. No rule depends on that.
        let of_teams = |arena: &Arena| matches!(job, Job::Team(..)).then(|| arena.settings.clone());
        let places: Vec<(&str, String, Option<toml::Table>)> = (self.arenas.iter().filter(plays))
            .map(|arena| (arena.name.as_str(), arena.config.stage_digest().to_string(), of_teams(arena)))
            .collect();
        let contestant = match job {
            Job::Rule(rule) => {
                let entry = self.params.rules.iter().find(|entry| entry.name == rule.name);
                let home = self.home.stage_digest().to_string();
                json!({ "rule": entry, "calibration": self.params.calibration, "home": home })
            }
            Job::Team(team, seed) => {
                let settings = self.trained_with.get(&team.name).map(Digest::to_string);
                let fixed = merged(&[&self.params.fixed, &team.settings]);
                json!({ "team": team.name, "about": team.about, "seed": seed, "settings": fixed, "digest": settings })
            }
        };
        Digest::of(json!({ "arenas": places, "contestant": contestant }).to_string().as_bytes())
    }

    /// Digest of everything that the results of the suite depend on.
    pub(crate) fn digest(&self) -> Digest {
        let jobs = self.jobs();
        let jobs: Vec<String> = jobs.iter().map(|job| self.digest_of(job).to_string()).collect();
        Digest::of(jobs.join("\n").as_bytes())
    }
}

/// Whether a team can be taken to another topology than that of its training. What is wrong with its settings is told
/// elsewhere.
fn goes_elsewhere(suite: &SuiteParams, team: &TeamEntry) -> bool {
    let settings = settings::params(merged(&[&suite.fixed, &team.settings]));
    !settings.is_ok_and(|params| params.observation == ObservationForm::Whole)
}

/// Refuses an arena that there is not.
fn check_arenas(place: String, played: Option<&[String]>, arenas: &[Arena]) -> Result<(), SuiteError> {
    let known = |name: &String| arenas.iter().any(|arena| arena.name == *name);
    let Some(unknown) = played.into_iter().flatten().find(|name| !known(name)) else { return Ok(()) };
    let names: Vec<&str> = arenas.iter().map(|arena| arena.name.as_str()).collect();
    Err(refuse(place, format!("there is no arena \"{unknown}\"; there are {}", names.join(", "))))
}

/// How often a team is trained.
fn check_seeds(team: &TeamEntry) -> Result<(), SuiteError> {
    if (1..=1000).contains(&team.seeds) {
        return Ok(());
    }
    let reason = format!("seeds is {}; allowed: 1 to 1000", team.seeds);
    Err(refuse(format!("team \"{}\"", team.name), reason))
}

fn check_name(name: &str) -> Result<(), SuiteError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.+*".contains(c);
    if !name.is_empty() && name.len() <= 60 && name.chars().all(legal) && !name.starts_with('.') {
        return Ok(());
    }
    let reason = "a name has 1 to 60 letters, digits, and - _ . + *, and does not begin with a point";
    Err(refuse(format!("\"{}\"", name.escape_debug()), reason))
}

fn objective(params: &SuiteParams) -> Result<&'static Column, SuiteError> {
    let name = &params.calibration.objective;
    COLUMNS.iter().find(|column| column.name == *name).ok_or_else(|| {
        let known: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        refuse(
            "calibration.objective",
            format!("there is no measure \"{name}\"; there are {}", known.join(", ")),
        )
    })
}

/// Every combination of the values that are searched.
fn check_rule(entry: &RuleEntry, home: &RunConfig) -> Result<Rule, SuiteError> {
    let place = format!("rule \"{}\"", entry.name);
    let mut tables = vec![(Vec::new(), entry.rule.clone())];
    for (setting, values) in &entry.search {
        let values = values.as_array().filter(|values| !values.is_empty());
        let values =
            values.ok_or_else(|| refuse(&place, format!("search.{setting} is no list of values")))?;
        let each = |(names, table): (Vec<String>, toml::Table)| {
            values.iter().map(move |value| {
                let (mut names, mut table) = (names.clone(), table.clone());
                names.push(format!("{setting} {}", settings::show(value)));
                table.insert(setting.clone(), value.clone());
                (names, table)
            })
        };
        tables = tables.into_iter().flat_map(each).take(MOST_CANDIDATES + 1).collect();
    }
    if tables.len() > MOST_CANDIDATES {
        return Err(refuse(place, format!("more than {MOST_CANDIDATES} candidates")));
    }
    let candidate = |(names, table): (Vec<String>, toml::Table)| {
        let rule = RuleParams::of(table).map_err(|reason| refuse(&place, reason))?;
        rule.check(home).map_err(|reason| refuse(&place, reason))?;
        Ok(Candidate { settings: names.join(", "), rule })
    };
    let candidates = tables.into_iter().map(candidate).collect::<Result<_, SuiteError>>()?;
    Ok(Rule {
        name: entry.name.clone(),
        yardstick: entry.yardstick,
        arenas: entry.arenas.clone(),
        candidates,
    })
}

/// Tables of settings, later ones on top.
fn merged(tables: &[&toml::Table]) -> toml::Table {
    let mut all = toml::Table::new();
    for table in tables {
        for (path, value) in *table {
            merge(&mut all, path, value.clone());
        }
    }
    all
}

fn merge(into: &mut toml::Table, path: &str, value: toml::Value) {
    match value {
        toml::Value::Table(table) => {
            for (inner, value) in table {
                merge(into, &format!("{path}.{inner}"), value);
            }
        }
        value => settings::set(into, path, value),
    }
}

fn run_config(table: toml::Table, base: &Path, threads: Option<usize>) -> Result<RunConfig, String> {
    let mut params = settings::params(table)?;
    settings::rebase(&mut params, base);
    params.threads = threads.or(params.threads);
    Written::from(params).check().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testing::suite;
    use super::*;

    const ARENA: &str =
        "about = \"test\"\n[[arenas]]\nname = \"main\"\nsettings = { scenarios = [\"nominal\"] }\n";

    fn refused(text: &str) -> String {
        suite(&(ARENA.to_owned() + text)).unwrap_err().to_string()
    }

    #[test]
    fn every_combination_of_what_is_searched_is_a_candidate() {
        let text = "[[rules]]\nname = \"cpu\"\nrule = { kind = \"hpa\" }\nsearch = { target = [0.4, 0.6], stabilize_down = [0, 60, 300] }\n";
        let suite = suite(&(ARENA.to_owned() + text)).unwrap();
        let settings: Vec<&str> = suite.rules[0].candidates.iter().map(|c| c.settings.as_str()).collect();
        assert_eq!(settings.len(), 6);
        assert_eq!(settings[1], "stabilize_down 0, target 0.6");
    }

    #[test]
    fn jobs_are_rules_and_then_teams_by_seed() {
        let text =
            "[[rules]]\nname = \"hpa\"\nrule = { kind = \"hpa\" }\n[[teams]]\nname = \"hard\"\nseeds = 2\n";
        let suite = suite(&(ARENA.to_owned() + text)).unwrap();
        let names: Vec<String> = suite.jobs().iter().map(Job::name).collect();
        assert_eq!(names, ["hpa", "hard-seed-1", "hard-seed-2"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(refused(""), "rules and teams: there is nobody to compare");
        let rule =
            |rest: &str| refused(&format!("[[rules]]\nname = \"x\"\nrule = {{ kind = \"hpa\"{rest} }}\n"));
        assert!(
            rule(", target = 0.0").starts_with("rule \"x\": `target` is 0"),
            "{}",
            rule(", target = 0.0")
        );
        assert!(rule(", targit = 0.5").contains("unknown field `targit`"));
        let team = refused("[[teams]]\nname = \"t\"\nseeds = 1\nsettings = { organisation = \"none\" }\n");
        assert!(
            team.starts_with("team \"t\": unknown setting `organisation`; did you mean `organization`?"),
            "{team}"
        );
        let twice = "[[rules]]\nname = \"a\"\nrule = { kind = \"static\" }\n";
        assert_eq!(refused(&(twice.to_owned() + twice)), "\"a\": the name is given twice");
        let other = "[[arenas]]\nname = \"mesh\"\nsettings = { topology = \"diamond\" }\n[[teams]]\nname = \"t\"\nseeds = 1\n";
        assert!(suite(&(ARENA.to_owned() + other)).is_ok());
        let whole = format!("{other}settings = {{ observation = \"whole\" }}\n");
        assert!(
            refused(&whole).starts_with("arena \"mesh\": team \"t\" knows the services"),
            "{}",
            refused(&whole)
        );
        let kept = format!("{whole}arenas = [\"main\"]\n");
        assert!(suite(&(ARENA.to_owned() + &kept)).is_ok(), "who stays away needs not go there");
        let nowhere = refused(&format!("{other}arenas = [\"main\", \"nowhere\"]\n"));
        assert_eq!(nowhere, "team \"t\": there is no arena \"nowhere\"; there are main, mesh");
        let named =
            |rest: &str| refused(&format!("{rest}[[rules]]\nname = \"a\"\nrule = {{ kind = \"static\" }}\n"));
        let period = named("[[arenas]]\nname = \"slow\"\nsettings = { decision_period = 30.0 }\n");
        assert!(period.starts_with("arena \"slow\": everybody acts as at home"), "{period}");
        assert_eq!(named("[calibration]\nseeds = 0\n"), "calibration.seeds: it is 0; allowed: 1 to 10000");
        let long = "[[rules]]\nname = \"a\"\nrule = { kind = \"rlad-like\", episodes = 10001 }\n";
        assert_eq!(refused(long), "rule \"a\": `episodes` is 10001, allowed is 0 to 10000");
        let objective =
            "[calibration]\nobjective = \"beauty\"\n[[rules]]\nname = \"a\"\nrule = { kind = \"static\" }\n";
        assert!(refused(objective).starts_with("calibration.objective: there is no measure \"beauty\""));
    }
}
