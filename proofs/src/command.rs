//! What `karma-proofs` does.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to people")]

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser as _;
use karma_shield::Property;

use crate::cli::{Args, Command};
use crate::report::Report;
use crate::{checker, game, sequences, smt};

/// How long the solver may think about one obligation.
const PATIENCE: Duration = Duration::from_mins(2);

/// Everything at once: what a sequence or a case may find broken.
const ALL: [&str; 11] = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11"];

/// Runs the command line.
pub fn command(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let done = match &args.command {
        Some(Command::Check { file }) => check(file),
        Some(Command::Replay { sequence }) => {
            replay(*sequence);
            Ok(())
        }
        None => prove(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(1)
        }
    }
}

fn check(file: &Path) -> Result<(), String> {
    let bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let checked = checker::check(&bytes).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("{} winning and {} losing states: every claim holds", checked.winning, checked.losing);
    Ok(())
}

fn replay(sequence: u64) {
    let mut text = String::new();
    let _ = sequences::replay(sequence, &mut text);
    print!("{text}");
}

fn prove(args: &Args) -> Result<(), String> {
    let mut report = Report::default();
    solve(args, &mut report);
    agree(args, &mut report);
    if args.wants("P10") {
        play(args, &mut report)?;
    }
    if args.wants("P4") || args.wants("P10") {
        report.prove("P4, P10", "two services under one budget, every state and proposal", || {
            game::together()
                .map(|pair| format!("{} pairs of states, {} questions", pair.states, pair.questions))
        });
    }
    attack(args, &mut report);
    println!("{report}");
    if report.holds() { Ok(()) } else { Err("not every property holds".to_owned()) }
}

/// The SMT solver, property by property.
fn solve(args: &Args, report: &mut Report) {
    for obligation in smt::obligations().iter().filter(|obligation| args.wants(obligation.property)) {
        let proof = format!("z3, unbounded integers: {}", obligation.claim);
        report.prove(obligation.property, &proof, || {
            smt::prove(obligation, &args.z3, PATIENCE).map(|proved| {
                format!("{} claims unsat, {} assumptions sat", proved.claims, proved.assumptions)
            })
        });
    }
}

/// What z3 proves of the model holds of the code as far as the two agree.
fn agree(args: &Args, report: &mut Report) {
    let cases = args.agreement();
    report.prove(
        args.only.as_deref().unwrap_or("all"),
        "the model is the code, on random and extreme cases",
        || smt::agree(args.seed, cases, args.threads()).map(|cases| format!("{cases} cases, no difference")),
    );
}

/// The safety game, its certificate, and the kernel in it.
fn play(args: &Args, report: &mut Report) -> Result<(), String> {
    let solved = game::play(if args.quick { game::Model::MEDIUM } else { game::Model::LARGE });
    let certificate = game::certificate(&solved);
    if let Some(file) = &args.certificate {
        fs::write(file, &certificate).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let (states, winning, rounds) = (solved.states, solved.winning, solved.rounds);
    report.prove("P10", "safety game: the kernel never leaves the maximal invariant set", || {
        game::kernel_stays(&solved).map(|stay| {
            let passed = 100.0 * stay.passed as f64 / stay.winning.max(1) as f64;
            format!(
                "{winning} of {states} states win ({rounds} rounds), {} questions; {passed:.1} % of the winning \
                 proposals pass",
                stay.questions
            )
        })
    });
    report.prove("P10", "its certificate, by the independent checker", || {
        checker::check(&certificate).map(|checked| {
            format!("{} winning, {} losing, every claim holds", checked.winning, checked.losing)
        })
    });
    Ok(())
}

/// Adversarial sequences, which watch all properties at once.
fn attack(args: &Args, report: &mut Report) {
    let (sequences, done) = (args.sequences(), AtomicU64::new(0));
    let progress = |played: u64| {
        let (before, part) = (done.fetch_add(played, Ordering::Relaxed), sequences.div_ceil(10).max(1));
        if before / part != (before + played) / part {
            eprintln!("  {} of {sequences} sequences", before + played);
        }
    };
    let asked: Vec<&str> = args.only.as_deref().map_or(ALL.to_vec(), |only| vec![only]);
    report.prove_for(&asked, "adversarial sequences under an independent monitor", || {
        let run = sequences::run(&sequences::Real, (args.seed, sequences), args.threads(), &progress);
        run.map(|summary| {
            let stakes: Vec<String> = Property::ALL
                .into_iter()
                .zip(summary.stakes)
                .filter(|(_, stake)| *stake > 0)
                .map(|(property, stake)| format!("P{} {}", property.number(), thousands(stake)))
                .collect();
            format!(
                "{} sequences, {} decisions; at stake: {}",
                thousands(summary.sequences),
                thousands(summary.decisions),
                stakes.join(", ")
            )
        })
        .map_err(|violation| (format!("P{}", violation.broken.property.number()), violation.to_string()))
    });
}

/// `12 345 678`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!([1, 12_345, 10_000_000].map(thousands), ["1", "12 345", "10 000 000"]);
    }
}
