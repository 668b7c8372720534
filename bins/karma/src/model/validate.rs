//! `karma-model validate`: how faithful a twin is, as a table, as JSON and as a page.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use karma_twin::table::Start;

use super::cli::ValidateArgs;
use super::error::ModelError;
use super::figures::{Return, Series, calibration, coverage_by_horizon, error_by_horizon, returns};
use super::fit::{Prepared, print, threads};
use super::judge::{self, Fidelity, LEVEL};
use super::page::{page, table};
use super::{policies, tables};
use crate::config::Written;
use crate::run_dir::atomic;
use crate::twin_file::TwinFile;

/// The range in which the coverage of intervals of 90 % should lie.
const GOAL: (f64, f64) = (0.87, 0.93);

/// Measures a twin and shows what was found.
pub(super) fn run(args: &ValidateArgs) -> anyhow::Result<ExitCode> {
    let file = TwinFile::read(&args.twin)?;
    let fidelity = measure(args, &file)?;
    if let Some(path) = &args.html {
        atomic::write(path, html(&fidelity).as_bytes())
            .with_context(|| format!("{}: the page cannot be written", path.display()))?;
    }
    if args.json {
        return print(&(serde_json::to_string_pretty(&fidelity)? + "\n"));
    }
    print(&text(&fidelity))
}

fn measure(args: &ValidateArgs, file: &TwinFile) -> anyhow::Result<Fidelity> {
    let other = args.data.as_deref();
    let path = other.unwrap_or(&file.source.path);
    let data = Prepared::read_like(path, file)?;
    let (starts, words) = match (other, &file.twin.origin().split) {
        (Some(path), _) => (data.table.starts().collect(), format!("all of {}", path.display())),
        (None, Some(split)) => {
            check_unchanged(file, &data, path)?;
            let words = format!("what was held back of {}", path.display());
            let mut starts: Vec<Start> = split.divide(&data.table).1;
            starts.sort_unstable();
            (starts, words)
        }
        (None, None) => {
            let message =
                "nothing was held back when the twin was fitted: give data to judge it by".to_owned();
            return Err(ModelError::Usage(message).into());
        }
    };
    if starts.is_empty() {
        return Err(
            ModelError::Usage(format!("{}: no transition to judge the twin by", path.display())).into()
        );
    }
    let threads = threads(args.threads);
    let mut fidelity = judge::measure(&file.twin, (&data.table, &starts), words, threads)?;
    if args.policies {
        let config = Written::read(args.config.as_deref())?.with(&args.overrides()).check()?;
        let windows = policies::held_out(path, &starts)?;
        fidelity.ranking = Some(policies::rank(file, &windows, (&config, &args.teams), threads)?);
    }
    Ok(fidelity)
}

/// A twin may be judged on what was held back only as long as that is what was held back.
fn check_unchanged(file: &TwinFile, data: &Prepared, path: &Path) -> Result<(), ModelError> {
    if data.table.digest() == file.twin.origin().table {
        return Ok(());
    }
    Err(ModelError::Usage(format!(
        "{} has changed since the twin was fitted on it, so what was held back is not known: name the data to judge by",
        path.display()
    )))
}

fn text(fidelity: &Fidelity) -> String {
    let mut text = headline(fidelity) + "\n\n";
    for sheet in tables::sheets(fidelity) {
        text.push_str(&sheet.text());
        text.push_str("\n\n");
    }
    text.push_str(tables::LEGEND);
    text.push_str("\n\nWhat the twin cannot know:\n");
    text + &fidelity.blind_spots.iter().map(|spot| format!("* {spot}\n")).collect::<Vec<_>>().concat()
}

fn headline(fidelity: &Fidelity) -> String {
    let (transitions, actions) = fidelity.transitions;
    format!(
        "Judged on {}: {transitions} transitions, {actions} with an action; {} exact, {} called new (by chance {})",
        fidelity.data,
        tables::percent(fidelity.exact),
        tables::percent(fidelity.novel),
        tables::percent(Some(fidelity.false_alarms)),
    )
}

fn html(fidelity: &Fidelity) -> String {
    let mut sections = vec![
        (
            "What it was judged on".to_owned(),
            format!("<p>{}</p>", crate::report::svg::escape(&headline(fidelity))),
        ),
        ("Error by steps ahead".to_owned(), error_by_horizon("nMAE, % of the range", &errors(fidelity))),
        ("Do the intervals hold?".to_owned(), coverage_by_horizon(GOAL, &coverages(fidelity))),
        ("Calibration".to_owned(), calibration(&reliability(fidelity))),
    ];
    if let Some(ranking) = &fidelity.ranking {
        let points = ranking.policies.iter().map(|one| Return {
            policy: one.policy.clone(),
            cluster: one.real,
            twin: one.twin,
        });
        sections.push(("Does it rank policies?".to_owned(), returns(&points.collect::<Vec<_>>())));
    }
    sections.extend(
        tables::sheets(fidelity).into_iter().map(|sheet| (sheet.heading, table(&sheet.head, &sheet.rows))),
    );
    let item = |spot: &String| format!("<li>{}</li>", crate::report::svg::escape(spot));
    let spots: Vec<String> = fidelity.blind_spots.iter().map(item).collect();
    sections.push(("What the twin cannot know".to_owned(), format!("<ul>{}</ul>", spots.concat())));
    sections.push(("How to read the tables".to_owned(), format!("<p>{}</p>", tables::LEGEND)));
    page("Fidelity of a digital twin", &sections)
}

fn errors(fidelity: &Fidelity) -> Vec<Series> {
    let point =
        |step: &karma_twin::fidelity::StepScore| Some((step.step as f64, 100.0 * step.rows.all.mean.nmae?));
    let series = fidelity.models.iter();
    series
        .map(|model| Series {
            name: model.name.clone(),
            points: model.steps.iter().filter_map(point).collect(),
        })
        .collect()
}

fn coverages(fidelity: &Fidelity) -> Vec<Series> {
    let point = |step: &karma_twin::fidelity::StepCoverage| {
        let level = step.rows.all.reliability.iter().find(|one| one.level == LEVEL)?;
        Some((step.step as f64, level.coverage?))
    };
    vec![Series {
        name: "intervals of 90 %".to_owned(),
        points: fidelity.coverage.steps.iter().filter_map(point).collect(),
    }]
}

fn reliability(fidelity: &Fidelity) -> Vec<Series> {
    let of_step = |step: &karma_twin::fidelity::StepCoverage| Series {
        name: format!("{} ahead", step.step),
        points: step.rows.all.reliability.iter().filter_map(|one| Some((one.level, one.coverage?))).collect(),
    };
    fidelity.coverage.steps.iter().map(of_step).collect()
}
