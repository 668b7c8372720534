//! Norms: which role must or may commit to which mission.

use std::collections::BTreeSet;

use crate::spec::Norm;

use super::super::NormNode;
use super::{Parts, Report, Text, goals, missions, push};

/// Resolves the norms of one text. Their names, which nothing refers to, need to differ in that text only; missions of
/// its own schemes win over those of the same name in other texts.
pub(super) fn resolve(text: &Text<'_>, parts: &mut Parts, report: &mut Report) {
    let mut seen = BTreeSet::new();
    for norm in text.norms {
        // MOISE lets norms go without a name.
        if !norm.id.is_empty() && !seen.insert(norm.id.as_str()) {
            report.error("duplicate-norm", &norm.origin, format!("norm {:?} is specified twice", norm.id));
        }
        if let Some(node) = node(norm, text, parts, report) {
            push(&mut parts.norms, node);
        }
    }
}

fn node(norm: &Norm, text: &Text<'_>, parts: &Parts, report: &mut Report) -> Option<NormNode> {
    let element = format!("norm {:?}", norm.id);
    let role = parts.index.roles.get(&norm.role).copied();
    if role.is_none() {
        let hint = report.hint(&norm.role, parts.index.roles.keys().map(String::as_str));
        let message = format!("{element} is for role {:?}, which is not defined{hint}", norm.role);
        report.unknown("unknown-role", &norm.origin, message);
    }
    let is_near = |scheme| text.has_scheme(scheme);
    let what = format!("{element} is about");
    let mission = missions::find((&norm.mission, &norm.origin), &what, is_near, parts, report);
    let time_constraint = goals::duration(norm.time_constraint.as_deref(), &element, &norm.origin, report);
    Some(NormNode {
        id: norm.id.clone(),
        role: role?,
        kind: norm.kind,
        mission: mission?,
        condition: norm.condition.clone(),
        time_constraint,
        origin: norm.origin.clone(),
    })
}
