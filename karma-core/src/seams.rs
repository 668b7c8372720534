//! The seams: traits at which two sibling crates meet. All are object safe. [`Guide`](crate::Guide) has a file of its own.
//!
//! Each has a conformance function in [`testing`](crate::testing) that every implementor's tests call.

use serde::{Deserialize, Serialize};

use crate::{
    Action, ActionError, ActionMask, ActionSpace, AgentId, Conduct, Decision, History, JointAction,
    Observation, PerAgent, PerService, Snapshot, State, StreamRng, Transition,
};

/// Which side an agent is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Team {
    /// Keeps the system resilient.
    Defender,
    /// Harms it.
    Attacker,
}

/// What an agent of an environment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSpec {
    /// Its name, usually its role.
    pub name: String,
    /// Its side.
    pub team: Team,
    /// Its actions.
    pub action_space: ActionSpace,
    /// Length of its observations.
    pub observation_size: usize,
}

/// What a learner must know of an environment before the first step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentSpec {
    /// The agents, in the order of every joint action.
    pub agents: PerAgent<AgentSpec>,
    /// Length of [`Step::global`], the centralised critic's input.
    pub global_size: usize,
    /// Steps after which an episode is truncated.
    pub horizon: usize,
}

/// What an environment answers to `reset` and `step`.
///
/// An environment never resets itself, so after a step that ends the episode `observations` and `global` are
/// the *final* ones: a learner that bootstraps from them after `truncated` does the right thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// One observation for each agent.
    pub observations: PerAgent<Observation>,
    /// The actions that each agent may take next; never empty.
    pub masks: PerAgent<ActionMask>,
    /// The whole state as features, for a centralised critic.
    pub global: Vec<f32>,
    /// One reward for each agent; all zero after `reset`.
    pub rewards: PerAgent<f32>,
    /// The game is over: the value of what follows is zero.
    pub terminated: bool,
    /// The horizon was reached: what follows has a value, but is not shown.
    pub truncated: bool,
}

impl Step {
    /// Whether the episode ended, for either reason.
    pub const fn is_last(&self) -> bool {
        self.terminated || self.truncated
    }
}

/// A game for several agents that act at the same time (PettingZoo's parallel form).
pub trait Environment: Send {
    /// Agents, sizes and horizon; constant over an environment's life.
    fn spec(&self) -> &EnvironmentSpec;

    /// Starts the episode of `seed`: the same seed, the same episode under the same actions.
    fn reset(&mut self, seed: u64) -> Step;

    /// Plays one joint action.
    ///
    /// # Errors
    /// If the joint action does not fit the specification, or the episode is over. The environment is unchanged.
    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError>;
}

/// Where a prediction comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A recorded transition.
    Exact,
    /// A fitted model.
    Learned,
}

/// What a model says will follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The expected next state.
    pub mean: State,
    /// Standard deviation of every metric, in the shape of `mean.services`; missing where it is unknown.
    pub spread: PerService<crate::MetricRow>,
    /// Exact or learned.
    pub source: Source,
}

/// A model of the cluster: state and joint action to next state.
pub trait TransitionModel: Send + Sync {
    /// Predicts the state one decision period later.
    fn predict(&self, state: &State, action: &JointAction, rng: &mut StreamRng) -> Prediction;
}

/// Anything that decides replicas from a snapshot: a rule, a team of policies, a person.
pub trait Autoscaler: Send {
    /// Short name, as printed in tables.
    fn name(&self) -> &str;

    /// Forgets everything it remembers of a cluster; called before each episode.
    fn reset(&mut self);

    /// Decides replicas for every service of the snapshot.
    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision;

    /// How it kept to its organisation since the last reset; `None` if it has none, as every plain rule.
    fn conduct(&self) -> Option<Conduct> {
        None
    }
}

/// One agent's behaviour.
pub trait Policy: Send + Sync {
    /// An action that the mask allows.
    fn act(&self, observation: &Observation, mask: &ActionMask, rng: &mut StreamRng) -> Action;
}

/// What an agent sees of the game's history.
pub trait Observer: Send + Sync {
    /// Length of the observations of `agent`.
    fn observation_size(&self, agent: AgentId) -> usize;

    /// The features of `agent`; always finite, always of the same length.
    fn observe(&self, history: &History, agent: AgentId) -> Observation;
}

/// What a transition is worth to each agent.
pub trait RewardFunction: Send + Sync {
    /// One finite reward for each agent of the transition.
    fn reward(&self, transition: &Transition) -> PerAgent<f32>;
}

/// Something that keeps transitions.
pub trait TrajectorySink: Send {
    /// Keeps one transition; transitions arrive in the order of the game.
    fn record(&mut self, transition: &Transition);
}

impl TrajectorySink for crate::Trajectory {
    fn record(&mut self, transition: &Transition) {
        self.transitions.push(transition.clone());
    }
}
