//! What agents and the organisation's owner can do.

use serde::{Deserialize, Serialize};

/// An operation. Names are those of agents and instances; kinds, roles, missions, goals and reports are named as in
/// the specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Operation {
    /// Time passes.
    Advance,
    /// A group comes to be, on its own or in another one.
    CreateGroup {
        /// Its name.
        group: String,
        /// Its kind.
        specification: String,
        /// The group that it is in.
        parent: Option<String>,
    },
    /// An empty group ceases to be, and with it its responsibilities.
    DestroyGroup {
        /// Its name.
        group: String,
    },
    /// A scheme is started.
    CreateScheme {
        /// Its name.
        scheme: String,
        /// Its kind.
        specification: String,
    },
    /// A scheme ceases to be, and with it all its commitments and obligations.
    DestroyScheme {
        /// Its name.
        scheme: String,
    },
    /// An agent takes on a role.
    AdoptRole {
        /// The agent.
        agent: String,
        /// The role.
        role: String,
        /// The group.
        group: String,
    },
    /// An agent gives up a role.
    LeaveRole {
        /// The agent.
        agent: String,
        /// The role.
        role: String,
        /// The group.
        group: String,
    },
    /// An agent is gone (it crashed, say): its roles and commitments end, whatever the organisation thinks of it.
    RemoveAgent {
        /// The agent.
        agent: String,
    },
    /// A group becomes responsible for a scheme, and its subgroups with it.
    AddResponsibleGroup {
        /// The group.
        group: String,
        /// The scheme.
        scheme: String,
    },
    /// A group is responsible for a scheme no more.
    RemoveResponsibleGroup {
        /// The group.
        group: String,
        /// The scheme.
        scheme: String,
    },
    /// An agent commits to a mission.
    Commit {
        /// The agent.
        agent: String,
        /// The mission.
        mission: String,
        /// The scheme.
        scheme: String,
    },
    /// An agent ends its commitment to a mission.
    LeaveMission {
        /// The agent.
        agent: String,
        /// The mission.
        mission: String,
        /// The scheme.
        scheme: String,
    },
    /// An agent did its part of a goal.
    Achieve {
        /// The agent.
        agent: String,
        /// The goal.
        goal: String,
        /// The scheme.
        scheme: String,
    },
    /// The owner of the scheme says that a goal is satisfied, by whomever.
    Satisfy {
        /// The goal.
        goal: String,
        /// The scheme.
        scheme: String,
    },
    /// A goal failed.
    Fail {
        /// The goal.
        goal: String,
        /// The scheme.
        scheme: String,
    },
    /// A goal is given up; what waits for it goes on.
    Release {
        /// The goal.
        goal: String,
        /// The scheme.
        scheme: String,
    },
    /// A committed agent says that a goal cannot be achieved any more.
    SetImpossible {
        /// The agent.
        agent: String,
        /// The goal.
        goal: String,
        /// The scheme.
        scheme: String,
    },
    /// A goal, the goals of its plan and all that waits for these are to be done again.
    Reset {
        /// The goal.
        goal: String,
        /// The scheme.
        scheme: String,
    },
    /// An argument of a goal gets a value.
    SetArgument {
        /// The goal.
        goal: String,
        /// The scheme.
        scheme: String,
        /// The argument.
        argument: String,
        /// Its value.
        value: String,
    },
    /// An agent raises an exception.
    Raise {
        /// The agent.
        agent: String,
        /// The report.
        report: String,
        /// The scheme.
        scheme: String,
        /// What it says, as terms such as `index(3)`.
        arguments: Vec<String>,
    },
    /// An agent gives an account.
    GiveAccount {
        /// The agent.
        agent: String,
        /// The report.
        report: String,
        /// The scheme.
        scheme: String,
        /// What it says, as terms such as `index(3)`.
        arguments: Vec<String>,
    },
}
