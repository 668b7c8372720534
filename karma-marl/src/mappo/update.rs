//! The update: every network learns from the rollout.
//!
//! Under MAPPO and IPPO networks share nothing but the rollout, so each is a job for one thread.
//!
//! Under **HAPPO** (Kuba et al., *Trust Region Policy Optimisation in Multi-Agent Reinforcement Learning*, ICLR 2022; the
//! implementation that is compared with is HARL's, Zhong et al., JMLR 2024) actors learn one after the other, in a new
//! random order in each iteration. An agent's advantages are multiplied by M = Π π′(a)/π(a) over the agents before it,
//! π′ being what they have just become: it improves on what the others will really do. M ≥ 0, so that M · min(r·A, …) is
//! the clipped surrogate of M · A. Its monotonic improvement needs the joint advantage, which here is each agent's own:
//! the same thing where all earn the same.

use std::num::NonZeroUsize;

use karma_core::parallel::run_all;
use karma_nn::{
    Alone, Collective, Inference, MaskedCategorical, NetworkError, PolicyStats, PolicyTrainer, Sequences,
    ValueStats, ValueTrainer, exp,
};

use super::Team;
use super::minibatch::{Minibatch, Minibatches, PolicyRows, ValueRows};
use crate::buffer::RolloutBuffer;
use crate::critics::CriticSeat;
use crate::error::MappoError;
use crate::recurrence;

/// Means over all gradient steps of an iteration (and all actors).
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Losses {
    pub(super) policy_loss: f64,
    pub(super) entropy: f64,
    pub(super) approx_kl: f64,
    pub(super) clip_fraction: f64,
    pub(super) imitation_loss: f64,
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
            imitation_loss: mean(policy, |stats| stats.imitation_loss),
            policy_grad_norm: mean(policy, |stats| stats.grad_norm),
            value_loss: mean(value, |stats| stats.value_loss),
            value_grad_norm: mean(value, |stats| stats.grad_norm),
        }
    }
}

fn mean<S>(steps: &[S], field: impl Fn(&S) -> f32) -> f64 {
    if steps.is_empty() {
        return 0.0;
    }
    steps.iter().map(|stats| f64::from(field(stats))).sum::<f64>() / steps.len() as f64
}

/// What there is to learn from, and with whom.
pub(super) struct Lesson<'a> {
    pub(super) rollout: &'a RolloutBuffer,
    pub(super) minibatches: &'a Minibatches,
    /// The order in which actors learn, one after the other; none: all at once.
    pub(super) turns: Option<Vec<usize>>,
    /// How much advice counts beside learning.
    pub(super) imitation: f32,
    pub(super) threads: NonZeroUsize,
}

/// A job for one thread.
enum Learner<'a> {
    Critic(usize, &'a mut ValueTrainer, &'a CriticSeat),
    Actor(usize, &'a mut PolicyTrainer),
    InTurn(Vec<(usize, &'a mut PolicyTrainer)>),
}

/// What each gradient step of a job came to.
enum Learned {
    Value(Vec<ValueStats>),
    Policy(Vec<PolicyStats>),
}

impl Lesson<'_> {
    /// Updates all networks that are not frozen.
    ///
    /// Ranks add up over one network after the other: a collective has one conversation at a time.
    pub(super) fn teach(&self, team: &mut Team, ranks: &mut dyn Collective) -> Result<Losses, MappoError> {
        let mut learners = self.learners(team);
        let each = NonZeroUsize::new(self.threads.get() / learners.len()).unwrap_or(NonZeroUsize::MIN);
        for learner in &mut learners {
            learner.set_threads(each);
        }
        let learned: Vec<_> = if ranks.size() == 1 {
            run_all(self.threads, learners, |learner| self.learn(learner, &mut Alone))
        } else {
            learners.into_iter().map(|learner| self.learn(learner, ranks)).collect()
        };
        let (mut policy, mut value) = (Vec::new(), Vec::new());
        for learned in learned {
            match learned? {
                Learned::Value(stats) => value.extend(stats),
                Learned::Policy(stats) => policy.extend(stats),
            }
        }
        Ok(Losses::new(&policy, &value))
    }

    /// The critics first: they have the widest inputs, and the longest job should not be the last to start.
    fn learners<'t>(&self, team: &'t mut Team) -> Vec<Learner<'t>> {
        let critics = team.critics.iter_mut().zip(&team.critic_seats).enumerate();
        let mut learners: Vec<_> =
            critics.map(|(number, (critic, seat))| Learner::Critic(number, critic, seat)).collect();
        let actors = team.actors.iter_mut().enumerate().zip(&team.frozen);
        let mut actors: Vec<_> = actors.filter(|(_, frozen)| !**frozen).map(|(actor, _)| actor).collect();
        match &self.turns {
            None => learners.extend(actors.into_iter().map(|(number, actor)| Learner::Actor(number, actor))),
            Some(turns) => {
                actors.sort_by_key(|(number, _)| turns.iter().position(|turn| turn == number));
                learners.push(Learner::InTurn(actors));
            }
        }
        learners
    }

    fn learn(&self, learner: Learner<'_>, ranks: &mut dyn Collective) -> Result<Learned, MappoError> {
        Ok(match learner {
            Learner::Critic(number, critic, seat) => {
                let mut copies = ValueRows::default();
                let step = |batch: Minibatch<'_>| {
                    batch.2.into_iter().for_each(|rows| copies.gather(seat, self.rollout, rows));
                    critic
                        .update_with(&copies.batch(), ranks)
                        .map_err(|source| failed("critic", number, batch, source))
                };
                Learned::Value(self.minibatches.iter().map(step).collect::<Result<_, _>>()?)
            }
            Learner::Actor(number, actor) => Learned::Policy(self.policy((number, actor), None, ranks)?),
            Learner::InTurn(actors) => {
                let (mut factor, mut stats) = (vec![1.0; self.rollout.rows()], Vec::new());
                for (number, actor) in actors {
                    stats.extend(self.policy((number, &mut *actor), Some(&factor), ranks)?);
                    self.compound(&mut factor, number, actor).map_err(|source| MappoError::Network {
                        learner: format!("actor {number}"),
                        source,
                    })?;
                }
                Learned::Policy(stats)
            }
        })
    }

    /// One gradient step of an actor for each mini-batch.
    fn policy(
        &self,
        (number, actor): (usize, &mut PolicyTrainer),
        factor: Option<&[f32]>,
        ranks: &mut dyn Collective,
    ) -> Result<Vec<PolicyStats>, MappoError> {
        let mut copies = PolicyRows::default();
        let step = |batch: Minibatch<'_>| {
            batch.2.into_iter().for_each(|rows| copies.gather(number, self.rollout, rows, factor));
            actor
                .update_with(&copies.batch(self.imitation), ranks)
                .map_err(|source| failed("actor", number, batch, source))
        };
        self.minibatches.iter().map(step).collect()
    }

    /// Multiplies each row's factor by π′(a)/π(a) of the agent that actor `number` plays, where it was alive.
    pub(super) fn compound(
        &self,
        factor: &mut [f32],
        number: usize,
        actor: &PolicyTrainer,
    ) -> Result<(), NetworkError> {
        let players = self.rollout.seats().iter().zip(&self.rollout.agents);
        for (seat, agent) in players.filter(|(seat, _)| seat.network == number) {
            let mut logits = vec![0.0; factor.len() * seat.actions()];
            if agent.states.is_empty() {
                Inference::default().forward(actor.network(), &agent.inputs, &mut logits)?;
            } else {
                let (length, begins) = (self.rollout.chunk(), &self.rollout.begins[..]);
                let sequences = Sequences { length, states: &agent.states, begins };
                recurrence::forward(actor.network(), &agent.inputs, &sequences, &mut logits, |_, _| Ok(()))?;
            }
            let mut head = MaskedCategorical::default();
            let rows = logits.chunks_exact(seat.actions()).zip(agent.masks.chunks_exact(seat.actions()));
            for (row, (logits, mask)) in rows.enumerate().filter(|(row, _)| agent.alive[*row]) {
                head.renew(logits, mask)?;
                factor[row] *= exp(head.log_probs()[agent.actions[row]] - agent.log_probs[row]);
            }
        }
        Ok(())
    }
}

impl Learner<'_> {
    fn set_threads(&mut self, threads: NonZeroUsize) {
        match self {
            Self::Critic(_, critic, _) => critic.set_threads(threads),
            Self::Actor(_, actor) => actor.set_threads(threads),
            Self::InTurn(actors) => actors.iter_mut().for_each(|(_, actor)| actor.set_threads(threads)),
        }
    }
}

fn failed(kind: &str, number: usize, (epoch, part, _): Minibatch<'_>, source: NetworkError) -> MappoError {
    MappoError::Update { learner: format!("{kind} {number}"), epoch, minibatch: part, source }
}
