//! What happens to a cluster during one episode: the arrival rates and the disturbances, drawn once from a seed.
//!
//! A timeline is data. A scenario draws it, the simulation plays it, and an
//! oracle may read it ([`Timeline::foresight`]).

use karma_core::{Foresight, Id as _, PerEntryPoint, PerService, Seconds, ServiceId, Topology};
use serde::{Deserialize, Serialize};

/// Everything that comes from outside of the cluster in one episode. Times count from the start of the warm-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Seconds before measuring begins.
    pub warm_up: u32,
    /// Measured seconds.
    pub measured: u32,
    /// Legitimate requests per second in each second, for each entry point; one value for each second of the
    /// warm-up and the measured time.
    pub legitimate: PerEntryPoint<Vec<f64>>,
    /// Malicious requests per second, in the same form.
    pub malicious: PerEntryPoint<Vec<f64>>,
    /// Disturbances in the order of their time.
    pub events: Vec<Event>,
    /// Start and end of what recovery is counted from, if there is a disturbance.
    pub disturbance: Option<(Seconds, Seconds)>,
}

/// A disturbance at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Seconds,
    /// What.
    pub kind: EventKind,
}

/// What a disturbance does. It holds until another event of its kind changes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// Every pod of the service computes at `factor` of its nominal speed (a bottleneck below 1).
    Speed {
        /// The service.
        service: ServiceId,
        /// 1 is nominal; in (0, 100].
        factor: f64,
    },
    /// Other tenants keep this share of every node's CPU busy, in [0, 1). They have no fair share to lose: what
    /// they use is gone.
    Background {
        /// Share of each node's CPU.
        share: f64,
    },
    /// Each running pod crashes with this probability, now.
    Crash {
        /// Probability for each pod.
        probability: f64,
    },
    /// So many ready pods of the service are deleted without grace, now, those that have been ready the longest
    /// first. What they had fails; replacements are created at once.
    Kill {
        /// The service.
        service: ServiceId,
        /// How many; all if there are fewer.
        pods: u32,
    },
    /// The containers of so many ready pods of the service crash, now, those that have been ready the longest first.
    /// They restart in place after their back-off.
    CrashPods {
        /// The service.
        service: ServiceId,
        /// How many; all if there are fewer.
        pods: u32,
    },
    /// Added to the failure probability per pod per minute: the attacker's altered data, `data_change / σ`.
    Alteration {
        /// Probability per pod per minute.
        probability: f64,
    },
    /// A malicious request does `factor` times the work of a legitimate one.
    MaliciousWork {
        /// At least 0.
        factor: f64,
    },
}

impl Timeline {
    /// A quiet episode with constant legitimate rates.
    pub fn constant(rates: &PerEntryPoint<f64>, warm_up: u32, measured: u32) -> Self {
        let seconds = (warm_up + measured) as usize;
        Self {
            warm_up,
            measured,
            legitimate: rates.map(|rate| vec![*rate; seconds]),
            malicious: rates.map(|_| vec![0.0; seconds]),
            events: Vec::new(),
            disturbance: None,
        }
    }

    /// Seconds from the start of the warm-up to the end.
    pub const fn seconds(&self) -> u32 {
        self.warm_up + self.measured
    }

    /// What a clairvoyant knows of this timeline: total arrival rates and service speeds, second by second.
    pub fn foresight(&self, topology: &Topology) -> Foresight {
        let seconds = self.seconds() as usize;
        let total = |(legitimate, malicious): (&Vec<f64>, &Vec<f64>)| {
            legitimate.iter().zip(malicious).map(|(a, b)| a + b).collect::<Vec<f64>>()
        };
        let mut speeds = PerService::filled(vec![1.0; seconds], topology.services.len());
        for event in &self.events {
            if let EventKind::Speed { service, factor } = event.kind {
                let from = second_of(event.at).min(seconds);
                speeds.as_mut_slice()[service.index()][from..].fill(factor);
            }
        }
        Foresight {
            step: Seconds(1.0),
            arrival_rates: self.legitimate.iter().zip(&self.malicious).map(total).collect(),
            speeds,
        }
    }
}

/// The second that a moment lies in.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturating cast of a time to a second"
)]
pub(crate) fn second_of(time: Seconds) -> usize {
    time.0.max(0.0) as usize
}
