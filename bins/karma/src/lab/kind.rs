//! `karma-lab kind`: a cluster of Kind with the mock service's image, where Docker or Podman is at hand.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use karma_testbed::deploy::image::{Content, Image};
use karma_testbed::deploy::{self, DEFAULT_IMAGE, Kind, KindParams};

use super::site;

/// `karma-lab kind`.
#[derive(Clone, Debug, Args)]
pub(crate) struct KindArgs {
    #[command(subcommand)]
    command: KindCommand,

    /// Name of the cluster.
    #[arg(long, value_name = "NAME", default_value = "karma", global = true)]
    name: String,

    /// Nodes for pods besides the control plane.
    #[arg(long, value_name = "N", default_value_t = 1, global = true)]
    workers: u32,
}

#[derive(Clone, Debug, Subcommand)]
enum KindCommand {
    /// Make it, and load the mock service's image onto its nodes.
    Up {
        /// The mock service as a static program [default: karma-service beside this program].
        #[arg(long, value_name = "FILE")]
        service: Option<PathBuf>,
    },
    /// Remove it.
    Down,
}

pub(super) fn run(args: &KindArgs) -> anyhow::Result<ExitCode> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let params = KindParams { name: args.name.clone(), workers: args.workers };
    let kind = Kind::find(params, &path.to_string_lossy())?;
    let mut out = std::io::stdout();
    match &args.command {
        KindCommand::Up { service } => {
            let program = site::service_binary(service.as_deref())?;
            let image = Image::of(&Content::SERVICE, &program, DEFAULT_IMAGE, &[])?;
            let archive = std::env::temp_dir().join(format!("karma-service-{}.tar", std::process::id()));
            let file = std::fs::File::create(&archive).with_context(|| archive.display().to_string())?;
            image.write(file)?;
            let bar = super::cluster::spinner();
            let commands = [kind.create(), kind.load(&archive)];
            let done =
                super::block_on(deploy::run_all(&commands, |command| bar.set_message(command.to_string())))?;
            bar.finish_and_clear();
            let _ = std::fs::remove_file(&archive);
            done?;
            writeln!(out, "cluster {} is up; its context is {}", args.name, kind.context())?;
        }
        KindCommand::Down => {
            super::block_on(deploy::run(&kind.delete()))??;
            writeln!(out, "cluster {} is gone", args.name)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
