//! What a load amounted to.

use std::collections::BTreeMap;

use karma_core::Seconds;
use karma_core::resilience::Tally;
use serde::{Deserialize, Serialize};

use super::histogram::Latencies;
use super::outcome::Counts;
use super::schedule::Pacing;
use super::seconds::SecondRow;
use super::target::Connections;

/// Version of the written form of a [`LoadReport`].
pub const VERSION: u32 = 1;

/// The result of a load, with what is needed to repeat it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Version of this form: [`VERSION`].
    pub version: u32,
    /// Where requests went.
    pub url: String,
    /// How requests were spread over a second.
    pub pacing: Pacing,
    /// Seed of the send times.
    pub seed: u64,
    /// How connections were used.
    pub connections: Connections,
    /// After which a request was given up.
    pub timeout: Seconds,
    /// Most requests in flight at once.
    pub max_in_flight: u32,
    /// Length of the plan.
    pub planned: Seconds,
    /// Time during which requests were sent: the whole plan, less if it was stopped, more if the generator was too slow.
    pub sending: Seconds,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    /// How much later than due requests went out: the generator's own error.
    pub lateness: Latencies,
    /// Clients that want an answer.
    pub legitimate: TrafficReport,
    /// The attacker.
    pub malicious: TrafficReport,
}

/// What became of one kind of traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrafficReport {
    /// How many came to which end.
    pub counts: Counts,
    /// Requests per second that went out, over the time of sending.
    pub rate: f64,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Time of the requests answered without error, from when they were due.
    pub latency: Latencies,
    /// The same from when they actually went out. Where it is much shorter than the latency, the generator was late.
    pub service_time: Latencies,
    /// Second by second.
    pub seconds: Vec<SecondRow>,
}

impl LoadReport {
    /// Requests per second that went out, both kinds together.
    pub fn achieved_rate(&self) -> f64 {
        self.legitimate.rate + self.malicious.rate
    }

    /// Requests that could not be sent, both kinds together. Unless this is 0, the load was less than planned.
    pub const fn not_sent(&self) -> u64 {
        self.legitimate.counts.not_sent + self.malicious.counts.not_sent
    }
}

impl TrafficReport {
    /// In the words of [`karma_core::resilience`]: answered, answered within `slo`, failed. What was not sent is
    /// neither.
    pub fn tally(&self, slo: Seconds) -> Tally {
        Tally { answered: self.counts.ok, within_slo: self.latency.within(slo), failed: self.counts.failed() }
    }

    /// Success second by second: the curve from which recovery is judged.
    pub fn success_rates(&self) -> Vec<Option<f64>> {
        self.seconds.iter().map(|row| row.counts.success_rate()).collect()
    }
}
