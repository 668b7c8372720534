//! Results as tables: Markdown for a document, text for a terminal, one page for a browser.

use std::fmt::Write as _;

use super::grids::standings;
use super::results::{ArenaResults, Results, Standing};
use super::sections::{Section, sections};
use crate::report::html::table;
use crate::report::shell::{self, Head};
use crate::report::svg::{Axis, Plot, escape};
use crate::report::table::wrap;

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
