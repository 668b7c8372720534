//! Numbers of one moment, with the text that explains them.

use karma_core::Metric;

use super::{Answer, At, Explanation, Interpreter};
use crate::condition::service_set::ServiceSet;
use crate::condition::source::{Source, SystemTerm};
use crate::condition::syntax::{Additive, Aggregate, Expression, ExpressionKind, Multiplicative, Trend};
use crate::condition::unit::{Dimension, Quantity};
use crate::condition::vocabulary::metric_named;

/// A number on its way through an expression.
pub(super) struct Number {
    pub(super) text: String,
    pub(super) value: Option<f32>,
    dimension: Dimension,
    pub(super) reasons: Vec<Explanation>,
}

impl Number {
    pub(super) fn explanation(self) -> Explanation {
        Explanation { text: self.text, answer: Answer::Number(self.value), reasons: self.reasons }
    }

    /// `what = value unit`.
    fn new(what: &str, value: Option<f32>, dimension: Dimension, reasons: Vec<Explanation>) -> Self {
        let value = value.filter(|value| value.is_finite());
        let symbol = dimension.symbol();
        let text = match value {
            None => format!("{what} = missing"),
            Some(value) if symbol.is_empty() => format!("{what} = {value}"),
            Some(value) => format!("{what} = {value} {symbol}"),
        };
        Self { text, value, dimension, reasons }
    }

    fn written(text: String, quantity: Quantity) -> Self {
        Self { text, value: Some(quantity.single()), dimension: quantity.dimension(), reasons: Vec::new() }
    }

    fn of(what: &str, parts: Vec<Self>, value: Option<f32>, dimension: Dimension) -> Self {
        Self::new(what, value, dimension, parts.into_iter().map(Self::explanation).collect())
    }
}

impl Interpreter<'_, '_> {
    pub(super) fn number(&self, expression: &Expression, at: At) -> Number {
        let what = || self.named(expression, at);
        match &expression.kind {
            ExpressionKind::Literal(quantity) => Number::written(quantity.to_string(), *quantity),
            ExpressionKind::Name(name) => match self.vocabulary.parameters.get(name) {
                Some(quantity) if metric_named(name).is_none() => {
                    Number::written(format!("{name} = {quantity}"), *quantity)
                }
                _ => self.read(source_named(name, at), &what(), at),
            },
            ExpressionKind::Of(metric, service) => {
                let service = self.vocabulary.topology.service_named(service);
                let source = service.zip(metric_named(metric)).map(|(id, metric)| Source::Metric(id, metric));
                self.read(source, &what(), at)
            }
            ExpressionKind::Aggregate(how, of, over) => self.aggregate(*how, (of, over), &what(), at),
            ExpressionKind::Count(of, over) => {
                let parts = self.each(over, at, |at| self.condition(of, at));
                let count = parts.iter().filter(|part| part.holds()).count() as f32;
                Number::new(&what(), Some(count), Dimension::NONE, parts)
            }
            ExpressionKind::Trend(trend, of, ago) => self.trend(*trend, (of, ago), &what(), at),
            ExpressionKind::Negate(of) => {
                let of = self.number(of, at);
                let (value, dimension) = (of.value.map(|value| -value), of.dimension);
                Number::of(&what(), vec![of], value, dimension)
            }
            ExpressionKind::Sum(first, rest) => self.sum(first, rest, &what(), at),
            ExpressionKind::Product(first, rest) => self.product(first, rest, &what(), at),
        }
    }

    fn read(&self, source: Option<Source>, what: &str, at: At) -> Number {
        let state = self.moment.past.get(at.lag);
        let value =
            source.zip(state).and_then(|(source, state)| source.read(state, &self.vocabulary.weights));
        Number::new(what, value, source.map_or(Dimension::NONE, Source::dimension), Vec::new())
    }

    fn aggregate(&self, how: Aggregate, of: (&Expression, &[ServiceSet]), what: &str, at: At) -> Number {
        let parts = self.each(of.1, at, |at| self.number(of.0, at));
        let known: Vec<f32> = parts.iter().filter_map(|part| part.value).collect();
        let sum = known.iter().fold(0.0, |sum, value| sum + value);
        let value = match how {
            Aggregate::Sum => (known.len() == parts.len()).then_some(sum),
            Aggregate::Mean => Some(sum / known.len() as f32),
            Aggregate::Max => known.into_iter().reduce(f32::max),
            Aggregate::Min => known.into_iter().reduce(f32::min),
        };
        let dimension = parts.first().map_or(Dimension::NONE, |part| part.dimension);
        Number::of(what, parts, value, dimension)
    }

    fn trend(&self, trend: Trend, (of, ago): (&Expression, &Expression), what: &str, at: At) -> Number {
        let ago = self.vocabulary.time(ago).map_or(1.0, Quantity::value);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be at most MAX_LAG"
        )]
        let lag = self.vocabulary.decisions(ago).0 as usize;
        let (now, then) = (self.number(of, at), self.number(of, At { lag: at.lag + lag, ..at }));
        let both = now.value.zip(then.value);
        let (value, dimension) = match trend {
            Trend::Change => (both.map(|(now, then)| now - then), now.dimension),
            Trend::Growth => (both.map(|(now, then)| now / then), Dimension::NONE),
        };
        Number::of(what, vec![now, then], value, dimension)
    }

    fn sum(&self, first: &Expression, rest: &[(Additive, Expression)], what: &str, at: At) -> Number {
        let first = self.number(first, at);
        let (mut value, mut dimension) = (first.value, first.dimension);
        let mut parts = vec![first];
        for (sign, part) in rest {
            let part = self.number(part, at);
            let both = value.zip(part.value).map(|(a, b)| match sign {
                Additive::Plus => a + b,
                Additive::Minus => a - b,
            });
            value = both.filter(|value| value.is_finite());
            // Zero needs no unit and takes that of its neighbour.
            dimension = if dimension == Dimension::NONE { part.dimension } else { dimension };
            parts.push(part);
        }
        Number::of(what, parts, value, dimension)
    }

    fn product(
        &self,
        first: &Expression,
        rest: &[(Multiplicative, Expression)],
        what: &str,
        at: At,
    ) -> Number {
        let first = self.number(first, at);
        let (mut value, mut dimension) = (first.value, first.dimension);
        let mut parts = vec![first];
        for (operator, part) in rest {
            let part = self.number(part, at);
            let both = value.zip(part.value).map(|(a, b)| match operator {
                Multiplicative::Times => a * b,
                Multiplicative::Over => a / b,
            });
            value = both.filter(|value| value.is_finite());
            dimension = match operator {
                Multiplicative::Times => dimension.times(part.dimension),
                Multiplicative::Over => dimension.over(part.dimension),
            };
            parts.push(part);
        }
        Number::of(what, parts, value, dimension)
    }

    /// `expression` as written, with the service and the time that it is asked of.
    fn named(&self, expression: &Expression, at: At) -> String {
        let of = match (&expression.kind, at.subject) {
            (ExpressionKind::Name(name), Some(subject)) if metric_named(name).is_some() => {
                let service = &self.vocabulary.topology.services[subject].name;
                format!("{name} of {service}")
            }
            _ => expression.to_string(),
        };
        match at.lag {
            0 => of,
            1 => format!("{of} a decision ago"),
            lag => format!("{of} {lag} decisions ago"),
        }
    }
}

fn source_named(name: &str, at: At) -> Option<Source> {
    let metric: Option<Metric> = metric_named(name);
    match (metric, name) {
        (Some(metric), _) => at.subject.map(|subject| Source::Metric(subject, metric)),
        (None, "entry_rate") => Some(Source::EntryRate),
        (None, "age") => Some(Source::Age),
        (None, "time") => Some(Source::Time),
        (None, name) => SystemTerm::named(name).map(Source::System),
    }
}
