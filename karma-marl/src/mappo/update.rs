//! The update: every network learns from the rollout, on its own.

use std::num::NonZeroUsize;

use karma_nn::{NetworkError, PolicyStats, PolicyTrainer, ValueStats, ValueTrainer};

use super::minibatch::{Minibatches, PolicyRows, ValueRows};
use crate::buffer::RolloutBuffer;
use crate::error::MappoError;
use karma_core::parallel::run_all;

/// Means over all gradient steps of an iteration (and all actors).
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Losses {
    pub(super) policy_loss: f64,
    pub(super) entropy: f64,
    pub(super) approx_kl: f64,
    pub(super) clip_fraction: f64,
    pub(super) policy_grad_norm: f64,
    pub(super) value_loss: f64,
    pub(super) value_grad_norm: f64,
}

impl Losses {
    fn new(policy: &[PolicyStats], value: &[ValueStats]) -> Self {
        Self {
            policy_loss: mean(policy, |stats| stats.policy_loss),
            entropy: mean(policy, |stats| stats.entropy),
            approx_kl: mean(policy, |stats| stats.approx_kl),
            clip_fraction: mean(policy, |stats| stats.clip_fraction),
            policy_grad_norm: mean(policy, |stats| stats.grad_norm),
            value_loss: mean(value, |stats| stats.value_loss),
            value_grad_norm: mean(value, |stats| stats.grad_norm),
        }
    }
}

fn mean<S>(steps: &[S], field: impl Fn(&S) -> f32) -> f64 {
    steps.iter().map(|stats| f64::from(field(stats))).sum::<f64>() / steps.len() as f64
}

/// A network's work; the networks share nothing but the rollout, so each is a job for one thread.
enum Learner<'a> {
    Critic(&'a mut ValueTrainer),
    Actor(usize, &'a mut PolicyTrainer),
}

/// What each gradient step of a network came to.
enum Learned {
    Critic(Vec<ValueStats>),
    Actor(Vec<PolicyStats>),
}

/// Updates all networks.
pub(super) fn update(
    (actors, critic): (&mut [PolicyTrainer], &mut ValueTrainer),
    rollout: &RolloutBuffer,
    minibatches: &Minibatches,
    threads: NonZeroUsize,
) -> Result<Losses, MappoError> {
    // The critic first: it has the widest input, and the longest job should not be the last to start.
    let actors = actors.iter_mut().enumerate().map(|(number, actor)| Learner::Actor(number, actor));
    let learners: Vec<Learner<'_>> = std::iter::once(Learner::Critic(critic)).chain(actors).collect();
    let (mut policy, mut value) = (Vec::new(), Vec::new());
    for learned in run_all(threads, learners, |learner| learner.learn(rollout, minibatches)) {
        match learned? {
            Learned::Critic(stats) => value = stats,
            Learned::Actor(stats) => policy.extend(stats),
        }
    }
    Ok(Losses::new(&policy, &value))
}

impl Learner<'_> {
    /// One gradient step for each mini-batch.
    fn learn(self, rollout: &RolloutBuffer, minibatches: &Minibatches) -> Result<Learned, MappoError> {
        match self {
            Self::Critic(critic) => {
                let mut copies = ValueRows::default();
                let step = |rows| critic.update(&copies.gather(rollout, rows));
                let stats: Result<_, _> = minibatches.iter().map(step).collect();
                Ok(Learned::Critic(stats.map_err(|source| failed("the critic".to_owned(), source))?))
            }
            Self::Actor(number, actor) => {
                let mut copies = PolicyRows::default();
                let step = |rows| actor.update(&copies.gather(number, rollout, rows));
                let stats: Result<_, _> = minibatches.iter().map(step).collect();
                Ok(Learned::Actor(stats.map_err(|source| failed(format!("actor {number}"), source))?))
            }
        }
    }
}

fn failed(learner: String, source: NetworkError) -> MappoError {
    MappoError::Update { learner, source }
}
