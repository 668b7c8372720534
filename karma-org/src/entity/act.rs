//! The operations by name.

use std::time::Duration;

use super::OrganizationEntity;
use super::event::Event;
use super::operation::Operation;
use super::violation::Violation;

type Outcome = Result<Vec<Event>, Violation>;

/// Writes a method that performs an operation whose fields are all texts.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident => $operation:ident { $($field:ident),* })*) => {
        /// Operations by name. Each is [`OrganizationEntity::perform`] with the [`Operation`] of the same name.
        impl OrganizationEntity {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// If it is refused; nothing has changed then.
                pub fn $name(&mut self, $($field: &str,)* now: Duration) -> Outcome {
                    self.perform(&Operation::$operation { $($field: $field.to_owned()),* }, now)
                }
            )*
        }
    };
}

operations! {
    /// Ends an empty group.
    destroy_group => DestroyGroup { group }
    /// Starts a scheme of a kind.
    create_scheme => CreateScheme { scheme, specification }
    /// Ends a scheme, with its commitments and obligations.
    destroy_scheme => DestroyScheme { scheme }
    /// Lets an agent play a role. Besides what the regimented properties say (`role_in_group`, `role_cardinality`,
    /// `role_compatibility`), the role must not be abstract, and not be played by the agent there already.
    adopt_role => AdoptRole { agent, role, group }
    /// Lets an agent give up a role. Regimented by `mission_permission` (a commitment may need the role) and
    /// `well_formed_responsible`.
    leave_role => LeaveRole { agent, role, group }
    /// Takes out an agent that is gone. Never refused: breaches are told, but nobody can be kept from crashing.
    remove_agent => RemoveAgent { agent }
    /// Makes a group, and its subgroups with it, responsible for a scheme. Regimented by `well_formed_responsible`.
    add_responsible_group => AddResponsibleGroup { group, scheme }
    /// Ends the responsibility of a group. Regimented by `mission_permission`.
    remove_responsible_group => RemoveResponsibleGroup { group, scheme }
    /// Commits an agent to a mission. Regimented by `mission_permission` and `mission_cardinality`; nobody commits to
    /// a scheme that is over.
    commit => Commit { agent, mission, scheme }
    /// Ends an agent's commitment. Regimented by `mission_left`: the mission's goals must be satisfied or impossible
    /// (or states to be kept up), or the scheme over.
    leave_mission => LeaveMission { agent, mission, scheme }
    /// An agent did its part of a goal. Regimented by `ach_not_enabled_goal`, `ach_not_committed_goal` and
    /// `ach_thr_goal_exc_not_raised`.
    achieve => Achieve { agent, goal, scheme }
    /// Declares a goal satisfied.
    satisfy => Satisfy { goal, scheme }
    /// Declares that a goal failed. Regimented by `fail_not_enabled_goal`.
    fail => Fail { goal, scheme }
    /// Gives a goal up: what waits for it goes on.
    release => Release { goal, scheme }
    /// A committed agent declares that a goal cannot be achieved any more.
    set_impossible => SetImpossible { agent, goal, scheme }
    /// Begins a goal anew, with the goals of its plan and all that waits for these.
    reset => Reset { goal, scheme }
}

impl OrganizationEntity {
    /// Lets time pass: obligations whose deadline is before `now` end as unfulfilled.
    ///
    /// # Errors
    /// If time would go back.
    pub fn advance(&mut self, now: Duration) -> Outcome {
        self.perform(&Operation::Advance, now)
    }

    /// Creates a group of a kind, on its own or in another one. Regimented by `subgroup_in_group` and
    /// `subgroup_cardinality`.
    ///
    /// # Errors
    /// If it is refused; nothing has changed then.
    pub fn create_group(
        &mut self,
        group: &str,
        specification: &str,
        parent: Option<&str>,
        now: Duration,
    ) -> Outcome {
        let (group, specification) = (group.to_owned(), specification.to_owned());
        self.perform(&Operation::CreateGroup { group, specification, parent: parent.map(str::to_owned) }, now)
    }

    /// Gives an argument of a goal, `(goal, argument)`, a value.
    ///
    /// # Errors
    /// If it is refused; nothing has changed then.
    pub fn set_argument(
        &mut self,
        scheme: &str,
        (goal, argument): (&str, &str),
        value: &str,
        now: Duration,
    ) -> Outcome {
        let (goal, scheme) = (goal.to_owned(), scheme.to_owned());
        let (argument, value) = (argument.to_owned(), value.to_owned());
        self.perform(&Operation::SetArgument { goal, scheme, argument, value }, now)
    }

    /// An agent raises an exception of a notification policy, `(report, what it says)`. Regimented by the `exc_…`
    /// properties.
    ///
    /// # Errors
    /// If it is refused; nothing has changed then.
    pub fn raise(
        &mut self,
        agent: &str,
        (report, arguments): (&str, &[&str]),
        scheme: &str,
        now: Duration,
    ) -> Outcome {
        let (agent, report, scheme) = (agent.to_owned(), report.to_owned(), scheme.to_owned());
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self.perform(&Operation::Raise { agent, report, scheme, arguments }, now)
    }

    /// An agent gives an account of a notification policy, `(report, what it says)`.
    ///
    /// # Errors
    /// If it is refused; nothing has changed then.
    pub fn give_account(
        &mut self,
        agent: &str,
        (report, arguments): (&str, &[&str]),
        scheme: &str,
        now: Duration,
    ) -> Outcome {
        let (agent, report, scheme) = (agent.to_owned(), report.to_owned(), scheme.to_owned());
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self.perform(&Operation::GiveAccount { agent, report, scheme, arguments }, now)
    }
}
