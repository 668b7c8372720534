//! `karma policy`: what can be done with a trained team.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::attack::{self, AttackArgs};
use super::export::{self, ExportArgs, export_policy};

/// Trained policies: give them to other programs, and try how much an attacker can take from them.
#[derive(Clone, Debug, Args)]
pub struct PolicyArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// What can be done with trained policies.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyCommand {
    /// Write each agent's actor as an ONNX model.
    #[command(after_help = export::EXAMPLES)]
    Export(ExportArgs),
    /// Train an attacker against a team that stays as it is, and say how much it can take.
    #[command(after_help = attack::EXAMPLES)]
    Attack(AttackArgs),
}

/// Does what the arguments say.
pub(crate) fn run(args: &PolicyArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        PolicyCommand::Export(args) => export(args),
        PolicyCommand::Attack(args) => attack::run(args),
    }
}

fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let files = export_policy(&args.run, &args.out)?;
    let mut out = io::stdout();
    let mut line = |file: &PathBuf| writeln!(out, "{}", file.display());
    files.iter().try_for_each(&mut line).context("the result cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}
