//! A game in which an agent dies for its team: a learner must not learn from what the dead do.

use karma_core::{ActionError, Environment, EnvironmentSpec, JointAction, Observation, Step};

use super::{AGENTS, both, shared_step, two_defenders};

/// Two guards hold a bridge: each that lives may stand (0) or fall with the bridge (1).
///
/// While both live the enemy crosses and the team earns nothing. Once exactly one has fallen, the team, the dead
/// included, earns 1 in each step, the step of the fall included. If the other falls too, all is lost
/// (`terminated`, and nothing earned). What is done in the name of a dead guard changes nothing.
///
/// The best play is for one guard, and one only, to fall at once, and for the other to stand ever after: it earns the
/// horizon. Each sees which of the two it is and who lives, so a shared policy can do it; the critic sees who lives. A
/// learner that learns from the dead guard's actions hears that all of them are equally good in just those episodes
/// in which its sacrifice was right.
#[derive(Clone, Debug)]
pub struct LastStand {
    spec: EnvironmentSpec,
    alive: [bool; AGENTS],
    played: usize,
    over: bool,
}

/// To fall.
const FALL: u32 = 1;

impl LastStand {
    /// A game that is truncated after `horizon` steps (at least 1).
    pub fn new(horizon: usize) -> Self {
        let spec = EnvironmentSpec { global_size: AGENTS, ..two_defenders(2, 2 * AGENTS, horizon) };
        Self { spec, alive: [true; AGENTS], played: 0, over: true }
    }

    /// The highest return of an episode, for each agent.
    pub const fn optimum(&self) -> f32 {
        self.spec.horizon as f32
    }

    fn show(&self, reward: f32) -> Step {
        let lost = self.alive == [false; AGENTS];
        let flag = |flag: bool| f32::from(u8::from(flag));
        let alive = self.alive.map(flag);
        let sees = |agent: usize| {
            let which = (0..AGENTS).map(|other| flag(other == agent));
            Observation(which.chain(alive).collect())
        };
        Step {
            observations: (0..AGENTS).map(sees).collect(),
            terminated: lost,
            truncated: self.over && !lost,
            alive: self.alive.to_vec().into(),
            ..shared_step(&self.spec, alive.to_vec(), reward)
        }
    }
}

impl Environment for LastStand {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, _seed: u64) -> Step {
        (self.alive, self.played, self.over) = ([true; AGENTS], 0, false);
        self.show(0.0)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let actions = both(&self.spec, action, self.over)?;
        for (alive, action) in self.alive.iter_mut().zip(actions) {
            *alive &= action.0 != FALL;
        }
        self.played += 1;
        self.over = self.alive == [false; AGENTS] || self.played == self.spec.horizon;
        Ok(self.show(f32::from(u8::from(self.alive[0] != self.alive[1]))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::{Action, AgentId, Id as _, testing};

    fn play(joints: &[[u32; AGENTS]]) -> (f32, Step) {
        let mut game = LastStand::new(4);
        let mut step = game.reset(0);
        let mut earned = 0.0;
        for joint in joints {
            step = game.step(&joint.map(Action).to_vec().into()).unwrap();
            earned += step.rewards.as_slice()[0];
        }
        (earned, step)
    }

    #[test]
    fn the_last_stand_keeps_the_promises_of_an_environment() {
        testing::environment(|| LastStand::new(6));
    }

    #[test]
    fn one_that_falls_at_once_earns_the_team_the_optimum_whatever_is_done_in_its_name() {
        for (then, dead) in [(0, 0), (1, 0)] {
            let (earned, step) = play(&[[1, 0], [then, dead], [then, 0], [0, 0]]);
            assert_eq!(earned, LastStand::new(4).optimum());
            assert!(
                step.truncated
                    && !step.is_alive(AgentId::from_index(0))
                    && step.is_alive(AgentId::from_index(1))
            );
        }
    }

    #[test]
    fn no_play_of_the_pair_beats_the_optimum() {
        let best = (0..4_u32.pow(4)).map(|code| {
            let joints: Vec<[u32; AGENTS]> =
                (0..4).map(|step| code / 4_u32.pow(step) % 4).map(|joint| [joint % 2, joint / 2]).collect();
            let end = (1..=4).find(|steps| play(&joints[..*steps]).1.is_last()).unwrap();
            play(&joints[..end]).0
        });
        assert_eq!(best.fold(0.0, f32::max), LastStand::new(4).optimum());
    }

    #[test]
    fn when_both_have_fallen_the_game_is_over() {
        let (earned, step) = play(&[[1, 0], [0, 1]]);
        assert_eq!(earned, 1.0);
        assert!(step.terminated && !step.truncated);
        assert_eq!(play(&[[1, 1]]).0, 0.0);
    }
}
