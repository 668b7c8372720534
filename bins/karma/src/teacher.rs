//! Whom a team imitates in the beginning of its training.
//!
//! The clairvoyant has the settings that the first calibration of `suites/paper.toml` chose; a wider search since then prefers a
//! lead of 0 and a target of 45 % (`docs/results.md`), which was not tried as a teacher. The threshold is near the 44 % that
//! the suite finds.

use karma_baseline::{OracleParams, Threshold, ThresholdParams};
use karma_mock::environment::TeacherFactory;

use crate::config::{RunConfig, Teacher};
use crate::error::RunError;
use crate::evaluation::oracle;

/// Seconds from a decision until a new pod serves, as the clairvoyant counts.
const LEAD_SECONDS: f64 = 15.0;
/// CPU utilisation above which the threshold rule adds a replica.
const UTILIZATION: f64 = 0.45;

/// Teachers for the episodes of a run, if it has one and its learner listens.
///
/// # Errors
/// If a teacher's settings do not fit the topology.
pub(crate) fn factory(config: &RunConfig) -> Result<Option<TeacherFactory>, RunError> {
    if config.learner().params().imitation.is_none() {
        return Ok(None);
    }
    Ok(match config.params().teacher {
        Teacher::None => None,
        Teacher::Oracle => {
            let params = OracleParams { lead_seconds: LEAD_SECONDS, ..OracleParams::default() };
            let row = oracle(config, "teacher", params)?;
            Some(TeacherFactory::new(move |foresight| (row.make)(foresight)))
        }
        Teacher::Threshold => {
            let params = ThresholdParams { utilization: UTILIZATION, ..ThresholdParams::default() };
            let checked = params.check().map_err(|error| RunError::Rival(error.to_string()))?;
            let rule = Threshold::new(&config.setup().topology, checked);
            Some(TeacherFactory::new(move |_| Box::new(rule.clone())))
        }
    })
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
        assert!(teacher(Teacher::Oracle, None) && teacher(Teacher::Threshold, None));
        assert!(!teacher(Teacher::None, None));
        assert!(!teacher(Teacher::Oracle, Some(ImitationParams::NONE)));
    }
}
