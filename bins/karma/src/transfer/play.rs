//! `karma-transfer run --simulated`, `shadow` and `canary`: from arguments to a table.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use karma_k8s::resource::{KarmaAutoscalerSpec, Mode, PolicyRef};
use karma_mock::{Scenario, Setup, Workload};

use super::cli::PlayArgs;
use super::error::TransferError;
use super::live::{LivePolicy, package};
use super::log::DecisionLog;
use super::outcome::Outcome;
use super::simulate::{Played, Simulation};
use super::{print, resource};
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::policy;
use crate::progress::Progress as _;
use crate::run_dir;
use crate::terminal::Terminal;

/// Plays an episode; `mode` overrides the specification's.
pub(super) fn run(args: &PlayArgs, mode: Option<Mode>) -> anyhow::Result<ExitCode> {
    let simulation = prepare(args, mode)?;
    let (mode, digest) = (simulation.spec.mode, simulation.policy.digest.clone());
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let mut terminal = Terminal::new(args.quiet, interrupt);
    terminal.note(&format!("{} under {}; policy {digest}", simulation.scenario, simulation.setup.workload));
    let Some(played) = play(simulation, &args.log, &mut terminal)? else {
        return Ok(ExitCode::from(EXIT_CODE));
    };
    let outcome = Outcome::of(played, mode, digest);
    let text = if args.json {
        serde_json::to_string_pretty(&outcome)? + "\n"
    } else {
        format!("{}\nlog: {} (karma-transfer explain --log {0} --last)\n", outcome.text(), args.log.display())
    };
    print(&text)
}

/// Plays an episode whose decisions go into the log at `path`; `None` if it was interrupted.
///
/// # Errors
/// If the specification does not go with the policy, or the log cannot be written.
pub(super) fn play(
    simulation: Simulation,
    path: &Path,
    terminal: &mut Terminal,
) -> Result<Option<Played>, TransferError> {
    let mut log = DecisionLog::create(path)?;
    let played = simulation.play(|decision, total| {
        log.write(decision)?;
        terminal.decided(usize::try_from(decision.decided.sequence).unwrap_or(total), total);
        Ok(!terminal.interrupted())
    });
    terminal.finish();
    played
}

fn prepare(args: &PlayArgs, mode: Option<Mode>) -> Result<Simulation, TransferError> {
    let scenario = Scenario::by_name(&args.simulated)?;
    let written = args.spec.as_deref().map(resource::read).transpose()?;
    let named = written.as_ref().and_then(|spec| spec.policy.file.as_ref()).map(Path::new);
    let path = args.policy.as_deref().or(named).ok_or(TransferError::NoPolicy)?.to_owned();
    let (bytes, policy) = load_policy(&path)?;
    let spec = match written {
        Some(spec) => {
            spec.policy.verify(&bytes).map_err(|source| TransferError::Digest { source })?;
            spec
        }
        None => resource::least(PolicyRef {
            config_map: None,
            file: Some(path.display().to_string()),
            digest: policy.digest.clone(),
        }),
    };
    let spec = with_flags(spec, args, mode)?;
    let setup = setup(&path, &policy, args.workload.as_deref())?;
    Ok(Simulation { policy, spec, setup, scenario, seed: args.seed })
}

/// The policy of an artefact or of a run, with its bytes.
///
/// # Errors
/// If there is none, or it cannot be used.
pub(super) fn load_policy(path: &Path) -> Result<(Vec<u8>, LivePolicy), TransferError> {
    let bytes = read_policy(path)?;
    match LivePolicy::from_bytes(&bytes) {
        Ok(policy) => Ok((bytes, policy)),
        Err(source) => Err(TransferError::Policy { path: path.to_owned(), source }),
    }
}

/// The bytes of an artefact, or those that a run would be packaged to.
pub(super) fn read_policy(path: &Path) -> Result<Vec<u8>, TransferError> {
    if path.is_dir() {
        return Ok(package(path, None)?);
    }
    std::fs::read(path).map_err(|source| TransferError::Read { path: path.to_owned(), source })
}

fn with_flags(
    mut spec: KarmaAutoscalerSpec,
    args: &PlayArgs,
    mode: Option<Mode>,
) -> Result<KarmaAutoscalerSpec, TransferError> {
    spec.mode = mode.unwrap_or(spec.mode);
    if !args.canary.is_empty() {
        spec.canary.services.clone_from(&args.canary);
    }
    spec.canary.watch_seconds = args.watch.or(spec.canary.watch_seconds);
    if spec.mode == Mode::Canary && spec.canary.services.is_empty() {
        return Err(TransferError::NoCanary);
    }
    Ok(spec)
}

/// What the run's episodes share; with a trace of one's own only where the run itself is at hand.
fn setup(path: &Path, policy: &LivePolicy, workload: Option<&str>) -> Result<Arc<Setup>, TransferError> {
    let setup = policy.config.setup();
    let workload = match workload {
        Some(name) => Workload::by_name(name).map_err(|error| TransferError::Workload(error.to_string()))?,
        None if path.join(run_dir::TRACE).exists() => {
            let (_, config) = policy::load_policies(path).map_err(super::live::PackageError::from)?;
            return Ok(Arc::clone(config.setup()));
        }
        None => return Ok(Arc::clone(setup)),
    };
    Ok(Arc::new(Setup { workload: Arc::new(workload), ..(**setup).clone() }))
}
