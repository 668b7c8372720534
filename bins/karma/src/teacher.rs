//! Whom a team imitates in the beginning of its training.

use std::sync::Arc;

use karma_baseline::{Oracle, OracleParams, Threshold, ThresholdParams};
use karma_core::Foresight;
use karma_mock::environment::TeacherFactory;

use crate::config::{RunConfig, Teacher};

/// Teachers for the episodes of a run, if it has one and its learner listens.
pub(crate) fn factory(config: &RunConfig) -> Option<TeacherFactory> {
    if config.learner().params().imitation.is_none() {
        return None;
    }
    let topology = Arc::clone(&config.setup().topology);
    match config.params().teacher {
        Teacher::None => None,
        Teacher::Oracle => {
            let params = OracleParams {
                lead_seconds: 15.0,
                period_seconds: config.params().decision_period,
                ..OracleParams::default()
            };
            let checked = params.check().ok()?;
            Some(TeacherFactory::new(move |foresight: &Foresight| {
                match Oracle::new(&topology, foresight.clone(), checked) {
                    Ok(oracle) => Box::new(oracle),
                    Err(error) => unreachable!("a timeline of this topology has its shape: {error}"),
                }
            }))
        }
        Teacher::Threshold => {
            let params = ThresholdParams { utilization: 0.45, ..ThresholdParams::default() };
            let rule = Threshold::new(&topology, params.check().ok()?);
            Some(TeacherFactory::new(move |_| Box::new(rule.clone())))
        }
    }
}
