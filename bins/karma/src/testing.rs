//! Small settings for tests.

use karma_marl::MappoParams;
use karma_mock::ScenarioParams;

use crate::config::{Budget, Choice, EvaluationParams, RunConfig, RunParams, Written};

/// One short scenario with crashes, two environments, two seeds, one iteration.
pub(crate) fn tiny_params() -> RunParams {
    let scenario: ScenarioParams = toml::from_str(
        "name = \"short\"\n\
         episode = { warm_up = 5, measured = 90, calm_before = 10, calm_after = 40 }\n\
         disturbances = [{ failures = { duration = [20, 30], shares = [0.5] } }]",
    )
    .expect("a scenario");
    RunParams {
        workload: Choice::named("constant"),
        scenarios: vec![Choice::Table(Box::new(scenario))],
        budget: Budget::Iterations(1),
        learner: MappoParams { num_envs: 2, num_minibatches: 1, hidden: vec![8], ..MappoParams::default() },
        evaluation: EvaluationParams { seeds: 2, resamples: 100, ..EvaluationParams::default() },
        ..RunParams::default()
    }
}

/// The same, checked.
pub(crate) fn tiny() -> RunConfig {
    checked(tiny_params())
}

/// Settings that must be sound.
pub(crate) fn checked(params: RunParams) -> RunConfig {
    Written::from(params).check().expect("sound settings")
}
