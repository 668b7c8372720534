//! From settings as written to settings to run with.

use std::num::NonZeroUsize;
use std::sync::Arc;

use karma_core::{Hardness, Seconds, Topology};
use karma_guard::{SafetyConfig, Timing};
use karma_marl::stats::{Bootstrap, BootstrapParams};
use karma_marl::{MappoConfig, StopConfig};
use karma_mock::environment::{LookaheadConfig, SiegeConfig, SiegeParamsError};
use karma_mock::sim::SimulationConfig;
use karma_mock::{Scenario, Setup, topologies};
use karma_org::guide::GuideSetting;

use super::choice::{Choice, ScenarioChoice};
use super::error::ConfigError;
use super::params::{EvaluationParams, RunParams};
use super::read::is_path;
use super::run_config::RunConfig;
use super::sources::Sources;
use super::{ranges, rollout, twin, workload};
use crate::organization::Charter;

/// Checks every setting, and whether they fit together.
pub(super) fn check(params: &RunParams, sources: &Sources) -> Result<RunConfig, ConfigError> {
    ranges::check(params, sources)?;
    let (workload, trace) = workload::check(&params.workload, sources)?;
    let setup = Setup {
        topology: Arc::new(topology(&params.topology, sources)?),
        workload: Arc::new(workload),
        simulation: simulation(params, sources)?,
        reward: params.reward,
        decision_period: Seconds(params.decision_period),
        alpha: params.alpha,
    };
    let mut config = RunConfig {
        charter: charter(params, &setup, sources)?,
        attacker: attacker(params, sources)?,
        lookahead: lookahead(params, sources)?,
        safety: safety(params, &setup, sources)?,
        setup: Arc::new(setup),
        trace,
        scenarios: scenarios(&params.scenarios, sources)?,
        learner: learner(params, sources)?,
        stop: stop(params, sources)?,
        bootstrap: bootstrap(params, sources)?,
        threads: threads(params),
        params: params.clone(),
        twin: None,
    };
    config.twin = twin::check(&config, sources)?;
    rollout::check(&config, sources)?;
    Ok(config)
}

pub(super) fn topology(name: &str, sources: &Sources) -> Result<Topology, ConfigError> {
    if !is_path(name) {
        return topologies::by_name(name).map_err(|error| sources.refuse("topology", &chain(&error)));
    }
    let file = sources.open(name).map_err(|error| sources.refuse("topology", &format!("{name}: {error}")))?;
    Topology::read(file).map_err(|error| sources.refuse("topology", &format!("{name}: {}", chain(&error))))
}

fn charter(params: &RunParams, setup: &Setup, sources: &Sources) -> Result<Charter, ConfigError> {
    let hardness = params.hardness.map(Hardness::try_from).transpose();
    let setting = GuideSetting {
        alpha: setup.alpha,
        decision_period: setup.decision_period,
        hardness: hardness.map_err(|error| sources.refuse("hardness", &error))?,
        weights: setup.reward.resilience,
    };
    let charter = match sources.organization(&params.organization) {
        Some(files) => Charter::of(&params.organization, &files, &setup.topology, setting),
        None => Charter::new(&params.organization, &setup.topology, setting),
    };
    charter.map_err(|error| sources.refuse("organization", &error))
}

/// The shield's limits, if there is a shield; they are checked in any case.
fn safety(params: &RunParams, setup: &Setup, sources: &Sources) -> Result<Option<SafetyConfig>, ConfigError> {
    let timing = Timing {
        decision_period: setup.decision_period,
        readiness_period: Seconds(params.simulation.readiness_period),
        scrape_period: Seconds(params.simulation.scrape_period),
    };
    let checked = params.safety.check(&setup.topology, timing);
    let checked = checked.map_err(|error| sources.refuse(&error.place(), &error))?;
    Ok(params.shield.then_some(checked))
}

fn simulation(params: &RunParams, sources: &Sources) -> Result<SimulationConfig, ConfigError> {
    SimulationConfig::try_from(params.simulation)
        .map_err(|error| sources.refuse(&format!("simulation.{}", error.field), &error))
}

fn lookahead(params: &RunParams, sources: &Sources) -> Result<Option<LookaheadConfig>, ConfigError> {
    let check = |lookahead: karma_mock::environment::LookaheadParams| {
        lookahead.check().map_err(|error| sources.refuse(&format!("lookahead.{}", error.field), &error))
    };
    params.lookahead.map(check).transpose()
}

fn attacker(params: &RunParams, sources: &Sources) -> Result<Option<SiegeConfig>, ConfigError> {
    let Some(attacker) = params.attacker else { return Ok(None) };
    if params.twin.is_some() {
        let message = "a twin knows no attacker; allowed: an attacker, or a twin, or neither";
        return Err(sources.refuse("attacker", &message));
    }
    let refuse = |error: SiegeParamsError| sources.refuse(&format!("attacker.{}", error.field), &error);
    SiegeConfig::try_from(attacker).map(Some).map_err(refuse)
}

fn stop(params: &RunParams, sources: &Sources) -> Result<StopConfig, ConfigError> {
    let refuse = |error: karma_nn::ConfigError| {
        sources.refuse(&format!("stop.{}", error.field), &format!("stop.{error}"))
    };
    params.stop.check().map_err(refuse)
}

fn learner(params: &RunParams, sources: &Sources) -> Result<MappoConfig, ConfigError> {
    let refuse = |error: karma_nn::ConfigError| {
        let field = format!("learner.{}", error.field);
        sources.refuse(&field, &format!("learner.{error}"))
    };
    params.learner.check().map_err(refuse)
}

fn bootstrap(params: &RunParams, sources: &Sources) -> Result<Bootstrap, ConfigError> {
    let refuse = |error: karma_nn::ConfigError| {
        let field = format!("evaluation.{}", error.field);
        sources.refuse(&field, &format!("evaluation.{error}"))
    };
    let EvaluationParams { resamples, confidence, .. } = params.evaluation;
    BootstrapParams { resamples, confidence }.check().map_err(refuse)
}

fn scenarios(choices: &[ScenarioChoice], sources: &Sources) -> Result<Arc<[Scenario]>, ConfigError> {
    if choices.is_empty() {
        return Err(
            sources.refuse("scenarios", &"scenarios is an empty list; allowed: at least one scenario")
        );
    }
    let mut checked: Vec<Scenario> = Vec::new();
    for (index, choice) in choices.iter().enumerate() {
        let place = format!("scenarios.{index}");
        let scenario = match choice {
            Choice::Name(name) => Scenario::by_name(name).map_err(|error| error.to_string()),
            Choice::Table(table) => {
                let told = |error| format!("scenario \"{}\": {error}", table.name.escape_debug());
                Scenario::new((**table).clone()).map_err(told)
            }
        };
        let scenario = scenario.map_err(|message| sources.refuse(&place, &message))?;
        if checked.iter().any(|other| other.name() == scenario.name()) {
            let message =
                format!("the scenario \"{}\" is given twice; allowed: each name once", scenario.name());
            return Err(sources.refuse(&place, &message));
        }
        checked.push(scenario);
    }
    Ok(checked.into())
}

fn threads(params: &RunParams) -> NonZeroUsize {
    let given = params.threads.and_then(NonZeroUsize::new);
    given.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// An error with all that is underneath it.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
