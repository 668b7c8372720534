//! The page: one file with its styles, its pictures and a small script; it asks for nothing from anywhere.
//!
//! Without a script it is a still page on which everything can be read. The script sorts tables, plays episodes and
//! takes lines away.

mod chart;
mod comparison;
mod decisions;
mod playback;
mod relations;
mod replay;
mod roles;
#[cfg(test)]
mod sample;
mod summary;
mod tables;
#[cfg(test)]
mod tests;
mod tree;

use super::view::{Topic, View};
use crate::report::html::items;
use crate::report::shell::{self, Head};
use crate::report::svg::escape;
use chart::Chart;

pub use summary::summary;

const STYLE: &str = concat!(include_str!("chart.css"), include_str!("style.css"));
const SCRIPT: &str = include_str!("script.js");

/// The page as HTML.
///
/// ```
/// let view = karma::explain::View { title: "A run".to_owned(), ..Default::default() };
/// assert!(karma::explain::page(&view).contains("<h1>A run</h1>"));
/// ```
pub fn page(view: &View) -> String {
    let sections: Vec<(Topic, String)> =
        Topic::ALL.iter().filter_map(|topic| section(view, *topic)).collect();
    let bodies: String = sections.iter().map(|(_, body)| body.as_str()).collect();
    let body = format!(
        "<header><h1>{}</h1>{}</header>{}<main>{}{bodies}</main>",
        escape(&view.title),
        facts(view),
        contents(&sections),
        honesty(view)
    );
    shell::page(Head { title: &view.title, style: STYLE, script: SCRIPT }, &body)
}

/// Every chart of the page as an SVG file: its name and its text.
pub fn pictures(view: &View) -> Vec<(String, String)> {
    let evaluation = view.evaluation.iter().map(comparison::success);
    let training = (!view.log.is_empty()).then(|| comparison::training(&view.log));
    let charts = evaluation.chain(training).chain(playback::charts(&view.playback));
    let charts = charts.chain(decisions::charts(&view.decisions));
    let charts = charts.chain(view.roles.iter().flat_map(roles::charts));
    let charts = charts.chain(view.relations.iter().flat_map(relations::charts));
    charts.map(|chart: Chart| chart.picture()).collect()
}

impl Topic {
    /// The order of the page.
    const ALL: [Self; 10] = [
        Self::Comparison,
        Self::Training,
        Self::Playback,
        Self::Decisions,
        Self::Roles,
        Self::Relations,
        Self::Goals,
        Self::Rules,
        Self::Fit,
        Self::Fidelity,
    ];

    /// The name of the section in addresses, and its heading.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Comparison => ("comparison", "Comparison"),
            Self::Training => ("training", "Training"),
            Self::Playback => ("playback", "Playback"),
            Self::Decisions => ("decisions", "Explained decisions"),
            Self::Roles => ("roles", "Roles"),
            Self::Relations => ("relations", "Relations"),
            Self::Goals => ("goals", "Goals"),
            Self::Rules => ("rules", "Distilled rules"),
            Self::Fit => ("fit", "Organisational fit"),
            Self::Fidelity => ("fidelity", "Fidelity of the twin"),
        }
    }
}

/// A section with its note; `None` if it has neither figures nor a note.
fn section(view: &View, topic: Topic) -> Option<(Topic, String)> {
    let (note, body) = (view.notes.get(&topic), body(view, topic));
    if note.is_none() && body.is_none() {
        return None;
    }
    let note = note.map_or_else(String::new, |note| format!("<p>{}</p>", escape(note)));
    let ((id, heading), body) = (topic.names(), body.unwrap_or_default());
    Some((
        topic,
        format!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-h\"><h2 id=\"{id}-h\">{heading}</h2>{note}{body}</section>"
        ),
    ))
}

/// The figures of a section, if there are any.
fn body(view: &View, topic: Topic) -> Option<String> {
    match topic {
        Topic::Comparison => view.evaluation.as_ref().map(comparison::body),
        Topic::Training => (!view.log.is_empty()).then(|| comparison::training(&view.log).figure()),
        Topic::Playback => (!view.playback.is_empty()).then(|| playback::body(&view.playback)),
        Topic::Decisions => (!view.decisions.is_empty()).then(|| decisions::body(&view.decisions)),
        Topic::Roles => view.roles.as_ref().map(roles::body),
        Topic::Relations => view.relations.as_ref().map(relations::body),
        Topic::Goals => (!view.goals.is_empty()).then(|| tables::goals_body(&view.goals)),
        Topic::Rules => (!view.rules.is_empty()).then(|| tables::rules_body(&view.rules)),
        Topic::Fit => view.fit.as_ref().map(tables::fit_body),
        Topic::Fidelity => view.fidelity.as_ref().map(tables::fidelity_body),
    }
}

fn facts(view: &View) -> String {
    let fact = |(name, value): &(String, String)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value))
    };
    let facts: String = view.facts.iter().map(fact).collect();
    if facts.is_empty() { facts } else { format!("<dl class=\"facts\">{facts}</dl>") }
}

fn contents(sections: &[(Topic, String)]) -> String {
    let link = |(topic, _): &(Topic, String)| {
        let (id, heading) = topic.names();
        format!("<li><a href=\"#{id}\">{heading}</a></li>")
    };
    let links: String = sections.iter().map(link).collect();
    if links.is_empty() { links } else { format!("<nav aria-label=\"Contents\"><ul>{links}</ul></nav>") }
}

/// What the figures rest on, before any of them.
fn honesty(view: &View) -> String {
    let list = |heading: &str, sentences: &[String]| {
        let items = items(sentences);
        if items.is_empty() { items } else { format!("<div><h3>{heading}</h3><ul>{items}</ul></div>") }
    };
    let lists = list("Measured", &view.honesty.measured) + &list("Not measured", &view.honesty.not_measured);
    if lists.is_empty() {
        return lists;
    }
    format!(
        "<section class=\"honesty\" aria-labelledby=\"honesty-h\"><h2 id=\"honesty-h\">What the figures rest on</h2>{lists}</section>"
    )
}
