//! What a clairvoyant knows: the coming load and the coming speed of every service.

use serde::{Deserialize, Serialize};

use crate::{EntryPointId, PerEntryPoint, PerService, Seconds, ServiceId};

/// Expected arrival rates and service speeds on a regular grid of time, from 0 to the end of an episode.
///
/// Only a yardstick may hold one: it is what an oracle is built from, never an observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foresight {
    /// Length of one cell of the grid.
    pub step: Seconds,
    /// Requests per second in each cell, legitimate and malicious together.
    pub arrival_rates: PerEntryPoint<Vec<f64>>,
    /// Speed of each service in each cell: 1 nominal, 0.5 for a service that does half its work per second.
    pub speeds: PerService<Vec<f64>>,
}

impl Foresight {
    /// The highest arrival rate of `entry` between two moments; the grid's last cell goes on for ever.
    pub fn peak_rate(&self, entry: EntryPointId, from: Seconds, to: Seconds) -> f64 {
        self.cells(&self.arrival_rates[entry], from, to).fold(0.0, f64::max)
    }

    /// The lowest speed of `service` between two moments.
    pub fn lowest_speed(&self, service: ServiceId, from: Seconds, to: Seconds) -> f64 {
        self.cells(&self.speeds[service], from, to).fold(f64::INFINITY, f64::min)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating cast of a time to a cell"
    )]
    fn cells<'a>(&self, grid: &'a [f64], from: Seconds, to: Seconds) -> impl Iterator<Item = f64> + use<'a> {
        let last = grid.len().saturating_sub(1);
        let first = ((from.0 / self.step.0) as usize).min(last);
        let until = ((to.0 / self.step.0) as usize).clamp(first, last);
        grid.get(first..=until).unwrap_or_default().iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id as _;

    #[test]
    fn it_looks_only_between_the_two_moments() {
        let foresight = Foresight {
            step: Seconds(1.0),
            arrival_rates: vec![vec![1.0, 5.0, 2.0]].into(),
            speeds: vec![vec![1.0, 0.5, 1.0]].into(),
        };
        let (entry, service) = (EntryPointId::from_index(0), ServiceId::from_index(0));
        assert_eq!(foresight.peak_rate(entry, Seconds(0.0), Seconds(0.9)), 1.0);
        assert_eq!(foresight.peak_rate(entry, Seconds(0.0), Seconds(1.0)), 5.0);
        assert_eq!(foresight.peak_rate(entry, Seconds(50.0), Seconds(60.0)), 2.0);
        assert_eq!(foresight.lowest_speed(service, Seconds(0.0), Seconds(9.0)), 0.5);
    }
}
