//! Which missions an agent has, and what each of their goals counts.
//!
//! The missions of an agent are those to which the norms of the organisation oblige or permit its role, or a role
//! that its role specialises. MOISE+MARL (a.10) divides a mission's rewards by `1 − p + ε`, where `p` says how
//! binding the norm is. Here `p` is the priority that the binding gives the mission if the role is obliged to it,
//! and 0 if it is only permitted: whoever may do something is paid for it, but nothing urges it.

use std::collections::BTreeMap;

use super::goals::{self, CheckedGoals};
use super::{Compiler, names};
use crate::condition::{Dimension, Quantity};
use crate::guide::binding::{MissionBinding, Spot};
use crate::guide::guides::RoleGuide;
use crate::organization::{GoalId, MissionId, Organization, RoleId};
use crate::spec::NormKind;

/// Keeps `1 − p` away from 0: no priority makes a mission worth more than a million times its rewards. MOISE+MARL
/// calls it ε and leaves it open; at the priorities that a binding may have, it changes nothing that a float shows.
pub const PRIORITY_EPSILON: f64 = 1e-6;

/// A mission in which nothing was found wrong.
pub(super) struct CheckedMission {
    pub(super) weight: f32,
    pub(super) priority: f32,
    /// The goals with a meaning, and the weight of each.
    pub(super) goals: Vec<(usize, f32)>,
    pub(super) from: f32,
    pub(super) until: f32,
}

/// All missions of the binding.
pub(super) struct CheckedMissions(BTreeMap<MissionId, CheckedMission>);

/// Checks all missions of the binding, and that somebody has them.
pub(super) fn check(
    compiler: &mut Compiler<'_>,
    goals: &CheckedGoals,
    roles: &[RoleGuide],
) -> CheckedMissions {
    let binding = compiler.binding;
    let mut missions = CheckedMissions(BTreeMap::new());
    for (name, mission) in &binding.missions {
        let spot = compiler.spot().field("missions").field(name);
        let ids = named(compiler.organization, name);
        if ids.is_empty() {
            let known = compiler.organization.missions().iter().map(|mission| mission.id.as_str());
            compiler.error_in_name("unknown-mission", spot, names::unknown("mission", name, known));
        }
        for id in ids {
            let checked = check_mission(compiler, (name, id), mission, goals, spot);
            missions.0.insert(id, checked);
        }
    }
    check_norms(compiler, &missions, roles);
    missions
}

/// The missions called `name`, or `scheme.name`.
fn named(organization: &Organization, name: &str) -> Vec<MissionId> {
    let is_meant = |id: &str, scheme| {
        id == name || name.strip_suffix(id).and_then(|rest| rest.strip_suffix('.')) == Some(scheme)
    };
    let missions = organization.missions().iter_enumerated();
    let meant = missions.filter(|(_, m)| is_meant(&m.id, organization.schemes()[m.scheme].id.as_str()));
    meant.map(|(id, _)| id).collect()
}

fn check_mission(
    compiler: &mut Compiler<'_>,
    (name, id): (&str, MissionId),
    mission: &MissionBinding,
    goals: &CheckedGoals,
    spot: Spot<'_>,
) -> CheckedMission {
    let weight = mission.weight.unwrap_or(1.0);
    compiler.number(weight, spot.field("weight"), 0.0..=f32::MAX, "the weight of a mission");
    let priority = mission.priority.unwrap_or(0.0);
    compiler.number(priority, spot.field("priority"), 0.0..=HIGHEST_PRIORITY, "the priority of a mission");
    let mut time = |written: &Option<String>, field, default| {
        written.as_ref().map_or(default, |text| moment(compiler, text, spot.field(field)))
    };
    let (from, until) = (time(&mission.from, "from", 0.0), time(&mission.until, "until", f32::INFINITY));
    if from >= until {
        compiler.error(
            "empty-window",
            spot,
            format!("mission {name:?} counts from {from} s until {until} s, which is never"),
        );
    }
    let weights = weights(compiler, (name, id), mission, goals, spot);
    CheckedMission { weight, priority, goals: weights, from, until }
}

/// The float below 1.
const HIGHEST_PRIORITY: f32 = 1.0 - f32::EPSILON / 2.0;

/// A time such as `10 min`, in seconds; 0 if it is none.
fn moment(compiler: &mut Compiler<'_>, text: &str, spot: Spot<'_>) -> f32 {
    let number = text.trim_start().find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.trim().split_at(number.min(text.trim().len()));
    let quantity = number.parse().ok().and_then(|number| Quantity::new(number, unit.trim()).ok());
    if let Some(quantity) = quantity.filter(|quantity| quantity.dimension() == Dimension::TIME) {
        quantity.single()
    } else {
        compiler.error("invalid-time", spot, format!("{text:?} is not a time such as `90 s` or `10 min`"));
        0.0
    }
}

/// The weight of each goal of a mission: those that are written, or 1 for each goal that has a meaning.
fn weights(
    compiler: &mut Compiler<'_>,
    (name, id): (&str, MissionId),
    mission: &MissionBinding,
    goals: &CheckedGoals,
    spot: Spot<'_>,
) -> Vec<(usize, f32)> {
    let members = &compiler.organization.missions()[id].goals;
    let weights: Vec<(usize, f32)> = match &mission.goals {
        None => members.iter().filter_map(|goal| Some((*goals.index.get(goal)?, 1.0))).collect(),
        Some(written) => {
            let weight = |(goal, weight): (&String, &f32)| {
                let spot = spot.field("goals").field(goal);
                compiler.number(*weight, spot, f32::MIN..=f32::MAX, "the weight of a goal");
                Some((member(compiler, (name, members), goal, goals, spot)?, *weight))
            };
            written.iter().filter_map(weight).collect()
        }
    };
    if weights.is_empty() {
        compiler.warning(
            "worthless-mission",
            spot,
            format!("mission {name:?} has no goal with a meaning, so it is worth nothing"),
        );
    }
    weights
}

/// The meaning of a goal that a mission names.
fn member(
    compiler: &mut Compiler<'_>,
    (mission, members): (&str, &[GoalId]),
    goal: &str,
    goals: &CheckedGoals,
    spot: Spot<'_>,
) -> Option<usize> {
    let named = goals::named(compiler.organization, goal);
    let Some(id) = named.iter().find(|id| members.contains(id)) else {
        let all = compiler.organization.goals();
        let known = members.iter().map(|id| all[*id].id.as_str());
        compiler.error_in_name(
            "goal-not-of-mission",
            spot,
            names::unknown(&format!("goal of mission {mission:?}:"), goal, known),
        );
        return None;
    };
    let meaning = goals.index.get(id).copied();
    if meaning.is_none() && !compiler.binding.goals.contains_key(goal) {
        compiler.error_in_name(
            "goal-without-meaning",
            spot,
            format!("goal {goal:?} has no meaning: give it one under `goals`"),
        );
    }
    meaning
}

/// Missions that an agent must have and that are worth nothing, and those that nobody has.
fn check_norms(compiler: &mut Compiler<'_>, missions: &CheckedMissions, roles: &[RoleGuide]) {
    let organization = compiler.organization;
    let mut complaints = Vec::new();
    for guide in roles {
        for (mission, kind) in organization.missions_of(guide.role) {
            if kind == NormKind::Obligation && !missions.0.contains_key(&mission) {
                let name = &organization.missions()[mission].id;
                complaints.push((
                    "mission-not-bound",
                    format!(
                        "role {:?} is obliged to mission {name:?}, which the binding does not have",
                        guide.name
                    ),
                ));
            }
        }
    }
    let has = |guide: &RoleGuide, mission: &MissionId| organization.may(guide.role, *mission);
    for mission in missions.0.keys().filter(|mission| !roles.iter().any(|guide| has(guide, mission))) {
        let name = &organization.missions()[*mission].id;
        complaints.push((
            "mission-of-nobody",
            format!("no role of the binding is obliged or permitted to mission {name:?}"),
        ));
    }
    let spot = compiler.spot().field("missions");
    for (code, message) in complaints {
        compiler.warning(code, spot, message);
    }
}

impl CheckedMissions {
    /// The missions of a role and the factor of their rewards: weight over `1 − p + ε`.
    pub(super) fn of(&self, organization: &Organization, role: RoleId) -> Vec<(&CheckedMission, f64)> {
        let factor = |(id, kind): (MissionId, NormKind)| {
            let mission = self.0.get(&id)?;
            let priority = if kind == NormKind::Obligation { f64::from(mission.priority) } else { 0.0 };
            Some((mission, f64::from(mission.weight) / (1.0 - priority + PRIORITY_EPSILON)))
        };
        organization.missions_of(role).into_iter().filter_map(factor).collect()
    }
}
