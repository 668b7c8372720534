//! The load of an episode beside the ceiling of its topology, so that nobody measures the topology and calls it a
//! policy.

use std::fmt;

use karma_core::topology::Ceiling;
use karma_core::{RequestsPerSecond, Topology};

use crate::Timeline;

/// Load and ceiling, printed as one line.
///
/// ```
/// use karma_mock::{LoadSummary, Scenario, Split, Workload, topologies};
///
/// let topology = topologies::by_name("chain4")?;
/// let workload = Workload::by_name("constant")?;
/// let timeline = Scenario::by_name("ddos:4")?.draw(&topology, &workload, Split::Train, 1);
/// assert_eq!(
///     LoadSummary::of(&topology, &timeline).to_string(),
///     "peak load 500/s of a ceiling of 540/s (5.4 × nominal; orders at 9 replicas)"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LoadSummary {
    /// Sum of the nominal rates.
    pub nominal: RequestsPerSecond,
    /// Highest rate of a second, legitimate and malicious requests over all entry points.
    pub peak: RequestsPerSecond,
    /// Seconds in which the rate is above the ceiling: no scaling can carry them.
    pub seconds_above: u32,
    /// What full scale-out carries, at nominal speed and in the mix of the nominal rates.
    pub ceiling: Ceiling,
    /// What limits it, in words.
    pub limit: String,
}

impl LoadSummary {
    /// The load of `timeline` on `topology`.
    pub fn of(topology: &Topology, timeline: &Timeline) -> Self {
        let ceiling = topology.ceiling();
        let mut totals = vec![0.0; timeline.seconds() as usize];
        for rates in timeline.legitimate.iter().chain(&timeline.malicious) {
            totals.iter_mut().zip(rates).for_each(|(total, rate)| *total += rate);
        }
        let above = totals.iter().filter(|total| **total > ceiling.rate.0).count();
        Self {
            nominal: topology.nominal_rate(),
            peak: RequestsPerSecond(totals.iter().copied().fold(0.0, f64::max)),
            seconds_above: u32::try_from(above).unwrap_or(u32::MAX),
            limit: topology.describe_limit(ceiling.limit),
            ceiling,
        }
    }
}

impl fmt::Display for LoadSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ceiling { rate, factor, .. } = self.ceiling;
        let (peak, limit) = (self.peak, &self.limit);
        write!(f, "peak load {peak:.0} of a ceiling of {rate:.0} ({factor:.1} × nominal; {limit})")?;
        if self.seconds_above > 0 {
            write!(f, ", above it for {} s", self.seconds_above)?;
        }
        Ok(())
    }
}
