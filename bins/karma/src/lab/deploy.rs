//! `karma-lab up`, `status`, `down`, `manifests` and `image`.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use karma_core::{Millicores, Topology};
use karma_testbed::deploy::image::{Content, Image};
use karma_testbed::deploy::live::{self, Down, Patience, Row};
use karma_testbed::deploy::{CONTROLLER_IMAGE, Capacity, DEFAULT_IMAGE, DeployParams, HpaParams, Plan};
use karma_testbed::{fitting_factor, shrunk};
use kube::Client;

use super::site::{self, Reach};
use crate::run_dir::atomic;
use crate::topology_json;

/// What is deployed, and how.
#[derive(Clone, Debug, Args)]
pub(crate) struct Wish {
    /// A topology's name, or a topology.json.
    #[arg(value_name = "NAME|FILE", default_value = "chain4")]
    topology: String,

    /// Image of the mock services.
    #[arg(long, value_name = "IMAGE", default_value = DEFAULT_IMAGE)]
    image: String,

    /// A `HorizontalPodAutoscaler` for each service, at this CPU in percent of the request.
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, default_missing_value = "50")]
    hpa: Option<u32>,

    /// Tell Prometheus' operator of the services.
    #[arg(long)]
    service_monitors: bool,

    /// CPU of every pod as a multiple of the topology's, so that it fits a smaller machine; what a pod completes
    /// shrinks with it [default: what lets the initial replicas fit into half of the cluster, at most 1].
    #[arg(long, value_name = "FACTOR", value_parser = factor)]
    shrink: Option<f64>,
}

impl Wish {
    /// The topology as it was named.
    pub(super) fn topology(&self) -> &str {
        &self.topology
    }

    pub(super) fn params(&self, namespace: &str) -> DeployParams {
        DeployParams {
            namespace: namespace.to_owned(),
            image: self.image.clone(),
            hpa: self.hpa.map(|target| HpaParams { target_utilization: target, ..HpaParams::default() }),
            service_monitors: self.service_monitors,
            ..DeployParams::default()
        }
    }

    /// The topology at its size, and the factor.
    pub(super) fn sized(&self, capacity: Option<&Capacity>) -> anyhow::Result<(Topology, f64)> {
        let topology = site::topology(&self.topology)?;
        let free = capacity.map(|capacity| Millicores(u32::try_from(capacity.total().0).unwrap_or(u32::MAX)));
        let fitting = free.map_or(1.0, |free| fitting_factor(&topology, free));
        let factor = self.shrink.unwrap_or(fitting);
        Ok(if factor == 1.0 { (topology, factor) } else { (shrunk(&topology, factor), factor) })
    }
}

fn factor(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "a number above 0, up to 1 is needed".to_owned())?;
    if value > 0.0 && value <= 1.0 { Ok(value) } else { Err("it must be above 0 and at most 1".to_owned()) }
}

/// `karma-lab up`.
#[derive(Clone, Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    wish: Wish,

    #[command(flatten)]
    reach: Reach,

    /// Seconds to wait until all pods are ready.
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    wait: u64,

    /// Write the topology as it is deployed, at its size here: what karma-train --topology is to be trained on.
    #[arg(long, value_name = "FILE")]
    topology_out: Option<PathBuf>,
}

/// `karma-lab status`.
#[derive(Clone, Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    reach: Reach,
}

/// `karma-lab down`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DownArgs {
    #[command(flatten)]
    reach: Reach,
}

/// `karma-lab manifests`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ManifestArgs {
    #[command(flatten)]
    wish: Wish,

    /// Namespace of the services.
    #[arg(long, value_name = "NAME", default_value = "karma")]
    namespace: String,

    /// Folder of the Kustomize base.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// `karma-lab image`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ImageArgs {
    /// The mock service as a static program [default: karma-service beside this program].
    #[arg(long, value_name = "FILE", conflicts_with = "controller")]
    service: Option<PathBuf>,

    /// The controller's image instead, of this static karma-transfer.
    #[arg(long, value_name = "FILE")]
    controller: Option<PathBuf>,

    /// Name of the image [default: karma.dev/, the program and this version].
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,

    /// The archive, for `ctr images import`, `kind load image-archive` or `docker load` [default: the program and .tar].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn up(args: &UpArgs) -> anyhow::Result<ExitCode> {
    super::block_on(async {
        let client = args.reach.client().await?;
        let capacity = live::capacity(&client, &args.reach.namespace).await?;
        let (topology, factor) = args.wish.sized(capacity.as_ref())?;
        if let Some(path) = &args.topology_out {
            let text = topology_json::write(&topology);
            atomic::write(path, text.as_bytes()).with_context(|| path.display().to_string())?;
        }
        let patience = Patience { deadline: Duration::from_secs(args.wait), ..Patience::default() };
        let bar = super::cluster::spinner();
        let tell = |progress: live::Progress| bar.set_message(progress.to_string());
        let params = args.wish.params(&args.reach.namespace);
        let up = live::up(&client, &topology, &params, patience, tell).await?;
        bar.finish_and_clear();
        let mut out = std::io::stdout();
        writeln!(
            out,
            "{} is up in namespace {}: {} pods ready",
            args.wish.topology, args.reach.namespace, up.pods
        )?;
        if factor < 1.0 {
            writeln!(
                out,
                "  at {factor:.3} of its CPU; its nominal load is {:.1}/s here",
                topology.nominal_rate().0
            )?;
        }
        Ok(ExitCode::SUCCESS)
    })?
}

pub(super) fn status(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    super::block_on(async {
        let rows = live::status(&args.reach.client().await?, &args.reach.namespace).await?;
        let mut out = std::io::stdout();
        if rows.is_empty() {
            writeln!(
                out,
                "nothing runs in namespace {}; `karma-lab up` deploys something",
                args.reach.namespace
            )?;
            return Ok(ExitCode::FAILURE);
        }
        writeln!(out, "{}", table(&rows))?;
        Ok(ExitCode::SUCCESS)
    })?
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header([
        "service",
        "ready",
        "restarts",
        "CPU",
        "memory",
        "autoscaler",
    ]);
    for row in rows {
        let usage = |show: fn(live::Usage) -> String| row.usage.map_or_else(|| "-".to_owned(), show);
        let autoscaler = row.autoscaler.map_or_else(
            || "-".to_owned(),
            |(current, target)| {
                let current = current.map_or_else(|| "?".to_owned(), |current| current.to_string());
                format!("{current} % of {target} %")
            },
        );
        table.add_row([
            row.service.clone(),
            format!("{}/{}", row.ready.0, row.desired.0),
            row.restarts.to_string(),
            usage(|usage| format!("{} m", usage.cpu.0)),
            usage(|usage| format!("{} Mi", usage.memory.0)),
            autoscaler,
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

pub(super) fn down(args: &DownArgs) -> anyhow::Result<ExitCode> {
    super::block_on(async {
        let client: Client = args.reach.client().await?;
        let namespace = &args.reach.namespace;
        let said = match live::down(&client, namespace, Patience::default()).await? {
            Down::Nothing => format!("nothing was in namespace {namespace}"),
            Down::Gone => format!("namespace {namespace} and all in it is gone"),
            Down::NamespaceKept(foreign) => {
                format!("what karma-lab made is gone; namespace {namespace} stays for {}", foreign.join(", "))
            }
        };
        writeln!(std::io::stdout(), "{said}")?;
        Ok(ExitCode::SUCCESS)
    })?
}

pub(super) fn manifests(args: &ManifestArgs) -> anyhow::Result<ExitCode> {
    let (topology, _) = args.wish.sized(None)?;
    let plan = Plan::of(&topology, &args.wish.params(&args.namespace), None)?;
    let files = karma_testbed::deploy::manifests(&plan)?;
    for (path, text) in &files {
        let path = args.out.join(path);
        let folder = path.parent().unwrap_or(&args.out);
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    let mut out = std::io::stdout();
    writeln!(out, "{} files in {}; kubectl apply --kustomize {0:?}", files.len(), args.out.display())?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn image(args: &ImageArgs) -> anyhow::Result<ExitCode> {
    let (content, program, usual) = match &args.controller {
        Some(file) => {
            let program = fs::read(file).with_context(|| file.display().to_string())?;
            (Content::CONTROLLER, program, CONTROLLER_IMAGE)
        }
        None => (Content::SERVICE, site::service_binary(args.service.as_deref())?, DEFAULT_IMAGE),
    };
    let name = args.image.as_deref().unwrap_or(usual);
    let image = Image::of(&content, &program, name, &[])?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.tar", content.name)));
    let file = fs::File::create(&out).with_context(|| out.display().to_string())?;
    image.write(file)?;
    writeln!(std::io::stdout(), "{name} in {} ({})", out.display(), image.manifest_digest())?;
    Ok(ExitCode::SUCCESS)
}
