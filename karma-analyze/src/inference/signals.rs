//! What an agent may have looked at when it scaled a service: numbers under names of the condition language
//! ([`karma_org::condition`]), so that what is learned from them can be written as a rule.

use karma_core::{Id as _, Metric, Seconds, ServiceId, State, Transition};

/// Decisions that a growth looks back.
const LAG: usize = 2;

/// Stands for what is missing, or cannot be compared: below every measurement.
pub(super) const MISSING: f64 = -1.0;

/// Growths and ratios are cut here, so that a division by almost nothing is no outlier.
const CUT: f64 = 1e6;

/// One of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// A metric of the service.
    Own(Metric),
    /// The metric of all services.
    Most(Metric),
    /// How fast arrivals at the entry points grow.
    Surge,
    /// A term of the whole system's resilience, by its place.
    Term(usize),
}

/// A number with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signal {
    reading: Reading,
    /// As a condition says it.
    pub(super) text: String,
    /// Its unit in conditions.
    pub(super) unit: &'static str,
}

/// The numbers of one service at one moment, with fixed names.
#[derive(Clone, Debug)]
pub(super) struct Signals(Vec<Signal>);

/// Own metrics whose size says the same on any service.
const OWN: [Metric; 6] = [
    Metric::CpuUtilization,
    Metric::PendingRequests,
    Metric::ReplicaUtilizationRatio,
    Metric::ErrorRate,
    Metric::PodsFailed,
    Metric::PodsPending,
];

/// Terms of the resilience, as the condition language calls them, by their place.
const TERMS: [(&str, usize); 2] = [("success_rate", 0), ("latency_ratio", 2)];

impl Signals {
    /// The numbers where a decision is taken every `period`.
    pub(super) fn new(period: Seconds) -> Self {
        let own = OWN.iter().map(|metric| Signal {
            reading: Reading::Own(*metric),
            text: metric.name().to_owned(),
            unit: metric.unit(),
        });
        let most = [Metric::CpuUtilization, Metric::PendingRequests].map(|metric| Signal {
            reading: Reading::Most(metric),
            text: format!("max({})", metric.name()),
            unit: metric.unit(),
        });
        let surge = Signal {
            reading: Reading::Surge,
            text: format!("growth(entry_rate, {} s)", period.0 * LAG as f64),
            unit: "",
        };
        let terms = TERMS.map(|(name, place)| Signal {
            reading: Reading::Term(place),
            text: name.to_owned(),
            unit: "",
        });
        Self(own.chain(most).chain([surge]).chain(terms).collect())
    }

    /// The names, in order.
    pub(super) fn as_slice(&self) -> &[Signal] {
        &self.0
    }

    /// The numbers of `service` when the action of `steps[at]` was taken.
    pub(super) fn read(
        &self,
        steps: &[Transition],
        at: usize,
        service: ServiceId,
    ) -> impl Iterator<Item = f64> {
        let now = &steps[at].state;
        let past = at.checked_sub(LAG).map(|then| &steps[then].state);
        self.0.iter().map(move |signal| {
            let value = signal.reading.read(now, past, service).filter(|value| value.is_finite());
            value.map_or(MISSING, |value| f64::from(value).clamp(0.0, CUT))
        })
    }
}

impl Reading {
    fn read(self, now: &State, past: Option<&State>, service: ServiceId) -> Option<f32> {
        match self {
            Self::Own(metric) => now.get(service, metric),
            Self::Most(metric) => {
                let services = (0..now.services.len()).map(ServiceId::from_index);
                services.filter_map(|service| now.get(service, metric)).max_by(f32::total_cmp)
            }
            Self::Surge => Some(entry_rate(now)? / entry_rate(past?)?),
            Self::Term(place) => now.resilience.map(|resilience| resilience.terms()[place]),
        }
    }
}

/// Arrivals at all entry points; unknown if one is.
fn entry_rate(state: &State) -> Option<f32> {
    state.entry_rates.iter().copied().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::MetricRow;

    fn step(at: u8, rate: f32) -> Transition {
        let mut row = MetricRow::default();
        row.set(Metric::CpuUtilization, f32::from(at) / 10.0);
        let state = State {
            time: Seconds(f64::from(at) * 15.0),
            age: None,
            services: vec![MetricRow::default(), row].into(),
            entry_rates: vec![Some(rate)].into(),
            resilience: None,
        };
        Transition {
            next_state: state.clone(),
            state,
            actions: vec![].into(),
            rewards: vec![].into(),
            terminated: false,
            truncated: false,
        }
    }

    #[test]
    fn signals_have_names_of_the_condition_language_and_gaps_stand_below_everything() {
        let signals = Signals::new(Seconds(15.0));
        let steps = [step(1, 10.0), step(2, 15.0), step(3, 30.0)];
        let read =
            |at, service| -> Vec<f64> { signals.read(&steps, at, ServiceId::from_index(service)).collect() };
        let row = read(2, 1);
        let value = |name: &str| {
            let at = signals.as_slice().iter().position(|signal| signal.text == name);
            row[at.unwrap_or_else(|| panic!("no signal {name}"))]
        };
        assert_eq!(value("cpu_utilization"), f64::from(0.3_f32));
        assert_eq!(value("growth(entry_rate, 30 s)"), 3.0);
        assert_eq!((value("pending_requests"), value("success_rate")), (MISSING, MISSING));
        let row = read(1, 0);
        assert_eq!(row[0], MISSING, "nothing is known of service 0");
        assert!(row.contains(&f64::from(0.2_f32)), "but the highest utilisation of all is");
        assert_eq!(row.iter().filter(|value| **value > MISSING).count(), 1, "growth has no past yet");
    }
}
