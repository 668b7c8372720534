//! Guides at run time, for many environments at once.
//!
//! One step of a batch: [`GuideBatch::advance`] for each environment that took a step ([`GuideBatch::begin`] for each
//! whose episode begins), then [`GuideBatch::shape`] for the step just taken and [`GuideBatch::restrict`] for the one
//! to come. Environments are independent of each other: a batch computes what as many batches of one would.
//!
//! # What is added to a reward
//! The value formula of MOISE+MARL (a.10; arXiv 2503.23615, definition 2), for agent i after step t:
//! ```text
//! shaping = Σ over missions m of i:  v_m(t) · κ_m · grg_m(h) / (1 − p + ε)   +   (1 − ch) · rrg(ω, a)
//! grg_m(h) = Σ over goals g of m:  w_g · grg_g(h)
//! rrg(ω, a) = r_m if a is outside of A, else 0
//! ```
//! `v_m(t)` is 1 while the time since the beginning of the episode lies in the mission's window, else 0; κ is
//! the mission's weight; ch and A are those under which the action was chosen, in the state before the step; h
//! ends with the state after it. Upstream's code leaves out the goals of obligations and every factor of the
//! goals' rewards, and has no ch; here all are one formula for all missions, and the tests pin each.
//!
//! The weight κ is KARMA's (the extended draft of the paper: `R_i + κ_i · R_mission,i`) and not MOISE+MARL's.
//!
//! # Memory and time
//! Everything is allocated by [`GuideBatch::new`]; after that nothing is, except by what hands out owned masks.
//! Masks are words of 32 actions in the order `[agent][word][environment]`, everything else is
//! `[agent][environment]`. Time is linear in environments, agents and services (see `restriction`).

mod past;
mod read;

use std::sync::Arc;

use karma_core::{Id as _, JointAction, PerAgent, State};

use self::past::Past;
use super::action_set::{Word, words_of};
use super::guides::{Goal, Guides, Term};
use super::restriction::Lanes;
use crate::condition::{Columns, Outcome};

/// The guides of a team in a batch of environments.
#[derive(Clone, Debug)]
pub struct GuideBatch {
    guides: Arc<Guides>,
    environments: usize,
    columns: Columns,
    past: Past,
    rules: Outcome,
    rewards: Outcome,
    lanes: Lanes,
    masks: Vec<Word>,
    hardness: Vec<f32>,
    penalties: Vec<f32>,
    shaping: Vec<f32>,
    began: Vec<f64>,
    elapsed: Vec<f32>,
    stepped: Vec<bool>,
    empty_masks: PerAgent<u64>,
}

impl GuideBatch {
    /// Guides for `environments` environments, none of which has begun.
    pub fn new(guides: Arc<Guides>, environments: usize) -> Self {
        let agents = guides.team.len();
        Self {
            environments,
            columns: Columns::new(&guides.signals, environments),
            past: Past::new(&guides, environments),
            rules: guides.rules.program.outcome(environments),
            rewards: guides.rewards.program.outcome(environments),
            lanes: Lanes::new(environments),
            masks: vec![0; agents * words_of(guides.space) * environments],
            hardness: vec![0.0; agents * environments],
            penalties: vec![0.0; agents * environments],
            shaping: vec![0.0; agents * environments],
            began: vec![0.0; environments],
            elapsed: vec![0.0; environments],
            stepped: vec![false; environments],
            empty_masks: PerAgent::filled(0, agents),
            guides,
        }
    }

    /// An episode begins in `state`: the environment's past is forgotten, and its shaping is 0.
    ///
    /// # Panics
    /// If there is no such environment.
    pub fn begin(&mut self, environment: usize, state: &State) {
        self.columns.begin(environment);
        self.columns.write(environment, state);
        self.past.begin(&self.guides, environment);
        self.began[environment] = state.time.0;
        self.elapsed[environment] = 0.0;
        self.stepped[environment] = false;
        for agent in 0..self.guides.team.len() {
            self.penalties[agent * self.environments + environment] = 0.0;
        }
    }

    /// Takes note of a joint action, chosen under the masks that [`GuideBatch::restrict`] computed last, and of the
    /// state that it led to. An agent that is missing in `joint` did nothing.
    ///
    /// # Panics
    /// If there is no such environment.
    #[expect(clippy::cast_possible_truncation, reason = "the time of an episode needs no 53 bits")]
    pub fn advance(&mut self, environment: usize, joint: &JointAction, next: &State) {
        for (agent, action) in joint.iter_enumerated().take(self.guides.team.len()) {
            let lane = agent.index() * self.environments + environment;
            let price = (1.0 - self.hardness[lane]) * self.guides.role(agent).penalty;
            self.penalties[lane] = if self.allows(environment, agent, *action) { 0.0 } else { price };
            self.past.act(&self.guides, environment, agent, *action);
        }
        self.past.step(environment);
        self.columns.write(environment, next);
        self.elapsed[environment] = (next.time.0 - self.began[environment]) as f32;
        self.stepped[environment] = true;
    }

    /// Computes the masks and the hardness of all agents in all environments, for the states that were noted last.
    pub fn restrict(&mut self) {
        self.past.observe(&self.guides, &self.columns);
        let rules = &self.guides.rules;
        rules.program.evaluate(&self.columns, self.past.matches(), &mut self.rules);
        let words = words_of(self.guides.space) * self.environments;
        for (agent, restriction) in rules.restrictions.iter_enumerated() {
            let masks = &mut self.masks[agent.index() * words..][..words];
            self.empty_masks[agent] += restriction.masks(&self.rules, masks, &mut self.lanes);
            let hardness = &mut self.hardness[agent.index() * self.environments..][..self.environments];
            restriction.hardness(&self.rules, hardness, &mut self.lanes);
        }
    }

    /// Computes what is added to the rewards of all agents in all environments, for the steps that were noted last.
    pub fn shape(&mut self) {
        self.past.observe(&self.guides, &self.columns);
        let rewards = &self.guides.rewards;
        rewards.program.evaluate(&self.columns, self.past.matches(), &mut self.rewards);
        self.shaping.copy_from_slice(&self.penalties);
        for (agent, terms) in rewards.terms.iter_enumerated() {
            let shaping = &mut self.shaping[agent.index() * self.environments..][..self.environments];
            for term in terms {
                let worth = match term.goal {
                    Goal::Value(value) => self.rewards.value(value),
                    Goal::Sparse(goal) => self.past.rewards(agent, goal),
                };
                add(shaping, term, worth, &self.elapsed);
            }
            for (shaping, stepped) in shaping.iter_mut().zip(&self.stepped) {
                *shaping = if *stepped { shaping.clamp(f32::MIN, f32::MAX) } else { 0.0 };
            }
        }
    }
}

/// Adds one term of the value formula to the shaping of one agent.
fn add(shaping: &mut [f32], term: &Term, worth: &[f32], elapsed: &[f32]) {
    for ((shaping, worth), elapsed) in shaping.iter_mut().zip(worth).zip(elapsed) {
        let counts = term.from <= *elapsed && *elapsed < term.until;
        *shaping += if counts { term.coefficient * worth } else { 0.0 };
    }
}
