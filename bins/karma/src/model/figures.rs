//! The pictures of phase 1, as HTML fragments for a [`page`](super::page): an inline SVG, with a legend where there are
//! several series. They follow the reader's choice of light or dark.
//!
//! Values that are not finite are left out.

use std::fmt::Write as _;

use crate::report::svg::{Axis, Plot, document, escape};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
/// Colours of series; further ones begin anew.
const COLOURS: usize = 6;

/// A line with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// As in the legend.
    pub name: String,
    /// (x, y), by x.
    pub points: Vec<(f64, f64)>,
}

/// Errors of several models against the number of steps ahead; `measure` is what the error is, with its unit.
pub fn error_by_horizon(measure: &str, series: &[Series]) -> String {
    let most = ys(series).filter(|y| y.is_finite()).fold(0.0, f64::max);
    let mut plot = Plot::new((WIDTH, HEIGHT), steps(series), Axis::new(0.0, 1.05 * most, measure));
    draw(&mut plot, series);
    with_legend(series, &plot.finish(&format!("{measure} by steps ahead")))
}

/// The calibration curve: of the intervals that should cover a share x of the truth, the share y that did. A model
/// that knows what it does not know lies on the diagonal.
pub fn calibration(series: &[Series]) -> String {
    let x = Axis::new(0.0, 1.0, "nominal coverage");
    let mut plot = Plot::new((420.0, 420.0), x, Axis::new(0.0, 1.0, "measured coverage"));
    plot.line("ideal", [(0.0, 0.0), (1.0, 1.0)].into_iter());
    draw(&mut plot, series);
    with_legend(series, &plot.finish("Measured against nominal coverage"))
}

/// Coverage of the intervals against the number of steps ahead, with the range in which it should lie, such as
/// 0.87 to 0.93 for intervals of 90 %.
pub fn coverage_by_horizon(goal: (f64, f64), series: &[Series]) -> String {
    let least = ys(series).filter(|y| y.is_finite()).fold(goal.0, f64::min);
    let y = Axis::new((least - 0.05).max(0.0), 1.0, "measured coverage");
    let mut plot = Plot::new((WIDTH, HEIGHT), steps(series), y);
    let (first, last) = ends(series);
    plot.band("goal", &[(first, goal.0, goal.1), (last, goal.0, goal.1)]);
    draw(&mut plot, series);
    with_legend(series, &plot.finish("Measured coverage by steps ahead"))
}

/// A policy that was played in both.
#[derive(Clone, Debug, PartialEq)]
pub struct Return {
    /// Name of the policy.
    pub policy: String,
    /// Its mean return in the cluster.
    pub cluster: f64,
    /// Its mean return in the twin.
    pub twin: f64,
}

/// Returns of policies in the twin against those in the cluster. On the diagonal the twin is true; if the dots rise
/// from left to right, it has at least the right order.
pub fn returns(policies: &[Return]) -> String {
    let both = || policies.iter().flat_map(|policy| [policy.cluster, policy.twin]);
    let axis = |label| Axis::covering(both(), label);
    let mut plot = Plot::new((520.0, 420.0), axis("return in the cluster"), axis("return in the twin"));
    let finite = both().filter(|value| value.is_finite());
    let (least, most) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), v| (l.min(v), m.max(v)));
    plot.line("ideal", [(least, least), (most, most)].into_iter());
    for policy in policies {
        plot.dot((policy.cluster, policy.twin), &policy.policy);
    }
    plot.finish("Returns of policies in the twin and in the cluster")
}

/// How often each pair of a column and a row was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatMap {
    /// What it is of.
    pub title: String,
    /// Names of the columns, from left to right.
    pub columns: Vec<String>,
    /// Names of the rows, from the top.
    pub rows: Vec<String>,
    /// Rows × columns.
    pub counts: Vec<Vec<u64>>,
}

/// Heat maps side by side; the deeper the colour, the more often, by the logarithm. What was never seen is empty.
pub fn heat_maps(title: &str, maps: &[HeatMap]) -> String {
    const ACROSS: usize = 3;
    const GAP: f64 = 16.0;
    let width = (WIDTH + GAP) / ACROSS as f64 - GAP;
    let most = maps.iter().flat_map(|map| map.counts.iter().flatten()).copied().max().unwrap_or(1);
    let (mut body, mut y) = (String::new(), 0.0);
    for line in maps.chunks(ACROSS) {
        let mut height: f64 = 0.0;
        for (place, map) in line.iter().enumerate() {
            let (picture, tall) = heat_map(map, width, most);
            let x = place as f64 * (width + GAP);
            let _ = write!(body, r#"<g transform="translate({x:.1} {y:.1})">{picture}</g>"#);
            height = height.max(tall);
        }
        y += height + GAP;
    }
    document(WIDTH, y, title, &body)
}

/// A map of this width, and its height. Names of all rows and columns have no room: the first, the middle and the last
/// are written.
fn heat_map(map: &HeatMap, width: f64, most: u64) -> (String, f64) {
    const LEFT: f64 = 34.0;
    const TOP: f64 = 20.0;
    let side = ((width - LEFT) / map.columns.len().max(1) as f64).min(16.0);
    let at = |column: usize, row: usize| (LEFT + side * column as f64, TOP + side * row as f64);
    let (right, floor) = at(map.columns.len(), map.rows.len());
    let mut body = format!(
        r#"<text class="head" x="0" y="12">{}</text><rect class="never" x="{LEFT}" y="{TOP}" width="{:.1}" height="{:.1}"/>"#,
        escape(&map.title),
        right - LEFT,
        floor - TOP
    );
    for (row, counts) in map.counts.iter().enumerate() {
        for (column, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (x, y) = at(column, row);
            let opacity = 0.15 + 0.85 * (*count as f64).ln_1p() / (most as f64).ln_1p();
            let _ = write!(
                body,
                r#"<rect class="cell" x="{x:.1}" y="{y:.1}" width="{side:.1}" height="{side:.1}" fill-opacity="{opacity:.2}"><title>{count}</title></rect>"#,
            );
        }
    }
    for (row, name) in some(&map.rows) {
        let y = at(0, row).1 + side / 2.0 + 3.5;
        let _ = write!(
            body,
            r#"<text class="tick" x="{:.1}" y="{y:.1}" text-anchor="end">{name}</text>"#,
            LEFT - 5.0
        );
    }
    for (column, name) in some(&map.columns) {
        let (x, y) = (at(column, 0).0 + side / 2.0, floor + 12.0);
        let _ =
            write!(body, r#"<text class="tick" x="{x:.1}" y="{y:.1}" text-anchor="middle">{name}</text>"#);
    }
    (body, floor + 16.0)
}

/// The first, the middle and the last of some names, with their places.
fn some(names: &[String]) -> impl Iterator<Item = (usize, String)> {
    let last = names.len().saturating_sub(1);
    let mut places = vec![0, last / 2, last];
    places.dedup();
    places.into_iter().filter_map(|place| Some((place, escape(names.get(place)?))))
}

fn ys(series: &[Series]) -> impl Iterator<Item = f64> {
    series.iter().flat_map(|series| series.points.iter().map(|(_, y)| *y))
}

/// The axis of the steps ahead.
fn steps(series: &[Series]) -> Axis {
    let (first, last) = ends(series);
    Axis::new(first, last, "steps ahead")
}

fn ends(series: &[Series]) -> (f64, f64) {
    let xs = series.iter().flat_map(|series| series.points.iter().map(|(x, _)| *x)).filter(|x| x.is_finite());
    let (first, last) = xs.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), x| (l.min(x), m.max(x)));
    if first <= last { (first, last) } else { (0.0, 1.0) }
}

fn class(place: usize) -> String {
    format!("s{}", place % COLOURS)
}

fn draw(plot: &mut Plot, series: &[Series]) {
    for (place, series) in series.iter().enumerate() {
        plot.line(&class(place), series.points.iter().copied());
    }
}

fn with_legend(series: &[Series], svg: &str) -> String {
    let keys = series.iter().enumerate().map(|(place, series)| {
        format!("<span class=\"key {}\">{}</span>", class(place), escape(&series.name))
    });
    format!("<p>{}</p>{svg}", keys.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, ys: &[f64]) -> Series {
        let points = ys.iter().zip(1..).map(|(y, x)| (f64::from(x), *y)).collect();
        Series { name: name.to_owned(), points }
    }

    #[test]
    fn each_model_has_a_line_and_a_key() {
        let models = [series("blend", &[0.1, 0.2, 0.25]), series("persistence", &[0.12, 0.3, 0.5])];
        let figure = error_by_horizon("error, % of the range", &models);
        assert_eq!(figure.matches("<polyline").count(), 2);
        assert!(figure.contains("<span class=\"key s1\">persistence</span>"), "{figure}");
        assert!(figure.contains("steps ahead"), "{figure}");
    }

    #[test]
    fn what_is_not_finite_or_not_there_leaves_a_picture() {
        for figure in [
            error_by_horizon("error", &[series("a", &[f64::NAN, 1.0])]),
            error_by_horizon("error", &[]),
            calibration(&[series("a", &[])]),
            coverage_by_horizon((0.87, 0.93), &[]),
            returns(&[]),
            heat_maps("nothing", &[]),
        ] {
            assert!(figure.contains("<svg ") && figure.ends_with("</svg>"), "{figure}");
            assert!(!figure.contains("NaN") && !figure.contains("inf"), "{figure}");
        }
    }

    #[test]
    fn the_goal_is_a_band_over_all_steps() {
        let figure = coverage_by_horizon((0.87, 0.93), &[series("a", &[0.9, 0.88, 0.7])]);
        assert!(figure.contains("<polygon class=\"goal\" points=\"52.0,"), "{figure}");
    }

    #[test]
    fn names_of_policies_cannot_become_markup() {
        let policies = [Return { policy: "<b>".to_owned(), cluster: 1.0, twin: 2.0 }];
        let figure = returns(&policies);
        assert!(figure.contains("&lt;b&gt;") && !figure.contains("<b>"), "{figure}");
    }

    #[test]
    fn what_was_never_seen_is_empty_in_a_heat_map() {
        let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        let counts = vec![vec![0, 3], vec![100, 0]];
        let map = HeatMap {
            title: "cart".to_owned(),
            columns: names(["1", "2"]),
            rows: names(["+1", "0"]),
            counts,
        };
        let figure = heat_maps("changes", &[map]);
        assert_eq!(figure.matches("class=\"cell\"").count(), 2);
        assert!(figure.contains("fill-opacity=\"1.00\"><title>100</title>"), "{figure}");
    }
}
