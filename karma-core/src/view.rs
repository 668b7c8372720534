//! What a team of defenders is shown after each step, whatever it plays in: the simulated cluster and the twin build
//! their [`Step`]s here, so that a policy meets one game in both.

use crate::{
    ActionMask, DefenderTeam, History, Observation, Observer, PerAgent, RunningGuide, RunningSafeguard, Step,
};

/// A team with what it sees of a history.
#[derive(Clone, Copy)]
pub struct TeamView<'a> {
    /// The agents and their moves.
    pub team: &'a DefenderTeam,
    /// What they see.
    pub observer: &'a dyn Observer,
    /// What stands between them and the cluster, if anything does. It masks first, and their organisation's guides bind on
    /// what it leaves: where a guide leaves nothing of that, the agent holds still.
    pub safeguard: Option<&'a RunningSafeguard>,
}

impl std::fmt::Debug for TeamView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TeamView").field("team", &self.team).finish_non_exhaustive()
    }
}

impl TeamView<'_> {
    /// The step that ends in the history's present state, of which every agent has the team's `reward` and what its
    /// guide adds. It never terminates; `truncated` says whether the horizon is reached.
    pub fn step(
        &self,
        history: &History,
        guide: Option<&mut RunningGuide>,
        reward: f32,
        truncated: bool,
    ) -> Step {
        let mut step = Step::default();
        self.write(history, guide, (reward, truncated), &mut step);
        step
    }

    /// The same over another step, whose memory is used again.
    pub fn write(
        &self,
        history: &History,
        guide: Option<&mut RunningGuide>,
        (reward, truncated): (f32, bool),
        step: &mut Step,
    ) {
        let agents = self.team.roles().len();
        let legal = self.legal(history);
        step.corrected = self.safeguard.and_then(RunningSafeguard::corrected);
        step.rewards = PerAgent::filled(reward, agents);
        step.masks = match guide {
            None => PerAgent::filled(legal, agents),
            Some(guide) => {
                guide.shape(&mut step.rewards);
                guide.restrict(&legal, self.team.action_space())
            }
        };
        if step.observations.len() != agents {
            step.observations = PerAgent::filled(Observation::default(), agents);
        }
        self.observer.observe_all(history, &mut step.observations, &mut step.global);
        (step.terminated, step.truncated) = (false, truncated);
        step.alive = PerAgent::default();
        step.advice = PerAgent::default();
    }

    /// The moves within the bounds that the safeguard admits.
    fn legal(&self, history: &History) -> ActionMask {
        let within_bounds = self.team.mask(&history.now().desired());
        match self.safeguard {
            None => within_bounds,
            Some(safeguard) => safeguard.restrict(&within_bounds, self.team.action_space(), history.now()),
        }
    }
}
