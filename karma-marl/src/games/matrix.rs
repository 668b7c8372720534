//! Games in a table: what each of two agents earns, by what both play. The oldest tests of a learner.

use karma_core::{
    ActionError, ActionSpace, AgentSpec, Environment, EnvironmentSpec, JointAction, Step, Team,
};
use thiserror::Error;

use super::{AGENTS, both, shared_step};

/// A probability for each action of each agent.
pub type Mixed = [Vec<f64>; AGENTS];

/// A table that is no game.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum MatrixError {
    /// Nothing to play.
    #[error("the table has no entries, but each agent needs at least one action")]
    Empty,
    /// A row that is shorter or longer than the first.
    #[error("row {row} of the table has {got} entries, the first row has {expected}")]
    Ragged {
        /// The row, from 0.
        row: usize,
        /// Its entries.
        got: usize,
        /// Entries of the first row.
        expected: usize,
    },
    /// A payoff that is not a number.
    #[error("row {row} of the table has payoff {payoff}, but payoffs are finite")]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The payoff.
        payoff: f32,
    },
}

/// A game in normal form for two agents, played a number of times.
///
/// The first agent chooses the row, the second the column, and the entry is what each earns. Nothing is ever seen but
/// a constant, so a policy is one mixed strategy, and what is known of the single game holds for each round. After
/// the last round the game is over (`terminated`), not cut off.
///
/// | constructor | equilibrium | asks of a learner |
/// |---|---|---|
/// | [`climbing`](Self::climbing) | the best entry is 11, surrounded by −30 | to hold on to a risky optimum |
/// | [`penalty`](Self::penalty) | two best entries of 10 | to agree on one of them |
/// | [`matching_pennies`](Self::matching_pennies) | ½, ½; value 0 | not to settle on an action |
/// | [`rock_paper_scissors`](Self::rock_paper_scissors) | ⅓, ⅓, ⅓; value 0 | the same, with a cycle of three |
/// | [`biased`](Self::biased) | 3/7, 4/7 against 2/7, 5/7; value 1/7 | to weigh payoffs |
///
/// The second agent of the last three is an attacker.
#[derive(Clone, Debug)]
pub struct MatrixGame {
    spec: EnvironmentSpec,
    payoffs: Vec<Vec<[f32; AGENTS]>>,
    equilibrium: Option<Mixed>,
    played: usize,
    over: bool,
}

impl MatrixGame {
    /// A game of `rounds` (at least 1) with a table of your own, rows first. No equilibrium of it is known.
    ///
    /// # Errors
    /// If the table is empty, has rows of different lengths, or a payoff that is not finite.
    pub fn new(payoffs: Vec<Vec<[f32; AGENTS]>>, second: Team, rounds: usize) -> Result<Self, MatrixError> {
        let columns = payoffs.first().map_or(0, Vec::len);
        if columns == 0 {
            return Err(MatrixError::Empty);
        }
        for (row, entries) in payoffs.iter().enumerate() {
            if entries.len() != columns {
                return Err(MatrixError::Ragged { row, got: entries.len(), expected: columns });
            }
            if let Some(&payoff) = entries.iter().flatten().find(|payoff| !payoff.is_finite()) {
                return Err(MatrixError::NotFinite { row, payoff });
            }
        }
        Ok(Self::of(payoffs, second, rounds))
    }

    /// The climbing game (Claus and Boutilier, AAAI 1998): the safe way leads from 11 down to 5.
    ///
    /// | | 0 | 1 | 2 |
    /// |---|---|---|---|
    /// | **0** | 11 | −30 | 0 |
    /// | **1** | −30 | 7 | 6 |
    /// | **2** | 0 | 0 | 5 |
    pub fn climbing(rounds: usize) -> Self {
        let game = Self::cooperative([[11.0, -30.0, 0.0], [-30.0, 7.0, 6.0], [0.0, 0.0, 5.0]], rounds);
        game.known([vec![1.0, 0.0, 0.0], vec![1.0, 0.0, 0.0]])
    }

    /// The penalty game (Claus and Boutilier, AAAI 1998): 10 for agreeing on 0 or on 2, `penalty` for missing each
    /// other there, 2 for the safe middle. The harder, the further `penalty` lies below 0; −100 is the usual choice.
    pub fn penalty(penalty: f32, rounds: usize) -> Self {
        let game = Self::cooperative([[10.0, 0.0, penalty], [0.0, 2.0, 0.0], [penalty, 0.0, 10.0]], rounds);
        game.known([vec![1.0, 0.0, 0.0], vec![1.0, 0.0, 0.0]])
    }

    /// Matching pennies: the first agent wins 1 if both show the same side, else the second does.
    pub fn matching_pennies(rounds: usize) -> Self {
        Self::zero_sum([[1.0, -1.0], [-1.0, 1.0]], rounds).known([vec![0.5; 2], vec![0.5; 2]])
    }

    /// Rock, paper, scissors (0, 1, 2): each beats the one before it.
    pub fn rock_paper_scissors(rounds: usize) -> Self {
        let third = vec![1.0 / 3.0; 3];
        let table = [[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]];
        Self::zero_sum(table, rounds).known([third.clone(), third])
    }

    /// A zero-sum game that is worth 1/7 to the first agent.
    ///
    /// | | 0 | 1 |
    /// |---|---|---|
    /// | **0** | 3 | −1 |
    /// | **1** | −2 | 1 |
    ///
    /// If the first agent plays 0 with p = 3/7, both columns cost the second the same: 3p − 2(1 − p) = 5p − 2 = 1/7
    /// and −p + (1 − p) = 1 − 2p = 1/7. If the second plays 0 with q = 2/7, both rows earn the same:
    /// 3q − (1 − q) = 4q − 1 = 1/7 and −2q + (1 − q) = 1 − 3q = 1/7. So neither gains by any other play.
    pub fn biased(rounds: usize) -> Self {
        let game = Self::zero_sum([[3.0, -1.0], [-2.0, 1.0]], rounds);
        game.known([vec![3.0 / 7.0, 4.0 / 7.0], vec![2.0 / 7.0, 5.0 / 7.0]])
    }

    /// The table, rows first.
    pub fn payoffs(&self) -> &[Vec<[f32; AGENTS]>] {
        &self.payoffs
    }

    /// An equilibrium of a round, the best one of a cooperative game; `None` for a table of your own.
    pub const fn equilibrium(&self) -> Option<&Mixed> {
        self.equilibrium.as_ref()
    }

    /// What each agent earns in a round on average.
    pub fn expected(&self, play: &Mixed) -> [f64; AGENTS] {
        let [rows, columns] = play;
        let mut earned = [0.0; AGENTS];
        for (entries, row) in self.payoffs.iter().zip(rows) {
            for (entry, column) in entries.iter().zip(columns) {
                earned[0] += row * column * f64::from(entry[0]);
                earned[1] += row * column * f64::from(entry[1]);
            }
        }
        earned
    }

    /// What the agents would gain in a round, added up, if each in turn played its best against the other: 0 in an
    /// equilibrium and nowhere else (`NashConv` of Lanctot et al., NeurIPS 2017).
    ///
    /// ```
    /// use karma_marl::games::MatrixGame;
    /// let game = MatrixGame::matching_pennies(1);
    /// assert_eq!(game.exploitability(&[vec![0.5, 0.5], vec![0.5, 0.5]]), 0.0);
    /// assert_eq!(game.exploitability(&[vec![1.0, 0.0], vec![0.5, 0.5]]), 1.0, "the second can win every time");
    /// ```
    pub fn exploitability(&self, play: &Mixed) -> f64 {
        let earned = self.expected(play);
        let gain = |agent: usize| {
            let actions = play[agent].len();
            let instead = |action: usize| {
                let mut other = play.clone();
                other[agent] = pure(action, actions);
                self.expected(&other)[agent]
            };
            (0..actions).map(instead).fold(f64::NEG_INFINITY, f64::max) - earned[agent]
        };
        gain(0) + gain(1)
    }

    fn cooperative<const N: usize>(table: [[f32; N]; N], rounds: usize) -> Self {
        let payoffs = table.map(|row| row.map(|payoff| [payoff, payoff]).to_vec()).to_vec();
        Self::of(payoffs, Team::Defender, rounds)
    }

    fn zero_sum<const N: usize>(table: [[f32; N]; N], rounds: usize) -> Self {
        let payoffs = table.map(|row| row.map(|payoff| [payoff, -payoff]).to_vec()).to_vec();
        Self::of(payoffs, Team::Attacker, rounds)
    }

    fn of(payoffs: Vec<Vec<[f32; AGENTS]>>, second: Team, rounds: usize) -> Self {
        let agent = |name: &str, team, actions: usize| AgentSpec {
            name: name.to_owned(),
            team,
            action_space: ActionSpace::Discrete { actions: u32::try_from(actions).unwrap_or(u32::MAX) },
            observation_size: 1,
            parts: 1,
        };
        let (rows, columns) = (payoffs.len(), payoffs.first().map_or(0, Vec::len));
        let agents = vec![agent("row", Team::Defender, rows), agent("column", second, columns)].into();
        let spec = EnvironmentSpec { agents, global_size: 1, horizon: rounds.max(1) };
        Self { spec, payoffs, equilibrium: None, played: 0, over: true }
    }

    fn known(self, equilibrium: Mixed) -> Self {
        Self { equilibrium: Some(equilibrium), ..self }
    }
}

/// The strategy that always plays `action`.
fn pure(action: usize, actions: usize) -> Vec<f64> {
    (0..actions).map(|other| f64::from(u8::from(other == action))).collect()
}

impl Environment for MatrixGame {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, _seed: u64) -> Step {
        (self.played, self.over) = (0, false);
        shared_step(&self.spec, vec![1.0], 0.0)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let [row, column] = both(&self.spec, action, self.over)?.map(|action| action.0 as usize);
        self.played += 1;
        self.over = self.played == self.spec.horizon;
        let rewards = self.payoffs[row][column].to_vec().into();
        Ok(Step { rewards, terminated: self.over, ..shared_step(&self.spec, vec![1.0], 0.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::{Action, testing};
    use proptest::prelude::*;

    fn named() -> [MatrixGame; 5] {
        [
            MatrixGame::climbing(3),
            MatrixGame::penalty(-100.0, 3),
            MatrixGame::matching_pennies(3),
            MatrixGame::rock_paper_scissors(3),
            MatrixGame::biased(3),
        ]
    }

    #[test]
    fn matrix_games_keep_the_promises_of_an_environment() {
        for game in named() {
            testing::environment(|| game.clone());
        }
        let wide = vec![vec![[1.0, 0.0], [2.0, 0.5], [3.0, -1.0]]];
        testing::environment(|| MatrixGame::new(wide.clone(), Team::Defender, 1).unwrap());
    }

    #[test]
    fn nobody_gains_by_leaving_a_known_equilibrium() {
        let values = [11.0, 10.0, 0.0, 0.0, 1.0 / 7.0];
        for (game, value) in named().iter().zip(values) {
            let play = game.equilibrium().unwrap();
            assert!((game.expected(play)[0] - value).abs() < 1e-12);
            assert!(game.exploitability(play).abs() < 1e-12);
        }
    }

    #[test]
    fn the_entry_of_row_and_column_is_what_each_earns_and_the_last_round_is_the_end() {
        let mut game = MatrixGame::biased(2);
        game.reset(0);
        let step = game.step(&vec![Action(1), Action(0)].into()).unwrap();
        assert_eq!((step.rewards.as_slice(), step.is_last()), (&[-2.0, 2.0][..], false));
        let step = game.step(&vec![Action(0), Action(1)].into()).unwrap();
        assert_eq!(step.rewards.as_slice(), [-1.0, 1.0]);
        assert!(step.terminated && !step.truncated);
    }

    #[test]
    fn a_table_that_is_no_game_is_refused() {
        let refused = |table| MatrixGame::new(table, Team::Attacker, 1).unwrap_err();
        assert_eq!(refused(vec![]), MatrixError::Empty);
        let ragged = vec![vec![[0.0; 2]; 2], vec![[0.0; 2]]];
        assert_eq!(refused(ragged), MatrixError::Ragged { row: 1, got: 1, expected: 2 });
        let error = refused(vec![vec![[f32::INFINITY, 0.0]]]);
        assert_eq!(error.to_string(), "row 0 of the table has payoff inf, but payoffs are finite");
    }

    proptest! {
        #[test]
        fn play_away_from_the_only_equilibrium_can_be_exploited(p in 0.0..1.0_f64, q in 0.0..1.0_f64) {
            let game = MatrixGame::biased(1);
            let lost = game.exploitability(&[vec![p, 1.0 - p], vec![q, 1.0 - q]]);
            let away = (p - 3.0 / 7.0).abs().max((q - 2.0 / 7.0).abs());
            prop_assert!(lost >= away - 1e-9, "{lost} lost at {away}");
        }
    }
}
