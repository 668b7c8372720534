//! What is to be done: schemes of goals, the plans that decompose them, and the missions that group them.

use super::{Cardinality, NotificationPolicy, Origin, Property, Reference};

/// The schemes.
#[doc(alias = "FS")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionalSpecification {
    /// Free properties.
    pub properties: Vec<Property>,
    /// The schemes.
    pub schemes: Vec<Scheme>,
    /// Where it was written.
    pub origin: Origin,
}

/// A goal tree, and the missions that distribute its goals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scheme {
    /// Its name.
    pub id: Option<String>,
    /// Free properties.
    pub properties: Vec<Property>,
    /// The root of the goal tree.
    pub goal: Option<Goal>,
    /// What is told to whom when something goes wrong.
    pub notification_policies: Vec<NotificationPolicy>,
    /// The missions.
    pub missions: Vec<Mission>,
    /// Where it was written.
    pub origin: Origin,
}

/// What kind of state a goal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum GoalKind {
    /// Something that is carried out; every committed agent does it, unless fewer are asked for.
    #[default]
    Performance,
    /// A state that is reached once, by whomever: one agent is enough.
    Achievement,
    /// A state that is to be kept up.
    Maintenance,
}

/// A goal, with the plan that decomposes it, if it is no leaf.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Goal {
    /// Its name, unique in its scheme.
    pub id: String,
    /// What it is about (`ds`).
    pub description: Option<String>,
    /// How many committed agents must satisfy it; all of them if absent.
    pub min: Option<u32>,
    /// Its kind, if written.
    pub kind: Option<GoalKind>,
    /// Time to fulfil, such as "2 hours", from the moment at which it is enabled.
    #[doc(alias = "ttf")]
    pub time_to_fulfil: Option<String>,
    /// Where it is to be achieved.
    pub location: Option<String>,
    /// Free properties.
    pub properties: Vec<Property>,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// Goals that must be satisfied first, besides those that the plan demands.
    pub depends_on: Vec<Reference>,
    /// How it is decomposed.
    pub plan: Option<Plan>,
    /// Where it was written.
    pub origin: Origin,
}

/// An argument of a goal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub id: String,
    /// Its value, if it has one already.
    pub value: Option<String>,
    /// Where it was written.
    pub origin: Origin,
}

/// How the goals of a plan combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanOperator {
    /// One after the other.
    #[default]
    Sequence,
    /// Exactly one of them.
    Choice,
    /// All of them, in any order.
    Parallel,
}

/// A decomposition of a goal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// How its goals combine.
    pub operator: PlanOperator,
    /// Share of its runs that succeed, in [0, 1], if known.
    pub success_rate: Option<f64>,
    /// Free properties.
    pub properties: Vec<Property>,
    /// Its goals, in order.
    pub goals: Vec<Goal>,
    /// Where it was written.
    pub origin: Origin,
}

/// Goals that an agent commits to together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mission {
    /// Its name, unique in its scheme.
    pub id: String,
    /// How many agents commit to it.
    pub cardinality: Cardinality,
    /// Free properties.
    pub properties: Vec<Property>,
    /// Its goals.
    pub goals: Vec<Reference>,
    /// Missions that an agent would rather commit to.
    pub preferred: Vec<Reference>,
    /// Where it was written.
    pub origin: Origin,
}
