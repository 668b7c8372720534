//! The scenarios that have a name.

use super::disturbance::{
    Background, BottleneckParams, ContentionParams, DdosParams, DisturbanceParams, FailuresParams,
};
use super::params::{Arrangement, EpisodeParams, ScenarioParams, VERSION};
use super::{NAMES, ScenarioError};
use crate::topologies::UnknownName;
use crate::workload::{SettingError, Span};

/// Forms of the names of scenarios with a fixed magnitude.
pub(super) const FORMS: [&str; 4] =
    ["bottleneck:PERCENT", "ddos:TIMES", "failures:PERCENT", "contention:PERCENT"];

/// The settings of the scenario called `name`.
pub(super) fn params(name: &str) -> Result<ScenarioParams, ScenarioError> {
    let unknown =
        || ScenarioError::from(UnknownName::new("scenario", name, &[&NAMES[..], &FORMS[..]].concat()));
    let mut params = match name.split_once(':') {
        Some((kind, magnitude)) => fixed(kind, magnitude).ok_or_else(unknown)??,
        None => default(name).ok_or_else(unknown)?,
    };
    name.clone_into(&mut params.name);
    Ok(params)
}

fn default(name: &str) -> Option<ScenarioParams> {
    Some(match name {
        "nominal" => nominal(),
        "bottleneck" => alone(bottleneck(), "One service computes at 30 to 60 % of its speed."),
        "ddos" => alone(ddos(), "Malicious requests at one entry point, 1 to 8 times the nominal load."),
        "failures" => alone(failures(), "1 to 20 % of all pods crash, again and again."),
        "contention" => {
            alone(contention(), "Other tenants leave 1.2 to 2 times the CPU that nominal load uses.")
        }
        "mixed" => mixed(),
        "cascade" => cascade(),
        _ => return None,
    })
}

fn bottleneck() -> DisturbanceParams {
    DisturbanceParams::Bottleneck(BottleneckParams::default())
}

fn ddos() -> DisturbanceParams {
    DisturbanceParams::Ddos(DdosParams::default())
}

fn failures() -> DisturbanceParams {
    DisturbanceParams::Failures(FailuresParams::default())
}

fn contention() -> DisturbanceParams {
    DisturbanceParams::Contention(ContentionParams::default())
}

fn nominal() -> ScenarioParams {
    ScenarioParams {
        name: String::new(),
        version: VERSION,
        description: "Nothing happens beside the workload.".to_owned(),
        episode: EpisodeParams::default(),
        arrangement: Arrangement::default(),
        disturbances: Vec::new(),
    }
}

fn alone(disturbance: DisturbanceParams, description: &str) -> ScenarioParams {
    ScenarioParams { description: description.to_owned(), disturbances: vec![disturbance], ..nominal() }
}

/// An attack of 8 × nominal is left out: it alone is above most ceilings, whatever else happens.
fn mixed() -> ScenarioParams {
    let attack = DdosParams { intensities: vec![1.0, 2.0, 4.0], ..DdosParams::default() };
    ScenarioParams {
        description: "Two or three of bottleneck, DDoS, failures and contention at once.".to_owned(),
        arrangement: Arrangement::Choice { least: 2, most: 3, stagger: Span::new(0.0, 60.0) },
        disturbances: vec![bottleneck(), DisturbanceParams::Ddos(attack), failures(), contention()],
        ..nominal()
    }
}

/// As in [`mixed`], without the attack that nothing carries. Each part is short enough for three to fit.
fn cascade() -> ScenarioParams {
    let attack = DdosParams { intensities: vec![1.0, 2.0, 4.0], ..DdosParams::default() };
    let chain = [DisturbanceParams::Ddos(attack), failures(), contention()];
    ScenarioParams {
        description: "A DDoS, then crashes, then contention, each beginning before the last one ends."
            .to_owned(),
        arrangement: Arrangement::InTurn { overlap: Span::new(20.0, 40.0) },
        disturbances: chain.map(|part| part.lasting(Span::new(100.0, 150.0))).into(),
        ..nominal()
    }
}

/// A scenario of one kind with one magnitude; `None` if there is no such kind.
fn fixed(kind: &str, magnitude: &str) -> Option<Result<ScenarioParams, ScenarioError>> {
    let (range, meaning) = match kind {
        "bottleneck" => ((1.0, 100.0), "bottleneck:50 is half the nominal speed"),
        "ddos" => ((0.01, 100.0), "ddos:4 adds four times the nominal load"),
        "failures" => ((0.001, 100.0), "failures:10 crashes 10 % of all pods at a time"),
        "contention" => ((1.0, 95.0), "contention:60 takes 60 % of every node's CPU"),
        _ => return None,
    };
    let value = magnitude.parse().ok().filter(|value| (range.0..=range.1).contains(value));
    Some(value.map(|value| with_magnitude(kind, value)).ok_or_else(|| {
        let value = format!("\"{}\"", crate::topologies::names::shortened(magnitude));
        let allowed = format!("a number from {} to {} ({meaning})", range.0, range.1);
        SettingError::new(kind, &value, allowed).into()
    }))
}

/// `value` is in percent, but for a DDoS, where it is a multiple.
fn with_magnitude(kind: &str, value: f64) -> ScenarioParams {
    let share = value / 100.0;
    let (disturbance, description) = match kind {
        "bottleneck" => (
            DisturbanceParams::Bottleneck(BottleneckParams {
                speed: Span::fixed(share),
                ..BottleneckParams::default()
            }),
            format!("One service computes at {value} % of its speed."),
        ),
        "ddos" => (
            DisturbanceParams::Ddos(DdosParams { intensities: vec![value], ..DdosParams::default() }),
            format!("Malicious requests at one entry point, {value} times the nominal load."),
        ),
        "failures" => (
            DisturbanceParams::Failures(FailuresParams { shares: vec![share], ..FailuresParams::default() }),
            format!("{value} % of all pods crash, again and again."),
        ),
        _ => (
            DisturbanceParams::Contention(ContentionParams {
                background: Background::Share(Span::fixed(share)),
                ..ContentionParams::default()
            }),
            format!("Other tenants take {value} % of every node's CPU."),
        ),
    };
    alone(disturbance, &description)
}
