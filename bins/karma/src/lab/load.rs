//! `karma-lab load`: open-loop load on an entry point, as a plan, a workload or a scenario says.

mod meter;
mod plan;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use karma_mock::load::{self, Connections, LoadError, LoadReport, Pacing, TargetParams};

use super::site::Reach;
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::run_dir::atomic;
use karma_testbed::trials;
pub(super) use meter::Meter;
use plan::PlanError;

pub(crate) use plan::PlanArgs;

const EXAMPLES: &str = "\
Examples:
  karma-lab load http://127.0.0.1:5000/
      200 requests/s for a minute, as independent users send them.
  sudo karma-lab load --service api --rate 20
      The same into the mock service api of `karma-lab up`.
  karma-lab load http://127.0.0.1:5000/ --steps 50,100,200 --duration 30s --out steps.json
      Three levels of half a minute each; every figure, second by second, into a file.
  karma-lab load http://127.0.0.1:5000/ --workload worldcup98 --rate 150 --duration 10m
      A recorded load about 150 requests/s.
  karma-lab load http://127.0.0.1:5000/ --scenario ddos:4 --topology chain4 --seed 7
      What episode 7 of a scenario sends into the entry point of a topology, the attack included.
  karma-lab load http://127.0.0.1:5000/ --rate 100 --attack-rate 400 --attack-work 2
      An attack of 400 requests/s that each ask for twice the work, counted apart.
  karma-lab load http://127.0.0.1:5000/ --rate 2000 --pacing uniform --connections kept --hgrm latency.hgrm
      Evenly spaced over kept connections; percentiles for the plotter of HdrHistogram.

Latency counts from the moment when a request was due, so that a server that stalls is charged for all that should have
been sent meanwhile. Lateness is how much later than due requests went out: the error of the generator itself.

Workloads:  constant, diurnal, burst, worldcup98, azure-code, azure-conv, nab-elb, or a CSV file.
Scenarios:  bottleneck, ddos, failures, contention, mixed, cascade, nominal, ddos:TIMES and others like it;
            of its disturbances only the attack's requests are sent here (karma-lab chaos does the rest).

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (what was measured is told).";

/// Send open-loop load to an entry point and measure, free of coordinated omission.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LoadArgs {
    /// Where requests go: http://HOST:PORT/PATH.
    #[arg(required_unless_present = "service")]
    pub(crate) url: Option<String>,

    /// The entry point is this service of `karma-lab up`, on the cluster of this machine, whose network is entered.
    #[arg(long, value_name = "SERVICE", conflicts_with = "url")]
    pub(crate) service: Option<String>,

    /// Its cluster and namespace.
    #[command(flatten)]
    pub(crate) reach: Reach,

    /// How many, and when.
    #[command(flatten)]
    pub(crate) plan: PlanArgs,

    /// A new connection for each request, which a Service spreads over its pods, or kept ones.
    #[arg(long, default_value = "per-request", value_parser = connections())]
    pub(crate) connections: Connections,

    /// Give a request up this many seconds after it was due.
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    pub(crate) timeout: f64,

    /// Most requests in flight; those beyond are counted as not sent [default: 20000, or what ulimit -n allows].
    #[arg(long, value_name = "N")]
    pub(crate) max_in_flight: Option<u32>,

    /// Write the whole result as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Write the percentiles of legitimate latency, in the form of HdrHistogram's tools.
    #[arg(long, value_name = "FILE")]
    pub(crate) hgrm: Option<PathBuf>,

    /// No progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}

fn connections() -> impl clap::builder::TypedValueParser<Value = Connections> {
    PossibleValuesParser::new(["per-request", "kept"]).map(|name| match name.as_str() {
        "kept" => Connections::Kept,
        _ => Connections::PerRequest,
    })
}

fn pacing() -> impl clap::builder::TypedValueParser<Value = Pacing> {
    PossibleValuesParser::new(["poisson", "uniform"]).map(|name| match name.as_str() {
        "uniform" => Pacing::Uniform,
        _ => Pacing::Poisson,
    })
}

/// Sends the load, prints a table and writes what was asked for; also after Ctrl-C, with what was measured until then.
pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<ExitCode> {
    let plan = args.plan.plan()?;
    let target = TargetParams {
        url: url(args)?,
        connections: args.connections,
        timeout: args.timeout,
        max_in_flight: args.max_in_flight,
    };
    let target = target.check()?;
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let mut meter = Meter::new(args.quiet);
    let report = load::run(&plan, &target, |progress| {
        meter.show(progress);
        !interrupt.seen()
    })?;
    meter.finish();
    write_files(args, &report)?;
    std::io::stdout().write_all(report.to_string().as_bytes()).context("the result cannot be printed")?;
    Ok(if report.stopped { ExitCode::from(EXIT_CODE) } else { ExitCode::SUCCESS })
}

/// The address of the load; that of a service can only be reached from inside of its cluster's network, which is entered.
fn url(args: &LoadArgs) -> anyhow::Result<String> {
    let Some(service) = &args.service else { return Ok(args.url.clone().unwrap_or_default()) };
    let url = super::block_on(async {
        let client = args.reach.client().await?;
        anyhow::Ok(trials::service_url(&client, &args.reach.namespace, service).await?)
    })??;
    // Before any thread of the load is started: they inherit it.
    karma_testbed::cluster::enter_network(&args.reach.site.layout())?;
    Ok(url)
}

fn write_files(args: &LoadArgs, report: &LoadReport) -> anyhow::Result<()> {
    let place = |path: &Path| format!("{} cannot be written", path.display());
    if let Some(path) = &args.out {
        let text = serde_json::to_string(report)? + "\n";
        atomic::write(path, text.as_bytes()).with_context(|| place(path))?;
    }
    if let Some(path) = &args.hgrm {
        let latency = &report.legitimate.latency;
        atomic::write_with(path, |file| latency.write_percentiles(file)).with_context(|| place(path))?;
    }
    Ok(())
}

/// Whether the user's arguments are to blame.
pub(crate) fn is_usage(error: &anyhow::Error) -> bool {
    let of_load = error.downcast_ref::<LoadError>();
    error.is::<PlanError>() || of_load.is_some_and(|error| !matches!(error, LoadError::Start(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        load: LoadArgs,
    }

    pub(super) fn parse(line: &str) -> Result<LoadArgs, clap::Error> {
        let words = std::iter::once("load").chain(line.split_whitespace());
        Program::try_parse_from(words).map(|program| program.load)
    }

    #[test]
    fn every_example_is_a_load() {
        let examples: Vec<_> =
            EXAMPLES.lines().filter_map(|line| line.strip_prefix("  karma-lab load ")).collect();
        assert_eq!(examples.len(), 6);
        for example in examples {
            let plan = parse(example).unwrap().plan.plan().unwrap();
            assert!(plan.expected() > 0.0, "{example}");
        }
    }

    #[test]
    fn a_target_that_is_refused_is_wrong_usage() {
        let args = parse("https://127.0.0.1/ --quiet").unwrap();
        let error = run(&args).unwrap_err();
        assert!(is_usage(&error), "{error}");
    }
}
