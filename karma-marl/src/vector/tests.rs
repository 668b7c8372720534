use karma_core::{ActionError, AgentId, Id as _, JointAction, Step};
use karma_nn::{MlpParams, ValueParams, ValueTrainer};

use super::*;
use crate::critics;
use crate::gae::Boundary;
use crate::games::{Alternation, Dilemma, Signals, Stipend};
use crate::mappo::Algorithm;
use crate::policy::action;
use crate::seats::{Sharing, seats};

/// An untrained team for environments of `spec`.
struct Team {
    actors: Vec<Mlp>,
    critic: ValueTrainer,
}

impl Team {
    fn new(spec: &EnvironmentSpec) -> Self {
        let mut rng = SeedTree::new(1).child("team").rng();
        let mut network = |params: MlpParams| Mlp::orthogonal(&params.check().unwrap(), &mut rng);
        let actors = spec
            .agents
            .iter()
            .map(|agent| network(MlpParams::actor(agent.observation_size, agent.action_space.len())));
        let actors = actors.collect();
        let critic = MlpParams { output: spec.agents.len(), ..MlpParams::critic(spec.global_size) };
        let critic = ValueTrainer::new(network(critic), ValueParams::default().check().unwrap());
        Self { actors, critic }
    }
}

/// The second of two rollouts of `length` steps of three copies, or the first error.
fn collect<E: Environment + Clone + 'static>(
    environment: &E,
    length: usize,
    threads: usize,
) -> (RolloutBuffer, Result<Vec<f64>, RolloutError>) {
    let spec = environment.spec().clone();
    let copies = (0..3).map(|_| Box::new(environment.clone()) as Box<dyn Environment>).collect();
    let mut vector = VectorEnvironment::new(copies, 0, 5).unwrap();
    let seats = seats(&spec, Sharing::Separate).unwrap();
    let mut buffer = RolloutBuffer::new(&seats, spec.global_size, 3, length);
    let (team, critic_seats) = (Team::new(&spec), critics::critics(Algorithm::Mappo, &seats));
    let (actors, threads) = (team.actors.iter().collect::<Vec<_>>(), NonZeroUsize::new(threads).unwrap());
    let mut returns = Ok(Vec::new());
    for _ in 0..2 {
        returns = returns.and_then(|_| vector.collect(&mut buffer, &actors, threads)).map(|played| {
            let critics = (std::slice::from_ref(&team.critic), &critic_seats[..]);
            critics::value(&mut buffer, &played.finals, critics, threads).unwrap();
            played.returns
        });
    }
    (buffer, returns)
}

#[test]
fn the_rollout_is_the_same_for_any_number_of_threads() {
    let one = collect(&Signals::new(6), 12, 1);
    assert_eq!(one, collect(&Signals::new(6), 12, 2));
    assert_eq!(one, collect(&Signals::new(6), 12, 7));
}

#[test]
fn environments_differ_from_each_other_and_episodes_from_the_ones_before() {
    let (buffer, _) = collect(&Signals::new(6), 12, 1);
    let episodes: Vec<_> = buffer.globals.chunks(6 * 3).collect();
    for (i, episode) in episodes.iter().enumerate() {
        assert!(!episodes[..i].contains(episode), "episode {i} was played before");
    }
}

#[test]
fn only_the_horizon_truncates_and_whole_episodes_are_counted() {
    let (buffer, returns) = collect(&Stipend::new(4), 8, 2);
    for (row, boundaries) in buffer.boundaries().chunks(2).enumerate() {
        let truncated = |boundary: &Boundary| matches!(boundary, Boundary::Truncated { .. });
        assert!(boundaries.iter().all(|b| truncated(b) == (row % 4 == 3)), "row {row}: {boundaries:?}");
    }
    assert_eq!(returns.unwrap(), [4.0; 6]);
    assert_eq!(buffer.rewards(), [1.0; 48], "a reset earns nothing and is not a row");
}

/// The final observation is that before the automatic reset: its value is the critic's value of it, not of
/// the first observation of the next episode.
#[test]
fn a_truncated_step_is_valued_by_its_final_observation() {
    let mut game = Signals::new(2);
    let team = Team::new(game.spec());
    let seed = SeedTree::new(5).child("train").index(0).index(2).seed();
    let (buffer, _) = collect(&game.clone(), 4, 1);
    game.reset(seed);
    let mut last = None;
    for t in 0..2 {
        let action = |agent| action(buffer.actions(AgentId::from_index(agent))[t]);
        last = Some(game.step(&vec![action(0), action(1)].into()).unwrap());
    }
    let mut finals = team.critic.network().forward(&last.unwrap().global).unwrap();
    team.critic.denormalise(&mut finals);
    assert_ne!(finals[0], finals[1], "each agent has a head of its own");
    let expected: Vec<_> =
        finals.into_iter().map(|final_value| Boundary::Truncated { final_value }).collect();
    assert_eq!(buffer.boundaries()[2..4], expected);
}

#[test]
fn an_episode_that_ends_early_is_terminated_and_the_next_begins_in_the_following_row() {
    let (buffer, returns) = collect(&Alternation::new(50), 200, 2);
    let ended = |row: &usize| buffer.boundaries()[2 * row..][..2] == [Boundary::Terminated; 2];
    let ends: Vec<usize> = (0..600).filter(ended).collect();
    assert!(ends.len() > 10, "a random team quits now and then: {ends:?}");
    for end in ends.into_iter().filter(|end| (end + 1) % 200 != 0) {
        let first = &buffer.globals[(end + 1) * 8..][..8];
        assert_eq!(first, [0.0; 8], "row {} begins an episode", end + 1);
    }
    let counted: f64 = returns.unwrap().iter().sum();
    let earned: f64 = buffer.rewards().iter().map(|reward| f64::from(*reward)).sum();
    assert!(counted <= earned / 2.0, "a return is a mean over agents, and what is unfinished is not counted");
}

#[test]
fn every_agent_keeps_its_own_reward_and_the_return_is_their_mean() {
    let (buffer, returns) = collect(&Dilemma::new(3), 6, 2);
    let game = |row: &[f32]| -> f64 { row.iter().map(|reward| f64::from(*reward)).sum() };
    assert!(buffer.rewards().chunks(2).any(|row| row[0] != row[1]), "{:?}", buffer.rewards());
    let expected: Vec<f64> = buffer.rewards().chunks(6).map(|episode| game(episode) / 2.0).collect();
    assert_eq!(returns.unwrap(), expected);
}

#[test]
fn no_action_that_the_mask_forbids_is_taken() {
    let (buffer, _) = collect(&Alternation::new(10), 40, 1);
    for agent in [0, 1].map(AgentId::from_index) {
        for (mask, action) in buffer.masks(agent).chunks(4).zip(buffer.actions(agent)) {
            assert!(mask[*action]);
        }
        assert!(buffer.masks(agent).contains(&false), "something was forbidden");
    }
}

/// A game that breaks one promise.
#[derive(Clone)]
struct Broken(Signals, fn(&mut Step));

impl Environment for Broken {
    fn spec(&self) -> &EnvironmentSpec {
        self.0.spec()
    }

    fn reset(&mut self, seed: u64) -> Step {
        self.0.reset(seed)
    }

    fn step(&mut self, joint: &JointAction) -> Result<Step, ActionError> {
        let mut step = self.0.step(joint)?;
        self.1(&mut step);
        Ok(step)
    }
}

#[test]
fn a_broken_promise_is_named_with_its_environment_and_episode() {
    let broken = |break_it| collect(&Broken(Signals::new(3), break_it), 3, 2).1.unwrap_err();
    let (environment, episode) = (0, 0);
    assert_eq!(
        broken(|step| step.rewards.as_mut_slice()[0] = f32::NAN),
        RolloutError::Reward { environment, episode }
    );
    let (what, found, expected) = ("global", 4, 3);
    assert_eq!(
        broken(|step| step.global.push(0.0)),
        RolloutError::Shape { environment, episode, what, found, expected }
    );
    let unusable = broken(|step| step.observations.as_mut_slice()[1].0[0] = f32::NAN);
    assert!(matches!(unusable, RolloutError::Inference { environment: 0, episode: 0, .. }), "{unusable}");
    // The game ends, but never says so.
    let endless = Broken(Signals::new(3), |step| step.truncated = false);
    let source = ActionError::EpisodeOver;
    let refused = collect(&endless, 6, 2).1.unwrap_err();
    assert_eq!(refused, RolloutError::Refused { environment, episode, source });
}

#[test]
fn environments_of_another_kind_are_refused() {
    let environments: Vec<Box<dyn Environment>> = vec![Box::new(Signals::new(3)), Box::new(Signals::new(4))];
    let refused = VectorEnvironment::new(environments, 0, 1).unwrap_err();
    assert_eq!(refused, SetupError::Specification { environment: 1 });
    let refused = VectorEnvironment::new(Vec::new(), 0, 1).unwrap_err();
    assert_eq!(refused, SetupError::Environments { found: 0, expected: 1 });
}
