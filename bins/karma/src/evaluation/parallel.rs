//! Independent jobs on a few threads, with word of each that ends.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Runs `work(0)` to `work(jobs - 1)` and gives the results in this order, whatever the number of threads.
///
/// `tick` is called on the calling thread with the number of finished jobs, and at least ten times a second; when it
/// says no, no further job begins and the answer is `None`.
pub(crate) fn run_all<R: Send>(
    jobs: usize,
    threads: NonZeroUsize,
    work: impl Fn(usize) -> R + Sync,
    mut tick: impl FnMut(usize) -> bool,
) -> Option<Vec<R>> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let mut results: Vec<(usize, R)> = Vec::with_capacity(jobs);
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
        loop {
            match receiver.recv_timeout(std::time::Duration::from_millis(100)) {
                Ok(result) => results.push(result),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
            if !tick(results.len()) {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    (results.len() == jobs).then(|| results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_for_any_number_of_threads() {
        for threads in 1..5 {
            let squares =
                run_all(50, NonZeroUsize::new(threads).unwrap(), |job| job * job, |_| true).unwrap();
            assert_eq!(squares, (0..50).map(|job| job * job).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_number_of_finished_jobs_is_told_and_never_falls() {
        let mut told = Vec::new();
        run_all(
            20,
            NonZeroUsize::new(3).unwrap(),
            |job| job,
            |done| {
                told.push(done);
                true
            },
        );
        assert!(told.is_sorted() && told.last() == Some(&20), "{told:?}");
    }

    #[test]
    fn a_no_stops_the_jobs_that_have_not_begun() {
        let begun = AtomicUsize::new(0);
        let work = |_| begun.fetch_add(1, Ordering::Relaxed);
        let slow = |job| {
            thread::yield_now();
            work(job)
        };
        assert_eq!(run_all(1_000_000, NonZeroUsize::MIN, slow, |done| done < 10), None);
        assert!(begun.into_inner() < 1_000_000);
    }
}
