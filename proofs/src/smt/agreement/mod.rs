//! Does the Rust kernel do what the model says? The very text that z3 reads is computed beside it.
//!
//! A *job* is a number. It draws limits and plays [`DECISIONS`] decisions for one service, for two and for five, each
//! with a memory that the decisions before it have made; a *case* is one service at one decision. What the model must be
//! told of the past (the extremes of windows, young turns) is computed from the whole history, by definition. Histories
//! are so short that the kernel's windows are exact as well.

mod draw;
mod model;
mod past;
mod play;
mod seen;
#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::program::Program;
use super::{MODEL, POST, SERVICE};

/// Decisions of one game. A window holds sixteen entries exactly: one of waking up and two of each decision but the last.
const DECISIONS: u64 = 8;
/// Services of the games of one job.
const GAMES: [usize; 3] = [1, 2, 5];
/// Cases of one job.
const CASES: u64 = (1 + 2 + 5) * DECISIONS;

/// A case in which kernel and model differ, or one of them breaks a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The job that found it.
    pub job: u64,
    /// What differs: a value, or what was to hold.
    pub what: String,
    /// What the kernel says.
    pub kernel: String,
    /// What the model says.
    pub model: String,
    /// All that went in.
    pub inputs: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job, what, kernel, model, inputs } = self;
        write!(f, "{what}: the kernel says {kernel}, the model {model} (job {job})\n{inputs}")
    }
}

impl std::error::Error for Disagreement {}

/// Compares kernel and model on at least `cases` cases of a seed, and says on how many. The outcome does not depend on the
/// number of threads.
///
/// # Errors
/// The first case in which they differ.
pub fn agree(seed: u64, cases: u64, threads: usize) -> Result<u64, Box<Disagreement>> {
    agree_with(&[MODEL, SERVICE, POST], seed, cases, threads)
}

/// The same with another text of the model.
fn agree_with(
    model: &[(&'static str, &str)],
    seed: u64,
    cases: u64,
    threads: usize,
) -> Result<u64, Box<Disagreement>> {
    let program = Program::compile(model).map_err(|error| unusable(&error))?;
    let jobs = cases.div_ceil(CASES);
    // No job beyond the first that disagrees matters.
    let end = AtomicU64::new(jobs);
    let (step, program) = (threads.max(1) as u64, &program);
    let work = |first: u64| {
        let mut job = first;
        while job < end.load(Ordering::Relaxed) {
            let games = GAMES.iter().try_for_each(|services| play::game(program, (seed, job), *services));
            if let Err(found) = games {
                end.fetch_min(job, Ordering::Relaxed);
                return Some(found);
            }
            job += step;
        }
        None
    };
    let work = &work;
    let found = thread::scope(|scope| {
        let threads: Vec<_> = (0..step).map(|first| scope.spawn(move || work(first))).collect();
        let found =
            threads.into_iter().filter_map(|thread| thread.join().unwrap_or_else(|why| resume_unwind(why)));
        found.min_by_key(|found| found.job)
    });
    found.map_or(Ok(jobs * CASES), Err)
}

/// Something that is no difference between the two but keeps them from being compared.
fn unusable(why: &dyn fmt::Display) -> Disagreement {
    let none = || "nothing".to_owned();
    Disagreement { job: 0, what: why.to_string(), kernel: none(), model: none(), inputs: String::new() }
}
