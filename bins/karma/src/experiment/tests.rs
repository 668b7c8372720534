//! A small suite from end to end, and what makes a comparison fair.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use karma_core::Digest;
use karma_mock::Split;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::RowAccessor as _;

use super::episodes;
use super::job::Site;
use super::record::Record;
use super::report;
use super::results::Results;
use super::testing::suite;
use crate::progress::{Progress, Silent, TrainingProgress};
use crate::run_dir::{RunDir, Status};

const SMALL: &str = r#"
about = "small"
[fixed]
budget = 2
evaluation = { seeds = 2, resamples = 200 }
scenarios = ["nominal", "ddos:2"]
"learner.num_envs" = 2
[calibration]
seeds = 1
[[arenas]]
name = "main"
[[rules]]
name = "hpa"
rule = { kind = "hpa" }
search = { target = [0.4, 0.8] }
[[rules]]
name = "static"
rule = { kind = "static" }
[[rules]]
name = "oracle"
yardstick = true
rule = { kind = "oracle" }
[[rules]]
name = "foresight"
yardstick = true
arenas = ["main"]
rule = { kind = "ahead", horizon = 2, reach = 1 }
[[rules]]
name = "planner"
yardstick = true
rule = { kind = "planner", horizon = 2, futures = 1 }
[[rules]]
name = "most"
ours = true
rule = { kind = "static", replicas = 10 }
[[teams]]
name = "hard"
seeds = 2
[[teams]]
name = "none"
seeds = 1
settings = { organization = "none" }
[assault]
against = ["static", "hard"]
seeds = 2
iterations = 1
episodes = 2
"#;

fn play(directory: &Path, threads: usize) -> (Results, Vec<Record>) {
    let suite = suite(&SMALL.replace("budget = 2", &format!("budget = 2\nthreads = {threads}"))).unwrap();
    let site = Site { suite: &suite, base: Path::new(""), directory };
    let jobs = suite.jobs();
    let records: Vec<Record> = jobs.iter().map(|job| site.work(job, &mut Silent).unwrap().unwrap()).collect();
    let again: Vec<Record> = jobs.iter().filter_map(|job| Record::read(&suite, directory, job)).collect();
    assert_eq!(records.len(), again.len(), "what is done is found again");
    (Results::of(&suite, &again), again)
}

#[test]
fn a_suite_is_played_and_says_who_is_better_and_how_much_room_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let (results, records) = play(directory.path(), 2);
    let (_, manifest) = RunDir::open(&directory.path().join("teams/hard-seed-1")).unwrap();
    assert_eq!(
        (manifest.status, manifest.iterations),
        (Status::Finished, 2),
        "a training is a run as any other"
    );
    let arena = &results.arenas[0];
    let names: Vec<&str> = arena.standings.iter().map(|standing| standing.name.as_str()).collect();
    assert_eq!(names, ["hpa", "static", "oracle", "foresight", "planner", "most", "hard", "none"]);
    assert_eq!((arena.standings[6].runs, arena.standings[0].runs), (2, 1));
    assert_eq!(results.calibrations["hpa"].candidates.len(), 2);
    assert!(arena.versus.iter().all(|versus| versus.p <= versus.p_holm && versus.against != "hard"));
    assert!(arena.versus.iter().any(|versus| versus.against == "none"), "teams are compared, too");
    assert_eq!(arena.room.len(), 4, "two scenarios, two measures");
    assert!(
        arena.room.iter().all(|room| ["hpa", "static"].contains(&room.rule.0.as_str())),
        "what is ours is nobody's rival, however good it is"
    );
    assert_eq!(results.trainings.len(), 2);
    for standing in &arena.standings {
        assert!(standing.tails["episodic_return"].value <= standing.figures["episodic_return"].value);
        assert!(standing.tails["failed_or_late"].value >= standing.figures["failed_or_late"].value);
    }
    let attacked: Vec<_> = results.assaults.iter().map(|one| (one.name.as_str(), one.attackers)).collect();
    assert_eq!(attacked, [("static", 2), ("hard", 2)], "of a team each training by one");
    for attacked in &results.assaults {
        let with = |attacker: &str| attacked.figures[attacker]["episodic_return"].value;
        assert!(with("untrained") < with("nobody") && attacked.loss.unwrap().value > 0.0, "{attacked:?}");
    }
    let ours: Vec<&str> = arena.front.teams.iter().map(|saving| saving.team.name.as_str()).collect();
    assert_eq!((ours.as_slice(), arena.services), (["most", "hard", "none"].as_slice(), 4));
    assert_eq!(arena.fronts.keys().collect::<Vec<_>>(), ["ddos:2", "nominal"]);
    let figure = |name: &str, measure: &str| {
        arena.standings.iter().find(|standing| standing.name == name).unwrap().figures[measure].value
    };
    for team in arena.front.teams.iter().map(|saving| &saving.team) {
        let place = (figure(&team.name, "failed_or_late"), figure(&team.name, "pod_hours"));
        assert_eq!((team.failed_or_late, team.pod_hours), place, "the front is of the figures of the table");
    }
    assert!(arena.seconds.iter().all(|seconds| seconds.unwrap() > 0.0));
    let text = report::markdown(&results, "the command");
    for told in [
        "| hpa |",
        "hard (2 trainings)",
        "oracle, a yardstick",
        "calibrated: target",
        "## main: the worst tenth",
        "## main: the same resilience, at what cost",
        "## main: the same resilience, at what cost, by scenario",
        "static (2 attackers)",
        "## Cost of an episode",
        "## Calibration",
    ] {
        assert!(text.contains(told), "{told} is missing in {text}");
    }
    episodes_are_a_table(&directory.path().join("episodes.parquet"), &results, &records);
    let page = report::html(&results);
    assert!(page.contains("<svg") && !page.contains("http://") && page.contains("failed or late"));
}

/// What another reader of Parquet finds.
fn episodes_are_a_table(file: &Path, results: &Results, records: &[Record]) {
    episodes::write(records, File::create(file).unwrap()).unwrap();
    let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    let of = |arena: &str| rows.iter().filter(|row| row.get_string(0).unwrap() == arena).collect::<Vec<_>>();
    let runs: usize = results.arenas[0].standings.iter().map(|standing| standing.runs).sum();
    assert_eq!(of("main").len(), runs * results.arenas[0].episodes);
    assert_eq!(of("assault").len(), 4 * 3 * 2, "four attackers, three kinds of them, two episodes");
    let hard: Vec<&_> = rows.iter().filter(|row| row.get_string(1).unwrap() == "hard").collect();
    assert!(
        hard.iter().all(|row| row.get_bool(2).unwrap())
            && hard.iter().any(|row| row.get_long(3).unwrap() == 2)
    );
    let first = &records[0].arenas["main"][0];
    let row = of("main")[0].clone();
    assert_eq!(row.get_string(4).unwrap(), &first.scenario);
    assert_eq!(row.get_double(6).ok(), first.report.success_rate);
}

/// The halves of the organisation that are compared are KARMA's own but for what they are about.
#[test]
fn ablations_of_the_organisation_are_karmas_with_other_numbers() {
    let read = |name: &str| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites").join(name)).unwrap()
    };
    let body = |text: &str| text[text.find("organization:").unwrap()..].to_owned();
    let guides = body(karma_org::karma::GUIDES).replace("penalty: -0.05", "penalty: 0");
    let roles = guides.replace("weight: 0.02", "weight: 0");
    let missions = guides.replace("hardness: 1", "hardness: 0");
    for (name, expected) in [("roles-only", roles), ("missions-only", missions)] {
        let expected = expected.replacen("organization: karma", &format!("organization: {name}"), 1);
        assert_eq!(body(&read(&format!("{name}.guides.yaml"))), expected);
        let specification =
            karma_org::karma::SPECIFICATION.replacen("id=\"karma\"", &format!("id=\"{name}\""), 1);
        assert_eq!(read(&format!("{name}.xml")), specification);
    }
}

/// A team is trained in the suite's own twin, which is fitted once, and plays in the simulated cluster.
#[test]
fn a_team_is_trained_in_a_twin_that_the_suite_fits() {
    const TWIN: &str = r#"
about = "in a twin"
[fixed]
budget = 1
evaluation = { seeds = 1, resamples = 200 }
scenarios = ["nominal", "ddos:2"]
"learner.num_envs" = 2
[[arenas]]
name = "main"
[[twins]]
name = "small"
episodes = 3
[[teams]]
name = "hard"
seeds = 2
twin = "small"
settings = { teacher = "none", informed_critic = false }
[[teams]]
name = "outside"
seeds = 1
"#;
    let directory = tempfile::tempdir().unwrap();
    let first = suite(TWIN).unwrap();
    let site = Site { suite: &first, base: Path::new(""), directory: directory.path() };
    for job in first.jobs() {
        let record = site.work(&job, &mut Silent).unwrap().unwrap();
        assert_eq!(record.arenas["main"].len(), 2);
        let run = directory.path().join("teams").join(job.name());
        let (_, manifest) = RunDir::open(&run).unwrap();
        assert_eq!(manifest.config["twin"].is_string(), job.contestant() == "hard", "{}", manifest.config);
    }
    let twins: Vec<_> = fs::read_dir(directory.path().join("twins"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(twins.len(), 1, "the second training found it: {twins:?}");
    let more = suite(&TWIN.replace("episodes = 3", "episodes = 4")).unwrap();
    let same = |(one, other): (&super::suite::Job<'_>, &super::suite::Job<'_>)| {
        first.digest_of(one) == more.digest_of(other)
    };
    let same: Vec<bool> = first.jobs().iter().zip(&more.jobs()).map(same).collect();
    assert_eq!(same, [false, false, true], "another twin concerns who is trained in it");
}

#[test]
fn results_do_not_depend_on_threads() {
    let played = [1, 3].map(|threads| play(tempfile::tempdir().unwrap().path(), threads).1);
    let [one, three] = played.each_ref().map(|records| {
        let episodes = records.iter().map(|record| (&record.arenas, &record.assaults));
        episodes.collect::<Vec<_>>()
    });
    assert_eq!(one, three);
}

/// Stops at once.
struct Impatient;

impl Progress for Impatient {
    fn note(&mut self, _text: &str) {}
    fn trained(&mut self, _training: &TrainingProgress<'_>) {}
    fn evaluated(&mut self, _done: usize, _total: usize) {}
    fn interrupted(&self) -> bool {
        true
    }
}

#[test]
fn an_interrupted_job_leaves_no_record_and_one_whose_settings_changed_takes_no_old_one() {
    let directory = tempfile::tempdir().unwrap();
    let first = suite(SMALL).unwrap();
    let job = first.jobs()[1];
    let site = Site { suite: &first, base: Path::new(""), directory: directory.path() };
    assert!(site.work(&job, &mut Impatient).unwrap().is_none());
    assert!(Record::read(&first, directory.path(), &job).is_none());
    site.work(&job, &mut Silent).unwrap().unwrap();
    assert!(Record::read(&first, directory.path(), &job).is_some());
    let other = suite(&SMALL.replace("seeds = 2, resamples", "seeds = 3, resamples")).unwrap();
    assert!(Record::read(&other, directory.path(), &other.jobs()[1]).is_none());
}

#[test]
fn who_joins_a_suite_makes_nobody_else_play_again() {
    let digests = |text: &str| {
        let suite = suite(text).unwrap();
        let digest = |job: &super::suite::Job<'_>| (job.name(), suite.digest_of(job).to_string());
        suite.jobs().iter().map(digest).collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = digests(SMALL);
    let joined = SMALL.replace("seeds = 1\nsettings", "seeds = 2\nsettings")
        + "[[teams]]\nname = \"soft\"\nseeds = 1\nsettings = { organization = \"soft\" }\n";
    let after = digests(&joined);
    assert_eq!(after.len(), before.len() + 2);
    assert!(before.iter().all(|(job, digest)| after[job] == *digest));
    let changed = |from: &str, to: &str| {
        let after = digests(&SMALL.replace(from, to));
        before.iter().filter(|(job, digest)| after[*job] != **digest).map(|(job, _)| job.clone()).collect()
    };
    let nobody: Vec<String> = changed("about = \"small\"", "about = \"as small\"");
    assert!(nobody.is_empty());
    let one: Vec<String> = changed("target = [0.4, 0.8]", "target = [0.4, 0.7]");
    assert_eq!(one, ["hpa"]);
    let attacked: Vec<String> = changed("iterations = 1", "iterations = 2");
    assert_eq!(attacked, ["hard-seed-1", "hard-seed-2", "static"]);
    let one: Vec<String> =
        changed("against = [\"static\", \"hard\"]\nseeds = 2", "against = [\"static\", \"hard\"]\nseeds = 1");
    assert_eq!(one, ["hard-seed-2", "static"], "attackers of those that stay are the same");
    let one: Vec<String> = changed("organization = \"none\"", "organization = \"soft\"");
    assert_eq!(one, ["none-seed-1"]);
    let rules: Vec<String> = changed("[calibration]\nseeds = 1", "[calibration]\nseeds = 2");
    assert_eq!(rules, ["foresight", "hpa", "most", "oracle", "planner", "static"]);
    let nobody: Vec<String> = changed("ours = true\n", "");
    assert!(nobody.is_empty(), "whom a rule is held against is nothing that it plays");
    let teams: Vec<String> = changed("budget = 2", "budget = 2\n\"learner.gamma\" = 0.9");
    let all = ["hard-seed-1", "hard-seed-2", "none-seed-1", "static"];
    assert_eq!(teams, all, "no rule depends on how teams learn, unless an attacker learns so");
    let teams: Vec<String> = changed("name = \"main\"\n", "name = \"main\"\nsettings = { hardness = 0.5 }\n");
    assert_eq!(teams, ["hard-seed-1", "hard-seed-2", "none-seed-1"], "an arena may bind roles otherwise");
    let all: Vec<String> = changed("evaluation = { seeds = 2", "evaluation = { seeds = 3");
    assert_eq!(all.len(), before.len());
}

/// The single agents of the paper's suite: nothing is masked, whatever the state, and nobody helps them.
#[test]
fn a_lone_agent_may_do_anything_and_learns_by_itself() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/paper.toml");
    let params = super::params::SuiteParams::read(&file).unwrap();
    let suite = super::suite::Suite::check(params, &file, Some(1)).unwrap();
    let base = file.parent().unwrap();
    let lone = suite.params.teams.iter().filter(|team| team.name.starts_with("gym-hpa-like"));
    let configs: Vec<_> = lone.map(|team| suite.training(team, 1, base).unwrap()).collect();
    assert_eq!(configs.len(), 3);
    let free = suite.params.teams.iter().find(|team| team.name == "none").unwrap();
    let mut games = suite.training(free, 1, base).unwrap().environments_in(Split::Train, 0..1).unwrap();
    let legal = games[0].reset(1).masks.as_slice()[0].clone();
    for config in &configs {
        let mut games = config.environments_in(Split::Train, 0..1).unwrap();
        let step = games[0].reset(1);
        assert_eq!(step.masks.len(), 1, "one agent");
        assert_eq!(step.masks.as_slice()[0], legal, "whatever the bounds of replicas leave");
        assert!(step.advice.is_empty(), "nobody to imitate");
    }
}

/// No episode that calibration or training may draw is one of the comparison's, whatever the seeds: loads, attacks and disturbances.
#[test]
fn no_episode_of_the_comparison_is_one_of_calibration_or_training() {
    for name in ["smoke", "paper", "ablation", "scale", "full"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../suites/{name}.toml"));
        let params = super::params::SuiteParams::read(&file).unwrap();
        let suite = super::suite::Suite::check(params, &file, Some(1)).unwrap();
        let digests = |split: Split, seeds: u64, config: &crate::config::RunConfig| -> BTreeSet<String> {
            let setup = config.setup();
            let draw = |scenario: &karma_mock::Scenario, seed: u64| {
                let timeline = scenario.draw(&setup.topology, &setup.workload, split, seed);
                Digest::of(format!("{timeline:?}").as_bytes()).to_string()
            };
            let scenarios = config.scenarios().iter();
            scenarios.flat_map(|scenario| (1..=seeds).map(move |seed| draw(scenario, seed))).collect()
        };
        let known: BTreeSet<String> = [Split::Train, Split::Calibration]
            .map(|split| digests(split, 20, &suite.home))
            .into_iter()
            .flatten()
            .collect();
        for arena in &suite.arenas {
            assert_eq!(arena.config.params().evaluation.split, Split::Evaluation, "{name}");
            let played =
                digests(Split::Evaluation, arena.config.params().evaluation.seeds as u64, &arena.config);
            assert!(played.is_disjoint(&known), "{name}: {}", arena.name);
        }
    }
}

/// What an autoscaler may do, and how often, is the arena's: the same for everybody.
#[test]
fn contestants_differ_in_nothing_but_who_decides() {
    let suite = suite(SMALL).unwrap();
    let arena = &suite.arenas[0];
    for team in &suite.params.teams {
        let config = suite.playing(arena, team, 1, Path::new("")).unwrap();
        let (theirs, ours) = (config.setup(), arena.config.setup());
        assert_eq!(config.topology_digest(), arena.config.topology_digest(), "bounds and start-up delay");
        assert_eq!(theirs.decision_period, ours.decision_period);
        assert_eq!(theirs.simulation, ours.simulation, "lag");
        assert_eq!(config.scenarios(), arena.config.scenarios());
        assert_eq!(config.params().evaluation, arena.config.params().evaluation, "seeds");
        assert_eq!(config.params().safety, arena.config.params().safety, "shield");
        assert_eq!(config.params().shield, arena.config.params().shield);
    }
}
