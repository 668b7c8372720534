//! Two sides in one game: self-play finds an equilibrium, and an attacker who learns finds the hole of a frozen team.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::num::NonZeroUsize;

use karma_core::{AgentId, Environment, Id as _};
use karma_marl::games::{MatrixGame, Mixed, Signals};
use karma_marl::{Attack, ExploitabilityError, Mappo, MappoParams, Mode, exploitability};

fn environments(game: &(impl Environment + Clone + 'static), n: usize) -> Vec<Box<dyn Environment>> {
    (0..n).map(|_| Box::new(game.clone()) as Box<dyn Environment>).collect()
}

fn params() -> MappoParams {
    MappoParams {
        num_envs: 128,
        learning_rate: 1e-3,
        entropy_coef: 0.05,
        hidden: vec![16],
        ..MappoParams::published()
    }
}

fn trainer(game: &MatrixGame) -> Mappo {
    let params = params();
    let environments = environments(game, params.num_envs);
    Mappo::new(params.check().unwrap(), environments, 1, NonZeroUsize::MIN).unwrap()
}

/// How often each agent took each action in the last rollout.
fn frequencies(mappo: &Mappo, actions: usize) -> Mixed {
    [0, 1].map(|agent| {
        let taken = mappo.rollout().actions(AgentId::from_index(agent));
        let of = |action| taken.iter().filter(|a| **a == action).count() as f64 / taken.len() as f64;
        (0..actions).map(of).collect()
    })
}

/// Policies circle around an equilibrium; a strong entropy bonus draws them in, and what they play on average comes close
/// to it (the bonus itself keeps it a little on the side of uniform play).
#[test]
fn the_average_play_of_both_sides_comes_close_to_the_equilibrium() {
    let game = MatrixGame::biased(1);
    let params = MappoParams { entropy_coef: 0.2, ..params() };
    let environments = environments(&game, params.num_envs);
    let mut mappo = Mappo::new(params.check().unwrap(), environments, 1, NonZeroUsize::MIN).unwrap();
    let mut average: Mixed = [vec![0.0; 2], vec![0.0; 2]];
    let (warm_up, counted) = (100, 500);
    for iteration in 0..warm_up + counted {
        mappo.iterate().unwrap();
        if iteration >= warm_up {
            for (sum, now) in average.iter_mut().zip(frequencies(&mappo, 2)) {
                sum.iter_mut().zip(now).for_each(|(sum, now)| *sum += now / f64::from(counted));
            }
        }
    }
    let uniform = game.exploitability(&[vec![0.5; 2], vec![0.5; 2]]);
    let gap = game.exploitability(&average);
    assert!(gap < 0.35 && gap < uniform, "{average:?} can be exploited by {gap}, uniform play by {uniform}");
}

fn attack(game: &MatrixGame, seeds: &[u64]) -> karma_marl::Exploitability {
    let config = params().check().unwrap();
    let attack = Attack { config, seed: 2, iterations: 60, threads: NonZeroUsize::MIN, evaluation: seeds };
    let fresh = trainer(game).policies(Mode::Sampled);
    exploitability(&fresh, environments(game, params().num_envs), &attack).unwrap()
}

/// A fresh team plays each row half the time. The equilibrium of matching pennies is just that; in the biased game the
/// attacker's best answer brings it from 0.25 to 0.
#[test]
fn an_attacker_finds_a_hole_where_there_is_one_and_none_where_there_is_none() {
    let seeds: Vec<u64> = (1_000_000..1_002_000).collect();
    let pennies = attack(&MatrixGame::matching_pennies(1), &seeds);
    assert!(pennies.gain().abs() < 0.1, "{} to {}", pennies.before, pennies.after);
    let biased = attack(&MatrixGame::biased(1), &seeds);
    assert!(biased.gain() > 0.15, "{} to {}", biased.before, biased.after);
}

#[test]
fn frozen_policies_stay_as_they_are_and_the_other_side_learns() {
    let game = MatrixGame::matching_pennies(1);
    let given = trainer(&game).policies(Mode::Greedy);
    let mut mappo = trainer(&game);
    let defender = AgentId::from_index(0);
    mappo.freeze(defender, &given[defender]).unwrap();
    mappo.iterate().unwrap();
    let bytes = mappo.checkpoint().unwrap();
    let mut mappo =
        Mappo::restore(&bytes, environments(&game, params().num_envs), NonZeroUsize::MIN).unwrap();
    mappo.iterate().unwrap();
    let after = mappo.policies(Mode::Greedy);
    assert_eq!(after[defender], given[defender], "also after a checkpoint");
    assert_ne!(after[AgentId::from_index(1)], given[AgentId::from_index(1)]);
}

#[test]
fn a_policy_of_another_shape_cannot_be_frozen_and_a_side_without_agents_cannot_be_attacked() {
    let mut mappo = trainer(&MatrixGame::matching_pennies(1));
    let other = trainer(&MatrixGame::rock_paper_scissors(1)).policies(Mode::Greedy);
    let refused = mappo.freeze(AgentId::from_index(0), &other[AgentId::from_index(0)]).unwrap_err();
    assert!(refused.to_string().contains("the policy of agent 0"), "{refused}");
    let game = Signals::new(4);
    let attack = Attack {
        config: params().check().unwrap(),
        seed: 1,
        iterations: 1,
        threads: NonZeroUsize::MIN,
        evaluation: &[1],
    };
    let refused = exploitability(&other, environments(&game, 128), &attack);
    assert!(matches!(refused, Err(ExploitabilityError::OneSided)));
}
