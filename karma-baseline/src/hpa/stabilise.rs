//! Stabilisation: not following every wiggle of a metric.
//!
//! Each tick's recommendation is remembered. On the way down the *highest* one of the last minutes is applied,
//! on the way up the *lowest*: a change must have been wanted for a whole window. What is remembered is the raw
//! recommendation, not the stabilised one, or the first high value would keep itself alive for ever.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// What one tick wanted, before stabilisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// Replicas.
    pub replicas: i32,
    /// When.
    pub timestamp: Timestamp,
}

/// Stabilisation without a `behavior`: the highest recommendation of the last `window`, the newest included.
///
/// ```
/// use std::time::Duration;
/// use karma_baseline::hpa::{Recommendation, Timestamp, stabilise_down};
///
/// let now = Timestamp::from_millis(600_000);
/// let mut log = vec![Recommendation { replicas: 5, timestamp: now.minus(Duration::from_secs(60)) }];
/// let wanted = Recommendation { replicas: 3, timestamp: now };
/// assert_eq!(stabilise_down(&mut log, wanted, Duration::from_secs(300)), 5);
/// ```
pub fn stabilise_down(log: &mut Vec<Recommendation>, newest: Recommendation, window: Duration) -> i32 {
    let cutoff = newest.timestamp.minus(window);
    let recent = log.iter().filter(|past| past.timestamp >= cutoff).map(|past| past.replicas);
    let highest = recent.fold(newest.replicas, i32::max);
    remember(log, newest, |past| past.timestamp < cutoff);
    highest
}

/// Stabilisation with a `behavior`: the current replicas, moved into the range that the recommendations of both
/// windows leave open.
///
/// The lowest of the upward window bounds it from below, then the highest of the downward window from above; the
/// newest recommendation belongs to both. So it moves up only as far as *all* recent ticks wanted, down only as
/// far as *all* recent ticks allowed, and otherwise stays.
pub fn stabilise(
    log: &mut Vec<Recommendation>,
    current: i32,
    newest: Recommendation,
    up_window: Duration,
    down_window: Duration,
) -> i32 {
    let (up_cutoff, down_cutoff) = (newest.timestamp.minus(up_window), newest.timestamp.minus(down_window));
    let (mut lowest, mut highest) = (newest.replicas, newest.replicas);
    for past in log.iter() {
        if past.timestamp > up_cutoff {
            lowest = lowest.min(past.replicas);
        }
        if past.timestamp > down_cutoff {
            highest = highest.max(past.replicas);
        }
    }
    remember(log, newest, |past| past.timestamp < up_cutoff && past.timestamp < down_cutoff);
    current.max(lowest).min(highest)
}

/// Writes the newest recommendation over the last entry that is too old to matter, or appends it.
fn remember(log: &mut Vec<Recommendation>, newest: Recommendation, old: impl Fn(&Recommendation) -> bool) {
    match log.iter_mut().rev().find(|past| old(past)) {
        Some(slot) => *slot = newest,
        None => log.push(newest),
    }
}
