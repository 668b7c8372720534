//! A few scoped threads for a few long jobs, whose results do not depend on how many there are.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Runs every job and gives the results in the order of the jobs, whatever the number of threads.
///
/// Idle threads take the next job, so jobs of different lengths balance out. The calling thread works too.
pub fn run_all<J: Send, R: Send>(threads: NonZeroUsize, jobs: Vec<J>, run: impl Fn(J) -> R + Sync) -> Vec<R> {
    let helpers = threads.get().min(jobs.len()).saturating_sub(1);
    let queue = Mutex::new(jobs.into_iter().enumerate());
    let work = || {
        let mut finished = Vec::new();
        loop {
            // The lock is released before the job runs.
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, job)) = next else { return finished };
            finished.push((index, run(job)));
        }
    };
    let mut results = thread::scope(|scope| {
        let handles: Vec<_> = (0..helpers).map(|_| scope.spawn(work)).collect();
        let mut results = work();
        for handle in handles {
            results.extend(handle.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs_for_any_number_of_threads() {
        for threads in 1..5 {
            let jobs: Vec<u64> = (0..40).collect();
            let squares = run_all(NonZeroUsize::new(threads).unwrap(), jobs, |job| job * job);
            assert_eq!(squares, (0..40).map(|job| job * job).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn no_job_gives_no_result() {
        assert!(run_all(NonZeroUsize::MIN, Vec::<u8>::new(), |job| job).is_empty());
    }
}
