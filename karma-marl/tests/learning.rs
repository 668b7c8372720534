//! MAPPO learns what it should, and does not where it cannot.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::num::NonZeroUsize;

use karma_core::{Environment, PerAgent, SeedTree};
use karma_marl::games::{Alternation, Dilemma, Signals, Stipend};
use karma_marl::{Mappo, MappoParams, Mode, TrainedPolicy, episodic_returns, stats};

fn train<E: Environment + Clone + 'static>(game: &E, params: &MappoParams, iterations: usize) -> Mappo {
    let environments = (0..params.num_envs).map(|_| Box::new(game.clone()) as Box<dyn Environment>);
    let threads = NonZeroUsize::new(2).unwrap();
    let mut mappo = Mappo::new(params.check().unwrap(), environments.collect(), 1, threads).unwrap();
    for _ in 0..iterations {
        mappo.iterate().unwrap();
    }
    mappo
}

/// Mean return on seeds that training never saw.
fn evaluate<E: Environment + Clone>(game: &E, policies: &PerAgent<TrainedPolicy>) -> f64 {
    let seeds = SeedTree::new(1).child("evaluate");
    let seeds = (0..20).map(|episode| seeds.index(episode).seed());
    stats::mean(&episodic_returns(&mut game.clone(), policies, seeds).unwrap()).unwrap()
}

fn params() -> MappoParams {
    MappoParams { learning_rate: 2e-3, ..MappoParams::published() }
}

#[test]
fn it_learns_to_coordinate_on_a_signal() {
    let game = Signals::new(16);
    for parameter_sharing in [false, true] {
        let params = MappoParams { parameter_sharing, ..params() };
        let mappo = train(&game, &params, 40);
        let share = evaluate(&game, &mappo.policies(Mode::Sampled)) / 16.0;
        assert!(share >= 0.95, "sampled: {share} of the optimum");
        assert_eq!(evaluate(&game, &mappo.policies(Mode::Greedy)), 16.0);
    }
}

/// The negative control: the same run with a learning rate that changes no parameter stays where ignorance
/// is.
#[test]
fn without_a_learning_rate_it_learns_nothing() {
    let game = Signals::new(16);
    let params = MappoParams { learning_rate: 1e-12, ..params() };
    let share = evaluate(&game, &train(&game, &params, 40).policies(Mode::Sampled)) / 16.0;
    assert!((0.1..0.3).contains(&share), "ignorance earns 0.18, but got {share}");
}

#[test]
fn it_learns_to_plan_under_masks_and_not_to_quit() {
    let game = Alternation::new(10);
    let mappo = train(&game, &params(), 60);
    let share = evaluate(&game, &mappo.policies(Mode::Greedy)) / f64::from(game.optimum());
    assert!(share >= 0.95, "{share} of the optimum");
}

/// The optimum of each agent is to play its bit in every step, whatever the other does. A learner of the mean of
/// both rewards comes to play no bit at all.
#[test]
fn each_agent_learns_from_its_own_reward_and_not_from_the_mean() {
    let game = Dilemma::new(16);
    for parameter_sharing in [false, true] {
        let mappo = train(&game, &MappoParams { parameter_sharing, ..params() }, 100);
        let both = Dilemma::rewards([true, true]).map(f64::from);
        let expected = 16.0 * (both[0] + both[1]) / 2.0;
        assert_eq!(evaluate(&game, &mappo.policies(Mode::Greedy)), expected, "sharing {parameter_sharing}");
    }
}

/// With γ = 0 a value is the expected reward of the next step: −19 for one agent and 8 for the other.
#[test]
fn the_critic_has_a_value_for_each_agent() {
    let mappo = train(&Dilemma::new(16), &MappoParams { gamma: 0.0, entropy_coef: 0.0, ..params() }, 60);
    for state in [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] {
        let values = mappo.values(&state).unwrap().unwrap();
        for (value, expected) in values.iter().zip(Dilemma::rewards([true, true])) {
            assert!((value - expected).abs() < 0.5, "{value} is not {expected} in {state:?}");
        }
    }
}

/// 1 / (1 − γ) = 10 everywhere, also next to the horizon of 5. Taking the horizon for the end gives at most
/// 4.1.
#[test]
fn the_critic_values_what_lies_beyond_the_horizon() {
    for value_norm in [true, false] {
        let params = MappoParams { gamma: 0.9, value_norm, ..params() };
        let mappo = train(&Stipend::new(5), &params, 150);
        let expected = Stipend::value(0.9);
        for value in &mappo.values(&[1.0]).unwrap().unwrap() {
            let wrong = (value / expected - 1.0).abs();
            assert!(wrong < 0.05, "{value} is not {expected} (value_norm {value_norm})");
        }
    }
}
