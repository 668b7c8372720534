//! Appending to a database of traces.

use std::collections::BTreeMap;

use karma_core::{Id as _, Metric, OperationalResilience, Seconds};
use karma_twin::trace::{TraceStep, TraceWindow, WindowHeader, check_period};
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Statement, Transaction, TransactionBehavior};

use super::super::error::{Problem, TraceFileError};
use super::{TraceStore, schema};

impl TraceStore {
    /// Begins a window.
    ///
    /// # Errors
    /// If its period is not one, or the database cannot be written.
    pub fn begin_window(&mut self, header: &WindowHeader) -> Result<WindowWriter<'_>, TraceFileError> {
        let begun = self.write(|transaction, labels| insert_window(transaction, labels, header));
        let window = begun.map_err(self.error())?;
        Ok(WindowWriter { store: self, window, steps: 0, last: None })
    }

    /// Appends a whole window at once: after a kill it is there, complete, or not at all. Gives its id.
    ///
    /// # Errors
    /// As for [`begin_window`](Self::begin_window) and [`WindowWriter::append`].
    pub fn append_window(&mut self, window: &TraceWindow) -> Result<i64, TraceFileError> {
        let shape = self.shape();
        let appended = self.write(|transaction, labels| {
            let id = insert_window(transaction, labels, &window.header)?;
            shape.check((number(id), 0), None, &window.steps)?;
            insert_steps(transaction, labels, (id, 0), &window.steps)?;
            complete(transaction, id)?;
            Ok(id)
        });
        appended.map_err(self.error())
    }

    /// Does something in one transaction.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut BTreeMap<String, i64>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let transaction = self.database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut labels = std::mem::take(&mut self.labels);
        let done = work(&transaction, &mut labels)?;
        transaction.commit()?;
        // Kept only now: ids of labels whose transaction was undone are not theirs.
        self.labels = labels;
        Ok(done)
    }
}

/// Appends steps to one window. Dropped before [`finish`](Self::finish), it leaves the window as a kill would: with the
/// steps that were appended, and not complete.
#[derive(Debug)]
pub struct WindowWriter<'a> {
    store: &'a mut TraceStore,
    window: i64,
    steps: usize,
    last: Option<Seconds>,
}

impl WindowWriter<'_> {
    /// The window's id.
    pub const fn id(&self) -> i64 {
        self.window
    }

    /// Appends steps, all or none. A number that is not finite is missing.
    ///
    /// # Errors
    /// If a step has another number of services or entry points than the database, time does not go forward, or the
    /// database cannot be written.
    pub fn append(&mut self, steps: &[TraceStep]) -> Result<(), TraceFileError> {
        let (shape, window, before, last) = (self.store.shape(), self.window, self.steps, self.last);
        let appended = self.store.write(|transaction, labels| {
            shape.check((number(window), before), last, steps)?;
            insert_steps(transaction, labels, (window, before), steps)
        });
        appended.map_err(self.store.error())?;
        self.steps += steps.len();
        self.last = steps.last().map_or(self.last, |step| Some(step.state.time));
        Ok(())
    }

    /// Marks the window as complete.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn finish(self) -> Result<(), TraceFileError> {
        let window = self.window;
        let finished = self.store.write(|transaction, _| complete(transaction, window));
        finished.map_err(self.store.error())
    }
}

fn insert_window(
    transaction: &Transaction<'_>,
    labels: &mut BTreeMap<String, i64>,
    header: &WindowHeader,
) -> Result<i64, Problem> {
    check_period(0, header.period)?;
    let scenario = label(transaction, labels, &header.scenario)?;
    let policy = label(transaction, labels, &header.policy)?;
    let seed = header.seed.map(u64::cast_signed);
    transaction.execute(
        "INSERT INTO windows (scenario, policy, seed, period, complete) VALUES (?, ?, ?, ?, 0)",
        (scenario, policy, seed, header.period.0),
    )?;
    Ok(transaction.last_insert_rowid())
}

fn complete(transaction: &Transaction<'_>, window: i64) -> Result<(), Problem> {
    transaction.execute("UPDATE windows SET complete = 1 WHERE id = ?", [window])?;
    Ok(())
}

/// Inserts steps into a window that has `before` steps.
fn insert_steps(
    transaction: &Transaction<'_>,
    labels: &mut BTreeMap<String, i64>,
    (window, before): (i64, usize),
    steps: &[TraceStep],
) -> Result<(), Problem> {
    let mut inserter = Inserter::new(transaction, labels)?;
    let mut numbered = steps.iter().zip(before..);
    numbered.try_for_each(|(step, number)| inserter.insert(&[Value::Integer(window), integer(number)], step))
}

/// A window's id as a number for messages.
fn number(window: i64) -> usize {
    usize::try_from(window).unwrap_or_default()
}

/// The id of a text, which is stored if it is new.
fn label(
    transaction: &Transaction<'_>,
    labels: &mut BTreeMap<String, i64>,
    text: &str,
) -> Result<i64, Problem> {
    if let Some(id) = labels.get(text) {
        return Ok(*id);
    }
    transaction.execute("INSERT OR IGNORE INTO labels (text) VALUES (?)", [text])?;
    let id = transaction.query_row("SELECT id FROM labels WHERE text = ?", [text], |row| row.get(0))?;
    labels.insert(text.to_owned(), id);
    Ok(id)
}

/// Puts steps into the tables.
struct Inserter<'a> {
    transaction: &'a Transaction<'a>,
    labels: &'a mut BTreeMap<String, i64>,
    step: CachedStatement<'a>,
    rate: CachedStatement<'a>,
    row: CachedStatement<'a>,
}

impl<'a> Inserter<'a> {
    fn new(transaction: &'a Transaction<'a>, labels: &'a mut BTreeMap<String, i64>) -> Result<Self, Problem> {
        Ok(Self {
            labels,
            step: transaction.prepare_cached(&schema::insert_step())?,
            rate: transaction.prepare_cached(&schema::insert_entry_rate())?,
            row: transaction.prepare_cached(&schema::insert_service_step())?,
            transaction,
        })
    }

    fn insert(&mut self, key: &[Value; 2], step: &TraceStep) -> Result<(), Problem> {
        let (state, decision) = (&step.state, step.decision.as_ref());
        let terms = state.resilience.as_ref().map(OperationalResilience::terms);
        let values = [real(Some(state.time.0)), real(state.age.map(|age| age.0))]
            .into_iter()
            .chain((0..schema::TERMS).map(|term| single(terms.map(|terms| terms[term]))))
            .chain([
                real(decision.and_then(|decision| decision.probability)),
                single(decision.and_then(|decision| decision.reward)),
            ]);
        execute(&mut self.step, key.iter().cloned().chain(values))?;
        for (entry, rate) in state.entry_rates.iter_enumerated() {
            let values = [integer(entry.index()), single(*rate)];
            execute(&mut self.rate, key.iter().cloned().chain(values))?;
        }
        for (service, metrics) in state.services.iter_enumerated() {
            let decided = match decision {
                Some(decision) => [
                    Value::Integer(decision.targets[service].0.into()),
                    Value::Integer(label(self.transaction, self.labels, &decision.reasons[service])?),
                ],
                None => [Value::Null, Value::Null],
            };
            let samples = Metric::ALL.iter().map(|metric| single(metrics.get(*metric)));
            let values = [integer(service.index())].into_iter().chain(samples).chain(decided);
            execute(&mut self.row, key.iter().cloned().chain(values))?;
        }
        Ok(())
    }
}

fn execute(statement: &mut Statement<'_>, values: impl Iterator<Item = Value>) -> Result<(), Problem> {
    for (value, place) in values.zip(1..) {
        statement.raw_bind_parameter(place, value)?;
    }
    statement.raw_execute()?;
    Ok(())
}

/// Indices are below the 32 bits of an id or a `Vec` in memory.
fn integer(index: usize) -> Value {
    Value::Integer(i64::try_from(index).unwrap_or(i64::MAX))
}

fn real(number: Option<f64>) -> Value {
    number.filter(|number| number.is_finite()).map_or(Value::Null, Value::Real)
}

fn single(number: Option<f32>) -> Value {
    real(number.map(f64::from))
}
