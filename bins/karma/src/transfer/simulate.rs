//! The loop of a live cluster on the simulated one, in accelerated time.
//!
//! The decisions are those of [`Round`], which is what decides on a live cluster, too. What it does not carry out (all of it
//! in shadow mode, the services outside of the canary) is scaled by a horizontal pod autoscaler, as it would be there. Beside it
//! the same episode is played once more by that autoscaler alone.

use std::sync::Arc;

use karma_core::{Autoscaler as _, Decision, EpisodeReport, SeedTree, StreamRng, Target};
use karma_k8s::control::LogEntry;
use karma_k8s::decide::{Decided, Minds, Round};
use karma_k8s::resource::{KarmaAutoscalerSpec, Settings};
use karma_mock::{Episode, Scenario, Setup, Split};

use super::error::TransferError;
use super::fallback::HpaFallback;
use super::live::LivePolicy;
use super::log;

/// What is played.
#[derive(Debug)]
pub struct Simulation {
    /// Who decides.
    pub policy: LivePolicy,
    /// As an operator writes it.
    pub spec: KarmaAutoscalerSpec,
    /// What the episode is made of.
    pub setup: Arc<Setup>,
    /// What happens in it.
    pub scenario: Scenario,
    /// Number of the episode within the evaluation's randomness.
    pub seed: u64,
}

/// What was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// The episode that was decided upon.
    pub report: EpisodeReport,
    /// The same episode with the horizontal pod autoscaler alone.
    pub hpa: EpisodeReport,
    /// The decisions.
    pub decisions: Vec<LogEntry>,
}

/// What the episodes have in common.
struct Stage {
    policy: String,
    settings: Settings,
    setup: Arc<Setup>,
    scenario: Scenario,
    seed: u64,
    /// What scales where nobody else does.
    hpa: HpaFallback,
}

impl Simulation {
    /// Plays both episodes; `note` is told of each decision, and of how many there will be, and says whether to go on.
    /// `None` if not.
    ///
    /// # Errors
    /// If the specification does not go with the policy, or `note` fails.
    pub fn play(
        self,
        mut note: impl FnMut(&LogEntry, usize) -> Result<bool, TransferError>,
    ) -> Result<Option<Played>, TransferError> {
        let Self { policy, spec, setup, scenario, seed } = self;
        let settings = spec.settings(&policy.topology, policy.period)?;
        let hpa = HpaFallback::new(&spec.fallback, &settings.topology)?;
        let minds = Minds { agents: policy.agents, fallback: Box::new(hpa.clone()), alarm: policy.alarm };
        let mut round = Round::new(settings.clone(), minds, policy.digest.clone());
        let stage = Stage { policy: policy.digest, settings, setup, scenario, seed, hpa };
        let mut decisions = Vec::new();
        let Some(report) = stage.decide_with(&mut round, &mut decisions, &mut note)? else { return Ok(None) };
        Ok(Some(Played { report, hpa: stage.alone(), decisions }))
    }
}

impl Stage {
    fn episode(&self) -> Episode {
        Episode::new(&self.setup, &self.scenario, Split::Evaluation, self.seed)
    }

    fn rng(&self) -> StreamRng {
        SeedTree::new(self.seed).child("autoscaler").child("hpa").rng()
    }

    fn decide_with(
        &self,
        round: &mut Round,
        decisions: &mut Vec<LogEntry>,
        note: &mut impl FnMut(&LogEntry, usize) -> Result<bool, TransferError>,
    ) -> Result<Option<EpisodeReport>, TransferError> {
        let (mut episode, mut hpa, mut rng) = (self.episode(), self.hpa.clone(), self.rng());
        let episode_name = format!("{}, seed {}", self.scenario.name(), self.seed);
        let measured = self.scenario.params().episode.measured;
        let total = Episode::decisions(measured, self.setup.decision_period);
        while !episode.is_over() {
            let snapshot = episode.snapshot();
            let decided = round.decide(&snapshot);
            let decision = carried_out(&decided, hpa.decide(&snapshot, &mut rng));
            decisions.push(log::simulated((&episode_name, &self.policy), &self.settings, snapshot, decided));
            let logged = decisions.last();
            if !logged.map_or(Ok(true), |logged| note(logged, total))? {
                return Ok(None);
            }
            episode.play(&decision);
        }
        Ok(Some(episode.report()))
    }

    /// The episode as the horizontal pod autoscaler plays it, without a shield, as a cluster without KARMA has it.
    fn alone(&self) -> EpisodeReport {
        let (mut episode, mut hpa, mut rng) = (self.episode(), self.hpa.clone(), self.rng());
        while !episode.is_over() {
            let decision = hpa.decide(&episode.snapshot(), &mut rng);
            episode.play(&decision);
        }
        episode.report()
    }
}

/// What becomes of a decision: where it is not to be carried out, the other autoscaler scales.
fn carried_out(decided: &Decided, other: Decision) -> Decision {
    let pick = |(service, other): (&karma_k8s::decide::ServiceDecision, Target)| {
        if service.act { service.target.clone() } else { other }
    };
    Decision { targets: decided.services.iter().zip(other.targets.into_vec()).map(pick).collect() }
}
