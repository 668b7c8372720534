//! The sentences and short notes that words and pictures share.

use std::time::Duration;

use crate::Organization;
use crate::organization::{CompatibilityNode, GoalNode, LinkNode, NormNode, Quorum, Range, RoleId};
use crate::spec::{GoalKind, LinkKind, NormKind, PlanOperator, Scope};

use super::names::Names;
use super::text::{listed, one_line};

/// A range as diagrams have it: `1`, `1..5`, `2..*`, `0..*`.
pub(super) fn range(range: Range) -> String {
    match (range.min, range.max) {
        (0, None) => "0..*".to_owned(),
        (min, None) => format!("{min}..*"),
        (min, Some(max)) if min == max => min.to_string(),
        (min, Some(max)) => format!("{min}..{max}"),
    }
}

/// A range as it is said: "exactly 1", "1 to 5", "2 or more", "up to 5", "any number".
pub(super) fn spoken(range: Range) -> String {
    match (range.min, range.max) {
        (0, None) => "any number".to_owned(),
        (min, None) => format!("{min} or more"),
        (0, Some(max)) if max > 0 => format!("up to {max}"),
        (min, Some(max)) if min == max => format!("exactly {min}"),
        (min, Some(max)) => format!("{min} to {max}"),
    }
}

/// Units of time with their milliseconds, the longest first; a year has 365 days.
const UNITS: [(&str, u128); 6] = [
    ("year", 31_536_000_000),
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("minute", 60_000),
    ("second", 1_000),
    ("millisecond", 1),
];

/// A time in the longest unit of which it is a whole number: "7 days", "90 minutes". Parts of a millisecond are cut off.
pub(super) fn duration(time: Duration) -> String {
    let milliseconds = time.as_millis();
    let whole = |(_, unit): &&(&str, u128)| milliseconds > 0 && milliseconds.is_multiple_of(*unit);
    UNITS.iter().find(whole).map_or_else(
        || "0 seconds".to_owned(),
        |(name, unit)| match milliseconds / unit {
            1 => format!("1 {name}"),
            number => format!("{number} {name}s"),
        },
    )
}

/// How long there is: "within 1 day", "at once", or nothing if it is for ever.
pub(super) fn within(time: Option<Duration>) -> String {
    match time {
        None => String::new(),
        Some(Duration::ZERO) => "at once".to_owned(),
        Some(time) => format!("within {}", duration(time)),
    }
}

/// How the goals of a plan combine, as a short note.
pub(super) const fn operator(operator: PlanOperator) -> &'static str {
    match operator {
        PlanOperator::Sequence => "in sequence",
        PlanOperator::Choice => "one of",
        PlanOperator::Parallel => "in parallel",
    }
}

/// What there is to say of a goal besides its name, description, plan and missions.
pub(super) fn goal_notes(goal: &GoalNode, names: &Names<'_>) -> Vec<String> {
    let kind = match goal.kind {
        GoalKind::Performance => None,
        GoalKind::Achievement => Some("achieve".to_owned()),
        GoalKind::Maintenance => Some("maintain".to_owned()),
    };
    let time = goal.time_to_fulfil.map(|time| within(Some(time)));
    let quorum = match (goal.quorum, goal.kind) {
        (Quorum::AtLeast(1), GoalKind::Achievement) | (Quorum::All, _) => None,
        (Quorum::AtLeast(agents), _) if names.most_committed(goal).is_some_and(|most| most <= agents) => None,
        (Quorum::AtLeast(1), _) => Some("one agent is enough".to_owned()),
        (Quorum::AtLeast(agents), _) => Some(format!("{agents} agents are enough")),
    };
    let location = goal.location.as_deref().map(|location| format!("at {}", one_line(location)));
    let after =
        (!goal.depends_on.is_empty()).then(|| format!("after {}", listed(&names.goals(&goal.depends_on))));
    let rate = goal.plan.as_ref().and_then(|plan| plan.success_rate);
    let rate = rate.map(|rate| format!("plan succeeds {} %", (rate * 1000.0).round() / 10.0));
    [kind, time, quorum, location, after, rate].into_iter().flatten().collect()
}

/// What players of `from` may do with players of `to`: "ddos has authority over failure and resource, in subgroups too".
///
/// Links that differ in their target only are said in one sentence.
pub(super) fn link(link: &LinkNode, targets: &[RoleId], names: &Names<'_>) -> String {
    let from = names.role(link.from);
    let together = link.bidirectional || targets == [link.from];
    let to = listed(&names.roles(targets));
    let said = match (&link.kind, together, targets == [link.from]) {
        (LinkKind::Acquaintance, _, true) => format!("players of {from} know each other"),
        (LinkKind::Acquaintance, true, _) => format!("{from} and {to} know each other"),
        (LinkKind::Acquaintance, ..) => format!("{from} knows {to}"),
        (LinkKind::Communication, _, true) => format!("players of {from} talk to each other"),
        (LinkKind::Communication, true, _) => format!("{from} and {to} talk to each other"),
        (LinkKind::Communication, ..) => format!("{from} talks to {to}"),
        (LinkKind::Authority, _, true) => format!("players of {from} have authority over each other"),
        (LinkKind::Authority, true, _) => format!("{from} and {to} have authority over each other"),
        (LinkKind::Authority, ..) => format!("{from} has authority over {to}"),
        (LinkKind::Other(kind), _, _) => {
            let ways = if link.bidirectional { ", both ways" } else { "" };
            format!("{from} is linked to {to} by {}{ways}", one_line(kind))
        }
    };
    format!("{said}{}", reach(link.scope, link.extends_subgroups))
}

/// "who plays editor may also play writer".
pub(super) fn compatibility(written: &CompatibilityNode, names: &Names<'_>) -> String {
    let (from, to) = (names.role(written.from), names.role(written.to));
    let said = match (written.from == written.to, written.bidirectional) {
        (true, _) => format!("who plays a role of {from} may play others of it too"),
        (_, true) => format!("one agent may play both {from} and {to}"),
        _ => format!("who plays {from} may also play {to}"),
    };
    format!("{said}{}", reach(written.scope, written.extends_subgroups))
}

/// Where a link or compatibility holds besides one instance of its group.
const fn reach(scope: Scope, extends_subgroups: bool) -> &'static str {
    match (scope, extends_subgroups) {
        (Scope::IntraGroup, false) => "",
        (Scope::IntraGroup, true) => ", in subgroups too",
        (Scope::InterGroup, false) => ", across groups",
        (Scope::InterGroup, true) => ", across groups and in subgroups too",
    }
}

/// "every writer must commit to mBib within 1 day".
pub(super) fn norm(norm: &NormNode, names: &Names<'_>) -> String {
    let verb = match norm.kind {
        NormKind::Obligation => "must",
        NormKind::Permission => "may",
    };
    let (role, mission) = (names.role(norm.role), names.mission(norm.mission));
    let said = format!("every {role} {verb} commit to {mission}");
    std::iter::once(said).chain(norm_terms(norm)).collect::<Vec<_>>().join(" ")
}

/// By when, and on what condition a norm is active.
pub(super) fn norm_terms(norm: &NormNode) -> Vec<String> {
    let time = norm.time_constraint.map(|time| within(Some(time)));
    let condition = norm.condition.as_deref().map(|condition| format!("if {}", one_line(condition)));
    [time, condition].into_iter().flatten().collect()
}

/// How much there is: "3 roles · 1 group · 10 goals · 3 missions · 3 norms". The root role is not counted.
pub(super) fn counts(organization: &Organization) -> String {
    let numbers = [
        (organization.roles().len().saturating_sub(1), "role"),
        (organization.groups().len(), "group"),
        (organization.schemes().len(), "scheme"),
        (organization.goals().len(), "goal"),
        (organization.missions().len(), "mission"),
        (organization.norms().len(), "norm"),
    ];
    let some = numbers.iter().filter(|(number, _)| *number > 0);
    some.map(|(number, what)| super::text::counted(*number, what)).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_short_in_pictures_and_said_in_words() {
        let all = [(0, None), (2, None), (1, Some(1)), (1, Some(5)), (0, Some(3)), (0, Some(0))]
            .map(|(min, max)| Range { min, max });
        assert_eq!(all.map(range), ["0..*", "2..*", "1", "1..5", "0..3", "0"]);
        let said = ["any number", "2 or more", "exactly 1", "1 to 5", "up to 3", "exactly 0"];
        assert_eq!(all.map(spoken), said);
    }

    #[test]
    fn times_are_in_the_longest_unit_that_fits() {
        let times = [0, 1, 5_000, 5_400_000, 86_400_000, 604_800_000, 31_536_000_000];
        let said = ["0 seconds", "1 millisecond", "5 seconds", "90 minutes", "1 day", "7 days", "1 year"];
        assert_eq!(times.map(|ms| duration(Duration::from_millis(ms))), said);
    }
}
