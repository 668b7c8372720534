//! One episode as a window of a trace.

use karma_baseline::Exploration;
use karma_core::{Autoscaler, Decision, SeedTree, State, StreamRng};
use karma_mock::{Episode, Scenario, Split};
use karma_twin::trace::{TraceDecision, TraceStep, TraceWindow, WindowHeader};

use super::CollectPlan;
use crate::evaluation::Row;

/// The row whose decisions are drawn with probabilities that it does not tell.
const DRAWN: &str = "random";

/// Who decides.
#[derive(Debug)]
pub(super) enum Behaviour {
    Explore(Box<Exploration>),
    Rival(Row),
}

/// The episode of `scenario` with `seed`, from the end of its warm-up. A last decision period that the end of the
/// episode cuts short is left out: all steps of a window are one decision period apart.
///
/// The stream of the policy is its own in each scenario, so that what it draws says nothing about the scenario.
pub(super) fn window(plan: &CollectPlan, scenario: &Scenario, seed: u64) -> TraceWindow {
    let setup = plan.config.setup();
    let episode = Episode::new(setup, scenario, Split::Train, seed);
    let tree = SeedTree::new(seed).child("collection").child(scenario.name()).child(&plan.policy);
    let tape = Tape { episode, rng: tree.rng(), decisions: whole_periods(plan, scenario) };
    let steps = match &plan.behaviour {
        Behaviour::Explore(scaler) => tape.record(&mut *scaler.clone(), Exploration::last_probability),
        Behaviour::Rival(row) => {
            let mut scaler = (row.make)(&tape.episode.foresight());
            tape.record(&mut *scaler, |scaler| (scaler.name() != DRAWN).then_some(1.0))
        }
    };
    let (scenario, policy) = (scenario.name().to_owned(), plan.policy.clone());
    TraceWindow {
        header: WindowHeader { scenario, policy, seed: Some(seed), period: setup.decision_period },
        steps,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a ratio of two checked durations"
)]
fn whole_periods(plan: &CollectPlan, scenario: &Scenario) -> usize {
    let measured = f64::from(scenario.params().episode.measured);
    (measured / plan.config.setup().decision_period.0 + 1e-9).floor() as usize
}

/// An episode that is yet to be played, with the decisions that it has time for.
struct Tape {
    episode: Episode,
    rng: StreamRng,
    decisions: usize,
}

impl Tape {
    /// Plays it; `probability` tells with what probability the autoscaler took its last decision.
    fn record<A: Autoscaler + ?Sized>(
        mut self,
        scaler: &mut A,
        probability: impl Fn(&A) -> Option<f64>,
    ) -> Vec<TraceStep> {
        scaler.reset();
        let mut steps = Vec::with_capacity(self.decisions + 1);
        for _ in 0..self.decisions {
            let snapshot = self.episode.snapshot();
            let decision = scaler.decide(&snapshot, &mut self.rng);
            let probability = probability(scaler);
            let reward = self.episode.play(&decision);
            let decision = decided(&decision, probability, reward);
            steps.push(TraceStep { state: State::from(&snapshot), decision: Some(decision) });
        }
        steps.push(TraceStep { state: State::from(&self.episode.snapshot()), decision: None });
        steps
    }
}

fn decided(decision: &Decision, probability: Option<f64>, reward: f32) -> TraceDecision {
    TraceDecision {
        targets: decision.targets.map(|target| target.replicas),
        reasons: decision.targets.map(|target| target.reason.to_string()),
        probability,
        reward: Some(reward),
    }
}
