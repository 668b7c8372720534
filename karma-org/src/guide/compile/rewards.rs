//! The goal reward guides of all agents: which goals count, how much, and when.

use karma_core::PerAgent;

use super::goals::{CheckedGoals, Meaning};
use super::missions::CheckedMissions;
use super::{Compiler, instance};
use crate::condition::{Compiler as Programs, Limits, Signals};
use crate::guide::guides::{Goal, Rewards, RoleGuide, Seat, Sparse, Term};

/// Compiles what the missions of all agents are worth.
pub(super) fn compile(
    compiler: &Compiler<'_>,
    signals: &mut Signals,
    (seats, roles): (&PerAgent<Seat>, &[RoleGuide]),
    goals: &CheckedGoals,
    missions: &CheckedMissions,
) -> Rewards {
    let sparse: Vec<Sparse> = goals.meanings.iter().filter_map(sparse).collect();
    let mut programs = Programs::new(&compiler.vocabulary, signals);
    let mut terms = |seat: &Seat| {
        let role = roles[seat.role].role;
        let missions = missions.of(compiler.organization, role);
        let weighted = missions.iter().flat_map(|(mission, factor)| {
            mission.goals.iter().map(move |(goal, weight)| (*mission, *goal, factor * f64::from(*weight)))
        });
        let term = |(mission, goal, coefficient): (&super::missions::CheckedMission, usize, f64)| Term {
            goal: match &goals.meanings[goal] {
                Meaning::Value(value) => {
                    Goal::Value(programs.value(value, instance(None, seat.patterns_from), Limits::GOAL))
                }
                Meaning::Pattern { .. } => Goal::Sparse(sparse_before(&goals.meanings, goal)),
            },
            coefficient: narrow(coefficient),
            from: mission.from,
            until: mission.until,
        };
        weighted.map(term).collect()
    };
    let terms = seats.map(&mut terms);
    Rewards { program: programs.finish(), sparse, terms }
}

fn sparse(meaning: &Meaning) -> Option<Sparse> {
    match meaning {
        Meaning::Value(_) => None,
        Meaning::Pattern { pattern, reward, once } => {
            Some(Sparse { pattern: *pattern, reward: *reward, once: *once })
        }
    }
}

/// The number of a goal among those with a pattern.
fn sparse_before(meanings: &[Meaning], goal: usize) -> usize {
    meanings[..goal].iter().filter_map(sparse).count()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a coefficient that is too large becomes the largest float"
)]
fn narrow(coefficient: f64) -> f32 {
    coefficient.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}
