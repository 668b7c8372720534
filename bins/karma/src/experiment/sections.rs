//! What a suite's results say, table by table, each with what it means.

use super::grids::{
    LEVEL, assaults, by_scenario, calibrations, costs, differences, point, room, savings,
    savings_by_scenario, standings, tails, trainings,
};
use super::results::{ArenaResults, Results};
use crate::report::grid::Grid;

/// A table with what is said about it.
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) text: String,
    pub(super) grid: Grid,
}

impl Section {
    fn new(heading: impl Into<String>, text: impl Into<String>, grid: Grid) -> Self {
        Self { heading: heading.into(), text: text.into(), grid }
    }
}

/// All of them: those of each arena, then those of the whole suite.
pub(super) fn sections(results: &Results) -> Vec<Section> {
    let arenas = results.arenas.iter().flat_map(|arena| [figures(arena), comparisons(arena)]);
    arenas.chain([of_the_suite(results)]).flatten().collect()
}

/// What everybody came to in an arena.
fn figures(arena: &ArenaResults) -> Vec<Section> {
    let name = &arena.name;
    let text = format!("{} {} episodes of {}.", arena.about, arena.episodes, arena.scenarios.join(", "));
    let mut sections = vec![Section::new(name, text, standings(arena))];
    if arena.scenarios.len() > 1 {
        sections.push(Section::new(
            format!("{name}: failed or late by scenario"),
            "Legitimate requests that failed or were answered after the acceptable time, and pod-hours.",
            by_scenario(arena),
        ));
    }
    sections.push(Section::new(
        format!("{name}: the worst tenth"),
        "Means over the tenth of the episodes that went worst, each measure by itself: the tables above leave out the worst quarter.",
        tails(arena),
    ));
    sections
}

/// How contestants stand to each other in an arena.
fn comparisons(arena: &ArenaResults) -> Vec<Section> {
    let (name, mut sections) = (&arena.name, Vec::new());
    if !arena.front.teams.is_empty() && !arena.front.rules.is_empty() {
        let front = arena.front.rules.iter().map(point).collect::<Vec<_>>().join(", ");
        sections.push(Section::new(
            format!("{name}: the same resilience, at what cost"),
            format!(
                "The front of the rules, from cheap to resilient: {front}. What it pays between two of them for as few failed or late requests \
                 as each team has, and what the team saves against that."
            ),
            savings(arena),
        ));
        if !arena.fronts.is_empty() {
            sections.push(Section::new(
                format!("{name}: the same resilience, at what cost, by scenario"),
                "What each team saves against the front of the rules in that scenario alone; nothing is said where it is more resilient than \
                 every rule, or the whole front more resilient than it.",
                savings_by_scenario(arena),
            ));
        }
    }
    if !arena.versus.is_empty() {
        sections.push(Section::new(
            format!("{name}: differences"),
            format!(
                "The first team minus each of the others on the same episodes; in brackets Cohen's d of the paired differences and the share \
                 of episodes that it wins. A star: p < {LEVEL} after Holm over all of this table. The same for each scenario is in results.json."
            ),
            differences(arena),
        ));
    }
    if !arena.room.is_empty() {
        sections.push(Section::new(
            format!("{name}: how much of the room is used"),
            "Between the best rule of each scenario and the best yardstick there, which knows what no rule can, most often the future: 0 % is \
             as the rule, 100 % as the yardstick.",
            room(arena),
        ));
    }
    sections
}

fn of_the_suite(results: &Results) -> Vec<Section> {
    let mut sections = Vec::new();
    if !results.assaults.is_empty() {
        sections.push(Section::new(
            "Attackers that have studied whom they attack",
            "Nothing happens but the attack, and each attacker may spend as much. Legitimate requests that succeed, those that fail or come \
             late, and the defenders' return: with nobody, with an attacker that has learned nothing, and with one that was trained against \
             this contestant, which stays as it is. Taken: return with nobody minus return with the trained one, a lower bound of what can \
             be taken.",
            assaults(&results.assaults),
        ));
    }
    sections.push(Section::new(
        "Cost of an episode",
        "Seconds on the wall clock for all episodes divided by their number; as many are played at once as the machine has threads, and whatever else \
             it does counts. Means over rules and over teams.",
        costs(&results.arenas),
    ));
    if !results.trainings.is_empty() {
        sections.push(Section::new(
            "Training",
            "Means over seeds. Converged: the mean of five returns has gone 95 % of the way from where it began to where it ended, \
             each team by its own returns, which organisations shape.",
            trainings(results),
        ));
    }
    if !results.calibrations.is_empty() {
        sections.push(Section::new(
            "Calibration",
            "What was tried on the training split, and what was chosen.",
            calibrations(results),
        ));
    }
    sections
}
