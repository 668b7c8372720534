//! What may happen to a cluster, as written: kinds, ranges, defaults and their origin.
//!
//! KARMA's papers name the kinds (bottleneck, DDoS, pod failures, resource contention) and two lists of intensities; no
//! onset, duration or shape is published, and no public trace of a DDoS exists in usable form. What is not marked
//! otherwise is this project's choice, sized so that an episode of ten minutes shows the fall and the recovery.

use serde::{Deserialize, Serialize};

use crate::workload::{SettingError, Span, within};

/// Longest duration of a disturbance, in seconds.
const LONGEST: u32 = 86_400;

/// One kind of disturbance with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisturbanceParams {
    /// A service computes slowly.
    Bottleneck(BottleneckParams),
    /// Malicious requests at an entry point.
    Ddos(DdosParams),
    /// Pods crash, again and again.
    Failures(FailuresParams),
    /// Other tenants keep the nodes busy.
    Contention(ContentionParams),
}

/// One service, not an entry point, computes slowly.
///
/// The service is drawn among those at least half as busy as the busiest at the nominal load and the initial
/// replicas: slowing an idle one would disturb nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BottleneckParams {
    /// Speed as a multiple of nominal, 0.01 to 1 (default 0.3 to 0.6).
    pub speed: Span,
    /// Seconds (default 150 to 240).
    pub duration: Span,
}

impl Default for BottleneckParams {
    fn default() -> Self {
        Self { speed: Span::new(0.3, 0.6), duration: Span::new(150.0, 240.0) }
    }
}

/// Malicious requests at one entry point, on top of the legitimate ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DdosParams {
    /// Malicious rate as a multiple of the topology's nominal rate, 0.01 to 100; one is drawn (default 1, 2, 4 or 8,
    /// as in the extended paper's robustness table).
    pub intensities: Vec<f64>,
    /// Seconds (default 120 to 240, assumed).
    pub duration: Span,
    /// Seconds from nothing to the full rate, and at the end back (default 1 to 10).
    pub ramp: Span,
    /// Pauses in the attack (default: none).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_off: Option<OnOffParams>,
    /// Work of a malicious request as a multiple of a legitimate one's, 0 to 100 (default 1, so that intensities
    /// compare with the ceiling).
    pub work: f64,
    /// The attacker's `data_change`, 0, 1 or 2; one is drawn (default any, as in the paper's attacker action).
    pub data_changes: Vec<u8>,
    /// The paper's σ, 2 to 1000 (default 10): during the attack `data_change / σ` is added to the failure probability
    /// per pod and minute.
    pub sigma: f64,
}

/// An attack that comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnOffParams {
    /// Seconds of attack at a time.
    pub on: Span,
    /// Seconds of pause at a time.
    pub off: Span,
}

impl Default for DdosParams {
    fn default() -> Self {
        Self {
            intensities: vec![1.0, 2.0, 4.0, 8.0],
            duration: Span::new(120.0, 240.0),
            ramp: Span::new(1.0, 10.0),
            on_off: None,
            work: 1.0,
            data_changes: vec![0, 1, 2],
            sigma: 10.0,
        }
    }
}

/// Each pod of the cluster crashes with the same probability, at the start and then at intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FailuresParams {
    /// Share of pods that crash each time, above 0 up to 1; one is drawn (default 0.01, 0.05, 0.1 or 0.2, as in the
    /// extended paper's robustness table).
    pub shares: Vec<f64>,
    /// Seconds between crashes (default 20 to 40: before most pods that crashed are ready again).
    pub every: Span,
    /// Seconds (default 120 to 240).
    pub duration: Span,
}

impl Default for FailuresParams {
    fn default() -> Self {
        Self {
            shares: vec![0.01, 0.05, 0.1, 0.2],
            every: Span::new(20.0, 40.0),
            duration: Span::new(120.0, 240.0),
        }
    }
}

/// Other tenants keep a share of every node's CPU busy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContentionParams {
    /// How much is left (default: a headroom of 1.2 to 2).
    pub background: Background,
    /// Seconds (default 150 to 240).
    pub duration: Span,
}

/// How busy other tenants are.
///
/// A share means something else on every topology: 60 % of nodes that are sized for five times the nominal
/// load is not felt, of nodes that are just large enough it is an outage. The headroom says what is left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Background {
    /// CPU that is left, as a multiple of what the nominal load uses, 0.1 to 100. The share that follows is at
    /// most 0.95, and 0 where the nodes have less than this headroom anyway.
    Headroom(Span),
    /// Share of every node's CPU that is gone, 0 to 0.95.
    Share(Span),
}

impl Default for ContentionParams {
    fn default() -> Self {
        Self { background: Background::Headroom(Span::new(1.2, 2.0)), duration: Span::new(150.0, 240.0) }
    }
}

impl DisturbanceParams {
    /// The kind, as in configuration files.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bottleneck(_) => "bottleneck",
            Self::Ddos(_) => "ddos",
            Self::Failures(_) => "failures",
            Self::Contention(_) => "contention",
        }
    }

    /// How many seconds it lasts.
    pub const fn duration(&self) -> Span {
        match self {
            Self::Bottleneck(params) => params.duration,
            Self::Ddos(params) => params.duration,
            Self::Failures(params) => params.duration,
            Self::Contention(params) => params.duration,
        }
    }

    /// The same, lasting otherwise.
    #[must_use]
    pub(super) const fn lasting(mut self, duration: Span) -> Self {
        match &mut self {
            Self::Bottleneck(params) => params.duration = duration,
            Self::Ddos(params) => params.duration = duration,
            Self::Failures(params) => params.duration = duration,
            Self::Contention(params) => params.duration = duration,
        }
        self
    }

    pub(super) fn check(&self) -> Result<(), SettingError> {
        self.duration().check_seconds(&format!("{}.duration", self.kind()), (1, LONGEST))?;
        match self {
            Self::Bottleneck(params) => params.speed.check("bottleneck.speed", (0.01, 1.0)),
            Self::Ddos(params) => params.check(),
            Self::Failures(params) => params.check(),
            Self::Contention(params) => match params.background {
                Background::Headroom(span) => span.check("contention.background.headroom", (0.1, 100.0)),
                Background::Share(span) => span.check("contention.background.share", (0.0, 0.95)),
            },
        }
    }
}

impl DdosParams {
    fn check(&self) -> Result<(), SettingError> {
        each("ddos.intensities", &self.intensities, (0.01, 100.0))?;
        let changes: Vec<f64> = self.data_changes.iter().map(|change| f64::from(*change)).collect();
        each("ddos.data_changes", &changes, (0.0, 2.0))?;
        within("ddos.sigma", self.sigma, (2.0, 1000.0))?;
        within("ddos.work", self.work, (0.0, 100.0))?;
        self.ramp.check("ddos.ramp", (0.0, f64::from(self.duration.whole().0) / 2.0))?;
        self.on_off.map_or(Ok(()), |pauses| {
            pauses.on.check_seconds("ddos.on_off.on", (1, LONGEST))?;
            pauses.off.check_seconds("ddos.on_off.off", (1, LONGEST))
        })
    }
}

impl FailuresParams {
    fn check(&self) -> Result<(), SettingError> {
        each("failures.shares", &self.shares, (1e-6, 1.0))?;
        self.every.check("failures.every", (1.0, f64::from(LONGEST)))
    }
}

/// A list from which one is drawn: not empty, not endless, each in range.
fn each(place: &str, values: &[f64], range: (f64, f64)) -> Result<(), SettingError> {
    if values.is_empty() || values.len() > 1000 {
        return Err(SettingError::new(place, &format!("a list of {}", values.len()), "a list of 1 to 1000"));
    }
    values.iter().try_for_each(|value| within(place, *value, range))
}
