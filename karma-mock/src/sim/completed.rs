//! What became of each request, for those who want to know of every single one.

use karma_core::Seconds;
use karma_core::resilience::Traffic;

use super::Simulation;
use super::calls::Call;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered,
    /// It was refused, or lost with a pod.
    Failed,
    /// Its client gave up.
    TimedOut,
}

/// A request whose fate is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completed {
    /// When its client sent it.
    pub arrived: Seconds,
    /// When its fate became known.
    pub finished: Seconds,
    /// Whose it was.
    pub traffic: Traffic,
    /// What became of it.
    pub outcome: Outcome,
}

impl Completed {
    /// Seconds from sending to knowing.
    pub fn latency(&self) -> f64 {
        self.finished.0 - self.arrived.0
    }
}

impl Simulation {
    /// Plays every event up to and including the moment `end`, as [`run_until`](Self::run_until) does, and shows each
    /// request whose fate becomes known, in the order of knowing.
    pub fn run_until_with(&mut self, end: Seconds, observe: &mut impl FnMut(Completed)) {
        self.completed.get_or_insert_default();
        while self.step(end).is_some() {
            if let Some(completed) = &mut self.completed {
                completed.drain(..).for_each(&mut *observe);
            }
        }
        self.completed = None;
    }

    /// Notes what became of a request, if someone wants to know.
    #[inline]
    pub(super) fn note(&mut self, root: &Call, outcome: Outcome) {
        if let Some(completed) = &mut self.completed {
            let (arrived, finished) = (Seconds(root.arrived), Seconds(self.now));
            completed.push(Completed { arrived, finished, traffic: root.traffic, outcome });
        }
    }
}
