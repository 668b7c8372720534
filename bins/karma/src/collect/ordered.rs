//! Independent jobs on a few threads, whose results are handed over in order while the others are at work.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Runs `work(0)` to `work(jobs - 1)` and hands each result to `sink` on the calling thread, in this order, as soon as
/// it and all before it are there.
///
/// `tick` is called on the calling thread with the number of results handed over: after each of them, and at least ten
/// times a second unless `sink` takes longer. When it says no before the last one, no further result is handed over, no
/// further job begins, and the answer is `false`.
///
/// # Errors
/// The first error of `sink`, after which it is not called again.
pub(super) fn run<R: Send, E>(
    jobs: usize,
    threads: NonZeroUsize,
    work: impl Fn(usize) -> R + Sync,
    sink: impl FnMut(usize, R) -> Result<(), E>,
    tick: impl FnMut(usize) -> bool,
) -> Result<bool, E> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.get().min(jobs) {
            let (sender, next, stop, work) = (sender.clone(), &next, &stop, &work);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= jobs || sender.send((index, work(index))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let complete = hand_over(jobs, &results, sink, tick);
        stop.store(true, Ordering::Relaxed);
        complete
    })
}

fn hand_over<R, E>(
    jobs: usize,
    results: &mpsc::Receiver<(usize, R)>,
    mut sink: impl FnMut(usize, R) -> Result<(), E>,
    mut tick: impl FnMut(usize) -> bool,
) -> Result<bool, E> {
    let (mut due, mut waiting) = (0, BTreeMap::new());
    while tick(due) && due < jobs {
        if let Some(result) = waiting.remove(&due) {
            sink(due, result)?;
            due += 1;
            continue;
        }
        match results.recv_timeout(Duration::from_millis(100)) {
            Ok((index, result)) => waiting.insert(index, result),
            Err(mpsc::RecvTimeoutError::Timeout) => None,
            // A job panicked, which the end of the scope passes on.
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(false),
        };
    }
    Ok(due == jobs)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn threads(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    #[test]
    fn results_are_handed_over_in_order_for_any_number_of_threads() {
        for count in 1..5 {
            let mut squares = Vec::new();
            // The first jobs take longest, so that others end before them.
            let work = |job: usize| {
                (0..50 - job).for_each(|_| thread::yield_now());
                job * job
            };
            let sink = |job, square| -> Result<(), Infallible> {
                squares.push((job, square));
                Ok(())
            };
            assert_eq!(run(50, threads(count), work, sink, |_| true), Ok(true));
            assert_eq!(squares, (0..50).map(|job| (job, job * job)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_result_is_handed_over_before_the_last_job_has_begun() {
        let begun = AtomicUsize::new(0);
        let work = |_| begun.fetch_add(1, Ordering::Relaxed);
        let mut first = None;
        let sink = |_, _| {
            first.get_or_insert(begun.load(Ordering::Relaxed));
            Ok::<(), Infallible>(())
        };
        assert_eq!(run(1_000_000, threads(1), work, sink, |_| true), Ok(true));
        assert!(first < Some(1_000_000), "{first:?}");
    }

    #[test]
    fn a_no_stops_the_jobs_that_have_not_begun() {
        let begun = AtomicUsize::new(0);
        let work = |_| begun.fetch_add(1, Ordering::Relaxed);
        let sink = |_, _| Ok::<(), Infallible>(());
        assert_eq!(run(1_000_000, threads(1), work, sink, |due| due < 10), Ok(false));
        assert!(begun.into_inner() < 1_000_000);
    }

    /// The first result comes last and sets the second free: the no between them still counts.
    #[test]
    fn a_no_is_heard_between_results_that_are_all_there() {
        let second_is_done = AtomicBool::new(false);
        let work = |job| {
            while job == 0 && !second_is_done.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            second_is_done.fetch_or(job == 1, Ordering::SeqCst);
        };
        let mut seen = Vec::new();
        let sink = |job, ()| {
            seen.push(job);
            Ok::<(), Infallible>(())
        };
        assert_eq!(run(2, threads(2), work, sink, |due| due < 1), Ok(false));
        assert_eq!(seen, [0]);
    }

    #[test]
    fn nothing_is_handed_over_after_an_error() {
        let mut seen = Vec::new();
        let sink = |job, _| {
            seen.push(job);
            if job == 3 { Err("full") } else { Ok(()) }
        };
        assert_eq!(run(20, threads(2), |job| job, sink, |_| true), Err("full"));
        assert_eq!(seen, [0, 1, 2, 3]);
    }

    #[test]
    fn no_jobs_are_done_at_once() {
        assert_eq!(run(0, threads(2), |job| job, |_, _| Ok::<(), Infallible>(()), |_| true), Ok(true));
    }
}
