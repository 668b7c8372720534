//! Calls on the network: each spends the same time there, so they arrive in the order in which they were sent.
//!
//! The time of the way back is spent on the way there too. A caller waits as long as if it were split, and no answer
//! needs an event of its own. The difference that remains: a callee is asked later by half a round trip.

use std::collections::VecDeque;

use super::Simulation;
use super::calendar::NEVER;
use super::calls::{Call, NONE};

/// Calls that were sent and have not arrived.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    /// Seconds that a call spends, there and back.
    pub(super) delay: f64,
    calls: VecDeque<(f64, Call)>,
}

impl Wire {
    pub(super) const fn new(delay: f64) -> Self {
        Self { delay, calls: VecDeque::new() }
    }

    /// Whether calls arrive as they are sent.
    #[inline]
    pub(super) fn is_instant(&self) -> bool {
        self.delay <= 0.0
    }

    /// When the next call arrives.
    #[inline]
    pub(super) fn next_time(&self) -> f64 {
        self.calls.front().map_or(NEVER, |(at, _)| *at)
    }

    /// Requests of clients that have not arrived.
    pub(super) fn requests(&self) -> usize {
        self.calls().filter(|call| call.parent == NONE).count()
    }

    /// What is on the network.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().map(|(_, call)| call)
    }
}

impl Simulation {
    /// A call sets out.
    pub(super) fn send(&mut self, call: Call) {
        self.wire.calls.push_back((self.now + self.wire.delay, call));
        if self.wire.calls.len() == 1 {
            self.sync_timeouts();
        }
    }

    /// The next call arrives. One that is refused fails for its caller, who may try again.
    pub(super) fn deliver(&mut self) {
        let Some((_, call)) = self.wire.calls.pop_front() else { return };
        self.sync_timeouts();
        if call.parent == NONE {
            self.admit_root(call);
        } else if self.dispatch(call).is_none() {
            self.settle(call, false);
        }
    }
}
