//! From the command line to a plan.

use std::fs::File;
use std::path::Path;

use clap::Args;
use karma_core::{EntryPointId, RequestsPerSecond, Topology};
use karma_mock::load::{LoadError, LoadPlan, Pacing};
use karma_mock::workload::ReplayParams;
use karma_mock::{Scenario, ScenarioError, Split, Trace, Workload, topologies};
use thiserror::Error;

use crate::config::is_path;

/// Requests per second, unless something else is said.
const RATE: f64 = 200.0;
/// Seconds, unless something else is said.
const SECONDS: u32 = 60;

/// How many requests are sent, and when.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlanArgs {
    /// Legitimate requests per second; with --workload, the rate about which it varies [default: 200].
    #[arg(long, value_name = "N", conflicts_with_all = ["steps", "scenario"])]
    pub(crate) rate: Option<f64>,

    /// Several rates, one after the other.
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', conflicts_with_all = ["workload", "scenario"])]
    pub(crate) steps: Vec<f64>,

    /// A recorded or drawn load [default, with --scenario: constant].
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) workload: Option<String>,

    /// All that a scenario sends into an entry point, its warm-up included.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["duration", "attack_rate"])]
    pub(crate) scenario: Option<String>,

    /// The topology of the scenario [default: chain4].
    #[arg(long, value_name = "NAME|FILE", requires = "scenario")]
    pub(crate) topology: Option<String>,

    /// The service at whose entry point the scenario is played [default: the first entry point].
    #[arg(long, value_name = "SERVICE", requires = "scenario")]
    pub(crate) entry: Option<String>,

    /// Length (60s, 5m, 1h); with --steps, of each step [default: 60s].
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) duration: Option<u32>,

    /// Malicious requests per second, beside the legitimate ones [default: 0].
    #[arg(long, value_name = "N")]
    pub(crate) attack_rate: Option<f64>,

    /// Work that a malicious request asks for, as a multiple of a legitimate one's.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, requires = "attack_rate")]
    pub(crate) attack_work: f64,

    /// As independent users send, or evenly spaced.
    #[arg(long, default_value = "poisson", value_parser = super::pacing())]
    pub(crate) pacing: Pacing,

    /// The root of all randomness; of a workload or scenario also the number of the episode.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Why the command line is no plan.
#[derive(Debug, Error)]
pub(crate) enum PlanError {
    /// A rate or a length is out of its range.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The scenario is not known.
    #[error("--scenario: {0}")]
    Scenario(#[from] ScenarioError),
    /// Another setting, with what is wrong.
    #[error("--{0}: {1}")]
    Setting(&'static str, String),
}

impl PlanArgs {
    /// The plan that is asked for.
    pub(super) fn plan(&self) -> Result<LoadPlan, PlanError> {
        let plan = match &self.scenario {
            Some(name) => self.of_scenario(name)?,
            None => self.of_rates()?,
        };
        let plan = plan.paced(self.pacing).seeded(self.seed);
        Ok(match self.attack_rate {
            Some(rate) => plan.attacked(rate, self.attack_work)?,
            None => plan,
        })
    }

    fn of_rates(&self) -> Result<LoadPlan, PlanError> {
        let (rate, seconds) = (self.rate.unwrap_or(RATE), self.duration.unwrap_or(SECONDS));
        Ok(match &self.workload {
            Some(name) => LoadPlan::play(&workload(name)?, RequestsPerSecond(rate), seconds, self.seed)?,
            None if self.steps.is_empty() => LoadPlan::constant(rate, seconds)?,
            None => LoadPlan::steps(&self.steps, seconds)?,
        })
    }

    fn of_scenario(&self, name: &str) -> Result<LoadPlan, PlanError> {
        let scenario = Scenario::by_name(name)?;
        let topology = topology(self.topology.as_deref().unwrap_or("chain4"))?;
        let workload = workload(self.workload.as_deref().unwrap_or("constant"))?;
        let timeline = scenario.draw(&topology, &workload, Split::Evaluation, self.seed);
        Ok(LoadPlan::of(&timeline, self.entry_of(&topology)?)?)
    }

    fn entry_of(&self, topology: &Topology) -> Result<EntryPointId, PlanError> {
        let name_of = |entry: &karma_core::topology::EntryPoint| &topology.services[entry.service].name;
        let wanted = |name: &String| self.entry.as_ref().is_none_or(|entry| entry == name);
        let found = topology.entries().find(|(_, entry)| wanted(name_of(entry)));
        found.map(|(id, _)| id).ok_or_else(|| {
            let known: Vec<&str> = topology.entries().map(|(_, entry)| name_of(entry).as_str()).collect();
            let entry = self.entry.as_deref().unwrap_or_default();
            PlanError::Setting("entry", format!("no entry point at {entry:?}; known: {}", known.join(", ")))
        })
    }
}

fn topology(name: &str) -> Result<Topology, PlanError> {
    let refuse =
        |error: &dyn std::error::Error| PlanError::Setting("topology", format!("{name}: {}", chain(error)));
    if !is_path(name) {
        return topologies::by_name(name).map_err(|error| PlanError::Setting("topology", chain(&error)));
    }
    let file = File::open(name).map_err(|error| refuse(&error))?;
    Topology::read(file).map_err(|error| refuse(&error))
}

/// By name, or a recorded trace of one's own, which is called as its file.
fn workload(name: &str) -> Result<Workload, PlanError> {
    if !is_path(name) {
        return Workload::by_name(name).map_err(|error| PlanError::Setting("workload", chain(&error)));
    }
    let refuse =
        |error: &dyn std::error::Error| PlanError::Setting("workload", format!("{name}: {}", chain(error)));
    let file = File::open(name).map_err(|error| refuse(&error))?;
    let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
    let trace = Trace::read(file, stem).map_err(|error| refuse(&error))?;
    Workload::replay(trace, &ReplayParams::of(name)).map_err(|error| refuse(&error))
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// `60s`, `5m`, `1h`, or a number of seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor = match &text[digits..] {
        "" | "s" => Some(1_u32),
        "m" | "min" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let number = text[..digits].parse::<u32>().ok();
    let time = number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    time.filter(|time| *time > 0).ok_or_else(|| "expected a time such as 60s, 5m or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;
    use super::*;

    fn plan(line: &str) -> Result<LoadPlan, PlanError> {
        parse(&format!("http://127.0.0.1/ {line}")).unwrap().plan.plan()
    }

    #[test]
    fn without_anything_else_it_is_a_minute_of_two_hundred_a_second() {
        let plan = plan("").unwrap();
        assert_eq!((plan.seconds(), plan.expected(), plan.pacing()), (60, 12_000.0, Pacing::Poisson));
    }

    #[test]
    fn steps_take_their_time_one_after_the_other() {
        let plan = plan("--steps 1,2.5 --duration 2s --pacing uniform").unwrap();
        assert_eq!(plan.legitimate(), [1.0, 1.0, 2.5, 2.5]);
        assert_eq!(plan.pacing(), Pacing::Uniform);
    }

    #[test]
    fn a_scenario_is_sent_with_its_attack_into_the_entry_point_that_is_named() {
        let plan = plan("--scenario ddos:4 --topology online-boutique --entry frontend").unwrap();
        assert!(plan.malicious().iter().any(|rate| *rate > 0.0));
    }

    #[test]
    fn refusals_name_the_argument_and_what_is_allowed() {
        for (line, part) in [
            ("--scenario ddoss", "did you mean"),
            ("--workload diurnl", "did you mean"),
            ("--workload none.csv", "--workload: none.csv: "),
            ("--scenario ddos --topology chian4", "--topology: "),
            ("--scenario ddos --entry nobody", "--entry: no entry point at \"nobody\"; known: "),
            ("--rate 200000", "rate: 200000 is not allowed; expected a number from 0 to 100000"),
        ] {
            let error = plan(line).unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn what_excludes_one_another_is_not_taken_together() {
        for line in [
            "--rate 1 --steps 1,2",
            "--scenario ddos --duration 5s",
            "--topology chain4",
            "--duration 0s",
            "--duration 5d",
        ] {
            assert!(parse(&format!("http://127.0.0.1/ {line}")).is_err(), "{line}");
        }
    }

    #[test]
    fn times_are_read_in_seconds_minutes_and_hours() {
        assert_eq!(["90", "60s", "5m", "1h"].map(seconds), [Ok(90), Ok(60), Ok(300), Ok(3600)]);
        assert!(["", "s", "-1s", "1.5h", "99999999h"].iter().all(|text| seconds(text).is_err()));
    }
}
