//! Reading a database of traces.

use karma_core::{
    Metric, MetricRow, OperationalResilience, PerEntryPoint, PerService, Replicas, Seconds, State,
};
use karma_twin::trace::{TraceDecision, TraceStep, TraceWindow, Traces, WindowHeader};
use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use super::super::error::{Problem, TraceFileError};
use super::{TraceStore, schema};

/// A window of a database.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowEntry {
    /// Its id.
    pub id: i64,
    /// What its steps have in common.
    pub header: WindowHeader,
    /// Number of its steps now.
    pub steps: u64,
    /// Whether its writer finished it. If not, it is still being written, or its writer was killed.
    pub complete: bool,
}

/// How much there is in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Windows that can be read.
    pub windows: u64,
    /// Windows among them that are not complete.
    pub incomplete: u64,
    /// Steps of these windows.
    pub steps: u64,
    /// Rows, one for each step and service.
    pub rows: u64,
}

impl TraceStore {
    /// The windows that can be read, in the order in which they were begun: those with a step, and those that are not
    /// complete if they have two, because the only step of a killed writer led nowhere.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn windows(&self) -> Result<Vec<WindowEntry>, TraceFileError> {
        let entries = || -> Result<Vec<WindowEntry>, Problem> {
            let entries = list(&self.database, &format!("{ENTRIES} ORDER BY windows.id"), [], entry)?;
            Ok(entries.into_iter().filter(is_readable).collect())
        };
        entries().map_err(self.error())
    }

    /// One window, with the steps that it has now.
    ///
    /// # Errors
    /// If there is no such window, or the database cannot be read.
    pub fn read_window(&self, id: i64) -> Result<TraceWindow, TraceFileError> {
        self.window(id).map_err(self.error())
    }

    /// All windows that can be read.
    ///
    /// # Errors
    /// If there is none, or the database cannot be read.
    pub fn traces(&self) -> Result<Traces, TraceFileError> {
        let entries = self.windows()?;
        let windows: Result<Vec<TraceWindow>, _> =
            entries.iter().map(|entry| self.read_window(entry.id)).collect();
        Traces::new(self.services.clone(), windows?).map_err(Problem::from).map_err(self.error())
    }

    /// How much there is.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn summary(&self) -> Result<Summary, TraceFileError> {
        let entries = self.windows()?;
        let steps = entries.iter().map(|entry| entry.steps).sum();
        Ok(Summary {
            windows: entries.len() as u64,
            incomplete: entries.iter().filter(|entry| !entry.complete).count() as u64,
            steps,
            rows: steps * self.services.len() as u64,
        })
    }

    /// Reads in one transaction, so that a writer's next batch does not come in between.
    fn window(&self, id: i64) -> Result<TraceWindow, Problem> {
        let transaction = self.database.unchecked_transaction()?;
        let found = transaction.query_row(&format!("{ENTRIES} WHERE windows.id = ?"), [id], entry);
        let entry = found.optional()?.ok_or(Problem::NoWindow { id })?;
        let steps = list(&transaction, "SELECT * FROM steps WHERE window = ? ORDER BY step", [id], step)?;
        let rates = "SELECT rate FROM entry_rates WHERE window = ? ORDER BY step, entry_point";
        let rates: Vec<Option<f32>> = list(&transaction, rates, [id], |row| row.get(0))?;
        let rows = "SELECT service_steps.*, text FROM service_steps LEFT JOIN labels ON labels.id = reason
                    WHERE window = ? ORDER BY step, service";
        let rows = list(&transaction, rows, [id], service_step)?;
        let (services, entry_points) = (self.services.len(), self.entry_points);
        if rows.len() != steps.len() * services || rates.len() != steps.len() * entry_points {
            return Err(Problem::damaged(format!("rows of window {id} are missing")));
        }
        let part = |number: usize, width: usize| number * width..(number + 1) * width;
        let steps = steps.into_iter().enumerate().map(|(number, step)| {
            step.with(&rows[part(number, services)], &rates[part(number, entry_points)])
        });
        Ok(TraceWindow { header: entry.header, steps: steps.collect() })
    }
}

const ENTRIES: &str = "
    SELECT windows.id, scenario.text, policy.text, seed, period, complete,
        (SELECT max(step) + 1 FROM steps WHERE steps.window = windows.id)
    FROM windows
    JOIN labels AS scenario ON scenario.id = windows.scenario
    JOIN labels AS policy ON policy.id = windows.policy";

fn list<T>(
    database: &Connection,
    query: &str,
    parameters: impl Params,
    each: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Problem> {
    let mut statement = database.prepare_cached(query)?;
    let rows = statement.query_map(parameters, each)?.collect::<Result<Vec<T>, _>>()?;
    Ok(rows)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<WindowEntry> {
    let header = WindowHeader {
        scenario: row.get(1)?,
        policy: row.get(2)?,
        seed: row.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned),
        period: Seconds(row.get(4)?),
    };
    let steps = row.get::<_, Option<u32>>(6)?.unwrap_or(0).into();
    Ok(WindowEntry { id: row.get(0)?, header, steps, complete: row.get(5)? })
}

const fn is_readable(entry: &WindowEntry) -> bool {
    entry.steps > if entry.complete { 0 } else { 1 }
}

/// A step without its services and rates.
struct PartialStep {
    step: TraceStep,
    probability: Option<f64>,
    reward: Option<f32>,
}

/// A row of `steps`: window, step, time, age, the terms, probability, reward.
fn step(row: &Row<'_>) -> rusqlite::Result<PartialStep> {
    const TERMS: usize = 4;
    let mut terms = [None; schema::TERMS];
    for (place, term) in terms.iter_mut().enumerate() {
        *term = row.get(TERMS + place)?;
    }
    let state = State {
        time: Seconds(row.get(2)?),
        age: row.get::<_, Option<f64>>(3)?.map(Seconds),
        services: PerService::default(),
        entry_rates: PerEntryPoint::default(),
        resilience: resilience(terms),
    };
    Ok(PartialStep {
        step: TraceStep { state, decision: None },
        probability: row.get(TERMS + schema::TERMS)?,
        reward: row.get(TERMS + schema::TERMS + 1)?,
    })
}

fn resilience(terms: [Option<f32>; schema::TERMS]) -> Option<OperationalResilience> {
    let [success_rate, failed_pod_ratio, latency_ratio, entry_point_availability, traffic_ratio] = terms;
    Some(OperationalResilience {
        success_rate: success_rate?,
        failed_pod_ratio: failed_pod_ratio?,
        latency_ratio: latency_ratio?,
        entry_point_availability: entry_point_availability?,
        traffic_ratio: traffic_ratio?,
    })
}

/// What one service showed, and what was decided for it.
#[derive(Clone)]
struct ServiceStep {
    metrics: MetricRow,
    target: Option<Replicas>,
    reason: Option<String>,
}

/// A row of `service_steps`: window, step, service, the metrics, target, reason; then the reason's text.
fn service_step(row: &Row<'_>) -> rusqlite::Result<ServiceStep> {
    const METRICS: usize = 3;
    let mut metrics = MetricRow::default();
    for (place, metric) in Metric::ALL.iter().enumerate() {
        if let Some(sample) = row.get(METRICS + place)? {
            metrics.set(*metric, sample);
        }
    }
    let target = row.get::<_, Option<u32>>(METRICS + Metric::COUNT)?.map(Replicas);
    Ok(ServiceStep { metrics, target, reason: row.get(METRICS + Metric::COUNT + 2)? })
}

impl PartialStep {
    /// The step with its services, each of which has a target if there was a decision.
    fn with(mut self, services: &[ServiceStep], rates: &[Option<f32>]) -> TraceStep {
        self.step.state.services = services.iter().map(|service| service.metrics).collect();
        self.step.state.entry_rates = rates.to_vec().into();
        let targets: Option<PerService<Replicas>> = services.iter().map(|service| service.target).collect();
        self.step.decision = targets.map(|targets| TraceDecision {
            targets,
            reasons: services.iter().map(|service| service.reason.clone().unwrap_or_default()).collect(),
            probability: self.probability,
            reward: self.reward,
        });
        self.step
    }
}
