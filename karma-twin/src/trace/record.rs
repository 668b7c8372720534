//! One row of the long format: what one service showed at one step.

use std::borrow::Cow;

use karma_core::{Id as _, Metric, MetricRow, OperationalResilience, ServiceId};

use super::schema::{Field, RESILIENCE};
use super::value::{Cell, CellError};
use super::{TraceStep, WindowHeader};

/// A row, with what it shares with the other rows of its step and window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record<'a> {
    pub(super) window: u32,
    pub(super) step: u32,
    pub(super) scenario: Cow<'a, str>,
    pub(super) policy: Cow<'a, str>,
    pub(super) seed: Option<u64>,
    pub(super) period: f64,
    pub(super) time: f64,
    pub(super) age: Option<f64>,
    pub(super) resilience: [Option<f32>; RESILIENCE.len()],
    pub(super) entry_rates: Vec<Option<f32>>,
    pub(super) probability: Option<f64>,
    pub(super) reward: Option<f32>,
    pub(super) service_id: u32,
    pub(super) service: Cow<'a, str>,
    pub(super) metrics: MetricRow,
    pub(super) action: Option<i64>,
    pub(super) target: Option<u32>,
    pub(super) role: Cow<'a, str>,
}

impl<'a> Record<'a> {
    /// The row of a service of a step of a window. A number that is not finite is missing.
    pub(super) fn new(
        (window, header): (usize, &'a WindowHeader),
        (number, step): (usize, &'a TraceStep),
        (service, name): (ServiceId, &'a str),
    ) -> Self {
        let (state, decision) = (&step.state, step.decision.as_ref());
        let metrics = state.services[service];
        let target = decision.map(|decision| decision.targets[service].0);
        Self {
            window: number_of(window),
            step: number_of(number),
            scenario: Cow::Borrowed(&header.scenario),
            policy: Cow::Borrowed(&header.policy),
            seed: header.seed,
            period: header.period.0,
            time: state.time.0,
            age: state.age.map(|age| age.0).filter(|age| age.is_finite()),
            resilience: terms(state.resilience.as_ref()),
            entry_rates: state.entry_rates.iter().map(|rate| rate.filter(|rate| rate.is_finite())).collect(),
            probability: decision.and_then(|decision| decision.probability),
            reward: decision.and_then(|decision| decision.reward).filter(|reward| reward.is_finite()),
            service_id: number_of(service.index()),
            service: Cow::Borrowed(name),
            metrics,
            action: target.zip(desired(&metrics)).map(|(target, desired)| i64::from(target) - desired),
            target,
            role: decision.map_or(Cow::Borrowed(""), |decision| Cow::Borrowed(&decision.reasons[service])),
        }
    }

    /// What stands in a column.
    ///
    /// # Errors
    /// If the value is not one that the column may hold.
    pub fn cell(&self, field: Field) -> Result<Cell<'_>, CellError> {
        let cell = self.value(field);
        if field.kind().allows(&cell) { Ok(cell) } else { Err(refuse(field, &cell)) }
    }

    /// Puts a value into a column.
    ///
    /// # Errors
    /// If the column may not hold it.
    pub fn set(&mut self, field: Field, cell: Cell<'a>) -> Result<(), CellError> {
        if !field.kind().allows(&cell) || (field.is_required() && cell == Cell::Absent) {
            return Err(refuse(field, &cell));
        }
        match field {
            Field::Window => self.window = count(&cell).unwrap_or_default(),
            Field::Step => self.step = count(&cell).unwrap_or_default(),
            Field::ServiceId => self.service_id = count(&cell).unwrap_or_default(),
            Field::Target => self.target = count(&cell),
            Field::Seed => self.seed = if let Cell::Unsigned(seed) = cell { Some(seed) } else { None },
            Field::Action => self.action = if let Cell::Signed(change) = cell { Some(change) } else { None },
            Field::Period => self.period = double(&cell).unwrap_or_default(),
            Field::Timestamp => self.time = double(&cell).unwrap_or_default(),
            Field::Age => self.age = double(&cell),
            Field::Probability => self.probability = double(&cell),
            Field::Reward => self.reward = single(&cell),
            Field::MissionReward => {}
            Field::Resilience(term) => self.resilience[term] = single(&cell),
            Field::Sample(metric) => self.set_sample(metric, single(&cell)),
            Field::EntryRate(entry) => self.set_entry_rate(entry, single(&cell)),
            Field::Scenario => self.scenario = text(cell),
            Field::Policy => self.policy = text(cell),
            Field::Service => self.service = text(cell),
            Field::Role => self.role = text(cell),
        }
        Ok(())
    }

    /// What stands in a column, allowed or not.
    pub(super) fn value(&self, field: Field) -> Cell<'_> {
        match field {
            Field::Window => Cell::Unsigned(self.window.into()),
            Field::Step => Cell::Unsigned(self.step.into()),
            Field::ServiceId => Cell::Unsigned(self.service_id.into()),
            Field::Target => self.target.map_or(Cell::Absent, |target| Cell::Unsigned(target.into())),
            Field::Seed => self.seed.map_or(Cell::Absent, Cell::Unsigned),
            Field::Action => self.action.map_or(Cell::Absent, Cell::Signed),
            Field::Period => Cell::Double(self.period),
            Field::Timestamp => Cell::Double(self.time),
            Field::Age => self.age.map_or(Cell::Absent, Cell::Double),
            Field::Probability => self.probability.map_or(Cell::Absent, Cell::Double),
            Field::Reward => self.reward.map_or(Cell::Absent, Cell::Single),
            Field::MissionReward => Cell::Absent,
            Field::Resilience(term) => self.resilience[term].map_or(Cell::Absent, Cell::Single),
            Field::Sample(metric) => self.metrics.get(metric).map_or(Cell::Absent, Cell::Single),
            Field::EntryRate(entry) => {
                self.entry_rates.get(entry).copied().flatten().map_or(Cell::Absent, Cell::Single)
            }
            Field::Scenario => borrowed(&self.scenario),
            Field::Policy => borrowed(&self.policy),
            Field::Service => borrowed(&self.service),
            Field::Role => borrowed(&self.role),
        }
    }

    /// The service's desired replicas, as a whole number.
    pub(super) fn desired(&self) -> Option<i64> {
        desired(&self.metrics)
    }

    /// The five terms, if each is there.
    pub(super) fn resilience(&self) -> Option<OperationalResilience> {
        let [success_rate, failed_pod_ratio, latency_ratio, entry_point_availability, traffic_ratio] =
            self.resilience;
        Some(OperationalResilience {
            success_rate: success_rate?,
            failed_pod_ratio: failed_pod_ratio?,
            latency_ratio: latency_ratio?,
            entry_point_availability: entry_point_availability?,
            traffic_ratio: traffic_ratio?,
        })
    }

    fn set_sample(&mut self, metric: Metric, sample: Option<f32>) {
        match sample {
            Some(value) => self.metrics.set(metric, value),
            None => self.metrics.clear(metric),
        }
    }

    fn set_entry_rate(&mut self, entry: usize, rate: Option<f32>) {
        if self.entry_rates.len() <= entry {
            self.entry_rates.resize(entry + 1, None);
        }
        self.entry_rates[entry] = rate;
    }
}

/// An error that tells what `field` holds and what it may hold.
pub(super) fn refuse(field: Field, cell: &Cell<'_>) -> CellError {
    CellError::new(field, cell, field.kind().allowed())
}

/// The terms of resilience, all or none.
fn terms(resilience: Option<&OperationalResilience>) -> [Option<f32>; RESILIENCE.len()] {
    let terms = resilience.map(OperationalResilience::terms);
    let finite = terms.filter(|terms| terms.iter().all(|term| term.is_finite()));
    finite.map_or([None; RESILIENCE.len()], |terms| terms.map(Some))
}

#[expect(clippy::cast_possible_truncation, reason = "a sample of desired replicas is a count of pods")]
fn desired(metrics: &MetricRow) -> Option<i64> {
    metrics.get(Metric::DesiredReplicas).map(|desired| desired.round() as i64)
}

/// Numbers beyond 32 bits would be windows of 4 billion steps.
fn number_of(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn count(cell: &Cell<'_>) -> Option<u32> {
    if let Cell::Unsigned(count) = cell { u32::try_from(*count).ok() } else { None }
}

const fn double(cell: &Cell<'_>) -> Option<f64> {
    if let Cell::Double(number) = cell { Some(*number) } else { None }
}

const fn single(cell: &Cell<'_>) -> Option<f32> {
    if let Cell::Single(number) = cell { Some(*number) } else { None }
}

fn text(cell: Cell<'_>) -> Cow<'_, str> {
    if let Cell::Text(text) = cell { text } else { Cow::Borrowed("") }
}

fn borrowed(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::Absent } else { Cell::Text(Cow::Borrowed(text)) }
}
