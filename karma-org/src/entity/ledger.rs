//! The ledger of obligations and permissions: which are active, and how those that are over ended.
//!
//! An obligation is created when its cause holds. It ends, once and for all, as
//! * **fulfilled** when what it asks for is done;
//! * **unfulfilled** when its deadline has passed (at the first operation after it);
//! * **inactive** when the reason to keep it up is gone: for a goal, that it is enabled, needed and the agent's; for
//!   a commitment, that the scheme is not well formed, the mission has room and the agent plays the role.
//!
//! While the cause of an unfulfilled obligation lasts, it is not created again. One that was fulfilled is created anew
//! if what was done is undone (a goal that is reset).
//!
//! **Cost** of an update: the norms that are due, each looked up among the active ones.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::norms::Due;
use super::state::State;
use super::view::Law;

/// A norm that negates its own cause would turn for ever: no update goes on for longer than this.
const MAX_ROUNDS: usize = 16;

/// Whether an agent must or may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// It must.
    Obligation,
    /// It may.
    Permission,
}

impl Modality {
    /// Its name in NPL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Obligation => "obligation",
            Self::Permission => "permission",
        }
    }
}

/// What an agent must or may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Aim {
    /// Commit to a mission.
    Committed {
        /// The mission.
        mission: String,
    },
    /// Do its part of a goal.
    Done {
        /// The goal.
        goal: String,
    },
    /// See to it that a goal is satisfied, by whomever.
    Satisfied {
        /// The goal.
        goal: String,
    },
}

/// An obligation or permission of one agent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormInstance {
    /// The norm that it follows from; `ngoal` for the obligation to pursue one's goals.
    pub norm: String,
    /// Must or may.
    pub modality: Modality,
    /// Who.
    pub agent: String,
    /// In which scheme.
    pub scheme: String,
    /// Do what.
    pub aim: Aim,
    /// When it came to be.
    pub created: Duration,
    /// Until when.
    pub deadline: Duration,
}

impl fmt::Display for NormInstance {
    /// As in NPL, such as `obligation(jaime,ngoal,done(sch2,wtitle,jaime),86400 s)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { norm, modality, agent, scheme, aim, deadline, .. } = self;
        write!(f, "{}({agent},{norm},", modality.name())?;
        match aim {
            Aim::Committed { mission } => write!(f, "committed({agent},{mission},{scheme})")?,
            Aim::Done { goal } => write!(f, "done({scheme},{goal},{agent})")?,
            Aim::Satisfied { goal } => write!(f, "satisfied({scheme},{goal})")?,
        }
        write!(f, ",{} s)", deadline.as_secs_f64())
    }
}

/// How an obligation or permission ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What it asked for was done.
    Fulfilled,
    /// Its deadline passed.
    Unfulfilled,
    /// The reason for it went away.
    Inactive,
}

/// An obligation or permission that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedNorm {
    /// Which.
    pub norm: NormInstance,
    /// How it ended.
    pub outcome: Outcome,
    /// When that was seen.
    pub at: Duration,
}

/// All obligations and permissions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    pub(super) active: Vec<NormInstance>,
    /// Unfulfilled ones whose cause still holds.
    overdue: Vec<NormInstance>,
    pub(super) closed: Vec<ClosedNorm>,
}

impl Ledger {
    fn close(&mut self, norm: NormInstance, outcome: Outcome, at: Duration) -> Event {
        if outcome == Outcome::Unfulfilled {
            self.overdue.push(norm.clone());
        }
        self.closed.push(ClosedNorm { norm: norm.clone(), outcome, at });
        Event::NormClosed { norm, outcome }
    }

    /// Closes those that end so, and leaves the others.
    fn end(&mut self, at: Duration, outcome: impl Fn(&NormInstance) -> Option<Outcome>) -> Vec<Event> {
        let (ended, kept) =
            std::mem::take(&mut self.active).into_iter().partition(|norm| outcome(norm).is_some());
        self.active = kept;
        let ended: Vec<NormInstance> = ended;
        let ends = ended.into_iter().filter_map(|norm| Some((outcome(&norm)?, norm)));
        ends.map(|(outcome, norm)| self.close(norm, outcome, at)).collect()
    }

    /// Creates those that are due and neither active nor overdue.
    fn create(&mut self, due: Vec<Due>, now: Duration) -> Vec<Event> {
        self.overdue.retain(|norm| due.iter().any(|each| each.is(norm)));
        let known: BTreeSet<_> = self.active.iter().chain(&self.overdue).map(Due::key_of).collect();
        let new: BTreeSet<Due> = due.into_iter().filter(|each| !known.contains(&each.key())).collect();
        let created: Vec<NormInstance> = new.into_iter().map(|each| each.instance(now)).collect();
        self.active.extend(created.iter().cloned());
        created.into_iter().map(|norm| Event::NormCreated { norm }).collect()
    }

    /// Forgets what was about a scheme that is no more.
    pub(super) fn forget(&mut self, scheme: &str) {
        self.closed.retain(|closed| closed.norm.scheme != scheme);
        self.overdue.retain(|norm| norm.scheme != scheme);
    }
}

/// Ends the obligations whose deadline passed before `now`.
pub(super) fn lapse(state: &mut State, now: Duration) -> Vec<Event> {
    state.ledger.end(now, |norm| {
        (norm.deadline < now).then_some(match norm.modality {
            Modality::Obligation => Outcome::Unfulfilled,
            Modality::Permission => Outcome::Inactive,
        })
    })
}

/// Brings the ledger up to date with the facts.
pub(super) fn update(state: &mut State, law: Law<'_>) -> Vec<Event> {
    let now = state.now;
    let mut events = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let outcomes: Vec<Option<Outcome>> =
            state.ledger.active.iter().map(|norm| law.view(state).outcome(norm)).collect();
        let ended: BTreeSet<(NormInstance, Outcome)> =
            state.ledger.active.iter().cloned().zip(outcomes).filter_map(|(n, o)| Some((n, o?))).collect();
        let mut round = state.ledger.end(now, |norm| ended.iter().find(|(n, _)| n == norm).map(|(_, o)| *o));
        let due = law.view(state).due();
        round.extend(state.ledger.create(due, now));
        if round.is_empty() {
            break;
        }
        events.extend(round);
    }
    events
}
