//! Ranges of the settings that no other crate checks.

use std::fmt::Display;

use super::error::ConfigError;
use super::params::RunParams;
use super::sources::Sources;

pub(super) fn check(params: &RunParams, sources: &Sources) -> Result<(), ConfigError> {
    let unless = |ok: bool, setting: &str, value: &dyn Display, allowed: &str| {
        if ok {
            Ok(())
        } else {
            Err(sources.refuse(setting, &format!("{setting} is {value}; allowed: {allowed}")))
        }
    };
    let RunParams { seed, decision_period, alpha, history, .. } = params;
    unless(i64::try_from(*seed).is_ok(), "seed", seed, "0 to 9223372036854775807")?;
    unless(
        (1.0..=3600.0).contains(decision_period),
        "decision_period",
        decision_period,
        "1 to 3600 seconds",
    )?;
    unless((1..=100).contains(alpha), "alpha", alpha, "1 to 100")?;
    unless((1..=16).contains(history), "history", history, "1 to 16")?;
    let rounds = params.rounds.unwrap_or(1);
    unless((1..=1000).contains(&rounds), "rounds", &rounds, "1 to 1000")?;
    let threads = params.threads.unwrap_or(1);
    unless((1..=1024).contains(&threads), "threads", &threads, "1 to 1024")?;
    let seeds = params.evaluation.seeds;
    unless((1..=10_000).contains(&seeds), "evaluation.seeds", &seeds, "1 to 10000")?;
    let num_envs = params.learner.num_envs;
    unless(num_envs <= 4096, "learner.num_envs", &num_envs, "1 to 4096")?;
    for (setting, weight) in weights(params) {
        unless((0.0..=1000.0).contains(&weight), setting, &weight, "0 to 1000")?;
    }
    Ok(())
}

fn weights(params: &RunParams) -> [(&'static str, f32); 7] {
    let (reward, weights) = (&params.reward, &params.reward.resilience);
    [
        ("reward.resilience.success", weights.success),
        ("reward.resilience.pods", weights.pods),
        ("reward.resilience.latency", weights.latency),
        ("reward.resilience.availability", weights.availability),
        ("reward.resilience.traffic", weights.traffic),
        ("reward.over_provisioning", reward.over_provisioning),
        ("reward.churn", reward.churn),
    ]
}
