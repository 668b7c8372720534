//! `karma-lab scenario`: an episode of a scenario on the real cluster.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use karma_core::SeedTree;
use karma_mock::load::{LoadPlan, LoadReport, TargetParams};
use karma_mock::{Scenario, Split, Timeline, Workload};
use karma_testbed::chaos::{self, Played};
use karma_testbed::deploy::live;
use karma_testbed::trials;
use serde::Serialize;

use super::deploy::Wish;
use super::load::Meter;
use super::site::Reach;
use crate::interrupt::EXIT_CODE;
use crate::run_dir::atomic;

/// `karma-lab scenario`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ScenarioArgs {
    /// The scenario, such as ddos:4, failures, cascade.
    #[arg(value_name = "SCENARIO")]
    scenario: String,

    /// What `karma-lab up` has deployed, with the same words.
    #[command(flatten)]
    wish: Wish,

    #[command(flatten)]
    reach: Reach,

    /// The legitimate load, by name.
    #[arg(long, value_name = "NAME", default_value = "constant")]
    workload: String,

    /// Number of the episode.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Write what was done and what was measured as JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// No progress.
    #[arg(long)]
    quiet: bool,
}

/// An episode on a real cluster.
#[derive(Debug, Serialize)]
struct Episode<'a> {
    scenario: &'a str,
    seed: u64,
    timeline: &'a Timeline,
    done: &'a [Done],
    load: &'a LoadReport,
}

/// Something that was done.
#[derive(Debug, Serialize)]
struct Done {
    at: f64,
    what: String,
    pods: Vec<String>,
}

pub(super) fn run(args: &ScenarioArgs) -> anyhow::Result<ExitCode> {
    super::block_on(async {
        let client = args.reach.client().await?;
        let capacity = live::capacity(&client, &args.reach.namespace).await?;
        let (topology, _) = args.wish.sized(capacity.as_ref())?;
        let workload = Workload::by_name(&args.workload)?;
        let timeline =
            Scenario::by_name(&args.scenario)?.draw(&topology, &workload, Split::Evaluation, args.seed);
        anyhow::ensure!(
            topology.entry_points.len() == 1,
            "{} has {} entry points; a scenario is played on the real cluster at one only, so its load would be left out elsewhere",
            args.wish.topology(),
            topology.entry_points.len()
        );
        let (entry, point) = topology.entries().next().context("the topology has no entry point")?;
        let service = &topology.services[point.service].name;
        let url = trials::service_url(&client, &args.reach.namespace, service).await?;
        let plan = LoadPlan::of(&timeline, entry)?.seeded(args.seed).warmed_up(timeline.warm_up);
        let target = TargetParams { timeout: topology.timeout.0, ..TargetParams::of(url) };
        let mut meter = Meter::new(args.quiet);
        let load = trials::send(args.reach.site.layout(), plan, target, move |progress| meter.show(progress));
        let params = args.wish.params(&args.reach.namespace);
        let (place, seeds) = ((params.namespace.as_str(), params.image.as_str()), SeedTree::new(args.seed));
        let mut done = Vec::new();
        let chaos = chaos::play(&client, place, (&topology, &timeline), seeds, |played| {
            done.push(told(played, args));
        });
        let ended = tokio::select! {
            ended = async { tokio::join!(load, chaos) } => Some(ended),
            _ = tokio::signal::ctrl_c() => None,
        };
        let Some((load, played)) = ended else {
            chaos::clear(&client, &args.reach.namespace).await?;
            return Ok(ExitCode::from(EXIT_CODE));
        };
        let load = load?;
        played?;
        write!(std::io::stdout(), "{load}")?;
        let (scenario, seed) = (args.scenario.as_str(), args.seed);
        let episode = Episode { scenario, seed, timeline: &timeline, done: &done, load: &load };
        if let Some(path) = &args.out {
            let text = serde_json::to_string(&episode)? + "\n";
            atomic::write(path, text.as_bytes()).with_context(|| path.display().to_string())?;
        }
        Ok(ExitCode::SUCCESS)
    })?
}

fn told(played: Played, args: &ScenarioArgs) -> Done {
    let Played { at, what, pods } = played;
    let pods: Vec<String> = pods.into_iter().map(|struck| struck.pod).collect();
    if !args.quiet {
        let whom = if pods.is_empty() { String::new() } else { format!(": {}", pods.join(", ")) };
        let _ = writeln!(std::io::stderr(), "{at:6.1} s  {what}{whom}");
    }
    Done { at, what, pods }
}
