//! A run, packaged, loaded and played.

use std::path::{Path, PathBuf};

use karma_core::SeedTree;
use karma_k8s::resource::{KarmaAutoscalerSpec, Mode, PolicyRef};
use karma_mock::{Episode, Scenario, Split};
use proptest::prelude::*;

use super::*;
use crate::config::{RunConfig, RunParams};
use crate::progress::Silent;
use crate::testing;

/// A tiny run, trained in `directory`.
pub(super) fn trained(directory: &Path, change: impl FnOnce(&mut RunParams)) -> PathBuf {
    let mut params = testing::tiny_params();
    change(&mut params);
    let path = directory.join("run");
    let run = crate::Run::create(testing::checked(params), Some(&path), false).unwrap();
    run.work(&mut Silent).unwrap();
    path
}

fn loaded(bytes: &[u8]) -> LivePolicy {
    LivePolicy::from_bytes(bytes).unwrap()
}

/// What both wish for in the same episode.
fn decisions(config: &RunConfig, team: &mut dyn karma_core::Autoscaler) -> Vec<karma_core::Decision> {
    let mut episode = Episode::new(config.setup(), &config.scenarios()[0], Split::Evaluation, 5);
    let (mut rng, mut decisions) = (SeedTree::new(5).rng(), Vec::new());
    while !episode.is_over() {
        let decision = team.decide(&episode.snapshot(), &mut rng);
        episode.play(&decision);
        decisions.push(decision);
    }
    decisions
}

pub(super) fn play(bytes: &[u8], mode: Mode) -> Played {
    play_with(loaded(bytes), mode)
}

/// The same with agents that want all that the topology allows, which a team of one iteration may not.
fn play_eagerly(bytes: &[u8], mode: Mode) -> Played {
    let policy = loaded(bytes);
    let agents = Box::new(karma_baseline::StaticReplicas::max(&policy.topology));
    play_with(LivePolicy { agents, ..policy }, mode)
}

fn play_with(policy: LivePolicy, mode: Mode) -> Played {
    let pin = PolicyRef { config_map: None, file: Some("team.karma".into()), digest: policy.digest.clone() };
    let mut spec = KarmaAutoscalerSpec { mode, ..resource::least(pin) };
    spec.canary.services = vec!["api".to_owned()];
    spec.canary.watch_seconds = Some(120);
    let setup = std::sync::Arc::clone(policy.config.setup());
    let scenario = Scenario::by_name("ddos:4").unwrap();
    Simulation { policy, spec, setup, scenario, seed: 3 }.play(|_, _| Ok(true)).unwrap().unwrap()
}

#[test]
fn a_packaged_team_decides_as_in_its_run_whatever_its_organisation() {
    for organization in ["karma", "soft", "none"] {
        let directory = tempfile::tempdir().unwrap();
        let run = trained(directory.path(), |params| params.organization = organization.to_owned());
        let bytes = package(&run, None).unwrap();
        assert_eq!(package(&run, None).unwrap(), bytes, "the same run, the same bytes");
        let (team, config) = crate::load_team(&run).unwrap();
        let mut team = super::live::Asking(team);
        let mut live = loaded(&bytes);
        assert_eq!(live.digest, digest_of(&bytes));
        let normal = crate::topology_json::write;
        assert_eq!(normal(&live.topology), normal(&config.setup().topology));
        assert_eq!(decisions(&config, live.agents.as_mut()), decisions(&config, &mut team), "{organization}");
        let whole = std::fs::metadata(run.join("policy/checkpoint.safetensors")).unwrap().len();
        assert!((bytes.len() as u64) < whole, "{} bytes of {whole}", bytes.len());
    }
}

#[test]
fn a_topology_of_ones_own_is_packaged_and_its_file_needed_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let own = directory.path().join("own.json");
    std::fs::write(&own, crate::topology_json::write(&testing::tiny().setup().topology)).unwrap();
    let run = trained(directory.path(), |params| params.topology = own.display().to_string());
    std::fs::remove_file(own).unwrap();
    assert_eq!(loaded(&package(&run, None).unwrap()).topology.services.len(), 4);
}

#[test]
fn in_the_shadow_nothing_is_carried_out_and_the_hpa_scales_as_if_alone() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = package(&trained(directory.path(), |_| {}), None).unwrap();
    let played = play(&bytes, Mode::Shadow);
    assert_eq!(played.report, played.hpa);
    assert!(played.decisions.iter().all(|logged| logged.decided.services.iter().all(|one| !one.act)));
    assert_eq!(Counts::of(&played.decisions).carried_out, 0);
    let active = play_eagerly(&bytes, Mode::Active);
    assert_ne!(active.report, active.hpa);
    assert_eq!(active.hpa, played.hpa, "the same episode");
    let counts = Counts::of(&active.decisions);
    assert!(counts.carried_out > 0 && counts.by_property.contains_key("P2 rate"), "{counts:?}");
    let moved = active.decisions.iter().flat_map(|entry| &entry.decided.services);
    let moved = moved.map(|one| u64::from(one.current.0.abs_diff(one.target.replicas.0))).sum::<u64>();
    assert_eq!(active.report.replica_changes, moved, "what was decided is what was done");
    assert_eq!(
        active.decisions,
        play_eagerly(&bytes, Mode::Active).decisions,
        "the same seed, the same decisions"
    );
}

#[test]
fn a_canary_scales_its_services_alone_until_it_is_promoted_or_rolled_back() {
    let directory = tempfile::tempdir().unwrap();
    let played = play(&package(&trained(directory.path(), |_| {}), None).unwrap(), Mode::Canary);
    let first = &played.decisions[0].decided;
    let acts: Vec<bool> = first.services.iter().map(|service| service.act).collect();
    assert_eq!(acts, [true, false, false, false]);
    assert!(
        !Counts::of(&played.decisions).canary.is_empty(),
        "an attack of four times the load, or a calm watch"
    );
}

#[test]
fn a_log_is_read_as_it_was_written_and_what_is_none_is_refused_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let played = play(&package(&trained(directory.path(), |_| {}), None).unwrap(), Mode::Active);
    let path = directory.path().join("decisions.jsonl");
    let mut log = DecisionLog::create(&path).unwrap();
    played.decisions.iter().for_each(|decision| log.write(decision).unwrap());
    assert_eq!(read_log(&path).unwrap(), played.decisions);
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let refused = read_log(&path).unwrap_err().to_string();
    assert!(refused.contains(&format!(":{}: no decision", played.decisions.len())), "{refused}");
}

#[test]
fn no_damage_to_an_artefact_makes_it_another_one_or_panics() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = package(&trained(directory.path(), |_| {}), None).unwrap();
    proptest!(ProptestConfig::with_cases(64), |(place in any::<prop::sample::Index>(), bit in 0_u8..8)| {
        let mut flipped = bytes.clone();
        let place = place.index(bytes.len());
        flipped[place] ^= 1 << bit;
        prop_assert!(LivePolicy::from_bytes(&flipped).is_err());
        prop_assert!(LivePolicy::from_bytes(&bytes[..place]).is_err());
    });
}

#[test]
fn parts_that_are_missing_foreign_or_of_another_team_are_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let files = container::read(&package(&trained(directory.path(), |_| {}), None).unwrap()).unwrap();
    let told = |change: &dyn Fn(&mut container::Files)| {
        let mut files = files.clone();
        change(&mut files);
        let error = LivePolicy::from_bytes(&container::write(&files).unwrap()).unwrap_err();
        format!("{:#}", anyhow::Error::from(error))
    };
    assert_eq!(
        told(&|files| drop(files.remove("policy.json"))),
        "its policy.json is missing; package the run again"
    );
    let more = told(&|files| drop(files.insert("run.sh".to_owned(), Vec::new())));
    assert!(more.contains("there is \"run.sh\" as well"), "{more}");
    let none = told(&|files| drop(files.remove("topology.json")));
    assert!(
        none.contains("config.toml:") && none.contains("there is no such file beside the settings"),
        "{none}"
    );
    let without = told(&|files| drop(files.remove("organization.xml")));
    assert!(without.contains("config.toml:"), "{without}");
    let settings = told(&|files| {
        let text = String::from_utf8(files["config.toml"].clone()).unwrap();
        let text = text.replace("alpha = 3", "alpha = 2");
        files.insert("config.toml".to_owned(), text.into_bytes());
    });
    assert_eq!(settings, "its policy.json does not fit its settings and topology; package the run again");
    let trained_on = told(&|files| {
        let text = String::from_utf8(files["config.toml"].clone()).unwrap();
        files.insert(
            "config.toml".to_owned(),
            text.replace("workload = \"constant\"", "workload = \"/etc/passwd.csv\"").into_bytes(),
        );
    });
    assert!(trained_on.contains("there is no such file beside the settings"), "{trained_on}");
    let actors = told(&|files| drop(files.insert("actors.safetensors".to_owned(), b"no".to_vec())));
    assert!(actors.starts_with("its actors.safetensors cannot be used: "), "{actors}");
    let twin = told(&|files| drop(files.insert("twin.safetensors".to_owned(), b"no".to_vec())));
    assert!(twin.starts_with("its twin.safetensors cannot be used: "), "{twin}");
}
