//! What is tried for a calibration.

use std::collections::BTreeMap;

use crate::calibration::{Action, ActionKind, Purpose};

/// Seconds of a steady run that count, and before.
const STEADY: (u32, u32) = (60, 10);

/// One run as planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Name.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Replicas at its start, by service; those not named have one.
    pub replicas: BTreeMap<String, u32>,
    /// Seconds at its start that do not count.
    pub warm_up: u32,
    /// Requests per second in each second, the warm-up included.
    pub offered: Vec<f64>,
    /// What is done, in the order of time.
    pub actions: Vec<Action>,
}

/// Three levels to fit on; then three others, a step, saturation, a killed pod and a scale-up to predict.
///
/// `capacity` is what the narrowest service, called `narrow`, completes with one pod, in requests per second. Where a
/// load above it meets two of its pods, the services `spare`, the next narrowest, have two as well: what is tried is what
/// happens to the narrowest.
pub fn suite(narrow: &str, spare: &[&str], capacity: f64) -> Vec<Trial> {
    let fit = [0.25, 0.5, 0.75].map(|share| steady(Purpose::Fit, share, capacity));
    let predict = [0.35, 0.65, 0.85].map(|share| steady(Purpose::Predict, share, capacity));
    let disturbed = [
        steps("step", capacity, &[(20, 0.3), (40, 0.8), (40, 0.3)]),
        steps("saturation", capacity, &[(20, 0.5), (30, 1.3), (50, 0.5)]),
        with(steps("pod kill", capacity, &[(90, 1.2)]), (narrow, 2, spare), ActionKind::Kill(1)),
        with(steps("scale-up", capacity, &[(90, 1.2)]), (narrow, 1, spare), ActionKind::Scale(2)),
    ];
    fit.into_iter().chain(predict).chain(disturbed).collect()
}

fn steady(purpose: Purpose, share: f64, capacity: f64) -> Trial {
    let (seconds, warm_up) = STEADY;
    Trial {
        name: format!("{:.0} % of capacity", 100.0 * share),
        purpose,
        replicas: BTreeMap::new(),
        warm_up,
        offered: vec![share * capacity; (seconds + warm_up) as usize],
        actions: Vec::new(),
    }
}

/// One level after the other: (seconds, share of capacity). The first ten seconds do not count.
fn steps(name: &str, capacity: f64, levels: &[(usize, f64)]) -> Trial {
    let offered = levels.iter().flat_map(|(seconds, share)| std::iter::repeat_n(share * capacity, *seconds));
    Trial {
        name: name.to_owned(),
        purpose: Purpose::Predict,
        replicas: BTreeMap::new(),
        warm_up: STEADY.1,
        offered: offered.collect(),
        actions: Vec::new(),
    }
}

/// The same with something that happens to a service after 30 seconds.
fn with(trial: Trial, (service, replicas, spare): (&str, u32, &[&str]), kind: ActionKind) -> Trial {
    let spare = spare.iter().map(|name| ((*name).to_owned(), 2));
    Trial {
        replicas: spare.chain([(service.to_owned(), replicas)]).collect(),
        actions: vec![Action { at: 30.0, service: service.to_owned(), kind }],
        ..trial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_levels_are_fitted_and_none_of_them_is_predicted() {
        let trials = suite("orders", &["products"], 40.0);
        // Steady runs: the same rate in each second.
        let levels = |purpose| -> Vec<f64> {
            let steady = |trial: &&Trial| {
                trial.actions.is_empty() && trial.offered.iter().all(|rate| *rate == trial.offered[0])
            };
            let of = trials.iter().filter(|trial| trial.purpose == purpose).filter(steady);
            of.map(|trial| trial.offered[0]).collect()
        };
        assert_eq!(levels(Purpose::Fit), [10.0, 20.0, 30.0]);
        assert_eq!(levels(Purpose::Predict), [14.0, 26.0, 34.0]);
        let disturbed: Vec<&str> = trials.iter().skip(6).map(|trial| trial.name.as_str()).collect();
        assert_eq!(disturbed, ["step", "saturation", "pod kill", "scale-up"]);
        let replicas =
            |trial: &Trial| ["orders", "products"].map(|service| trial.replicas.get(service).copied());
        assert_eq!(replicas(&trials[8]), [Some(2), Some(2)]);
        assert_eq!(replicas(&trials[9]), [Some(1), Some(2)]);
    }
}
