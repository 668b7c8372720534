//! Runs the proofs of the safety kernel again.

use std::process::ExitCode;

fn main() -> ExitCode {
    karma_proofs::command(std::env::args_os())
}
