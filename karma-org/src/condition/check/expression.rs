//! Expressions: names resolved, quantities brought to base units, like added to like.

use super::condition::unit_hint;
use super::{Checker, MAX_LAG, Measured, Value};
use crate::condition::source::{Source, SystemTerm, dimension_of};
use crate::condition::syntax::{Additive, Expression, ExpressionKind, Multiplicative, Place, Trend};
use crate::condition::unit::{Dimension, Quantity};
use crate::condition::vocabulary::metric_named;
use karma_core::Metric;

impl Checker<'_, '_> {
    pub(super) fn value(&mut self, expression: &Expression) -> Option<Measured> {
        let place = expression.place;
        match &expression.kind {
            ExpressionKind::Literal(quantity) => Some(constant(*quantity)),
            ExpressionKind::Name(name) => self.name(name, place),
            ExpressionKind::Of(metric, service) => self.metric_of(metric, service, place),
            ExpressionKind::Aggregate(how, of, over) => {
                let (of, over) = self.inside(over, place, |inner| inner.value(of))?;
                let value = Value::Aggregate(*how, Box::new(of.value), over);
                Some(Measured { value, dimension: of.dimension })
            }
            ExpressionKind::Count(of, over) => {
                let (of, over) = self.inside(over, place, |inner| inner.truth(of, false))?;
                Some(Measured { value: Value::Count(Box::new(of), over), dimension: Some(Dimension::NONE) })
            }
            ExpressionKind::Trend(trend, of, ago) => self.trend(*trend, of, ago),
            ExpressionKind::Negate(of) => {
                let of = self.value(of)?;
                Some(Measured { value: Value::Negate(Box::new(of.value)), dimension: of.dimension })
            }
            ExpressionKind::Sum(first, rest) => self.sum(first, rest),
            ExpressionKind::Product(first, rest) => self.product(first, rest),
        }
    }

    fn name(&mut self, name: &str, place: Place) -> Option<Measured> {
        if let Some(metric) = metric_named(name) {
            return self.of_self(metric, place);
        }
        let source = match name {
            "entry_rate" => Some(Source::EntryRate),
            "age" => Some(Source::Age),
            "time" => Some(Source::Time),
            name => SystemTerm::named(name).map(Source::System),
        };
        if let Some(source) = source {
            return Some(Measured { value: Value::Read(source), dimension: Some(source.dimension()) });
        }
        let parameter = self.vocabulary.parameters.get(name);
        if parameter.is_none() {
            let known = self.vocabulary;
            self.unknown(place, "metric, measurement or parameter", name, known.numbers());
        }
        parameter.map(|quantity| constant(*quantity))
    }

    fn of_self(&mut self, metric: Metric, place: Place) -> Option<Measured> {
        if !self.has_subject {
            let (name, first) = (metric.name(), self.vocabulary.topology.services.iter().next());
            let service = first.map_or("some service", |service| service.name.as_str());
            let message = format!(
                "{name} is that of one service, and here none is asked about: write \"{name} of {service}\" or \
                 \"max({name})\", or ask the condition of each service"
            );
            self.report.error(place, "no-service", message);
            return None;
        }
        Some(Measured { value: Value::OfSelf(metric), dimension: Some(dimension_of(metric)) })
    }

    fn metric_of(&mut self, name: &str, service: &str, place: Place) -> Option<Measured> {
        let (metric, topology) = (metric_named(name), self.vocabulary.topology);
        if metric.is_none() {
            self.unknown(place, "metric", name, Metric::ALL.iter().map(|metric| metric.name()));
        }
        let id = topology.service_named(service);
        if id.is_none() {
            self.unknown(
                place,
                "service",
                service,
                topology.services.iter().map(|known| known.name.as_str()),
            );
        }
        let source = Source::Metric(id?, metric?);
        Some(Measured { value: Value::Read(source), dimension: Some(source.dimension()) })
    }

    fn trend(&mut self, trend: Trend, of: &Expression, ago: &Expression) -> Option<Measured> {
        let (of, lag) = (self.value(of), self.lag(ago));
        let (of, lag) = (of?, lag?);
        let dimension = match trend {
            Trend::Change => of.dimension,
            Trend::Growth => Some(Dimension::NONE),
        };
        Some(Measured { value: Value::Trend(trend, Box::new(of.value), lag), dimension })
    }

    /// A time as a number of decisions.
    fn lag(&mut self, ago: &Expression) -> Option<usize> {
        let Some(quantity) = self.vocabulary.time(ago) else {
            let message =
                format!("how long ago must be a time such as 30 s, or a parameter that is one, not {ago}");
            self.report.error(ago.place, "trend-time", message);
            return None;
        };
        let period = self.vocabulary.decision_period;
        let (decisions, exact) = self.vocabulary.decisions(quantity.value());
        if quantity.value() <= 0.0 || decisions > MAX_LAG as f64 {
            let message = format!("{ago} is not between one decision ({period}) and {MAX_LAG} decisions ago");
            self.report.error(ago.place, "trend-time", message);
            return None;
        }
        if !exact {
            let message =
                format!("{ago} is not a whole number of decisions of {period}; {decisions} are taken");
            self.report.warning(ago.place, "trend-time", message);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and MAX_LAG")]
        Some(decisions as usize)
    }

    fn sum(&mut self, first: &Expression, rest: &[(Additive, Expression)]) -> Option<Measured> {
        let (start, rest_values): (_, Vec<_>) =
            (self.value(first), rest.iter().map(|(_, part)| self.value(part)).collect());
        let Measured { value, mut dimension } = start?;
        let (mut parts, mut like) = (Vec::new(), true);
        for ((sign, part), measured) in rest.iter().zip(rest_values) {
            let measured = measured?;
            if let Some((a, b)) = dimension.zip(measured.dimension).filter(|(a, b)| a != b) {
                let hint = unit_hint(part, a).unwrap_or_default();
                let verb = if *sign == Additive::Plus { "adds" } else { "subtracts" };
                self.report.error(
                    part.place,
                    "dimension",
                    format!("{verb} {b} ({part}) where {a} are summed{hint}"),
                );
                like = false;
            }
            dimension = dimension.or(measured.dimension);
            parts.push((*sign, measured.value));
        }
        like.then(|| Measured { value: Value::Sum(Box::new(value), parts), dimension })
    }

    fn product(&mut self, first: &Expression, rest: &[(Multiplicative, Expression)]) -> Option<Measured> {
        let (start, rest_values): (_, Vec<_>) =
            (self.value(first), rest.iter().map(|(_, part)| self.value(part)).collect());
        let Measured { value, mut dimension } = start?;
        let mut parts = Vec::new();
        for ((operator, _), measured) in rest.iter().zip(rest_values) {
            let measured = measured?;
            dimension = dimension.zip(measured.dimension).map(|(a, b)| match operator {
                Multiplicative::Times => a.times(b),
                Multiplicative::Over => a.over(b),
            });
            parts.push((*operator, measured.value));
        }
        Some(Measured { value: Value::Product(Box::new(value), parts), dimension })
    }
}

fn constant(quantity: Quantity) -> Measured {
    let dimension = (quantity.number != 0.0).then(|| quantity.dimension());
    let dimension = dimension.or((quantity.dimension() != Dimension::NONE).then(|| quantity.dimension()));
    Measured { value: Value::Constant(quantity.single()), dimension }
}
