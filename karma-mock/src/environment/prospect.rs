//! What is to come, as features for a critic.
//!
//! Most of what an episode earns is decided by its load, whoever scales. A critic that does not know the coming load takes its
//! chance for the team's merit; one that knows it does not. Since the load does not depend on what the team does, any function of
//! it may be subtracted from the returns without changing the gradient's mean: an *input-driven baseline* (Mao, Venkatakrishnan,
//! Schwarzkopf and Alizadeh, *Variance Reduction for Reinforcement Learning in Input-Driven Environments*, ICLR 2019). The
//! critic exists in training only; actors never see it.
//!
//! Of each of the next [`PERIODS`] decision periods: at each entry point the highest arrival rate, of four times its nominal rate,
//! and of each service the lowest speed.

use karma_core::{Foresight, Seconds, Topology};

/// Periods that are looked ahead: what a decision does is over after them.
const PERIODS: usize = 8;
/// Rates are told of this many times the nominal rate, and cut at three times that.
const TIMES_NOMINAL: f64 = 4.0;
const CUT: f64 = 3.0;

/// Number of features.
pub(super) fn size(topology: &Topology) -> usize {
    PERIODS * (topology.entry_points.len() + topology.services.len())
}

/// Adds the features of what comes after `now` to those of a critic.
#[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
pub(super) fn extend(
    features: &mut Vec<f32>,
    topology: &Topology,
    foresight: &Foresight,
    (now, period): (Seconds, Seconds),
) {
    for ahead in 0..PERIODS {
        let from = Seconds(now.0 + ahead as f64 * period.0);
        let until = from + period;
        for (id, entry) in topology.entry_points.iter_enumerated() {
            let nominal = TIMES_NOMINAL * entry.nominal_rate.0;
            let share = foresight.peak_rate(id, from, until) / nominal;
            features.push(if share.is_finite() { share.clamp(0.0, CUT) as f32 } else { 0.0 });
        }
        for id in topology.services.ids() {
            features.push(foresight.lowest_speed(id, from, until).clamp(0.0, 1.0) as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_of_every_period_what_enters_and_how_fast_services_are() {
        let topology = crate::topologies::by_name("chain4").unwrap();
        let nominal = topology.entry_points.iter().next().unwrap().nominal_rate.0;
        let cells = |value: &dyn Fn(usize) -> f64| (0..200).map(value).collect::<Vec<_>>();
        let foresight = Foresight {
            step: Seconds(1.0),
            arrival_rates: vec![cells(&|second| if second < 30 { nominal } else { 1e9 })].into(),
            speeds: vec![cells(&|second| if second == 16 { 0.5 } else { 1.0 }); 4].into(),
        };
        let mut features = vec![7.0];
        extend(&mut features, &topology, &foresight, (Seconds(0.0), Seconds(15.0)));
        assert_eq!(features.len(), 1 + size(&topology));
        let periods: Vec<&[f32]> = features[1..].chunks(5).collect();
        assert_eq!(periods[0], [0.25, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(periods[1], [3.0, 0.5, 0.5, 0.5, 0.5], "its last moment is the next one's first");
        assert_eq!(periods[7], [3.0, 1.0, 1.0, 1.0, 1.0]);
    }
}
