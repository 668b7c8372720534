//! The content model of MOISE XML as one table: which attributes and which elements every element may have.
//!
//! It is that of MOISE's `os.xsd`, with these differences. The order of elements is free, as it is for MOISE's own
//! loader. What a reference cannot do without (a link's ends and type, the name of a role in a group, the text
//! that is included) is demanded although the schema leaves it open. A missing `os-version` and elements that are too few are warnings,
//! because a part of an organisation is worth reading too. Properties of a goal are known to MOISE's loader but not
//! to its schema, so they are kept with a warning. `monitoring-scheme` is of older versions and only warned of.

use crate::spec::{ConstrainedObject, GoalKind, NormKind, NotificationKind, PlanOperator, Scope};

use super::value::names;

/// A kind of element. One name can have several kinds: a `goal` of a plan is another than that of a mission.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) attributes: &'static [Attr],
    pub(super) children: &'static [Child],
    /// Sets of further children of which only one may be used.
    pub(super) alternatives: &'static [&'static [Child]],
    /// Whether it holds text.
    pub(super) text: bool,
}

impl Kind {
    /// Every child that is allowed somehow.
    pub(super) fn known_children(&self) -> impl Iterator<Item = &'static Child> {
        self.children.iter().chain(self.alternatives.iter().copied().flatten())
    }
}

/// A kind of attribute.
pub(super) struct Attr {
    pub(super) name: &'static str,
    pub(super) value: Value,
    pub(super) need: Need,
}

/// How necessary an attribute is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    /// MOISE's own loader demands it; here it is only asked for.
    Expected,
    Optional,
    /// Meant something in older versions of MOISE.
    Legacy,
}

/// What an attribute may say.
pub(super) enum Value {
    Text,
    /// A whole number from 0.
    Count,
    /// Any whole number.
    Integer,
    /// A number.
    Real,
    /// Yes or no.
    Flag,
    /// One of some words.
    OneOf(fn() -> Vec<&'static str>),
}

/// A kind of child, and how many there may be.
pub(super) struct Child {
    pub(super) kind: &'static Kind,
    pub(super) at_least_one: bool,
    pub(super) many: bool,
    /// Known to MOISE's loader, but not to its schema.
    pub(super) beyond_schema: bool,
}

const fn maybe(kind: &'static Kind) -> Child {
    Child { kind, at_least_one: false, many: false, beyond_schema: false }
}

const fn one(kind: &'static Kind) -> Child {
    Child { at_least_one: true, ..maybe(kind) }
}

const fn any(kind: &'static Kind) -> Child {
    Child { many: true, ..maybe(kind) }
}

const fn some(kind: &'static Kind) -> Child {
    Child { at_least_one: true, many: true, ..maybe(kind) }
}

const fn required(name: &'static str, value: Value) -> Attr {
    Attr { name, value, need: Need::Required }
}

const fn optional(name: &'static str, value: Value) -> Attr {
    Attr { name, value, need: Need::Optional }
}

/// What most elements have none of.
const BLANK: Kind = Kind { name: "", attributes: &[], children: &[], alternatives: &[], text: false };

const ID: Attr = required("id", Value::Text);
const MIN: Attr = optional("min", Value::Count);
const MAX: Attr = optional("max", Value::Count);
const MONITORING: Attr = Attr { name: "monitoring-scheme", value: Value::Text, need: Need::Legacy };

macro_rules! kinds {
    ($($(#[$doc:meta])* $id:ident = $name:literal { $($field:ident: $value:expr),* $(,)? })+) => {
        $($(#[$doc])* pub(super) static $id: Kind = Kind { name: $name, $($field: $value,)* ..BLANK };)+

        /// Every kind of element.
        pub(super) static ALL: &[&Kind] = &[$(&$id),+];
    };
}

kinds! {
    SPECIFICATION = "organisational-specification" {
        attributes: &[optional("id", Value::Text),
            Attr { name: "os-version", value: Value::Text, need: Need::Expected }],
        children: &[maybe(&PROPERTIES), maybe(&STRUCTURAL), maybe(&FUNCTIONAL), maybe(&NORMATIVE)],
    }
    PROPERTIES = "properties" { children: &[some(&PROPERTY)] }
    PROPERTY = "property" { attributes: &[ID, required("value", Value::Text)] }

    STRUCTURAL = "structural-specification" {
        children: &[maybe(&PROPERTIES), maybe(&ROLE_DEFINITIONS), maybe(&LINK_TYPES), maybe(&GROUP)],
    }
    ROLE_DEFINITIONS = "role-definitions" { children: &[any(&ROLE)] }
    ROLE = "role" { attributes: &[ID], children: &[maybe(&PROPERTIES), any(&EXTENDS)] }
    EXTENDS = "extends" { attributes: &[required("role", Value::Text)] }
    LINK_TYPES = "link-types" { children: &[some(&LINK_TYPE)] }
    LINK_TYPE = "link-type" { attributes: &[ID] }
    GROUP = "group-specification" {
        attributes: &[ID, MIN, MAX, MONITORING],
        children: &[maybe(&PROPERTIES), maybe(&ROLES), maybe(&LINKS), any(&SUBGROUPS), maybe(&CONSTRAINTS)],
    }
    ROLES = "roles" { children: &[some(&GROUP_ROLE)] }
    GROUP_ROLE = "role" { attributes: &[ID, MIN, MAX] }
    LINKS = "links" { children: &[some(&LINK)] }
    LINK = "link" {
        attributes: &[required("from", Value::Text), required("to", Value::Text), required("type", Value::Text),
            optional("scope", Value::OneOf(names::<Scope>)), optional("extends-subgroups", Value::Flag),
            optional("bi-dir", Value::Flag)],
    }
    SUBGROUPS = "subgroups" { children: &[any(&INCLUDE), any(&GROUP)] }
    INCLUDE = "include-group-specification" { attributes: &[required("uri", Value::Text)] }
    CONSTRAINTS = "formation-constraints" { children: &[any(&CARDINALITY), any(&COMPATIBILITY)] }
    CARDINALITY = "cardinality" {
        attributes: &[MIN, MAX, required("object", Value::OneOf(names::<ConstrainedObject>)), ID],
    }
    COMPATIBILITY = "compatibility" {
        attributes: &[required("from", Value::Text), required("to", Value::Text),
            optional("scope", Value::OneOf(names::<Scope>)), optional("extends-subgroups", Value::Flag),
            optional("bi-dir", Value::Flag), optional("type", Value::Text)],
    }

    FUNCTIONAL = "functional-specification" { children: &[maybe(&PROPERTIES), any(&SCHEME)] }
    SCHEME = "scheme" {
        attributes: &[optional("id", Value::Text), MONITORING],
        children: &[maybe(&PROPERTIES), one(&GOAL), any(&POLICY), any(&MISSION)],
    }
    GOAL = "goal" { attributes: GOAL_ATTRIBUTES, children: GOAL_CHILDREN }
    ARGUMENT = "argument" { attributes: &[ID, optional("value", Value::Text)] }
    DEPENDS_ON = "depends-on" { attributes: &[required("goal", Value::Text)] }
    PLAN = "plan" {
        attributes: &[required("operator", Value::OneOf(names::<PlanOperator>)),
            optional("success-rate", Value::Real)],
        children: &[maybe(&PROPERTIES), some(&GOAL)],
    }
    POLICY = "notification-policy" {
        attributes: &[ID, required("target", Value::Text), required("condition", Value::Text),
            required("type", Value::OneOf(names::<NotificationKind>))],
        children: &[maybe(&PROPERTIES), some(&REPORT)],
    }
    REPORT = "report" {
        attributes: &[ID],
        children: &[any(&REPORT_ARGUMENT)],
        alternatives: &[
            &[some(&RAISE), some(&HANDLE)],
            &[any(&CONTEXT), some(&REQUESTING), some(&ACCOUNTING), any(&TREATMENT)],
        ],
    }
    REPORT_ARGUMENT = "argument" { attributes: &[ID, required("arity", Value::Integer)] }
    RAISE = "raise-goal" { attributes: REPORT_GOAL_ATTRIBUTES, children: GOAL_CHILDREN }
    HANDLE = "handle-goal" { attributes: REPORT_GOAL_ATTRIBUTES, children: GOAL_CHILDREN }
    CONTEXT = "context-goal" { attributes: REPORT_GOAL_ATTRIBUTES, children: GOAL_CHILDREN }
    REQUESTING = "requesting-goal" { attributes: REPORT_GOAL_ATTRIBUTES, children: GOAL_CHILDREN }
    ACCOUNTING = "accounting-goal" { attributes: REPORT_GOAL_ATTRIBUTES, children: GOAL_CHILDREN }
    TREATMENT = "treatment-goal" { attributes: REPORT_GOAL_ATTRIBUTES, children: GOAL_CHILDREN }
    MISSION = "mission" {
        attributes: &[ID, MIN, MAX],
        children: &[maybe(&PROPERTIES), some(&MISSION_GOAL), any(&PREFERRED)],
    }
    MISSION_GOAL = "goal" { attributes: &[ID] }
    PREFERRED = "preferred" { attributes: &[required("mission", Value::Text)] }

    NORMATIVE = "normative-specification" { children: &[maybe(&PROPERTIES), any(&NORM), maybe(&NPL)] }
    NORM = "norm" {
        attributes: &[ID, optional("condition", Value::Text), required("role", Value::Text),
            required("type", Value::OneOf(names::<NormKind>)), required("mission", Value::Text),
            optional("time-constraint", Value::Text)],
    }
    NPL = "npl-norms" { text: true }
}

static GOAL_ATTRIBUTES: &[Attr] = &[
    ID,
    MIN,
    optional("ds", Value::Text),
    optional("type", Value::OneOf(names::<GoalKind>)),
    optional("ttf", Value::Text),
    optional("location", Value::Text),
];

/// Those of a goal, and `when`.
static REPORT_GOAL_ATTRIBUTES: &[Attr] = &[
    ID,
    MIN,
    optional("ds", Value::Text),
    optional("type", Value::OneOf(names::<GoalKind>)),
    optional("ttf", Value::Text),
    optional("location", Value::Text),
    optional("when", Value::Text),
];

static GOAL_CHILDREN: &[Child] =
    &[Child { beyond_schema: true, ..maybe(&PROPERTIES) }, any(&ARGUMENT), any(&DEPENDS_ON), maybe(&PLAN)];
