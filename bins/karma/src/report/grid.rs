//! The tables of a report, before they are drawn as text or as a page.

use crate::evaluation::{Column, Comparison, Difference, Evaluation, RowReport};

/// Cells of text; a cell may have a second line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) head: Vec<String>,
    /// Each as long as the head; the first cell is the row's name.
    pub(crate) rows: Vec<Vec<String>>,
}

/// The headline measures of every row.
pub(crate) fn policies(evaluation: &Evaluation) -> Grid {
    figures("policy", &evaluation.rows)
}

/// The headline measures of `rows`, whose names stand under `heading`.
pub(crate) fn figures(heading: &str, rows: &[RowReport]) -> Grid {
    let headings = Column::shown().map(|column| column.heading.to_owned());
    let row = |row: &RowReport| {
        let cells = Column::shown().map(|column| figure(row, column));
        std::iter::once(row.name.clone()).chain(cells).collect()
    };
    Grid {
        head: std::iter::once(heading.to_owned()).chain(headings).collect(),
        rows: rows.iter().map(row).collect(),
    }
}

/// A figure, its interval below it. A mean of recoveries of which some were cut off is a lower bound.
fn figure(row: &RowReport, column: &Column) -> String {
    let Some(estimate) = row.summary.estimate(column.name) else { return absent() };
    let some_cut_off = row.summary.recovery_censored.is_some_and(|share| share > 0.0);
    let mark = if some_cut_off && column.name == "recovery_seconds" { "≥ " } else { "" };
    let interval = column.unit.show_interval(estimate.low, estimate.high);
    format!("{mark}{}\n{interval}", column.unit.show(estimate.value))
}

/// The first row minus each of the others, on the same scenarios and seeds.
pub(crate) fn differences(evaluation: &Evaluation) -> Grid {
    let name = evaluation.rows.first().map_or("", |row| row.name.as_str());
    let head = [format!("{name} −")].into_iter();
    let head = head.chain(Column::shown().map(|column| column.heading.to_owned())).chain(["wins".to_owned()]);
    Grid { head: head.collect(), rows: evaluation.comparisons.iter().map(comparison).collect() }
}

fn comparison(comparison: &Comparison) -> Vec<String> {
    let find = |name: &str| comparison.differences.iter().find(|difference| difference.measure == name);
    let changes =
        Column::shown().map(|column| find(column.name).map_or_else(absent, |found| change(column, found)));
    let percent = |share: f64| format!("{:.0}", 100.0 * share);
    let wins = find("success_rate").map_or_else(absent, |Difference { wins, .. }| {
        format!("{} %\n[{}, {}]", percent(wins.value), percent(wins.low), percent(wins.high))
    });
    std::iter::once(comparison.against.clone()).chain(changes).chain([wins]).collect()
}

fn change(column: &Column, Difference { estimate, .. }: &Difference) -> String {
    format!(
        "{}\n{}",
        column.unit.show_change(estimate.value),
        column.unit.show_interval(estimate.low, estimate.high)
    )
}

/// Success of every row in every scenario.
pub(crate) fn scenarios(evaluation: &Evaluation) -> Grid {
    let names = evaluation.scenarios.iter().map(|scenario| scenario.name.clone());
    let row = |row: &RowReport| {
        let success = row.by_scenario.iter().map(|summary| summary.estimate("success_rate"));
        let cells =
            success.map(|found| found.map_or_else(absent, |found| format!("{:.1} %", 100.0 * found.value)));
        std::iter::once(row.name.clone()).chain(cells).collect()
    };
    Grid {
        head: std::iter::once("success".to_owned()).chain(names).collect(),
        rows: evaluation.rows.iter().map(row).collect(),
    }
}

fn absent() -> String {
    "–".to_owned()
}
