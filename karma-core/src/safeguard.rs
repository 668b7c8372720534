//! The seam of a safety shield: what a team may do, and the last word on what is done.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Decision, PerService, Replicas, State};

/// Stands between whoever decides and a cluster, in training, in evaluation and live.
///
/// It remembers what it let pass, so one is needed for each episode, and every decision of the episode goes through
/// [`Safeguard::review`] once, in order.
pub trait Safeguard: Send {
    /// Forgets the past: an episode begins.
    fn reset(&mut self);

    /// Its action guide: for each service the replicas that one agent may ask for now. The replicas that are there are
    /// always among them, so that doing nothing is never masked. Changes no memory.
    fn admit(&self, state: &State) -> PerService<RangeInclusive<Replicas>>;

    /// What is to be carried out instead of `decision`, with a reason for each target; and what that took.
    fn review(&mut self, state: &State, decision: Decision) -> Reviewed;
}

/// A decision that may be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The targets; where one was changed its reason says by what.
    pub decision: Decision,
    /// The properties that changed it, one entry for each service and property; empty if it passed unchanged.
    pub changed_by: Vec<&'static str>,
}

/// How often a safeguard changed what was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interventions {
    /// Decisions reviewed.
    pub decisions: u64,
    /// Those of them of which any target was changed.
    pub changed: u64,
    /// Targets changed, by the property that did it; a target may count for several.
    pub by_property: BTreeMap<String, u64>,
}

impl Interventions {
    /// Counts one review.
    pub fn count(&mut self, reviewed: &Reviewed) {
        self.decisions += 1;
        self.changed += u64::from(!reviewed.changed_by.is_empty());
        for property in &reviewed.changed_by {
            match self.by_property.get_mut(*property) {
                Some(count) => *count += 1,
                None => drop(self.by_property.insert((*property).to_owned(), 1)),
            }
        }
    }

    /// Share of the decisions that were changed; `None` without decisions.
    pub fn rate(&self) -> Option<f64> {
        (self.decisions > 0).then(|| self.changed as f64 / self.decisions as f64)
    }
}

impl std::ops::AddAssign<&Self> for Interventions {
    fn add_assign(&mut self, other: &Self) {
        self.decisions += other.decisions;
        self.changed += other.changed;
        for (property, count) in &other.by_property {
            *self.by_property.entry(property.clone()).or_default() += count;
        }
    }
}

/// Makes safeguards anew, for each environment or episode.
#[derive(Clone)]
pub struct SafeguardFactory(Arc<dyn Fn() -> Box<dyn Safeguard> + Send + Sync>);

impl SafeguardFactory {
    /// A factory that asks `make`.
    pub fn new(make: impl Fn() -> Box<dyn Safeguard> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// A safeguard that remembers nothing yet.
    pub fn make(&self) -> Box<dyn Safeguard> {
        (self.0)()
    }
}

impl fmt::Debug for SafeguardFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SafeguardFactory").finish_non_exhaustive()
    }
}
