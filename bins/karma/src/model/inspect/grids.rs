//! The coverage as text.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::super::sheet::Sheet;
use super::coverage::{Cells, Coverage, Group, shown};

/// Changes beyond this many units are counted together.
const REACH: i64 = 9;
/// Shares of a control's moves from which on each shade is used; below the first, but more than nothing, `░`.
const SHADES: [(f64, &str); 3] = [(0.2, "█"), (0.05, "▓"), (0.01, "▒")];

/// Everything, to read in a terminal.
pub(super) fn text(coverage: &Coverage) -> String {
    let cells = coverage.cells();
    let mut parts = vec![headline(coverage), groups(coverage).text()];
    if !coverage.controls.is_empty() {
        parts.push(strips(coverage, &cells));
        parts.push(pooled(&cells).text());
    }
    parts.extend(
        [ranges(coverage), missing(coverage)].iter().filter(|grid| !grid.rows.is_empty()).map(Sheet::text),
    );
    parts.push(never(coverage, &cells));
    parts.join("\n\n") + "\n"
}

/// How much there is, in one line.
pub(super) fn headline(coverage: &Coverage) -> String {
    let sum = |of: fn(&Group) -> usize| coverage.groups.iter().map(of).sum::<usize>();
    let seconds = coverage.groups.iter().map(|group| group.seconds).sum::<f64>();
    format!(
        "{}: {} windows, {} rows, {} transitions, {}",
        coverage.title,
        count(sum(|group| group.windows) as u64),
        count(sum(|group| group.rows) as u64),
        count(sum(|group| group.transitions) as u64),
        span(seconds)
    )
}

/// How much there is of each group.
pub(super) fn groups(coverage: &Coverage) -> Sheet {
    let head = [
        coverage.grouped_by,
        "windows",
        "rows",
        "transitions",
        "with a change",
        "time",
        "gaps",
        "longest gap",
    ];
    let row = |group: &Group| {
        let longest = group.gaps.iter().copied().reduce(f64::max);
        let name = if group.name.is_empty() { "all" } else { &group.name };
        vec![
            name.to_owned(),
            group.windows.to_string(),
            group.rows.to_string(),
            group.transitions.to_string(),
            group.acted.to_string(),
            span(group.seconds),
            group.gaps.len().to_string(),
            longest.map_or("–".to_owned(), span),
        ]
    };
    let rows = coverage.groups.iter().map(row).collect();
    Sheet { heading: "Windows".to_owned(), head: head.map(str::to_owned).to_vec(), rows }
}

/// How the load and other measurements are distributed.
pub(super) fn ranges(coverage: &Coverage) -> Sheet {
    let head = ["measurement", "least", "5 %", "median", "95 %", "greatest", "unit"];
    let rows = coverage.ranges.iter().map(|range| {
        let numbers = range.quantiles.iter().map(|value| number(*value));
        std::iter::once(range.name.clone()).chain(numbers).chain([range.unit.clone()]).collect()
    });
    Sheet { heading: "Ranges".to_owned(), head: head.map(str::to_owned).to_vec(), rows: rows.collect() }
}

/// What is missing, if anything is; the most first.
pub(super) fn missing(coverage: &Coverage) -> Sheet {
    let mut missing: Vec<_> = coverage.missing.iter().filter(|(_, share)| *share > 0.0).collect();
    missing.sort_by(|a, b| b.1.total_cmp(&a.1));
    let row = |(name, share): &(String, f64)| vec![name.clone(), format!("{:.1} %", 100.0 * share)];
    Sheet {
        heading: "Missing samples".to_owned(),
        head: ["measurement", "missing"].map(str::to_owned).to_vec(),
        rows: missing.into_iter().map(row).collect(),
    }
}

/// What was never seen, and how much of what is possible was.
pub(super) fn never(coverage: &Coverage, cells: &Cells) -> String {
    let (seen, all) = cells.seen();
    let share = format!("{seen} of {all} possible pairs of a value and a change were seen.");
    let first = (all > 0).then_some(share).into_iter();
    let lines: Vec<String> = first.chain(coverage.never()).map(|line| format!("  {line}")).collect();
    format!("Never seen\n{}", if lines.is_empty() { "  nothing".to_owned() } else { lines.join("\n") })
}

/// Each control's values and changes as strips of shades.
fn strips(coverage: &Coverage, cells: &Cells) -> String {
    let (least, most) = cells.levels().unwrap_or((0, 0));
    let reach = cells.reach().min(REACH);
    let (levels, changes) = (least..=most, -reach..=reach);
    let level_names: Vec<String> = levels.clone().map(|level| shown(level, cells.width, false)).collect();
    let change_names: Vec<String> = changes.clone().map(|change| shown(change, cells.width, true)).collect();
    let widest = coverage.controls.iter().map(|control| control.name.chars().count()).max().unwrap_or(0);
    let mut lines = vec![
        "Values in force, and changes  (█ from 20 % of the transitions, ▓ 5 %, ▒ 1 %, ░ less, · never)"
            .to_owned(),
        format!(
            "{:widest$}  {}  │{}",
            "",
            strip(&level_names, &level_names),
            strip(&change_names, &change_names)
        ),
    ];
    for (control, counts) in coverage.controls.iter().zip(&cells.counts) {
        let at = shades(counts, levels.clone(), |level, _| level);
        let by = shades(counts, changes.clone(), |_, change| change.clamp(-reach, reach));
        let (at, by) = (strip(&at, &level_names), strip(&by, &change_names));
        lines.push(format!("{:widest$}  {at}  │{by}", control.name));
    }
    lines.join("\n")
}

/// How often `of` a level and a change is each of `units`.
fn shades(
    counts: &BTreeMap<(i64, i64), u64>,
    units: RangeInclusive<i64>,
    of: impl Fn(i64, i64) -> i64,
) -> Vec<&'static str> {
    let total = counts.values().sum::<u64>().max(1);
    let seen = |unit: i64| -> u64 {
        let here = counts.iter().filter(|((level, change), _)| of(*level, *change) == unit);
        here.map(|(_, count)| count).sum()
    };
    units.map(|unit| shade_of(seen(unit) as f64 / total as f64)).collect()
}

/// Cells below their names.
fn strip<T: AsRef<str>>(cells: &[T], names: &[String]) -> String {
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(1) + 1;
    cells.iter().map(|cell| format!("{:>width$}", cell.as_ref())).collect::<Vec<_>>().concat()
}

fn shade_of(share: f64) -> &'static str {
    match SHADES.iter().find(|(from, _)| share >= *from) {
        Some((_, shade)) => shade,
        None if share > 0.0 => "░",
        None => "·",
    }
}

/// Changes by values, of all controls together.
pub(super) fn pooled(cells: &Cells) -> Sheet {
    let (least, most) = cells.levels().unwrap_or((0, 0));
    let reach = cells.reach().min(REACH);
    let row = |wanted: i64| {
        let count_at = |level: i64| -> u64 {
            let moves = cells.counts.iter().flatten();
            let here = moves.filter(|((at, by), _)| *at == level && (*by).clamp(-reach, reach) == wanted);
            here.map(|(_, count)| count).sum()
        };
        let sign = match wanted.abs() {
            beyond if beyond == REACH && cells.reach() > REACH => {
                if wanted < 0 {
                    "≤ "
                } else {
                    "≥ "
                }
            }
            _ => "",
        };
        let name = format!("{sign}{}", shown(wanted, cells.width, true));
        let counts = (least..=most).map(|level| match count_at(level) {
            0 => "·".to_owned(),
            seen => count(seen),
        });
        std::iter::once(name).chain(counts).collect()
    };
    let names = (least..=most).map(|level| shown(level, cells.width, false));
    Sheet {
        heading: "Transitions by change (down) and value (across), of all together".to_owned(),
        head: std::iter::once(String::new()).chain(names).collect(),
        rows: (-reach..=reach).rev().map(row).collect(),
    }
}

/// `999`, `1.2k`, `35k`, `1.2M`.
pub(super) fn count(count: u64) -> String {
    let short = |unit: f64, name: &str| {
        let value = count as f64 / unit;
        if value < 9.95 { format!("{value:.1}{name}") } else { format!("{value:.0}{name}") }
    };
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => short(1e3, "k"),
        _ => short(1e6, "M"),
    }
}

/// Three digits that matter.
fn number(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if size >= 100.0 || size == 0.0 => return format!("{value:.0}"),
        _ if size >= 10.0 => format!("{value:.1}"),
        _ if size >= 1.0 => format!("{value:.2}"),
        _ if size >= 0.01 => format!("{value:.3}"),
        _ => return format!("{value:.1e}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time to read.
fn span(seconds: f64) -> String {
    match seconds {
        _ if seconds < 120.0 => format!("{} s", number(seconds)),
        _ if seconds < 7200.0 => format!("{:.0} min", seconds / 60.0),
        _ if seconds < 172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_to_read() {
        assert_eq!(
            [999, 9_999, 12_345, 999_400, 1_250_000].map(count),
            ["999", "9999", "12k", "999k", "1.2M"]
        );
        assert_eq!(
            [0.0, 1234.5, 12.34, 0.5, 0.0123, 0.0001].map(number),
            ["0", "1234", "12.3", "0.5", "0.012", "1.0e-4"]
        );
        assert_eq!([45.0, 3600.0, 36_000.0, 864_000.0].map(span), ["45 s", "60 min", "10.0 h", "10.0 d"]);
    }

    #[test]
    fn the_deeper_the_shade_the_more_often() {
        assert_eq!([0.0, 0.001, 0.01, 0.05, 0.5].map(shade_of), ["·", "░", "▒", "▓", "█"]);
    }
}
