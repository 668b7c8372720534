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
//! **Relatives** ([`Algorithm`]). IPPO gives each actor a critic of its own that sees what the actor sees; HAPPO lets
//! actors learn in turn (`update.rs`).
//!
//! **Memory** (`recurrent`). Actors and critics carry a state from row to row, 0 where an episode begins. They learn by
//! truncated back-propagation through time: rows are cut into sequences of `chunk_length`, each learned from the state
//! that the rollout had before it, as in on-policy; whole sequences are shuffled. A truncated row's final observation is
//! valued from the state after that row.
//!
//! **Parts** ([`AgentSpec::parts`](karma_core::AgentSpec::parts)). Where an observation has a part for each service, an
//! actor's network sees one part after the other and says what to do about it; one softmax over all of them decides. Its
//! weights learn from every service, and it plays on clusters of any size. Critics see the whole.
//!
//! **Imitation** ([`ImitationParams`]). Where the environment says what one that knows better would do
//! ([`Step::advice`](karma_core::Step::advice)), actors learn to do that as well, less and less over the first iterations:
//! *kickstarting* (Schmitt et al., 2018). They play by themselves all the time, so that they learn it in the situations that
//! they come into (as in `DAgger`; Ross, Gordon and Bagnell, 2011), and what the teacher sees and they do not is averaged
//! out by the rewards, which go on without it.
//!
//! **Two sides.** Agents of both teams may learn in one game, each from its own reward: with rewards of opposite sign that
//! is self-play. [`Mappo::freeze`] keeps one side as it is, so that the other learns the best answer to it
//! ([`exploitability`](crate::exploitability)).
//!
//! **Dead agents** ([`Step::is_alive`](karma_core::Step::is_alive)). What a dead agent does decides nothing, so its rows
//! count neither for its policy nor for the normalisation of its advantages, and it sees zeros. Its rewards count until
//! the end: the team may win after it fell, and the critic's head for it, which sees the whole state, says so.
//!
//! Where we differ from the authors' implementation (on-policy), on purpose:
//! * a time limit truncates, it does not end the game: the final observation is valued, not thrown away;
//! * an actor for each agent unless `parameter_sharing` is set, and then the actor is told whom it plays;
//! * the critic sees each state once, with a head for each agent, instead of once for each agent;
//! * layer normalisation only where it is asked for (`input_norm`, `layer_norm`);
//! * a mini-batch has the same rows for all networks, and results do not depend on the number of threads;
//! * a checkpoint holds everything, so that a continued run is the same run.
//!
//! **A reward for each agent.** [`Step::rewards`](karma_core::Step::rewards) holds one for each, and they may
//! differ: a role that is paid for its mission, or, one day, an attacker that gains what defenders lose. A
//! learner of their mean would do what is best for the sum, whoever pays for it. So the critic has a head for
//! each agent on one trunk: V of agent i is what *it* can expect in a state that all see. Where all agents earn
//! the same, the heads learn the same function, and a learner need not be told which case it is in. The heads
//! cost the last layer only: (hidden + 1) × (agents − 1) parameters more than one value for all.
//! [`IterationStats::episodic_return`] is the mean over the defenders.
//!
//! Cost of one iteration: E·T environment steps, and epochs × networks × E·T rows forward and backward.

pub(crate) mod checkpoint;
mod minibatch;
mod params;
mod stats;
mod update;

use std::num::NonZeroUsize;

use karma_core::{
    AgentId, Environment, EnvironmentSpec, Id as _, PerAgent, SeedTree, StreamRng, draw::shuffle,
};
use karma_nn::{Alone, Collective, Mlp, NetworkError, PolicyTrainer, ValueTrainer};

use crate::buffer::RolloutBuffer;
use crate::critics::{self, CriticSeat};
use crate::error::{MappoError, SetupError};
use crate::policy::{Mode, TrainedPolicy};
use crate::seats;
use crate::vector::VectorEnvironment;
use minibatch::Minibatches;
pub use params::{Algorithm, ImitationParams, MappoConfig, MappoParams};
pub use stats::IterationStats;
pub(crate) use stats::Progress;
use update::Lesson;

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
    team: Team,
    streams: Streams,
    progress: Progress,
    buffer: RolloutBuffer,
    ranks: Box<dyn Collective>,
}

/// The networks that learn.
#[derive(Debug)]
struct Team {
    /// By number of network.
    actors: Vec<PolicyTrainer>,
    /// Which of the actors play, but do not learn.
    frozen: Vec<bool>,
    critics: Vec<ValueTrainer>,
    critic_seats: Vec<CriticSeat>,
}

/// What learning draws.
#[derive(Clone, Debug)]
struct Streams {
    /// The order of this rank's rows.
    minibatches: StreamRng,
    /// The order in which actors learn in turn, the same on all ranks.
    turns: StreamRng,
}

impl Streams {
    fn new(root: SeedTree, rank: usize) -> Self {
        let minibatches = root.child("minibatches");
        // The first rank draws what a learner by itself draws.
        let minibatches = if rank == 0 { minibatches } else { minibatches.index(rank as u64) };
        Self { minibatches: minibatches.rng(), turns: root.child("turns").rng() }
    }
}

impl Team {
    /// Fresh networks for a rollout's seats.
    fn new(config: &MappoConfig, buffer: &RolloutBuffer, root: SeedTree) -> Result<Self, MappoError> {
        let params = config.params();
        let actor = |(seat, i): (&seats::Seat, u64)| -> Result<PolicyTrainer, MappoError> {
            let network = params.actor((seat.inputs(), seat.actions()), seat.parts).check()?;
            let fresh = Mlp::orthogonal(&network, &mut root.child("actor").index(i).rng());
            let network = fresh.with_output_bias(&seat.prior(params.hold_bias));
            let named = |source| MappoError::Network { learner: format!("actor {i}"), source };
            Ok(PolicyTrainer::new(network.map_err(named)?, config.policy()))
        };
        let actors: Vec<_> =
            seats::first_seats(buffer.seats()).zip(0..).map(actor).collect::<Result<_, _>>()?;
        let critic_seats = critics::critics(params.algorithm, buffer.seats());
        let critic = |(seat, i): (&CriticSeat, u64)| -> Result<ValueTrainer, MappoError> {
            let (inputs, heads) = seat.shape(buffer.global_size());
            let seed = root.child("critic");
            let seed = if critic_seats.len() == 1 { seed } else { seed.index(i) };
            let network = Mlp::orthogonal(&params.critic(inputs, heads).check()?, &mut seed.rng());
            Ok(ValueTrainer::new(network, config.value()))
        };
        let critics = critic_seats.iter().zip(0..).map(critic).collect::<Result<_, _>>()?;
        Ok(Self { frozen: vec![false; actors.len()], actors, critics, critic_seats })
    }

    fn set_learning_rates(&mut self, actors: f32, critics: f32) -> Result<(), MappoError> {
        self.actors.iter_mut().try_for_each(|actor| actor.set_learning_rate(actors))?;
        self.critics.iter_mut().try_for_each(|critic| critic.set_learning_rate(critics))?;
        Ok(())
    }

    fn players(&self) -> Vec<&Mlp> {
        self.actors.iter().map(PolicyTrainer::network).collect()
    }
}

impl Mappo {
    /// Fresh networks for `environments`. All randomness comes from `seed`: networks from `actor → i` and
    /// `critic`, episodes from `train → environment → episode`, actions from `actions → environment`,
    /// the order of rows from `minibatches`, and the order of turns from `turns`. The number of threads changes no
    /// result.
    ///
    /// # Errors
    /// If environments and settings do not go together; see [`SetupError`].
    pub fn new(
        config: MappoConfig,
        environments: Vec<Box<dyn Environment>>,
        seed: u64,
        threads: NonZeroUsize,
    ) -> Result<Self, MappoError> {
        Self::new_with(config, environments, seed, threads, Box::new(Alone))
    }

    /// [`Mappo::new`] as one of several `ranks` that learn together: each gives its share of the `num_envs`
    /// environments, in the order of ranks, and all of them have the same settings and seed. With one mini-batch an epoch
    /// they take the steps of one learner with all environments, to the rounding of sums; with several, each cuts its own
    /// rows. On every rank the networks are the same, bit for bit.
    ///
    /// # Errors
    /// As there, and if `num_envs` is no multiple of the number of ranks.
    pub fn new_with(
        config: MappoConfig,
        environments: Vec<Box<dyn Environment>>,
        seed: u64,
        threads: NonZeroUsize,
        ranks: Box<dyn Collective>,
    ) -> Result<Self, MappoError> {
        let first = ranks.rank() * environments.len();
        let environments = VectorEnvironment::new(environments, first, seed)?;
        let buffer = rollout_buffer(&config, &environments, ranks.size())?;
        let root = SeedTree::new(seed);
        let team = Team::new(&config, &buffer, root)?;
        let (streams, progress) = (Streams::new(root, ranks.rank()), Progress::default());
        Ok(Self { config, seed, threads, environments, team, streams, progress, buffer, ranks })
    }

    /// Plays one rollout and learns from it.
    ///
    /// # Errors
    /// If an environment breaks its promises or a number is not finite. The trainer may have taken some of
    /// its steps then and is not to be continued: restore the last checkpoint.
    pub fn iterate(&mut self) -> Result<IterationStats, MappoError> {
        let (actors, critics) = self.config.params().learning_rates(self.progress.iteration);
        self.team.set_learning_rates(actors, critics)?;
        let (threads, ranks) = (self.threads, self.ranks.as_mut());
        let mut played = self.environments.collect(&mut self.buffer, &self.team.players(), threads)?;
        let critics = (&self.team.critics[..], &self.team.critic_seats[..]);
        critics::value(&mut self.buffer, &played.finals, critics, threads)
            .map_err(|source| MappoError::Network { learner: "a critic".to_owned(), source })?;
        self.buffer.estimate(self.config.discount())?;
        let explained_variance = stats::explained_variance(&self.buffer, ranks)?;
        self.buffer.normalise_advantages(ranks)?;
        let (params, rows) = (self.config.params(), self.buffer.rows());
        let cut = (params.update_epochs, params.num_minibatches);
        let minibatches = Minibatches::draw(self.buffer.chunks(), cut, &mut self.streams.minibatches);
        let turns = (params.algorithm == Algorithm::Happo).then(|| {
            let mut turns: Vec<usize> = (0..self.team.actors.len()).collect();
            shuffle(&mut turns, &mut self.streams.turns);
            turns
        });
        let imitation = params.imitation.weight_at(self.progress.iteration);
        let lesson = Lesson { rollout: &self.buffer, minibatches: &minibatches, turns, imitation, threads };
        let losses = lesson.teach(&mut self.team, ranks)?;
        stats::join(&mut played, ranks)?;
        self.progress.advance(rows * ranks.size(), played.returns.len());
        let imitation_loss = (imitation > 0.0).then_some(losses.imitation_loss);
        let stats = IterationStats::new(&self.progress, &played, &losses, explained_variance);
        Ok(IterationStats { imitation_loss, ..stats })
    }

    /// Lets `policy` play `agent` from now on, without learning: a team to be attacked, or an attacker to be met. With
    /// shared actors it plays the agent's whole side.
    ///
    /// # Errors
    /// If the policy's network has another shape than the agent's would have.
    pub fn freeze(&mut self, agent: AgentId, policy: &TrainedPolicy) -> Result<(), MappoError> {
        let refused =
            |source| MappoError::Network { learner: format!("the policy of agent {agent}"), source };
        let Some(seat) = self.buffer.seats().get(agent) else {
            let (expected, found) = (self.buffer.seats().len(), agent.index() + 1);
            return Err(refused(NetworkError::Shape { what: "the agents", expected, found }));
        };
        let (theirs, ours) = (policy.network().config().params(), (seat.inputs(), seat.actions()));
        let sizes = [
            ("input", theirs.input, ours.0),
            ("output", theirs.output, ours.1),
            ("the parts", theirs.parts, seat.parts),
        ];
        for (what, found, expected) in sizes {
            if found != expected {
                return Err(refused(NetworkError::Shape { what, expected, found }));
            }
        }
        let (found, (_, expected)) = (policy.network().memory(), self.config.recurrence());
        if found != expected {
            return Err(refused(NetworkError::Shape { what: "the memory", expected, found }));
        }
        self.team.actors[seat.network] = PolicyTrainer::new(policy.network().clone(), self.config.policy());
        self.team.frozen[seat.network] = true;
        Ok(())
    }

    /// The settings of this run.
    pub fn config(&self) -> &MappoConfig {
        &self.config
    }

    /// Agents, sizes and horizon of the environments.
    pub fn spec(&self) -> &EnvironmentSpec {
        self.environments.spec()
    }

    /// The first of the environments; between iterations it holds nothing.
    pub(crate) fn environment(&mut self) -> &mut dyn Environment {
        self.environments.first()
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
        let network = |number: usize| self.team.actors[number].network().clone();
        self.buffer.seats().map(|seat| TrainedPolicy::new(network(seat.network), seat, mode))
    }

    /// The central critic's value of a state for each agent, in units of its rewards, a recurrent one's as if an episode
    /// began there; `None` under IPPO, which has no critic of states.
    ///
    /// # Errors
    /// If `global` has not the length of the specification.
    pub fn values(&self, global: &[f32]) -> Result<Option<PerAgent<f32>>, NetworkError> {
        let (expected, found) = (self.spec().global_size, global.len());
        if found != expected {
            return Err(NetworkError::Shape { what: "global", expected, found });
        }
        let ([critic], [CriticSeat::Central { .. }]) = (&self.team.critics[..], &self.team.critic_seats[..])
        else {
            return Ok(None);
        };
        let mut values = critic.network().forward(global)?;
        critic.denormalise(&mut values);
        Ok(Some(values.into()))
    }
}

/// Columns for the rollouts of these environments, if the settings fit them.
fn rollout_buffer(
    config: &MappoConfig,
    environments: &VectorEnvironment,
    ranks: usize,
) -> Result<RolloutBuffer, SetupError> {
    let (params, spec) = (config.params(), environments.spec());
    if !params.num_envs.is_multiple_of(ranks) {
        return Err(SetupError::Ranks { num_envs: params.num_envs, ranks });
    }
    let (found, expected) = (environments.len(), params.num_envs / ranks);
    if found != expected {
        return Err(SetupError::Environments { found, expected });
    }
    let (horizon, rollout_length) = (spec.horizon, config.rollout_length(spec.horizon));
    if rollout_length == 0 || !rollout_length.is_multiple_of(horizon) {
        return Err(SetupError::RolloutLength { rollout_length, horizon });
    }
    let (chunk_length, memory) = config.recurrence();
    if !rollout_length.is_multiple_of(chunk_length) {
        return Err(SetupError::ChunkLength { chunk_length, rollout_length });
    }
    let (num_minibatches, rows) = (params.num_minibatches, found * rollout_length);
    if num_minibatches > rows / chunk_length {
        let sequences = rows / chunk_length;
        let recurrent = SetupError::Sequences { num_minibatches, sequences };
        return Err(if memory > 0 { recurrent } else { SetupError::Minibatches { num_minibatches, rows } });
    }
    let seats = seats::seats(spec, params.sharing())?;
    let buffer = RolloutBuffer::new(&seats, spec.global_size, found, rollout_length);
    let buffer = buffer.with_memory(chunk_length, memory);
    Ok(if params.imitation.is_none() { buffer } else { buffer.with_advice() })
}

#[cfg(test)]
mod tests;
