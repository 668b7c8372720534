//! Formation constraints: cardinalities that a group gives to its roles and subgroups, and to roles played below.

use karma_core::Id as _;

use crate::spec::{Cardinality, CardinalityConstraint, ConstrainedObject};

use super::super::{GroupId, GroupNode};
use super::groups::{WrittenGroup, role};
use super::{Parts, Report, range};

/// Applies all constraints. Those of a group above win over those of a group below, which comes later in the list.
pub(super) fn apply(written: &[WrittenGroup<'_>], parts: &mut Parts, report: &mut Report) {
    for (position, entry) in written.iter().enumerate().rev() {
        for constraint in &entry.group.cardinalities {
            constrain(position, constraint, written, parts, report);
        }
    }
}

/// Applies a formation constraint. One that says nothing, (0, ∞), leaves what is written beside the element, as in
/// MOISE.
fn constrain(
    position: usize,
    constraint: &CardinalityConstraint,
    written: &[WrittenGroup<'_>],
    parts: &mut Parts,
    report: &mut Report,
) {
    match constraint.object {
        ConstrainedObject::Role => constrain_role(position, constraint, written, parts, report),
        ConstrainedObject::Group => constrain_group(position, constraint, written, parts, report),
    }
}

fn says_nothing(cardinality: Cardinality) -> bool {
    cardinality.min.unwrap_or(0) == 0 && cardinality.max.is_none()
}

fn constrain_role(
    position: usize,
    constraint: &CardinalityConstraint,
    written: &[WrittenGroup<'_>],
    parts: &mut Parts,
    report: &mut Report,
) {
    let CardinalityConstraint { id, cardinality, origin, .. } = constraint;
    let what = format!("the cardinality of role {id:?} in group {:?}", written[position].group.id);
    let Some(role) = role(id, &what, origin, parts, report) else { return };
    let range = range(*cardinality, &what, origin, report);
    if says_nothing(*cardinality) {
        return;
    }
    let plays = |group: &GroupNode| group.roles.iter().any(|(played, _)| *played == role);
    let below = &parts.groups.as_slice()[position + 1..written[position].end];
    let played_below = below.iter().any(plays);
    let group = &mut parts.groups[GroupId::from_index(position)];
    if let Some((_, own)) = group.roles.iter_mut().find(|(played, _)| *played == role) {
        *own = range;
    } else if played_below {
        group.subtree_roles.retain(|(constrained, _)| *constrained != role);
        group.subtree_roles.push((role, range));
    } else {
        let message = format!("{what} counts nobody: neither that group nor any group below has the role");
        report.warning("idle-constraint", origin, message);
    }
}

fn constrain_group(
    position: usize,
    constraint: &CardinalityConstraint,
    written: &[WrittenGroup<'_>],
    parts: &mut Parts,
    report: &mut Report,
) {
    let CardinalityConstraint { id, cardinality, origin, .. } = constraint;
    let what = format!("the cardinality of group {id:?} in group {:?}", written[position].group.id);
    let range = range(*cardinality, &what, origin, report);
    let tree = position..written[position].end;
    let Some(found) = tree.clone().find(|group| written[*group].group.id == *id) else {
        let hint = report.hint(id, tree.skip(1).map(|group| written[group].group.id.as_str()));
        let message = format!("{what} names a group that is not inside{hint}");
        return report.unknown("unknown-group", origin, message);
    };
    if found != position && written[found].parent != Some(position) {
        let message = format!("{what} counts nothing: only direct subgroups are counted");
        report.warning("idle-constraint", origin, message);
    } else if !says_nothing(*cardinality) {
        parts.groups[GroupId::from_index(found)].cardinality = range;
    }
}
