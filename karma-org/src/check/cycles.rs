//! Goals that wait for each other, and missions that are preferred to each other.

use karma_core::{Id, IdVec};

use crate::organization::resolve::{Parts, Report};
use crate::organization::{GoalId, MissionId};

/// Reports each cycle of goals that can never be enabled.
///
/// A goal can be enabled if all that it waits for can (one of it, for a choice): the set of such goals is the least
/// fixpoint of that rule, which is computed by propagation from the goals that wait for nothing (W. F. Dowling,
/// J. H. Gallier, "Linear-time algorithms for testing the satisfiability of propositional Horn formulae", J. Logic
/// Programming 1(3), 1984). Every other goal waits for one of its kind, so that following them leads into a cycle.
/// A choice with one goal that can be enabled is no cycle. O(goals + dependencies).
pub(super) fn dependencies(parts: &Parts, report: &mut Report) {
    let enabled = can_be_enabled(parts);
    let blocked_by = parts.goals.map(|goal| {
        let waits_for = goal.precondition.all.iter().chain(&goal.precondition.any);
        waits_for.copied().find(|first| !enabled[*first])
    });
    let next = |goal: GoalId| if enabled[goal] { None } else { blocked_by[goal] };
    for cycle in cycles(parts.goals.len(), next) {
        let names = around(&cycle, |goal| &parts.goals[goal].id, " waits for ");
        let scheme = &parts.schemes[parts.goals[cycle[0]].scheme].id;
        let message = format!("goals of scheme {scheme:?} can never be enabled: {names}");
        report.error("dependency-cycle", &parts.goals[cycle[0]].origin, message);
    }
}

fn can_be_enabled(parts: &Parts) -> IdVec<GoalId, bool> {
    let mut waiters: IdVec<GoalId, Vec<GoalId>> = IdVec::filled(Vec::new(), parts.goals.len());
    for (id, goal) in parts.goals.iter_enumerated() {
        let waits_for = goal.precondition.all.iter().chain(&goal.precondition.any);
        waits_for.for_each(|first| waiters[*first].push(id));
    }
    let mut missing =
        parts.goals.map(|goal| goal.precondition.all.len() + usize::from(!goal.precondition.any.is_empty()));
    let mut open: Vec<GoalId> = parts.goals.ids().filter(|goal| missing[*goal] == 0).collect();
    while let Some(goal) = open.pop() {
        for waiter in std::mem::take(&mut waiters[goal]) {
            if missing[waiter] > 0 {
                missing[waiter] -= 1;
                open.extend((missing[waiter] == 0).then_some(waiter));
            }
        }
    }
    missing.map(|missing| *missing == 0)
}

/// Reports missions that are preferred to each other: an agent could never tell which to take.
///
/// Only the first preference on each cycle is followed; a mission rarely has more than one. O(preferences).
pub(super) fn preferences(parts: &Parts, report: &mut Report) {
    let settled = settled(parts);
    let next = |mission: MissionId| {
        let preferred = parts.missions[mission].preferred.iter().copied();
        if settled[mission] { None } else { preferred.into_iter().find(|other| !settled[*other]) }
    };
    for cycle in cycles(parts.missions.len(), next) {
        let names = around(&cycle, |mission| &parts.missions[mission].id, " is left for ");
        let message = format!("missions are preferred to each other: {names}");
        report.warning("preference-cycle", &parts.missions[cycle[0]].origin, message);
    }
}

/// Missions from which preferences lead to an end.
fn settled(parts: &Parts) -> IdVec<MissionId, bool> {
    let mut left_by: IdVec<MissionId, Vec<MissionId>> = IdVec::filled(Vec::new(), parts.missions.len());
    for (id, mission) in parts.missions.iter_enumerated() {
        mission.preferred.iter().for_each(|preferred| left_by[*preferred].push(id));
    }
    let mut unsettled = parts.missions.map(|mission| mission.preferred.len());
    let mut open: Vec<MissionId> = parts.missions.ids().filter(|mission| unsettled[*mission] == 0).collect();
    while let Some(mission) = open.pop() {
        for worse in std::mem::take(&mut left_by[mission]) {
            unsettled[worse] -= 1;
            open.extend((unsettled[worse] == 0).then_some(worse));
        }
    }
    unsettled.map(|unsettled| *unsettled == 0)
}

/// The cycles into which following `next` leads, each of them once and from its first member in the text.
fn cycles<I: Id>(len: usize, next: impl Fn(I) -> Option<I>) -> Vec<Vec<I>> {
    let mut visit: IdVec<I, usize> = IdVec::filled(0, len);
    let mut cycles = Vec::new();
    for start in 0..len {
        let mut path: Vec<I> = Vec::new();
        let mut at = Some(I::from_index(start));
        while let Some(id) = at.filter(|id| visit[*id] == 0) {
            visit[id] = start + 1;
            path.push(id);
            at = next(id);
        }
        if let Some(id) = at.filter(|id| visit[*id] == start + 1) {
            let start = path.iter().position(|known| known.index() == id.index()).unwrap_or_default();
            cycles.push(from_first(path.split_off(start)));
        }
    }
    cycles
}

/// Turns a cycle until its first member in the text is in front.
fn from_first<I: Id>(mut cycle: Vec<I>) -> Vec<I> {
    let first = (0..cycle.len()).min_by_key(|position| cycle[*position].index()).unwrap_or_default();
    cycle.rotate_left(first);
    cycle
}

/// `"a" waits for "b" waits for "a"`.
fn around<'p, I: Copy>(cycle: &[I], name: impl Fn(I) -> &'p String, joint: &str) -> String {
    let names: Vec<String> = cycle.iter().chain(cycle.first()).map(|id| format!("{:?}", name(*id))).collect();
    names.join(joint)
}
