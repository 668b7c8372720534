//! From the rows of the long format back to windows.

use karma_core::{Replicas, Seconds, State};

use super::record::Record;
use super::schema::{Field, columns};
use super::value::CellError;
use super::{TraceDecision, TraceStep, TraceWindow, Traces, TracesError, WindowHeader};

const ORDER: &str = "rows are ordered by window, step and service";

/// Takes rows in the order of window, step and service, and gives the traces that they are of.
#[derive(Debug)]
pub struct Assembler {
    fields: Vec<Field>,
    services: Vec<String>,
    windows: Vec<TraceWindow>,
    /// The rows of the step under way.
    rows: Vec<Record<'static>>,
}

impl Assembler {
    /// An assembler of traces with so many entry points.
    pub fn new(entry_points: usize) -> Self {
        Self { fields: columns(entry_points), services: Vec::new(), windows: Vec::new(), rows: Vec::new() }
    }

    /// Takes the next row.
    ///
    /// # Errors
    /// If it does not follow the one before, or contradicts another row of its step or window.
    pub fn push(&mut self, row: Record<'static>) -> Result<(), CellError> {
        match self.rows.first() {
            Some(first) if (first.window, first.step) == (row.window, row.step) => {
                self.check_same(first, &row, |field| field.is_of_step() || field.is_of_window())?;
                let decided = first.target.is_some();
                require(decided == row.target.is_some(), &row, Field::Target, || {
                    let allowed = if decided { "a target" } else { "nothing" };
                    format!("{allowed}, as for the services before")
                })?;
            }
            Some(first) => {
                self.check_next_step(first, &row)?;
                self.close();
            }
            None => require(row.step == 0, &row, Field::Step, || format!("0, the first step: {ORDER}"))?,
        }
        self.check_service(&row)?;
        check_action(&row)?;
        self.rows.push(row);
        Ok(())
    }

    /// The traces, once each row was taken.
    ///
    /// # Errors
    /// If there was none, or the last step lacks a service.
    pub fn finish(mut self) -> Result<Traces, TracesError> {
        let (found, expected) = (self.rows.len(), self.services.len());
        if let Some(row) = self.rows.first().filter(|_| found < expected) {
            let (window, step) = (row.window as usize, row.step as usize);
            return Err(TracesError::Shape { window, step, what: "rows", of: "services", found, expected });
        }
        self.close();
        Traces::new(self.services.into(), self.windows)
    }

    /// Turns the rows under way into a step.
    fn close(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let Some(first) = rows.first() else { return };
        if first.step == 0 {
            self.windows.push(TraceWindow { header: header(first), steps: Vec::new() });
        }
        if let Some(window) = self.windows.last_mut() {
            window.steps.push(step(&rows));
        }
    }

    /// Whether `row` begins the step after the one that `first` began.
    fn check_next_step(&self, first: &Record<'_>, row: &Record<'_>) -> Result<(), CellError> {
        let (found, services) = (self.rows.len(), self.services.len());
        require(found == services, row, Field::ServiceId, || {
            format!("{found}: a step has a row for each of the {services} services")
        })?;
        require(row.window >= first.window, row, Field::Window, || {
            format!("at least {}: {ORDER}", first.window)
        })?;
        let next = if row.window == first.window { first.step.saturating_add(1) } else { 0 };
        require(row.step == next, row, Field::Step, || format!("{next}: {ORDER}"))?;
        if row.window == first.window {
            let before = first.time;
            require(row.time > before, row, Field::Timestamp, || {
                format!("after {before}, the timestamp of the step before")
            })?;
            self.check_same(first, row, Field::is_of_window)?;
        }
        Ok(())
    }

    fn check_same(
        &self,
        first: &Record<'_>,
        row: &Record<'_>,
        shared: impl Fn(Field) -> bool,
    ) -> Result<(), CellError> {
        let mut shared = self.fields.iter().filter(|field| shared(**field));
        match shared.find(|field| first.value(**field) != row.value(**field)) {
            Some(field) => {
                let allowed = format!("{}, as in the rows before", first.value(*field).quoted());
                Err(CellError::new(*field, &row.value(*field), allowed))
            }
            None => Ok(()),
        }
    }

    /// Whether `row` is of the next service; the first step says what the services are.
    fn check_service(&mut self, row: &Record<'_>) -> Result<(), CellError> {
        let next = self.rows.len();
        require(row.service_id as usize == next, row, Field::ServiceId, || format!("{next}: {ORDER}"))?;
        match self.services.get(next) {
            Some(name) => require(*name == row.service, row, Field::Service, || {
                format!("{name:?}, which has this number in the first step")
            }),
            None if self.windows.is_empty() => {
                self.services.push(row.service.to_string());
                Ok(())
            }
            None => Err(CellError::new(
                Field::ServiceId,
                &row.value(Field::ServiceId),
                format!("below {next}: the first step has {next} services"),
            )),
        }
    }
}

/// The action follows from target and desired replicas; where it is written, it must agree.
fn check_action(row: &Record<'_>) -> Result<(), CellError> {
    let Some(action) = row.action else { return Ok(()) };
    let expected = row.target.zip(row.desired()).map(|(target, desired)| i64::from(target) - desired);
    require(expected == Some(action), row, Field::Action, || match expected {
        Some(expected) => format!("{expected}, target_replicas less replicas_desired"),
        None => "nothing, as target_replicas or replicas_desired is".to_owned(),
    })
}

fn require(
    holds: bool,
    row: &Record<'_>,
    field: Field,
    allowed: impl FnOnce() -> String,
) -> Result<(), CellError> {
    if holds { Ok(()) } else { Err(CellError::new(field, &row.value(field), allowed())) }
}

fn header(row: &Record<'_>) -> WindowHeader {
    WindowHeader {
        scenario: row.scenario.to_string(),
        policy: row.policy.to_string(),
        seed: row.seed,
        period: Seconds(row.period),
    }
}

/// The step of these rows, one for each service.
fn step(rows: &[Record<'_>]) -> TraceStep {
    let first = &rows[0];
    let targets: Option<Vec<Replicas>> = rows.iter().map(|row| row.target.map(Replicas)).collect();
    TraceStep {
        state: State {
            time: Seconds(first.time),
            age: first.age.map(Seconds),
            services: rows.iter().map(|row| row.metrics).collect(),
            entry_rates: first.entry_rates.clone().into(),
            resilience: first.resilience(),
        },
        decision: targets.map(|targets| TraceDecision {
            targets: targets.into(),
            reasons: rows.iter().map(|row| row.role.to_string()).collect(),
            probability: first.probability,
            reward: first.reward,
        }),
    }
}
