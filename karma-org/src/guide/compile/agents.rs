//! Who plays which role, and the action guides of each.

use std::collections::BTreeMap;

use karma_core::PerAgent;

use super::{Compiler, instance};
use crate::condition::{Compiler as Programs, Signals, TruthId};
use crate::guide::action_set::ActionSet;
use crate::guide::guides::{RoleGuide, Rule, Rules, Seat};
use crate::guide::restriction::{Clause, Restriction, Strictness};
use crate::organization::RoleId;

/// One seat for each agent, in the order of the roles.
pub(super) fn seats(compiler: &Compiler<'_>, roles: &[RoleGuide]) -> PerAgent<Seat> {
    let patterns = compiler.binding.patterns.len();
    let players =
        roles.iter().enumerate().flat_map(|(role, guide)| (1..=guide.agents).map(move |n| (role, guide, n)));
    let seat = |(agent, (role, guide, number)): (usize, (usize, &RoleGuide, u32))| Seat {
        role,
        name: if guide.agents == 1 { guide.name.clone() } else { format!("{}-{number}", guide.name) },
        patterns_from: agent * patterns,
    };
    players.enumerate().map(seat).collect()
}

/// The ranks that the authority links of the organisation give the roles, in their order.
pub(super) fn ranks(compiler: &mut Compiler<'_>, roles: &[RoleGuide]) -> Vec<u32> {
    let ids: Vec<RoleId> = roles.iter().map(|guide| guide.role).collect();
    match compiler.organization.authority_ranks(&ids) {
        Ok(ranks) => ranks,
        Err(cycle) => {
            let message = format!("nobody has the last word: {cycle}");
            compiler.error("authority-cycle", compiler.spot().field("roles"), message);
            Vec::new()
        }
    }
}

/// Compiles the action guides of all agents.
pub(super) fn rules(
    compiler: &Compiler<'_>,
    signals: &mut Signals,
    seats: &PerAgent<Seat>,
    roles: &[RoleGuide],
) -> Rules {
    let mut programs = Programs::new(&compiler.vocabulary, signals);
    let restriction = |seat: &Seat| restriction(compiler, &mut programs, seat, &roles[seat.role]);
    let restrictions = seats.map(restriction);
    Rules { program: programs.finish(), restrictions }
}

fn restriction(
    compiler: &Compiler<'_>,
    programs: &mut Programs<'_, '_>,
    seat: &Seat,
    guide: &RoleGuide,
) -> Restriction {
    let truths: Vec<Vec<TruthId>> =
        guide.rules.iter().map(|rule| truths(compiler, programs, seat, rule)).collect();
    let clauses = |sets: fn(&Rule) -> &[ActionSet]| {
        let pairs = guide.rules.iter().zip(&truths).flat_map(|(rule, truths)| truths.iter().zip(sets(rule)));
        gather(pairs.filter(|(_, set)| !set.is_empty()))
    };
    Restriction {
        allow: clauses(|rule| &rule.allow),
        forbid: clauses(|rule| &rule.forbid),
        always: guide.always.clone(),
        otherwise: guide.otherwise.clone(),
        hold: compiler.hold(),
        hardness: guide.hardness,
        strictness: strictness(guide, &truths),
    }
}

/// When a rule fires: one truth for each service, or one.
fn truths(
    compiler: &Compiler<'_>,
    programs: &mut Programs<'_, '_>,
    seat: &Seat,
    rule: &Rule,
) -> Vec<TruthId> {
    let when = |subject| programs.condition(&rule.when, instance(subject, seat.patterns_from));
    compiler.subjects(rule.each).into_iter().map(when).collect()
}

/// One clause for each different set: the union over its truths; and one set for each truth that is always the same.
fn gather<'s>(pairs: impl Iterator<Item = (&'s TruthId, &'s ActionSet)>) -> Vec<Clause> {
    let mut by_truth: BTreeMap<TruthId, ActionSet> = BTreeMap::new();
    for (truth, set) in pairs {
        let known = by_truth.entry(*truth).or_default();
        *known = std::mem::take(known).union(set);
    }
    let mut by_set: BTreeMap<ActionSet, Vec<TruthId>> = BTreeMap::new();
    for (truth, set) in by_truth {
        by_set.entry(set).or_default().push(truth);
    }
    by_set.into_iter().map(|(set, truths)| Clause { truths, set }).collect()
}

fn strictness(guide: &RoleGuide, truths: &[Vec<TruthId>]) -> Vec<Strictness> {
    if guide.rules.iter().all(|rule| rule.hardness == guide.hardness) {
        return Vec::new();
    }
    let mut levels: Vec<Strictness> = Vec::new();
    for (rule, truths) in guide.rules.iter().zip(truths) {
        match levels.iter_mut().find(|level| level.hardness == rule.hardness) {
            Some(level) => level.truths.extend(truths),
            None => levels.push(Strictness { hardness: rule.hardness, truths: truths.clone() }),
        }
    }
    levels
}
