//! The tables of a suite's results.

use karma_marl::stats::Estimate;

use super::front::{Point, Saving};
use super::results::{ArenaResults, COMPARED, Results, Room, Standing, TAILS, TeamTraining, Versus, column};
use super::taken::{TOLD, Taken};
use crate::assault::ATTACKERS;
use crate::evaluation::Column;
use crate::report::grid::Grid;

/// The measures of the main tables.
const SHOWN: [&str; 7] = [
    "success_rate",
    "latency_compliance",
    "failed_or_late",
    "recovery_seconds",
    "availability",
    "pod_hours",
    "episodic_return",
];
/// Chance of a false difference among all that a table calls one.
pub(super) const LEVEL: f64 = 0.05;

fn heading(column: &Column) -> String {
    if column.heading.is_empty() { column.name.replace('_', " ") } else { column.heading.to_owned() }
}

fn columns<'a>(names: &'a [&'a str]) -> impl Iterator<Item = &'static Column> + 'a {
    names.iter().filter_map(|name| column(name))
}

fn figure(column: &Column, estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(absent, |estimate| {
        let Estimate { value, low, high } = *estimate;
        format!("{}\n{}", column.unit.show(value), column.unit.show_interval(low, high))
    })
}

fn absent() -> String {
    "–".to_owned()
}

fn name(standing: &Standing) -> String {
    let runs = if standing.runs > 1 { format!(" ({} trainings)", standing.runs) } else { String::new() };
    let yardstick = if standing.yardstick { ", a yardstick" } else { "" };
    format!("{}{runs}{yardstick}", standing.name)
}

pub(super) fn standings(arena: &ArenaResults) -> Grid {
    let head = ["contestant".to_owned(), "what it does".to_owned()].into_iter();
    let row = |standing: &Standing| {
        let cells = columns(&SHOWN).map(|column| figure(column, standing.figures.get(column.name)));
        [name(standing), standing.about.clone()].into_iter().chain(cells).collect()
    };
    Grid {
        head: head.chain(columns(&SHOWN).map(heading)).collect(),
        rows: arena.standings.iter().map(row).collect(),
    }
}

pub(super) fn tails(arena: &ArenaResults) -> Grid {
    let row = |standing: &Standing| {
        let cells = columns(&TAILS).map(|column| figure(column, standing.tails.get(column.name)));
        std::iter::once(name(standing)).chain(cells).collect()
    };
    Grid {
        head: std::iter::once("contestant".to_owned()).chain(columns(&TAILS).map(heading)).collect(),
        rows: arena.standings.iter().map(row).collect(),
    }
}

pub(super) fn by_scenario(arena: &ArenaResults) -> Grid {
    let (late, cost) = (column("failed_or_late"), column("pod_hours"));
    let row = |standing: &Standing| {
        let cell = |scenario: &String| {
            let figures = standing.by_scenario.get(scenario);
            let show = |column: Option<&'static Column>| {
                column.and_then(|column| Some(column.unit.show(figures?.get(column.name)?.value)))
            };
            format!("{}\n{}", show(late).unwrap_or_else(absent), show(cost).unwrap_or_else(absent))
        };
        std::iter::once(standing.name.clone()).chain(arena.scenarios.iter().map(cell)).collect()
    };
    Grid {
        head: std::iter::once("contestant".to_owned()).chain(arena.scenarios.iter().cloned()).collect(),
        rows: arena.standings.iter().map(row).collect(),
    }
}

/// Over all scenarios together.
pub(super) fn differences(arena: &ArenaResults) -> Grid {
    let all: Vec<&Versus> = arena.versus.iter().filter(|versus| versus.scenario.is_none()).collect();
    let row = |scope: &[&Versus]| {
        let cells = columns(&COMPARED).map(|column| {
            let versus = scope.iter().find(|versus| versus.measure == column.name);
            versus.map_or_else(absent, |versus| difference(column, versus))
        });
        let against = scope.first().map_or_else(absent, |versus| versus.against.clone());
        std::iter::once(against).chain(cells).collect()
    };
    Grid {
        head: std::iter::once("against".to_owned()).chain(columns(&COMPARED).map(heading)).collect(),
        rows: all.chunk_by(|a, b| a.against == b.against).map(row).collect(),
    }
}

fn difference(column: &Column, versus: &Versus) -> String {
    let Estimate { value, low, high } = versus.difference;
    let star = if versus.p_holm < LEVEL { " *" } else { "" };
    let effect = versus.effect.map_or_else(absent, |effect| format!("{effect:+.1}"));
    format!(
        "{}{star} {}\n(d {effect}, wins {:.0} %)",
        column.unit.show_change(value),
        column.unit.show_interval(low, high),
        100.0 * versus.wins
    )
}

pub(super) fn room(arena: &ArenaResults) -> Grid {
    let row = |room: &Room| {
        let show = |value: f64| column(room.measure).map_or_else(absent, |column| column.unit.show(value));
        vec![
            room.scenario.clone(),
            room.measure.replace('_', " "),
            format!("{} ({})", show(room.rule.1), room.rule.0),
            show(room.ours),
            format!("{} ({})", show(room.yardstick.1), room.yardstick.0),
            room.used.map_or_else(|| "no room".to_owned(), |used| format!("{:.0} %", 100.0 * used)),
        ]
    };
    let head = ["scenario", "measure", "best rule", "ours", "yardstick", "used"];
    Grid { head: head.map(str::to_owned).to_vec(), rows: arena.room.iter().map(row).collect() }
}

pub(super) fn point(point: &Point) -> String {
    format!("{} ({:.1} %, {:.2} pod·h)", point.name, 100.0 * point.failed_or_late, point.pod_hours)
}

/// What a team saves, with its interval.
fn saved(saving: &Saving) -> String {
    let percent = |share: f64| (100.0 * share).round() + 0.0;
    let Some(share) = saving.share else { return absent() };
    let interval = saving
        .interval
        .map(|interval| format!("\n[{:.0}, {:.0}]", percent(interval.low), percent(interval.high)));
    format!("{:+.0} %{}", percent(share), interval.unwrap_or_default())
}

/// What each team saves in each scenario by itself.
pub(super) fn savings_by_scenario(arena: &ArenaResults) -> Grid {
    let row = |team: &Saving| {
        let cell = |scenario: &String| {
            let there = arena.fronts.get(scenario).map(|front| &front.teams);
            let saving = there.into_iter().flatten().find(|saving| saving.team.name == team.team.name);
            saving.map_or_else(absent, saved)
        };
        std::iter::once(team.team.name.clone()).chain(arena.scenarios.iter().map(cell)).collect()
    };
    Grid {
        head: std::iter::once("team".to_owned()).chain(arena.scenarios.iter().cloned()).collect(),
        rows: arena.front.teams.iter().map(row).collect(),
    }
}

pub(super) fn savings(arena: &ArenaResults) -> Grid {
    let row = |saving: &Saving| {
        let Saving { team, front, .. } = saving;
        let least = arena.front.rules.iter().map(|rule| rule.failed_or_late).fold(f64::INFINITY, f64::min);
        let nowhere = || {
            if team.failed_or_late < least {
                "no rule is as resilient"
            } else {
                "all of it is more resilient"
            }
        };
        vec![
            team.name.clone(),
            format!("{:.1} %", 100.0 * team.failed_or_late),
            format!("{:.2} pod·h", team.pod_hours),
            front.map_or_else(|| nowhere().to_owned(), |cost| format!("{cost:.2} pod·h")),
            saved(saving),
        ]
    };
    let head = ["team", "failed or late", "it pays", "the rules' front pays", "it saves"];
    Grid { head: head.map(str::to_owned).to_vec(), rows: arena.front.teams.iter().map(row).collect() }
}

pub(super) fn assaults(assaults: &[Taken]) -> Grid {
    let row = |taken: &Taken| {
        let cell = |attacker: &str| {
            let figures = taken.figures.get(attacker);
            let show = |column: &'static Column| {
                let estimate = figures.and_then(|figures| figures.get(column.name));
                estimate.map_or_else(absent, |estimate| column.unit.show(estimate.value))
            };
            columns(&TOLD).map(show).collect::<Vec<_>>().join(", ")
        };
        let name = format!("{} ({} attackers)", taken.name, taken.attackers);
        let lost =
            column("episodic_return").map_or_else(absent, |column| figure(column, taken.loss.as_ref()));
        std::iter::once(name).chain(ATTACKERS.map(|(attacker, _)| cell(attacker))).chain([lost]).collect()
    };
    let attackers = ATTACKERS.map(|(name, _)| name.to_owned());
    let head = std::iter::once("contestant".to_owned()).chain(attackers).chain(["taken".to_owned()]);
    Grid { head: head.collect(), rows: assaults.iter().map(row).collect() }
}

pub(super) fn costs(arenas: &[ArenaResults]) -> Grid {
    let row = |arena: &ArenaResults| {
        let seconds = arena.seconds.map(|each| each.map_or_else(absent, |seconds| format!("{seconds:.2} s")));
        let start = [arena.name.clone(), arena.services.to_string(), arena.episodes.to_string()];
        start.into_iter().chain(seconds).collect()
    };
    let head = ["arena", "services", "episodes of each", "of a rule", "of a team"];
    Grid { head: head.map(str::to_owned).to_vec(), rows: arenas.iter().map(row).collect() }
}

pub(super) fn trainings(results: &Results) -> Grid {
    let row = |training: &TeamTraining| {
        vec![
            training.name.clone(),
            training.seeds.to_string(),
            format!("{:.0}", training.iterations),
            format!("{:.0}", training.steps),
            format!("{:.0} s", training.seconds),
            training.converged.map_or_else(absent, |iterations| format!("{iterations:.1}")),
        ]
    };
    let head = ["team", "trainings", "iterations", "decisions", "time", "converged after"];
    Grid { head: head.map(str::to_owned).to_vec(), rows: results.trainings.iter().map(row).collect() }
}

pub(super) fn calibrations(results: &Results) -> Grid {
    let rows = results.calibrations.iter().filter_map(|(name, calibration)| {
        let chosen = calibration.candidates.get(calibration.chosen)?;
        let objectives = || calibration.candidates.iter().filter_map(|point| point.objective);
        Some(vec![
            name.clone(),
            calibration.candidates.len().to_string(),
            calibration.episodes.to_string(),
            chosen.settings.clone(),
            chosen.objective.map_or_else(absent, |value| format!("{value:.2}")),
            format!("{:.2}", objectives().fold(f64::INFINITY, f64::min)),
        ])
    });
    let head = ["rule", "candidates", "episodes each", "chosen", "its objective", "the worst one's"];
    Grid { head: head.map(str::to_owned).to_vec(), rows: rows.collect() }
}
