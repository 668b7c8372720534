//! A specification with every name resolved: what the entity runs, what guides are compiled from, what is drawn.
//!
//! An [`Organization`] exists only if its specification has no error, so nothing that uses one needs to check
//! a name again. Ids are dense, in the order of the text; defaults are filled in; inheritance, link implication and
//! compatibility are closed under their rules.

use std::time::Duration;

use karma_core::{Id, IdVec};

use crate::spec::{GoalKind, LinkKind, NormKind, OrganizationalSpecification, PlanOperator, Scope};

karma_core::id! {
    /// A role. The first one is always the root role `soc`.
    RoleId
}
karma_core::id! {
    /// A group specification. The first one, if there is any, is the root.
    GroupId
}
karma_core::id! {
    /// A scheme specification.
    SchemeId
}
karma_core::id! {
    /// A goal of some scheme.
    GoalId
}
karma_core::id! {
    /// A mission of some scheme.
    MissionId
}
karma_core::id! {
    /// A norm.
    NormId
}

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
    /// Its direct subgroups.
    pub subgroups: Vec<GroupId>,
    /// The links written in it.
    pub links: Vec<LinkNode>,
    /// The compatibilities written in it.
    pub compatibilities: Vec<CompatibilityNode>,
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
}

/// A scheme and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemeNode {
    /// Its name.
    pub id: String,
    /// The root of its goal tree.
    pub root: GoalId,
    /// All its goals, parents before children, in the order of the text.
    pub goals: Vec<GoalId>,
    /// Its missions.
    pub missions: Vec<MissionId>,
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
}

/// A checked organisation: every name resolved, every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Organization {
    specification: OrganizationalSpecification,
    roles: IdVec<RoleId, RoleNode>,
    groups: IdVec<GroupId, GroupNode>,
    schemes: IdVec<SchemeId, SchemeNode>,
    goals: IdVec<GoalId, GoalNode>,
    missions: IdVec<MissionId, MissionNode>,
    norms: IdVec<NormId, NormNode>,
}

impl Organization {
    /// The specification as written.
    pub const fn specification(&self) -> &OrganizationalSpecification {
        &self.specification
    }

    /// The roles; the first is `soc`.
    pub const fn roles(&self) -> &IdVec<RoleId, RoleNode> {
        &self.roles
    }

    /// The groups; the first is the root.
    pub const fn groups(&self) -> &IdVec<GroupId, GroupNode> {
        &self.groups
    }

    /// The schemes.
    pub const fn schemes(&self) -> &IdVec<SchemeId, SchemeNode> {
        &self.schemes
    }

    /// The goals of all schemes.
    pub const fn goals(&self) -> &IdVec<GoalId, GoalNode> {
        &self.goals
    }

    /// The missions of all schemes.
    pub const fn missions(&self) -> &IdVec<MissionId, MissionNode> {
        &self.missions
    }

    /// The norms.
    pub const fn norms(&self) -> &IdVec<NormId, NormNode> {
        &self.norms
    }

    /// The role called `id`.
    pub fn role(&self, id: &str) -> Option<RoleId> {
        find(&self.roles, |role| role.id == id)
    }

    /// The group called `id`.
    pub fn group(&self, id: &str) -> Option<GroupId> {
        find(&self.groups, |group| group.id == id)
    }

    /// The scheme called `id`.
    pub fn scheme(&self, id: &str) -> Option<SchemeId> {
        find(&self.schemes, |scheme| scheme.id == id)
    }

    /// The goal called `id` in a scheme.
    pub fn goal(&self, scheme: SchemeId, id: &str) -> Option<GoalId> {
        find(&self.goals, |goal| goal.scheme == scheme && goal.id == id)
    }

    /// The mission called `id` in a scheme.
    pub fn mission(&self, scheme: SchemeId, id: &str) -> Option<MissionId> {
        find(&self.missions, |mission| mission.scheme == scheme && mission.id == id)
    }
}

fn find<I: Id, T>(nodes: &IdVec<I, T>, found: impl Fn(&T) -> bool) -> Option<I> {
    nodes.iter().position(found).map(I::from_index)
}
