//! The state of a goal.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a goal. A goal begins as waiting, and a reset makes it waiting again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoalState {
    /// What must come first is not done, or the scheme is not well formed, or nobody needs it any more.
    Waiting,
    /// It can be pursued.
    Enabled,
    /// It is reached.
    Satisfied,
    /// It can never be reached.
    Impossible,
    /// Whoever pursued it failed.
    Failed,
    /// It was given up: what depends on it goes on as if it were satisfied.
    Released,
}

impl fmt::Display for GoalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Enabled => "enabled",
            Self::Satisfied => "satisfied",
            Self::Impossible => "impossible",
            Self::Failed => "failed",
            Self::Released => "released",
        })
    }
}
