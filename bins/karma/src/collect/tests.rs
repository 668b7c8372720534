//! A collection is whole, in order, the same however it came about, and true to what was played.

use std::collections::BTreeSet;
use std::convert::Infallible;

use karma_core::{Metric, Replicas};
use karma_mock::{Episode, Split};

use super::*;
use crate::config::{RunParams, ScenarioChoice};
use crate::testing::{checked, tiny, tiny_params};

fn gather(plan: &CollectPlan, done: &BTreeSet<Job>) -> Vec<(Job, TraceWindow)> {
    let mut windows = Vec::new();
    let sink = |job, window| -> Result<(), Infallible> {
        windows.push((job, window));
        Ok(())
    };
    assert_eq!(collect(plan, done, sink, |_, _| true), Ok(true));
    windows
}

fn plan(policy: &str, episodes: u64) -> CollectPlan {
    CollectPlan::new(tiny(), policy, episodes).unwrap()
}

#[test]
fn windows_do_not_depend_on_the_number_of_threads() {
    let run = |threads| {
        let config = checked(RunParams { threads: Some(threads), ..tiny_params() });
        gather(&CollectPlan::new(config, EXPLORE, 4).unwrap(), &BTreeSet::new())
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn a_collection_goes_on_where_it_stopped() {
    let plan = plan(EXPLORE, 4);
    let whole = gather(&plan, &BTreeSet::new());
    assert_eq!(whole.iter().map(|(job, _)| job.clone()).collect::<Vec<_>>(), plan.jobs());
    let done = BTreeSet::from([whole[0].0.clone(), whole[2].0.clone()]);
    assert_eq!(gather(&plan, &done), [whole[1].clone(), whole[3].clone()]);
    let all = plan.jobs().into_iter().collect();
    assert_eq!(gather(&plan, &all), []);
}

#[test]
fn what_is_there_and_what_is_wanted_are_told_and_a_no_stops() {
    let plan = plan("static", 3);
    let done = BTreeSet::from([plan.jobs().swap_remove(0)]);
    let mut told = Vec::new();
    let watch = |there, all| {
        told.push((there, all));
        there < 2
    };
    assert_eq!(collect(&plan, &done, |_, _| Ok::<(), Infallible>(()), watch), Ok(false));
    assert!(told.is_sorted() && told.first() == Some(&(1, 3)) && told.last() >= Some(&(2, 3)), "{told:?}");
}

#[test]
fn a_window_has_every_decision_and_the_state_that_followed_it() {
    for policy in [EXPLORE, "hpa-50", "random", "oracle"] {
        for (job, window) in gather(&plan(policy, 2), &BTreeSet::new()) {
            assert_eq!(Job::of(&window.header).as_ref(), Some(&job));
            assert_eq!((window.steps.len(), window.transitions()), (7, 6), "90 s, a decision every 15 s");
            for pair in window.steps.windows(2) {
                let (before, after) = (&pair[0], &pair[1]);
                assert!((after.state.time.0 - before.state.time.0 - 15.0).abs() < 1e-9);
                let targets = &before.decision.as_ref().unwrap().targets;
                let asked = after.state.services.map(|row| row.get(Metric::DesiredReplicas).unwrap());
                assert_eq!(asked, targets.map(|target| target.get() as f32), "{policy}");
            }
            assert!(window.steps.iter().all(|step| step.state.age.is_some_and(|age| age.0 <= 5.0)));
            assert!(window.steps.iter().all(|step| step.state.resilience.is_some()));
            assert_eq!(window.steps[6].decision, None);
        }
    }
}

#[test]
fn probabilities_are_of_draws_certain_for_rules_and_missing_where_nobody_knows() {
    let probabilities = |policy: &str| -> Vec<Option<f64>> {
        let windows = gather(&plan(policy, 2), &BTreeSet::new());
        let decisions = windows.iter().flat_map(|(_, window)| &window.steps);
        decisions.filter_map(|step| Some(step.decision.as_ref()?.probability)).collect()
    };
    assert!(probabilities(EXPLORE).iter().all(|p| p.is_some_and(|p| p > 0.0 && p < 1.0)));
    assert!(probabilities("threshold").iter().all(|p| *p == Some(1.0)));
    assert!(probabilities("random").iter().all(Option::is_none));
}

/// Replayed by its targets, an episode gives the same rewards: what is written is what was done.
#[test]
fn the_rewards_are_those_of_the_decisions_that_are_written() {
    let plan = plan(EXPLORE, 1);
    let (_, window) = gather(&plan, &BTreeSet::new()).swap_remove(0);
    let (config, scenario) = (plan.config(), &plan.config().scenarios()[0]);
    let mut episode = Episode::new(config.setup(), scenario, Split::Train, 1);
    for written in window.steps.iter().filter_map(|step| step.decision.as_ref()) {
        let target = |replicas: &Replicas| karma_core::Target::new(*replicas, "as written");
        let decision = karma_core::Decision { targets: written.targets.map(target) };
        assert_eq!(Some(episode.play(&decision)), written.reward);
    }
    assert!(episode.is_over());
}

#[test]
fn a_period_that_the_end_cuts_short_is_left_out() {
    let config = checked(RunParams { decision_period: 20.0, ..tiny_params() });
    let plan = CollectPlan::new(config, "static", 1).unwrap();
    let (_, window) = gather(&plan, &BTreeSet::new()).swap_remove(0);
    assert_eq!(window.transitions(), 4, "90 s hold four periods of 20 s");
}

#[test]
fn the_whole_suite_is_collected_in_calm_as_well() {
    let scenarios = |scenarios: Vec<ScenarioChoice>| {
        let config = checked(RunParams { scenarios, ..tiny_params() });
        let jobs = CollectPlan::new(config, EXPLORE, 2).unwrap().jobs();
        jobs.into_iter().map(|job| (job.seed, job.scenario)).collect::<Vec<_>>()
    };
    let whole = scenarios(ScenarioChoice::suite());
    assert_eq!((whole.len(), &whole[6], &whole[7]), (14, &(1, "nominal".into()), &(2, "bottleneck".into())));
    assert_eq!(scenarios(vec![ScenarioChoice::named("ddos")]), [(1, "ddos".into()), (2, "ddos".into())]);
}

#[test]
fn a_policy_that_is_not_known_is_refused_with_those_that_are() {
    let error = CollectPlan::new(tiny(), "exploer", 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown policy \"exploer\"; known: explore, hpa, hpa-50, static, static-max, threshold, random, oracle"
    );
}
