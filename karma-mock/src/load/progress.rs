//! What a load tells while it runs.

use std::time::Duration;

use karma_core::Seconds;

/// How far a load is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Time since the first second began.
    pub elapsed: Duration,
    /// Length of the plan.
    pub planned: Duration,
    /// Requests that went out so far.
    pub sent: u64,
    /// Requests that wait for their answer.
    pub in_flight: u64,
    /// The last full second.
    pub recent: Recent,
}

/// What was sent and what ended in the last full second of the clock, both kinds of traffic together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recent {
    /// Requests sent.
    pub sent: u64,
    /// Requests that ended with an answer without error.
    pub ok: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests that could not be sent.
    pub not_sent: u64,
    /// Median time of those that were answered.
    pub p50: Option<Seconds>,
    /// 99th percentile of the same.
    pub p99: Option<Seconds>,
    /// 99th percentile of how late the generator sent.
    pub lateness: Option<Seconds>,
}
