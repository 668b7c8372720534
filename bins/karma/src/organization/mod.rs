//! Organisations: their files, what a run does with one, and the command `karma org`.

mod charter;
mod check;
pub mod cli;
mod convert;
mod error;
mod explain;
mod files;
mod observation;
mod setting;
mod show;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

pub use charter::{Charter, NONE, SOFT};
pub use error::OrganizationError;
pub use files::{BUILT_IN, Checked, OrganizationFiles, Text};

use cli::{OrgArgs, OrgCommand};

/// Runs `karma org`, and says whether all is well.
pub(crate) fn run(args: &OrgArgs) -> anyhow::Result<ExitCode> {
    let (text, well) = match &args.command {
        OrgCommand::Check(args) => check::run(args)?,
        OrgCommand::Show(args) => return put(&show::run(args)?, args.out.as_deref()),
        OrgCommand::Convert(args) => return put(&convert::run(args)?, args.out.as_deref()),
        OrgCommand::Explain(args) => (explain::run(args)?, true),
        OrgCommand::Schema { guides } => (show::schema(*guides)?, true),
    };
    put(&text, None)?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes to a file, or to the standard output.
fn put(text: &str, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    match out {
        Some(path) => {
            fs::write(path, text).with_context(|| format!("{}: cannot be written", path.display()))?;
        }
        None => std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?,
    }
    Ok(ExitCode::SUCCESS)
}
