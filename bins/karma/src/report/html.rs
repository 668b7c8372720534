//! The report as one self-contained page: no script, no font, no request to anywhere.

use super::grid::{self, Grid};
use super::notes::{DIFFERENCES, notes};
use super::plots::{self, SMOOTHED};
use super::shell::{self, Head};
use super::svg::escape;
use crate::evaluation::{Evaluation, Showcase};
use crate::run_dir::{Manifest, MetricsLine};

/// The page.
pub fn html(manifest: &Manifest, evaluation: &Evaluation, log: &[MetricsLine]) -> String {
    let title = format!("KARMA run, seed {}, {} iterations", manifest.seed, manifest.iterations);
    let body = [
        format!("<h1>{}</h1>", escape(&title)),
        facts(manifest),
        section("Comparison", &comparison(evaluation)),
        section("Success by scenario", &plots::scenarios(evaluation).0),
        evaluation.showcase.as_ref().map_or_else(String::new, episode),
        section("Training", &training(log)),
    ];
    shell::page(Head { title: &title, ..Head::default() }, &format!("<main>{}</main>", body.concat()))
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
    let abouts: Vec<String> = evaluation
        .rows
        .iter()
        .map(|row| format!("<li><b>{}</b>: {}</li>", escape(&row.name), escape(&row.about)))
        .collect();
    [
        table(&grid::policies(evaluation)),
        format!("<ul class=\"notes\">{}{}</ul>", items(&notes(evaluation)), abouts.concat()),
        table(&grid::differences(evaluation)),
        format!("<p>{}</p>", escape(DIFFERENCES)),
    ]
    .concat()
}

/// The items of a list.
pub(crate) fn items<'a>(texts: impl IntoIterator<Item = &'a String>) -> String {
    let item = |text: &String| format!("<li>{}</li>", escape(text.trim()));
    texts.into_iter().map(item).collect()
}

/// A table; the first cell of a row is its name.
pub(crate) fn table(grid: &Grid) -> String {
    captioned("", grid)
}

/// A table under a caption of HTML.
pub(crate) fn captioned(caption: &str, grid: &Grid) -> String {
    let head: Vec<String> =
        grid.head.iter().map(|cell| format!("<th scope=\"col\">{}</th>", escape(cell))).collect();
    let rows: Vec<String> = grid.rows.iter().map(|row| format!("<tr>{}</tr>", cells(row))).collect();
    let (head, rows) = (head.concat(), rows.concat());
    let caption = if caption.is_empty() { String::new() } else { format!("<caption>{caption}</caption>") };
    format!(
        "<div class=\"wide\" tabindex=\"0\"><table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

/// The first cell is a heading; the second line of a cell is small.
fn cells(row: &[String]) -> String {
    let cell = |(place, text): (usize, &String)| {
        let text = escape(text);
        match (place, text.split_once('\n')) {
            (0, _) => format!("<th scope=\"row\">{text}</th>"),
            (_, Some((value, interval))) => format!("<td>{value}<small>{interval}</small></td>"),
            (_, None) => format!("<td>{text}</td>"),
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
