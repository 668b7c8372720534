//! The command line of `karma-proofs`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  karma-proofs
      Everything: SMT, agreement of model and code, safety games, certificates, ten million sequences.
  karma-proofs --quick
      The same with fewer cases, in a minute or two.
  karma-proofs --only P4
      What concerns the budget alone.
  karma-proofs --certificate game.cert
      Keep the certificate of the safety game.
  karma-proofs check game.cert
      Verify a certificate, with the checker alone.
  karma-proofs replay 123456
      Show one sequence step by step.

Exit codes: 0 everything holds, 1 something does not, 2 wrong usage.";

/// Runs the proofs of the safety kernel and prints property, proof, verdict and time.
#[derive(Clone, Debug, Parser)]
#[command(name = "karma-proofs", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Something else than all proofs.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Fewer cases: a minute or two.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Only what concerns one property, P1 to P11.
    #[arg(long, value_name = "PROPERTY", value_parser = property)]
    pub(crate) only: Option<String>,

    /// Adversarial sequences to play [default: 10 000 000; with --quick 200 000].
    #[arg(long, value_name = "N")]
    pub(crate) sequences: Option<u64>,

    /// Cases on which model and code are compared [default: 5 000 000; with --quick 200 000].
    #[arg(long, value_name = "N")]
    pub(crate) agreement: Option<u64>,

    /// The first sequence and the seed of the cases.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Threads [default: all cores]; no result depends on it.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,

    /// The SMT solver.
    #[arg(long, value_name = "FILE", default_value = "z3")]
    pub(crate) z3: PathBuf,

    /// Write the certificate of the safety game to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
}

/// What else can be done.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify the certificate of a safety game.
    Check {
        /// A file of --certificate.
        file: PathBuf,
    },
    /// Show one adversarial sequence step by step.
    Replay {
        /// Its number.
        sequence: u64,
    },
}

fn property(text: &str) -> Result<String, String> {
    let known = (1..=11).map(|number| format!("P{number}"));
    known
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(text))
        .ok_or_else(|| "allowed: P1 to P11".to_owned())
}

impl Args {
    /// Sequences to play.
    pub(crate) fn sequences(&self) -> u64 {
        self.sequences.unwrap_or(if self.quick { 200_000 } else { 10_000_000 })
    }

    /// Cases on which model and code are compared.
    pub(crate) fn agreement(&self) -> u64 {
        self.agreement.unwrap_or(if self.quick { 200_000 } else { 5_000_000 })
    }

    /// Whether a property is asked for.
    pub(crate) fn wants(&self, property: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == property)
    }

    /// Threads to use.
    pub(crate) fn threads(&self) -> usize {
        let given = self.threads.or_else(|| std::thread::available_parallelism().ok());
        given.map_or(1, std::num::NonZeroUsize::get)
    }
}
