//! Scenarios are repeatable, stay inside their episode and their ranges, and keep splits apart.

#![expect(clippy::unwrap_used, reason = "what tests share may panic as a test may")]

use karma_core::{Digest, Id as _, PerEntryPoint, Topology};
use karma_mock::scenario::{Arrangement, DdosParams, DisturbanceParams, NAMES, OnOffParams, VERSION};
use karma_mock::topologies::by_name;
use karma_mock::workload::Span;
use karma_mock::{
    EventKind, LoadSummary, Scenario, ScenarioError, ScenarioParams, Split, Timeline, Workload,
};
use proptest::prelude::*;

fn draw(scenario: &str, topology: &Topology, split: Split, seed: u64) -> Timeline {
    let workload = Workload::by_name("constant").unwrap();
    Scenario::by_name(scenario).unwrap().draw(topology, &workload, split, seed)
}

fn chain4() -> Topology {
    by_name("chain4").unwrap()
}

/// The disturbance's first and last second.
fn window(timeline: &Timeline) -> (f64, f64) {
    let (start, end) = timeline.disturbance.unwrap();
    (start.0, end.0)
}

fn seconds_of_attack(timeline: &Timeline) -> Vec<usize> {
    let total = |second: &usize| timeline.malicious.iter().map(|rates| rates[*second]).sum::<f64>() > 0.0;
    (0..timeline.seconds() as usize).filter(total).collect()
}

fn check_rates(rates: &PerEntryPoint<Vec<f64>>, seconds: u32) {
    for rates in rates {
        assert_eq!(rates.len(), seconds as usize);
        assert!(rates.iter().all(|rate| rate.is_finite() && *rate >= 0.0));
    }
}

/// What holds of every timeline of the default episode.
fn check(timeline: &Timeline) {
    assert_eq!((timeline.warm_up, timeline.measured), (60, 600));
    check_rates(&timeline.legitimate, 660);
    check_rates(&timeline.malicious, 660);
    assert!(timeline.events.is_sorted_by(|a, b| a.at.0 <= b.at.0));
    let Some((start, end)) = timeline.disturbance else {
        assert!(timeline.events.is_empty() && seconds_of_attack(timeline).is_empty());
        return;
    };
    assert!(start.0 >= 120.0 && start < end && end.0 <= 540.0, "{start} to {end}");
    assert!(timeline.events.iter().all(|event| start <= event.at && event.at <= end));
    assert!(seconds_of_attack(timeline).iter().all(|second| (start.0..end.0).contains(&(*second as f64))));
}

#[test]
fn the_suite_has_six_scenarios_and_nominal_is_not_one_of_them() {
    let suite = Scenario::suite();
    let names: Vec<&str> = suite.iter().map(Scenario::name).collect();
    assert_eq!(names, ["bottleneck", "ddos", "failures", "contention", "mixed", "cascade"]);
    assert!(suite.iter().all(|scenario| scenario.version() == VERSION && scenario.description().len() > 20));
    assert_eq!(Scenario::by_name("nominal").unwrap().params().disturbances, []);
}

#[test]
fn nominal_has_no_disturbance() {
    let timeline = draw("nominal", &chain4(), Split::Train, 1);
    assert_eq!(timeline.disturbance, None);
    assert_eq!(
        timeline,
        Timeline::constant(&chain4().entry_points.map(|entry| entry.nominal_rate.0), 60, 600)
    );
}

#[test]
fn one_episode_of_the_chain_is_pinned_so_that_old_results_stay_repeatable() {
    let timeline = draw("mixed", &chain4(), Split::Train, 1);
    let digest = Digest::of_json(&timeline).unwrap().to_string();
    assert_eq!(
        digest, "32fc706a4a114f30",
        "a change of what is drawn changes every published number and needs a new version"
    );
}

#[test]
fn scenarios_of_different_magnitude_differ_in_nothing_else() {
    let (weak, strong) =
        (draw("ddos:1", &chain4(), Split::Train, 9), draw("ddos:8", &chain4(), Split::Train, 9));
    assert_eq!(weak.disturbance, strong.disturbance);
    assert_eq!(weak.events, strong.events);
    assert_eq!(weak.legitimate, strong.legitimate);
    for (weak, strong) in weak.malicious.iter().flatten().zip(strong.malicious.iter().flatten()) {
        assert!((8.0 * weak - strong).abs() < 1e-9);
    }
}

#[test]
fn a_summary_says_when_no_scaling_can_carry_the_load() {
    let topology = chain4();
    let summary = LoadSummary::of(&topology, &draw("ddos:8", &topology, Split::Train, 3));
    assert_eq!(summary.peak.0, 900.0);
    assert!(summary.seconds_above > 60);
    let line = summary.to_string();
    assert!(line.starts_with("peak load 900/s of a ceiling of 540/s (5.4 × nominal; orders at 9"), "{line}");
    assert!(line.ends_with(&format!(", above it for {} s", summary.seconds_above)), "{line}");
}

#[test]
fn a_bottleneck_never_hits_an_entry_point_or_an_idle_service() {
    let topology = by_name("online-boutique").unwrap();
    let mut hit: Vec<&str> = (0..200)
        .flat_map(|seed| draw("bottleneck", &topology, Split::Train, seed).events)
        .filter_map(|event| match event.kind {
            EventKind::Speed { service, .. } => Some(topology.services[service].name.as_str()),
            _ => None,
        })
        .collect();
    hit.sort_unstable();
    hit.dedup();
    assert!(!hit.contains(&"frontend") && !hit.contains(&"paymentservice"), "{hit:?}");
    assert!(hit.len() >= 4, "{hit:?}");
}

#[test]
fn contention_leaves_the_headroom_that_was_asked_for() {
    // Nominal load of the chain uses 2.75 of its 18 cores.
    let topology = chain4();
    for seed in 0..100 {
        for event in draw("contention", &topology, Split::Train, seed).events {
            let EventKind::Background { share } = event.kind else { panic!("{event:?}") };
            let headroom = (1.0 - share) * 18.0 / 2.75;
            assert!(share == 0.0 || (1.2 - 1e-9..=2.0 + 1e-9).contains(&headroom), "{headroom}");
        }
    }
    let fixed = draw("contention:60", &topology, Split::Train, 1);
    assert_eq!(fixed.events[0].kind, EventKind::Background { share: 0.6 });
}

#[test]
fn a_cascade_is_an_attack_then_crashes_then_contention_with_overlapping_tails() {
    for seed in 0..100 {
        let timeline = draw("cascade", &chain4(), Split::Evaluation, seed);
        let attack = seconds_of_attack(&timeline);
        let times = |wanted: fn(&EventKind) -> bool| -> Vec<f64> {
            timeline.events.iter().filter(|event| wanted(&event.kind)).map(|event| event.at.0).collect()
        };
        let crashes = times(|kind| matches!(kind, EventKind::Crash { .. }));
        let contention = times(|kind| matches!(kind, EventKind::Background { .. }));
        assert_eq!(attack[0] as f64, window(&timeline).0);
        assert!(crashes[0] > attack[0] as f64 && crashes[0] < attack[attack.len() - 1] as f64);
        assert!(contention[0] > crashes[0] + 50.0 && contention[1] == window(&timeline).1);
    }
}

#[test]
fn mixed_is_two_or_three_kinds_at_once() {
    let mut counts = [0; 5];
    for seed in 0..200 {
        let timeline = draw("mixed", &chain4(), Split::Train, seed);
        let has = |wanted: fn(&EventKind) -> bool| timeline.events.iter().any(|event| wanted(&event.kind));
        let kinds = [
            !seconds_of_attack(&timeline).is_empty(),
            has(|kind| matches!(kind, EventKind::Speed { .. })),
            has(|kind| matches!(kind, EventKind::Crash { .. })),
            has(|kind| matches!(kind, EventKind::Background { .. })),
        ];
        counts[kinds.iter().filter(|present| **present).count()] += 1;
    }
    assert_eq!(counts[2] + counts[3], 200);
    assert!(counts[2] > 50 && counts[3] > 50, "{counts:?}");
}

#[test]
fn an_attack_may_pause() {
    let pauses = OnOffParams { on: Span::fixed(30.0), off: Span::fixed(20.0) };
    let attack = DdosParams { on_off: Some(pauses), ..DdosParams::default() };
    let params = ScenarioParams {
        disturbances: vec![DisturbanceParams::Ddos(attack)],
        ..Scenario::by_name("ddos").unwrap().params().clone()
    };
    let workload = Workload::by_name("constant").unwrap();
    let timeline = Scenario::new(params).unwrap().draw(&chain4(), &workload, Split::Train, 1);
    let start = seconds_of_attack(&timeline)[0];
    let attack = seconds_of_attack(&timeline);
    assert_eq!(attack[..30], (start..start + 30).collect::<Vec<_>>());
    assert_eq!(attack[30], start + 50);
}

#[test]
fn names_that_are_wrong_are_answered_with_what_is_allowed() {
    let message = |name: &str| Scenario::by_name(name).unwrap_err().to_string();
    assert!(message("botleneck").contains("did you mean \"bottleneck\"?"));
    assert!(message("dddos:4").contains("did you mean \"ddos"));
    assert!(matches!(Scenario::by_name("mixed:3"), Err(ScenarioError::Unknown(_))));
    assert_eq!(
        message("ddos:x"),
        "ddos: \"x\" is not allowed; expected a number from 0.01 to 100 (ddos:4 adds four times the nominal load)"
    );
    for name in ["ddos:0", "ddos:NaN", "failures:101", "contention:96", "bottleneck:-5", "failures:"] {
        assert!(matches!(Scenario::by_name(name), Err(ScenarioError::Setting(_))), "{name}");
    }
}

#[derive(Debug, serde::Deserialize)]
struct Config {
    scenarios: Vec<Scenario>,
}

const OWN: &str = r#"
scenarios = ["ddos:4", "cascade", { name = "double", arrangement = { together = { stagger = [10, 20] } },
    disturbances = [{ bottleneck = { speed = [0.4, 0.5] } }, { failures = { shares = [0.1] } }] }]
"#;

#[test]
fn a_configuration_file_names_scenarios_or_spells_them_out() {
    let config: Config = toml::from_str(OWN).unwrap();
    assert_eq!(config.scenarios[0], Scenario::by_name("ddos:4").unwrap());
    assert_eq!(
        config.scenarios[2].params().arrangement,
        Arrangement::Together { stagger: Span::new(10.0, 20.0) }
    );
}

#[test]
fn every_scenario_survives_being_written_and_read() {
    for name in NAMES.iter().copied().chain(["ddos:0.5", "failures:3", "bottleneck:70", "contention:33"]) {
        let scenario = Scenario::by_name(name).unwrap();
        let toml = toml::to_string(&scenario).unwrap();
        assert_eq!(toml::from_str::<Scenario>(&toml).unwrap(), scenario, "{toml}");
        let json = serde_json::to_string(&scenario).unwrap();
        assert_eq!(serde_json::from_str::<Scenario>(&json).unwrap(), scenario, "{json}");
    }
}

#[test]
fn a_configuration_file_with_a_slip_is_refused_with_the_reason() {
    let refused = |from: &str, to: &str| {
        assert!(OWN.contains(from));
        toml::from_str::<Config>(&OWN.replace(from, to)).unwrap_err().to_string()
    };
    for (from, to, expected) in [
        ("\"cascade\"", "\"casacde\"", "did you mean \"cascade\"?"),
        ("speed", "sped", "sped"),
        ("[0.4, 0.5]", "[0.5, 0.4]", "bottleneck.speed: [0.5, 0.4] is not allowed"),
        ("[0.1]", "[1.1]", "failures.shares: 1.1 is not allowed; expected a number from 0.000001 to 1"),
        ("[0.1]", "[]", "failures.shares: a list of 0 is not allowed"),
        ("[10, 20]", "[10, 150]", "together.stagger: [10, 150] is not allowed"),
        ("{ failures = { shares = [0.1] } }", "{ bottleneck = {} }", "bottleneck twice is not allowed"),
        ("name = \"double\"", "name = \"double\", version = 9", "version: 9 is not allowed; expected 1"),
        ("name = \"double\"", "name = \"\"", "name: \"\" is not allowed"),
        (
            "name = \"double\"",
            "name = \"double\", episode = { measured = 300 }",
            "episode.measured: 300 s, of which 60 s and 120 s are calm, is not allowed; expected room for \
             disturbances of up to 260 s",
        ),
    ] {
        let found = refused(from, to);
        assert!(found.contains(expected), "{found}");
    }
}

fn any_topology() -> impl Strategy<Value = Topology> {
    prop_oneof![
        Just("chain4".to_owned()),
        Just("diamond".to_owned()),
        Just("online-boutique".to_owned()),
        (1usize..40).prop_map(|n| format!("chain:{n}")),
        (1usize..80, 1usize..5).prop_map(|(n, branching)| format!("tree:{n}:{branching}")),
        (1usize..400, any::<u64>()).prop_map(|(n, seed)| format!("mesh:{n}:{seed}")),
    ]
    .prop_map(|name| by_name(&name).unwrap())
}

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(NAMES.iter().copied().chain(["ddos:4", "failures:10"]).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_timeline_keeps_its_promises(name in any_name(), topology in any_topology(), seed: u64) {
        for split in Split::ALL {
            check(&draw(name, &topology, split, seed));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_timeline(name in any_name(), topology in any_topology(), seed: u64) {
        let again = draw(name, &topology, Split::Train, seed);
        prop_assert_eq!(draw(name, &topology, Split::Train, seed), again);
    }

    #[test]
    fn different_splits_and_seeds_give_different_timelines(seed in 0u64..1 << 40) {
        let topology = chain4();
        let train = draw("ddos", &topology, Split::Train, seed);
        prop_assert_ne!(&train, &draw("ddos", &topology, Split::Evaluation, seed));
        prop_assert_ne!(&train, &draw("ddos", &topology, Split::Calibration, seed));
        prop_assert_ne!(&train, &draw("ddos", &topology, Split::Train, seed + 1));
    }

    #[test]
    fn a_bottleneck_slows_one_service_by_its_range(topology in any_topology(), seed: u64) {
        let timeline = draw("bottleneck", &topology, Split::Train, seed);
        let speeds: Vec<_> = timeline.events.iter().map(|event| match event.kind {
            EventKind::Speed { service, factor } => (service, factor),
            other => panic!("{other:?}"),
        }).collect();
        let [(first, slow), (second, normal)] = speeds[..] else { panic!("{speeds:?}") };
        prop_assert_eq!((first, normal), (second, 1.0));
        prop_assert!((0.3..=0.6).contains(&slow));
        let (start, end) = window(&timeline);
        prop_assert!((150.0..=240.0).contains(&(end - start)));
        let is_entry = topology.entry_points.iter().any(|entry| entry.service == first);
        prop_assert!(!is_entry || topology.services.len() == topology.entry_points.len());
    }

    #[test]
    fn an_attack_has_its_intensity_at_one_entry_point_and_its_alteration(topology in any_topology(), seed: u64) {
        let timeline = draw("ddos", &topology, Split::Train, seed);
        let peaks: Vec<f64> = timeline.malicious.iter()
            .map(|rates| rates.iter().copied().fold(0.0, f64::max) / topology.nominal_rate().0)
            .filter(|peak| *peak > 0.0)
            .collect();
        prop_assert_eq!(peaks.len(), 1);
        prop_assert!([1.0, 2.0, 4.0, 8.0].iter().any(|intensity| (peaks[0] - intensity).abs() < 1e-9), "{:?}", peaks);
        let (start, end) = window(&timeline);
        prop_assert!((120.0..=240.0).contains(&(end - start)));
        for event in &timeline.events {
            let EventKind::Alteration { probability } = event.kind else { panic!("{event:?}") };
            prop_assert!([0.0, 0.1, 0.2].contains(&probability));
        }
    }

    #[test]
    fn an_attack_ramps_up_within_ten_seconds(seed: u64) {
        let topology = chain4();
        let timeline = draw("ddos:4", &topology, Split::Train, seed);
        let start = seconds_of_attack(&timeline)[0];
        let rates = &timeline.malicious.as_slice()[0];
        prop_assert!(rates[start..start + 11].is_sorted());
        prop_assert_eq!(rates[start + 10], 400.0);
    }

    #[test]
    fn crashes_repeat_with_one_probability(seed: u64) {
        let timeline = draw("failures", &chain4(), Split::Train, seed);
        let mut probabilities = Vec::new();
        for event in &timeline.events {
            let EventKind::Crash { probability } = event.kind else { panic!("{event:?}") };
            probabilities.push(probability);
        }
        prop_assert!((3..=12).contains(&probabilities.len()));
        prop_assert!([0.01, 0.05, 0.1, 0.2].contains(&probabilities[0]));
        prop_assert!(probabilities.iter().all(|probability| *probability == probabilities[0]));
        let gaps = timeline.events.windows(2).map(|pair| pair[1].at.0 - pair[0].at.0);
        prop_assert!(gaps.into_iter().all(|gap| (20.0..=40.0).contains(&gap)));
    }

    #[test]
    fn no_name_makes_the_catalogue_panic(name in "\\PC{0,40}") {
        let _ = Scenario::by_name(&name);
    }
}

#[test]
fn a_recorded_load_and_a_disturbance_come_from_the_same_split() {
    let (topology, workload) = (chain4(), Workload::by_name("worldcup98").unwrap());
    let timeline = Scenario::by_name("mixed").unwrap().draw(&topology, &workload, Split::Evaluation, 4);
    let alone = workload.rates(topology.nominal_rate(), 660, Split::Evaluation, 4);
    assert_eq!(timeline.legitimate.as_slice()[0], alone);
    assert_eq!(topology.entry_points.ids().next().unwrap().index(), 0);
}
