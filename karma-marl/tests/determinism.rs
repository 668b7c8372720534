//! One seed, one run: for any number of threads, and across a checkpoint.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::num::NonZeroUsize;

use karma_core::Environment;
use karma_marl::games::{Alternation, Dilemma, Signals};
use karma_marl::{IterationStats, Mappo, MappoParams, Mode, TrainedPolicy};

const HALF: usize = 3;

fn environments<E: Environment + Clone + 'static>(game: &E) -> Vec<Box<dyn Environment>> {
    (0..5).map(|_| Box::new(game.clone()) as Box<dyn Environment>).collect()
}

fn params(parameter_sharing: bool) -> MappoParams {
    MappoParams {
        num_envs: 5,
        hidden: vec![16, 16],
        num_minibatches: 3,
        update_epochs: 3,
        parameter_sharing,
        ..MappoParams::default()
    }
}

fn threads(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

fn train(mappo: &mut Mappo, iterations: usize) -> Vec<IterationStats> {
    (0..iterations).map(|_| mappo.iterate().unwrap()).collect()
}

/// Log and final bytes of a run that is not interrupted.
fn straight<E: Environment + Clone + 'static>(
    game: &E,
    sharing: bool,
    n: usize,
) -> (Vec<IterationStats>, Vec<u8>) {
    let config = params(sharing).check().unwrap();
    let mut mappo = Mappo::new(config, environments(game), 11, threads(n)).unwrap();
    (train(&mut mappo, 2 * HALF), mappo.checkpoint().unwrap())
}

/// The same run, stopped half-way and continued from bytes in new environments.
fn interrupted<E: Environment + Clone + 'static>(
    game: &E,
    sharing: bool,
    n: usize,
) -> (Vec<IterationStats>, Vec<u8>) {
    let config = params(sharing).check().unwrap();
    let mut mappo = Mappo::new(config, environments(game), 11, threads(n)).unwrap();
    let mut log = train(&mut mappo, HALF);
    let bytes = mappo.checkpoint().unwrap();
    drop(mappo);
    let mut mappo = Mappo::restore(&bytes, environments(game), threads(n)).unwrap();
    assert_eq!(mappo.checkpoint().unwrap(), bytes, "reading and writing changes nothing");
    log.extend(train(&mut mappo, HALF));
    (log, mappo.checkpoint().unwrap())
}

fn holds_for<E: Environment + Clone + 'static>(game: &E) {
    for sharing in [false, true] {
        let expected = straight(game, sharing, 1);
        for n in 1..=3 {
            assert!(straight(game, sharing, n) == expected, "{n} threads change the run");
            assert!(interrupted(game, sharing, n) == expected, "a checkpoint changes the run on {n} threads");
        }
    }
}

#[test]
fn training_2n_is_training_n_a_checkpoint_and_n_more_bit_for_bit_for_any_number_of_threads() {
    holds_for(&Signals::new(8));
}

#[test]
fn the_same_holds_where_episodes_end_early_and_actions_are_masked() {
    holds_for(&Alternation::new(20));
}

#[test]
fn the_same_holds_where_agents_earn_differently() {
    holds_for(&Dilemma::new(8));
}

#[test]
fn another_seed_is_another_run() {
    let config = params(false).check().unwrap();
    let mut first = Mappo::new(config.clone(), environments(&Signals::new(8)), 11, threads(1)).unwrap();
    let mut second = Mappo::new(config, environments(&Signals::new(8)), 12, threads(1)).unwrap();
    assert_ne!(train(&mut first, 1), train(&mut second, 1));
}

#[test]
fn policies_from_the_checkpoint_are_those_of_the_trainer() {
    let game = Signals::new(8);
    let config = params(true).check().unwrap();
    let mut mappo = Mappo::new(config, environments(&game), 11, threads(2)).unwrap();
    train(&mut mappo, 1);
    let loaded = TrainedPolicy::load(&mappo.checkpoint().unwrap(), game.spec(), Mode::Sampled).unwrap();
    assert_eq!(loaded, mappo.policies(Mode::Sampled));
    assert_ne!(loaded.as_slice()[0], loaded.as_slice()[1], "a shared actor is told whom it plays");
}
