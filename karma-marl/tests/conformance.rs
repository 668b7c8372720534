//! The test games keep an environment's promises, and trained policies keep a policy's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use karma_core::{Action, ActionMask, Environment, JointAction, Observation, Policy as _, SeedTree, testing};
use karma_marl::games::{Alternation, Dilemma, Recall, Signals, Stipend};
use karma_marl::{Mappo, MappoParams, Mode};

#[test]
fn every_game_keeps_the_promises_of_an_environment() {
    testing::environment(|| Signals::new(7));
    testing::environment(|| Alternation::new(9));
    testing::environment(|| Stipend::new(5));
    testing::environment(|| Dilemma::new(6));
    testing::environment(|| Recall::new(4));
}

#[test]
fn the_optimum_of_each_game_is_reached_by_its_best_play() {
    let mut game = Signals::new(5);
    let mut step = game.reset(3);
    let mut total = 0.0;
    while !step.is_last() {
        let signal = (0..3).find(|signal| step.global[*signal as usize] == 1.0).unwrap();
        step = game.step(&JointAction::filled(Action(signal), 2)).unwrap();
        total += step.rewards.as_slice()[0];
    }
    assert_eq!(total, 5.0);

    let mut game = Alternation::new(5);
    game.reset(0);
    let play = [3, 2, 3, 2, 3].map(|action| game.step(&JointAction::filled(Action(action), 2)).unwrap());
    assert_eq!(play.iter().map(|step| step.rewards.as_slice()[0]).sum::<f32>(), game.optimum());
}

#[test]
fn each_agent_that_plays_what_was_shown_first_earns_half_of_what_can_be_earned() {
    for right in [0_u8, 1, 2] {
        let mut game = Recall::new(4);
        let mut step = game.reset(3);
        let signal = (0..3).find(|signal| step.global[*signal as usize] == 1.0).unwrap();
        let (mut shown, mut total) = (Vec::new(), 0.0);
        while !step.is_last() {
            let play = |agent| Action(if agent < right { signal } else { (signal + 1) % 3 });
            step = game.step(&vec![play(0), play(1)].into()).unwrap();
            total += step.rewards.as_slice()[0];
            shown.push(step.global.clone());
        }
        assert_eq!((total, step.terminated), (f32::from(right) / 2.0, true));
        assert_eq!(shown[..3], [[0.0; 4], [0.0; 4], [0.0, 0.0, 0.0, 1.0]].map(Vec::from));
    }
}

/// The first agent's bit is feature 0, the second's feature 1.
#[test]
fn in_the_dilemma_each_agent_is_paid_for_its_own_bit_and_the_other_pays_twice_that() {
    let mut game = Dilemma::new(40);
    let mut step = game.reset(3);
    for plays in [[true, true], [true, false], [false, true], [false, false]].repeat(10) {
        let bits = [0, 1].map(|agent| u32::from(step.global[agent] == 1.0));
        let action = |agent: usize| Action(if plays[agent] { bits[agent] } else { 1 - bits[agent] });
        step = game.step(&vec![action(0), action(1)].into()).unwrap();
        assert_eq!(step.rewards.as_slice(), Dilemma::rewards(plays));
    }
    assert!(step.truncated);
    for other in [false, true] {
        let worth = |agent: usize, plays| Dilemma::rewards(plays)[agent];
        assert_eq!(worth(0, [true, other]) - worth(0, [false, other]), 1.0);
        assert_eq!(worth(1, [other, true]) - worth(1, [other, false]), 10.0);
    }
}

#[test]
fn a_masked_action_earns_nothing_and_two_zeros_end_the_game() {
    let mut game = Alternation::new(5);
    game.reset(0);
    let mut play = |action| game.step(&JointAction::filled(Action(action), 2)).unwrap();
    play(3);
    assert_eq!(play(3).rewards.as_slice(), [0.0, 0.0]);
    let last = play(0);
    assert!(last.terminated && !last.truncated);
}

/// Observations of a whole episode, under the masks of the game.
fn seen(mut game: Alternation) -> Vec<(Observation, ActionMask)> {
    let mut step = game.reset(1);
    let mut seen = Vec::new();
    while !step.is_last() {
        seen.extend(step.observations.iter().cloned().zip(step.masks.iter().cloned()));
        let joint = step.masks.iter().map(|mask| mask.legal().last().unwrap()).collect();
        step = game.step(&joint).unwrap();
    }
    seen
}

#[test]
fn trained_policies_keep_the_promises_of_a_policy() {
    for (parameter_sharing, recurrent) in [(false, false), (true, false), (false, true), (true, true)] {
        let params = MappoParams {
            num_envs: 2,
            hidden: vec![8],
            parameter_sharing,
            recurrent,
            chunk_length: 3,
            ..MappoParams::default()
        };
        let environments = (0..2).map(|_| Box::new(Alternation::new(6)) as Box<dyn Environment>).collect();
        let mut mappo = Mappo::new(params.check().unwrap(), environments, 1, NonZeroUsize::MIN).unwrap();
        mappo.iterate().unwrap();
        for mode in [Mode::Sampled, Mode::Greedy] {
            for policy in &mappo.policies(mode) {
                testing::policy(policy, &seen(Alternation::new(12)));
            }
        }
    }
}

#[test]
fn a_greedy_policy_ignores_the_stream_and_a_sampled_one_does_not() {
    let params = MappoParams { num_envs: 1, ..MappoParams::default() };
    let game = Alternation::new(6);
    let mappo =
        Mappo::new(params.check().unwrap(), vec![Box::new(game.clone())], 1, NonZeroUsize::MIN).unwrap();
    let (observation, mask) = seen(game)[0].clone();
    let actions = |mode| -> BTreeSet<Action> {
        let policy = mappo.policies(mode).as_slice()[0].clone();
        (0..50).map(|seed| policy.act(&observation, &mask, &mut SeedTree::new(seed).rng())).collect()
    };
    assert_eq!((actions(Mode::Greedy).len(), actions(Mode::Sampled).len()), (1, 4), "fresh policies try all");
}

#[test]
fn an_observation_that_breaks_a_promise_is_refused_with_a_reason() {
    let params = MappoParams { num_envs: 1, ..MappoParams::default() };
    let game = Alternation::new(6);
    let mappo =
        Mappo::new(params.check().unwrap(), vec![Box::new(game.clone())], 1, NonZeroUsize::MIN).unwrap();
    let policies = mappo.policies(Mode::Greedy);
    let (policy, mut rng) = (&policies.as_slice()[0], SeedTree::new(1).rng());
    let mask = ActionMask::all(game.spec().agents.as_slice()[0].action_space);
    let refused =
        |values, rng: &mut _| policy.try_act(&Observation(values), &mask, rng).unwrap_err().to_string();
    assert!(refused(vec![0.0; 7], &mut rng).contains("inputs has 7 values"));
    assert!(refused(vec![f32::NAN; 8], &mut rng).contains("not finite"));
}

#[test]
fn a_greedy_policy_does_what_it_inclines_to_most_whether_asked_alone_or_in_a_batch() {
    let games: Vec<Box<dyn Environment>> = vec![Box::new(Signals::new(5))];
    let threads = NonZeroUsize::MIN;
    let mut mappo =
        Mappo::new(MappoParams { num_envs: 1, ..MappoParams::default() }.check().unwrap(), games, 3, threads)
            .unwrap();
    mappo.iterate().unwrap();
    let mut game = Signals::new(5);
    let (first, mut rng) = (game.reset(1), SeedTree::new(1).rng());
    let second = game.step(&JointAction::filled(Action(0), 2)).unwrap();
    for (agent, policy) in mappo.policies(Mode::Greedy).iter_enumerated() {
        let seen = [&first.observations[agent], &second.observations[agent]];
        let both = policy.inclinations(&[seen[0].0.clone(), seen[1].0.clone()].concat()).unwrap();
        let mask = ActionMask::all(game.spec().agents[agent].action_space);
        for (observation, row) in seen.into_iter().zip(both.chunks(mask.as_slice().len())) {
            assert_eq!(policy.inclinations(&observation.0).unwrap(), row);
            let most = (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
            assert_eq!(policy.act(observation, &mask, &mut rng).0 as usize, most);
        }
        assert!(policy.inclinations(&seen[0].0[1..]).is_err(), "too short");
    }
}
