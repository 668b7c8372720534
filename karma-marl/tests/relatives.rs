//! MAPPO's relatives learn, resume bit for bit, and are the same on any number of threads; the dead teach nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::num::NonZeroUsize;

use karma_core::{AgentId, Environment, Id as _, SeedTree};
use karma_marl::games::{LastStand, MatrixGame, Signals};
use karma_marl::{Algorithm, Mappo, MappoParams, Mode, episodic_returns, stats};

fn environments<E: Environment + Clone + 'static>(game: &E, n: usize) -> Vec<Box<dyn Environment>> {
    (0..n).map(|_| Box::new(game.clone()) as Box<dyn Environment>).collect()
}

fn trainer<E: Environment + Clone + 'static>(game: &E, params: &MappoParams, threads: usize) -> Mappo {
    let threads = NonZeroUsize::new(threads).unwrap();
    Mappo::new(params.check().unwrap(), environments(game, params.num_envs), 1, threads).unwrap()
}

fn train(mappo: &mut Mappo, iterations: usize) {
    for _ in 0..iterations {
        mappo.iterate().unwrap();
    }
}

/// Mean greedy return on seeds that training never saw.
fn evaluate<E: Environment + Clone>(game: &E, mappo: &Mappo) -> f64 {
    let seeds = SeedTree::new(1).child("evaluate");
    let seeds = (0..20).map(|episode| seeds.index(episode).seed());
    let policies = mappo.policies(Mode::Greedy);
    stats::mean(&episodic_returns(&mut game.clone(), &policies, seeds).unwrap()).unwrap()
}

fn params(algorithm: Algorithm) -> MappoParams {
    MappoParams { algorithm, learning_rate: 2e-3, ..MappoParams::published() }
}

#[test]
fn each_relative_learns_to_coordinate_on_a_signal() {
    let game = Signals::new(16);
    for algorithm in [Algorithm::Mappo, Algorithm::Ippo, Algorithm::Happo] {
        for norm in [false, true] {
            let params = MappoParams { input_norm: norm, layer_norm: norm, ..params(algorithm) };
            let mut mappo = trainer(&game, &params, 2);
            train(&mut mappo, 50);
            assert_eq!(evaluate(&game, &mappo), 16.0, "{algorithm:?}, norms {norm}");
        }
    }
}

#[test]
fn each_relative_finds_a_good_equilibrium_of_a_team() {
    let game = MatrixGame::penalty(-1.0, 1);
    for algorithm in [Algorithm::Mappo, Algorithm::Ippo, Algorithm::Happo] {
        let params = MappoParams { num_envs: 64, entropy_coef: 0.05, ..params(algorithm) };
        let mut mappo = trainer(&game, &params, 2);
        train(&mut mappo, 80);
        assert_eq!(evaluate(&game, &mappo), 10.0, "{algorithm:?}");
    }
}

#[test]
fn each_relative_is_the_same_run_on_any_number_of_threads_and_across_a_checkpoint() {
    let game = LastStand::new(6);
    for algorithm in [Algorithm::Mappo, Algorithm::Ippo, Algorithm::Happo] {
        for num_minibatches in [1, 3] {
            let params = MappoParams {
                num_envs: 5,
                hidden: vec![16, 16],
                num_minibatches,
                update_epochs: 3,
                layer_norm: true,
                ..params(algorithm)
            };
            let straight = |threads| {
                let mut mappo = trainer(&game, &params, threads);
                train(&mut mappo, 6);
                mappo.checkpoint().unwrap()
            };
            let expected = straight(1);
            for threads in [2, 4] {
                assert!(straight(threads) == expected, "{algorithm:?} on {threads} threads");
            }
            let mut half = trainer(&game, &params, 2);
            train(&mut half, 3);
            let bytes = half.checkpoint().unwrap();
            let mut rest = Mappo::restore(&bytes, environments(&game, 5), NonZeroUsize::MIN).unwrap();
            train(&mut rest, 3);
            assert!(rest.checkpoint().unwrap() == expected, "{algorithm:?} was not continued");
        }
    }
}

#[test]
fn a_team_learns_that_one_of_them_has_to_die() {
    let game = LastStand::new(8);
    for (algorithm, parameter_sharing) in [
        (Algorithm::Mappo, false),
        (Algorithm::Mappo, true),
        (Algorithm::Ippo, false),
        (Algorithm::Happo, false),
    ] {
        let mut mappo = trainer(&game, &MappoParams { parameter_sharing, ..params(algorithm) }, 2);
        train(&mut mappo, 80);
        let earned = evaluate(&game, &mappo);
        assert!(earned >= 7.9, "{algorithm:?}, sharing {parameter_sharing}: {earned} of {}", game.optimum());
    }
}

/// Rows in which an agent is dead do not enter its update: what they hold is nobody's business.
#[test]
fn what_is_done_in_the_name_of_the_dead_is_marked_as_such() {
    let mut mappo = trainer(&LastStand::new(8), &params(Algorithm::Mappo), 1);
    train(&mut mappo, 1);
    let rollout = mappo.rollout();
    for agent in [0, 1].map(AgentId::from_index) {
        let alive = rollout.alive(agent);
        assert!(alive.contains(&true) && alive.contains(&false), "a random guard falls now and then");
    }
}
