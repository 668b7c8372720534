//! The elements of an [`Organization`](super::Organization), with names resolved and defaults filled in.

use std::time::Duration;

use crate::spec::{GoalKind, LinkKind, NormKind, Origin, PlanOperator, Scope};

use super::{GoalId, GroupId, MissionId, RoleId, SchemeId};

/// How many: a checked range. `max` is `None` where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Fewest.
    pub min: u32,
    /// Most.
    pub max: Option<u32>,
}

/// A role and its place in the inheritance.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleNode {
    /// Its name.
    pub id: String,
    /// The roles that it extends directly.
    pub parents: Vec<RoleId>,
    /// All roles that it specialises, itself included, in ascending order.
    pub ancestors: Vec<RoleId>,
    /// Whether nobody can play it: no group has it.
    pub is_abstract: bool,
    /// Where it was written.
    pub origin: Origin,
}

/// A group and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupNode {
    /// Its name.
    pub id: String,
    /// The group that it is in.
    pub parent: Option<GroupId>,
    /// How many instances one instance of the parent may have.
    pub cardinality: Range,
    /// The roles that can be played in it, with the number of players.
    pub roles: Vec<(RoleId, Range)>,
    /// Roles that a formation constraint counts over this group and all groups below it, because they are played
    /// below only ("exactly one leader in the whole team").
    pub subtree_roles: Vec<(RoleId, Range)>,
    /// Its direct subgroups.
    pub subgroups: Vec<GroupId>,
    /// The links written in it.
    pub links: Vec<LinkNode>,
    /// The compatibilities written in it.
    pub compatibilities: Vec<CompatibilityNode>,
    /// Where it was written.
    pub origin: Origin,
}

/// A link with its roles resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkNode {
    /// Source.
    pub from: RoleId,
    /// Target.
    pub to: RoleId,
    /// Strength.
    pub kind: LinkKind,
    /// Inside a group or between groups.
    pub scope: Scope,
    /// Whether it holds in the subgroups too.
    pub extends_subgroups: bool,
    /// Whether it holds backwards too.
    pub bidirectional: bool,
    /// Where it was written.
    pub origin: Origin,
}

/// A compatibility with its roles resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct CompatibilityNode {
    /// The role that is played.
    pub from: RoleId,
    /// The role that may be played as well.
    pub to: RoleId,
    /// Inside a group or between groups.
    pub scope: Scope,
    /// Whether it holds in the subgroups too.
    pub extends_subgroups: bool,
    /// Whether it holds backwards too.
    pub bidirectional: bool,
    /// Where it was written.
    pub origin: Origin,
}

/// A scheme and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemeNode {
    /// Its name.
    pub id: String,
    /// The root of its goal tree.
    pub root: GoalId,
    /// All its goals, parents before children, in the order of the text; then those of its reports, which have no
    /// parent either, unless they are in the plan of another one.
    pub goals: Vec<GoalId>,
    /// Its missions.
    pub missions: Vec<MissionId>,
    /// Where it was written.
    pub origin: Origin,
}

/// How many committed agents must satisfy a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quorum {
    /// All that are committed.
    All,
    /// At least so many.
    AtLeast(u32),
}

/// A goal and its place in the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalNode {
    /// Its name.
    pub id: String,
    /// Its scheme.
    pub scheme: SchemeId,
    /// What it is about.
    pub description: Option<String>,
    /// Its kind.
    pub kind: GoalKind,
    /// How many agents must satisfy it.
    pub quorum: Quorum,
    /// Time to fulfil, from the moment at which it is enabled; `None` is for ever.
    pub time_to_fulfil: Option<Duration>,
    /// Where it is to be achieved.
    pub location: Option<String>,
    /// The goal that its plan belongs to.
    pub parent: Option<GoalId>,
    /// Its own plan.
    pub plan: Option<PlanNode>,
    /// The goals written as `depends-on`.
    pub depends_on: Vec<GoalId>,
    /// What must hold before it is enabled.
    pub precondition: Precondition,
    /// The missions that it belongs to.
    pub missions: Vec<MissionId>,
    /// Where it was written.
    pub origin: Origin,
}

/// A plan with its goals resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanNode {
    /// How its goals combine.
    pub operator: PlanOperator,
    /// Share of its runs that succeed, if known.
    pub success_rate: Option<f64>,
    /// Its goals, in order.
    pub goals: Vec<GoalId>,
}

/// What must be satisfied or released before a goal is enabled (`Goal.getPreConditionGoals` of MOISE, and the
/// `dep(and | or, …)` that its norms are made of).
///
/// At most one of the two lists has members: MOISE joins all that a goal waits for by *or* if its plan is a
/// choice, by *and* otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Precondition {
    /// All of these.
    pub all: Vec<GoalId>,
    /// And one of these, unless there are none.
    pub any: Vec<GoalId>,
}

/// A mission with its goals resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct MissionNode {
    /// Its name.
    pub id: String,
    /// Its scheme.
    pub scheme: SchemeId,
    /// How many agents commit to it.
    pub cardinality: Range,
    /// Its goals.
    pub goals: Vec<GoalId>,
    /// Missions that an agent would rather commit to.
    pub preferred: Vec<MissionId>,
    /// Where it was written.
    pub origin: Origin,
}

/// A norm with its role and mission resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct NormNode {
    /// Its name.
    pub id: String,
    /// Who.
    pub role: RoleId,
    /// Must or may.
    pub kind: NormKind,
    /// Do what.
    pub mission: MissionId,
    /// When it is active; always, if absent.
    pub condition: Option<String>,
    /// Time to fulfil, from the moment at which it becomes active; `None` is for ever.
    pub time_constraint: Option<Duration>,
    /// Where it was written.
    pub origin: Origin,
}
