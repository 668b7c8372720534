//! The pictures of a report.

use std::fmt::Write as _;

use super::svg::{Axis, Plot, document, escape};
use crate::evaluation::{Evaluation, Showcase};
use crate::run_dir::MetricsLine;

const WIDTH: f64 = 760.0;
/// Size of the learning curve.
pub(crate) const TRAINING: (f64, f64) = (WIDTH, 240.0);
/// Seconds over which the success of an episode is averaged in its picture.
pub(crate) const SMOOTHED: usize = 5;

/// Mean return of each iteration, with a band of one standard deviation of its episodes.
pub(crate) fn training(log: &[MetricsLine]) -> String {
    let points: Vec<(f64, f64, f64)> = log
        .iter()
        .filter_map(|line| {
            let (mean, deviation) =
                (line.stats.episodic_return?, line.stats.episodic_return_std.unwrap_or(0.0));
            Some((line.stats.iteration as f64, mean - deviation, mean + deviation))
        })
        .collect();
    let last = log.last().map_or(1.0, |line| line.stats.iteration as f64);
    let y = Axis::covering(points.iter().flat_map(|(_, low, high)| [*low, *high]), "episodic return");
    let mut plot = Plot::new(TRAINING, Axis::new(0.0, last, "iteration"), y);
    plot.band("band", &points);
    plot.line("ours", points.iter().map(|(x, low, high)| (*x, f64::midpoint(*low, *high))));
    plot.finish("Episodic return over the iterations of training")
}

/// Success of each row in each scenario, with its interval; and the size of the picture.
pub(crate) fn scenarios(evaluation: &Evaluation) -> (String, (f64, f64)) {
    const BAR: f64 = 15.0;
    const HEAD: f64 = 26.0;
    let mut body = String::new();
    let mut y = 0.0;
    for (index, scenario) in evaluation.scenarios.iter().enumerate() {
        let _ =
            write!(body, r#"<text class="head" x="0" y="{:.1}">{}</text>"#, y + 18.0, escape(&scenario.name));
        y += HEAD;
        for row in &evaluation.rows {
            let estimate = row.by_scenario.get(index).and_then(|summary| summary.estimate("success_rate"));
            body.push_str(&bar(&row.name, estimate.map(|e| (e.value, e.low, e.high)), y));
            y += BAR;
        }
    }
    let title = "Success rate of every policy in every scenario";
    (document(WIDTH, y + 4.0, title, &body), (WIDTH, y + 4.0))
}

/// One bar from 0 to 100 %, with its name at the left and its number at the right.
fn bar(name: &str, estimate: Option<(f64, f64, f64)>, y: f64) -> String {
    const FROM: f64 = 90.0;
    const LENGTH: f64 = 500.0;
    let (text, middle) = (y + 9.5, y + 6.0);
    let label = format!(
        r#"<text class="tick" x="{:.1}" y="{text:.1}" text-anchor="end">{}</text>"#,
        FROM - 6.0,
        escape(name)
    );
    let Some((value, low, high)) = estimate else { return label };
    let [value_x, low_x, high_x] = [value, low, high].map(|share| FROM + share.clamp(0.0, 1.0) * LENGTH);
    let class = class_of(name);
    format!(
        r#"{label}<rect class="fill {class}" x="{FROM}" y="{:.1}" width="{:.1}" height="10"/><line class="whisker" x1="{low_x:.1}" x2="{high_x:.1}" y1="{middle:.1}" y2="{middle:.1}"/><text class="tick" x="{:.1}" y="{text:.1}">{:.1} % [{:.1}, {:.1}]</text>"#,
        y + 1.0,
        value_x - FROM,
        FROM + LENGTH + 10.0,
        100.0 * value,
        100.0 * low,
        100.0 * high
    )
}

/// Load, replicas and success of one episode, one above the other.
pub(crate) fn showcase(showcase: &Showcase) -> [String; 3] {
    let seconds = showcase.legitimate.len() as f64;
    let frame = |y| {
        let mut plot = Plot::new((WIDTH, 170.0), Axis::new(0.0, seconds, "seconds"), y);
        if let Some((start, end)) = showcase.disturbance {
            plot.shade(start, end);
        }
        plot
    };
    [load(showcase, &frame), replicas(showcase, &frame), success(showcase, &frame)]
}

fn load(showcase: &Showcase, frame: &dyn Fn(Axis) -> Plot) -> String {
    let both = showcase.legitimate.iter().zip(&showcase.malicious);
    let total: Vec<f64> = both.map(|(legitimate, malicious)| legitimate + malicious).collect();
    let most = total.iter().copied().fold(0.0, f64::max);
    let mut plot = frame(Axis::new(0.0, 1.05 * most, "requests/s"));
    plot.line("total", by_second(&total));
    plot.line("legitimate", by_second(&showcase.legitimate));
    plot.finish("Load: legitimate, and with the attack")
}

fn replicas(showcase: &Showcase, frame: &dyn Fn(Axis) -> Plot) -> String {
    let counts = showcase.plays.iter().flat_map(|play| &play.replicas).map(|(_, count)| *count);
    let mut plot = frame(Axis::new(0.0, 1.05 * f64::from(counts.max().unwrap_or(1)), "replicas asked for"));
    for play in &showcase.plays {
        let ends =
            play.replicas.iter().skip(1).map(|(time, _)| *time).chain([showcase.legitimate.len() as f64]);
        let steps = play.replicas.iter().zip(ends).flat_map(|((time, count), end)| {
            let count = f64::from(*count);
            [(*time, count), (end, count)]
        });
        plot.line(class_of(&play.row), steps);
    }
    plot.finish("Replicas of all services")
}

fn success(showcase: &Showcase, frame: &dyn Fn(Axis) -> Plot) -> String {
    let mut plot = frame(Axis::new(0.0, 100.0, "success, %"));
    for play in &showcase.plays {
        let means = play.success.chunks(SMOOTHED).enumerate().map(|(index, chunk)| {
            let middle = (index * SMOOTHED) as f64 + 0.5 * chunk.len() as f64;
            (middle, 100.0 * chunk.iter().sum::<f64>() / chunk.len() as f64)
        });
        plot.line(class_of(&play.row), means);
    }
    plot.finish("Success of legitimate requests")
}

pub(crate) fn by_second(values: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    values.iter().enumerate().map(|(second, value)| (second as f64, *value))
}

pub(crate) fn class_of(row: &str) -> &'static str {
    match row {
        "karma" => "ours",
        "hpa" => "hpa",
        _ => "other",
    }
}
