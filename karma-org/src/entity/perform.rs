//! Carries out operations: look up, change the facts, judge, settle, keep the ledger.

use super::breach::{Breach, Management, RecordedBreach};
use super::change::Change;
use super::event::Event;
use super::operation::Operation;
use super::state::State;
use super::survey::Survey;
use super::view::Law;
use super::violation::Violation;
use super::{goals, ledger};
use std::time::Duration;

/// The state after an operation, and what happened; the state before is left as it is.
pub(super) fn perform(
    law: Law<'_>,
    before: &State,
    operation: &Operation,
    now: Duration,
) -> Result<(State, Vec<Event>), Violation> {
    if now < before.now {
        return Err(Violation::TimeWentBack { now, last: before.now });
    }
    let mut state = before.clone();
    state.now = now;
    let mut events = ledger::lapse(&mut state, now);
    let survey = Survey::of(law.view(before));

    let mut change = Change { law, state, events: Vec::new(), breaches: Vec::new() };
    change.carry_out(operation)?;
    let Change { mut state, events: done, breaches, .. } = change;
    let known = law.view(before).lasting_breaches();
    let lasting = law.view(&state).lasting_breaches();
    let new = lasting.into_iter().filter(|breach| !known.iter().any(|old| old.covers(breach)));
    let is_forced = matches!(operation, Operation::RemoveAgent { .. });
    let told = judge(law, &mut state, breaches.into_iter().chain(new).collect(), is_forced)?;

    goals::settle(&mut state, law);
    events.extend(done);
    events.extend(told);
    events.extend(survey.changes(law.view(&state)));
    events.extend(ledger::update(&mut state, law));
    Ok((state, events))
}

/// Refuses, records or lets through, as the specification wants it.
fn judge(
    law: Law<'_>,
    state: &mut State,
    breaches: Vec<Breach>,
    is_forced: bool,
) -> Result<Vec<Event>, Violation> {
    let managed = |breach: &Breach| law.rules.management(breach.property);
    let (refused, allowed): (Vec<_>, Vec<_>) =
        breaches.into_iter().partition(|breach| managed(breach) == Management::Fail && !is_forced);
    if !refused.is_empty() {
        return Err(Violation::Regimented(refused));
    }
    let told: Vec<Breach> =
        allowed.into_iter().filter(|breach| managed(breach) != Management::Ignore).collect();
    let records = told.iter().map(|breach| RecordedBreach { breach: breach.clone(), at: state.now });
    state.breaches.extend(records);
    Ok(told.into_iter().map(|breach| Event::Breached { breach }).collect())
}
