//! CPU that is really used: as much as a request is to cost, the process's own part of it included.
//!
//! **Equation.** A request that is to cost `T` core-seconds has the calling thread compute until *its own CPU clock* has
//! moved by `max(0, T − o − d)`. A thread that the kernel holds back, because a quota is used up or others compete, makes
//! no progress on that clock, so what is burnt is exact whatever the machine does. `o` is what a request costs
//! besides: reading and writing HTTP, handing over between threads. It is measured: the CPU of the whole process, less
//! what was burnt, over the requests, smoothed over windows. `d` is the debt of requests whose `T` was below `o`.

use std::sync::Mutex;
use std::sync::PoisonError;

use rustix::time::{ClockId, clock_gettime};

/// Requests of one window of the measurement of overhead.
const WINDOW: u64 = 32;
/// Weight of a new window.
const SMOOTHING: f64 = 0.3;
/// Rounds between two looks at the clock: some microseconds.
const ROUNDS: u32 = 2_000;

/// What the process has burnt, and what requests cost besides.
#[derive(Debug, Default)]
pub(super) struct Account(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    burnt: f64,
    requests: u64,
    overhead: Option<f64>,
    debt: f64,
    /// Process CPU and burnt CPU when the window began.
    since: Option<(f64, f64)>,
}

impl Account {
    /// Uses the CPU of a request of `target` core-seconds on the calling thread.
    pub(super) fn burn(&self, target: f64) {
        let due = self.0.lock().unwrap_or_else(PoisonError::into_inner).due(target, process_cpu());
        let burnt = burn(due);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).burnt += burnt;
    }
}

impl Book {
    /// What is to be burnt for a request of `target` core-seconds.
    fn due(&mut self, target: f64, process: f64) -> f64 {
        self.requests += 1;
        if self.requests.is_multiple_of(WINDOW) {
            self.measure(process);
        }
        let due = target - self.overhead.unwrap_or(0.0) - self.debt;
        self.debt = (-due).max(0.0);
        due.max(0.0)
    }

    fn measure(&mut self, process: f64) {
        if let Some((process_then, burnt_then)) = self.since {
            let besides = (process - process_then) - (self.burnt - burnt_then);
            let each = (besides / WINDOW as f64).max(0.0);
            self.overhead = Some(self.overhead.map_or(each, |old| old + SMOOTHING * (each - old)));
        }
        self.since = Some((process, self.burnt));
    }
}

/// Computes until the thread's CPU clock has moved by `seconds`; how far it did.
fn burn(seconds: f64) -> f64 {
    let begin = thread_cpu();
    let mut used = 0.0;
    let mut state = 1u64;
    while used < seconds {
        for _ in 0..ROUNDS {
            state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
        used = thread_cpu() - begin;
    }
    used
}

/// Core-seconds that this thread has used.
fn thread_cpu() -> f64 {
    seconds(ClockId::ThreadCPUTime)
}

/// Core-seconds that this process has used.
pub(super) fn process_cpu() -> f64 {
    seconds(ClockId::ProcessCPUTime)
}

fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Keeps `cores` cores busy for ever, in slices of ten milliseconds on one thread for each core begun.
#[expect(clippy::disallowed_methods, reason = "what it is to use is a share of real time")]
pub fn burn_forever(cores: f64) -> ! {
    const SLICE: f64 = 0.01;
    let keep = |share: f64| {
        loop {
            let begin = std::time::Instant::now();
            burn(SLICE * share);
            let rest = SLICE - begin.elapsed().as_secs_f64();
            std::thread::sleep(std::time::Duration::from_secs_f64(rest.max(0.0)));
        }
    };
    let mut left = cores.clamp(0.0, 1024.0);
    while left > 1.0 {
        std::thread::spawn(move || keep(1.0));
        left -= 1.0;
    }
    keep(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_burns_what_it_is_told() {
        for seconds in [0.001, 0.02] {
            let begin = thread_cpu();
            let burnt = burn(seconds);
            assert!((burnt - seconds).abs() < 0.2 * seconds, "{burnt} for {seconds}");
            assert!(thread_cpu() - begin >= burnt);
        }
        assert!(burn(0.0) < 1e-4);
    }

    #[test]
    fn the_overhead_of_a_request_is_taken_off_and_a_debt_is_paid_later() {
        let mut book = Book::default();
        let mut process = 0.0;
        let mut all = 0.0;
        for request in 0..1000 {
            let target = if request % 4 == 0 { 0.0001 } else { 0.005 };
            let due = book.due(target, process);
            book.burnt += due;
            process += due + 0.0004;
            all += target;
        }
        assert!((process - all).abs() < 0.03 * all, "{process} instead of {all}");
    }
}
