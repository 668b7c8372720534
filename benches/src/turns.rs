//! How a measurement takes its turn beside a peer's.
//!
//! `benches/peers/compare.py` writes the name of a case to standard input and reads one number back. A program that
//! waits uses no processor, so two of them can take turns every tenth of a second on one core: what disturbs the machine
//! disturbs both. By hand: `echo "64 tanh norm 1" | cargo run --release -p karma-benches --example mappo_update`.

use std::io::{BufRead as _, Write as _};

use crate::cpu_seconds;

/// What a measurement may fail with.
pub type Failure = Box<dyn std::error::Error>;

/// A turn is at least so long, in CPU seconds.
const TURN: f64 = 0.2;

/// CPU seconds of one call of `work`, which is called once before, to warm the caches.
///
/// # Errors
/// The first error of `work`, or that the kernel does not tell the time.
pub fn seconds_per_call(mut work: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    work()?;
    let (mut calls, start) = (0_u32, cpu_seconds()?);
    loop {
        work()?;
        calls += 1;
        let spent = cpu_seconds()? - start;
        if spent >= TURN {
            return Ok(spent / f64::from(calls));
        }
    }
}

/// Answers each line of standard input with the number that `measure` finds for its words.
///
/// # Errors
/// The first error of `measure`, or of reading and writing.
pub fn answer(mut measure: impl FnMut(&[&str]) -> Result<f64, Failure>) -> Result<(), Failure> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        writeln!(std::io::stdout(), "{}", measure(&words)?)?;
    }
    Ok(())
}
