//! A suite, checked: who plays where, as a list of jobs that do not depend on each other.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use karma_core::Digest;
use serde_json::json;
use thiserror::Error;

use super::check;
use super::params::{ArenaParams, AssaultParams, RuleEntry, SuiteParams, TeamEntry, TwinEntry, plays_in};
use super::rule::RuleParams;
use crate::config::{RunConfig, Written};
use crate::evaluation::Column;
use crate::sweep::settings;

/// What is wrong with a suite.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {reason}")]
pub(crate) struct SuiteError {
    /// Where.
    pub(crate) place: String,
    /// What.
    pub(crate) reason: String,
}

pub(super) fn refuse(place: impl fmt::Display, reason: impl fmt::Display) -> SuiteError {
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
    /// Whether it has to stand up to the other rules.
    pub(crate) ours: bool,
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
        let arena = |entry: &ArenaParams| {
            let place = format!("arena \"{}\"", entry.name);
            let checked = config(&place, &[&params.fixed, &entry.settings])?;
            check::arena(&params, entry, (&home, &checked))?;
            Ok(Arena {
                name: entry.name.clone(),
                about: entry.about.clone(),
                settings: merged(&[&params.fixed, &entry.settings]),
                elsewhere: checked.topology_digest() != home.topology_digest(),
                config: checked,
            })
        };
        let arenas = params.arenas.iter().map(arena).collect::<Result<Vec<_>, SuiteError>>()?;
        check::contestants(&params)?;
        let mut trained_with = BTreeMap::new();
        for team in &params.teams {
            let place = format!("team \"{}\"", team.name);
            let checked = config(&place, &[&params.fixed, &team.settings])?;
            trained_with.insert(team.name.clone(), checked.digest());
        }
        let rule = |entry| check::rule(entry, &home);
        let rules = params.rules.iter().map(rule).collect::<Result<Vec<_>, SuiteError>>()?;
        let objective = check::objective(&params)?;
        Ok(Self { params, arenas, home, rules, objective, trained_with, threads })
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

    /// The same in a twin, of which this is the file.
    ///
    /// # Errors
    /// If the file holds no twin of the suite's cluster.
    pub(crate) fn training_in(
        &self,
        twin: &Path,
        (team, seed): (&TeamEntry, u64),
        base: &Path,
    ) -> Result<RunConfig, SuiteError> {
        let mut fixed = self.params.fixed.clone();
        let twin = std::path::absolute(twin).unwrap_or_else(|_| twin.to_owned());
        fixed.insert("twin".to_owned(), toml::Value::String(twin.display().to_string()));
        self.of_team(&fixed, team, seed, base)
    }

    /// The twin that a team is trained in.
    pub(crate) fn twin_of(&self, team: &TeamEntry) -> Option<&TwinEntry> {
        let name = team.twin.as_ref()?;
        self.params.twins.iter().find(|twin| twin.name == *name)
    }

    /// How many attackers study a job's contestant: of a team one for each of the first trainings.
    pub(crate) fn attackers_of(&self, job: &Job<'_>) -> u64 {
        let attackers =
            self.params.assault.as_ref().map_or(0, |assault| assault.attackers_of(job.contestant()));
        match job {
            Job::Rule(_) => attackers,
            Job::Team(_, seed) => u64::from(*seed <= attackers),
        }
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
                // Whom it is held against changes nothing of what it plays.
                let entry = self.params.rules.iter().find(|entry| entry.name == rule.name);
                let entry = entry.map(|entry| RuleEntry { ours: false, ..entry.clone() });
                let home = self.home.stage_digest().to_string();
                json!({ "rule": entry, "calibration": self.params.calibration, "home": home })
            }
            Job::Team(team, seed) => {
                let settings = self.trained_with.get(&team.name).map(Digest::to_string);
                let fixed = merged(&[&self.params.fixed, &team.settings]);
                json!({ "team": team.name, "about": team.about, "seed": seed, "settings": fixed, "digest": settings })
            }
        };
        let mut all = json!({ "arenas": places, "contestant": contestant });
        if let Job::Team(team, _) = job
            && let Some(twin) = self.twin_of(team)
        {
            all["twin"] = json!({ "entry": twin, "cluster": self.home.stage_digest().to_string() });
        }
        if let (Some(assault), 1..) = (&self.params.assault, self.attackers_of(job)) {
            let AssaultParams { against: _, seeds: _, iterations, episodes, attacker } = assault;
            let learner = self.home.digest().to_string();
            all["assault"] = json!([self.attackers_of(job), iterations, episodes, attacker, learner]);
        }
        Digest::of(all.to_string().as_bytes())
    }

    /// Digest of everything that the results of the suite depend on.
    pub(crate) fn digest(&self) -> Digest {
        let jobs = self.jobs();
        let jobs: Vec<String> = jobs.iter().map(|job| self.digest_of(job).to_string()).collect();
        Digest::of(jobs.join("\n").as_bytes())
    }
}

/// Tables of settings, later ones on top.
pub(super) fn merged(tables: &[&toml::Table]) -> toml::Table {
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
        // An empty table asks for defaults, where nothing else is said.
        toml::Value::Table(table) if table.is_empty() && says(into, path) => {}
        toml::Value::Table(table) if !table.is_empty() => {
            for (inner, value) in table {
                merge(into, &format!("{path}.{inner}"), value);
            }
        }
        value => settings::set(into, path, value),
    }
}

/// Whether there is anything at a dotted path.
fn says(table: &toml::Table, path: &str) -> bool {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match (table.get(first), rest) {
        (Some(toml::Value::Table(inner)), Some(rest)) => says(inner, rest),
        (found, rest) => found.is_some() && rest.is_none(),
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
}
