//! Results as tables: Markdown for a document, text for a terminal, one page for a browser.

use std::fmt::Write as _;

use karma_marl::stats::Estimate;

use super::results::{ArenaResults, COMPARED, Results, Room, Standing, TAILS, Versus};
use crate::evaluation::{COLUMNS, Column};
use crate::report::grid::Grid;
use crate::report::html::table;
use crate::report::shell::{self, Head};
use crate::report::svg::{Axis, Plot, escape};
use crate::report::table::wrap;

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
const LEVEL: f64 = 0.05;

/// A table with what is said about it.
struct Section {
    heading: String,
    text: String,
    grid: Grid,
}

/// A document.
pub(super) fn markdown(results: &Results, command: &str) -> String {
    let mut text = format!("# Results\n\n{}\n\n`{command}`\n\n{}\n", results.about, facts(results));
    for Section { heading, text: about, grid } in sections(results) {
        let _ = write!(text, "\n## {heading}\n\n{about}\n\n");
        let _ = writeln!(text, "| {} |", grid.head.join(" | "));
        let _ = writeln!(text, "|{}", "---|".repeat(grid.head.len()));
        for row in grid.rows {
            let cells: Vec<String> =
                row.iter().map(|cell| cell.replace('\n', "<br>").replace('|', "\\|")).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text
}

/// For a terminal: the main table of each arena.
pub(super) fn text(results: &Results) -> String {
    let mut text = String::new();
    for arena in &results.arenas {
        let _ = writeln!(text, "{}", arena.name);
        let _ = writeln!(text, "{}", crate::report::table::draw_grid(&standings(arena)));
    }
    text + &wrap(&facts(results))
}

/// A page of its own, which asks nobody for anything.
pub(super) fn html(results: &Results) -> String {
    let mut body = format!("<h1>{}</h1><p>{}</p>", escape(&results.about), escape(&facts(results)));
    for arena in &results.arenas {
        let _ = write!(
            body,
            "<section><h2>{}: what it costs</h2>{}</section>",
            escape(&arena.name),
            front(arena)
        );
    }
    for Section { heading, text, grid } in sections(results) {
        let _ = write!(
            body,
            "<section><h2>{}</h2><p>{}</p>{}</section>",
            escape(&heading),
            escape(&text),
            table(&grid)
        );
    }
    shell::page(Head { title: &results.about, ..Head::default() }, &format!("<main>{body}</main>"))
}

fn facts(results: &Results) -> String {
    let (done, all) = results.done;
    let part = if done < all { format!("**{done} of {all} jobs are done.** ") } else { String::new() };
    format!(
        "{part}Version {}, suite {}, {all} jobs, {:.1} hours of wall clock in all. Interquartile means with 95 % intervals: of a team \
         over trainings and episodes (both drawn anew), of a rule over episodes. Every contestant plays the same episodes under the \
         same bounds, decision period, lag, start-up delay and shield; rules were calibrated and teams were trained on the training \
         split, which shares no seed and no part of a recorded load with the episodes below.",
        results.version,
        &results.suite[..results.suite.len().min(12)],
        results.seconds / 3600.0,
    )
}

fn sections(results: &Results) -> Vec<Section> {
    let mut sections = Vec::new();
    for arena in &results.arenas {
        sections.push(Section {
            heading: arena.name.clone(),
            text: format!("{} {} episodes of {}.", arena.about, arena.episodes, arena.scenarios.join(", ")),
            grid: standings(arena),
        });
        if arena.scenarios.len() > 1 {
            sections.push(Section {
                heading: format!("{}: failed or late by scenario", arena.name),
                text: "Legitimate requests that failed or were answered after the acceptable time, and pod-hours.".to_owned(),
                grid: by_scenario(arena),
            });
        }
        sections.push(Section {
            heading: format!("{}: the worst tenth", arena.name),
            text: "Means over the tenth of the episodes that went worst, each measure by itself: the tables above leave out the worst quarter."
                .to_owned(),
            grid: tails(arena),
        });
        if !arena.versus.is_empty() {
            sections.push(Section {
                heading: format!("{}: differences", arena.name),
                text: format!(
                    "The first team minus each of the others on the same episodes; in brackets Cohen's d of the paired differences and the share \
                     of episodes that it wins. A star: p < {LEVEL} after Holm over all of this table. The same for each scenario is in results.json."
                ),
                grid: differences(arena),
            });
        }
        if !arena.room.is_empty() {
            sections.push(Section {
                heading: format!("{}: how much of the room is used", arena.name),
                text: "Between the best rule of each scenario and the best yardstick there, which knows the future: 0 % is as the rule, 100 % as \
                       the yardstick."
                    .to_owned(),
                grid: room(arena),
            });
        }
    }
    if !results.trainings.is_empty() {
        sections.push(Section {
            heading: "Training".to_owned(),
            text: "Means over seeds. Converged: the mean of five returns has gone 95 % of the way from where it began to where it ended, \
                   each team by its own returns, which organisations shape."
                .to_owned(),
            grid: trainings(results),
        });
    }
    if !results.calibrations.is_empty() {
        sections.push(Section {
            heading: "Calibration".to_owned(),
            text: "What was tried on the training split, and what was chosen.".to_owned(),
            grid: calibrations(results),
        });
    }
    sections
}

fn column(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

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

fn standings(arena: &ArenaResults) -> Grid {
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

fn tails(arena: &ArenaResults) -> Grid {
    let row = |standing: &Standing| {
        let cells = columns(&TAILS).map(|column| figure(column, standing.tails.get(column.name)));
        std::iter::once(name(standing)).chain(cells).collect()
    };
    Grid {
        head: std::iter::once("contestant".to_owned()).chain(columns(&TAILS).map(heading)).collect(),
        rows: arena.standings.iter().map(row).collect(),
    }
}

fn by_scenario(arena: &ArenaResults) -> Grid {
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
fn differences(arena: &ArenaResults) -> Grid {
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

fn room(arena: &ArenaResults) -> Grid {
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

fn trainings(results: &Results) -> Grid {
    let row = |training: &super::results::TeamTraining| {
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

fn calibrations(results: &Results) -> Grid {
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

/// Failed or late requests against pod-hours: what is below and to the left is better.
fn front(arena: &ArenaResults) -> String {
    let place = |standing: &Standing| {
        let value = |name: &str| standing.figures.get(name).map(|figure| figure.value);
        Some((value("pod_hours")?, 100.0 * value("failed_or_late")?))
    };
    let points: Vec<_> =
        arena.standings.iter().filter_map(|standing| Some((place(standing)?, &standing.name))).collect();
    let x = Axis::covering(points.iter().map(|point| point.0.0), "pod-hours");
    let y = Axis::covering(points.iter().map(|point| point.0.1), "failed or late, %");
    let mut plot = Plot::new((900.0, 420.0), x, y);
    for (at, name) in &points {
        plot.dot(*at, name);
    }
    plot.finish("Failed or late requests against pod-hours")
}
