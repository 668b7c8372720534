//! Who looks ahead: a yardstick that knows what comes, one that knows the present, and a rule that sees what every rule sees.

use std::sync::Arc;

use karma_baseline::{Threshold, ThresholdParams};
use karma_core::{Advised, Autoscaler, Foresight, Topology};
use karma_mock::environment::{AheadParams, Lookahead, LookaheadParams, evaluate_ahead};
use karma_mock::{Scenario, Split};
use serde::{Deserialize, Serialize};

use super::rule::{OracleRule, Refused};
use crate::config::RunConfig;
use crate::evaluation::{Ahead, Row, oracle, oracles};

/// One who knows what comes, as a suite writes it: the settings of the clairvoyant that is improved on, and how far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AheadRule {
    /// Utilisation that the clairvoyant plans for. Default 0.5.
    target: f64,
    /// Its seconds from a decision until a new pod serves. Default 30.
    lead: f64,
    /// Decisions that are played ahead, 1 to 1000. Default 8.
    horizon: usize,
    /// Replicas of one service that are tried above and below, 1 to 100. Default 3.
    reach: u32,
}

impl Default for AheadRule {
    fn default() -> Self {
        let (OracleRule { target, lead }, AheadParams { horizon, reach, .. }) =
            (OracleRule::default(), AheadParams::default());
        Self { target, lead, horizon, reach }
    }
}

impl AheadRule {
    pub(super) fn row(&self, name: &str, about: &'static str, config: &RunConfig) -> Result<Row, Refused> {
        let Self { target, lead, horizon, reach } = *self;
        LookaheadParams { horizon, reach, ..LookaheadParams::default() }
            .check()
            .map_err(|e| e.to_string())?;
        let base = OracleRule { target, lead }.params();
        let ahead = AheadParams { horizon, reach, ..AheadParams::default() };
        let make = oracles(config, base).map_err(|error| error.to_string())?;
        let row = oracle(config, name, base).map_err(|error| error.to_string())?;
        Ok(row.playing_ahead(about, playing(make, ahead)))
    }
}

/// One who plans for things to stay as they are, as a suite writes it: the rule that is improved on, and how far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PlannerRule {
    /// CPU over the request above which the rule adds a replica; more than 0. Default 0.8.
    utilization: f64,
    /// Decisions that are played ahead, 1 to 1000. Default 5: longer looks count on things to stay as they are for longer.
    horizon: usize,
    /// Replicas of one service that are tried above and below, 1 to 100. Default 1.
    reach: u32,
    /// Futures that are imagined for each decision, 1 to 1000. Default 2.
    futures: usize,
    /// Reward that a try has to earn more than what is decided so far, 0 to 1; less is chance. Default 0.01.
    margin: f32,
}

impl Default for PlannerRule {
    fn default() -> Self {
        let ThresholdParams { utilization, .. } = ThresholdParams::default();
        Self { utilization, horizon: 5, reach: 1, futures: 2, margin: 0.01 }
    }
}

impl PlannerRule {
    pub(super) fn row(&self, name: &str, about: &'static str, topology: &Topology) -> Result<Row, Refused> {
        let Self { utilization, horizon, reach, futures, margin } = *self;
        let look = LookaheadParams { horizon, reach, futures, margin, ..LookaheadParams::default() };
        look.check().map_err(|error| error.to_string())?;
        let base = threshold(utilization, topology)?;
        let make = {
            let base = base.clone();
            move |_: &Foresight| base.clone()
        };
        let ahead = AheadParams { horizon, reach, futures, margin };
        Ok(Row::of(name, about, base).playing_ahead(about, playing(make, ahead)))
    }
}

/// The threshold rule that looks ahead in a twin of what it sees, as a suite writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LookaheadRule {
    /// CPU over the request above which the rule adds a replica; more than 0. Default 0.8.
    utilization: f64,
    /// How far it looks, and how sure it has to be. Default: as a team's.
    look: LookaheadParams,
}

impl Default for LookaheadRule {
    fn default() -> Self {
        let ThresholdParams { utilization, .. } = ThresholdParams::default();
        Self { utilization, look: LookaheadParams::default() }
    }
}

impl LookaheadRule {
    pub(super) fn row(&self, name: &str, about: &'static str, config: &RunConfig) -> Result<Row, Refused> {
        let look = self.look.check().map_err(|error| format!("look: {error}"))?;
        let base = threshold(self.utilization, &config.setup().topology)?;
        let advisers = Lookahead::factory(Arc::clone(config.setup()), look, base.clone());
        let safeguards = config.safeguard();
        let make = move |_: &Foresight| -> Box<dyn Autoscaler> {
            Box::new(Advised::new(base.clone(), advisers.clone(), safeguards.clone()))
        };
        Ok(Row::new(name, about, Box::new(make)).with_shield_inside())
    }
}

/// The threshold rule that is improved on.
fn threshold(utilization: f64, topology: &Topology) -> Result<Threshold, Refused> {
    let params = ThresholdParams { utilization, ..ThresholdParams::default() };
    Ok(Threshold::new(topology, params.check().map_err(|error| error.to_string())?))
}

/// Plays an episode ahead, on top of what is made for it, behind the shield of the run.
fn playing<A>(make: impl Fn(&Foresight) -> A + Send + Sync + 'static, ahead: AheadParams) -> Ahead
where
    A: Autoscaler + Clone + 'static,
{
    Box::new(move |config: &RunConfig, scenario: &Scenario, moment: (Split, u64)| {
        let safeguard = config.safeguard();
        evaluate_ahead(config.setup(), scenario, moment, &make, (safeguard.as_ref(), ahead))
    })
}
