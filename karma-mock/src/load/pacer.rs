//! Hands requests over when they are due.
//!
//! A thread of its own that sleeps until the next one is due: the timers of an event loop tick in milliseconds. It does
//! not spin before the moment. A spinning thread takes a core from the server where they share a machine, and with
//! the kernel's timer slack set to its least (50 µs otherwise) a sleeping one wakes within tens of microseconds.

#![expect(clippy::disallowed_methods, reason = "load is sent in real time")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Sender;

use super::schedule::{Due, Schedule};

/// Longest sleep until it is asked again whether to stop.
const NAP: Duration = Duration::from_millis(50);

/// The time of a load: counts from the start of its plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    /// The plan starts this long from now.
    pub(super) fn starting_in(delay: Duration) -> Self {
        Self { start: Instant::now() + delay }
    }

    /// Time since the start; zero before.
    pub(super) fn now(self) -> Duration {
        Instant::now().saturating_duration_since(self.start)
    }

    /// A moment of the plan on the clock of the machine.
    pub(super) fn instant(self, at: Duration) -> Instant {
        self.start + at
    }

    /// Sleeps until a moment; whether it came before the stop.
    fn wait_until(self, at: Duration, stop: &AtomicBool) -> bool {
        let moment = self.instant(at);
        while !stop.load(Ordering::Relaxed) {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(NAP));
        }
        false
    }
}

/// Hands over every request of a schedule at its time, until it ends, is stopped, or nobody takes them any more.
///
/// If the sender falls so far behind that the queue is full, this waits for it: the requests keep the times at which they
/// were due, so it shows as lateness.
pub(super) fn pace(schedule: Schedule<'_>, clock: Clock, to: &Sender<Due>, stop: &AtomicBool) {
    sleep_exactly();
    for due in schedule {
        if !clock.wait_until(due.at, stop) || to.blocking_send(due).is_err() {
            return;
        }
    }
}

/// Asks the kernel not to gather this thread's wake-ups with others'.
fn sleep_exactly() {
    #[cfg(target_os = "linux")]
    {
        // Where it is refused, wake-ups are some 50 µs later.
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    }
}
