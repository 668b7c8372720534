//! Millions of adversarial sequences, played through the real kernel under the eyes of an independent monitor.
//!
//! The adversary (`adversary.rs`) draws limits, states, proposals and clocks, edges more often than not: readings that come
//! from NaN and infinities, extreme numbers, clocks that jump, other actors, pauses, full nodes, budgets at their edge, and
//! restarts through the memory's bytes. The monitor (`monitor.rs`) knows the properties of `docs/safety.md` and the whole exact
//! history, and nothing of the kernel's inside. A sequence is a number, and the same whenever it is played.

mod adversary;
mod monitor;
mod outcome;

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use karma_shield::{
    Budget, Cluster, Decision, Limits, Memory, NodeRoom, Property, Reading, ServiceState, Source, admitted,
};

use adversary::Adversary;
pub use monitor::Broken;
use monitor::Monitor;
pub use outcome::{Kernel, Outcome, Real};

/// Sequences that a thread takes at once.
const BATCH: u64 = 1_000;
/// So many replicas of a few services never exceed a budget that is not limited.
const FEW: u32 = 1 << 20;

/// What was played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sequences.
    pub sequences: u64,
    /// Decisions.
    pub decisions: u64,
    /// How often each property changed a wish, in the order of [`Property::ALL`]; of P8, how often all proposals of a
    /// decision were safe as they were.
    pub stakes: [u64; Property::ALL.len()],
}

impl Summary {
    fn add(&mut self, other: &Self) {
        self.sequences += other.sequences;
        self.decisions += other.decisions;
        self.stakes.iter_mut().zip(other.stakes).for_each(|(sum, stake)| *sum += stake);
    }
}

/// A property that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The sequence; `karma-proofs replay` shows it.
    pub sequence: u64,
    /// The decision, from 0.
    pub step: u32,
    /// What did not hold.
    pub broken: Broken,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, step, broken: Broken { property, service, what } } = self;
        write!(f, "{property}: {what} (service {service}, decision {step}; karma-proofs replay {sequence})")
    }
}

impl std::error::Error for Violation {}

/// Plays the sequences from `first` on. The result does not depend on the number of threads.
///
/// # Errors
/// The first sequence in which a property does not hold.
pub fn run(
    kernel: &impl Kernel,
    (first, sequences): (u64, u64),
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Summary, Box<Violation>> {
    let (next, all) = (AtomicU64::new(0), Mutex::new((Summary::default(), None::<Box<Violation>>)));
    let lock = || all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let work = || {
        let mut player = Player::default();
        loop {
            let from = next.fetch_add(BATCH, Ordering::Relaxed);
            if from >= sequences || lock().1.is_some() {
                return;
            }
            let mut summary = Summary::default();
            let of_batch = from..(from + BATCH).min(sequences);
            let violation =
                of_batch.clone().find_map(|at| player.play(kernel, first + at, &mut summary).err());
            let (total, found) = &mut *lock();
            total.add(&summary);
            let earlier =
                |violation: &Violation| found.as_ref().is_none_or(|f| violation.sequence < f.sequence);
            if let Some(violation) = violation.filter(|violation| earlier(violation)) {
                *found = Some(violation);
            }
            progress(of_batch.end - of_batch.start);
        }
    };
    thread::scope(|scope| {
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    match all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        (_, Some(violation)) => Err(violation),
        (summary, None) => Ok(summary),
    }
}

/// Shows a sequence, decision by decision.
///
/// # Errors
/// If it cannot be written.
pub fn replay(sequence: u64, out: &mut impl fmt::Write) -> fmt::Result {
    let mut player = Player::default();
    let limits = Adversary::new(sequence).limits();
    writeln!(out, "{:?}", limits.budget())?;
    limits.services().iter().try_for_each(|service| writeln!(out, "{service:?}"))?;
    let mut lines = Vec::new();
    let result = player.play_watched(&Real, sequence, &mut Summary::default(), &mut |line| lines.push(line));
    lines.into_iter().try_for_each(|line| out.write_str(&line))?;
    match result {
        Ok(()) => writeln!(out, "every property holds"),
        Err(violation) => writeln!(out, "{violation}"),
    }
}

/// Room that is used again from sequence to sequence.
#[derive(Debug, Default)]
struct Player {
    states: Vec<ServiceState>,
    proposals: Vec<Reading>,
    rooms: Vec<NodeRoom>,
    decision: Decision,
    outcomes: Vec<Outcome>,
    again: Vec<Outcome>,
    intervals: Vec<Option<std::ops::RangeInclusive<u32>>>,
}

impl Player {
    fn play(
        &mut self,
        kernel: &impl Kernel,
        sequence: u64,
        summary: &mut Summary,
    ) -> Result<(), Box<Violation>> {
        self.play_watched(kernel, sequence, summary, &mut |_| {})
    }

    fn play_watched(
        &mut self,
        kernel: &impl Kernel,
        sequence: u64,
        summary: &mut Summary,
        tell: &mut impl FnMut(String),
    ) -> Result<(), Box<Violation>> {
        let mut adversary = Adversary::new(sequence);
        let limits = adversary.limits();
        let services = limits.services().len();
        let (mut memory, mut monitor) = (Memory::new(services), Monitor::new(services));
        self.outcomes.clear();
        summary.sequences += 1;
        for step in 0..6 + adversary.few(19) {
            if adversary.below(6) == 0 {
                memory = kernel.restart(&memory);
            }
            summary.decisions += 1;
            let told =
                self.step((kernel, &limits), (&mut memory, &mut monitor), (&mut adversary, step), summary);
            tell_step(self, step, tell);
            told.map_err(|broken| Box::new(Violation { sequence, step, broken }))?;
        }
        Ok(())
    }

    /// Draws a situation, decides, and checks the answers.
    fn step(
        &mut self,
        (kernel, limits): (&impl Kernel, &Limits),
        (memory, monitor): (&mut Memory, &mut Monitor),
        (adversary, step): (&mut Adversary, u32),
        summary: &mut Summary,
    ) -> Result<(), Broken> {
        let now_ms = adversary.tick();
        self.draw(limits, (adversary, step));
        let Self { states, proposals, rooms, decision, outcomes, again, intervals } = self;
        let nodes = adversary.rooms(rooms).then_some(&rooms[..]);
        let (trusted, pause) = (adversary.trusted(), adversary.pause());
        let cluster = Cluster { now_ms, services: states, nodes, trusted, pause };
        let before = memory.clone();
        admitted(limits, &before, &cluster, intervals).map_err(refused)?;
        kernel.decide(limits, memory, (&cluster, proposals), (decision, outcomes)).map_err(refused)?;
        monitor.tick(now_ms);
        monitor.watch(limits, &cluster, (proposals, outcomes), &mut summary.stakes)?;
        let few =
            states.iter().all(|state| state.replicas <= FEW) && outcomes.iter().all(|o| o.replicas <= FEW);
        if limits.budget() == Budget::UNLIMITED && nodes.is_none() && few {
            check_admitted(intervals, proposals, outcomes)?;
        }
        let mut decide = |proposals: &[Reading], property, what: &str| {
            kernel
                .decide(limits, &mut before.clone(), (&cluster, proposals), (decision, again))
                .map_err(refused)?;
            let same = outcomes.iter().zip(&*again).position(|(a, b)| a.replicas != b.replicas);
            same.map_or(Ok(()), |service| Err(Broken { property, service, what: what.to_owned() }))
        };
        let actions: Vec<Reading> =
            outcomes.iter().map(|outcome| Reading::now(outcome.replicas.into())).collect();
        if outcomes.iter().all(|outcome| outcome.source == Source::Policy) {
            decide(&actions, Property::MinimalIntervention, "the actions, proposed, become others")?;
        }
        let unheard: Vec<Reading> =
            proposals.iter().zip(&*outcomes).map(|(p, outcome)| unheard(*p, outcome)).collect();
        decide(&unheard, Property::Freshness, "a proposal that is not listened to has an influence")
    }

    /// The services' states and the policy's proposals. Mostly the replicas are those of the last action.
    fn draw(&mut self, limits: &Limits, (adversary, step): (&mut Adversary, u32)) {
        let before =
            |service: usize, outcomes: &[Outcome]| outcomes.get(service).map(|outcome| outcome.replicas);
        self.states.clear();
        self.proposals.clear();
        for (service, limits) in limits.services().iter().enumerate() {
            let state = adversary.state(limits, before(service, &self.outcomes));
            self.proposals.push(adversary.proposal(limits, state.replicas, step));
            self.states.push(state);
        }
    }
}

fn refused(error: impl fmt::Display) -> Broken {
    Broken { property: Property::NonBlocking, service: 0, what: format!("{error}") }
}

/// Another proposal in place of one that was not listened to.
fn unheard(proposal: Reading, outcome: &Outcome) -> Reading {
    match (outcome.source, proposal) {
        (Source::Policy, _) => proposal,
        (Source::Baseline(cause) | Source::Hold(cause), proposal) => match (cause, proposal) {
            (karma_shield::Cause::Proposal(_), Reading::Missing) => Reading::Invalid,
            (karma_shield::Cause::Proposal(_), _) => Reading::Missing,
            (_, Reading::Value { value, age_ms }) => Reading::Value { value: value ^ 5, age_ms },
            (_, other) => other,
        },
    }
}

/// Where neither a budget nor nodes could trim anything, a proposal passes if and only if it is admitted.
fn check_admitted(
    intervals: &[Option<std::ops::RangeInclusive<u32>>],
    proposals: &[Reading],
    outcomes: &[Outcome],
) -> Result<(), Broken> {
    for (service, ((interval, proposal), outcome)) in
        intervals.iter().zip(proposals).zip(outcomes).enumerate()
    {
        if outcome.source != Source::Policy {
            continue;
        }
        let Reading::Value { value, .. } = *proposal else { continue };
        let admitted = interval.as_ref().is_some_and(|interval| {
            (u64::from(*interval.start())..=u64::from(*interval.end())).contains(&value)
        });
        let passed = u64::from(outcome.replicas) == value;
        if admitted != passed {
            let what = format!("{value} became {} while {interval:?} is admitted", outcome.replicas);
            return Err(Broken { property: Property::MinimalIntervention, service, what });
        }
    }
    Ok(())
}

/// One decision as lines of text.
fn tell_step(player: &Player, step: u32, tell: &mut impl FnMut(String)) {
    for (service, (state, proposal)) in player.states.iter().zip(&player.proposals).enumerate() {
        let outcome = player.outcomes.get(service);
        tell(format!("{step:>2}.{service} {state:?}\n     proposal {proposal:?}\n     {outcome:?}\n"));
    }
}

#[cfg(test)]
mod tests;
