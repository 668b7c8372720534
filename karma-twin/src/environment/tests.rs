mod episode;
mod game;
mod replay;

use std::num::NonZeroUsize;
use std::ops::Range;

use karma_core::{
    ActionMask, AgentId, DefenderAction, Environment as _, Guidance, Guide, GuideFactory, Guided, Hardness,
    History, Id as _, JointAction, Metric, Observation, PerAgent, Role, ServiceId, State, Step,
};

use super::*;
use crate::cluster::tests::{table, topology, window};
use crate::trace::TraceWindow;
use crate::{EncoderParams, Forecasts, Inputs};
use karma_core::Seconds;

/// Reverts to what the structure's features say: enough to feel decisions, loads and stalls.
struct Toy {
    derived: Range<usize>,
}

impl Forecaster for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        let rows = inputs.rows();
        let (features, columns) = (inputs.features.len() / rows, inputs.present.len() / rows);
        out.resize(rows, columns);
        for row in 0..rows {
            let derived = &inputs.features[row * features..][self.derived.clone()];
            let pull: f32 = derived.iter().filter(|feature| feature.is_finite()).sum();
            for at in row * columns..(row + 1) * columns {
                out.median[at] = 0.8 * inputs.present[at] + 0.01 * pull;
                out.mean[at] = out.median[at];
                out.aleatoric[at] = 0.1 + 0.001 * pull.abs();
                out.epistemic[at] = 0.05;
            }
        }
    }
}

/// Sees the replicas, the rates and the backlogs of now; a critic sees the entry rate.
struct Plain;

impl Observer for Plain {
    fn observation_size(&self, _: AgentId) -> usize {
        6
    }

    fn observe(&self, history: &History, _: AgentId) -> Observation {
        let metrics = [Metric::PodsHealthy, Metric::RequestRate, Metric::PendingRequests];
        let services = &history.now().services;
        let seen = services.iter().flat_map(|row| metrics.map(|metric| row.get(metric).unwrap_or(-1.0)));
        Observation(seen.collect())
    }

    fn global_size(&self) -> usize {
        1
    }

    fn global(&self, history: &History) -> Vec<f32> {
        vec![history.now().entry_rates.as_slice()[0].unwrap_or(-1.0)]
    }
}

fn model() -> ClusterModel {
    let table = table();
    let structure = table.structure(Seconds(15.0));
    let encoder = Encoder::new(table.schema().clone(), EncoderParams::default(), structure).unwrap();
    let derived = encoder.groups().derived;
    ClusterModel::new(table, encoder, Arc::new(Toy { derived })).unwrap()
}

fn team() -> DefenderTeam {
    let role = |name: &str| Role { name: name.to_owned(), authority: 1 };
    DefenderTeam::new(topology(), ["front", "back"].map(role).to_vec().into(), 3)
}

fn setup_of(windows: &[TraceWindow], horizon: usize, faults: FaultParams) -> Arc<TwinSetup> {
    let model = model();
    let scripts = Script::cut(&model, windows, NonZeroUsize::new(horizon).unwrap()).unwrap();
    let faults = FaultConfig::try_from(faults).unwrap();
    let (team, observer) = (team(), Arc::new(Plain));
    Arc::new(TwinSetup { model, scripts, team, observer, depth: 2, reward: RewardParams::default(), faults })
}

/// One script of 20 steps, nothing added.
fn setup() -> Arc<TwinSetup> {
    setup_of(&[window(20)], 20, FaultParams::default())
}

/// Everything that can be added, often.
fn troubled() -> FaultParams {
    FaultParams {
        crash_probability: 0.7,
        stall_probability: 0.7,
        surge_probability: 0.7,
        loss_probability: 0.7,
        ..FaultParams::default()
    }
}

/// One agent changes the front by `moves[0]`, the other the back by `moves[1]`.
fn joint(moves: [i32; 2]) -> JointAction {
    let encode = |(service, replica_change)| {
        let action = DefenderAction { service: ServiceId::from_index(service), replica_change };
        team().action_space().encode_defender(action).unwrap()
    };
    moves.into_iter().enumerate().map(encode).collect()
}

/// The moves behind the recorded replicas of step `step` of a script.
#[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
fn recorded(setup: &TwinSetup, step: usize) -> JointAction {
    let layout = setup.model.table.layout();
    let desired = |step: usize| &setup.scripts[0].row(step)[layout.controlled..layout.exogenous];
    let (before, after) = (desired(step), desired(step + 1));
    joint([0, 1].map(|service| (after[service] - before[service]) as i32))
}

fn sample(state: &State, service: usize, metric: Metric) -> Option<f32> {
    state.get(ServiceId::from_index(service), metric)
}

/// Plays a batch of one with the moves that `moves` says; gives its rows.
fn rows(batch: &mut TwinBatch, steps: usize, moves: impl Fn(usize) -> JointAction) -> Vec<Vec<f32>> {
    (0..steps)
        .map(|step| {
            batch.step(&[moves(step)]).unwrap();
            batch.dynamics.row(0).to_vec()
        })
        .collect()
}

fn bits(rows: &[Vec<f32>]) -> Vec<Vec<u32>> {
    rows.iter().map(|row| row.iter().map(|value| value.to_bits()).collect()).collect()
}
