//! From episodes to what can be said: figures, differences with corrected p-values, and how much of the room is used.

use std::collections::{BTreeMap, BTreeSet};

use karma_analyze::relations::Correction;
use karma_core::SeedTree;
use karma_marl::stats::{Bootstrap, Crossed, Estimate, Statistic, mean, standard_deviation};
use serde::Serialize;

use super::front::{Entry, Front, MEASURES};
use super::record::{Calibration, Record, Training};
use super::suite::{Arena, Suite};
use super::taken::Taken;
use crate::evaluation::{Better, COLUMNS, Column};

/// Iterations that a mean of training returns is taken over.
const SMOOTHED: usize = 5;
/// Share of the way to its own last level at which a training has converged.
const ARRIVED: f64 = 0.95;
/// The measures that rivals are compared by, in this order.
pub(crate) const COMPARED: [&str; 5] =
    ["failed_or_late", "success_rate", "recovery_seconds", "pod_hours", "episodic_return"];
/// The measures of which the worst tenth is told.
pub(crate) const TAILS: [&str; 4] = ["success_rate", "failed_or_late", "recovery_seconds", "episodic_return"];
/// The measures of which the used part of the room is told.
const ROOM: [&str; 2] = ["failed_or_late", "episodic_return"];

/// Everything that a suite has to say.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) about: String,
    /// Digest of the suite.
    pub(crate) suite: String,
    pub(crate) version: &'static str,
    /// Jobs that are done, of all.
    pub(crate) done: (usize, usize),
    /// Seconds of all jobs together.
    pub(crate) seconds: f64,
    pub(crate) arenas: Vec<ArenaResults>,
    pub(crate) calibrations: BTreeMap<String, Calibration>,
    pub(crate) trainings: Vec<TeamTraining>,
    /// Contestants under attackers that have studied them.
    pub(crate) assaults: Vec<Taken>,
}

/// One arena.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ArenaResults {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) scenarios: Vec<String>,
    /// Episodes of each contestant, for each of its trainings.
    pub(crate) episodes: usize,
    pub(crate) standings: Vec<Standing>,
    pub(crate) versus: Vec<Versus>,
    pub(crate) room: Vec<Room>,
    pub(crate) front: Front,
    /// Of each scenario by itself, where there are several.
    pub(crate) fronts: BTreeMap<String, Front>,
    pub(crate) services: usize,
    /// Wall clock of all episodes divided by their number, the mean over rules and over teams; yardsticks are left out.
    pub(crate) seconds: [Option<f64>; 2],
}

/// A contestant's figures.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Standing {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) yardstick: bool,
    /// Trainings, 1 for a rule.
    pub(crate) runs: usize,
    /// By measure, over all episodes.
    pub(crate) figures: BTreeMap<&'static str, Estimate>,
    /// Of the worst tenth of the episodes, by measure.
    pub(crate) tails: BTreeMap<&'static str, Estimate>,
    /// By scenario and measure.
    pub(crate) by_scenario: BTreeMap<String, BTreeMap<&'static str, Estimate>>,
}

/// The first team against another contestant.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Versus {
    pub(crate) against: String,
    /// `None`: all of them.
    pub(crate) scenario: Option<String>,
    pub(crate) measure: &'static str,
    /// Ours minus theirs, interquartile mean over the same episodes.
    pub(crate) difference: Estimate,
    /// Cohen's d of the paired differences, episodes averaged over trainings; `None` where they do not vary.
    pub(crate) effect: Option<f64>,
    /// Share of the episodes on which ours is better, ties counted half.
    pub(crate) wins: f64,
    pub(crate) p: f64,
    /// After Holm, over all comparisons of the same scope: all scenarios, or this one.
    pub(crate) p_holm: f64,
}

/// How much of what is left between the best rule and a yardstick the first team uses.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Room {
    pub(crate) scenario: String,
    pub(crate) measure: &'static str,
    /// The best rule there, and its figure.
    pub(crate) rule: (String, f64),
    /// The best yardstick, and its figure.
    pub(crate) yardstick: (String, f64),
    pub(crate) ours: f64,
    /// (ours − rule) / (yardstick − rule); `None` where the yardstick is not better than the rule.
    pub(crate) used: Option<f64>,
}

/// How a team was trained.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TeamTraining {
    pub(crate) name: String,
    pub(crate) seeds: usize,
    pub(crate) iterations: f64,
    pub(crate) steps: f64,
    pub(crate) seconds: f64,
    /// Iterations until the smoothed return has gone most of the way to its own last level; mean over seeds.
    pub(crate) converged: Option<f64>,
}

/// Values by scenario and seed, one for each training.
pub(super) type Table = BTreeMap<(String, u64), Vec<Option<f64>>>;

impl Results {
    /// What the records of a suite say; contestants of whom nothing is there are left out.
    pub(crate) fn of(suite: &Suite, records: &[Record]) -> Self {
        let names = suite.jobs().iter().map(|job| job.contestant().to_owned()).collect::<Vec<_>>();
        let mut contestants: Vec<Contestant<'_>> = Vec::new();
        for name in &names {
            let of: Vec<&Record> = records.iter().filter(|record| record.contestant == *name).collect();
            if !of.is_empty() && !contestants.iter().any(|other| other.name == *name) {
                let rule = suite.rules.iter().find(|rule| rule.name == *name);
                let yardstick = rule.is_some_and(|rule| rule.yardstick);
                let ours = rule.is_none_or(|rule| rule.ours);
                contestants.push(Contestant { name, records: of, yardstick, ours });
            }
        }
        let first = suite.params.teams.first().map(|team| team.name.as_str());
        let judge = Judge { bootstrap: suite.home.bootstrap(), contestants: &contestants, first };
        let calibrations = records
            .iter()
            .filter_map(|record| Some((record.contestant.clone(), record.calibration.clone()?)));
        Self {
            about: suite.params.about.clone(),
            suite: suite.digest().to_string(),
            version: env!("CARGO_PKG_VERSION"),
            done: (records.len(), names.len()),
            seconds: records.iter().map(|record| record.seconds).sum(),
            arenas: suite.arenas.iter().map(|arena| judge.arena(arena)).collect(),
            calibrations: calibrations.collect(),
            trainings: contestants.iter().filter_map(Contestant::training).collect(),
            assaults: contestants
                .iter()
                .filter_map(|one| Taken::of(one.name, &one.records, suite.home.bootstrap()))
                .collect(),
        }
    }
}

struct Contestant<'a> {
    name: &'a str,
    records: Vec<&'a Record>,
    yardstick: bool,
    /// A team, or a rule that has to stand up to the others.
    ours: bool,
}

impl Contestant<'_> {
    fn is_team(&self) -> bool {
        self.records.iter().any(|record| record.training.is_some())
    }

    fn played_in(&self, arena: &str) -> bool {
        self.records.iter().any(|record| record.arenas.contains_key(arena))
    }

    /// A measure of its episodes in an arena, of one scenario or all.
    fn table(&self, arena: &str, scenario: Option<&str>, column: &Column) -> Table {
        let mut table = Table::new();
        for (run, record) in self.records.iter().enumerate() {
            for episode in record.arenas.get(arena).into_iter().flatten() {
                if scenario.is_none_or(|scenario| scenario == episode.scenario) {
                    let values = table.entry((episode.scenario.clone(), episode.seed)).or_default();
                    values.resize(run, None);
                    values.push((column.value)(&episode.report).filter(|value| value.is_finite()));
                }
            }
        }
        table
    }

    fn training(&self) -> Option<TeamTraining> {
        let trainings: Vec<&Training> =
            self.records.iter().filter_map(|record| record.training.as_ref()).collect();
        let of = |value: fn(&Training) -> f64| mean(&trainings.iter().map(|t| value(t)).collect::<Vec<_>>());
        let converged: Vec<f64> =
            trainings.iter().filter_map(|training| converged(&training.returns)).collect();
        Some(TeamTraining {
            name: self.name.to_owned(),
            seeds: trainings.len(),
            iterations: of(|training| training.iterations as f64)?,
            steps: of(|training| training.steps as f64)?,
            seconds: of(|training| training.seconds)?,
            converged: mean(&converged),
        })
    }
}

struct Judge<'a> {
    bootstrap: &'a Bootstrap,
    contestants: &'a [Contestant<'a>],
    first: Option<&'a str>,
}

impl Judge<'_> {
    fn arena(&self, arena: &Arena) -> ArenaResults {
        let scenarios: Vec<String> =
            arena.config.scenarios().iter().map(|scenario| scenario.name().to_owned()).collect();
        let mut versus = self.versus(&arena.name, &scenarios);
        for scope in std::iter::once(None).chain(scenarios.iter().map(Some)) {
            correct(versus.iter_mut().filter(|versus| versus.scenario.as_ref() == scope).collect());
        }
        let there = self.contestants.iter().filter(|one| one.played_in(&arena.name));
        let standings: Vec<Standing> = there.map(|one| self.standing(one, &arena.name, &scenarios)).collect();
        ArenaResults {
            name: arena.name.clone(),
            about: arena.about.clone(),
            episodes: scenarios.len() * arena.config.params().evaluation.seeds,
            room: self.room(&standings, &scenarios),
            front: self.front(&arena.name, None),
            fronts: self.fronts(&arena.name, &scenarios),
            services: arena.config.setup().topology.services.len(),
            seconds: [false, true].map(|teams| self.seconds(&arena.name, teams)),
            standings,
            versus,
            scenarios,
        }
    }

    /// The front over those episodes that everybody has both measures of.
    fn front(&self, arena: &str, scenario: Option<&str>) -> Front {
        let there: Vec<&Contestant<'_>> =
            self.contestants.iter().filter(|one| !one.yardstick && one.played_in(arena)).collect();
        let columns = MEASURES.map(column);
        let tables_of = |one: &&Contestant<'_>| {
            columns.map(|column| column.map(|column| one.table(arena, scenario, column)).unwrap_or_default())
        };
        let mut tables: Vec<[Table; 2]> = there.iter().map(tables_of).collect();
        let whole = |key: &(String, u64)| {
            let all = |values: &Vec<Option<f64>>| values.iter().all(Option::is_some);
            tables.iter().flatten().all(|table| table.get(key).is_some_and(all))
        };
        let keys = tables.first().map(|[table, _]| table.keys().filter(|key| whole(key)).cloned());
        let keys: BTreeSet<(String, u64)> = keys.into_iter().flatten().collect();
        tables.iter_mut().flatten().for_each(|table| table.retain(|key, _| keys.contains(key)));
        let entry = |(one, [resilience, cost]): (&&Contestant<'_>, &[Table; 2])| {
            let tables = [crossed(resilience)?, crossed(cost)?];
            Some(Entry { name: one.name.to_owned(), is_ours: one.ours, tables })
        };
        let entries: Vec<Entry> = there.iter().zip(&tables).filter_map(entry).collect();
        let mut rng = SeedTree::new(0).child("front").child(arena).child(scenario.unwrap_or("all")).rng();
        Front::of(&entries, self.bootstrap, &mut rng)
    }

    /// The fronts of the scenarios, where there are several.
    fn fronts(&self, arena: &str, scenarios: &[String]) -> BTreeMap<String, Front> {
        let several = scenarios.iter().filter(|_| scenarios.len() > 1);
        several.map(|scenario| (scenario.clone(), self.front(arena, Some(scenario)))).collect()
    }

    fn is_ours(&self, name: &str) -> bool {
        self.contestants.iter().any(|one| one.name == name && one.ours)
    }

    /// Seconds of an episode in an arena.
    fn seconds(&self, arena: &str, teams: bool) -> Option<f64> {
        let those = self.contestants.iter().filter(|one| !one.yardstick && one.is_team() == teams);
        let each = those.flat_map(|one| &one.records).filter_map(|record| {
            Some(record.arena_seconds.get(arena)? / record.arenas.get(arena)?.len().max(1) as f64)
        });
        mean(&each.collect::<Vec<_>>())
    }

    fn standing(&self, one: &Contestant<'_>, arena: &str, scenarios: &[String]) -> Standing {
        let figure = |scenario: Option<&str>, column: &Column, statistic| {
            let crossed = crossed(&one.table(arena, scenario, column))?;
            Some((column.name, self.tested(&crossed, column.name, statistic)?.0))
        };
        let figures = |scenario: Option<&str>| {
            COLUMNS
                .iter()
                .filter_map(|column| figure(scenario, column, Statistic::InterquartileMean))
                .collect()
        };
        let told = COLUMNS.iter().filter(|column| TAILS.contains(&column.name));
        let tails = told.filter_map(|column| figure(None, column, worst(column.better))).collect();
        Standing {
            name: one.name.to_owned(),
            about: one.records.first().map_or_else(String::new, |record| record.about.clone()),
            yardstick: one.yardstick,
            runs: one.records.len(),
            figures: figures(None),
            tails,
            by_scenario: scenarios.iter().map(|name| (name.clone(), figures(Some(name)))).collect(),
        }
    }

    fn tested(&self, crossed: &Crossed, name: &str, statistic: Statistic) -> Option<(Estimate, f64)> {
        let mut rng = SeedTree::new(0).child("experiment").child(name).rng();
        let tested = self.bootstrap.estimate_crossed(crossed, statistic, &mut rng);
        tested.estimate.value.is_finite().then_some((tested.estimate, tested.p))
    }

    fn versus(&self, arena: &str, scenarios: &[String]) -> Vec<Versus> {
        let Some(ours) = self.contestants.iter().find(|one| Some(one.name) == self.first) else {
            return Vec::new();
        };
        let scopes: Vec<Option<&str>> =
            std::iter::once(None).chain(scenarios.iter().map(|name| Some(name.as_str()))).collect();
        let mut all = Vec::new();
        for theirs in self.contestants.iter().filter(|one| one.name != ours.name) {
            for scope in &scopes {
                all.extend(
                    COMPARED.iter().filter_map(|measure| self.pair((ours, theirs), arena, *scope, measure)),
                );
            }
        }
        all
    }

    fn pair(
        &self,
        (ours, theirs): (&Contestant<'_>, &Contestant<'_>),
        arena: &str,
        scenario: Option<&str>,
        measure: &'static str,
    ) -> Option<Versus> {
        let column = column(measure)?;
        let (mut left, mut right) =
            (ours.table(arena, scenario, column), theirs.table(arena, scenario, column));
        let whole = |table: &Table, key: &(String, u64)| {
            table.get(key).is_some_and(|values| values.iter().all(Option::is_some))
        };
        let both: Vec<_> =
            left.keys().filter(|key| whole(&left, key) && whole(&right, key)).cloned().collect();
        left.retain(|key, _| both.contains(key));
        right.retain(|key, _| both.contains(key));
        let right =
            if ours.records.len() == theirs.records.len() { crossed(&right)? } else { averaged(&right)? };
        let differences = crossed(&left)?.minus(&right).ok()?;
        let name = format!("{measure}-minus-{}-{}", theirs.name, scenario.unwrap_or("all"));
        let (difference, p) = self.tested(&differences, &name, Statistic::InterquartileMean)?;
        let by_episode = differences.by_episode();
        let spread = standard_deviation(&by_episode).filter(|spread| *spread > 0.0);
        Some(Versus {
            against: theirs.name.to_owned(),
            scenario: scenario.map(str::to_owned),
            measure,
            difference,
            effect: spread.and_then(|spread| Some(mean(&by_episode)? / spread)),
            wins: wins(&by_episode, column.better),
            p,
            p_holm: p,
        })
    }

    fn room(&self, standings: &[Standing], scenarios: &[String]) -> Vec<Room> {
        let Some(ours) = standings.iter().find(|one| Some(one.name.as_str()) == self.first) else {
            return Vec::new();
        };
        let mut room = Vec::new();
        for scenario in scenarios {
            for measure in ROOM {
                let Some(column) = column(measure) else { continue };
                let figure = |one: &Standing| Some(one.by_scenario.get(scenario)?.get(measure)?.value);
                let best = |yardstick: bool| {
                    let named = standings
                        .iter()
                        .filter(|one| one.yardstick == yardstick && !self.is_ours(&one.name))
                        .filter_map(|one| Some((one.name.clone(), figure(one)?)));
                    named.reduce(
                        |best, other| if better(column.better, other.1, best.1) { other } else { best },
                    )
                };
                let (Some(rule), Some(yardstick), Some(ours)) = (best(false), best(true), figure(ours))
                else {
                    continue;
                };
                let whole = yardstick.1 - rule.1;
                let used = better(column.better, yardstick.1, rule.1).then(|| (ours - rule.1) / whole);
                room.push(Room { scenario: scenario.clone(), measure, rule, yardstick, ours, used });
            }
        }
        room
    }
}

/// A measure by its name.
pub(super) fn column(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

/// The statistic of the worst tenth.
const fn worst(direction: Better) -> Statistic {
    match direction {
        Better::Higher => Statistic::LowestTenth,
        Better::Lower => Statistic::HighestTenth,
    }
}

/// Corrects the p-values of one family.
fn correct(family: Vec<&mut Versus>) {
    let adjusted = Correction::Holm.adjusted(&family.iter().map(|versus| versus.p).collect::<Vec<_>>());
    family.into_iter().zip(adjusted).for_each(|(versus, p)| versus.p_holm = p);
}

const fn better(direction: Better, one: f64, other: f64) -> bool {
    match direction {
        Better::Higher => one > other,
        Better::Lower => one < other,
    }
}

/// Scenarios as strata, of the episodes that every training has a value for.
pub(super) fn crossed(table: &Table) -> Option<Crossed> {
    strata(table, |values| values.iter().copied().collect())
}

/// The same, trainings averaged.
fn averaged(table: &Table) -> Option<Crossed> {
    strata(table, |values| Some(vec![mean(&values.iter().copied().collect::<Option<Vec<f64>>>()?)?]))
}

fn strata(table: &Table, values: impl Fn(&[Option<f64>]) -> Option<Vec<f64>>) -> Option<Crossed> {
    let mut strata: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    for ((scenario, _), of_runs) in table {
        if let Some(values) = values(of_runs) {
            strata.entry(scenario).or_default().push(values);
        }
    }
    Crossed::new(strata.into_values().collect()).ok()
}

fn wins(differences: &[f64], direction: Better) -> f64 {
    let won = |difference: &f64| {
        if *difference == 0.0 { 0.5 } else { f64::from(u8::from(better(direction, *difference, 0.0))) }
    };
    mean(&differences.iter().map(won).collect::<Vec<_>>()).unwrap_or(0.5)
}

/// The first iteration at which the mean of the last few returns is most of the way from the first to the last level.
fn converged(returns: &[f64]) -> Option<f64> {
    let means: Vec<f64> = returns.windows(SMOOTHED).filter_map(mean).collect();
    let (begin, last) = (*means.first()?, mean(&means[means.len() - means.len().div_ceil(5)..])?);
    if last <= begin {
        return None;
    }
    let level = begin + ARRIVED * (last - begin);
    let reached = means.iter().position(|mean| *mean >= level)?;
    Some((reached + SMOOTHED) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_has_converged_when_it_is_most_of_the_way_to_its_own_level() {
        let returns: Vec<f64> = (0..40).map(|i| if i < 20 { f64::from(i) } else { 20.0 }).collect();
        // Means of five: 2 at first, 20 in the end; 19.1 is passed by the mean of 18, 19, 20, 20, 20, which ends at the 23rd.
        assert_eq!(converged(&returns), Some(23.0));
        assert_eq!(converged(&[1.0; 40]), None, "nothing was learned");
        assert_eq!(converged(&[1.0, 2.0]), None);
    }

    #[test]
    fn ties_are_half_a_win_and_less_is_better_where_it_is() {
        assert_eq!(wins(&[-1.0, 0.0, 2.0, -3.0], Better::Lower), 0.625);
        assert_eq!(wins(&[], Better::Higher), 0.5);
    }

    #[test]
    fn episodes_without_a_value_in_some_training_are_left_out() {
        let table: Table =
            [(("a".to_owned(), 1), vec![Some(1.0), Some(3.0)]), (("a".to_owned(), 2), vec![Some(1.0), None])]
                .into();
        assert_eq!(crossed(&table).unwrap().by_episode(), [2.0]);
        assert_eq!(averaged(&table).unwrap().runs(), 1);
    }
}
