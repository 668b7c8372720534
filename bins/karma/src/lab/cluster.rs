//! `karma-lab cluster`: the cluster on this machine.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use karma_testbed::cluster::PAUSE_IMAGE;
use karma_testbed::cluster::{self, Keeper, Layout, Phase};
use karma_testbed::deploy::DEFAULT_IMAGE;
use karma_testbed::deploy::image::{Content, Image};

use super::site::{Site, programs};
use crate::clock::Stopwatch;

const EXAMPLES: &str = "\
Examples:
  export KUBEBUILDER_ASSETS=$(karma-testbed/control-plane/build.sh)
  sudo -E karma-lab cluster up
  export KUBECONFIG=$(karma-lab cluster kubeconfig)
  kubectl get nodes
  sudo karma-lab cluster down";

/// `karma-lab cluster`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ClusterArgs {
    #[command(subcommand)]
    command: ClusterCommand,

    #[command(flatten)]
    site: Site,
}

#[derive(Clone, Debug, Subcommand)]
enum ClusterCommand {
    /// Start it and wait until it is ready for pods. Needs root.
    Up {
        /// The mock service as a static program; it becomes an image of the cluster [default: karma-service beside
        /// this program].
        #[arg(long, value_name = "FILE")]
        service: Option<PathBuf>,
    },
    /// Whether it runs, and where.
    Status,
    /// The path of its kubeconfig.
    Kubeconfig,
    /// Give it images, as `karma-lab image` writes them: OCI or Docker archives.
    Load {
        /// The archives.
        #[arg(required = true, value_name = "FILE")]
        images: Vec<PathBuf>,
    },
    /// End it and remove everything of it.
    Down,
    /// The process that owns it.
    #[command(hide = true)]
    Keep,
    /// Its first process.
    #[command(hide = true)]
    Init,
}

pub(super) fn run(args: &ClusterArgs) -> anyhow::Result<ExitCode> {
    let layout = args.site.layout();
    match &args.command {
        ClusterCommand::Up { service } => up(&args.site, &layout, service.as_deref()),
        ClusterCommand::Status => status(&layout),
        ClusterCommand::Kubeconfig => kubeconfig(&layout),
        ClusterCommand::Load { images } => load(&layout, images),
        ClusterCommand::Down => down(&layout),
        ClusterCommand::Keep => {
            cluster::keep(&layout, &programs()?, &keeper(&args.site)?)?;
            Ok(ExitCode::SUCCESS)
        }
        ClusterCommand::Init => match cluster::init(&layout, &programs()?)? {},
    }
}

/// How this program is started again.
fn keeper(site: &Site) -> anyhow::Result<Keeper> {
    let program = std::env::current_exe().context("this program does not know where it lies")?;
    let root = site.root.display().to_string();
    let arguments =
        |role: &str| ["cluster", role, "--name", &site.name, "--root", &root].map(str::to_owned).to_vec();
    Ok(Keeper { program, keep: arguments("keep"), init: arguments("init") })
}

fn up(site: &Site, layout: &Layout, service: Option<&Path>) -> anyhow::Result<ExitCode> {
    let programs = programs()?;
    let images = images(service)?;
    let watch = Stopwatch::start();
    let bar = spinner();
    let tell = |phase: Phase| bar.set_message(format!("waiting for {phase}"));
    super::block_on(cluster::up(layout, &keeper(site)?, tell))??;
    bar.set_message("importing images");
    for (name, image) in images {
        let file = layout.root().join(name);
        std::fs::write(&file, image).with_context(|| file.display().to_string())?;
        cluster::import_image(layout, &programs, &file)?;
    }
    bar.finish_and_clear();
    let kubeconfig = layout.kubeconfig();
    let seconds = watch.elapsed().as_secs_f64();
    let mut out = std::io::stdout();
    writeln!(out, "cluster {} is up ({seconds:.1} s)", layout.name())?;
    writeln!(out, "  export KUBECONFIG={}", kubeconfig.display())?;
    writeln!(out, "  kubectl get nodes")?;
    Ok(ExitCode::SUCCESS)
}

fn load(layout: &Layout, images: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let programs = programs()?;
    for image in images {
        cluster::import_image(layout, &programs, image)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::default_spinner());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// The service's image, and the same program as the one that holds a pod's namespaces.
fn images(service: Option<&Path>) -> anyhow::Result<[(&'static str, Vec<u8>); 2]> {
    let binary = super::site::service_binary(service)?;
    let archive = |reference: &str, arguments: &[&str]| -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Image::of(&Content::SERVICE, &binary, reference, &arguments)?.write(&mut bytes)?;
        Ok(bytes)
    };
    Ok([
        ("pause.tar", archive(PAUSE_IMAGE, &["pause"])?),
        ("karma-service.tar", archive(DEFAULT_IMAGE, &[])?),
    ])
}

fn status(layout: &Layout) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    let Some(state) = cluster::status(layout) else {
        writeln!(out, "cluster {} is not up", layout.name())?;
        return Ok(ExitCode::FAILURE);
    };
    writeln!(out, "cluster {} is up", layout.name())?;
    writeln!(out, "  keeper      process {}", state.keeper)?;
    writeln!(out, "  API server  https://127.0.0.1:{}", state.port)?;
    writeln!(out, "  kubeconfig  {}", layout.kubeconfig().display())?;
    writeln!(out, "  logs        {}", layout.logs().display())?;
    Ok(ExitCode::SUCCESS)
}

fn kubeconfig(layout: &Layout) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        cluster::status(layout).is_some(),
        "there is no cluster {}; `karma-lab cluster up` starts one",
        layout.name()
    );
    writeln!(std::io::stdout(), "{}", layout.kubeconfig().display())?;
    Ok(ExitCode::SUCCESS)
}

fn down(layout: &Layout) -> anyhow::Result<ExitCode> {
    let there = super::block_on(cluster::down(layout))??;
    let said = if there { "is down" } else { "was not up" };
    writeln!(std::io::stdout(), "cluster {} {said}; nothing of it is left", layout.name())?;
    Ok(ExitCode::SUCCESS)
}
