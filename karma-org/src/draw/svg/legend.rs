//! What the signs mean: only those that are in the picture.

use std::collections::BTreeSet;

use crate::draw::Part;
use crate::organization::{GroupNode, Organization, RoleId};
use crate::spec::{LinkKind, NormKind, PlanOperator, Scope};

use super::arcs::{Mark, draw_mark};
use super::goals::draw_sign;
use super::metrics::Style;
use super::scene::{Anchor, Frame, Ink, Step, arrowhead, at, diamond, text_width};

/// Middle of the place of a sign.
const MIDDLE: f64 = 10.0;
/// Width of the place of a sign.
const WIDTH: f64 = 36.0;

/// An entry for each sign.
pub(super) fn entries(organization: &Organization, part: Part, kinds: &[&str]) -> Vec<Frame> {
    let mut entries = Vec::new();
    if part.shows(Part::Structure) {
        entries.extend(roles(organization));
        entries.extend(links(organization, kinds));
    }
    if part.shows(Part::Goals) {
        entries.extend(operators(organization));
    }
    if part.shows(Part::Norms) {
        entries.extend(norms(organization));
    }
    entries
}

fn entry(text: &str, draw: impl FnOnce(&mut Frame)) -> Frame {
    let mut frame = Frame::sized(WIDTH + 8.0 + text_width(text, Style::Note), 2.0 * MIDDLE);
    draw(&mut frame);
    frame.inks.push(Ink::Text {
        at: at(WIDTH + 8.0, MIDDLE + 4.0),
        anchor: Anchor::Start,
        style: Style::Note,
        text: text.to_owned(),
    });
    frame
}

fn line(class: &'static str) -> impl FnOnce(&mut Frame) {
    move |frame| frame.draw(class, vec![Step::Move(at(1.0, MIDDLE)), Step::Line(at(WIDTH - 7.0, MIDDLE))])
}

fn arrow(class: &'static str, head: &'static str) -> impl FnOnce(&mut Frame) {
    move |frame| {
        line(class)(frame);
        frame.draw(head, arrowhead(at(WIDTH, MIDDLE), 1.0, 9.0));
    }
}

fn outline(class: &'static str) -> impl FnOnce(&mut Frame) {
    move |frame| frame.children.push(Frame::sized(WIDTH, 14.0).outlined(class, 5.0).moved(0.0, MIDDLE - 7.0))
}

fn roles(organization: &Organization) -> Vec<Frame> {
    let mut entries = vec![
        entry("role, with number of players", outline("box")),
        entry("abstract role", outline("box abstract")),
        entry("extends", arrow("line", "hollow")),
    ];
    if !organization.groups().is_empty() {
        entries.push(entry("group, with number of instances", outline("group")));
    }
    if organization.groups().iter().any(|group| names_others(organization, group)) {
        entries.push(entry("role played in another group", outline("box elsewhere")));
    }
    entries
}

/// Whether a group speaks of roles that are played, but not in it.
fn names_others(organization: &Organization, group: &GroupNode) -> bool {
    let links = group.links.iter().flat_map(|link| [link.from, link.to]);
    let pairs = group.compatibilities.iter().flat_map(|pair| [pair.from, pair.to]);
    let counted = group.subtree_roles.iter().map(|(role, _)| *role);
    let here: BTreeSet<RoleId> = group.roles.iter().map(|(role, _)| *role).collect();
    links
        .chain(pairs)
        .chain(counted)
        .any(|role| !here.contains(&role) && !organization.roles()[role].is_abstract)
}

fn links(organization: &Organization, kinds: &[&str]) -> Vec<Frame> {
    let all = || organization.groups().iter().flat_map(|group| &group.links);
    let pairs = || organization.groups().iter().flat_map(|group| &group.compatibilities);
    let known = [
        (LinkKind::Acquaintance, "knows", "link acquaintance"),
        (LinkKind::Communication, "talks to", "link communication"),
        (LinkKind::Authority, "has authority over", "link authority"),
    ];
    let mut entries: Vec<Frame> = Vec::new();
    for (kind, said, class) in known {
        if all().any(|link| link.kind == kind) {
            entries.push(entry(said, arrow(class, "head")));
        }
    }
    for (number, kind) in kinds.iter().enumerate() {
        let said = super::metrics::shortened(&crate::draw::text::one_line(kind), Style::Note, 200.0);
        entries.push(entry(&said, |frame| {
            arrow("link other", "head")(frame);
            draw_mark(frame, Mark::Kind(number + 1), at(14.0, MIDDLE));
        }));
    }
    if pairs().next().is_some() {
        entries.push(entry("may be played together with", |frame| {
            line("link compatible")(frame);
            frame.draw("hollow", diamond(at(WIDTH - 5.0, MIDDLE), 9.0, 7.0));
        }));
    }
    let scopes: BTreeSet<bool> = all()
        .map(|link| link.scope == Scope::InterGroup)
        .chain(pairs().map(|pair| pair.scope == Scope::InterGroup))
        .collect();
    if scopes.contains(&true) {
        entries.push(entry("also across groups", |frame| draw_mark(frame, Mark::Across, at(18.0, MIDDLE))));
    }
    if all().any(|link| link.extends_subgroups) || pairs().any(|pair| pair.extends_subgroups) {
        entries.push(entry("in subgroups too", |frame| draw_mark(frame, Mark::Below, at(18.0, MIDDLE))));
    }
    entries
}

fn operators(organization: &Organization) -> Vec<Frame> {
    let plans = organization.goals().iter().filter_map(|goal| goal.plan.as_ref());
    let used: BTreeSet<PlanOperator> = plans.map(|plan| plan.operator).collect();
    let said = |operator: PlanOperator| match operator {
        PlanOperator::Sequence => "one goal after the other",
        PlanOperator::Choice => "one of the goals",
        PlanOperator::Parallel => "all goals, in any order",
    };
    let one =
        |operator: PlanOperator| entry(said(operator), |frame| draw_sign(frame, operator, at(18.0, MIDDLE)));
    used.into_iter().map(one).collect()
}

fn norms(organization: &Organization) -> Vec<Frame> {
    let kinds: BTreeSet<NormKind> = organization.norms().iter().map(|norm| norm.kind).collect();
    let one = |kind: NormKind| match kind {
        NormKind::Obligation => entry("must commit to", arrow("norm obligation", "normhead")),
        NormKind::Permission => entry("may commit to", arrow("norm permission", "normhead")),
    };
    kinds.into_iter().map(one).collect()
}
