//! `karma-transfer collect`: the live half of phase 1. What a cluster shows becomes traces, as those of the simulated cluster are,
//! and a twin is fitted on them (`karma-model fit`).
//!
//! From a cluster that anybody scales, look by look; or from decision logs of a controller, which hold every snapshot that it
//! decided from.

mod cluster;
mod held;
mod log;
mod looks;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use karma_core::{Id as _, Metric, Seconds, Topology};
use karma_k8s::observe::{Collector, Observed, Preset};
use karma_k8s::resource::{MetricsSpec, PrometheusSpec};
use karma_twin::trace::TraceWindow;

use super::cluster::{ClusterArgs, block_on};
use super::error::TransferError;
use super::{play, print, resource};
use crate::config::Budget;
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::model::{is_database, kept_topology, topology};
use crate::progress::Progress as _;
use crate::terminal::Terminal;

pub(super) use held::{new_windows, open};
pub(super) use log::read_all;

use cluster::{Seen, Watch};

/// Between two looks, unless said otherwise: the agents' default.
const EVERY: Seconds = Seconds(15.0);
/// Longest window, unless said otherwise: an episode of the simulated cluster.
pub(super) const WINDOW: u16 = 40;
/// What was going on, unless said otherwise.
const LIVE: &str = "live";

/// `karma-transfer collect`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CollectArgs {
    /// The database: a name with the ending .db; one that is there goes on.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Take what a controller decided from, out of its decision log, instead of looking at a cluster; repeat for several.
    #[arg(long = "log", value_name = "FILE")]
    logs: Vec<PathBuf>,

    /// A policy that knows the services and the time between two decisions: a file of karma-transfer package, or a run.
    #[arg(long, value_name = "FILE|RUN", conflicts_with = "topology")]
    policy: Option<PathBuf>,

    /// The services, where there is no policy yet: a topology's name, or a topology.json [default: that of the database].
    #[arg(long, value_name = "NAME|FILE")]
    topology: Option<String>,

    /// Seconds between two looks, 1 to 3600 [default: as the policy decides, or 15].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=3600))]
    every: Option<u16>,

    /// How long to look, such as 30m [default: until Ctrl-C].
    #[arg(long = "for", value_name = "TIME", conflicts_with = "logs", value_parser = time)]
    time: Option<Duration>,

    /// Longest window, in transitions. A twin holds back every fifth window and forecasts as far as they reach; a team that is
    /// trained in it plays episodes of this length.
    #[arg(long, value_name = "N", default_value_t = WINDOW, value_parser = clap::value_parser!(u16).range(2..))]
    window: u16,

    /// What is going on meanwhile; karma-model inspect counts by it, for each object of a log [default: live, or the object].
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,

    /// Namespace of the Deployments [default: the one of the kubeconfig].
    #[arg(short, long, value_name = "NAME", conflicts_with = "logs")]
    namespace: Option<String>,

    /// A KarmaAutoscaler in YAML whose spec.metrics says where samples are [default: metrics-server alone].
    #[arg(long, value_name = "FILE", conflicts_with = "logs")]
    spec: Option<PathBuf>,

    /// A Prometheus, or anything with its API.
    #[arg(long, value_name = "URL", conflicts_with_all = ["logs", "spec"])]
    prometheus: Option<String>,

    /// Whose series it has; repeat for several.
    #[arg(long = "preset", value_name = "NAME", requires = "prometheus", value_parser = preset_names().try_map(preset))]
    presets: Vec<Preset>,

    /// Look once, or read the logs, and say what would be kept.
    #[arg(long)]
    dry_run: bool,

    /// No progress.
    #[arg(long)]
    quiet: bool,

    #[command(flatten)]
    cluster: ClusterArgs,
}

fn preset_names() -> PossibleValuesParser {
    PossibleValuesParser::new(Preset::ALL.map(Preset::name))
}

fn preset(name: String) -> Result<Preset, String> {
    Preset::ALL.into_iter().find(|preset| preset.name() == name).ok_or(name)
}

/// A time as it is written in flags.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(Budget::Time(time)) => Ok(time),
        _ => Err("allowed: a time such as 90s, 30m or 8h".to_owned()),
    }
}

/// Of which services traces are kept, and how often one looks.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) topology: Arc<Topology>,
    pub(super) period: Seconds,
    /// Most transitions of a window.
    pub(super) window: usize,
}

/// Keeps traces.
pub(super) fn run(args: &CollectArgs) -> anyhow::Result<ExitCode> {
    if !is_database(&args.out) {
        return Err(TransferError::NoDatabase { path: args.out.clone() }.into());
    }
    let frame = frame(args)?;
    if args.logs.is_empty() { look(args, &frame) } else { print(&of_logs(args, &frame)?) }
}

fn frame(args: &CollectArgs) -> anyhow::Result<Frame> {
    let every = args.every.map(|seconds| Seconds(f64::from(seconds)));
    let window = usize::from(args.window);
    if let Some(path) = &args.policy {
        let (_, policy) = play::load_policy(path)?;
        return Ok(Frame { topology: policy.topology, period: every.unwrap_or(policy.period), window });
    }
    let named = args.topology.as_deref().map(topology).transpose()?;
    let kept = if args.out.exists() { kept_topology(&args.out)? } else { None };
    let topology = named.or(kept).ok_or(TransferError::NoTopology)?;
    Ok(Frame { topology, period: every.unwrap_or(EVERY), window })
}

/// Keeps what logs hold.
fn of_logs(args: &CollectArgs, frame: &Frame) -> anyhow::Result<String> {
    let (windows, foreign) = read_all(&args.logs, frame, args.scenario.as_deref())?;
    let new = if args.dry_run && !args.out.exists() {
        windows
    } else {
        let mut store = open(&args.out, &frame.topology)?;
        let new = new_windows(&store, windows)?;
        let kept = if args.dry_run { &[] } else { new.as_slice() };
        kept.iter().try_for_each(|window| store.append_window(window).map(drop))?;
        new
    };
    let transitions: usize = new.iter().map(TraceWindow::transitions).sum();
    let would = if args.dry_run { "would be added" } else { "were added" };
    let foreign = match foreign {
        0 => String::new(),
        count => format!("; {count} decisions on other services were left out"),
    };
    Ok(format!(
        "{}: {transitions} transitions in {} windows {would}{foreign}\n",
        args.out.display(),
        new.len()
    ))
}

/// Looks at a cluster until the time is over; once only for a dry run.
fn look(args: &CollectArgs, frame: &Frame) -> anyhow::Result<ExitCode> {
    let metrics = metrics(args)?;
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let mut terminal = Terminal::new(args.quiet, interrupt.clone());
    let text = block_on(async {
        let collector = collector(args, frame, &metrics).await?;
        if args.dry_run {
            return Ok(once(&collector.collect(crate::clock::unix_seconds(), frame.period).await?, frame));
        }
        let mut store = open(&args.out, &frame.topology)?;
        let mut tell = |seen: Seen<'_>| match seen {
            Seen::Look(observed, transitions) => terminal.looked(&in_words(observed, transitions)),
            Seen::Blind(why) => terminal.note(why),
        };
        let watch =
            Watch::new(collector, (frame.period, frame.window), (args.time, interrupt.clone()), &mut tell);
        let kept = watch.keep(&mut store, args.scenario.as_deref().unwrap_or(LIVE)).await?;
        Ok(format!("{}: {kept} transitions were added\n", args.out.display()))
    });
    terminal.finish();
    let code = print(&text?)?;
    // Without an end of its own, Ctrl-C is the end.
    let broken_off = interrupt.seen() && args.time.is_some();
    Ok(if broken_off { ExitCode::from(EXIT_CODE) } else { code })
}

async fn collector(args: &CollectArgs, frame: &Frame, metrics: &MetricsSpec) -> anyhow::Result<Collector> {
    let client = args.cluster.client().await?;
    let namespace = args.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
    let prometheus = metrics.prometheus()?.map(|params| params.connect()).transpose()?;
    let queries = metrics.queries()?;
    Ok(Collector::new(client, prometheus, Arc::clone(&frame.topology), &namespace, queries)?)
}

/// Where samples are.
fn metrics(args: &CollectArgs) -> Result<MetricsSpec, TransferError> {
    if let Some(path) = &args.spec {
        return Ok(resource::read(path)?.metrics);
    }
    let prometheus = args.prometheus.clone().map(|url| PrometheusSpec {
        url,
        timeout_seconds: None,
        token_file: None,
        ca_file: None,
    });
    Ok(MetricsSpec { prometheus, presets: args.presets.clone(), ..MetricsSpec::default() })
}

fn in_words(observed: &Observed, transitions: u64) -> String {
    let (missing, failed) = (observed.missing.len(), observed.failed.len());
    let gaps = match (missing, failed) {
        (0, 0) => String::new(),
        (missing, 0) => format!("; {missing} samples missing"),
        (missing, failed) => format!("; {missing} samples missing, {failed} questions failed"),
    };
    format!("{transitions} transitions{gaps}")
}

/// What one look shows, for a dry run.
fn once(observed: &Observed, frame: &Frame) -> String {
    let mut text = String::from("nothing is kept; this is what there is:\n");
    for (service, seen) in frame.topology.services.iter().zip(observed.snapshot.services.iter()) {
        let sampled = Metric::ALL.iter().filter(|metric| seen.metrics.get(**metric).is_some()).count();
        let (name, pods) = (&service.name, seen.pods.len());
        let _ = writeln!(text, "  {name}: {} replicas, {pods} pods, {sampled} metrics", seen.desired.0);
    }
    let names: Vec<&str> = frame.topology.services.iter().map(|service| service.name.as_str()).collect();
    for missing in &observed.missing {
        let name = names.get(missing.service.index()).copied().unwrap_or_default();
        let _ = writeln!(text, "  missing: {} of {name}: {}", missing.metric.name(), missing.gap);
    }
    for failed in &observed.failed {
        let _ = writeln!(text, "  failed: {failed}");
    }
    text
}
