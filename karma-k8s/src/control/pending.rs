//! A plan on its way: written, carried out, and finished by whoever comes after.

use karma_core::Seconds;

use super::carry_out::{Hands, Outcomes};
use super::draft::{Draft, Unwritten};
use super::plan::{Recovery, recover};
use super::runner::{Site, Stop};
use super::said::{LogEntry, Reason};
use crate::resource::{Applied, ConditionKind, PendingPlan, PlannedTarget};

/// Writes the plan, does it, and leaves what was done to the status that is written next.
pub(super) async fn carry_out(
    site: &Site,
    hands: &Hands<'_>,
    draft: &mut Draft,
    plan: PendingPlan,
    log: &mut LogEntry,
) {
    draft.status.pending = Some(plan.clone());
    if let Err(unwritten) = draft.write(&site.client, site.patience).await {
        draft.status.pending = None;
        let why = match unwritten {
            Unwritten::MovedOn => "the object changed meanwhile; decided anew".to_owned(),
            Unwritten::Failed(why) => format!("the plan could not be written: {why}"),
        };
        for target in plan.targets {
            note(draft, &target.deployment, target.to, &Outcomes::Void(why.clone()));
            log.outcomes.insert(target.deployment, why.clone());
        }
        return;
    }
    for target in &plan.targets {
        let outcome = hands.carry_out(target).await;
        let (name, from, to) = (&target.deployment, target.from, target.to);
        let words = match &outcome {
            Outcomes::Scaled => {
                applied(draft, target, plan.sequence);
                let said = draft.status.last_decision.as_ref().and_then(|last| {
                    last.services.iter().find(|service| service.name == *name).map(|one| one.reason.clone())
                });
                draft.say(Reason::Scaled, format!("{name} {from} -> {to}: {}", said.unwrap_or_default()));
                "scaled".to_owned()
            }
            Outcomes::Void(why) => format!("void: {why}"),
            Outcomes::Failed(why) => format!("failed: {why}"),
        };
        note(draft, name, to, &outcome);
        log.outcomes.insert(name.clone(), words);
    }
    draft.status.pending = None;
}

/// Finishes a plan that this or another process began. What nobody knows of stays planned.
///
/// # Errors
/// A Deployment cannot be looked at, so that no other decision may be taken yet.
pub(super) async fn finish(hands: &Hands<'_>, draft: &mut Draft, period: Seconds) -> Result<(), Stop> {
    let Some(mut pending) = draft.status.pending.take() else { return Ok(()) };
    // A specification that was written meanwhile may forbid what was planned.
    let longest = if pending.generation == draft.generation() { period.0 } else { -1.0 };
    let (age, sequence) = (draft.now().0 - pending.time, pending.sequence);
    let mut unseen = None;
    for target in std::mem::take(&mut pending.targets) {
        match hands.look(&target.deployment).await {
            Ok(seen) => {
                let outcome = match recover(&target, seen.as_ref(), age, longest) {
                    Recovery::Done => Outcomes::Scaled,
                    Recovery::ToDo => hands.carry_out(&target).await,
                    Recovery::Void => Outcomes::Void("it was decided on what is no longer so".to_owned()),
                };
                finished(draft, &target, sequence, &outcome);
            }
            Err(why) => {
                unseen = Some(why);
                pending.targets.push(target);
            }
        }
    }
    let Some(message) = unseen else { return Ok(()) };
    draft.status.pending = Some(pending);
    Err(Stop { kind: ConditionKind::Observed, reason: "Unobserved", message, event: Reason::Unobserved })
}

fn finished(draft: &mut Draft, target: &PlannedTarget, sequence: u64, outcome: &Outcomes) {
    let (name, to) = (&target.deployment, target.to);
    if *outcome == Outcomes::Scaled {
        applied(draft, target, sequence);
        draft.say(Reason::Recovered, format!("decision {sequence} for {name} is carried out: {to}"));
    } else {
        note(draft, name, to, outcome);
    }
}

fn note(draft: &mut Draft, name: &str, to: u32, outcome: &Outcomes) {
    match outcome {
        Outcomes::Scaled => {}
        Outcomes::Void(why) => draft.say(Reason::Void, format!("{name} to {to}: {why}")),
        Outcomes::Failed(why) => draft.say(Reason::NotScaled, format!("{name} to {to}: {why}")),
    }
}

fn applied(draft: &mut Draft, target: &PlannedTarget, sequence: u64) {
    let initial = draft.status.applied.get(&target.deployment).map_or(target.from, |before| before.initial);
    let entry = Applied { replicas: target.to, initial, sequence };
    draft.status.applied.insert(target.deployment.clone(), entry);
}
