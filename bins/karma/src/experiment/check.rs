//! What may be wrong with a suite, part by part.

use std::collections::BTreeSet;

use karma_mock::environment::SiegeConfig;

use super::params::{ArenaParams, AssaultParams, RuleEntry, SuiteParams, TeamEntry, TwinEntry};
use super::rule::RuleParams;
use super::suite::{Candidate, Rule, SuiteError, merged, refuse};
use crate::config::{ObservationForm, RunConfig};
use crate::evaluation::{COLUMNS, Column};
use crate::sweep::settings;

/// Most candidates of one rule.
const MOST_CANDIDATES: usize = 10_000;

/// Whether everybody who plays in an arena can play there, and acts as at home.
///
/// # Errors
/// Who cannot, or what belongs elsewhere.
pub(super) fn arena(
    suite: &SuiteParams,
    entry: &ArenaParams,
    (home, there): (&RunConfig, &RunConfig),
) -> Result<(), SuiteError> {
    let place = format!("arena \"{}\"", entry.name);
    let elsewhere = there.topology_digest() != home.topology_digest();
    let mut visitors = suite.teams.iter().filter(|team| elsewhere && team.plays_in(&entry.name));
    if let Some(team) = visitors.find(|team| !goes_elsewhere(suite, team)) {
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
    if acts(there) == acts(home) {
        return Ok(());
    }
    Err(refuse(place, "everybody acts as at home: decision_period, alpha and history belong into [fixed]"))
}

/// Whether contestants, arenas and twins have names of their own, and everything that is named is there.
///
/// # Errors
/// The first that is wrong.
pub(super) fn contestants(suite: &SuiteParams) -> Result<(), SuiteError> {
    allowed("calibration.seeds", "it", suite.calibration.seeds, 10_000)?;
    if suite.arenas.is_empty() {
        return Err(refuse("arenas", "there is none; at least one is needed"));
    }
    for team in &suite.teams {
        let place = format!("team \"{}\"", team.name);
        check_arenas(place.clone(), team.arenas.as_deref(), &suite.arenas)?;
        allowed(&place, "seeds", team.seeds, 1000)?;
        check_twin(team, &suite.twins)?;
        check_own_twin(team)?;
    }
    for rule in &suite.rules {
        check_arenas(format!("rule \"{}\"", rule.name), rule.arenas.as_deref(), &suite.arenas)?;
    }
    for twin in &suite.twins {
        allowed(&format!("twin \"{}\"", twin.name), "episodes", twin.episodes, 10_000)?;
    }
    let players =
        || suite.rules.iter().map(|rule| &rule.name).chain(suite.teams.iter().map(|team| &team.name));
    if players().next().is_none() {
        return Err(refuse("rules and teams", "there is nobody to compare"));
    }
    check_names("", players())?;
    check_jobs(suite)?;
    check_names("arena ", suite.arenas.iter().map(|arena| &arena.name))?;
    check_names("twin ", suite.twins.iter().map(|twin| &twin.name))?;
    suite.assault.as_ref().map_or(Ok(()), |assault| check_assault(assault, suite))
}

/// Refuses names that no file can have, and those that are given twice.
fn check_names<'a>(kind: &str, names: impl Iterator<Item = &'a String>) -> Result<(), SuiteError> {
    let mut seen = BTreeSet::new();
    for name in names {
        check_name(name)?;
        if !seen.insert(name) {
            return Err(refuse(format!("{kind}\"{name}\""), "the name is given twice"));
        }
    }
    Ok(())
}

/// Refuses a rule whose file would be that of a team's job.
fn check_jobs(suite: &SuiteParams) -> Result<(), SuiteError> {
    let trains = |team: &TeamEntry, rule: &RuleEntry| {
        let seed = rule.name.strip_prefix(&format!("{}-seed-", team.name));
        seed.and_then(|seed| seed.parse().ok()).is_some_and(|seed: u64| (1..=team.seeds).contains(&seed))
    };
    let taken = |rule: &&RuleEntry| suite.teams.iter().any(|team| trains(team, rule));
    match suite.rules.iter().find(taken) {
        Some(rule) => Err(refuse(format!("rule \"{}\"", rule.name), "a team's training has this name")),
        None => Ok(()),
    }
}

/// Whether a team can be taken to another topology than that of its training. What is wrong with its settings is told
/// elsewhere.
fn goes_elsewhere(suite: &SuiteParams, team: &TeamEntry) -> bool {
    let settings = settings::params(merged(&[&suite.fixed, &team.settings]));
    !settings.is_ok_and(|params| params.observation == ObservationForm::Whole)
}

/// Refuses an arena that there is not.
fn check_arenas(place: String, played: Option<&[String]>, arenas: &[ArenaParams]) -> Result<(), SuiteError> {
    let known = |name: &String| arenas.iter().any(|arena| arena.name == *name);
    let Some(unknown) = played.into_iter().flatten().find(|name| !known(name)) else { return Ok(()) };
    let names: Vec<&str> = arenas.iter().map(|arena| arena.name.as_str()).collect();
    Err(refuse(place, format!("there is no arena \"{unknown}\"; there are {}", names.join(", "))))
}

/// Refuses a number that is not from 1 to `most`.
fn allowed(place: &str, setting: &str, number: u64, most: u64) -> Result<(), SuiteError> {
    if (1..=most).contains(&number) {
        return Ok(());
    }
    Err(refuse(place, format!("{setting} is {number}; allowed: 1 to {most}")))
}

/// Refuses a twin that there is not.
fn check_twin(team: &TeamEntry, twins: &[TwinEntry]) -> Result<(), SuiteError> {
    let Some(name) = team.twin.as_ref().filter(|name| twins.iter().all(|twin| twin.name != **name)) else {
        return Ok(());
    };
    let names: Vec<&str> = twins.iter().map(|twin| twin.name.as_str()).collect();
    let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(refuse(format!("team \"{}\"", team.name), format!("there is no twin \"{name}\"; there are: {known}")))
}

/// Refuses settings that a training in a twin cannot have.
fn check_own_twin(team: &TeamEntry) -> Result<(), SuiteError> {
    let place = format!("team \"{}\"", team.name);
    if team.settings.contains_key("twin") {
        return Err(refuse(
            place,
            "a suite makes its twins: name one with twin beside the settings, not in them",
        ));
    }
    let of_the_cluster = ["topology", "workload", "decision_period", "simulation", "attacker", "faults"];
    let begins = |key: &str, setting: &str| key == setting || key.starts_with(&format!("{setting}."));
    let given = of_the_cluster.iter().find(|setting| team.settings.keys().any(|key| begins(key, setting)));
    match given.filter(|_| team.twin.is_some()) {
        Some(setting) => {
            Err(refuse(place, format!("a twin is of the suite's cluster; {setting} belongs into [fixed]")))
        }
        None => Ok(()),
    }
}

/// Who may be attacked, and how.
fn check_assault(assault: &AssaultParams, suite: &SuiteParams) -> Result<(), SuiteError> {
    let place = "assault";
    if assault.against.is_empty() {
        return Err(refuse(place, "against names nobody; leave [assault] out, or name a rule or a team"));
    }
    allowed(place, "seeds", assault.seeds, 1000)?;
    allowed(place, "iterations", assault.iterations, 100_000)?;
    allowed(place, "episodes", assault.episodes, 10_000)?;
    SiegeConfig::try_from(assault.attacker).map_err(|error| refuse(place, error))?;
    let names = || {
        let rules = suite.rules.iter().filter(|rule| !rule.yardstick && !plays_ahead(rule));
        let rules = rules.map(|rule| rule.name.as_str());
        rules.chain(suite.teams.iter().map(|team| team.name.as_str()))
    };
    let Some(unknown) = assault.against.iter().find(|name| names().all(|known| known != name.as_str()))
    else {
        return Ok(());
    };
    let known = names().collect::<Vec<_>>().join(", ");
    Err(refuse(
        place,
        format!("there is no rule or team \"{unknown}\" that could be attacked; there are {known}"),
    ))
}

/// Whether a rule plays copies of the episode, which an attacker who learns as it goes is not in.
fn plays_ahead(rule: &RuleEntry) -> bool {
    let kind = rule.rule.get("kind").and_then(toml::Value::as_str);
    matches!(kind, Some("ahead" | "planner"))
}

fn check_name(name: &str) -> Result<(), SuiteError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.+*".contains(c);
    if !name.is_empty() && name.len() <= 60 && name.chars().all(legal) && !name.starts_with('.') {
        return Ok(());
    }
    let reason = "a name has 1 to 60 letters, digits, and - _ . + *, and does not begin with a point";
    Err(refuse(format!("\"{}\"", name.escape_debug()), reason))
}

pub(super) fn objective(params: &SuiteParams) -> Result<&'static Column, SuiteError> {
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
pub(super) fn rule(entry: &RuleEntry, home: &RunConfig) -> Result<Rule, SuiteError> {
    let place = format!("rule \"{}\"", entry.name);
    if entry.yardstick && entry.ours {
        return Err(refuse(&place, "a yardstick has to stand up to nobody; leave out yardstick or ours"));
    }
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
        ours: entry.ours,
        arenas: entry.arenas.clone(),
        candidates,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::suite;

    const ARENA: &str =
        "about = \"test\"\n[[arenas]]\nname = \"main\"\nsettings = { scenarios = [\"nominal\"] }\n";

    fn refused(text: &str) -> String {
        suite(&(ARENA.to_owned() + text)).unwrap_err().to_string()
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
        let planner = |setting: &str| {
            refused(&format!("[[rules]]\nname = \"a\"\nrule = {{ kind = \"planner\", {setting} }}\n"))
        };
        let ahead = refused("[[rules]]\nname = \"a\"\nrule = { kind = \"ahead\", target = -1.0 }\n");
        assert!(ahead.starts_with("rule \"a\": ") && ahead.contains("-1"), "{ahead}");
        assert_eq!(planner("futures = 0"), "rule \"a\": `futures` is 0, allowed is 1 to 1000");
        assert_eq!(planner("margin = nan"), "rule \"a\": `margin` is NaN, allowed is 0 to 1");
        assert_eq!(planner("horizon = 0"), "rule \"a\": `horizon` is 0, allowed is 1 to 1000");
        assert!(planner("utilization = 0.0").starts_with("rule \"a\": `utilization` is 0"));
        let objective =
            "[calibration]\nobjective = \"beauty\"\n[[rules]]\nname = \"a\"\nrule = { kind = \"static\" }\n";
        assert!(refused(objective).starts_with("calibration.objective: there is no measure \"beauty\""));
    }

    #[test]
    fn nobody_is_both_a_yardstick_and_ours() {
        let rule = "[[rules]]\nname = \"a\"\nrule = { kind = \"static\" }\nours = true\n";
        assert!(suite(&(ARENA.to_owned() + rule)).is_ok());
        let both = refused(&format!("{rule}yardstick = true\n"));
        assert_eq!(both, "rule \"a\": a yardstick has to stand up to nobody; leave out yardstick or ours");
    }

    #[test]
    fn who_looks_ahead_says_how_far_within_bounds_and_an_empty_table_asks_for_the_defaults() {
        let rule = |look: &str| {
            format!("[[rules]]\nname = \"a\"\nrule = {{ kind = \"lookahead\", look = {{ {look} }} }}\n")
        };
        assert_eq!(refused(&rule("futures = 0")), "rule \"a\": look: `futures` is 0, allowed is 1 to 1000");
        assert!(suite(&(ARENA.to_owned() + &rule("misfit = 0.2"))).is_ok());
        let team = |look: &str| {
            format!("[[teams]]\nname = \"t\"\nseeds = 1\nsettings = {{ lookahead = {{ {look} }} }}\n")
        };
        let too_far = refused(&team("reach = 0"));
        assert!(too_far.contains("lookahead.reach") && too_far.contains("1 to 100"), "{too_far}");
        let suite = |look: &str| suite(&(ARENA.to_owned() + &team(look))).unwrap();
        let (default, near) = (suite(""), suite("horizon = 2"));
        let horizon = |suite: &super::super::suite::Suite| {
            let (team, base) = (&suite.params.teams[0], std::path::Path::new(""));
            let config = suite.playing(&suite.arenas[0], team, 1, base).unwrap();
            config.params().lookahead.map(|look| look.horizon)
        };
        assert_eq!((horizon(&default), horizon(&near)), (Some(5), Some(2)));
    }

    #[test]
    fn twins_and_attackers_that_cannot_be_are_told() {
        let named =
            |rest: &str| refused(&format!("{rest}[[rules]]\nname = \"a\"\nrule = {{ kind = \"static\" }}\n"));
        assert_eq!(
            named("[assault]\nagainst = [\"b\"]\n"),
            "assault: there is no rule or team \"b\" that could be attacked; there are a"
        );
        assert_eq!(
            named("[assault]\nagainst = [\"a\"]\nepisodes = 0\n"),
            "assault: episodes is 0; allowed: 1 to 10000"
        );
        let ahead =
            named("[[rules]]\nname = \"p\"\nrule = { kind = \"planner\" }\n[assault]\nagainst = [\"p\"]\n");
        assert!(
            ahead.starts_with("assault: there is no rule or team \"p\" that could be attacked"),
            "{ahead}"
        );
        let taken = refused(
            "[[rules]]\nname = \"t-seed-2\"\nrule = { kind = \"static\" }\n[[teams]]\nname = \"t\"\nseeds = 2\n",
        );
        assert_eq!(taken, "rule \"t-seed-2\": a team's training has this name");
        assert!(named("[assault]\nagainst = []\n").starts_with("assault: against names nobody"));
        let team = "[[teams]]\nname = \"t\"\nseeds = 1\n";
        let own = named(&format!("{team}settings = {{ twin = \"x\" }}\n"));
        assert!(own.starts_with("team \"t\": a suite makes its twins"), "{own}");
        let elsewhere = named(&format!(
            "[[twins]]\nname = \"x\"\n{team}twin = \"x\"\nsettings = {{ \"simulation.scrape_loss\" = 0.1 }}\n"
        ));
        assert_eq!(
            elsewhere,
            "team \"t\": a twin is of the suite's cluster; simulation belongs into [fixed]"
        );
        let limits = named("[assault]\nagainst = [\"a\"]\nattacker = { most = 0 }\n");
        assert!(limits.starts_with("assault: attacker.most: 0 is not allowed"), "{limits}");
        let twin = named("[[teams]]\nname = \"t\"\nseeds = 1\ntwin = \"x\"\n");
        assert_eq!(twin, "team \"t\": there is no twin \"x\"; there are: none");
        let none = named("[[twins]]\nname = \"x\"\nepisodes = 0\n");
        assert_eq!(none, "twin \"x\": episodes is 0; allowed: 1 to 10000");
    }
}
