//! `karma-lab calibrate`: how well the simulated cluster predicts the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use indicatif::ProgressBar;
use karma_core::{ServiceId, Topology};
use karma_mock::service::ServiceParams;
use karma_testbed::calibration::{self, CalibrationParams, Measurement, Purpose, Run, VERSION};
use karma_testbed::deploy::live::{self, Patience};
use karma_testbed::deploy::{DeployParams, OverrideParams, ProbeParams};
use karma_testbed::trials::{self, Reading, Site, Trial, suite};

use super::cluster::spinner;
use super::site::Reach;
use crate::run_dir::atomic;

const EXAMPLES: &str = "\
Examples:
  sudo karma-lab calibrate --measure measurements.json --out docs/calibration.md
      Deploy four small services, measure them for a quarter of an hour, fit, predict, and write the report.
  sudo karma-lab calibrate --measure measurements.json --repeat 3
      Measure all of it twice more, or whatever an interrupted measurement lacks.
  karma-lab calibrate measurements.json
      Fit and predict again from the file; no cluster is needed, and the same file gives the same report.";

/// Services that fit a machine of two cores.
const TOPOLOGY: &str = include_str!("../../../../karma-testbed/data/calibration.json");

/// Seconds between readiness probes of the measured pods: the shortest that Kubernetes takes.
const READINESS: u32 = 1;
/// A service whose one pod completes less than so many times what the narrowest's does has two where the narrowest has.
const SPARE: f64 = 1.5;
/// Seconds of a CFS period.
const CPU_PERIOD: f64 = 0.1;

/// `karma-lab calibrate`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CalibrateArgs {
    /// Measurements to fit and predict.
    #[arg(value_name = "FILE", required_unless_present = "measure")]
    measurements: Option<PathBuf>,

    /// Measure the cluster on this machine first, and write the measurements here; a file that exists is gone on with. The
    /// namespace must not exist yet.
    #[arg(long, value_name = "FILE", conflicts_with = "measurements")]
    measure: Option<PathBuf>,

    /// How often each trial is repeated.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100))]
    repeat: u64,

    /// Write the report as Markdown here; without, it is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write the report as JSON, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(args: &CalibrateArgs) -> anyhow::Result<ExitCode> {
    let bar = spinner();
    if let Some(file) = &args.measure {
        super::block_on(measure(args, file, &bar))??;
    }
    let file = args.measure.as_ref().or(args.measurements.as_ref());
    let file = file.context("no measurements are named")?;
    bar.set_message("fitting");
    let report = report(file)?;
    bar.finish_and_clear();
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&report)? + "\n";
        fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    let text = report.to_markdown();
    if let Some(path) = &args.out {
        fs::write(path, text).with_context(|| path.display().to_string())?;
    } else {
        write!(std::io::stdout(), "{text}")?;
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(file: &Path) -> anyhow::Result<calibration::Report> {
    let open = File::open(file).with_context(|| file.display().to_string())?;
    let study = Measurement::read(std::io::BufReader::new(open)).and_then(Measurement::check);
    let study = study.with_context(|| file.display().to_string())?;
    Ok(calibration::calibrate(&study, &CalibrationParams::default())?)
}

/// Deploys, tries everything that the file lacks, takes down.
async fn measure(args: &CalibrateArgs, file: &Path, bar: &ProgressBar) -> anyhow::Result<()> {
    let topology = Topology::read(TOPOLOGY.as_bytes())?;
    let mut measurement = begun(file)?;
    let trials = trials(&topology)?;
    let mut known = measurement.runs.iter().zip(planned(&trials, args.repeat));
    if let Some((run, (trial, _))) =
        known.find(|(run, (trial, seed))| run.name != trial.name || run.seed != Some(*seed))
    {
        anyhow::bail!(
            "{} has the run \"{}\" where \"{}\" would have been measured; name another file",
            file.display(),
            run.name,
            trial.name
        );
    }
    if planned(&trials, args.repeat).nth(measurement.runs.len()).is_none() {
        return Ok(());
    }
    let client = args.reach.client().await?;
    let probes = ProbeParams { readiness_period_seconds: READINESS, ..ProbeParams::default() };
    let params = DeployParams {
        namespace: args.reach.namespace.clone(),
        probes,
        overrides: topology.services.ids().map(|id| slow_start(&topology, id)).collect(),
        ..DeployParams::default()
    };
    live::up(&client, &topology, &params, Patience::default(), |progress| {
        bar.set_message(progress.to_string());
    })
    .await?;
    let site = Site {
        client: client.clone(),
        namespace: params.namespace.clone(),
        layout: args.reach.site.layout(),
        entry: topology.services[topology.entry_points.as_slice()[0].service].name.clone(),
        timeout: topology.timeout.0,
    };
    let keep = |measurement: &Measurement| write(file, measurement);
    let tried = try_all(&site, planned(&trials, args.repeat), &mut measurement, bar, keep).await;
    let gone = live::down(&client, &params.namespace, Patience::default()).await;
    tried?;
    gone?;
    Ok(())
}

/// A mock that starts as slowly as the topology says: what comes and goes within a scrape cannot be measured.
fn slow_start(topology: &Topology, id: ServiceId) -> (String, OverrideParams) {
    let service = &topology.services[id];
    let mock = ServiceParams { startup_seconds: service.startup.0, ..ServiceParams::of(topology, id) };
    (service.name.clone(), OverrideParams { service: Some(mock), ..OverrideParams::default() })
}

/// What is measured is kept after each trial: an interruption loses one.
fn write(file: &Path, measurement: &Measurement) -> anyhow::Result<()> {
    let text = serde_json::to_string(measurement)? + "\n";
    atomic::write(file, text.as_bytes()).with_context(|| file.display().to_string())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The measurement in the file, which must be of these services on such a machine; a new one if there is no file.
fn begun(file: &Path) -> anyhow::Result<Measurement> {
    let new = Measurement {
        version: VERSION,
        title: format!("chain4 as four services of one pod each on one machine of {} cores", cores()),
        topology: serde_json::from_str(TOPOLOGY)?,
        cpu_period: CPU_PERIOD,
        readiness_period: f64::from(READINESS),
        services: BTreeMap::new(),
        runs: Vec::new(),
    };
    if !file.exists() {
        return Ok(new);
    }
    let open = File::open(file).with_context(|| file.display().to_string())?;
    let found =
        Measurement::read(std::io::BufReader::new(open)).with_context(|| file.display().to_string())?;
    let differs = |what: &str, found: &dyn fmt::Display, new: &dyn fmt::Display| {
        let file = file.display();
        anyhow::bail!("{file} was measured with {what} {found}, but it is {new} now; name another file")
    };
    let (there, here) = (&found, &new);
    if there.version != here.version {
        return differs("version", &there.version, &here.version);
    }
    if there.title != here.title {
        return differs("title", &there.title, &here.title);
    }
    if there.topology != here.topology {
        return differs("topology", &there.topology, &here.topology);
    }
    if (there.cpu_period, there.readiness_period) != (here.cpu_period, here.readiness_period) {
        let periods = |of: &Measurement| format!("{} s and {} s", of.cpu_period, of.readiness_period);
        return differs("periods", &periods(there), &periods(here));
    }
    Ok(found)
}

/// What is tried once.
fn trials(topology: &Topology) -> anyhow::Result<Vec<Trial>> {
    let capacities = capacities(topology);
    let (narrow, capacity) = capacities.first().context("the topology has no service")?;
    // Those that an overload of the narrowest would fill, too.
    let spare: Vec<&str> = capacities[1..]
        .iter()
        .filter(|(_, other)| *other < SPARE * capacity)
        .map(|(name, _)| name.as_str())
        .collect();
    Ok(suite(narrow, &spare, *capacity))
}

/// Every trial as often as it is repeated, each time with a seed of its own.
fn planned(trials: &[Trial], repeat: u64) -> impl Iterator<Item = (&Trial, u64)> {
    (0..repeat).flat_map(|repetition| trials.iter().zip(1000 * repetition..))
}

async fn try_all(
    site: &Site,
    planned: impl Iterator<Item = (&Trial, u64)>,
    measurement: &mut Measurement,
    bar: &ProgressBar,
    keep: impl Fn(&Measurement) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    let mut used = Reading::before(&measurement.services);
    for (trial, seed) in planned.skip(measurement.runs.len()) {
        bar.set_message(trial.name.clone());
        let before = trials::reading(&site.client, &site.namespace).await?;
        measurement.runs.push(one(site, trial, seed, bar).await?);
        let after = trials::reading(&site.client, &site.namespace).await?;
        if trial.purpose == Purpose::Fit {
            used.add(&after.since(&before));
        }
        used.note(&mut measurement.services);
        for (service, pods) in trials::starts(&site.client, &site.namespace).await? {
            let new = pods.into_iter().filter(|(pod, _)| seen.insert(pod.clone()));
            measurement.services.entry(service).or_default().starts.extend(new.map(|(_, seconds)| seconds));
        }
        keep(measurement)?;
    }
    Ok(())
}

async fn one(site: &Site, trial: &Trial, seed: u64, bar: &ProgressBar) -> anyhow::Result<Run> {
    let shown = bar.clone();
    let name = trial.name.clone();
    let watch = move |progress: &karma_mock::load::Progress| {
        shown.set_message(format!("{name}: {} s, {} sent", progress.elapsed.as_secs(), progress.sent));
    };
    let run = trials::run(site, trial, seed, watch).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(run)
}

/// How many requests a second each service can complete with one pod, the narrowest first.
fn capacities(topology: &Topology) -> Vec<(String, f64)> {
    let visits = topology.nominal_visits();
    let nominal = topology.nominal_rate().0;
    let capacity = |id| topology.services[id].pod_capacity().0 / (visits[id] / nominal);
    let all = topology.services.iter_enumerated().map(|(id, service)| (service.name.clone(), capacity(id)));
    let mut all: Vec<(String, f64)> = all.collect();
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    all
}
