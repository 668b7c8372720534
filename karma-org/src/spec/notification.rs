//! Who is told when a goal fails: exceptions that are raised and handled, accounts that are asked for and given.

use super::{Goal, Origin, Property};

/// What a notification policy is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotificationKind {
    /// A failure is raised by one agent and handled by another.
    #[default]
    Exception,
    /// An account is requested from one agent and given to another.
    Accountability,
}

/// A policy of a scheme: under a condition on a goal, reports are due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NotificationPolicy {
    /// Its name.
    pub id: String,
    /// Name of the goal that it watches.
    pub target: String,
    /// When it applies, in MOISE's normative programming language.
    pub condition: String,
    /// What it is about.
    pub kind: NotificationKind,
    /// Free properties.
    pub properties: Vec<Property>,
    /// The reports that are due.
    pub reports: Vec<Report>,
    /// Where it was written.
    pub origin: Origin,
}

/// A report: what it says, and the goals of those who give it and treat it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Its name.
    pub id: String,
    /// Functors of what it says.
    pub arguments: Vec<ReportArgument>,
    /// Its goals, in order.
    pub goals: Vec<ReportGoal>,
    /// Where it was written.
    pub origin: Origin,
}

/// A functor and its number of terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportArgument {
    /// The functor.
    pub id: String,
    /// Number of terms.
    pub arity: i64,
    /// Where it was written.
    pub origin: Origin,
}

/// The part that a goal has in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReportStage {
    /// Raises the exception.
    Raise,
    /// Handles the exception.
    Handle,
    /// Establishes that an account can be asked for.
    Context,
    /// Asks for the account.
    Request,
    /// Gives the account.
    Account,
    /// Acts on the account.
    Treatment,
}

/// A goal of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportGoal {
    /// Its part.
    pub stage: ReportStage,
    /// When it is to be pursued, in MOISE's normative programming language.
    pub when: Option<String>,
    /// The goal.
    pub goal: Goal,
}
