//! Recorded episodes: panels one above the other on the same seconds, a line for each policy.

use super::chart::{Chart, Key, Swatch, legend, line_class};
use super::replay;
use crate::explain::view::{Playback, Played, PlayedDecision};
use crate::report::plots::{SMOOTHED, by_second};
use crate::report::svg::{Axis, Plot, escape};

const SIZE: (f64, f64) = (760.0, 160.0);

/// A measure of the decisions: the name of its panel, its axis, and how it is read.
struct Measure {
    file: &'static str,
    title: &'static str,
    axis: &'static str,
    value: fn(&PlayedDecision) -> Option<f64>,
}

const MEASURES: [Measure; 3] = [
    Measure {
        file: "replicas",
        title: "Replicas asked for, all services",
        axis: "replicas",
        value: |decision| Some(f64::from(decision.replicas.iter().sum::<u32>())),
    },
    Measure {
        file: "queue",
        title: "Requests that wait, all services",
        axis: "requests",
        value: |decision| {
            let known = decision.queue.iter().flatten();
            known.copied().map(f64::from).reduce(|sum, queue| sum + queue)
        },
    },
    Measure {
        file: "latency",
        title: "Latency, seconds",
        axis: "seconds",
        value: |decision| decision.latency.map(f64::from),
    },
];

/// All episodes, each with its controls.
pub(super) fn body(playback: &[Playback]) -> String {
    let lead = format!(
        "<p>Each panel has the same seconds from left to right; success is averaged over {SMOOTHED} s. One episode \
         shows how, not how often.</p>"
    );
    let chosen = replay::chooser(playback);
    let episodes = playback.iter().enumerate().map(|(place, episode)| one(place, episode));
    lead + &chosen + &episodes.collect::<String>()
}

/// The charts of all episodes.
pub(super) fn charts(playback: &[Playback]) -> Vec<Chart> {
    let told = |episode: &Playback, chart: Chart| {
        let title = format!("{} ({}, seed {})", chart.title, episode.scenario, episode.seed);
        Chart { title, ..chart }
    };
    let all = playback.iter().enumerate().flat_map(|(place, episode)| {
        panels(place, episode).into_iter().map(move |chart| told(episode, chart))
    });
    all.collect()
}

fn one(place: usize, episode: &Playback) -> String {
    let panels = panels(place, episode);
    let load = panels.first().map_or_else(String::new, |load| legend(&load.keys));
    let drawn = panels.iter().map(|chart| {
        let panel = chart.file.rsplit('-').next().unwrap_or_default();
        chart.bare("").replacen("<figure", &format!("<figure data-panel=\"{panel}\""), 1)
    });
    format!(
        "<div class=\"play\" data-place=\"{place}\"><h3>{}, seed {}</h3>{}{}{load}{}<div class=\"wide broad\" tabindex=\"0\">{}</div><div class=\"readout scripted\"></div>{}</div>",
        escape(&episode.scenario),
        episode.seed,
        happens(episode),
        replay::controls(episode),
        toggles(episode),
        drawn.collect::<String>(),
        replay::data(episode),
    )
}

/// What happens in the episode, in words.
fn happens(episode: &Playback) -> String {
    let attack = episode.attack.map(|(from, to)| format!("attack from {from:.0} to {to:.0} s"));
    let faults = episode.faults.iter().map(|span| {
        let (label, from, to) = (escape(&span.label), span.from, span.to);
        format!("{label} from {from:.0} to {to:.0} s")
    });
    let all: Vec<String> = attack.into_iter().chain(faults).collect();
    let told = if all.is_empty() { "nothing but load".to_owned() } else { all.join("; ") };
    format!("<p>What happens: {told}. A decision every {} s.</p>", episode.period)
}

/// The legend of the policies; with a script, each line can be taken away.
fn toggles(episode: &Playback) -> String {
    let key = |(place, play): (usize, &Played)| {
        let key = Key::new(Swatch::Line(line_class(place)), &play.row).html();
        format!("<li><label><input type=\"checkbox\" checked data-row=\"{place}\">{key}</label></li>")
    };
    let keys: String = episode.plays.iter().enumerate().map(key).collect();
    format!("<ul class=\"keys rows\" aria-label=\"Policies\">{keys}</ul>")
}

fn panels(place: usize, episode: &Playback) -> Vec<Chart> {
    let mut charts = vec![load(episode)];
    charts.extend(MEASURES.iter().filter_map(|measure| decided(episode, measure)));
    charts.push(success(episode));
    for chart in &mut charts {
        chart.file = format!("playback-{place}-{}", chart.file);
    }
    charts
}

/// What happens in an episode: the class of its shade, when it is, and its name.
fn spans(episode: &Playback) -> Vec<(&'static str, (f64, f64), &str)> {
    let attack = episode.attack.map(|range| ("attack", range, "attack"));
    let faults = episode.faults.iter().map(|span| ("fault", (span.from, span.to), span.label.as_str()));
    attack.into_iter().chain(faults).collect()
}

/// A panel with what happens in it.
fn frame(episode: &Playback, y: Axis) -> Plot {
    let mut plot = Plot::new(SIZE, Axis::new(0.0, episode.legitimate.len() as f64, "seconds"), y);
    for (class, range, _) in spans(episode) {
        plot.span(class, range);
    }
    plot
}

fn finished(mut plot: Plot, episode: &Playback, (file, title): (&str, &str), keys: Vec<Key>) -> Chart {
    plot.cursor(replay::start(episode));
    Chart { file: file.to_owned(), title: title.to_owned(), size: SIZE, svg: plot.finish(title), keys }
}

fn load(episode: &Playback) -> Chart {
    let both = episode.legitimate.iter().enumerate();
    let total: Vec<f64> =
        both.map(|(second, rate)| rate + episode.malicious.get(second).copied().unwrap_or(0.0)).collect();
    let most = total.iter().copied().filter(|rate| rate.is_finite()).fold(0.0, f64::max);
    let mut plot = frame(episode, Axis::new(0.0, 1.5 * most, "requests/s"));
    plot.line("malicious", by_second(&total));
    plot.line("load", by_second(&episode.legitimate));
    for (line, (_, (from, _), label)) in spans(episode).into_iter().enumerate() {
        plot.name(from, line % 3, label);
    }
    let line = |class: &str, name| Key::new(Swatch::Line(class.to_owned()), name);
    let area = |class: &str, name| Key::new(Swatch::Area(class.to_owned()), name);
    let mut keys = vec![line("load", "legitimate load")];
    if episode.attack.is_some() {
        keys.extend([line("malicious", "with malicious load"), area("attack", "attack")]);
    }
    keys.extend((!episode.faults.is_empty()).then(|| area("fault", "fault")));
    finished(plot, episode, ("load", "Load, requests per second"), keys)
}

/// The panel of a measure; `None` if it was never measured.
fn decided(episode: &Playback, measure: &Measure) -> Option<Chart> {
    let values = episode.plays.iter().flat_map(|play| play.decisions.iter().filter_map(measure.value));
    let most = values.filter(|value| value.is_finite()).reduce(f64::max)?;
    let mut plot = frame(episode, Axis::new(0.0, 1.05 * most, measure.axis));
    for (place, play) in episode.plays.iter().enumerate().rev() {
        for piece in steps(play, episode.legitimate.len() as f64, measure.value) {
            plot.line(&row_class(place), piece.into_iter());
        }
    }
    Some(finished(plot, episode, (measure.file, measure.title), policies(episode)))
}

/// A value holds until the next decision; where there is none, the line is broken.
fn steps(play: &Played, end: f64, value: fn(&PlayedDecision) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
    let ends = play.decisions.iter().skip(1).map(|decision| decision.time).chain([end]);
    let pieces: Vec<_> = play
        .decisions
        .iter()
        .zip(ends)
        .map(|(decision, end)| (decision.time, end, value(decision)))
        .collect();
    let known = pieces.split(|(_, _, value)| value.is_none()).filter(|run| !run.is_empty());
    let corners = |(from, to, value): &(f64, f64, Option<f64>)| {
        value.iter().flat_map(|value| [(*from, *value), (*to, *value)]).collect::<Vec<_>>()
    };
    known.map(|run| run.iter().flat_map(corners).collect()).collect()
}

fn success(episode: &Playback) -> Chart {
    let mut plot = frame(episode, Axis::new(0.0, 100.0, "success, %"));
    for (place, play) in episode.plays.iter().enumerate().rev() {
        let means = play.success.chunks(SMOOTHED).enumerate().map(|(index, chunk)| {
            let middle = (index * SMOOTHED) as f64 + 0.5 * chunk.len() as f64;
            (middle, 100.0 * chunk.iter().sum::<f64>() / chunk.len() as f64)
        });
        plot.line(&row_class(place), means);
    }
    finished(plot, episode, ("success", "Success of legitimate requests, %"), policies(episode))
}

fn row_class(place: usize) -> String {
    format!("{} row{place}", line_class(place))
}

fn policies(episode: &Playback) -> Vec<Key> {
    let key = |(place, play): (usize, &Played)| Key::new(Swatch::Line(line_class(place)), &play.row);
    episode.plays.iter().enumerate().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_holds_until_the_next_decision_and_a_gap_breaks_the_line() {
        let decision = |time, latency| PlayedDecision { time, latency, ..PlayedDecision::default() };
        let decisions = vec![decision(0.0, Some(1.0)), decision(5.0, None), decision(10.0, Some(2.0))];
        let play = Played { decisions, ..Played::default() };
        let lines = steps(&play, 15.0, |decision| decision.latency.map(f64::from));
        assert_eq!(lines, [vec![(0.0, 1.0), (5.0, 1.0)], vec![(10.0, 2.0), (15.0, 2.0)]]);
    }

    #[test]
    fn what_was_never_measured_has_no_panel() {
        let episode = Playback { plays: vec![Played::default()], ..Playback::default() };
        let files: Vec<String> = panels(3, &episode).into_iter().map(|chart| chart.file).collect();
        assert_eq!(files, ["playback-3-load", "playback-3-success"]);
    }
}
