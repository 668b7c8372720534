//! MAPPO: proximal policy optimisation for a team, with one critic that sees everything.
//!
//! Yu, Velu, Vinitsky, Gao, Wang, Bayen and Wu, *The Surprising Effectiveness of PPO in Cooperative
//! Multi-Agent Games*, `NeurIPS` 2022; PPO is Schulman et al., 2017. Actors are decentralised: agent i's
//! policy sees its own observation and mask only, and is all that is deployed. The critic is centralised:
//! it sees the whole state ([`Step::global`](karma_core::Step::global)) and exists in training only.
//!
//! One [`Mappo::iterate`]:
//! 1. **Rollout.** Each environment plays whole episodes with the present actors.
//! 2. **Advantages** A of each agent by [`gae`](crate::gae::gae), from **its own rewards** and the critic's
//!    values for it in units of rewards; returns are A + V. Then A is normalised over the whole rollout to
//!    mean 0 and deviation 1, for each actor over all agents that it plays.
//! 3. **Update**, for a number of epochs, over the rows in a new random order, in mini-batches: each actor
//!    minimises −min(r·A, clip(r, 1 ± ε)·A) − c·entropy with r the ratio of π(a) to what it was in the
//!    rollout, and the critic a clipped Huber loss of the normalised returns, one Adam step each.
//!
//! Where we differ from the authors' implementation (on-policy), on purpose:
//! * a time limit truncates, it does not end the game: the final observation is valued, not thrown away;
//! * an actor for each agent unless `parameter_sharing` is set, and then the actor is told whom it plays;
//! * two hidden layers without layer normalisation; observations are normalised by the environment;
//! * a mini-batch has the same rows for all networks, and each network's updates run on one thread, so
//!   results do not depend on the number of threads;
//! * a checkpoint holds everything, so that a continued run is the same run.
//!
//! **A reward for each agent.** [`Step::rewards`](karma_core::Step::rewards) holds one for each, and they may
//! differ: a role that is paid for its mission, or, one day, an attacker that gains what defenders lose. A
//! learner of their mean would do what is best for the sum, whoever pays for it. So the critic has a head for
//! each agent on one trunk: V of agent i is what *it* can expect in a state that all see. Where all agents earn
//! the same, the heads learn the same function, and a learner need not be told which case it is in. The heads
//! cost the last layer only: (hidden + 1) × (agents − 1) parameters more than one value for all.
//! [`IterationStats::episodic_return`] is the mean over agents.
//!
//! Cost of one iteration: E·T environment steps, and epochs × networks × E·T rows forward and backward.

pub(crate) mod checkpoint;
mod minibatch;
mod params;
mod stats;
mod update;

use std::num::NonZeroUsize;

use karma_core::{Environment, EnvironmentSpec, PerAgent, SeedTree, StreamRng};
use karma_nn::{Mlp, NetworkError, PolicyTrainer, ValueTrainer};

use crate::buffer::RolloutBuffer;
use crate::error::{MappoError, SetupError};
use crate::policy::{Mode, TrainedPolicy};
use crate::seats;
use crate::vector::{Players, VectorEnvironment};
use minibatch::Minibatches;
pub use params::{MappoConfig, MappoParams};
pub use stats::IterationStats;
pub(crate) use stats::Progress;

/// A team in training.
///
/// ```
/// use std::num::NonZeroUsize;
/// use karma_core::Environment;
/// use karma_marl::{Mappo, MappoParams, games::Signals};
///
/// let config = MappoParams { num_envs: 2, ..MappoParams::default() }.check()?;
/// let environments = (0..2).map(|_| Box::new(Signals::new(8)) as Box<dyn Environment>).collect();
/// let mut mappo = Mappo::new(config, environments, 7, NonZeroUsize::MIN)?;
/// let stats = mappo.iterate()?;
/// assert_eq!((stats.steps, stats.episodes), (16, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mappo {
    config: MappoConfig,
    seed: u64,
    threads: NonZeroUsize,
    environments: VectorEnvironment,
    actors: Vec<PolicyTrainer>,
    critic: ValueTrainer,
    minibatches: StreamRng,
    progress: Progress,
    buffer: RolloutBuffer,
}

impl Mappo {
    /// Fresh networks for `environments`. All randomness comes from `seed`: networks from `actor → i` and
    /// `critic`, episodes from `train → environment → episode`, actions from `actions → environment`, and
    /// the order of rows from `minibatches`. The number of threads changes no result.
    ///
    /// # Errors
    /// If environments and settings do not go together; see [`SetupError`].
    pub fn new(
        config: MappoConfig,
        environments: Vec<Box<dyn Environment>>,
        seed: u64,
        threads: NonZeroUsize,
    ) -> Result<Self, MappoError> {
        let environments = VectorEnvironment::new(environments, seed)?;
        let buffer = rollout_buffer(&config, &environments)?;
        let (root, params) = (SeedTree::new(seed), config.params());
        let networks = seats::actors(buffer.seats(), params)?;
        let actor = |((network, seat), i): ((_, &seats::Seat), u64)| {
            let fresh = Mlp::orthogonal(network, &mut root.child("actor").index(i).rng());
            let network = fresh.with_output_bias(&seat.prior(params.hold_bias));
            let named = |source| MappoError::Update { learner: format!("actor {i}"), source };
            network.map(|network| PolicyTrainer::new(network, config.policy())).map_err(named)
        };
        let actors = networks.iter().zip(buffer.seats()).zip(0..).map(actor).collect::<Result<_, _>>()?;
        let critic = params.critic(environments.spec().global_size, buffer.seats().len()).check()?;
        let critic = Mlp::orthogonal(&critic, &mut root.child("critic").rng());
        let critic = ValueTrainer::new(critic, config.value());
        let (minibatches, progress) = (root.child("minibatches").rng(), Progress::default());
        Ok(Self { config, seed, threads, environments, actors, critic, minibatches, progress, buffer })
    }

    /// Plays one rollout and learns from it.
    ///
    /// # Errors
    /// If an environment breaks its promises or a number is not finite. The trainer may have taken some of
    /// its steps then and is not to be continued: restore the last checkpoint.
    pub fn iterate(&mut self) -> Result<IterationStats, MappoError> {
        let actors = self.actors.iter().map(PolicyTrainer::network).collect();
        let players = Players { actors, critic: &self.critic };
        let played = self.environments.collect(&mut self.buffer, &players, self.threads)?;
        self.buffer.estimate(self.config.discount())?;
        let (agents, buffer) = (self.buffer.seats().len(), &self.buffer);
        let explained_variance = stats::explained_variance(&buffer.values, &buffer.returns, agents);
        self.buffer.normalise_advantages();
        let params = self.config.params();
        let (rows, parts) = (self.buffer.rows(), params.num_minibatches);
        let minibatches = Minibatches::draw(rows, (params.update_epochs, parts), &mut self.minibatches);
        let learners = (&mut self.actors[..], &mut self.critic);
        let losses = update::update(learners, &self.buffer, &minibatches, self.threads)?;
        self.progress.advance(rows, played.returns.len());
        Ok(IterationStats::new(&self.progress, &played, &losses, explained_variance))
    }

    /// The settings of this run.
    pub fn config(&self) -> &MappoConfig {
        &self.config
    }

    /// Agents, sizes and horizon of the environments.
    pub fn spec(&self) -> &EnvironmentSpec {
        self.environments.spec()
    }

    /// Iterations finished so far, those before the checkpoint included.
    pub fn iteration(&self) -> u64 {
        self.progress.iteration
    }

    /// The rollout of the last iteration; zeros before the first, and after a checkpoint was restored.
    pub fn rollout(&self) -> &RolloutBuffer {
        &self.buffer
    }

    /// The agents' policies as they are now.
    pub fn policies(&self, mode: Mode) -> PerAgent<TrainedPolicy> {
        let network = |number: usize| self.actors[number].network().clone();
        self.buffer.seats().map(|seat| TrainedPolicy::new(network(seat.network), seat, mode))
    }

    /// The critic's value of a state for each agent, in units of its rewards.
    ///
    /// # Errors
    /// If `global` has not the length of the specification.
    pub fn values(&self, global: &[f32]) -> Result<PerAgent<f32>, NetworkError> {
        let (expected, found) = (self.spec().global_size, global.len());
        if found != expected {
            return Err(NetworkError::Shape { what: "global", expected, found });
        }
        let values = Players { actors: Vec::new(), critic: &self.critic }.values(global)?;
        Ok(values.into())
    }
}

/// Columns for the rollouts of these environments, if the settings fit them.
fn rollout_buffer(
    config: &MappoConfig,
    environments: &VectorEnvironment,
) -> Result<RolloutBuffer, SetupError> {
    let (params, spec) = (config.params(), environments.spec());
    let (found, expected) = (environments.len(), params.num_envs);
    if found != expected {
        return Err(SetupError::Environments { found, expected });
    }
    let (horizon, rollout_length) = (spec.horizon, config.rollout_length(spec.horizon));
    if rollout_length == 0 || !rollout_length.is_multiple_of(horizon) {
        return Err(SetupError::RolloutLength { rollout_length, horizon });
    }
    let (num_minibatches, rows) = (params.num_minibatches, found * rollout_length);
    if num_minibatches > rows {
        return Err(SetupError::Minibatches { num_minibatches, rows });
    }
    let seats = seats::seats(spec, params.parameter_sharing)?;
    Ok(RolloutBuffer::new(&seats, spec.global_size, found, rollout_length))
}

#[cfg(test)]
mod tests;
