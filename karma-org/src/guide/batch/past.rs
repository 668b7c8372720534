//! What guides remember of the past of each agent: how far the trajectory patterns have come.
//!
//! The history of an agent is what it saw and did, in turns (`ω₀, a₀, ω₁, a₁, …`); every agent has a history of its
//! own. A step adds an action and an observation, and a pattern *matches at the step* if a match ends with either.

use karma_core::{Action, AgentId, Id as _};

use crate::condition::{Columns, Outcome};
use crate::guide::guides::Guides;
use crate::pattern::{Letter, PatternState};

/// What the next observation of an environment follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It has been taken into account already.
    Seen,
    /// The beginning.
    Begun,
    /// A step.
    Stepped,
}

/// The past of all agents in all environments: `[agent][pattern][environment]`, rewards `[agent][goal][environment]`.
#[derive(Clone, Debug)]
pub(super) struct Past {
    environments: usize,
    patterns: usize,
    goals: usize,
    stages: Vec<Stage>,
    states: Vec<PatternState>,
    matches: Vec<bool>,
    rewards: Vec<f32>,
    paid: Vec<bool>,
    labels: Outcome,
    /// The labels of the present observations, one bit each.
    seen: Vec<u32>,
}

impl Past {
    pub(super) fn new(guides: &Guides, environments: usize) -> Self {
        let (patterns, goals) = (guides.labels.automata.len(), guides.rewards.sparse.len());
        let start =
            guides.labels.automata.iter().flat_map(|(_, automaton)| vec![automaton.start(); environments]);
        let one: Vec<PatternState> = start.collect();
        let agents = guides.team.len();
        Self {
            environments,
            patterns,
            goals,
            stages: vec![Stage::Seen; environments],
            states: one.repeat(agents),
            matches: vec![false; agents * patterns * environments],
            rewards: vec![0.0; agents * goals * environments],
            paid: vec![false; agents * goals * environments],
            labels: guides.labels.program.outcome(environments),
            seen: vec![0; environments],
        }
    }

    /// Forgets everything.
    pub(super) fn begin(&mut self, guides: &Guides, environment: usize) {
        self.stages[environment] = Stage::Begun;
        for agent in 0..guides.team.len() {
            for (pattern, (_, automaton)) in guides.labels.automata.iter().enumerate() {
                let lane = self.lane(agent, self.patterns, pattern, environment);
                (self.states[lane], self.matches[lane]) = (automaton.start(), false);
            }
            for goal in 0..self.goals {
                let lane = self.lane(agent, self.goals, goal, environment);
                (self.rewards[lane], self.paid[lane]) = (0.0, false);
            }
        }
    }

    /// Adds an action to the history of an agent.
    pub(super) fn act(&mut self, guides: &Guides, environment: usize, agent: AgentId, action: Action) {
        let labels = guides.labels.of_actions.get(action.0 as usize).copied().unwrap_or(0);
        for (pattern, (_, automaton)) in guides.labels.automata.iter().enumerate() {
            let lane = self.lane(agent.index(), self.patterns, pattern, environment);
            self.states[lane] = automaton.advance(self.states[lane], Letter::action(labels));
            self.matches[lane] = automaton.is_match(self.states[lane]);
        }
    }

    /// A step was taken.
    pub(super) fn step(&mut self, environment: usize) {
        self.stages[environment] = Stage::Stepped;
    }

    /// Adds the present observation to the histories that lack it.
    pub(super) fn observe(&mut self, guides: &Guides, columns: &Columns) {
        if self.patterns == 0 || self.stages.iter().all(|stage| *stage == Stage::Seen) {
            return;
        }
        guides.labels.program.evaluate(columns, &[], &mut self.labels);
        self.seen.fill(0);
        for (bit, truth) in (0u32..).zip(&guides.labels.truths) {
            let holds = self.labels.truth(*truth);
            self.seen.iter_mut().zip(holds).for_each(|(seen, holds)| *seen |= u32::from(*holds) << bit);
        }
        for agent in 0..guides.team.len() {
            self.see(guides, agent);
            self.pay(guides, agent);
        }
        self.stages.fill(Stage::Seen);
    }

    fn see(&mut self, guides: &Guides, agent: usize) {
        for (pattern, (_, automaton)) in guides.labels.automata.iter().enumerate() {
            let start = self.lane(agent, self.patterns, pattern, 0);
            let states = self.states[start..].iter_mut().zip(&mut self.matches[start..]);
            for ((stage, seen), (state, matches)) in self.stages.iter().zip(&self.seen).zip(states) {
                if *stage != Stage::Seen {
                    *state = automaton.advance(*state, Letter::observation(*seen));
                    *matches |= automaton.is_match(*state);
                }
            }
        }
    }

    fn pay(&mut self, guides: &Guides, agent: usize) {
        for (goal, sparse) in guides.rewards.sparse.iter().enumerate() {
            let (start, matches) =
                (self.lane(agent, self.goals, goal, 0), self.lane(agent, self.patterns, sparse.pattern, 0));
            let paid = self.rewards[start..].iter_mut().zip(&mut self.paid[start..]);
            let steps = self.stages.iter().zip(&self.matches[matches..]).zip(paid);
            for ((stage, matches), (reward, paid)) in steps {
                if *stage == Stage::Stepped {
                    *reward = if *matches && !(sparse.once && *paid) { sparse.reward } else { 0.0 };
                    *paid |= matches;
                }
            }
        }
    }

    /// Whether each pattern matches at the last step of each agent, in the order `[agent][pattern][environment]`.
    pub(super) fn matches(&self) -> &[bool] {
        &self.matches
    }

    /// What a goal was worth to an agent at the last step.
    pub(super) fn rewards(&self, agent: AgentId, goal: usize) -> &[f32] {
        &self.rewards[self.lane(agent.index(), self.goals, goal, 0)..][..self.environments]
    }

    const fn lane(&self, agent: usize, each: usize, index: usize, environment: usize) -> usize {
        (agent * each + index) * self.environments + environment
    }
}
