//! Missions: their goals, and which others an agent would rather commit to.

use karma_core::Id as _;

use crate::spec::{Mission, Origin, Reference, Scheme};

use super::super::{GoalNode, MissionId, MissionNode, Quorum, SchemeId};
use super::{Parts, Report, named, push, range};

pub(super) fn resolve(schemes: &[&Scheme], parts: &mut Parts, report: &mut Report) {
    let mut preferences: Vec<(MissionId, &[Reference])> = Vec::new();
    for (position, scheme) in schemes.iter().enumerate() {
        for mission in &scheme.missions {
            let id = add(mission, SchemeId::from_index(position), parts, report);
            preferences.push((id, &mission.preferred));
        }
    }
    for (mission, preferred) in preferences {
        prefer(mission, preferred, parts, report);
    }
    settle_quorums(parts);
}

fn add(mission: &Mission, scheme: SchemeId, parts: &mut Parts, report: &mut Report) -> MissionId {
    named(&mission.id, "mission", &mission.origin, report);
    let element = format!("mission {:?} of scheme {:?}", mission.id, parts.schemes[scheme].id);
    let node = MissionNode {
        id: mission.id.clone(),
        scheme,
        cardinality: range(mission.cardinality, &element, &mission.origin, report),
        goals: Vec::new(),
        preferred: Vec::new(),
        origin: mission.origin.clone(),
    };
    let duplicate = parts.index.mission(&parts.missions, scheme, &mission.id).is_some();
    let id = push(&mut parts.missions, node);
    parts.schemes[scheme].missions.push(id);
    if duplicate {
        report.error("duplicate-mission", &mission.origin, format!("{element} is specified twice"));
    } else {
        parts.index.missions.entry(mission.id.clone()).or_default().push(id);
    }
    for goal in &mission.goals {
        include(id, goal, &element, parts, report);
    }
    id
}

fn include(mission: MissionId, reference: &Reference, element: &str, parts: &mut Parts, report: &mut Report) {
    let scheme = parts.missions[mission].scheme;
    let Some(goal) = parts.index.goal(&parts.goals, scheme, &reference.id) else {
        let known = parts.schemes[scheme].goals.iter().map(|goal| parts.goals[*goal].id.as_str());
        let hint = report.hint(&reference.id, known);
        let message =
            format!("{element} has goal {:?}, which is in no plan of that scheme{hint}", reference.id);
        return report.error("unknown-goal", &reference.origin, message);
    };
    if parts.goals[goal].missions.last() == Some(&mission) {
        report.warning(
            "repeated-goal",
            &reference.origin,
            format!("{element} lists goal {:?} twice", reference.id),
        );
    } else {
        parts.missions[mission].goals.push(goal);
        parts.goals[goal].missions.push(mission);
    }
}

/// Preferred missions are looked for in the own scheme first.
fn prefer(mission: MissionId, preferred: &[Reference], parts: &mut Parts, report: &mut Report) {
    for reference in preferred {
        let MissionNode { scheme, id, .. } = &parts.missions[mission];
        let own = parts.index.mission(&parts.missions, *scheme, &reference.id);
        let element = format!("mission {id:?} prefers");
        let found =
            own.or_else(|| find((&reference.id, &reference.origin), &element, |_| true, parts, report));
        if let Some(other) = found
            && !parts.missions[mission].preferred.contains(&other)
        {
            parts.missions[mission].preferred.push(other);
        }
    }
}

/// The mission that a name stands for. If there are several, those that are near win; of these, the first in the text.
pub(super) fn find(
    (name, origin): (&str, &Origin),
    element: &str,
    is_near: impl Fn(SchemeId) -> bool,
    parts: &Parts,
    report: &mut Report,
) -> Option<MissionId> {
    let mut found = parts.index.missions_named(&parts.missions, name);
    if found.iter().any(|mission| is_near(parts.missions[*mission].scheme)) {
        found.retain(|mission| is_near(parts.missions[*mission].scheme));
    }
    if found.is_empty() {
        let hint = report.hint(name, parts.missions.iter().map(|mission| mission.id.as_str()));
        report.unknown(
            "unknown-mission",
            origin,
            format!("{element} mission {name:?}, which is in no scheme{hint}"),
        );
    } else if found.len() > 1 {
        let schemes = found.iter().map(|mission| parts.schemes[parts.missions[*mission].scheme].id.as_str());
        let schemes = super::quoted(&schemes.collect::<Vec<_>>());
        let message = format!(
            "{element} mission {name:?}, which is in schemes {schemes}; the first is meant; write \"scheme.{name}\""
        );
        report.warning("ambiguous-mission", origin, message);
    }
    found.first().copied()
}

/// A goal that nobody can commit to needs nobody to satisfy it, unless a number is written.
fn settle_quorums(parts: &mut Parts) {
    let nobody = |goal: &GoalNode| goal.missions.is_empty() && goal.quorum == Quorum::All;
    for goal in parts.goals.iter_mut().filter(|goal| nobody(goal)) {
        goal.quorum = Quorum::AtLeast(0);
    }
}
