//! The tables of a database of traces.
//!
//! Texts that repeat are kept once, in `labels`; rows hold whole numbers and measurements only. Rows are stored in the
//! order of their keys and found by them, so that there is no further index than that of the labels' texts.

use std::fmt::Write as _;

use karma_core::Metric;
use karma_twin::trace::schema::RESILIENCE;

/// `KART`: tells a database of traces from others.
pub(super) const APPLICATION: i32 = 0x4B41_5254;

/// Terms of resilience.
pub(super) const TERMS: usize = RESILIENCE.len();

/// Everything that a new database needs.
pub(super) fn tables() -> String {
    let reals = |names: &mut dyn Iterator<Item = &'static str>| {
        names.fold(String::new(), |mut columns, name| {
            let _ = write!(columns, "{name} REAL, ");
            columns
        })
    };
    let terms = reals(&mut RESILIENCE.into_iter());
    let metrics = reals(&mut Metric::ALL.iter().map(|metric| metric.name()));
    format!(
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE services (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
         CREATE TABLE labels (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
         CREATE TABLE windows (
             id INTEGER PRIMARY KEY, scenario INTEGER NOT NULL, policy INTEGER NOT NULL,
             seed INTEGER, period REAL NOT NULL, complete INTEGER NOT NULL) STRICT;
         CREATE TABLE steps (
             window INTEGER, step INTEGER, time REAL NOT NULL, age REAL, {terms}
             probability REAL, reward REAL,
             PRIMARY KEY (window, step)) STRICT, WITHOUT ROWID;
         CREATE TABLE entry_rates (
             window INTEGER, step INTEGER, entry_point INTEGER, rate REAL,
             PRIMARY KEY (window, step, entry_point)) STRICT, WITHOUT ROWID;
         CREATE TABLE service_steps (
             window INTEGER, step INTEGER, service INTEGER, {metrics}
             target_replicas INTEGER, reason INTEGER,
             PRIMARY KEY (window, step, service)) STRICT, WITHOUT ROWID;"
    )
}

/// Puts a step: window, step, time, age, the five terms, probability, reward.
pub(super) fn insert_step() -> String {
    insert("steps", 6 + TERMS)
}

/// Puts a row of a service: window, step, service, the metrics, target, reason.
pub(super) fn insert_service_step() -> String {
    insert("service_steps", 5 + Metric::COUNT)
}

/// Puts a rate: window, step, entry point, rate.
pub(super) fn insert_entry_rate() -> String {
    insert("entry_rates", 4)
}

fn insert(table: &str, columns: usize) -> String {
    format!("INSERT INTO {table} VALUES ({})", vec!["?"; columns].join(", "))
}
