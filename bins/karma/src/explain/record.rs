//! Episodes of a trained team with everything that an explanation needs: what was seen, allowed, asked and decided, and
//! what the HPA would have done in the team's place.

use karma_analyze::recordings::EpisodeError;
use karma_analyze::{Cast, RecordedEpisode, Recordings};
use karma_baseline::{HpaAutoscaler, HpaAutoscalerParams};
use karma_core::{
    Autoscaler as _, Decision, EpisodeReport, PerAgent, SeedTree, Snapshot, State, Trajectory, Transition,
};
use karma_marl::{Deliberation, TeamAutoscaler, TrainedPolicy};
use karma_mock::{Episode, Scenario, Split};

use crate::config::RunConfig;
use crate::error::RunError;
use crate::evaluation::parallel;
use crate::progress::Progress;

/// Share of legitimate requests that are answered in an episode that went well.
pub const SUCCESS: f64 = 0.95;

/// One decision.
#[derive(Clone, Debug)]
pub struct Moment {
    /// What the team saw and decided.
    pub team: Deliberation,
    /// What the HPA as shipped would have decided on the same snapshot.
    pub hpa: Decision,
}

/// One episode as the team played it.
#[derive(Clone, Debug)]
pub struct PlayedEpisode {
    /// The trajectory.
    pub recorded: RecordedEpisode,
    /// The decisions, in order: one for each transition.
    pub moments: Vec<Moment>,
    /// What the episode amounted to.
    pub report: EpisodeReport,
}

/// Who plays, and where.
#[derive(Clone, Debug)]
pub struct Recorder<'a> {
    config: &'a RunConfig,
    team: TeamAutoscaler<TrainedPolicy>,
    hpa: HpaAutoscaler,
    split: Split,
}

impl<'a> Recorder<'a> {
    /// Records a team on the calibration split: nothing that is inferred from it has seen an evaluation episode.
    ///
    /// # Errors
    /// If there is not one policy for each role, or the HPA does not fit the topology.
    pub fn new(config: &'a RunConfig, policies: PerAgent<TrainedPolicy>) -> Result<Self, RunError> {
        let hpa = HpaAutoscaler::new(&config.setup().topology, &HpaAutoscalerParams::default());
        let hpa = hpa.map_err(|error| RunError::Rival(error.to_string()))?;
        Ok(Self { config, team: config.team_autoscaler(policies)?, hpa, split: Split::Calibration })
    }

    /// Who acts.
    pub fn cast(&self) -> Cast {
        let team = self.config.team();
        Cast {
            agents: team.roles().map(|role| role.name.clone()),
            action_space: team.action_space(),
            services: team.topology().services.map(|service| service.name.clone()),
        }
    }

    /// Plays `seeds` episodes of every scenario, scenario by scenario; `None` if it was interrupted.
    pub fn record(&self, seeds: u64, progress: &mut dyn Progress) -> Option<Vec<PlayedEpisode>> {
        let scenarios = self.config.scenarios();
        let seeds = usize::try_from(seeds).unwrap_or(usize::MAX).max(1);
        let total = scenarios.len().saturating_mul(seeds);
        let play = |job: usize| self.play(&scenarios[job / seeds], (job % seeds) as u64 + 1);
        parallel::run_all(total, self.config.threads(), play, |done| {
            progress.evaluated(done, total);
            !progress.interrupted()
        })
    }

    /// The episode of a seed.
    fn play(&self, scenario: &Scenario, seed: u64) -> PlayedEpisode {
        let mut episode = Episode::new(self.config.setup(), scenario, self.split, seed);
        let (mut team, mut hpa) = (self.team.clone(), self.hpa.clone());
        team.reset();
        hpa.reset();
        let stream = SeedTree::new(seed).child("autoscaler");
        let (mut rng, mut shadow) = (stream.child(team.name()).rng(), stream.child("shadow").rng());
        let (mut transitions, mut moments) = (Vec::new(), Vec::new());
        let mut snapshot = episode.snapshot();
        while !episode.is_over() {
            let moment = Moment {
                hpa: hpa.decide(&snapshot, &mut shadow),
                team: team.deliberate(&snapshot, &mut rng),
            };
            let reward = episode.play(&moment.team.decision);
            let next = episode.snapshot();
            let over = episode.is_over();
            transitions.push(transition((&snapshot, &next), &moment, reward, over));
            moments.push(moment);
            snapshot = next;
        }
        let report = EpisodeReport {
            conduct: team.conduct(),
            interventions: team.interventions(),
            ..episode.report()
        };
        let success = report.success_rate.map(|rate| rate >= SUCCESS);
        let trajectory = Trajectory { seed, transitions };
        let recorded = RecordedEpisode { scenario: scenario.name().to_owned(), success, trajectory };
        PlayedEpisode { recorded, moments, report }
    }
}

fn transition((now, next): (&Snapshot, &Snapshot), moment: &Moment, reward: f32, over: bool) -> Transition {
    let actions = moment.team.joint.clone();
    Transition {
        state: State::from(now),
        rewards: actions.map(|_| reward),
        actions,
        next_state: State::from(next),
        terminated: false,
        truncated: over,
    }
}

/// The trajectories of episodes, for whoever analyses them.
///
/// # Errors
/// If an episode is not of this cast.
pub fn recordings(cast: Cast, episodes: &[PlayedEpisode]) -> Result<Recordings, EpisodeError> {
    let mut recordings = Recordings::new(cast);
    for episode in episodes {
        recordings.push(episode.recorded.clone())?;
    }
    Ok(recordings)
}
