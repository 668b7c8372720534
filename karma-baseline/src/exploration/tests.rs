//! The reported probabilities are those of the draws, and what is drawn tells replicas from load.

use std::collections::{BTreeMap, BTreeSet};

use karma_core::{
    EntryPointSnapshot, Id as _, Metric, PodPhase, PodSample, PodSnapshot, Seconds, SeedTree,
    ServiceSnapshot, testing,
};
use proptest::prelude::*;

use super::*;

/// `a` calls `b`, which takes twice the work; the maxima are small enough to list every decision.
fn small() -> Topology {
    topology(3, 4)
}

fn topology(a: u32, b: u32) -> Topology {
    let text = format!(
        r#"{{ "services": {{
            "a": {{ "cpu": 1000, "ram": 256, "computation_throughput": 100, "max_replicas": {a} }},
            "b": {{ "cpu": 1000, "ram": 256, "computation_throughput": 50, "max_replicas": {b} }} }},
        "connections": [{{ "source": "a", "destination": "b" }}] }}"#
    );
    Topology::read(text.as_bytes()).unwrap()
}

fn explore(topology: &Topology, params: ExplorationParams) -> Exploration {
    Exploration::new(topology, params.check().unwrap()).unwrap()
}

fn pod(id: u64, time: f64, cpu: f32) -> PodSnapshot {
    let sample = |value| Some(PodSample { value, at: Seconds(time), window: Seconds(5.0) });
    PodSnapshot {
        id,
        phase: PodPhase::Running,
        node: None,
        ready: Some(true),
        started_at: Some(Seconds(time - 3600.0)),
        ready_changed_at: Some(Seconds(time - 3590.0)),
        deleting: false,
        crash_looping: false,
        restarts: 0,
        cpu: sample(cpu),
        memory: sample(100.0),
    }
}

/// Services with so many replicas, whose pods share a load of so many cores.
fn snapshot(time: f64, replicas: [u32; 2], cores: [f32; 2]) -> Snapshot {
    #[expect(clippy::cast_precision_loss, reason = "a few replicas")]
    let service = |(replicas, cores): (u32, f32)| {
        let each = (cores / replicas.max(1) as f32).min(1.0);
        let mut service = ServiceSnapshot { desired: Replicas(replicas), ..ServiceSnapshot::default() };
        service.metrics.set(Metric::CpuUtilization, each);
        service.pods = (0..replicas.min(20).into()).map(|id| pod(id, time, 1000.0 * each)).collect();
        service
    };
    Snapshot {
        time: Seconds(time),
        scraped_at: Some(Seconds(time)),
        services: replicas.into_iter().zip(cores).map(service).collect(),
        entry_points: vec![EntryPointSnapshot { request_rate: Some(50.0), available: true }].into(),
        nodes: Vec::new(),
        resilience: None,
    }
}

fn replicas(decision: &Decision) -> [u32; 2] {
    let targets = decision.targets.as_slice();
    [targets[0].replicas.get(), targets[1].replicas.get()]
}

/// Plays `decisions` on paper, where every decision is carried out at once, and gives (load, replicas).
fn play(
    scaler: &mut impl Autoscaler,
    load: impl Fn(u32) -> f32,
    decisions: u32,
    seed: u64,
) -> Vec<(f32, [u32; 2])> {
    let (mut now, mut rng) = ([1, 1], SeedTree::new(seed).rng());
    let step = |index| {
        let cores = load(index);
        let decision = scaler.decide(&snapshot(15.0 * f64::from(index), now, [cores, 2.0 * cores]), &mut rng);
        now = replicas(&decision);
        (cores, now)
    };
    (0..decisions).map(step).collect()
}

#[test]
fn it_keeps_the_promises_of_an_autoscaler() {
    let missing = Snapshot {
        scraped_at: None,
        services: vec![ServiceSnapshot::default(), ServiceSnapshot::default()].into(),
        ..snapshot(0.0, [1, 1], [0.0, 0.0])
    };
    let snapshots = [
        missing,
        snapshot(15.0, [1, 2], [0.9, 1.5]),
        snapshot(30.0, [u32::MAX, 0], [1.0, 1.0]),
        Snapshot { services: PerService::default(), ..snapshot(45.0, [1, 1], [1.0, 1.0]) },
        snapshot(f64::NAN, [2, 2], [1.0, f32::NAN]),
    ];
    testing::autoscaler(|| explore(&small(), ExplorationParams::default()), &small(), &snapshots);
}

/// Memories that a few decisions leave.
fn memories(alpha: u32) -> Vec<(Exploration, [u32; 2])> {
    let start = explore(&small(), ExplorationParams { alpha, ..ExplorationParams::default() });
    let remember = |seed: u64| {
        let mut scaler = start.clone();
        let decisions = u32::try_from(seed % 7).unwrap();
        let last = play(&mut scaler, |_| 1.2, decisions, seed).last().map_or([1, 1], |(_, now)| *now);
        (scaler, last)
    };
    (0..30).map(remember).collect()
}

#[test]
fn the_probabilities_of_all_safe_decisions_are_positive_and_add_up_to_one() {
    for (mut scaler, at) in memories(2) {
        let now = scaler.look(&snapshot(600.0, at, [1.2, 2.4]), &mut SeedTree::new(0).rng());
        let near = |at: u32, max: u32| at.saturating_sub(2).max(1)..=(at + 2).min(max);
        let decisions = near(at[0], 3).flat_map(|a| near(at[1], 4).map(move |b| [a, b]));
        let probability = |taken: [u32; 2]| scaler.probability(&now, &taken.map(Replicas).to_vec().into());
        let probabilities: Vec<f64> = decisions.map(probability).collect();
        assert!(probabilities.iter().all(|p| *p > 0.0), "{:?} {probabilities:?}", scaler.course);
        let sum: f64 = probabilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-12, "{:?} {sum}", scaler.course);
        for outside in [[0, 1], [4, 4], [at[0], at[1] + 3]] {
            assert_eq!(probability(outside), 0.0);
        }
    }
}

/// Draws one decision many times from the same memory and compares its frequency with what it says of itself.
fn compare_frequencies(memory: &Exploration, at: [u32; 2]) {
    const DRAWS: u32 = 10_000;
    let (seen, mut rng) = (snapshot(600.0, at, [1.2, 2.4]), SeedTree::new(9).rng());
    let mut counts = BTreeMap::new();
    for _ in 0..DRAWS {
        let mut scaler = memory.clone();
        let taken = replicas(&scaler.decide(&seen, &mut rng));
        let (count, said) = counts.entry(taken).or_insert((0_u32, scaler.last_probability()));
        assert_eq!(*said, scaler.last_probability(), "the mode that was drawn does not matter");
        *count += 1;
    }
    for (taken, (count, said)) in counts {
        let (expected, n) = (said.unwrap(), f64::from(DRAWS));
        let deviation = (n * expected * (1.0 - expected)).sqrt();
        let off = (f64::from(count) - n * expected).abs();
        assert!(off <= 5.0 * deviation + 1.0, "{:?} {at:?} → {taken:?}: {count}, {expected}", memory.course);
    }
}

#[test]
fn decisions_are_taken_as_often_as_their_probability_says() {
    for (memory, at) in memories(1) {
        compare_frequencies(&memory, at);
    }
    // Excursions alone, which the others hide.
    let weights = ModeWeights { hpa: 0.0, walk: 0.001, probe: 0.0, excursion: 1.0 };
    let params = ExplorationParams { alpha: 2, weights, ..ExplorationParams::default() };
    compare_frequencies(&explore(&small(), params), [2, 2]);
}

#[test]
fn a_reset_forgets_the_mode_in_force_and_the_last_decision() {
    for (mut scaler, at) in memories(2) {
        let decide = |scaler: &mut Exploration| {
            scaler.reset();
            assert_eq!(scaler.last_probability(), None);
            let decision = scaler.decide(&snapshot(0.0, at, [1.2, 2.4]), &mut SeedTree::new(6).rng());
            (decision, scaler.last_probability())
        };
        let fresh = decide(&mut explore(&small(), *scaler.config.params()));
        assert_eq!(decide(&mut scaler), fresh);
    }
}

#[test]
fn a_first_decision_has_the_probability_worked_out_by_hand() {
    let mut scaler = explore(&topology(3, 1), ExplorationParams { alpha: 1, ..ExplorationParams::default() });
    assert_eq!(scaler.last_probability(), None);
    scaler.levels.0[ServiceId::from_index(0)] = [1, 1, 1, 1, 3].map(Replicas);
    let now = scaler.look(&snapshot(0.0, [2, 1], [0.1, 0.1]), &mut SeedTree::new(0).rng());
    let up = scaler.probability(&now, &vec![Replicas(3), Replicas(1)].into());
    assert!((up - 0.22).abs() < 1e-12, "0.08 of the walk, 0.1 of the probe, 0.04 of the excursion: {up}");
}

#[test]
fn every_change_of_every_service_occurs_at_every_count() {
    let mut scaler = explore(&topology(8, 8), ExplorationParams::default());
    let mut seen = BTreeSet::new();
    let mut before = [1, 1];
    for (_, after) in play(&mut scaler, |_| 1.0, 20_000, 1) {
        seen.extend((0..2).map(|service| (service, before[service], after[service])));
        before = after;
    }
    let near = |at: u32| at.saturating_sub(3).max(1)..=(at + 3).min(8);
    let all = (0..2).flat_map(|s| (1..=8).flat_map(move |at| near(at).map(move |to| (s, at, to))));
    assert_eq!(seen, all.collect());
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let moment = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(a, b)| of(a - x, b - y)).sum::<f64>();
    moment(&|a, b| a * b) / (moment(&|a, _| a * a) * moment(&|_, b| b * b)).sqrt()
}

/// Correlation of the services with each other, and of the first with the load.
fn correlations(scaler: &mut impl Autoscaler) -> (f64, f64) {
    let load = |index: u32| 1.5 + (index as f32 / 40.0).sin();
    let played = play(scaler, load, 5000, 2);
    let count = |index: usize| move |(_, now): &(f32, [u32; 2])| f64::from(now[index]);
    let services: Vec<_> = played.iter().map(|step| (count(0)(step), count(1)(step))).collect();
    let load: Vec<_> = played.iter().map(|step| (f64::from(step.0), count(0)(step))).collect();
    (correlation(&services), correlation(&load))
}

#[test]
fn replicas_move_apart_from_each_other_and_from_the_load() {
    let topology = topology(10, 10);
    let mut hpa = HpaAutoscaler::new(&topology, &HpaAutoscalerParams::cpu(50)).unwrap();
    let (services, load) = correlations(&mut hpa);
    assert!(services > 0.7 && load > 0.7, "hpa: {services} {load}");
    let (services, load) = correlations(&mut explore(&topology, ExplorationParams::default()));
    assert!(services.abs() < 0.4 && load.abs() < 0.3, "explore: {services} {load}");
}

#[test]
fn a_probe_moves_one_service_once_and_then_holds() {
    let weights = ModeWeights { hpa: 0.0, walk: f64::MIN_POSITIVE, probe: 1.0, excursion: 0.0 };
    let mut scaler = explore(&topology(8, 8), ExplorationParams { weights, ..ExplorationParams::default() });
    let (mut at, mut rng, mut held) = ([4, 4], SeedTree::new(3).rng(), 0);
    for time in 0..200 {
        let decision = scaler.decide(&snapshot(15.0 * f64::from(time), at, [1.0, 1.0]), &mut rng);
        let reasons = decision.targets.map(|target| target.reason.to_string());
        let next = replicas(&decision);
        match (0..2).filter(|service| next[*service] != at[*service]).collect::<Vec<_>>()[..] {
            [moved] => {
                let change = i64::from(next[moved]) - i64::from(at[moved]);
                assert_eq!(reasons.as_slice()[moved], format!("probe {change:+}"));
                assert_eq!(reasons.as_slice()[1 - moved], "held beside a probe");
            }
            [] => {
                held += 1;
                assert_eq!(reasons.as_slice(), ["held after a probe"; 2]);
            }
            _ => panic!("two services moved: {at:?} → {next:?}"),
        }
        at = next;
    }
    assert!((140..190).contains(&held), "five decisions of six are held: {held}");
}

#[test]
fn reasons_tell_the_mode() {
    let mut scaler = explore(&small(), ExplorationParams::default());
    let (mut rng, mut kinds) = (SeedTree::new(4).rng(), BTreeSet::new());
    for time in 0..500 {
        let decision = scaler.decide(&snapshot(15.0 * f64::from(time), [2, 2], [1.0, 1.0]), &mut rng);
        kinds.extend(
            decision.targets.iter().filter_map(|target| Some(target.reason.split_once(' ')?.0.to_owned())),
        );
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["excursion", "held", "hpa:", "probe", "random"]);
}

/// The ceiling is what four pods of `b` carry, 200 requests per second, for which `a` needs two.
#[test]
fn balanced_levels_keep_services_equally_busy() {
    let topology = topology(8, 4);
    let levels = Levels::of(&topology, &Bounds::of(&topology));
    let level = |index: usize| levels.0.map(|levels| levels[index].get()).into_vec();
    let levels: Vec<_> = (0..5).map(level).collect();
    assert_eq!(levels, [[1, 1], [1, 1], [1, 2], [2, 3], [8, 4]]);
}

#[test]
fn settings_that_make_no_exploration_are_refused() {
    let default = ExplorationParams::default();
    let refused = |params: ExplorationParams| params.check().unwrap_err().to_string();
    assert_eq!(refused(ExplorationParams { alpha: 0, ..default }), "`alpha` is 0, allowed is 1 to 100");
    assert!(refused(ExplorationParams { mean_decisions: f64::NAN, ..default }).contains("mean_decisions"));
    assert!(refused(ExplorationParams { walk_moves: 1.0, ..default }).contains("less than 1"));
    assert!(refused(ExplorationParams { hpa_percent: 0, ..default }).contains("hpa_percent"));
    let weights = |weights| refused(ExplorationParams { weights, ..default });
    assert!(weights(ModeWeights { walk: 0.0, ..ModeWeights::default() }).contains("weights.walk"));
    assert!(weights(ModeWeights { probe: -1.0, ..ModeWeights::default() }).contains("weights.probe"));
}

proptest! {
    #[test]
    fn decisions_keep_to_the_safe_set(seed: u64, at in [0u32..20, 0u32..20], alpha in 1u32..5, steps in 1u32..20) {
        let mut scaler = explore(&topology(8, 5), ExplorationParams { alpha, ..ExplorationParams::default() });
        let (mut now, mut rng) = ([at[0].clamp(1, 8), at[1].clamp(1, 5)], SeedTree::new(seed).rng());
        for step in 0..steps {
            let shown = if step == 0 { at } else { now };
            let next = replicas(&scaler.decide(&snapshot(15.0 * f64::from(step), shown, [3.0, 3.0]), &mut rng));
            prop_assert!((1..=8).contains(&next[0]) && (1..=5).contains(&next[1]));
            prop_assert!((0..2).all(|service| next[service].abs_diff(now[service]) <= alpha));
            prop_assert!(scaler.last_probability().is_some_and(|p| p > 0.0 && p <= 1.0));
            now = next;
        }
    }
}
