//! What the names in a condition can mean: the topology's services, the binding's parameters, patterns.

use std::collections::BTreeMap;

use karma_core::metric::PAPER_FIELDS;
use karma_core::topology::Priority;
use karma_core::{Metric, PerService, ResilienceWeights, Seconds, ServiceId, Topology};

use super::service_set::ServiceSet;
use super::source::SystemTerm;
use super::syntax::{Expression, ExpressionKind};
use super::unit::{Dimension, Quantity, is_unit};

/// Everything that a condition may name, and how long a decision takes.
#[derive(Clone, Debug)]
pub struct Vocabulary<'a> {
    /// Services and calls.
    pub topology: &'a Topology,
    /// Named thresholds.
    pub parameters: BTreeMap<String, Quantity>,
    /// Time between two decisions: what turns `30 s` into a number of decisions.
    pub decision_period: Seconds,
    /// Importance of each service.
    pub priorities: PerService<Priority>,
    /// Trajectory patterns, in the order in which their matches are handed to programs.
    pub patterns: Vec<String>,
    /// Weights of `resilience`.
    pub weights: ResilienceWeights,
}

impl<'a> Vocabulary<'a> {
    /// The vocabulary of a topology: its own priorities, the paper's weights, no parameters and no patterns.
    pub fn new(topology: &'a Topology, decision_period: Seconds) -> Self {
        Self {
            topology,
            parameters: BTreeMap::new(),
            decision_period,
            priorities: topology.services.map(|service| service.priority),
            patterns: Vec::new(),
            weights: ResilienceWeights::default(),
        }
    }

    /// What is wrong with the name of a parameter, in one sentence: it must be one word that means nothing else.
    ///
    /// ```
    /// use karma_org::condition::Vocabulary;
    /// assert_eq!(Vocabulary::problem_with_parameter("queue_threshold"), None);
    /// assert!(Vocabulary::problem_with_parameter("cpu_usage").unwrap().contains("a metric"));
    /// assert!(Vocabulary::problem_with_parameter("min").is_some());
    /// ```
    pub fn problem_with_parameter(name: &str) -> Option<String> {
        let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let taken = [
            (!is_word, "must be one word of letters, digits and underscores"),
            (metric_named(name).is_some(), "is the name of a metric"),
            (SystemTerm::named(name).is_some() || GLOBALS.contains(&name), "is already a measurement"),
            (is_unit(name), "is a unit"),
            (RESERVED.contains(&name), "is a word of the condition language"),
            (ServiceSet::KEYWORDS.iter().any(|(word, _)| *word == name), "is a set of services"),
        ];
        let problem = taken.iter().find(|(wrong, _)| *wrong);
        problem.map(|(_, problem)| format!("the parameter name {name:?} {problem}"))
    }

    /// Index of the pattern called `name`.
    pub fn pattern_named(&self, name: &str) -> Option<usize> {
        self.patterns.iter().position(|known| known == name)
    }

    /// The services in the union of `sets`, seen from `subject`.
    pub fn services(&self, sets: &[ServiceSet], subject: Option<ServiceId>) -> Vec<ServiceId> {
        ServiceSet::resolve_union(sets, self.topology, &self.priorities, subject)
    }

    /// All names that stand for a number, for hints.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &str> {
        let metrics = Metric::ALL.iter().map(|metric| metric.name());
        let terms = SystemTerm::ALL.iter().map(|term| term.name());
        metrics.chain(terms).chain(GLOBALS).chain(self.parameters.keys().map(String::as_str))
    }

    /// The time that a literal or the name of a parameter stands for.
    pub(super) fn time(&self, expression: &Expression) -> Option<Quantity> {
        let quantity = match &expression.kind {
            ExpressionKind::Literal(quantity) => Some(*quantity),
            ExpressionKind::Name(name) => self.parameters.get(name).copied(),
            _ => None,
        };
        quantity.filter(|quantity| quantity.dimension() == Dimension::TIME)
    }

    /// How many decisions ago `ago` seconds were, at least one, and whether that is exact.
    pub(super) fn decisions(&self, ago: f64) -> (f64, bool) {
        let decisions = ago / self.decision_period.0;
        let whole = decisions.round().max(1.0);
        (whole, (decisions - whole).abs() < 1e-6)
    }
}

/// Numbers of the whole system that are not terms of the resilience.
pub(super) const GLOBALS: [&str; 3] = ["entry_rate", "age", "time"];

/// Words that cannot be names.
pub(super) const RESERVED: [&str; 14] =
    ["or", "and", "not", "of", "true", "false", "any", "all", "count", "sum", "mean", "max", "min", "self"];

/// Words of the language that take parentheses.
pub(super) const FUNCTIONS: [&str; 11] =
    ["any", "all", "count", "sum", "mean", "max", "min", "change", "growth", "missing", "matches"];

/// The metric called `name`, in KARMA's words or as a field of the paper (`d_rem`, `r_cpu`, …).
pub(super) fn metric_named(name: &str) -> Option<Metric> {
    let paper = PAPER_FIELDS.iter().find(|(field, _)| *field == name);
    Metric::named(name).or_else(|| paper.and_then(|(_, metric)| *metric))
}
