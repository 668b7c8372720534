//! Where everything is: how an episode of another implementation is replayed.

use thiserror::Error;

use super::Scenario;
use super::world::{LANDMARKS, Point};

/// Positions farther out than this are refused; a random start lies within ±1.
const FARTHEST: f64 = 1_000.0;

/// Positions of agents and landmarks, and what the agents have in mind.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Position of each agent: x, y.
    pub agents: Vec<[f64; 2]>,
    /// Position of each landmark: x, y.
    pub landmarks: [[f64; 2]; LANDMARKS],
    /// By number of landmark. Spread: none. Reference: for each agent, where the *other* should go. Speaker and
    /// listener: where the listener should go.
    pub goals: Vec<usize>,
}

/// A layout that does not fit a scenario.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LayoutError {
    /// Wrong number of agents.
    #[error("the layout has {got} agents, the scenario has {expected}")]
    Agents {
        /// In the layout.
        got: usize,
        /// In the scenario.
        expected: usize,
    },
    /// Wrong number of goals.
    #[error("the layout has {got} goals, the scenario has {expected}")]
    Goals {
        /// In the layout.
        got: usize,
        /// In the scenario.
        expected: usize,
    },
    /// A goal that is no landmark.
    #[error("goal {place} is landmark {landmark}, but landmarks are 0 to {}", LANDMARKS - 1)]
    NoLandmark {
        /// Position of the goal.
        place: usize,
        /// What it names.
        landmark: usize,
    },
    /// A coordinate that is not a number, or far away.
    #[error("a coordinate is {value}, but coordinates lie within ±{FARTHEST}")]
    TooFar {
        /// The coordinate.
        value: f64,
    },
}

impl Layout {
    pub(super) fn check(&self, scenario: Scenario) -> Result<(), LayoutError> {
        let (got, expected) = (self.agents.len(), scenario.roles().len());
        if got != expected {
            return Err(LayoutError::Agents { got, expected });
        }
        let (got, expected) = (self.goals.len(), scenario.goals());
        if got != expected {
            return Err(LayoutError::Goals { got, expected });
        }
        if let Some((place, &landmark)) = self.goals.iter().enumerate().find(|(_, goal)| **goal >= LANDMARKS)
        {
            return Err(LayoutError::NoLandmark { place, landmark });
        }
        let points: [&[Point]; 2] = [&self.agents, &self.landmarks];
        match points.into_iter().flatten().flatten().find(|x| !(-FARTHEST..=FARTHEST).contains(*x)) {
            Some(&value) => Err(LayoutError::TooFar { value }),
            None => Ok(()),
        }
    }
}
