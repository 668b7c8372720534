//! The YAML form of schemes, goals, missions and notification policies.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::either::{Either, EitherVisitor};
use super::{AsWritten, Long, Named, Names, Properties, Range, Short};

/// A goal tree, and the missions that distribute its goals.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::yaml) struct Scheme {
    /// Set if the scheme has no name at all; it stands under the empty name then.
    pub(in crate::yaml) nameless: bool,
    /// Free properties.
    pub(in crate::yaml) properties: Properties,
    /// The root of the goal tree.
    pub(in crate::yaml) goal: Option<Long<Goal>>,
    /// What is told to whom when something goes wrong.
    pub(in crate::yaml) notification_policies: Option<Named<Policy>>,
    /// The missions: goals that an agent commits to together.
    pub(in crate::yaml) missions: Option<Named<Long<Mission>>>,
}

/// What kind of state a goal is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::yaml) enum GoalKind {
    /// Something that is carried out; every committed agent does it, unless fewer are asked for.
    Performance,
    /// A state that is reached once, by whomever: one agent is enough.
    Achievement,
    /// A state that is to be kept up.
    Maintenance,
}

/// A goal; with `sequence`, `choice` or `parallel` it is decomposed into others, without it is a leaf.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["id"]))]
#[schemars(example = serde_json::json!({ "id": "wtitle", "about": "Write a title", "within": "1 day" }))]
#[schemars(example = serde_json::json!({ "id": "finish", "parallel": ["wconc", "wrefs"] }))]
pub(in crate::yaml) struct Goal {
    /// Its name, unique in its scheme.
    pub(in crate::yaml) id: String,
    /// What it is about.
    pub(in crate::yaml) about: Option<String>,
    /// What kind of state it is.
    pub(in crate::yaml) kind: Option<GoalKind>,
    /// How many committed agents must satisfy it; all of them, if absent.
    pub(in crate::yaml) min_agents: Option<u32>,
    /// Time to fulfil it, from the moment at which it is enabled.
    #[schemars(example = "2 hours")]
    pub(in crate::yaml) within: Option<String>,
    /// Where it is to be achieved.
    pub(in crate::yaml) location: Option<AsWritten>,
    /// Free properties.
    pub(in crate::yaml) properties: Properties,
    /// Its arguments, with their values if they have one.
    #[schemars(example = serde_json::json!({ "Amount": 100 }))]
    pub(in crate::yaml) arguments: Option<Named<Option<AsWritten>>>,
    /// Goals that must be satisfied first, besides those that the plan demands.
    pub(in crate::yaml) depends_on: Option<Names>,
    /// Goals that are achieved one after the other.
    pub(in crate::yaml) sequence: Option<Vec<Long<Self>>>,
    /// Goals of which exactly one is achieved.
    pub(in crate::yaml) choice: Option<Vec<Long<Self>>>,
    /// Goals that are all achieved, in any order.
    pub(in crate::yaml) parallel: Option<Vec<Long<Self>>>,
    /// The decomposition spelled out, for one that has properties.
    pub(in crate::yaml) plan: Option<Plan>,
    /// Share of the runs of the plan that succeed, from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub(in crate::yaml) success_rate: Option<f64>,
}

impl Short for Goal {
    fn short_schema() -> Schema {
        json_schema!({ "description": "A goal of this name and nothing more.", "type": "string", "examples": ["wtitle"] })
    }

    fn from_text(text: &str) -> Option<Self> {
        Some(Self { id: text.to_owned(), ..Self::default() })
    }
}

/// How the goals of a plan combine.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::yaml) enum PlanOperator {
    /// One after the other.
    Sequence,
    /// Exactly one of them.
    Choice,
    /// All of them, in any order.
    Parallel,
}

/// A decomposition of a goal, spelled out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "operator": "choice", "properties": { "cost": 3 }, "goals": ["a", "b"] }))]
pub(in crate::yaml) struct Plan {
    /// How its goals combine.
    pub(in crate::yaml) operator: PlanOperator,
    /// Share of its runs that succeed, from 0 to 1.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub(in crate::yaml) success_rate: Option<f64>,
    /// Free properties.
    #[serde(default)]
    pub(in crate::yaml) properties: Properties,
    /// Its goals, in order.
    pub(in crate::yaml) goals: Vec<Long<Goal>>,
}

/// Goals that an agent commits to together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "agents": "1..5", "goals": ["wsecs"] }))]
pub(in crate::yaml) struct Mission {
    /// How many agents commit to it.
    pub(in crate::yaml) agents: Option<Range>,
    /// Free properties.
    pub(in crate::yaml) properties: Properties,
    /// Names of its goals.
    pub(in crate::yaml) goals: Option<Names>,
    /// Names of missions that an agent would rather commit to.
    pub(in crate::yaml) preferred: Option<Names>,
}

impl Short for Mission {
    fn short_schema() -> Schema {
        json_schema!({
            "description": "A mission of these goals, for any number of agents.",
            "type": "array",
            "items": { "type": "string" },
            "examples": [["wconc", "wrefs"]],
        })
    }

    fn from_names(names: Names) -> Option<Self> {
        Some(Self { goals: Some(names), ..Self::default() })
    }
}

/// Under a condition on a goal, reports are due. Exactly one of `exception` and `accountability` is given.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["when"]))]
#[schemars(example = serde_json::json!({
    "exception": "parseAmount",
    "when": "failed(_,parseAmount)",
    "reports": { "nan": { "raise": ["raiseNan"], "handle": ["recoverFromNan"] } },
}))]
pub(in crate::yaml) struct Policy {
    /// Name of the goal that it watches, to raise and handle an exception.
    pub(in crate::yaml) exception: Option<String>,
    /// Name of the goal that it watches, to ask for an account and give it.
    pub(in crate::yaml) accountability: Option<String>,
    /// When it applies, in MOISE's normative programming language.
    pub(in crate::yaml) when: String,
    /// Free properties.
    pub(in crate::yaml) properties: Properties,
    /// The reports that are due.
    pub(in crate::yaml) reports: Option<Named<Report>>,
}

/// What is reported, and the goals of those who report it and treat it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::yaml) struct Report {
    /// Functors of what it says, with their numbers of terms.
    #[schemars(example = serde_json::json!({ "index": 1 }))]
    pub(in crate::yaml) arguments: Option<Named<i64>>,
    /// Goals that raise the exception.
    pub(in crate::yaml) raise: Vec<ReportGoal>,
    /// Goals that handle the exception.
    pub(in crate::yaml) handle: Vec<ReportGoal>,
    /// Goals that establish that an account can be asked for.
    pub(in crate::yaml) context: Vec<ReportGoal>,
    /// Goals that ask for the account.
    pub(in crate::yaml) request: Vec<ReportGoal>,
    /// Goals that give the account.
    pub(in crate::yaml) account: Vec<ReportGoal>,
    /// Goals that act on the account.
    pub(in crate::yaml) treatment: Vec<ReportGoal>,
    /// Goals in an order that is not the one of the fields above.
    pub(in crate::yaml) goals: Vec<StagedGoal>,
}

/// A goal of a report: as any goal, or with the condition under which it is pursued.
#[derive(Clone, Debug)]
pub(in crate::yaml) struct ReportGoal(pub(in crate::yaml) Either<Goal, ConditionalGoal>);

/// A goal that is pursued under a condition.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "goal": "raiseNan", "when": "failed(_,parseAmount)" }))]
pub(in crate::yaml) struct ConditionalGoal {
    /// The goal.
    pub(in crate::yaml) goal: Long<Goal>,
    /// When it is to be pursued, in MOISE's normative programming language.
    pub(in crate::yaml) when: String,
}

impl JsonSchema for ReportGoal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ReportGoal".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let goal = generator.subschema_for::<Goal>();
        let conditional = generator.subschema_for::<ConditionalGoal>();
        json_schema!({ "anyOf": [Goal::short_schema(), goal, conditional] })
    }
}

/// The part that a goal has in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::yaml) enum Stage {
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

/// A goal of a report, with its part in it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "stage": "raise", "goal": "raiseNan" }))]
pub(in crate::yaml) struct StagedGoal {
    /// Its part.
    pub(in crate::yaml) stage: Stage,
    /// The goal.
    pub(in crate::yaml) goal: Long<Goal>,
    /// When it is to be pursued, in MOISE's normative programming language.
    #[serde(default)]
    pub(in crate::yaml) when: Option<String>,
}

impl<'de> Deserialize<'de> for ReportGoal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherVisitor::new(&["goal", "when"]).or_text(Goal::from_text)).map(Self)
    }
}
