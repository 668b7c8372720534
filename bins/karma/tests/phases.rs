//! The phases as functions: a run from the library, and its team afterwards.

use karma::config::{Budget, Choice, EvaluationParams, RunParams, Written};
use karma::core::{Autoscaler as _, EpisodeReport, SeedTree};
use karma::marl::MappoParams;
use karma::mock::{Episode, ScenarioParams, Split};
use karma::run_dir::Status;
use karma::{Outcome, Progress, Run, Silent, TrainingProgress};

fn params() -> RunParams {
    let scenario: ScenarioParams = toml::from_str(
        "name = \"short\"\n\
         episode = { warm_up = 5, measured = 90, calm_before = 10, calm_after = 40 }\n\
         disturbances = [{ failures = { duration = [20, 30], shares = [0.5] } }]",
    )
    .expect("a scenario");
    RunParams {
        workload: Choice::named("constant"),
        scenarios: vec![Choice::Table(Box::new(scenario))],
        budget: Budget::Iterations(2),
        learner: MappoParams { num_envs: 2, num_minibatches: 1, hidden: vec![8], ..MappoParams::default() },
        evaluation: EvaluationParams { seeds: 1, resamples: 100, ..EvaluationParams::default() },
        ..RunParams::default()
    }
}

/// Remembers what it was told, and stops after the first iteration.
#[derive(Default)]
struct Listener {
    spent: Vec<f64>,
    stop: bool,
}

impl Progress for Listener {
    fn note(&mut self, _text: &str) {}

    fn trained(&mut self, training: &TrainingProgress<'_>) {
        self.spent.push(training.spent);
    }

    fn evaluated(&mut self, _done: usize, _total: usize) {}

    fn interrupted(&self) -> bool {
        self.stop && !self.spent.is_empty()
    }
}

#[test]
fn the_team_of_a_run_acts_as_it_did_in_the_table() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run");
    let config = Written::from(params()).check().unwrap();
    let run = Run::create(config, Some(&path), false).unwrap();
    let Outcome::Finished(report) = run.work(&mut Silent).unwrap() else { panic!("nobody interrupted it") };
    let record = &report.evaluation.rows[0].episodes[0];

    let (mut team, config) = karma::load_team(&path).unwrap();
    let mut episode = Episode::new(config.setup(), &config.scenarios()[0], Split::Evaluation, record.seed);
    let mut rng = SeedTree::new(record.seed).rng();
    while !episode.is_over() {
        let decision = team.decide(&episode.snapshot(), &mut rng);
        episode.play(&decision);
    }
    let report =
        EpisodeReport { conduct: team.conduct(), interventions: team.interventions(), ..episode.report() };
    assert_eq!(report, record.report);
}

#[test]
fn an_interrupted_run_says_so_and_goes_on_where_it_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run");
    let config = Written::from(params()).check().unwrap();
    let mut listener = Listener { stop: true, ..Listener::default() };
    let outcome = Run::create(config, Some(&path), false).unwrap().work(&mut listener).unwrap();
    assert!(matches!(outcome, Outcome::Interrupted));
    let manifest = std::fs::read_to_string(path.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"status\": \"interrupted\""), "{manifest}");

    listener.stop = false;
    let run = Run::resume(&path, |stored| stored).unwrap();
    let Outcome::Finished(report) = run.work(&mut listener).unwrap() else { panic!("nobody interrupted it") };
    assert_eq!(listener.spent, [0.5, 1.0]);
    assert_eq!((report.manifest.status, report.manifest.iterations), (Status::Finished, 2));
}

#[test]
fn a_team_of_another_topology_is_not_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run");
    let config = Written::from(params()).check().unwrap();
    Run::create(config, Some(&path), false).unwrap().work(&mut Silent).unwrap();
    let settings = std::fs::read_to_string(path.join("config.toml")).unwrap();
    std::fs::write(path.join("config.toml"), settings.replace("chain4", "diamond")).unwrap();
    let told = karma::load_team(&path).unwrap_err().to_string();
    assert!(
        told.ends_with("policy.json: damaged: it does not fit the run's settings and topology"),
        "{told}"
    );
}
