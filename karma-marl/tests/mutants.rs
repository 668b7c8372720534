//! Reckoned once more: what a learner came to, from nothing but what its environments showed.
//!
//! Each of these is where a published implementation of MAPPO or HAPPO went wrong in silence: it still ran, and learned
//! less. `break.sh` puts their bugs in, one at a time, and demands that one of the tests of this crate turns red.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::num::NonZeroUsize;

use karma_core::{Action, AgentId, Environment, Id as _, SeedTree, Step};
use karma_marl::games::particles::{Convention, Particles, Scenario};
use karma_marl::games::{Alternation, LastStand, Stipend};
use karma_marl::{Algorithm, Mappo, MappoParams, Mode};
use karma_nn::MaskedCategorical;

const SEED: u64 = 3;
const AGENTS: usize = 3;
const ENVIRONMENTS: usize = 2;
const HORIZON: usize = 5;
/// Rows of an environment: two episodes.
const LENGTH: usize = 2 * HORIZON;

/// A learner that takes one gradient step in each iteration.
fn trainer<E: Environment + Clone + 'static>(game: &E, edit: impl FnOnce(&mut MappoParams)) -> Mappo {
    let mut params = MappoParams {
        num_envs: ENVIRONMENTS,
        hidden: vec![16],
        num_minibatches: 1,
        update_epochs: 1,
        learning_rate: 1e-2,
        ..MappoParams::published()
    };
    edit(&mut params);
    let games = (0..params.num_envs).map(|_| Box::new(game.clone()) as Box<dyn Environment>).collect();
    Mappo::new(params.check().unwrap(), games, SEED, NonZeroUsize::MIN).unwrap()
}

fn spread() -> Particles {
    Particles::with_horizon(Scenario::Spread, Convention::MPE2, HORIZON)
}

fn spread_trainer(algorithm: Algorithm) -> Mappo {
    trainer(&spread(), |p| (p.algorithm, p.rollout_length) = (algorithm, Some(LENGTH)))
}

/// What stood before and after each row of the first rollout: its episodes, played again.
fn replay(mappo: &Mappo) -> Vec<(Step, Step)> {
    let (mut game, rollout) = (spread(), mappo.rollout());
    let (seeds, mut step) = (SeedTree::new(SEED).child("train"), Step::default());
    let mut moment = |row: usize| {
        if row.is_multiple_of(HORIZON) {
            let (place, episode) = (row / LENGTH, row % LENGTH / HORIZON);
            game.reset_into(seeds.index(place as u64).index(episode as u64).seed(), &mut step);
        }
        let before = step.clone();
        let action = |agent| u32::try_from(rollout.actions(AgentId::from_index(agent))[row]).unwrap();
        game.step_into(&(0..AGENTS).map(|agent| Action(action(agent))).collect(), &mut step).unwrap();
        (before, step.clone())
    };
    (0..rollout.rows()).map(&mut moment).collect()
}

fn assert_near(what: &str, ours: f64, expected: f64, within: f64) {
    assert!((ours - expected).abs() <= within, "{what}: {ours} is not {expected}");
}

/// The advantages of an agent, by row, from the values of the critic before it learned anything.
fn advantages(fresh: &Mappo, moments: &[(Step, Step)], agent: usize) -> Vec<f64> {
    let params = fresh.config().params();
    let (gamma, lambda) = (f64::from(params.gamma), f64::from(params.gae_lambda));
    let value = |step: &Step| f64::from(fresh.values(&step.global).unwrap().unwrap().as_slice()[agent]);
    let (mut advantages, mut later) = (Vec::new(), 0.0);
    for (before, after) in moments.iter().rev() {
        let surprise = f64::from(after.rewards.as_slice()[agent]) + gamma * value(after) - value(before);
        later = surprise + if after.truncated { 0.0 } else { gamma * lambda * later };
        advantages.push(later);
    }
    advantages.reverse();
    let n = advantages.len() as f64;
    let mean = advantages.iter().sum::<f64>() / n;
    let deviation = (advantages.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / n).sqrt();
    advantages.iter().map(|a| (a - mean) / (deviation + 1e-5)).collect()
}

/// The critic speaks in normalised values, a time limit is not the end, and what is valued there is the state that was
/// reached, not the one that the next episode begins with.
#[test]
fn advantages_are_those_of_rewards_and_of_values_in_units_of_rewards() {
    for algorithm in [Algorithm::Mappo, Algorithm::Happo] {
        let (fresh, mut mappo) = (spread_trainer(algorithm), spread_trainer(algorithm));
        mappo.iterate().unwrap();
        let moments = replay(&mappo);
        for agent in 0..AGENTS {
            let ours = mappo.rollout().advantages().iter().skip(agent).step_by(AGENTS);
            for (row, (ours, expected)) in ours.zip(advantages(&fresh, &moments, agent)).enumerate() {
                let what = format!("{algorithm:?}, agent {agent}, row {row}");
                assert_near(&what, f64::from(*ours), expected, 1e-4);
            }
        }
    }
}

/// π(a) of the action that was taken in each row.
fn probabilities(mappo: &Mappo, moments: &[(Step, Step)], actions: &[usize], agent: usize) -> Vec<f64> {
    let policies = mappo.policies(Mode::Sampled);
    let probability = |((before, _), action): (&(Step, Step), &usize)| {
        let (observation, mask) = (&before.observations.as_slice()[agent].0, &before.masks.as_slice()[agent]);
        let logits = policies.as_slice()[agent].network().forward(observation).unwrap();
        f64::from(MaskedCategorical::new(&logits, mask.as_slice()).unwrap().probs()[*action])
    };
    moments.iter().zip(actions).map(probability).collect()
}

/// A ratio of 1 for the one that learns, so that its loss is −mean(M · A), M being the product of the ratios of **all**
/// that learned before it.
#[test]
fn under_happo_an_agent_learns_from_what_all_before_it_have_become() {
    let (fresh, mut mappo) = (spread_trainer(Algorithm::Happo), spread_trainer(Algorithm::Happo));
    let found = mappo.iterate().unwrap().policy_loss;
    let (moments, rollout) = (replay(&mappo), mappo.rollout());
    let ratios: Vec<Vec<f64>> = (0..AGENTS)
        .map(|agent| {
            let actions = rollout.actions(AgentId::from_index(agent));
            let [now, then] = [&mappo, &fresh].map(|team| probabilities(team, &moments, actions, agent));
            now.iter().zip(then).map(|(now, then)| now / then).collect()
        })
        .collect();
    let loss = |order: &[usize; AGENTS]| {
        let (mut factor, mut sum) = (vec![1.0; moments.len()], 0.0);
        for agent in order {
            let advantages = rollout.advantages().iter().skip(*agent).step_by(AGENTS);
            sum -= advantages.zip(&factor).map(|(a, m)| m * f64::from(*a)).sum::<f64>();
            factor.iter_mut().zip(&ratios[*agent]).for_each(|(m, ratio)| *m *= ratio);
        }
        sum / (AGENTS * moments.len()) as f64
    };
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let losses: Vec<f64> = orders.iter().map(loss).collect();
    assert!(losses.iter().all(|loss| loss.abs() > 1e-3), "the order matters: {losses:?}");
    assert!(losses.iter().any(|loss| (loss - found).abs() < 2e-6), "{found} is none of {losses:?}");
}

/// With the same mask in the rollout and in the loss, a first step finds π′ = π.
#[test]
fn a_first_step_finds_the_policy_of_the_rollout_under_the_mask_of_the_rollout() {
    let mut mappo = trainer(&Alternation::new(12), |_| ());
    for _ in 0..2 {
        let stats = mappo.iterate().unwrap();
        assert!(stats.approx_kl < 1e-9 && stats.clip_fraction == 0.0, "{stats:?}");
    }
}

/// −mean A of a first step is 0 if advantages are normalised over just the rows that are learned from.
#[test]
fn the_dead_count_neither_among_the_advantages_nor_in_the_loss() {
    let mut mappo = trainer(&LastStand::new(12), |p| p.num_envs = 6);
    let stats = mappo.iterate().unwrap();
    assert_near("policy_loss", stats.policy_loss, 0.0, 1e-6);
    let rollout = mappo.rollout();
    for agent in 0..2 {
        let alive = rollout.alive(AgentId::from_index(agent));
        let advantages = rollout.advantages().iter().skip(agent).step_by(2).zip(alive);
        let living: Vec<f64> = advantages.filter(|(_, alive)| **alive).map(|(a, _)| f64::from(*a)).collect();
        assert!(living.len() < alive.len(), "somebody fell");
        assert_near("mean", living.iter().sum::<f64>() / living.len() as f64, 0.0, 1e-5);
        let square = living.iter().map(|a| a * a).sum::<f64>() / living.len() as f64;
        assert_near("mean square", square, 1.0, 1e-3);
    }
}

/// Returns of 1 to 8, say; statistics that had not seen them would make targets of 10 to 80 of them.
#[test]
fn the_first_targets_of_a_critic_are_normalised_by_their_own_statistics() {
    let stats = trainer(&Stipend::new(8), |_| ()).iterate().unwrap();
    assert!(stats.value_loss < 5.0, "{stats:?}");
}
