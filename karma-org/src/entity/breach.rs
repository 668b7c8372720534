//! Regimented properties: what an organisation watches, and what it does when one is not kept.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A property that every MOISE organisation watches (`os2nopl`). The normative specification says by a property of
/// the same name, or by `default_management`, what happens when an operation would breach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegimentedProperty {
    /// Roles are played only in groups that have them.
    RoleInGroup,
    /// No more players of a role than its group allows.
    RoleCardinality,
    /// An agent plays together only what is compatible.
    RoleCompatibility,
    /// Groups that are responsible for a scheme are well formed.
    WellFormedResponsible,
    /// A group is inside a group only if its kind is a subgroup of the other's kind.
    SubgroupInGroup,
    /// No more subgroups of a kind than the group allows.
    SubgroupCardinality,
    /// Who is committed to a mission plays, in a responsible group, a role that a norm relates to the mission.
    MissionPermission,
    /// Missions are left when they are accomplished.
    MissionLeft,
    /// No more agents are committed to a mission than the scheme allows.
    MissionCardinality,
    /// Only enabled goals are achieved.
    AchNotEnabledGoal,
    /// Goals are achieved by agents that are committed to them.
    AchNotCommittedGoal,
    /// Only enabled goals fail.
    FailNotEnabledGoal,
    /// Exceptions that are raised are specified.
    ExcUnknown,
    /// Exceptions are raised by agents that are committed to a goal of raising them.
    ExcAgentNotAllowed,
    /// Exceptions are raised when their policy's condition holds.
    ExcConditionNotHolding,
    /// Arguments of exceptions hold no variables.
    ExcArgNotGround,
    /// Exceptions have all their arguments.
    ExcArgMissing,
    /// Exceptions have no other arguments.
    ExcArgUnknown,
    /// The goal of raising an exception is achieved by raising it.
    AchThrGoalExcNotRaised,
}

impl RegimentedProperty {
    /// All properties.
    pub const ALL: [Self; 19] = [
        Self::RoleInGroup,
        Self::RoleCardinality,
        Self::RoleCompatibility,
        Self::WellFormedResponsible,
        Self::SubgroupInGroup,
        Self::SubgroupCardinality,
        Self::MissionPermission,
        Self::MissionLeft,
        Self::MissionCardinality,
        Self::AchNotEnabledGoal,
        Self::AchNotCommittedGoal,
        Self::FailNotEnabledGoal,
        Self::ExcUnknown,
        Self::ExcAgentNotAllowed,
        Self::ExcConditionNotHolding,
        Self::ExcArgNotGround,
        Self::ExcArgMissing,
        Self::ExcArgUnknown,
        Self::AchThrGoalExcNotRaised,
    ];

    /// The name that MOISE gives it, such as `role_in_group`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoleInGroup => "role_in_group",
            Self::RoleCardinality => "role_cardinality",
            Self::RoleCompatibility => "role_compatibility",
            Self::WellFormedResponsible => "well_formed_responsible",
            Self::SubgroupInGroup => "subgroup_in_group",
            Self::SubgroupCardinality => "subgroup_cardinality",
            Self::MissionPermission => "mission_permission",
            Self::MissionLeft => "mission_left",
            Self::MissionCardinality => "mission_cardinality",
            Self::AchNotEnabledGoal => "ach_not_enabled_goal",
            Self::AchNotCommittedGoal => "ach_not_committed_goal",
            Self::FailNotEnabledGoal => "fail_not_enabled_goal",
            Self::ExcUnknown => "exc_unknown",
            Self::ExcAgentNotAllowed => "exc_agent_not_allowed",
            Self::ExcConditionNotHolding => "exc_condition_not_holding",
            Self::ExcArgNotGround => "exc_arg_not_ground",
            Self::ExcArgMissing => "exc_arg_missing",
            Self::ExcArgUnknown => "exc_arg_unknown",
            Self::AchThrGoalExcNotRaised => "ach_thr_goal_exc_not_raised",
        }
    }

    /// Whether it is a property of what is the case, so that a norm's condition can ask for it (`#role_cardinality`).
    /// The others are about an operation.
    pub const fn is_lasting(self) -> bool {
        matches!(
            self,
            Self::RoleInGroup
                | Self::RoleCardinality
                | Self::RoleCompatibility
                | Self::WellFormedResponsible
                | Self::SubgroupInGroup
                | Self::SubgroupCardinality
                | Self::MissionPermission
                | Self::MissionCardinality
        )
    }
}

/// What is done with an operation that would breach a property.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Management {
    /// It is refused, and nothing changes.
    #[default]
    Fail,
    /// It is done, and the breach is recorded and told.
    Prohibition,
    /// It is done.
    Ignore,
}

impl Management {
    /// Its name in a specification.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Prohibition => "prohibition",
            Self::Ignore => "ignore",
        }
    }
}

/// A property that is not kept, or would not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breach {
    /// The property.
    pub property: RegimentedProperty,
    /// Who and what breaches it, in the order of MOISE's `fail` literals.
    pub about: Vec<String>,
    /// How many there are, and how many may be, where the property is about a number.
    pub count: Option<(usize, u32)>,
    /// The reason, in words.
    pub reason: String,
}

impl Breach {
    pub(super) fn new(property: RegimentedProperty, about: &[&str], reason: String) -> Self {
        Self { property, about: about.iter().map(|&item| item.to_owned()).collect(), count: None, reason }
    }

    pub(super) fn counted(self, count: usize, max: u32) -> Self {
        Self { count: Some((count, max)), ..self }
    }

    /// The literal that MOISE would fail with, such as `role_cardinality(editor,wp1,2,1)`.
    pub fn literal(&self) -> String {
        let mut items = self.about.clone();
        if let Some((count, max)) = self.count {
            items.extend([count.to_string(), max.to_string()]);
        }
        format!("{}({})", self.property.name(), items.join(","))
    }

    /// Whether the other breach is this one, or a lesser case of it: who had one too many and has two too many now
    /// breaches anew, who has one less does not.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.property == other.property
            && self.about == other.about
            && self.count.map(|(n, _)| n) >= other.count.map(|(n, _)| n)
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.literal(), self.reason)
    }
}

/// A breach that was allowed to happen, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedBreach {
    /// What happened.
    pub breach: Breach,
    /// When.
    pub at: Duration,
}
