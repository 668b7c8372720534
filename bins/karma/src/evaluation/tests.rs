//! The comparison as a whole, and figures whose values are known.

use karma_core::resilience::{Recovery, ResilienceMeter};
use karma_core::{Environment as _, EpisodeReport, PerAgent, Seconds};
use karma_marl::stats::BootstrapParams;
use karma_marl::{Mappo, Mode, TrainedPolicy};
use karma_mock::ClusterEnvironment;

use super::*;
use crate::config::RunParams;
use crate::progress::{Silent, TrainingProgress};
use crate::testing::{checked, tiny, tiny_params};

fn policies(config: &RunConfig) -> PerAgent<TrainedPolicy> {
    let environments = config.environments().unwrap();
    let mappo = Mappo::new(config.learner().clone(), environments, 3, config.threads()).unwrap();
    mappo.policies(Mode::Greedy)
}

fn all_rows(config: &RunConfig) -> Vec<Row> {
    let mut rows = vec![team_row(config, policies(config)).unwrap()];
    rows.extend(rivals(config).unwrap());
    rows
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let run = |threads| {
        let config = checked(crate::config::RunParams { threads: Some(threads), ..tiny_params() });
        evaluate(&config, &all_rows(&config), &mut Silent).unwrap()
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn every_row_plays_the_same_scenarios_and_seeds() {
    let config = tiny();
    let evaluation = evaluate(&config, &all_rows(&config), &mut Silent).unwrap();
    let names: Vec<&str> = evaluation.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["karma", "hpa", "hpa-50", "static", "static-max", "threshold", "random", "oracle"]);
    for row in &evaluation.rows {
        let places: Vec<_> = row.episodes.iter().map(EpisodeRecord::place).collect();
        assert_eq!(places, [("short", 1), ("short", 2)], "{}", row.name);
    }
    let pod_hours = |name: &str| {
        let row = evaluation.rows.iter().find(|row| row.name == name).unwrap();
        row.summary.estimate("pod_hours").unwrap().value
    };
    let held = 9.0 * 90.0 / 3600.0;
    assert!(
        (pod_hours("static") - held).abs() < 0.02,
        "static holds the nine initial pods of chain4: {}",
        pod_hours("static")
    );
    assert!(pod_hours("static-max") > 2.0 * pod_hours("static"), "everything at its maximum costs more");
}

/// The team behind the seam of autoscalers is the team of the environment: the same observations, the same moves.
#[test]
fn a_team_does_in_the_comparison_what_it_does_in_its_environment() {
    // Without an organisation, because its missions would add to the rewards of the environment.
    let config = checked(RunParams { organization: "none".to_owned(), ..tiny_params() });
    let policies = policies(&config);
    let (setup, scenarios) = (config.setup().clone(), config.scenarios().to_vec());
    let mut environment =
        ClusterEnvironment::new(setup, scenarios.into(), Split::Evaluation, config.team(), config.observer())
            .unwrap();
    assert_eq!(environment.spec().agents.len(), 4);
    let seeds = seeds(&config);
    let expected = karma_marl::episodic_returns(&mut environment, &policies, seeds.iter().copied()).unwrap();
    let evaluation = evaluate(&config, &[team_row(&config, policies).unwrap()], &mut Silent).unwrap();
    let got: Vec<f64> =
        evaluation.rows[0].episodes.iter().filter_map(|episode| episode.report.episodic_return).collect();
    assert_eq!(got, expected);
}

#[test]
fn the_episode_that_is_shown_is_one_of_those_that_are_counted() {
    let config = tiny();
    let evaluation = evaluate(&config, &all_rows(&config), &mut Silent).unwrap();
    let showcase = evaluation.showcase.unwrap();
    assert_eq!((showcase.legitimate.len(), showcase.plays.len()), (90, 2));
    for (play, row) in showcase.plays.iter().zip(&evaluation.rows) {
        assert_eq!((&play.row, &play.report), (&row.name, &row.episodes[0].report));
        assert_eq!((play.success.len(), play.replicas.len()), (90, 6));
    }
}

/// Stops after the first episode.
struct Impatient(usize);

impl crate::Progress for Impatient {
    fn note(&mut self, _text: &str) {}

    fn trained(&mut self, _training: &TrainingProgress<'_>) {}

    fn evaluated(&mut self, done: usize, _total: usize) {
        self.0 = done;
    }

    fn interrupted(&self) -> bool {
        self.0 > 0
    }
}

#[test]
fn an_interrupted_comparison_gives_nothing_rather_than_a_part() {
    let config = checked(crate::config::RunParams { threads: Some(1), ..tiny_params() });
    assert_eq!(evaluate(&config, &all_rows(&config), &mut Impatient(0)), None);
}

fn record(scenario: &str, seed: u64, success: Option<f64>, recovery: Option<Recovery>) -> EpisodeRecord {
    let report = ResilienceMeter::new(Seconds(1.0)).report(None);
    let report = EpisodeReport { success_rate: success, recovery, ..report };
    EpisodeRecord { scenario: scenario.to_owned(), seed, report }
}

fn row(name: &str, successes: &[(&str, u64, Option<f64>)]) -> RowReport {
    let episodes: Vec<_> =
        successes.iter().map(|(scenario, seed, s)| record(scenario, *seed, *s, None)).collect();
    let bootstrap = BootstrapParams { resamples: 100, ..BootstrapParams::default() }.check().unwrap();
    let summary = Statistician { bootstrap: &bootstrap }.summary(&episodes);
    RowReport {
        name: name.to_owned(),
        about: String::new(),
        summary,
        by_scenario: Vec::new(),
        interventions: None,
        episodes,
    }
}

#[test]
fn episodes_without_a_value_are_counted_and_left_out() {
    let row = row("a", &[("x", 1, Some(0.5)), ("x", 2, None), ("y", 1, None)]);
    assert_eq!(row.summary.estimate("success_rate").map(|estimate| estimate.value), Some(0.5));
    assert_eq!(row.summary.missing["success_rate"], 2);
    assert_eq!(row.summary.estimate("recovery_seconds"), None);
    assert_eq!(row.summary.recovery_censored, None);
}

#[test]
fn recoveries_that_were_cut_off_count_with_their_lower_bound_and_are_told() {
    let recoveries = [Recovery::After(Seconds(10.0)), Recovery::Censored(Seconds(30.0))];
    let episodes = recoveries.map(|recovery| record("x", 1, None, Some(recovery)));
    let bootstrap = BootstrapParams { resamples: 100, ..BootstrapParams::default() }.check().unwrap();
    let summary = Statistician { bootstrap: &bootstrap }.summary(&episodes);
    assert_eq!(summary.estimate("recovery_seconds").map(|estimate| estimate.value), Some(20.0));
    assert_eq!(summary.recovery_censored, Some(0.5));
}

#[test]
fn two_rows_are_compared_seed_by_seed() {
    let ours =
        row("ours", &[("x", 1, Some(0.9)), ("x", 2, Some(0.5)), ("y", 1, Some(0.7)), ("y", 2, Some(0.4))]);
    let theirs =
        row("theirs", &[("x", 1, Some(0.8)), ("x", 2, Some(0.5)), ("y", 1, Some(0.6)), ("y", 2, None)]);
    let bootstrap = BootstrapParams { resamples: 100, ..BootstrapParams::default() }.check().unwrap();
    let comparison = Statistician { bootstrap: &bootstrap }.comparison(&ours, &theirs);
    let difference = comparison.differences.iter().find(|found| found.measure == "success_rate").unwrap();
    // Gains 0.1, 0 and 0.1: nothing is cut of three. Two wins and a tie.
    assert!((difference.estimate.value - 0.2 / 3.0).abs() < 1e-12);
    assert!((difference.wins.value - 2.5 / 3.0).abs() < 1e-12);
}

#[test]
fn less_is_better_where_less_is_better() {
    let (mut ours, mut theirs) = (row("ours", &[("x", 1, None)]), row("theirs", &[("x", 1, None)]));
    ours.episodes[0].report.pod_hours = 1.0;
    theirs.episodes[0].report.pod_hours = 2.0;
    let bootstrap = BootstrapParams { resamples: 100, ..BootstrapParams::default() }.check().unwrap();
    let comparison = Statistician { bootstrap: &bootstrap }.comparison(&ours, &theirs);
    let difference = comparison.differences.iter().find(|found| found.measure == "pod_hours").unwrap();
    assert_eq!((difference.estimate.value, difference.wins.value), (-1.0, 1.0));
}
