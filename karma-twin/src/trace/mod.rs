//! Traces: what a cluster showed and what was decided, step by step, as simulated and live clusters alike give it.
//!
//! A [`TraceWindow`] is one unbroken stretch: an episode of the simulated cluster, or the time between two restarts
//! of a collector. Its steps follow each other by one decision period; nothing in it crosses a gap, and a missing
//! sample is missing.
//!
//! | you look for | open |
//! |---|---|
//! | the columns of a file of traces | [`schema`] |
//! | windows of the same services | [`Traces`] |
//! | CSV, ours and the authors' | [`write_csv`], [`read_csv`] |
//! | where a window ends | [`cut`] |

mod assemble;
mod csv;
#[cfg(test)]
mod csv_tests;
mod gaps;
mod layout;
mod published;
mod record;
pub mod schema;
#[cfg(test)]
mod testing;
mod traces;
mod value;

use karma_core::{PerService, Replicas, Seconds, State};
use serde::{Deserialize, Serialize};

pub use assemble::Assembler;
pub use csv::{CsvError, read_csv, write_csv};
pub use gaps::{Break, LONGEST_STEP, break_between, cut};
pub use layout::{LayoutError, check_signature, check_version, layout, signature};
pub use record::Record;
pub use schema::Field;
pub use traces::{Shape, Traces, TracesError, check_period};
pub use value::{Cell, CellError, Kind, Storage};

/// What all steps of a window have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowHeader {
    /// Name of the scenario, or of what was going on.
    pub scenario: String,
    /// Name of the autoscaler that decided.
    pub policy: String,
    /// Seed of the episode; `None` on a live cluster.
    pub seed: Option<u64>,
    /// Time between two decisions.
    pub period: Seconds,
}

/// One unbroken stretch of a cluster's life.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceWindow {
    /// What its steps have in common.
    pub header: WindowHeader,
    /// The steps, in the order of time.
    pub steps: Vec<TraceStep>,
}

/// What was seen at one moment, and what was then decided.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceStep {
    /// What the scrapes gave, with its age and its gaps.
    pub state: State,
    /// What was decided; `None` at the last step of a window, after which nothing was.
    pub decision: Option<TraceDecision>,
}

/// A decision as it was carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceDecision {
    /// Replicas that each service was to have.
    pub targets: PerService<Replicas>,
    /// Why, for each service: the role or the rule.
    pub reasons: PerService<String>,
    /// Probability with which the policy took exactly this decision, if it drew it; 1 for a rule.
    pub probability: Option<f64>,
    /// The defenders' reward for the period that followed, if it was counted.
    pub reward: Option<f32>,
}

impl TraceWindow {
    /// Number of transitions: decisions whose outcome was seen.
    pub fn transitions(&self) -> usize {
        let followed = self.steps.iter().take(self.steps.len().saturating_sub(1));
        followed.filter(|step| step.decision.is_some()).count()
    }
}
