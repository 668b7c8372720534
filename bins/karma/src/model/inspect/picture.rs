//! The coverage as pictures.

use std::collections::BTreeMap;

use super::super::sheet::Sheet;
use super::coverage::{Cells, Coverage, shown};
use super::grids;
use crate::model::figures::{self, HeatMap};
use crate::model::table;
use crate::report::svg::escape;

/// Which changes were seen at which values, of each control.
pub(super) fn heat_maps(coverage: &Coverage) -> String {
    let cells = coverage.cells();
    let names = coverage.controls.iter().map(|control| control.name.clone());
    let maps: Vec<HeatMap> =
        names.zip(&cells.counts).map(|(name, counts)| heat_map(name, counts, &cells)).collect();
    figures::heat_maps(&format!("Changes by values in {}", coverage.title), &maps)
}

fn heat_map(title: String, counts: &BTreeMap<(i64, i64), u64>, cells: &Cells) -> HeatMap {
    let (least, most) = cells.levels().unwrap_or((0, 0));
    let (levels, changes) = (least..=most, (-cells.reach()..=cells.reach()).rev());
    let row = |change: i64| {
        levels.clone().map(|level| counts.get(&(level, change)).copied().unwrap_or(0)).collect()
    };
    HeatMap {
        title,
        columns: levels.clone().map(|level| shown(level, cells.width, false)).collect(),
        rows: changes.clone().map(|change| shown(change, cells.width, true)).collect(),
        counts: changes.map(row).collect(),
    }
}

/// Everything on one page.
pub(super) fn page(coverage: &Coverage) -> String {
    let cells = coverage.cells();
    let mut sections = vec![section(&grids::groups(coverage))];
    if !coverage.controls.is_empty() {
        let body = "<p>From left to right what was in force, from bottom to top by how much it was changed; the deeper \
                    the colour, the more often.</p>";
        sections.push(("Changes by values".to_owned(), format!("{body}{}", heat_maps(coverage))));
        sections.push(section(&grids::pooled(&cells)));
    }
    let grids = [grids::ranges(coverage), grids::missing(coverage)];
    sections.extend(grids.iter().filter(|grid| !grid.rows.is_empty()).map(section));
    let never = grids::never(coverage, &cells);
    let items = never.lines().skip(1).map(|line| format!("<li>{}</li>", escape(line.trim())));
    sections
        .push(("Never seen".to_owned(), format!("<ul class=\"notes\">{}</ul>", items.collect::<String>())));
    crate::model::page(&grids::headline(coverage), &sections)
}

fn section(grid: &Sheet) -> (String, String) {
    (grid.heading.clone(), table(&grid.head, &grid.rows))
}
