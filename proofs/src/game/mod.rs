//! A safety game against an adversarial environment, solved to the end, and the real kernel in it.
//!
//! The [model](Model) is small enough that every state can be looked at, and has what makes autoscaling hard: pods take
//! up to D ticks to start while demand grows, readings are old or too high, Kubernetes removes the youngest pods first,
//! and the policy proposes anything. The controller loses when ready pods may not carry demand at some moment.
//!
//! [`play`] computes the **maximal controlled invariant set** W, the states from which some controller (one that even
//! knows the demand) never loses, as a greatest fixed point (Ramadge and Wonham, *Supervisory control of a class of
//! discrete event processes*, SIAM 1987; Alshiekh et al., *Safe reinforcement learning via shielding*, AAAI 2018): a
//! state is removed when every action has an answer of the environment that loses at once or leads to a state removed
//! before; the round of its removal is its rank. [`kernel_stays`] then asks the real kernel in every state of W, under
//! every reading and every proposal, and follows every answer. [`together`] does so for two services under one budget.
//! The [`certificate`] of W and the ranks is verified by [`crate::checker`], which shares no code with this
//! module.
//!
//! Cost: (states · actions · answers) for each round.
#![expect(clippy::trivially_copy_pass_by_ref, reason = "a state is small by the accident of this model")]

mod kernel;
mod model;
mod pair;

use std::fmt;

use karma_shield::{LimitError, Reading};

use kernel::{Seat, proposals, readings};
pub use model::{MOST_DELAY, Model, State};
pub use pair::{Pair, together};

/// The rank of a state that was never removed.
const WINNING: u8 = 0;

/// A solved game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    model: Model,
    /// By place: the round in which the state was removed, from 1; 0 if it was not.
    ranks: Vec<u8>,
    /// States.
    pub states: usize,
    /// States of the maximal controlled invariant set.
    pub winning: usize,
    /// Rounds until nothing was removed any more.
    pub rounds: u8,
}

/// Solves the game.
pub fn play(model: Model) -> Game {
    let states: Vec<State> = (0..model.places()).filter_map(|place| model.state(place)).collect();
    let mut game =
        Game { model, ranks: vec![WINNING; model.places()], states: states.len(), winning: 0, rounds: 0 };
    let mut left = states;
    loop {
        let (staying, removed): (Vec<_>, Vec<_>) =
            left.iter().copied().partition(|state| game.is_safe(state));
        if removed.is_empty() {
            game.winning = staying.len();
            return game;
        }
        game.rounds += 1;
        for state in &removed {
            game.ranks[model.place(state)] = game.rounds;
        }
        left = staying;
    }
}

impl Game {
    /// Its sizes.
    pub const fn model(&self) -> Model {
        self.model
    }

    /// Whether a state belongs to the invariant set.
    pub fn wins(&self, state: &State) -> bool {
        self.ranks[self.model.place(state)] == WINNING
    }

    /// Whether some action keeps every answer inside of what is left.
    fn is_safe(&self, state: &State) -> bool {
        self.model.actions(state).any(|action| self.keeps(state, action))
    }

    fn keeps(&self, state: &State, action: u8) -> bool {
        self.model.answers(state, action, |answer| answer.is_some_and(|next| self.wins(&next)))
    }

    fn winning_states(&self) -> impl Iterator<Item = State> + '_ {
        let states = (0..self.model.places()).filter_map(|place| self.model.state(place));
        states.filter(|state| self.wins(state))
    }
}

/// What the kernel did in the game.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stay {
    /// Questions: a state, a reading and a proposal each.
    pub questions: u64,
    /// Winning actions, proposed under an exact reading.
    pub winning: u64,
    /// Those of them that passed unchanged.
    pub passed: u64,
}

/// A situation in which the kernel's action may leave the invariant set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// The state, in words.
    pub state: String,
    /// What was read of the demand.
    pub reading: Reading,
    /// What was proposed.
    pub proposal: Reading,
    /// What the kernel answered.
    pub action: u8,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, reading, proposal, action } = self;
        write!(
            f,
            "with {state}, read as {reading:?}, {proposal:?} became {action}, from which the game may be lost"
        )
    }
}

impl std::error::Error for Counterexample {}

/// Why a theorem about the kernel could not be confirmed.
#[derive(Debug, thiserror::Error)]
pub enum GameError {
    /// The kernel may leave the invariant set.
    #[error(transparent)]
    Counterexample(#[from] Counterexample),
    /// The model's limits are none.
    #[error(transparent)]
    Limits(#[from] LimitError),
}

/// Asks the kernel in every winning state, under every reading and proposal.
///
/// # Errors
/// The first situation in which it may leave the invariant set.
pub fn kernel_stays(game: &Game) -> Result<Stay, GameError> {
    let mut seat = Seat::new(&game.model)?;
    let mut stay = Stay::default();
    for state in game.winning_states() {
        for reading in readings(&game.model, state.demand) {
            for proposal in proposals(&game.model) {
                let action = seat.act(&state, reading, proposal);
                stay.questions += 1;
                if !game.keeps(&state, action) {
                    let state = state.to_string();
                    return Err(Counterexample { state, reading, proposal, action }.into());
                }
            }
        }
        for action in game.model.actions(&state).filter(|action| game.keeps(&state, *action)) {
            let passed = seat.act(&state, Reading::now(state.demand.into()), Reading::now(action.into()));
            stay.winning += 1;
            stay.passed += u64::from(passed == action);
        }
    }
    Ok(stay)
}

/// The invariant set and the ranks as bytes: `KGC1`, the seven sizes of the model, and a rank for each place.
pub fn certificate(game: &Game) -> Vec<u8> {
    let Model { max, delay, per_replica, growth, peak, up, cooldown } = game.model;
    let mut bytes = b"KGC1".to_vec();
    bytes.extend([max, delay, per_replica, growth, peak, up, cooldown]);
    bytes.extend(&game.ranks);
    bytes
}

#[cfg(test)]
mod tests;
