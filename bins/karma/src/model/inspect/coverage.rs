//! What data cover, as numbers.

use std::collections::{BTreeMap, BTreeSet};

/// Most levels of a control that are told apart.
const LEVELS: f64 = 20.0;
/// Most sentences on what was never seen.
const SENTENCES: usize = 16;

/// What data cover.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Coverage {
    /// What the data are.
    pub(super) title: String,
    /// What a group is: a scenario and a policy, or a run.
    pub(super) grouped_by: &'static str,
    pub(super) groups: Vec<Group>,
    pub(super) controls: Vec<Control>,
    /// Each measurement with the share of its samples that are missing.
    pub(super) missing: Vec<(String, f64)>,
    pub(super) ranges: Vec<Spread>,
}

/// Windows of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) windows: usize,
    pub(super) rows: usize,
    pub(super) transitions: usize,
    /// Transitions in which something was changed.
    pub(super) acted: usize,
    /// Inside of windows.
    pub(super) seconds: f64,
    /// Times between a window and the next of the same stretch, in seconds.
    pub(super) gaps: Vec<f64>,
}

/// What is chosen, such as the replicas of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Control {
    pub(super) name: String,
    /// The least and the greatest value that are allowed, if that is known.
    pub(super) bounds: Option<(f64, f64)>,
    /// What was in force, and by how much it was changed.
    pub(super) moves: Vec<(f64, f64)>,
}

/// How a measurement is distributed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) name: String,
    pub(super) unit: String,
    /// Least, 5 %, median, 95 %, greatest.
    pub(super) quantiles: [f64; 5],
}

impl Spread {
    /// The range of values, of which those that are not finite are left out; `None` if none is left.
    pub(super) fn of(name: String, unit: String, values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let at = |percent: usize| values[(last * percent + 50) / 100];
        Some(Self { name, unit, quantiles: [0, 5, 50, 95, 100].map(at) })
    }
}

/// Moves counted by level and change, both in units of `width`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cells {
    pub(super) width: f64,
    /// Of each control.
    pub(super) counts: Vec<BTreeMap<(i64, i64), u64>>,
    /// Levels of each control, from the least to the greatest.
    pub(super) bounds: Vec<Option<(i64, i64)>>,
}

impl Coverage {
    /// The moves, counted.
    pub(super) fn cells(&self) -> Cells {
        let width = self.width();
        let count = |control: &Control| {
            let mut counts = BTreeMap::new();
            for (level, change) in &control.moves {
                *counts.entry((in_units(*level, width), in_units(*change, width))).or_insert(0) += 1;
            }
            counts
        };
        let counts: Vec<_> = self.controls.iter().map(count).collect();
        let bounds = self.controls.iter().zip(&counts).map(|(control, counts)| {
            let allowed = control.bounds.map(|(min, max)| (in_units(min, width), in_units(max, width)));
            allowed.or_else(|| ends(counts.keys().map(|(level, _)| *level)))
        });
        Cells { width, bounds: bounds.collect(), counts }
    }

    /// One replica, unless levels are spread too far or lie too close.
    fn width(&self) -> f64 {
        let spread = |control: &Control| {
            let levels = || control.moves.iter().map(|(level, _)| *level);
            levels().fold(f64::NEG_INFINITY, f64::max) - levels().fold(f64::INFINITY, f64::min)
        };
        let widest = self.controls.iter().map(spread).fold(0.0, f64::max);
        let step = if widest > 0.0 { round_up(widest / LEVELS) } else { 1.0 };
        if widest > 1.5 { step.max(1.0) } else { step }
    }

    /// Sentences on what was never seen.
    pub(super) fn never(&self) -> Vec<String> {
        let cells = self.cells();
        let reach = cells.reach();
        let mut sentences: Vec<String> = Vec::new();
        for (control, (counts, bounds)) in self.controls.iter().zip(cells.counts.iter().zip(&cells.bounds)) {
            let Some(bounds) = *bounds else {
                sentences.push(format!("{} was never seen.", control.name));
                continue;
            };
            let levels: BTreeSet<i64> = counts.keys().map(|(level, _)| *level).collect();
            let changes: BTreeSet<i64> = counts.keys().map(|(_, change)| *change).collect();
            let at = absent(bounds.0..=bounds.1, &levels, cells.width, false);
            // Levels that a change would leave are no change that could have been made.
            let possible = (bounds.1 - bounds.0).min(reach);
            let by = absent(-possible..=possible, &changes, cells.width, true);
            sentences.extend(at.map(|at| format!("{} was never at {at}.", control.name)));
            sentences.extend(by.map(|by| format!("{} was never changed by {by}.", control.name)));
        }
        sentences.extend(constant(&self.ranges));
        let missing = self.missing.iter().filter(|(_, share)| *share >= 1.0);
        sentences.extend(missing.map(|(name, _)| format!("{name} was never measured.")));
        if let Some(more) = sentences.len().checked_sub(SENTENCES).filter(|more| *more > 0) {
            sentences.truncate(SENTENCES);
            sentences.push(format!("And {more} more."));
        }
        sentences
    }
}

impl Cells {
    /// The greatest change.
    pub(super) fn reach(&self) -> i64 {
        let changes = self.counts.iter().flat_map(BTreeMap::keys).map(|(_, change)| change.abs());
        changes.max().unwrap_or(0)
    }

    /// The least and the greatest level of all controls.
    pub(super) fn levels(&self) -> Option<(i64, i64)> {
        ends(self.bounds.iter().flatten().flat_map(|(least, most)| [*least, *most]))
    }

    /// How many pairs of a level and a change within reach there are that stay within the bounds, and how many of them
    /// were seen.
    pub(super) fn seen(&self) -> (usize, usize) {
        let reach = self.reach();
        let (mut seen, mut all) = (0, 0);
        for (counts, bounds) in self.counts.iter().zip(&self.bounds) {
            let Some((least, most)) = *bounds else { continue };
            for level in least..=most {
                let changes = (least - level).max(-reach)..=(most - level).min(reach);
                all += changes.clone().count();
                seen += changes.filter(|change| counts.contains_key(&(level, *change))).count();
            }
        }
        (seen, all)
    }
}

/// A number of units as printed, with a sign if it is a change.
pub(super) fn shown(units: i64, width: f64, signed: bool) -> String {
    let value = units as f64 * width;
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if signed && units > 0 { format!("+{text}") } else { text.replace('-', "−") }
}

#[expect(clippy::cast_possible_truncation, reason = "levels are at most some widths apart from each other")]
fn in_units(value: f64, width: f64) -> i64 {
    (value / width).round() as i64
}

fn ends(values: impl Iterator<Item = i64>) -> Option<(i64, i64)> {
    values.fold(None, |ends, value| match ends {
        None => Some((value, value)),
        Some((least, most)) => Some((value.min(least), value.max(most))),
    })
}

/// The next of 1, 2, 5 times a power of ten that is not below `least`.
fn round_up(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|factor| factor * power);
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// What of `all` is not among the `present`, in words: `3, 7–9`.
fn absent(
    all: std::ops::RangeInclusive<i64>,
    present: &BTreeSet<i64>,
    width: f64,
    signed: bool,
) -> Option<String> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for units in all.filter(|units| !present.contains(units)) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == units => *last = units,
            _ => runs.push((units, units)),
        }
    }
    let show = |units| shown(units, width, signed);
    let run = |(first, last): &(i64, i64)| match last - first {
        0 => show(*first),
        1 => format!("{}, {}", show(*first), show(*last)),
        _ => format!("{} to {}", show(*first), show(*last)),
    };
    (!runs.is_empty()).then(|| runs.iter().map(run).collect::<Vec<_>>().join(", "))
}

fn constant(ranges: &[Spread]) -> impl Iterator<Item = String> {
    let constant = ranges.iter().filter(|range| range.quantiles[0] == range.quantiles[4]);
    constant.map(|range| format!("{} was never anything but {}.", range.name, range.quantiles[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(controls: Vec<Control>) -> Coverage {
        Coverage { controls, ..Coverage::default() }
    }

    fn control(bounds: Option<(f64, f64)>, moves: &[(f64, f64)]) -> Control {
        Control { name: "cart".to_owned(), bounds, moves: moves.to_vec() }
    }

    #[test]
    fn levels_and_changes_that_were_never_seen_are_told() {
        let moves = [(1.0, 0.0), (1.0, 2.0), (3.0, -1.0), (2.0, 0.0)];
        let told = coverage(vec![control(Some((1.0, 6.0)), &moves)]).never();
        assert_eq!(told, ["cart was never at 4 to 6.", "cart was never changed by −2, +1."]);
    }

    #[test]
    fn pairs_that_would_leave_the_bounds_are_not_counted() {
        let cells = coverage(vec![control(Some((1.0, 2.0)), &[(1.0, 1.0), (1.0, 1.0)])]).cells();
        assert_eq!(cells.seen(), (1, 4));
        assert_eq!(cells.counts[0][&(1, 1)], 2);
    }

    #[test]
    fn replicas_are_counted_one_by_one_and_other_units_in_round_steps() {
        let width =
            |least: f64, most: f64| coverage(vec![control(None, &[(least, 0.0), (most, 0.0)])]).width();
        assert_eq!([width(1.0, 1.0), width(1.0, 8.0), width(1.0, 30.0)], [1.0, 1.0, 2.0]);
        assert_eq!([width(0.0, 1.0), width(0.0, 4000.0)], [0.05, 200.0]);
        assert_eq!((shown(3, 0.05, true), shown(-2, 1.0, true)), ("+0.15".to_owned(), "−2".to_owned()));
    }

    #[test]
    fn quantiles_leave_out_what_is_missing() {
        let range = Spread::of("x".to_owned(), String::new(), [3.0, f64::NAN, 1.0, 2.0].into_iter()).unwrap();
        assert_eq!(range.quantiles, [1.0, 1.0, 2.0, 3.0, 3.0]);
        assert_eq!(Spread::of("x".to_owned(), String::new(), std::iter::empty()), None);
    }
}
