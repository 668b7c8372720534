//! A suite as written.

use std::ffi::OsStr;
use std::path::Path;

use karma_mock::environment::SiegeParams;
use serde::{Deserialize, Serialize};

use crate::config::ConfigError;
use crate::sweep::params::{document_error, read_text};

/// A suite as written in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuiteParams {
    /// What it is for, in one sentence.
    pub(crate) about: String,
    /// Files beside this one, suites with the same `[fixed]`: whom and what they have, and this one has not, it has too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) includes: Vec<String>,
    /// Settings of every run and every episode, as in a run's configuration; a key may be a path such as `"learner.gamma"`.
    #[serde(default)]
    pub(crate) fixed: toml::Table,
    /// How rules are calibrated.
    #[serde(default)]
    pub(crate) calibration: CalibrationParams,
    /// Where everybody is compared.
    #[serde(default)]
    pub(crate) arenas: Vec<ArenaParams>,
    /// Who is compared without training.
    #[serde(default)]
    pub(crate) rules: Vec<RuleEntry>,
    /// Twins that teams are trained in.
    #[serde(default)]
    pub(crate) twins: Vec<TwinEntry>,
    /// Who is trained; the first one is compared with everybody else.
    #[serde(default)]
    pub(crate) teams: Vec<TeamEntry>,
    /// Attackers that study contestants; absent: there are none.
    #[serde(default)]
    pub(crate) assault: Option<AssaultParams>,
}

/// `[calibration]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CalibrationParams {
    /// Episodes of each scenario that every candidate plays, of the training split. Default 3.
    pub(crate) seeds: u64,
    /// The measure that candidates are chosen by. Default `episodic_return`, which is what teams are trained for.
    pub(crate) objective: String,
}

impl Default for CalibrationParams {
    fn default() -> Self {
        Self { seeds: 3, objective: "episodic_return".to_owned() }
    }
}

/// `[[arenas]]`: episodes, the same for everybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArenaParams {
    /// Name in tables.
    pub(crate) name: String,
    /// What is asked there.
    #[serde(default)]
    pub(crate) about: String,
    /// Settings on top of the suite's.
    #[serde(default)]
    pub(crate) settings: toml::Table,
}

/// `[[rules]]`: a rule, and what of it is calibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleEntry {
    /// Name in tables.
    pub(crate) name: String,
    /// Its kind and settings.
    pub(crate) rule: toml::Table,
    /// Settings of the rule with the values that calibration tries, in every combination.
    #[serde(default)]
    pub(crate) search: toml::Table,
    /// The arenas in which it plays, by name; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arenas: Option<Vec<String>>,
    /// Whether it is a yardstick that no operator could run, such as one that knows the future.
    #[serde(default)]
    pub(crate) yardstick: bool,
    /// Whether it has to stand up to the other rules, as teams have to: it is neither the best rule of a scenario nor on the rules' front.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ours: bool,
}

/// `[[teams]]`: a team, trained once for each seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamEntry {
    /// Name in tables.
    pub(crate) name: String,
    /// What it is.
    #[serde(default)]
    pub(crate) about: String,
    /// How many trainings, with seeds from 1.
    pub(crate) seeds: u64,
    /// The arenas in which it plays, by name; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arenas: Option<Vec<String>>,
    /// The twin that it is trained in, by name; absent: the simulated cluster itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) twin: Option<String>,
    /// Settings on top of the suite's.
    #[serde(default)]
    pub(crate) settings: toml::Table,
}

/// `[[twins]]`: a twin of the suite's cluster, fitted on episodes of the training split under decisions that explore.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TwinEntry {
    /// Its name.
    pub(crate) name: String,
    /// Episodes of each scenario, 1 to 10 000. Default 60.
    #[serde(default = "sixty")]
    pub(crate) episodes: u64,
}

/// `[assault]`: attackers that study contestants, in the suite's cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssaultParams {
    /// Who is attacked, by name.
    pub(crate) against: Vec<String>,
    /// Attackers of each, with seeds from 1, 1 to 1000: of a team, one studies each of so many trainings. Default 3.
    #[serde(default = "three")]
    pub(crate) seeds: u64,
    /// Iterations that each learns, 1 to 100 000. Default 60.
    #[serde(default = "sixty")]
    pub(crate) iterations: u64,
    /// Episodes on which attackers are compared, 1 to 10 000. Default 20.
    #[serde(default = "twenty")]
    pub(crate) episodes: u64,
    /// What they are allowed.
    #[serde(default)]
    pub(crate) attacker: SiegeParams,
}

const fn three() -> u64 {
    3
}

const fn twenty() -> u64 {
    20
}

const fn sixty() -> u64 {
    60
}

impl AssaultParams {
    /// How many attackers study a contestant.
    pub(crate) fn attackers_of(&self, contestant: &str) -> u64 {
        if self.against.iter().any(|name| name == contestant) { self.seeds } else { 0 }
    }
}

/// Whether one who plays in `arenas` plays in this one; absent: in all.
pub(crate) fn plays_in(arenas: Option<&[String]>, arena: &str) -> bool {
    arenas.is_none_or(|arenas| arenas.iter().any(|name| name == arena))
}

impl TeamEntry {
    /// Whether it plays in an arena.
    pub(crate) fn plays_in(&self, arena: &str) -> bool {
        plays_in(self.arenas.as_deref(), arena)
    }
}

impl SuiteParams {
    /// Reads a suite's file.
    ///
    /// # Errors
    /// If it cannot be read or is no suite, with line and column; if one that it includes cannot be included.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut suite = Self::parse(path)?;
        for name in suite.includes.clone() {
            let refuse = |reason: &str| ConfigError::Setting {
                place: format!("{}: includes", path.display()),
                message: format!("\"{name}\": {reason}"),
            };
            if Path::new(&name).file_name() != Some(OsStr::new(&name)) {
                return Err(refuse("name a file beside this one, for the paths in it are relative to it"));
            }
            let other = Self::parse(&path.with_file_name(&name))?;
            if !other.includes.is_empty() {
                return Err(refuse("it includes others itself; name those here"));
            }
            if (&other.fixed, &other.calibration) != (&suite.fixed, &suite.calibration) {
                return Err(refuse(
                    "its [fixed] or [calibration] is another one; what is played together is played under the same",
                ));
            }
            suite.take_over(other);
        }
        Ok(suite)
    }

    fn parse(path: &Path) -> Result<Self, ConfigError> {
        let text = read_text(path)?;
        toml::from_str(&text).map_err(|error| document_error(path, &text, &error))
    }

    /// What another suite has and this one has not, by name.
    fn take_over(&mut self, other: Self) {
        add(&mut self.arenas, other.arenas, |arena| &arena.name);
        add(&mut self.rules, other.rules, |rule| &rule.name);
        add(&mut self.twins, other.twins, |twin| &twin.name);
        add(&mut self.teams, other.teams, |team| &team.name);
        self.assault = self.assault.take().or(other.assault);
    }
}

fn add<T>(here: &mut Vec<T>, there: Vec<T>, name: fn(&T) -> &String) {
    for one in there {
        if here.iter().all(|other| name(other) != name(&one)) {
            here.push(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A suite that includes another, which has this text.
    fn including(name: &str, other: &str) -> Result<SuiteParams, String> {
        let directory = tempfile::tempdir().unwrap();
        let own = "[fixed]\nbudget = 1\n[[arenas]]\nname = \"a\"\nabout = \"mine\"\n";
        let main = directory.path().join("main.toml");
        std::fs::write(&main, format!("about = \"all\"\nincludes = [\"{name}\"]\n{own}")).unwrap();
        std::fs::write(directory.path().join("other.toml"), format!("about = \"other\"\n{other}")).unwrap();
        SuiteParams::read(&main).map_err(|error| error.to_string())
    }

    #[test]
    fn a_suite_has_what_it_includes_and_its_own_of_a_name_counts() {
        const OTHER: &str = "[fixed]\nbudget = 1\n[[arenas]]\nname = \"a\"\nabout = \"theirs\"\n[[arenas]]\nname = \"b\"\n\
            [[rules]]\nname = \"r\"\nrule = { kind = \"static\" }\n[[teams]]\nname = \"t\"\nseeds = 1\n[assault]\nagainst = [\"r\"]\n";
        let suite = including("other.toml", OTHER).unwrap();
        let arenas: Vec<_> =
            suite.arenas.iter().map(|arena| (arena.name.as_str(), arena.about.as_str())).collect();
        assert_eq!(arenas, [("a", "mine"), ("b", "")]);
        assert_eq!((suite.about.as_str(), suite.rules.len(), suite.teams.len()), ("all", 1, 1));
        assert!(suite.assault.is_some());
    }

    #[test]
    fn what_cannot_be_included_is_told() {
        let fixed = "[fixed]\nbudget = 1\n";
        let elsewhere = including("../other.toml", fixed).unwrap_err();
        assert!(elsewhere.ends_with("main.toml: includes: \"../other.toml\": name a file beside this one, for the paths in it are relative to it"), "{elsewhere}");
        let nested = including("other.toml", &format!("includes = [\"third.toml\"]\n{fixed}")).unwrap_err();
        assert!(nested.ends_with("it includes others itself; name those here"), "{nested}");
        let other = including("other.toml", "[fixed]\nbudget = 2\n").unwrap_err();
        assert!(other.contains("its [fixed] or [calibration] is another one"), "{other}");
        let missing = including("nobody.toml", fixed).unwrap_err();
        assert!(missing.contains("nobody.toml"), "{missing}");
    }
}
