//! The seams: traits at which two sibling crates meet. All are object safe. [`Guide`](crate::Guide) has a file of its own.
//!
//! Each has a conformance function in [`testing`](crate::testing) that every implementor's tests call.

use serde::{Deserialize, Serialize};

use crate::{
    Action, ActionError, ActionMask, ActionSpace, AgentId, Conduct, Decision, DefenderTeam, History, Id as _,
    Interventions, JointAction, Memory, MetricRow, Observation, PerAgent, PerService, Role, Snapshot, State,
    StreamRng, Transition,
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
    /// Equal parts of its observations, of which each says what the like part of its actions is about: one for each service.
    /// 1 if there is no such order.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub parts: usize,
}

const fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_one(parts: &usize) -> bool {
    *parts == 1
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

impl EnvironmentSpec {
    /// The game of a team of defenders behind `observer`, truncated after `horizon` steps.
    pub fn of_team(team: &DefenderTeam, observer: &dyn Observer, horizon: usize) -> Self {
        let agent = |(id, role): (AgentId, &Role)| AgentSpec {
            name: role.name.clone(),
            team: Team::Defender,
            action_space: team.action_space(),
            observation_size: observer.observation_size(id),
            parts: observer.parts(),
        };
        let agents = team.roles().iter_enumerated().map(agent).collect();
        Self { agents, global_size: observer.global_size(), horizon }
    }

    /// Whether a joint action has an action for each agent, each inside of its space.
    ///
    /// # Errors
    /// [`ActionError::WrongAgents`] or [`ActionError::OutOfRange`].
    pub fn check(&self, joint: &JointAction) -> Result<(), ActionError> {
        let (got, expected) = (joint.len(), self.agents.len());
        if got != expected {
            return Err(ActionError::WrongAgents { got, expected });
        }
        for (agent, (action, spec)) in joint.iter().zip(&self.agents).enumerate() {
            let actions = spec.action_space.len();
            if action.0 as usize >= actions {
                let last = actions.saturating_sub(1);
                return Err(ActionError::OutOfRange { agent, action: action.0, last });
            }
        }
        Ok(())
    }
}

/// What an environment answers to `reset` and `step`.
///
/// An environment never resets itself, so after a step that ends the episode `observations` and `global` are
/// the *final* ones: a learner that bootstraps from them after `truncated` does the right thing.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// Whether a safeguard changed what the joint action asked for; `None` without one, and after `reset`.
    pub corrected: Option<bool>,
    /// Which agents still take part; empty: all of them. A dead agent's rewards are still its own (a team may win
    /// after it fell), but what is done in its name decides nothing, so a learner's policy learns nothing from it.
    pub alive: PerAgent<bool>,
    /// What one that knows better would do next: for each agent the actions of which it would take any, none if it says
    /// nothing; empty if there is nobody. For learners alone: a policy never sees it.
    pub advice: PerAgent<ActionMask>,
}

impl Step {
    /// Whether the episode ended, for either reason.
    pub const fn is_last(&self) -> bool {
        self.terminated || self.truncated
    }

    /// Whether `agent` still takes part.
    pub fn is_alive(&self, agent: AgentId) -> bool {
        self.alive.get(agent).copied().unwrap_or(true)
    }

    /// The actions of which one that knows better would take any; `None` if nobody says anything about `agent`.
    pub fn advised(&self, agent: AgentId) -> Option<&ActionMask> {
        self.advice.get(agent).filter(|advised| advised.legal_count() > 0)
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

    /// [`Environment::reset`] over what stands in `step`. A game of a microsecond a step would spend most of it on
    /// memory: it uses that of `step` again.
    fn reset_into(&mut self, seed: u64, step: &mut Step) {
        *step = self.reset(seed);
    }

    /// [`Environment::step`] over what stands in `step`, whose memory is used again where that pays.
    ///
    /// # Errors
    /// As [`Environment::step`]; then `step` is unchanged too.
    fn step_into(&mut self, action: &JointAction, step: &mut Step) -> Result<(), ActionError> {
        *step = self.step(action)?;
        Ok(())
    }

    /// The state that the present observations are made of, for whoever looks on: pictures, records. `None` before the first
    /// reset, and for games that have no cluster behind them.
    fn state(&self) -> Option<&State> {
        None
    }
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
    /// Standard deviation of what may follow, noise and ignorance together, in the shape of `mean.services`; missing
    /// where it is unknown.
    pub spread: PerService<MetricRow>,
    /// The part of it that is ignorance and falls with more data: how far models that fit the same data lie apart.
    /// Missing where it is unknown; no more than `spread` where both are known.
    pub epistemic: PerService<MetricRow>,
    /// Exact or learned.
    pub source: Source,
}

/// A model of the cluster: history and joint action to next state. One state is not enough: it does not say how long
/// a pod has been starting, nor what a single noisy sample hides.
pub trait TransitionModel: Send + Sync {
    /// Predicts the state one decision period after the present one.
    fn predict(&self, history: &History, action: &JointAction, rng: &mut StreamRng) -> Prediction;
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

    /// How often a safeguard changed its decisions since the last reset; `None` without one.
    fn interventions(&self) -> Option<Interventions> {
        None
    }
}

/// One agent's behaviour.
pub trait Policy: Send + Sync {
    /// An action that the mask allows.
    fn act(&self, observation: &Observation, mask: &ActionMask, rng: &mut StreamRng) -> Action;

    /// The same in the course of an episode, for agents that remember: `memory` is what the agent's last decision left
    /// there, empty if the episode begins. It also saves allocations.
    fn act_on(
        &self,
        _memory: &mut Memory,
        observation: &Observation,
        mask: &ActionMask,
        rng: &mut StreamRng,
    ) -> Action {
        self.act(observation, mask, rng)
    }
}

/// What an agent sees of the game's history.
pub trait Observer: Send + Sync {
    /// Length of the observations of `agent`.
    fn observation_size(&self, agent: AgentId) -> usize;

    /// Into how many equal parts every observation falls, in the order of the services and their moves: one for each service,
    /// with all that decides about it, or 1 if it is to be read as a whole.
    fn parts(&self) -> usize {
        1
    }

    /// The features of `agent`; always finite, always of the same length.
    fn observe(&self, history: &History, agent: AgentId) -> Observation;

    /// Length of [`Observer::global`]; 0 for an observer that has nothing to say to a critic.
    fn global_size(&self) -> usize {
        0
    }

    /// The features of the whole history for a centralised critic; always finite, always of the same length.
    fn global(&self, _history: &History) -> Vec<f32> {
        Vec::new()
    }

    /// Writes all of it over what stands there: what each agent sees, and what a critic sees. The memory is used again,
    /// and agents may share the making of features: thousands of environments that step together need both.
    fn observe_all(
        &self,
        history: &History,
        observations: &mut PerAgent<Observation>,
        global: &mut Vec<f32>,
    ) {
        for (agent, observation) in observations.iter_mut().enumerate() {
            *observation = self.observe(history, AgentId::from_index(agent));
        }
        *global = self.global(history);
    }
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
