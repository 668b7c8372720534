//! The report as one self-contained page: no script, no font, no request to anywhere.

use super::grid::{self, Grid};
use super::notes::{DIFFERENCES, notes};
use super::plots::{self, SMOOTHED};
use super::svg::escape;
use crate::evaluation::{Evaluation, Showcase};
use crate::run_dir::{Manifest, MetricsLine};

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn html(manifest: &Manifest, evaluation: &Evaluation, log: &[MetricsLine]) -> String {
    let title = escape(&format!("KARMA run, seed {}, {} iterations", manifest.seed, manifest.iterations));
    let body = [
        format!("<h1>{title}</h1>"),
        facts(manifest),
        section("Comparison", &comparison(evaluation)),
        section("Success by scenario", &plots::scenarios(evaluation)),
        evaluation.showcase.as_ref().map_or_else(String::new, episode),
        section("Training", &training(log)),
    ];
    let head = format!(
        "<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style>"
    );
    let body = body.concat();
    format!("<!doctype html>\n<html lang=\"en\"><head>{head}</head><body><main>{body}</main></body></html>\n")
}

fn section(heading: &str, body: &str) -> String {
    format!("<section><h2>{}</h2>{body}</section>", escape(heading))
}

fn facts(manifest: &Manifest) -> String {
    let facts = [
        format!("begun {}", manifest.started_at),
        format!("{:.0} s of training", manifest.train_seconds),
        format!("configuration {}", manifest.config_digest),
        format!("version {}", manifest.crate_version),
        manifest
            .commit
            .as_ref()
            .map_or_else(|| "commit not recorded".to_owned(), |commit| format!("commit {commit}")),
    ];
    let items = facts.map(|fact| format!("<li>{}</li>", escape(&fact)));
    format!("<ul class=\"facts\">{}</ul>", items.concat())
}

fn comparison(evaluation: &Evaluation) -> String {
    let items: Vec<String> =
        notes(evaluation).iter().map(|note| format!("<li>{}</li>", escape(note.trim()))).collect();
    let abouts: Vec<String> = evaluation
        .rows
        .iter()
        .map(|row| format!("<li><b>{}</b>: {}</li>", escape(&row.name), escape(&row.about)))
        .collect();
    [
        table(&grid::policies(evaluation)),
        format!("<ul class=\"notes\">{}{}</ul>", items.concat(), abouts.concat()),
        table(&grid::differences(evaluation)),
        format!("<p>{}</p>", escape(DIFFERENCES)),
    ]
    .concat()
}

fn table(grid: &Grid) -> String {
    let head: Vec<String> = grid.head.iter().map(|cell| format!("<th>{}</th>", escape(cell))).collect();
    let rows: Vec<String> = grid.rows.iter().map(|row| format!("<tr>{}</tr>", cells(row))).collect();
    let (head, rows) = (head.concat(), rows.concat());
    format!("<div class=\"wide\"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>")
}

/// The first cell is a heading; the second line of a cell is small.
fn cells(row: &[String]) -> String {
    let cell = |(place, text): (usize, &String)| {
        let text = escape(text);
        let (value, interval) = text.split_once('\n').unwrap_or((&text, ""));
        match place {
            0 => format!("<th>{value}</th>"),
            _ => format!("<td>{value}<small>{interval}</small></td>"),
        }
    };
    row.iter().enumerate().map(cell).collect::<Vec<_>>().concat()
}

fn episode(showcase: &Showcase) -> String {
    let key = |class: &str, name: &str| format!("<span class=\"key {class}\">{}</span>", escape(name));
    let rows = showcase.plays.iter().map(|play| key(plots::class_of(&play.row), &play.row));
    let loads = [key("legitimate", "legitimate load"), key("total", "with the attack")];
    let legend: Vec<String> = rows.chain(loads).collect();
    let body = format!(
        "<p>{}</p>{}<p>The shade is the disturbance; success is averaged over {SMOOTHED} s. One episode shows how, not \
         how often.</p>",
        legend.concat(),
        plots::showcase(showcase).concat()
    );
    section(&format!("One episode: {}, seed {}", showcase.scenario, showcase.seed), &body)
}

fn training(log: &[MetricsLine]) -> String {
    let note =
        "The line is the mean return of an iteration's episodes, the band one standard deviation of them.";
    format!("{}<p>{note}</p>", plots::training(log))
}
