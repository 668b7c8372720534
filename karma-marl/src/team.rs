//! A team of policies as an autoscaler: observers in front, the rules of the team behind.
//!
//! An agent moves one service at a time, so a team of `n` moves `n` at most, however many there are. Where services outnumber
//! agents, a decision goes in **rounds**: whoever has acted acts again on what it saw, among the services that nobody has moved yet,
//! until all hold still or the rounds are over. A service is moved once, by what one round makes of it, so a decision stays within
//! α of what the Deployments ask for, as in training; and what a role may do is drawn once for a decision. Cost: one pass of the networks for each agent and round.

use std::num::NonZeroUsize;
use std::sync::Arc;

use karma_core::{
    ActionMask, Adviser, AdviserFactory, AgentId, Autoscaler, Conduct, Decision, DefenderTeam, Guidance,
    Guide, GuideFactory, History, Interventions, JointAction, Memory, Observation, Observer, PerAgent,
    PerService, Policy, Replicas, RunningSafeguard, SafeguardFactory, Snapshot, State, StreamRng,
};

use crate::error::TeamError;

/// Policies that decide together, behind the same seam as every rule-based autoscaler.
///
/// At each decision the snapshot becomes a [`State`], the [`History`] goes on, each agent observes it and acts under
/// the mask that the replica bounds and its guide leave, and the [`DefenderTeam`] turns the joint action into replicas.
/// This is what the environment does in training, so a policy meets the inputs that it was trained on.
///
/// A decision has at most ⌈services / agents⌉ rounds, so many that the agents have as many moves as there are services, unless
/// [`TeamAutoscaler::with_rounds`] says otherwise. Agents that want the same spend several moves on one service.
///
/// The history, and what a guide is told, hold the first round: time goes on once for a decision.
pub struct TeamAutoscaler<P> {
    name: String,
    team: DefenderTeam,
    rounds: NonZeroUsize,
    observer: Arc<dyn Observer>,
    depth: usize,
    policies: PerAgent<P>,
    guides: Option<GuideFactory>,
    advisers: Option<AdviserFactory>,
    adviser: Option<Box<dyn Adviser>>,
    safeguards: Option<SafeguardFactory>,
    running: Option<RunningSafeguard>,
    course: Option<Course>,
    /// What each agent remembers by itself.
    memories: PerAgent<Memory>,
    conduct: Conduct,
}

/// A decision with what it was taken on, for whoever records or explains it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deliberation {
    /// What each agent saw.
    pub observations: PerAgent<Observation>,
    /// The actions among which each chose: within the replica bounds, its guide, and what the safeguard admits.
    pub masks: PerAgent<ActionMask>,
    /// What each chose.
    pub joint: JointAction,
    /// What each chose after it, in further rounds; empty where there was one.
    pub later: Vec<JointAction>,
    /// What all that asks of the cluster.
    pub asked: Decision,
    /// What became of it: the same, unless an adviser or a safeguard changed it.
    pub decision: Decision,
}

/// What was seen and done in this episode.
struct Course {
    history: History,
    last: JointAction,
    guide: Option<Box<dyn Guide>>,
}

/// What the agents decide on.
struct Situation {
    history: History,
    guide: Option<Box<dyn Guide>>,
    asks: Option<Guidance>,
    desired: PerService<Replicas>,
    /// The moves within the replica bounds that the safeguard admits.
    legal: ActionMask,
    observations: PerAgent<Observation>,
}

impl<P: Policy> TeamAutoscaler<P> {
    /// A team called `name`. `depth` is how many states the observer shows.
    ///
    /// # Errors
    /// If there is not one policy for each role.
    pub fn new(
        name: impl Into<String>,
        team: DefenderTeam,
        (observer, depth): (Arc<dyn Observer>, usize),
        policies: PerAgent<P>,
    ) -> Result<Self, TeamError> {
        let (found, expected) = (policies.len(), team.roles().len());
        if found != expected {
            return Err(TeamError { found, expected });
        }
        let (name, conduct) = (name.into(), Conduct::default());
        let memories = policies.map(|_| Memory::default());
        let rounds = team.topology().services.len().div_ceil(expected.max(1));
        Ok(Self {
            name,
            team,
            rounds: NonZeroUsize::new(rounds).unwrap_or(NonZeroUsize::MIN),
            observer,
            depth,
            policies,
            guides: None,
            advisers: None,
            adviser: None,
            safeguards: None,
            running: None,
            course: None,
            memories,
            conduct,
        })
    }

    /// The same team, which goes at most so many rounds at a decision.
    #[must_use]
    pub fn with_rounds(self, rounds: NonZeroUsize) -> Self {
        Self { rounds, ..self }
    }

    /// The same team behind a safeguard, as in training: it acts under its mask, and every decision is reviewed.
    #[must_use]
    pub fn with_safeguard(self, safeguards: SafeguardFactory) -> Self {
        let running = Some(RunningSafeguard::begin(&safeguards));
        Self { safeguards: Some(safeguards), running, course: None, ..self }
    }

    /// The same team with an adviser, who may change what it asks for before a safeguard reviews it.
    #[must_use]
    pub fn with_adviser(self, advisers: AdviserFactory) -> Self {
        let adviser = Some(advisers.make());
        Self { advisers: Some(advisers), adviser, course: None, ..self }
    }

    /// The same team under an organisation: its guides restrict what the agents may do, as strictly as they are hard,
    /// and how the team keeps to them is counted ([`Autoscaler::conduct`]). Guides of hardness 0 only count.
    #[must_use]
    pub fn with_guide(self, guides: GuideFactory) -> Self {
        Self { guides: Some(guides), course: None, ..self }
    }

    /// The state that the snapshot shows, added to what is remembered of the episode, and what follows from it.
    fn remember(&mut self, snapshot: &Snapshot) -> Situation {
        let state = State::from(snapshot);
        let (history, guide, asks) = if let Some(Course { mut history, last, mut guide }) = self.course.take()
        {
            let asks = guide.as_mut().map(|guide| guide.advance(&last, &state));
            history.push(last, state);
            (history, guide, asks)
        } else {
            self.memories.iter_mut().for_each(Memory::clear);
            let mut guide = self.guides.as_ref().map(GuideFactory::make);
            let asks = guide.as_mut().map(|guide| guide.begin(&state));
            (History::starting(state, self.depth), guide, asks)
        };
        let desired = snapshot.services.map(|service| service.desired);
        let legal = self.legal(&history, &desired);
        let observations = self.policies.ids().map(|agent| self.observer.observe(&history, agent)).collect();
        Situation { history, guide, asks, desired, legal, observations }
    }

    /// The moves within the bounds that the safeguard admits.
    fn legal(&self, history: &History, desired: &PerService<Replicas>) -> ActionMask {
        let within_bounds = self.team.mask(desired);
        let restrict = |running: &RunningSafeguard| {
            running.restrict(&within_bounds, self.team.action_space(), history.now())
        };
        self.running.as_ref().map_or_else(|| within_bounds.clone(), restrict)
    }

    /// What each agent may do.
    fn bind(&mut self, situation: &Situation, rng: &mut StreamRng) -> PerAgent<ActionMask> {
        let (legal, space) = (&situation.legal, self.team.action_space());
        let Some(asks) = &situation.asks else { return self.policies.map(|_| legal.clone()) };
        let bound = self.policies.ids().map(|agent| {
            let bound = asks.allowed[agent].bind(legal, space, rng);
            self.conduct.relented += u64::from(bound.relented);
            bound.mask
        });
        bound.collect()
    }

    /// Agent by agent: what it does.
    fn round(
        &mut self,
        situation: &Situation,
        masks: &PerAgent<ActionMask>,
        memories: &mut PerAgent<Memory>,
        rng: &mut StreamRng,
    ) -> JointAction {
        let act = |((agent, policy), memory): ((AgentId, &P), &mut Memory)| {
            policy.act_on(memory, &situation.observations[agent], &masks[agent], rng)
        };
        let joint = self.policies.iter_enumerated().zip(memories).map(act).collect();
        self.count(situation.asks.as_ref(), &joint);
        joint
    }

    /// The rounds after the first, added to what that asks for. In each, agents remember what they did `before` the first:
    /// time has not gone on.
    fn go_round_again(
        &mut self,
        (situation, masks): (&Situation, &PerAgent<ActionMask>),
        before: &PerAgent<Memory>,
        asked: &mut Decision,
        rng: &mut StreamRng,
    ) -> Vec<JointAction> {
        let (desired, space) = (&situation.desired, self.team.action_space());
        let mut later = Vec::new();
        for _ in 1..self.rounds.get() {
            let still = |action| {
                let service = space.defender(action).map(|action| action.service);
                space.is_no_op(action) || service.is_some_and(|id| asked.targets[id].replicas == desired[id])
            };
            let unmoved = ActionMask::from_fn(space, still);
            let left = masks.map(|mask| mask.intersection(&unmoved));
            if left.iter().any(|mask| mask.legal_count() == 0) {
                break;
            }
            let joint = self.round(situation, &left, &mut before.clone(), rng);
            let mut moved = false;
            for (id, target) in self.team.decide_from(desired, &joint).targets.iter_enumerated() {
                if target.replicas != desired[id] {
                    asked.targets[id] = target.clone();
                    moved = true;
                }
            }
            later.push(joint);
            if !moved {
                break;
            }
        }
        later
    }

    /// [`Autoscaler::decide`], with what the decision was taken on.
    pub fn deliberate(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Deliberation {
        let situation = self.remember(snapshot);
        let mut memories = std::mem::take(&mut self.memories);
        let before = (self.rounds > NonZeroUsize::MIN).then(|| memories.clone());
        let masks = self.bind(&situation, rng);
        let joint = self.round(&situation, &masks, &mut memories, rng);
        self.memories = memories;
        let mut asked = self.team.decide_from(&situation.desired, &joint);
        let again = before.map(|before| self.go_round_again((&situation, &masks), &before, &mut asked, rng));
        let Situation { history, guide, observations, .. } = situation;
        let advised = match &mut self.adviser {
            Some(adviser) => adviser.advise(snapshot, asked.clone(), self.running.as_ref(), rng),
            None => asked.clone(),
        };
        let decision = match &mut self.running {
            Some(running) => running.review(history.now(), advised),
            None => advised,
        };
        self.course = Some(Course { history, last: joint.clone(), guide });
        let later = again.unwrap_or_default();
        Deliberation { observations, masks, joint, later, asked, decision }
    }

    fn count(&mut self, asks: Option<&Guidance>, joint: &JointAction) {
        let Some(asks) = asks else { return };
        self.conduct.count_joint(asks, self.team.action_space(), joint);
        self.conduct.conflicts += u64::from(self.team.net_change(joint).conflicts);
    }
}

impl<P: Policy> Autoscaler for TeamAutoscaler<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn reset(&mut self) {
        self.course = None;
        self.adviser = self.advisers.as_ref().map(AdviserFactory::make);
        self.running = self.safeguards.as_ref().map(RunningSafeguard::begin);
        self.conduct = Conduct::default();
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        self.deliberate(snapshot, rng).decision
    }

    fn conduct(&self) -> Option<Conduct> {
        self.guides.as_ref().map(|_| self.conduct)
    }

    fn interventions(&self) -> Option<Interventions> {
        self.running.as_ref().map(|running| running.interventions().clone())
    }
}

/// A clone has the same agents and has seen nothing yet.
impl<P: Clone> Clone for TeamAutoscaler<P> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            team: self.team.clone(),
            rounds: self.rounds,
            observer: Arc::clone(&self.observer),
            depth: self.depth,
            policies: self.policies.clone(),
            guides: self.guides.clone(),
            advisers: self.advisers.clone(),
            adviser: self.advisers.as_ref().map(AdviserFactory::make),
            safeguards: self.safeguards.clone(),
            running: self.safeguards.as_ref().map(RunningSafeguard::begin),
            course: None,
            memories: self.memories.map(|_| Memory::default()),
            conduct: Conduct::default(),
        }
    }
}

impl<P> std::fmt::Debug for TeamAutoscaler<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TeamAutoscaler")
            .field("name", &self.name)
            .field("depth", &self.depth)
            .field("rounds", &self.rounds)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
