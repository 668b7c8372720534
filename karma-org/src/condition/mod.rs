//! The condition language: when a rule of a role fires, and what a dense goal is worth.
//!
//! A binding says in plain text when a role's rules apply: `pending_requests > queue_threshold`, asked of each
//! service, or `growth(entry_rate, 30 s) > 2 and max(latency_mean) > 500 ms`, asked once. This module reads such
//! texts ([`Condition`], [`Expression`]), checks that every name exists and that requests are never compared with
//! millicores ([`CheckedCondition`], against a [`Vocabulary`]), compiles many of them into one [`Program`] over the
//! columns of a batch of environments ([`Compiler`], [`Signals`], [`Columns`]), and says of a single state why a
//! condition holds or not ([`Explanation`]). What follows from a truth (masks, rewards) is no business of it.
//!
//! # Grammar
//!
//! ```text
//! condition   = conjunct { "or" conjunct }              conjunct = literal { "and" literal }
//! literal     = "not" literal | "(" condition ")" | comparison | test | "true" | "false"
//! comparison  = expression ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) expression
//! test        = ( "any" | "all" ) "(" condition { "," set } ")"
//!             | "missing" "(" expression ")" | "matches" "(" pattern ")"
//! expression  = product { ( "+" | "-" ) product }       product = factor { ( "*" | "/" ) factor }
//! factor      = "-" factor | "(" expression ")" | number [ unit ] | name | metric "of" service
//!             | ( "sum" | "mean" | "max" | "min" ) "(" expression { "," set } ")"
//!             | "count" "(" condition { "," set } ")"
//!             | ( "change" | "growth" ) "(" expression "," time ")"
//! set         = "self" | "upstream" | "downstream" | "callers" | "reachable" | "entry" | "critical" | "normal"
//!             | "low" | "not_critical" | "all" | service
//! ```
//!
//! * A **name** is a metric of the service that is asked about (as [`karma_core::Metric`] or the paper call it:
//!   `pending_requests` and `d_rem` are one), a parameter of the binding, or a number of the whole system:
//!   `entry_rate` (sum over the entry points), `success_rate`, `failed_pod_ratio`, `latency_ratio`,
//!   `entry_point_availability`, `traffic_ratio`, `resilience` (their weighted sum), `age` (of the samples), `time`
//!   (since the start).
//! * A **set** is a [`ServiceSet`]; several are a union, none means all services. Inside `any`, `all`, `count` and the
//!   aggregates a bare metric is that of the service whose turn it is. Services whose names are not words joined by
//!   hyphens, or are words of the language, stand in single quotes.
//! * `change(x, 30 s)` is now minus then, `growth(x, 30 s)` is now over then; the time is a literal or a parameter and
//!   is counted in whole decisions.
//! * Aggregates nest two deep, parentheses sixty-four; what a text may not do is said with line and column, and
//!   several mistakes are reported at once.
//!
//! # Units
//!
//! | what | written | reckoned in |
//! |---|---|---|
//! | requests | `requests`, `request`, `req` | requests |
//! | pods | `pods`, `pod`, `replicas`, `replica` | pods |
//! | CPU | `m`, `millicores`, `cores`, `core` | millicores |
//! | memory | `Ki`, `Mi`, `Gi` | mebibytes |
//! | time | `ms`, `s`, `sec`, `seconds`, `min`, `minutes`, `h` | seconds |
//! | traffic | `bps`, `Kbps`, `Mbps` | kilobits per second |
//! | rates and ratios | a unit `/` a unit; `1/s`, `/s` | `1/s` is `requests/s`, as Prometheus means it |
//! | plain numbers | nothing, or `%` | 1 |
//!
//! Sums and comparisons need like dimensions; products and quotients make new ones (`cpu_usage / current_replicas` is
//! in millicores/pods). Zero needs no unit.
//!
//! # What is missing
//!
//! A measurement can be missing: its scrape was lost, or there was nothing to measure. It is never 0. Then
//!
//! * arithmetic with it is missing, as is every result that is not finite (a division by 0, an overflow);
//! * `sum` is missing as soon as a part is; `mean`, `max` and `min` are those of what is there, and missing if nothing
//!   is. A guard that should hold on partial knowledge says `any(pending_requests > 0)`, not `sum(…) > 0`;
//! * **a comparison with it is false, and so is its negation**: `not x > 3` is `x <= 3`. Negations are pushed down to
//!   the comparisons first, so nothing unknown ever makes anything true. This is Kleene's three-valued logic with
//!   unknown taken for false at the very end;
//! * `missing(x)` asks for it, and is never itself unknown;
//! * before an episode's first state everything is missing, so trends are false until enough decisions were taken.
//!
//! # Example
//!
//! ```
//! use karma_core::{Metric, MetricRow, Seconds, State, Topology};
//! use karma_org::condition::*;
//! use karma_org::spec::Origin;
//!
//! let text = r#"{ "services": { "API": { "cpu": 500, "ram": 256, "computation_throughput": 100 },
//!                               "Auth": { "cpu": 500, "ram": 256, "computation_throughput": 100 } },
//!                 "connections": [ { "source": "API", "destination": "Auth" } ] }"#;
//! let topology = Topology::read(text.as_bytes()).unwrap();
//! let mut vocabulary = Vocabulary::new(&topology, Seconds(15.0));
//! vocabulary.parameters.insert("queue_threshold".to_owned(), Quantity::new(30.0, "requests").unwrap());
//!
//! // Once: text to program.
//! let mut findings = Vec::new();
//! let condition = Condition::parse("pending_requests > queue_threshold").unwrap();
//! let condition = condition.check(&vocabulary, Asked::EachService, &Origin::default(), &mut findings).unwrap();
//! let auth = Instance::of(topology.service_named("Auth").unwrap());
//! let mut signals = Signals::new(&vocabulary);
//! let mut compiler = Compiler::new(&vocabulary, &mut signals);
//! let fires = compiler.condition(&condition, auth);
//! let program = compiler.finish();
//!
//! // At each decision: states to truths, here for a batch of two environments.
//! let mut columns = Columns::new(&signals, 2);
//! let mut outcome = program.outcome(2);
//! let mut waiting = MetricRow::default();
//! waiting.set(Metric::PendingRequests, 45.0);
//! let state = State {
//!     time: Seconds(0.0),
//!     age: None,
//!     services: vec![MetricRow::default(), waiting].into(),
//!     entry_rates: vec![None].into(),
//!     resilience: None,
//! };
//! columns.write(0, &state);
//! program.evaluate(&columns, &[], &mut outcome);
//! assert_eq!(outcome.truth(fires), [true, false]); // nothing is known of the second environment
//!
//! // For a person: why.
//! let why = condition.explain(&vocabulary, auth, Moment { past: &[&state], matches: &[] });
//! assert_eq!(why.text, "pending_requests of Auth = 45 requests > queue_threshold = 30 requests: true");
//! ```
//!
//! # Cost
//!
//! Compiled once for a topology and a decision period. Equal parts of all conditions become one node of a graph, so
//! a sum over all services in the rule of every service is computed once. A program is a list of instructions, each
//! a loop over a chunk of environments that the compiler vectorises; evaluating allocates nothing and costs
//! instructions × environments. [`Columns::write`] costs a read for each source and a copy for each remembered past
//! value.

mod check;
mod compile;
mod display;
mod explain;
mod graph;
mod hint;
mod parse;
mod program;
mod report;
mod schedule;
mod service_set;
mod signals;
mod source;
mod syntax;
#[cfg(test)]
pub(crate) mod testing;
mod token;
mod unit;
mod vocabulary;

pub use check::{Asked, CheckedCondition, CheckedExpression, MAX_AGGREGATES, MAX_LAG};
pub use compile::{Compiler, Instance, Limits, TruthId, ValueId};
pub use explain::{Answer, Explanation, Moment};
pub use parse::MAX_DEPTH;
pub use program::{Outcome, Program};
pub use service_set::ServiceSet;
pub use signals::{Columns, SignalId, Signals};
pub use source::{Source, SystemTerm};
pub use syntax::{
    Additive, Aggregate, Comparison, Condition, ConditionKind, Expression, ExpressionKind, Multiplicative,
    Place, Quantifier, Trend,
};
pub use unit::{Dimension, Quantity, Unit};
pub use vocabulary::Vocabulary;
