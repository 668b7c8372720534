//! The running organisation.

mod act;
mod breach;
mod change;
mod digest;
mod event;
mod facts;
mod formation;
mod formula;
mod goal_state;
mod goals;
mod ledger;
mod norms;
mod operation;
mod perform;
mod query;
mod regiment;
mod rules;
mod snapshot;
mod state;
mod survey;
mod view;
mod violation;

use std::sync::Arc;
use std::time::Duration;

pub use breach::{Breach, Management, RecordedBreach, RegimentedProperty};
pub use event::Event;
pub use formation::FormationFault;
pub use goal_state::GoalState;
pub use ledger::{Aim, ClosedNorm, Modality, NormInstance, Outcome};
pub use norms::DEFAULT_TIME_TO_FULFIL;
pub use operation::Operation;
pub use snapshot::{EntitySnapshot, RestoreError};
pub use state::{GivenReport, GroupInstance, RolePlayer, SchemeInstance};
pub use violation::Violation;

use crate::Organization;
use crate::finding::{Finding, Findings};
use rules::Rules;
use state::State;
use view::{Law, View};

/// A running organisation: its groups and schemes, who plays and does what, and who must and may.
#[doc(alias = "OE")]
#[derive(Clone, Debug)]
pub struct OrganizationEntity {
    organization: Arc<Organization>,
    rules: Arc<Rules>,
    warnings: Arc<[Finding]>,
    state: State,
}

impl OrganizationEntity {
    /// An organisation with no groups, schemes and agents yet, at time 0.
    ///
    /// # Errors
    /// All conditions of norms and notification policies that cannot be evaluated, and all properties of the
    /// normative specification whose management is unknown.
    pub fn new(organization: Arc<Organization>) -> Result<Self, Findings> {
        let (rules, warnings) = Rules::new(&organization)?;
        Ok(Self { organization, rules: Arc::new(rules), warnings: warnings.into(), state: State::default() })
    }

    /// The organisation that runs.
    pub fn organization(&self) -> &Arc<Organization> {
        &self.organization
    }

    /// What is written in the specification but not run.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// What the organisation does about breaches of a regimented property.
    pub fn management(&self, property: RegimentedProperty) -> Management {
        self.rules.management(property)
    }

    /// Carries out an operation at a time, which counts from an origin that the caller chooses.
    ///
    /// # Errors
    /// If it is refused; nothing has changed then.
    pub fn perform(&mut self, operation: &Operation, now: Duration) -> Result<Vec<Event>, Violation> {
        let law = Law { organization: &self.organization, rules: &self.rules };
        let (state, events) = perform::perform(law, &self.state, operation, now)?;
        self.state = state;
        Ok(events)
    }

    fn view(&self) -> View<'_> {
        Law { organization: &self.organization, rules: &self.rules }.view(&self.state)
    }
}

impl PartialEq for OrganizationEntity {
    /// The same specification in the same state.
    fn eq(&self, other: &Self) -> bool {
        self.organization == other.organization && self.state == other.state
    }
}
