//! Goals, missions and norms that have nobody to care for them.

use karma_core::IdVec;

use crate::organization::resolve::{Parts, Report};
use crate::organization::{GoalNode, Quorum, RoleId};

/// Reports goals that nobody can commit to and that no plan achieves, and goals that ask for more agents than their
/// missions take. O(goals + missions).
pub(super) fn goals(parts: &Parts, report: &mut Report) {
    for goal in &parts.goals {
        let element = || format!("goal {:?} of scheme {:?}", goal.id, parts.schemes[goal.scheme].id);
        match (goal.missions.is_empty(), goal.quorum) {
            (true, Quorum::AtLeast(0) | Quorum::All) if goal.plan.is_none() => {
                let message = format!(
                    "{} is in no mission: nobody cares for it, and it counts as satisfied",
                    element()
                );
                report.warning("goal-without-mission", &goal.origin, message);
            }
            (true, Quorum::AtLeast(min)) if goal.plan.is_none() => {
                let message =
                    format!("{} is in no mission, but asks for {min} of those committed to it", element());
                report.warning("goal-without-mission", &goal.origin, message);
            }
            (false, Quorum::AtLeast(min)) => {
                if let Some(most) = most_committed(goal, parts).filter(|most| *most < u64::from(min)) {
                    let message =
                        format!("{} asks for {min} agents, but its missions take at most {most}", element());
                    report.warning("quorum-out-of-reach", &goal.origin, message);
                }
            }
            _ => {}
        }
    }
}

/// How many agents can be committed to a goal, if there is a limit.
fn most_committed(goal: &GoalNode, parts: &Parts) -> Option<u64> {
    goal.missions.iter().map(|mission| parts.missions[*mission].cardinality.max.map(u64::from)).sum()
}

/// Reports missions that no role must or may commit to. O(norms + missions).
pub(super) fn missions(parts: &Parts, report: &mut Report) {
    let mut covered = IdVec::filled(false, parts.missions.len());
    parts.norms.iter().for_each(|norm| covered[norm.mission] = true);
    for (_, mission) in parts.missions.iter_enumerated().filter(|(id, _)| !covered[*id]) {
        let scheme = &parts.schemes[mission.scheme].id;
        let message = format!("no norm lets anybody commit to mission {:?} of scheme {scheme:?}", mission.id);
        report.warning("mission-without-norm", &mission.origin, message);
    }
}

/// Reports norms for roles that nobody can play, not even by a role that specialises them. O(roles · depth + norms).
pub(super) fn norms(parts: &Parts, report: &mut Report) {
    let mut played: IdVec<RoleId, bool> = IdVec::filled(false, parts.roles.len());
    for role in parts.roles.iter().filter(|role| !role.is_abstract) {
        role.ancestors.iter().for_each(|ancestor| played[*ancestor] = true);
    }
    for norm in parts.norms.iter().filter(|norm| !played[norm.role]) {
        let role = &parts.roles[norm.role].id;
        let message =
            format!("norm {:?} binds nobody: no group has role {role:?} or one that specialises it", norm.id);
        report.warning("norm-without-players", &norm.origin, message);
    }
}
