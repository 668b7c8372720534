//! The rows of the table: the team and its rivals, all behind one seam.

use karma_baseline::{
    HpaAutoscaler, HpaAutoscalerParams, Oracle, OracleParams, RandomWalk, StaticReplicas, Threshold,
    ThresholdParams,
};
use karma_core::{Autoscaler, EpisodeReport, Foresight, Safeguarded};
use karma_mock::{Scenario, Split};

use crate::config::RunConfig;
use crate::error::RunError;

/// Makes an autoscaler for one episode. Only a yardstick may use the foresight.
pub type Factory = Box<dyn Fn(&Foresight) -> Box<dyn Autoscaler> + Send + Sync>;

/// Plays an episode of a scenario ahead, behind the shield of a run.
pub(crate) type Ahead = Box<dyn Fn(&RunConfig, &Scenario, (Split, u64)) -> EpisodeReport + Send + Sync>;

/// A row of the table. All rows get the same snapshots, replica bounds, decision period and seeds, and stand behind the
/// same shield.
pub struct Row {
    /// As in the table.
    pub name: String,
    /// What it does, in a few words.
    pub about: &'static str,
    /// Makes it anew for each episode.
    pub make: Factory,
    /// Whether it has the shield inside, as a team that acts under its mask.
    shielded: bool,
    /// How it plays an episode, if it may look at what is still to come of it: no autoscaler can.
    ahead: Option<Ahead>,
}

impl Row {
    pub(crate) fn new(name: &str, about: &'static str, make: Factory) -> Self {
        Self { name: name.to_owned(), about, make, shielded: false, ahead: None }
    }

    /// A row of an autoscaler that is the same in every episode.
    pub fn of<A: Autoscaler + Clone + Sync + 'static>(name: &str, about: &'static str, scaler: A) -> Self {
        Self::new(name, about, Box::new(move |_| Box::new(scaler.clone())))
    }

    /// The same row, which has the shield inside if the run has one.
    #[must_use]
    pub fn with_shield_inside(self) -> Self {
        Self { shielded: true, ..self }
    }

    /// The same row, which plays ahead what it plays.
    #[cfg(feature = "lab")]
    #[must_use]
    pub(crate) fn playing_ahead(self, about: &'static str, ahead: Ahead) -> Self {
        Self { about, ahead: Some(ahead), ..self }
    }

    /// Plays an episode behind the run's shield, if there is one.
    pub(crate) fn play(
        &self,
        config: &RunConfig,
        scenario: &Scenario,
        moment: (Split, u64),
    ) -> EpisodeReport {
        if let Some(ahead) = &self.ahead {
            return ahead(config, scenario, moment);
        }
        let make = |foresight: &Foresight| self.guarded(config, foresight);
        karma_mock::evaluate(config.setup(), scenario, moment.0, moment.1, &make)
    }

    /// Makes it for one episode, behind the run's shield if there is one: all rows are held to the same limits.
    pub fn guarded(&self, config: &RunConfig, foresight: &Foresight) -> Box<dyn Autoscaler> {
        let scaler = (self.make)(foresight);
        match config.safeguard().filter(|_| !self.shielded) {
            Some(safeguard) => Box::new(Safeguarded::new(scaler, safeguard)),
            None => scaler,
        }
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}

/// CPU utilisation, in percent, that the calibrated HPA aims at: the best return of a sweep over 30 to 90 on the
/// calibration scenarios of chain4 (`cargo run --release -p karma --example calibrate_hpa`).
const CALIBRATED_PERCENT: i32 = 50;

/// The rule-based rows of every table, in its order.
///
/// # Errors
/// If an autoscaler's settings do not fit the topology.
pub fn rivals(config: &RunConfig) -> Result<Vec<Row>, RunError> {
    let topology = &config.setup().topology;
    let rival = |error: &dyn std::error::Error| RunError::Rival(error.to_string());
    let hpa = HpaAutoscaler::new(topology, &HpaAutoscalerParams::default()).map_err(|e| rival(&e))?;
    let calibrated = HpaAutoscalerParams::cpu(CALIBRATED_PERCENT);
    let calibrated = HpaAutoscaler::new(topology, &calibrated).map_err(|e| rival(&e))?;
    let threshold = ThresholdParams::default().check().map_err(|e| rival(&e))?;
    let alpha = u16::try_from(config.params().alpha).unwrap_or(u16::MAX);
    Ok(vec![
        Row::of("hpa", "the Kubernetes HPA as shipped: CPU at 80 % of the request", hpa),
        Row::of("hpa-50", "the HPA calibrated: CPU at 50 %", calibrated),
        Row::of(
            "static",
            "initial replicas, never changed: doing nothing",
            StaticReplicas::initial(topology),
        ),
        Row::of("static-max", "every service at its maximum", StaticReplicas::max(topology)),
        Row::of(
            "threshold",
            "one up above 80 % CPU, one down well below it",
            Threshold::new(topology, threshold),
        ),
        Row::of("random", "uniform steps, as an untrained team", RandomWalk::new(topology, alpha)),
        oracle(config, "oracle", OracleParams::default())?,
    ])
}

/// Makes clairvoyants for episodes on a topology.
pub(crate) type Oracles = Box<dyn Fn(&Foresight) -> Oracle + Send + Sync>;

/// Makes clairvoyants; the period between their decisions is that of `config`.
///
/// # Errors
/// If the settings are out of their ranges.
pub(crate) fn oracles(config: &RunConfig, params: OracleParams) -> Result<Oracles, RunError> {
    let topology = std::sync::Arc::clone(&config.setup().topology);
    let params = OracleParams { period_seconds: config.params().decision_period, ..params };
    let checked = params.check().map_err(|error| RunError::Rival(error.to_string()))?;
    Ok(Box::new(move |foresight: &Foresight| match Oracle::new(&topology, foresight.clone(), checked) {
        Ok(oracle) => oracle,
        Err(error) => unreachable!("a timeline of this topology has its shape: {error}"),
    }))
}

/// A clairvoyant as a row.
///
/// # Errors
/// If its settings are out of their ranges.
pub(crate) fn oracle(config: &RunConfig, name: &str, params: OracleParams) -> Result<Row, RunError> {
    let make = oracles(config, params)?;
    let make = move |foresight: &Foresight| -> Box<dyn Autoscaler> { Box::new(make(foresight)) };
    Ok(Row::new(name, "knows the coming load, but neither crashes nor crowded nodes", Box::new(make)))
}
