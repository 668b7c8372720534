//! Missions and norms for Graphviz.

use std::collections::BTreeSet;

use karma_core::Id as _;

use crate::draw::Part;
use crate::draw::names::Names;
use crate::draw::phrases::{norm, norm_terms, range};
use crate::draw::text::listed;
use crate::organization::{MissionId, NormNode, Organization, RoleId};
use crate::spec::NormKind;

use super::structure;
use super::{Graph, label};

/// Missions with their goals, and an edge from role to mission for each norm.
///
/// Where the structure is drawn, its roles are used; elsewhere the roles that norms name are nodes of their own.
pub(super) fn draw(organization: &Organization, names: &Names<'_>, part: Part, graph: &mut Graph) {
    if !part.shows(Part::Structure) {
        let bound: BTreeSet<RoleId> = organization.norms().iter().map(|norm| norm.role).collect();
        for role in bound {
            graph.node(&structure::id(role), &label(&[names.role(role)]), "");
        }
    }
    for mission in organization.missions().ids() {
        draw_mission(organization, names, mission, graph);
    }
    for written in organization.norms() {
        let role = structure::id(written.role);
        graph.edge(&role, &id(written.mission), &norm(written, names), &style(written));
    }
}

fn id(mission: MissionId) -> String {
    format!("m{}", mission.index())
}

fn draw_mission(organization: &Organization, names: &Names<'_>, mission: MissionId, graph: &mut Graph) {
    let node = &organization.missions()[mission];
    let mut lines = vec![format!("{} [{}]", names.mission(mission), range(node.cardinality))];
    lines.extend(names.goals(&node.goals));
    if !node.preferred.is_empty() {
        lines.push(format!("rather {}", listed(&names.missions(&node.preferred))));
    }
    graph.node(&id(mission), &label(&lines), ", shape=folder, style=filled, fillcolor=\"#eaf4fb\"");
}

fn style(norm: &NormNode) -> String {
    let kind = match norm.kind {
        NormKind::Obligation => "solid",
        NormKind::Permission => "dashed",
    };
    let terms: Vec<String> = std::iter::once(norm.id.clone()).chain(norm_terms(norm)).collect();
    format!(", style={kind}, color=\"#009E73\", label=\"{}\"", label(&terms))
}
