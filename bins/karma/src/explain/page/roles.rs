//! Roles: what the groups do, where their episodes lie, and how they were joined.

use std::collections::BTreeSet;

use super::chart::{Chart, Key, Swatch, fill_class, line_class, shape};
use super::tree;
use crate::explain::view::{RoleGroup, RolesView};
use crate::report::grid::Grid;
use crate::report::html::captioned;
use crate::report::svg::{Axis, Plot};

pub(super) fn body(roles: &RolesView) -> String {
    let charts: String = charts(roles).iter().map(Chart::figure).collect();
    let tables = [
        format!("<div class=\"prose\">{}</div>", captioned("What each role is made of", &table(roles))),
        captioned("How often each role takes each kind of action, % of its actions", &profiles(roles)),
    ];
    format!("<p>{}</p>{}<div class=\"graphs\">{charts}</div>", told(roles), tables.concat())
}

/// How good the grouping is, in words.
fn told(roles: &RolesView) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let purity = roles.purity.map(|purity| {
        format!(" On average {} of a role's episodes are of one agent (purity).", percent(purity))
    });
    let stability = roles.stability.map(|index| {
        format!(" Groupings of resampled episodes agree with an adjusted Rand index of {index:.2} (1 is always the same).")
    });
    let tree = roles.tree.as_ref().map(|_| {
        " In the tree, a number in brackets counts the episodes of a branch that is drawn as one.".to_owned()
    });
    let groups = roles.groups.len();
    let base = format!(
        "{groups} roles over {} episodes of agents; the plane keeps {} of their variance.",
        roles.embedding.len(),
        percent(roles.variance)
    );
    [Some(base), purity, stability, tree].into_iter().flatten().collect()
}

pub(super) fn charts(roles: &RolesView) -> Vec<Chart> {
    let embedding = (!roles.embedding.is_empty()).then(|| embedding(roles));
    let silhouette = (!roles.silhouette.is_empty()).then(|| silhouette(roles));
    embedding.into_iter().chain(silhouette).chain(roles.tree.as_ref().map(tree::chart)).collect()
}

/// The roles as a table.
pub(super) fn table(roles: &RolesView) -> Grid {
    let head = ["role", "episodes", "of which agents", "common sequence of actions", "extends"];
    let row = |group: &RoleGroup| {
        let episodes: usize = group.agents.iter().map(|(_, count)| count).sum();
        let agents: Vec<String> =
            group.agents.iter().map(|(agent, count)| format!("{agent} {count}")).collect();
        let dash = |text: String| if text.is_empty() { "–".to_owned() } else { text };
        vec![
            group.name.clone(),
            episodes.to_string(),
            dash(agents.join(", ")),
            dash(group.common.join(" → ")),
            dash(group.extends.join(", ")),
        ]
    };
    Grid { head: head.map(str::to_owned).into(), rows: roles.groups.iter().map(row).collect() }
}

/// Shares of the kinds of action.
fn profiles(roles: &RolesView) -> Grid {
    let mut seen = BTreeSet::new();
    let all = roles.groups.iter().flat_map(|group| group.profile.iter().map(|(kind, _)| kind));
    let kinds: Vec<&String> = all.filter(|kind| seen.insert(*kind)).collect();
    let cell = |group: &RoleGroup, kind: &String| {
        let found = group.profile.iter().find(|(name, _)| name == kind);
        found.map_or_else(|| "–".to_owned(), |(_, share)| format!("{:.1}", 100.0 * share))
    };
    let row = |group: &RoleGroup| {
        std::iter::once(group.name.clone()).chain(kinds.iter().map(|kind| cell(group, kind))).collect()
    };
    Grid {
        head: std::iter::once("role".to_owned()).chain(kinds.iter().map(|kind| (*kind).clone())).collect(),
        rows: roles.groups.iter().map(row).collect(),
    }
}

fn embedding(roles: &RolesView) -> Chart {
    const SIZE: (f64, f64) = (480.0, 400.0);
    let axis = |values: Vec<f64>, label| Axis::covering(values.into_iter(), label);
    let x = axis(roles.embedding.iter().map(|dot| dot.x).collect(), "first component");
    let y = axis(roles.embedding.iter().map(|dot| dot.y).collect(), "second component");
    let mut plot = Plot::new(SIZE, x, y);
    for dot in &roles.embedding {
        let group = roles.groups.get(dot.group).map_or("no role", |group| group.name.as_str());
        let title = format!("{}, {}: {group}", dot.agent, dot.label);
        plot.mark(&format!("dot {}", fill_class(dot.group)), shape(dot.group), (dot.x, dot.y), &title);
    }
    let title = "Episodes in the plane of the two main components, by role";
    let key = |(place, group): (usize, &RoleGroup)| Key::new(Swatch::Mark(place), &group.name);
    Chart {
        file: "roles-embedding".to_owned(),
        title: title.to_owned(),
        size: SIZE,
        svg: plot.finish(title),
        keys: roles.groups.iter().enumerate().map(key).collect(),
    }
}

fn silhouette(roles: &RolesView) -> Chart {
    const SIZE: (f64, f64) = (360.0, 240.0);
    let points: Vec<(f64, f64)> =
        roles.silhouette.iter().map(|(groups, value)| (*groups as f64, *value)).collect();
    let x = Axis::covering(points.iter().map(|point| point.0), "number of groups");
    let values = points.iter().map(|point| point.1).filter(|value| value.is_finite());
    let (least, most) =
        values.fold((0.0_f64, 0.1_f64), |(least, most), value| (least.min(value), most.max(value)));
    let mut plot = Plot::new(SIZE, x, Axis::new(least, 1.1 * most, "silhouette"));
    plot.line(&line_class(0), points.iter().copied());
    let taken = roles.groups.len() as f64;
    for point in &points {
        let place = usize::from((point.0 - taken).abs() < 0.5);
        plot.mark(&fill_class(place), shape(place), *point, &format!("{} groups: {:.3}", point.0, point.1));
    }
    let title = "Mean silhouette by number of groups (1 is best)";
    let keys =
        vec![Key::new(Swatch::Mark(0), "other cuts"), Key::new(Swatch::Mark(1), "the cut that was taken")];
    Chart {
        file: "roles-silhouette".to_owned(),
        title: title.to_owned(),
        size: SIZE,
        svg: plot.finish(title),
        keys,
    }
}
