//! What happened: the answer of every operation.

use serde::{Deserialize, Serialize};

use super::breach::Breach;
use super::goal_state::GoalState;
use super::ledger::{NormInstance, Outcome};

/// Something that happened in an organisation. An operation returns its events in this order: obligations whose
/// deadline passed before it; what was asked for; breaches that were let through; goals, groups and schemes that
/// changed by it; norms. Within each, by name, so that the order is the same on every run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Event {
    /// A group came to be.
    GroupCreated {
        /// Its name.
        group: String,
        /// Its kind.
        specification: String,
        /// The group that it is in.
        parent: Option<String>,
    },
    /// A group is no more.
    GroupDestroyed {
        /// Its name.
        group: String,
    },
    /// A scheme was started.
    SchemeCreated {
        /// Its name.
        scheme: String,
        /// Its kind.
        specification: String,
    },
    /// A scheme is no more.
    SchemeDestroyed {
        /// Its name.
        scheme: String,
    },
    /// An agent plays a role.
    RoleAdopted {
        /// The agent.
        agent: String,
        /// The role.
        role: String,
        /// The group.
        group: String,
    },
    /// An agent plays a role no more.
    RoleLeft {
        /// The agent.
        agent: String,
        /// The role.
        role: String,
        /// The group.
        group: String,
    },
    /// A group is responsible for a scheme.
    ResponsibilityTaken {
        /// The group.
        group: String,
        /// The scheme.
        scheme: String,
    },
    /// A group is responsible for a scheme no more.
    ResponsibilityDropped {
        /// The group.
        group: String,
        /// The scheme.
        scheme: String,
    },
    /// An agent is committed to a mission.
    Committed {
        /// The agent.
        agent: String,
        /// The mission.
        mission: String,
        /// The scheme.
        scheme: String,
    },
    /// An agent is committed to a mission no more.
    MissionLeft {
        /// The agent.
        agent: String,
        /// The mission.
        mission: String,
        /// The scheme.
        scheme: String,
    },
    /// An agent did its part of a goal.
    GoalDone {
        /// The agent.
        agent: String,
        /// The goal.
        goal: String,
        /// The scheme.
        scheme: String,
    },
    /// An argument of a goal has a value.
    ArgumentSet {
        /// The scheme.
        scheme: String,
        /// The goal.
        goal: String,
        /// The argument.
        argument: String,
        /// Its value.
        value: String,
    },
    /// An exception was raised, or an account given.
    Reported {
        /// The agent.
        agent: String,
        /// The report.
        report: String,
        /// What it says.
        arguments: Vec<String>,
        /// The scheme.
        scheme: String,
    },
    /// An exception or account holds no more, because its goal was reset.
    ReportWithdrawn {
        /// The report.
        report: String,
        /// The scheme.
        scheme: String,
    },
    /// A property that is managed by prohibition was breached.
    Breached {
        /// How.
        breach: Breach,
    },
    /// A goal is in another state.
    GoalChanged {
        /// The scheme.
        scheme: String,
        /// The goal.
        goal: String,
        /// The state before.
        from: GoalState,
        /// The state now.
        to: GoalState,
    },
    /// A group became well formed, or is so no more.
    GroupFormation {
        /// The group.
        group: String,
        /// Whether it is well formed now.
        well_formed: bool,
    },
    /// A scheme became well formed, or is so no more.
    SchemeFormation {
        /// The scheme.
        scheme: String,
        /// Whether it is well formed now.
        well_formed: bool,
    },
    /// An obligation or permission came to be.
    NormCreated {
        /// Which.
        norm: NormInstance,
    },
    /// An obligation or permission is over.
    NormClosed {
        /// Which.
        norm: NormInstance,
        /// How it ended.
        outcome: Outcome,
    },
}
