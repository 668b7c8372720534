//! Learners that remember: what they learn that others cannot, and one run for one seed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::num::NonZeroUsize;

use karma_core::{Environment, Memory, Policy as _, SeedTree};
use karma_marl::games::{Alternation, Recall};
use karma_marl::{
    Algorithm, IterationStats, Mappo, MappoParams, Mode, TrainedPolicy, episodic_returns, stats,
};

fn environments<E: Environment + Clone + 'static>(game: &E, n: usize) -> Vec<Box<dyn Environment>> {
    (0..n).map(|_| Box::new(game.clone()) as Box<dyn Environment>).collect()
}

fn trainer<E: Environment + Clone + 'static>(game: &E, params: &MappoParams, threads: usize) -> Mappo {
    let threads = NonZeroUsize::new(threads).unwrap();
    Mappo::new(params.check().unwrap(), environments(game, params.num_envs), 1, threads).unwrap()
}

fn train(mappo: &mut Mappo, iterations: usize) -> Vec<IterationStats> {
    (0..iterations).map(|_| mappo.iterate().unwrap()).collect()
}

/// Mean greedy return of a learner of [`Recall`] on seeds that training never saw.
fn recalls(params: &MappoParams) -> f64 {
    let mut game = Recall::new(5);
    let mut mappo = trainer(&game, params, 2);
    train(&mut mappo, 60);
    let seeds = SeedTree::new(1).child("evaluate");
    let seeds = (0..100).map(|episode| seeds.index(episode).seed());
    let policies = mappo.policies(Mode::Greedy);
    stats::mean(&episodic_returns(&mut game, &policies, seeds).unwrap()).unwrap()
}

fn remembering(algorithm: Algorithm) -> MappoParams {
    MappoParams {
        algorithm,
        recurrent: true,
        chunk_length: 5,
        learning_rate: 3e-3,
        hidden: vec![32],
        num_envs: 32,
        ..MappoParams::published()
    }
}

#[test]
fn each_relative_learns_to_remember() {
    for algorithm in [Algorithm::Mappo, Algorithm::Ippo, Algorithm::Happo] {
        assert_eq!(recalls(&remembering(algorithm)), 1.0, "{algorithm:?}");
    }
    let shared = MappoParams { parameter_sharing: true, ..remembering(Algorithm::Mappo) };
    assert_eq!(recalls(&shared), 1.0, "a shared actor");
}

#[test]
fn without_a_memory_it_stays_at_chance() {
    let found = recalls(&MappoParams { recurrent: false, ..remembering(Algorithm::Mappo) });
    assert!((0.15..0.5).contains(&found), "ignorance earns 1/3, but got {found}");
}

/// Sequences are shorter than episodes, and episodes end within them.
fn cut(algorithm: Algorithm, parameter_sharing: bool) -> MappoParams {
    MappoParams {
        algorithm,
        parameter_sharing,
        recurrent: true,
        chunk_length: 5,
        num_envs: 5,
        hidden: vec![12, 8],
        num_minibatches: 3,
        update_epochs: 2,
        ..MappoParams::default()
    }
}

#[test]
fn training_2n_is_training_n_a_checkpoint_and_n_more_bit_for_bit_for_any_number_of_threads() {
    let game = Alternation::new(20);
    let kinds = [(Algorithm::Mappo, false), (Algorithm::Mappo, true)];
    for (algorithm, sharing) in kinds.into_iter().chain([(Algorithm::Ippo, true), (Algorithm::Happo, false)])
    {
        let params = cut(algorithm, sharing);
        let mut straight = trainer(&game, &params, 1);
        let expected = (train(&mut straight, 4), straight.checkpoint().unwrap());
        for n in 1..=3 {
            let mut mappo = trainer(&game, &params, n);
            let mut log = train(&mut mappo, 2);
            let bytes = mappo.checkpoint().unwrap();
            let threads = NonZeroUsize::new(n).unwrap();
            let mut mappo = Mappo::restore(&bytes, environments(&game, params.num_envs), threads).unwrap();
            log.extend(train(&mut mappo, 2));
            assert!((log, mappo.checkpoint().unwrap()) == expected, "{algorithm:?}, {n} threads");
        }
    }
}

#[test]
fn what_a_policy_saw_of_the_episode_decides_until_the_memory_is_cleared() {
    let game = Recall::new(5);
    let mut mappo = trainer(&game, &remembering(Algorithm::Mappo), 1);
    train(&mut mappo, 60);
    let policies = TrainedPolicy::load(&mappo.checkpoint().unwrap(), game.spec(), Mode::Greedy).unwrap();
    let (policy, mut memory, mut rng) = (&policies.as_slice()[0], Memory::default(), SeedTree::new(1).rng());
    let mut answers = Vec::new();
    for seed in 0..12 {
        memory.clear();
        let mut game = game.clone();
        let mut step = game.reset(seed);
        let signal = step.global.iter().position(|shown| *shown == 1.0).unwrap();
        for t in 0..5 {
            let (seen, mask) = (&step.observations.as_slice()[0], &step.masks.as_slice()[0]);
            let action = policy.act_on(&mut memory, seen, mask, &mut rng);
            if t == 4 {
                assert_eq!(action.0 as usize, signal);
                answers.push((action, policy.act(seen, mask, &mut rng)));
            }
            step = game.step(&vec![action; 2].into()).unwrap();
        }
    }
    assert!(answers.iter().any(|(remembered, alone)| remembered != alone), "alone it has seen nothing");
    assert!(answers.iter().all(|(_, alone)| *alone == answers[0].1));
}
