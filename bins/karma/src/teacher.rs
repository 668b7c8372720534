//! Whom a team imitates in its training.
//!
//! The clairvoyant asks for what is coming as soon as it is, and for no more: whoever cannot see the load come is left with
//! too little. The threshold rule keeps some slack, and is late. A team that imitates the higher of the two learns to be early where
//! something announces the load, at the entry points above all, and to keep slack where nothing does. What the teacher knows and
//! the team cannot see is averaged out (*learning by cheating*: Chen, Zhou, Koltun and Krähenbühl, `CoRL` 2019).
//!
//! The settings were chosen on the calibration split.

use karma_baseline::{Highest, OracleParams, Share, Threshold, ThresholdParams};
use karma_core::{Autoscaler, Topology};
use karma_mock::environment::TeacherFactory;

use crate::config::{RunConfig, Teacher};
use crate::error::RunError;
use crate::evaluation::{Oracles, oracles};

/// Seconds from a decision until a new pod serves, as the clairvoyant counts: it is told the load of one decision period.
const LEAD_SECONDS: f64 = 0.0;
/// Utilisation that the clairvoyant plans for.
const PLANNED: f64 = 0.5;
/// CPU utilisation, of the limit as the agents see it, above which the threshold rule adds a replica.
const UTILIZATION: f64 = 0.48;

/// Teachers for the episodes of a run, if it has one and its learner listens.
///
/// # Errors
/// If a teacher's settings do not fit the topology.
pub(crate) fn factory(config: &RunConfig) -> Result<Option<TeacherFactory>, RunError> {
    if config.learner().params().imitation.is_none() {
        return Ok(None);
    }
    let rule = || rule(&config.setup().topology);
    let (sees, knows) = match config.params().teacher {
        Teacher::None => return Ok(None),
        Teacher::Oracle => (None, Some(clairvoyants(config)?)),
        Teacher::Threshold => (Some(rule()), None),
        Teacher::Prudent => (Some(rule()), Some(clairvoyants(config)?)),
    };
    Ok(Some(TeacherFactory::new(move |foresight| {
        let sees = sees.iter().map(|rule| Box::new(rule.clone()) as Box<dyn Autoscaler>);
        let knows = knows.iter().map(|make| Box::new(make(foresight)) as Box<dyn Autoscaler>);
        Box::new(Highest::new("teacher", sees.chain(knows).collect()))
    })))
}

/// The rule that a team imitates, and that is taken to follow where it looks ahead.
#[expect(clippy::expect_used, reason = "its settings are those of this file")]
pub(crate) fn rule(topology: &Topology) -> Threshold {
    let params = ThresholdParams { utilization: UTILIZATION, of: Share::Limit, ..ThresholdParams::default() };
    Threshold::new(topology, params.check().expect("a threshold"))
}

fn clairvoyants(config: &RunConfig) -> Result<Oracles, RunError> {
    let params =
        OracleParams { target_utilization: PLANNED, lead_seconds: LEAD_SECONDS, ..OracleParams::default() };
    oracles(config, params)
}

#[cfg(test)]
mod tests {
    use karma_marl::ImitationParams;

    use super::*;
    use crate::config::{RunParams, Written};

    fn teacher(teacher: Teacher, imitation: Option<ImitationParams>) -> bool {
        let mut params = RunParams { teacher, ..RunParams::default() };
        params.learner.imitation = imitation.unwrap_or(params.learner.imitation);
        factory(&Written::from(params).check().unwrap()).unwrap().is_some()
    }

    #[test]
    fn there_is_a_teacher_where_one_is_wanted_and_heard() {
        for wanted in [Teacher::Oracle, Teacher::Threshold, Teacher::Prudent] {
            assert!(teacher(wanted, None));
        }
        assert!(!teacher(Teacher::None, None));
        assert!(!teacher(Teacher::Oracle, Some(ImitationParams::NONE)));
    }
}
