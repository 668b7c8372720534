//! Relations: the agents on a circle, an arrow from the one that leads to the one that follows.

use std::f64::consts::{PI, TAU};
use std::fmt::Write as _;

use super::chart::{Chart, Key, Swatch, short};
use crate::explain::view::{LinkView, RelationsView, Tie, WindowView};
use crate::report::grid::Grid;
use crate::report::html::captioned;
use crate::report::svg::{document, escape};

const SIZE: (f64, f64) = (480.0, 290.0);
const RADIUS: f64 = 105.0;
/// Free space around an agent.
const CLEAR: f64 = 12.0;

const TIES: [Tie; 3] = [Tie::Authority, Tie::Communication, Tie::Acquaintance];

impl Tie {
    /// As written and as a class.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Communication => "communication",
            Self::Acquaintance => "acquaintance",
        }
    }
}

pub(super) fn body(relations: &RelationsView) -> String {
    let graphs: String = charts(relations).iter().map(Chart::figure).collect();
    let table = captioned("All links; lag in decisions, information in bits", &table(relations));
    format!("<div class=\"graphs\">{graphs}</div><div class=\"prose\">{table}</div>")
}

pub(super) fn charts(relations: &RelationsView) -> Vec<Chart> {
    let chart = |(place, window): (usize, &WindowView)| {
        let title = format!("Who leads whom: {}", window.label);
        Chart {
            file: format!("relations-{place}"),
            svg: document(SIZE.0, SIZE.1, &title, &graph(&relations.agents, &window.links)),
            title,
            size: SIZE,
            keys: TIES.map(|tie| Key::new(Swatch::Line(format!("tie {}", tie.name())), tie.name())).into(),
        }
    };
    relations.windows.iter().enumerate().map(chart).collect()
}

fn graph(agents: &[String], links: &[LinkView]) -> String {
    let mut body: String = links.iter().filter_map(|link| arrow(agents, link)).collect();
    for (place, agent) in agents.iter().enumerate() {
        let angle = angle(place, agents.len());
        let ((x, y), (tx, ty)) = (at(angle, RADIUS), at(angle, RADIUS + 14.0));
        let anchor = if angle.cos().abs() < 0.2 {
            "middle"
        } else if angle.cos() > 0.0 {
            "start"
        } else {
            "end"
        };
        let (ty, name) = (ty + 4.0 + 4.0 * angle.sin(), escape(&short(agent, 16)));
        let _ = write!(
            body,
            r#"<circle class="agent" cx="{x:.1}" cy="{y:.1}" r="7"/><text class="head" x="{tx:.1}" y="{ty:.1}" text-anchor="{anchor}">{name}</text>"#
        );
    }
    body
}

/// From the top, clockwise.
fn angle(place: usize, count: usize) -> f64 {
    TAU * place as f64 / count.max(1) as f64 - PI / 2.0
}

fn at(angle: f64, radius: f64) -> (f64, f64) {
    (SIZE.0 / 2.0 + radius * angle.cos(), SIZE.1 / 2.0 + radius * angle.sin())
}

/// A bent arrow, so that two agents that lead each other have two; `None` for an agent that is not there.
fn arrow(agents: &[String], link: &LinkView) -> Option<String> {
    let (from, to) = (agents.get(link.from)?, agents.get(link.to)?);
    let [start, end] = [link.from, link.to].map(|place| at(angle(place, agents.len()), RADIUS));
    let bend = {
        let (dx, dy) = (end.0 - start.0, end.1 - start.1);
        (f64::midpoint(start.0, end.0) - 0.16 * dy, f64::midpoint(start.1, end.1) + 0.16 * dx)
    };
    let (start, tip) = (towards(start, bend, CLEAR), towards(end, bend, CLEAR));
    let base = towards(tip, bend, 9.0);
    let (nx, ny) = (0.5 * (tip.1 - base.1), 0.5 * (base.0 - tip.0));
    let (tie, from, to) = (link.tie.name(), escape(from), escape(to));
    let told = format!("{from} → {to}: {tie}, lag {}, {:.3} bits, p {:.3}", link.lag, link.bits, link.p);
    Some(format!(
        r#"<path class="tie {tie}" d="M{:.1},{:.1}Q{:.1},{:.1} {:.1},{:.1}"><title>{told}</title></path><polygon class="tip {tie}" points="{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}"/>"#,
        start.0,
        start.1,
        bend.0,
        bend.1,
        base.0,
        base.1,
        tip.0,
        tip.1,
        base.0 + nx,
        base.1 + ny,
        base.0 - nx,
        base.1 - ny,
    ))
}

/// The point at a distance from one point in the direction of another.
fn towards(from: (f64, f64), to: (f64, f64), distance: f64) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let share = distance / dx.hypot(dy).max(1e-9);
    (from.0 + share * dx, from.1 + share * dy)
}

/// All links of all windows.
pub(super) fn table(relations: &RelationsView) -> Grid {
    let name = |place: usize| relations.agents.get(place).cloned().unwrap_or_else(|| "–".to_owned());
    let row = |window: &WindowView, link: &LinkView| {
        vec![
            window.label.clone(),
            name(link.from),
            name(link.to),
            link.tie.name().to_owned(),
            link.lag.to_string(),
            format!("{:.3}", link.bits),
            format!("{:.3}", link.p),
        ]
    };
    let rows =
        relations.windows.iter().flat_map(|window| window.links.iter().map(move |link| row(window, link)));
    let head = ["when", "leads", "follows", "tie", "lag", "bits", "p"];
    Grid { head: head.map(str::to_owned).into(), rows: rows.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_agents_that_are_not_there_are_left_out() {
        let agents = ["a".to_owned(), "b".to_owned()];
        let link = |to| LinkView { from: 0, to, tie: Tie::Authority, lag: 1, bits: 0.1, p: 0.01 };
        assert_eq!(graph(&agents, &[link(1), link(2)]).matches("class=\"tip authority\"").count(), 1);
    }

    #[test]
    fn the_first_agent_stands_at_the_top_and_the_others_follow_clockwise() {
        let [top, right] = [0, 1].map(|place| at(angle(place, 4), 100.0));
        assert!((top.0 - 240.0).abs() < 1e-9 && (top.1 - 45.0).abs() < 1e-9, "{top:?}");
        assert!((right.0 - 340.0).abs() < 1e-9 && (right.1 - 145.0).abs() < 1e-9, "{right:?}");
    }
}
