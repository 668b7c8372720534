//! Conditions and expressions as they are written: the syntax tree, with nothing resolved.
//!
//! Chains (`a and b and c`, `x + y - z`) are flat lists, so a tree is as deep as its text is nested, and the parser
//! bounds that. Places are kept for messages and are no part of what a tree means: trees that differ in their layout
//! only are equal.

use std::fmt;

use super::service_set::ServiceSet;
use super::unit::Quantity;
use crate::spec::Position;

/// Where a node was written; all places are equal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place(pub Option<Position>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Something that is true or false of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What it says.
    pub kind: ConditionKind,
    /// Where it was written.
    pub place: Place,
}

/// What a condition says.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionKind {
    /// `true` or `false`.
    Constant(bool),
    /// `a or b`: at least two parts.
    Or(Vec<Condition>),
    /// `a and b`: at least two parts.
    And(Vec<Condition>),
    /// `not a`.
    Not(Box<Condition>),
    /// `x > y`.
    Compare(Expression, Comparison, Expression),
    /// `any(a, upstream)`, `all(a)`; no set means all services.
    Each(Quantifier, Box<Condition>, Vec<ServiceSet>),
    /// `missing(x)`.
    Missing(Expression),
    /// `matches(pattern)`.
    Matches(String),
}

/// A number computed from a state, or missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// How it is computed.
    pub kind: ExpressionKind,
    /// Where it was written.
    pub place: Place,
}

/// How a number is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// `30 requests`.
    Literal(Quantity),
    /// A metric of the service that is asked about, a parameter, or a measurement of the whole system.
    Name(String),
    /// `cpu_usage of Auth`: the metric and the service.
    Of(String, String),
    /// `sum(x)`, `max(x, upstream)`; no set means all services.
    Aggregate(Aggregate, Box<Expression>, Vec<ServiceSet>),
    /// `count(a, downstream)`: how many services a condition is true of.
    Count(Box<Condition>, Vec<ServiceSet>),
    /// `change(x, 30 s)`, `growth(x, 30 s)`: what is followed, and how long ago it is compared with.
    Trend(Trend, Box<Expression>, Box<Expression>),
    /// `-x`.
    Negate(Box<Expression>),
    /// `x + y - z`: the first and at least one more.
    Sum(Box<Expression>, Vec<(Additive, Expression)>),
    /// `x * y / z`: the first and at least one more.
    Product(Box<Expression>, Vec<(Multiplicative, Expression)>),
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it is written.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The one written as `text`.
            pub fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|item| item.text() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text())
            }
        }
    };
}

words! {
    /// How two numbers are compared.
    Comparison {
        /// Less.
        Less "<",
        /// Less or equal.
        LessOrEqual "<=",
        /// Greater.
        Greater ">",
        /// Greater or equal.
        GreaterOrEqual ">=",
        /// Equal.
        Equal "==",
        /// Not equal.
        NotEqual "!=",
    }
}

words! {
    /// How many of some services a condition must hold for.
    Quantifier {
        /// At least one; false of no services.
        Any "any",
        /// Every one; true of no services.
        All "all",
    }
}

words! {
    /// How the numbers of several services become one.
    Aggregate {
        /// Sum; missing as soon as one number is, 0 of no services.
        Sum "sum",
        /// Mean of the numbers that are there; missing if none is.
        Mean "mean",
        /// Greatest of the numbers that are there; missing if none is.
        Max "max",
        /// Least of the numbers that are there; missing if none is.
        Min "min",
    }
}

words! {
    /// How a number is compared with what it was.
    Trend {
        /// Now minus then.
        Change "change",
        /// Now over then.
        Growth "growth",
    }
}

words! {
    /// Operators of a sum.
    Additive {
        /// Plus.
        Plus "+",
        /// Minus.
        Minus "-",
    }
}

words! {
    /// Operators of a product.
    Multiplicative {
        /// Times.
        Times "*",
        /// Divided by.
        Over "/",
    }
}

impl Comparison {
    /// Whether it holds of two numbers; never of a missing one (NaN).
    pub fn holds(self, left: f32, right: f32) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right && !left.is_nan() && !right.is_nan(),
        }
    }

    /// The comparison that holds exactly where this one does not, both numbers being there.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
        }
    }

    /// The comparison with its sides exchanged.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}
