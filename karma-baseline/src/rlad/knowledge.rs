//! What a tabular learner knows of one service, and how it learns more.

use karma_core::topology::Service;
use karma_core::{PerService, Replicas, Topology};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::params::{Learner, RladParams};

/// Changes of replicas.
pub(super) const ACTIONS: [i32; 3] = [-1, 0, 1];
/// In the order in which ties are settled: holding first.
const BY_EFFORT: [usize; 3] = [1, 0, 2];
/// Levels of utilisation: 0 to 100 % by tens.
const LEVELS: usize = 11;

/// A place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Replicas above the fewest.
    pub(super) more: usize,
    /// Level of utilisation.
    pub(super) level: usize,
}

/// Knowledge that does not belong to a topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the knowledge is of other services or replica bounds than the topology's; train the learner on this topology"
)]
pub struct KnowledgeError;

/// The tables of all services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knowledge {
    tables: PerService<Table>,
}

impl Knowledge {
    /// Nothing yet.
    pub fn new(topology: &Topology) -> Self {
        Self { tables: topology.services.map(Table::new) }
    }

    pub(super) const fn of(tables: PerService<Table>) -> Self {
        Self { tables }
    }

    pub(super) const fn tables(&self) -> &PerService<Table> {
        &self.tables
    }

    /// Whether it is of services with these replicas.
    pub(super) fn fits(&self, topology: &Topology) -> bool {
        self.tables.len() == topology.services.len()
            && self.tables.iter().zip(&topology.services).all(|(table, service)| table.fits(service))
    }
}

/// What is known of one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Table {
    fewest: u32,
    counts: usize,
    /// Expected cost of each action in each state.
    values: Vec<[f64; 3]>,
    /// Estimated chance of a violation in each state.
    violations: Vec<f64>,
    /// How often a level followed another one.
    followed: [[f64; LEVELS]; LEVELS],
}

impl Table {
    fn new(service: &Service) -> Self {
        let (fewest, counts) = span(service);
        Self {
            fewest,
            counts,
            values: vec![[0.0; 3]; counts * LEVELS],
            violations: vec![0.0; counts * LEVELS],
            followed: [[0.0; LEVELS]; LEVELS],
        }
    }

    fn fits(&self, service: &Service) -> bool {
        let cells = self.counts * LEVELS;
        (self.fewest, self.counts) == span(service)
            && self.values.len() == cells
            && self.violations.len() == cells
    }

    /// The state of so many replicas at this utilisation, or the nearest one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number from 0 to 10; NaN is 0"
    )]
    pub(super) fn state(&self, replicas: Replicas, utilization: f64) -> State {
        let more = replicas.get().saturating_sub(self.fewest) as usize;
        let level = (10.0 * utilization.clamp(0.0, 1.0)).round() as usize;
        State { more: more.min(self.counts - 1), level }
    }

    fn cell(&self, state: State) -> usize {
        debug_assert!(state.more < self.counts && state.level < LEVELS, "a state of this table");
        state.more * LEVELS + state.level
    }

    #[cfg(test)]
    pub(super) fn value(&self, state: State, action: usize) -> f64 {
        self.values[self.cell(state)][action]
    }

    #[cfg(test)]
    pub(super) fn violation(&self, state: State) -> f64 {
        self.violations[self.cell(state)]
    }

    /// The legal action that costs least.
    pub(super) fn best(&self, state: State, legal: impl Fn(usize) -> bool) -> usize {
        let values = &self.values[self.cell(state)];
        let actions = BY_EFFORT.into_iter().filter(|action| legal(*action));
        actions.min_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap_or(1)
    }

    /// The least cost that is to come from a state.
    fn least(&self, state: State) -> f64 {
        let moves = (0..ACTIONS.len()).filter(|action| self.after(state.more, *action).is_some());
        let values = &self.values[self.cell(state)];
        moves.map(|action| values[action]).fold(f64::INFINITY, f64::min)
    }

    /// Replicas above the fewest after an action, if there can be so many.
    fn after(&self, more: usize, action: usize) -> Option<usize> {
        more.checked_add_signed(ACTIONS[action] as isize).filter(|after| *after < self.counts)
    }

    /// Learns from what was done where, where it led, and whether answers are late there.
    pub(super) fn learn(
        &mut self,
        (state, action): (State, usize),
        next: State,
        late: bool,
        params: &RladParams,
    ) {
        let late = f64::from(u8::from(late));
        match params.learner {
            Learner::ModelBased => {
                self.followed[state.level][next.level] += 1.0;
                self.estimate(next, late, params.learning_rate);
                self.sweep(params);
            }
            Learner::QLearning => {
                let cost = params.violation * late + self.known(state.more, action, params);
                let target = cost + params.discount * self.least(next);
                let cell = self.cell(state);
                let value = &mut self.values[cell][action];
                *value += params.learning_rate * (target - *value);
            }
        }
    }

    /// What is known of the cost: the change, and the resources after it.
    fn known(&self, more: usize, action: usize, params: &RladParams) -> f64 {
        let most = f64::from(self.fewest) + (self.counts - 1) as f64;
        let after = self.after(more, action).unwrap_or(more);
        let held = f64::from(self.fewest) + after as f64;
        let change = if ACTIONS[action] == 0 { 0.0 } else { params.change };
        change + params.resources * held / most.max(1.0)
    }

    /// A violation, or none, and what follows of it for states that must be worse or better.
    fn estimate(&mut self, seen: State, late: f64, rate: f64) {
        let cell = self.cell(seen);
        let value = (1.0 - rate) * self.violations[cell] + rate * late;
        self.violations[cell] = value;
        for more in 0..self.counts {
            for level in 0..LEVELS {
                let other = &mut self.violations[more * LEVELS + level];
                if more <= seen.more && level >= seen.level {
                    *other = other.max(value);
                }
                if more >= seen.more && level <= seen.level {
                    *other = other.min(value);
                }
            }
        }
    }

    /// One sweep of value iteration over all states and actions.
    fn sweep(&mut self, params: &RladParams) {
        for more in 0..self.counts {
            for level in 0..LEVELS {
                for action in 0..ACTIONS.len() {
                    let Some(after) = self.after(more, action) else { continue };
                    let expected = self.expected(level, |next| {
                        let next = State { more: after, level: next };
                        params.violation * self.violations[self.cell(next)]
                            + params.discount * self.least(next)
                    });
                    let value = self.known(more, action, params) + expected;
                    self.values[more * LEVELS + level][action] = value;
                }
            }
        }
    }

    /// The mean of what follows from a level; one that was never left stays.
    fn expected(&self, level: usize, of: impl Fn(usize) -> f64) -> f64 {
        let counts = &self.followed[level];
        let total: f64 = counts.iter().sum();
        if total <= 0.0 {
            return of(level);
        }
        let seen = counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
        seen.map(|(next, count)| count / total * of(next)).sum()
    }
}

/// The fewest replicas of a service, and how many counts it may have.
fn span(service: &Service) -> (u32, usize) {
    let (fewest, most) = (service.min_replicas.get(), service.max_replicas.get());
    (fewest, (most.saturating_sub(fewest) as usize).min(9_999) + 1)
}
