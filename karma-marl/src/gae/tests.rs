use proptest::prelude::*;

use super::*;

const DISCOUNT: Discount = Discount { gamma: 0.9, lambda: 0.8 };

fn advantages(rewards: &[f32], values: &[f32], boundaries: &[Boundary], discount: Discount) -> Vec<f32> {
    let mut advantages = vec![f32::NAN; rewards.len()];
    gae(Played { agents: 1, rewards, values, boundaries }, discount, &mut advantages).unwrap();
    advantages
}

/// The definition, O(T²): the λ-weighted mixture of all n-step advantages of the step's own episode. The
/// n-step advantage of the last n keeps the weight that is left over.
fn brute_force(rewards: &[f32], values: &[f32], boundaries: &[Boundary], discount: Discount) -> Vec<f64> {
    let (gamma, lambda) = (f64::from(discount.gamma), f64::from(discount.lambda));
    let power = |base: f64, n: usize| base.powi(i32::try_from(n).unwrap());
    let one = |t: usize| {
        let end = (t..rewards.len()).find(|s| boundaries[*s] != Boundary::None).unwrap();
        let n_step = |n: usize| {
            let rewards: f64 = (0..n).map(|k| power(gamma, k) * f64::from(rewards[t + k])).sum();
            let after = match boundaries[t + n - 1] {
                Boundary::None => f64::from(values[t + n]),
                Boundary::Terminated => 0.0,
                Boundary::Truncated { final_value } => f64::from(final_value),
            };
            rewards + power(gamma, n) * after - f64::from(values[t])
        };
        let longest = end - t + 1;
        let mixed: f64 = (1..longest).map(|n| (1.0 - lambda) * power(lambda, n - 1) * n_step(n)).sum();
        mixed + power(lambda, longest - 1) * n_step(longest)
    };
    (0..rewards.len()).map(one).collect()
}

fn boundary() -> impl Strategy<Value = Boundary> {
    prop_oneof![
        6 => Just(Boundary::None),
        1 => Just(Boundary::Terminated),
        1 => (-5.0..5.0_f32).prop_map(|final_value| Boundary::Truncated { final_value }),
    ]
}

prop_compose! {
    fn steps()(mut steps in prop::collection::vec((-5.0..5.0_f32, -5.0..5.0_f32, boundary()), 1..25))
        -> (Vec<f32>, Vec<f32>, Vec<Boundary>) {
        let last = steps.last_mut().unwrap();
        if last.2 == Boundary::None {
            last.2 = Boundary::Terminated;
        }
        let rewards = steps.iter().map(|step| step.0).collect();
        let values = steps.iter().map(|step| step.1).collect();
        (rewards, values, steps.iter().map(|step| step.2).collect())
    }
}

/// What one to three agents played together: each has steps of its own, of one length.
fn together() -> impl Strategy<Value = (usize, Vec<(f32, f32, Boundary)>)> {
    (1_usize..4, 1_usize..25).prop_flat_map(|(agents, length)| {
        let step = (-5.0..5.0_f32, -5.0..5.0_f32, boundary());
        let steps = prop::collection::vec(step, agents * length);
        (Just(agents), steps).prop_map(|(agents, mut steps)| {
            let last = steps.len() - agents;
            for step in steps[last..].iter_mut().filter(|step| step.2 == Boundary::None) {
                step.2 = Boundary::Truncated { final_value: step.0 + step.1 };
            }
            (agents, steps)
        })
    })
}

proptest! {
    #[test]
    fn each_agent_has_the_mixture_of_its_own_n_step_advantages(
        (agents, steps) in together(), gamma in 0.0..1.0_f32, lambda in 0.0..1.0_f32,
    ) {
        let discount = Discount { gamma, lambda };
        let rewards: Vec<f32> = steps.iter().map(|step| step.0).collect();
        let values: Vec<f32> = steps.iter().map(|step| step.1).collect();
        let boundaries: Vec<Boundary> = steps.iter().map(|step| step.2).collect();
        let mut fast = vec![f32::NAN; steps.len()];
        let played = Played { agents, rewards: &rewards, values: &values, boundaries: &boundaries };
        gae(played, discount, &mut fast).unwrap();
        for agent in 0..agents {
            let own: Vec<_> = steps.iter().skip(agent).step_by(agents).copied().collect();
            let rewards: Vec<f32> = own.iter().map(|step| step.0).collect();
            let values: Vec<f32> = own.iter().map(|step| step.1).collect();
            let boundaries: Vec<Boundary> = own.iter().map(|step| step.2).collect();
            let slow = brute_force(&rewards, &values, &boundaries, discount);
            for (fast, slow) in fast.iter().skip(agent).step_by(agents).zip(slow) {
                prop_assert!((f64::from(*fast) - slow).abs() < 1e-4, "agent {agent}: {fast} is not {slow}");
            }
        }
    }

    #[test]
    fn it_is_the_weighted_mixture_of_n_step_advantages(
        (rewards, values, boundaries) in steps(), gamma in 0.0..1.0_f32, lambda in 0.0..1.0_f32,
    ) {
        let discount = Discount { gamma, lambda };
        let fast = advantages(&rewards, &values, &boundaries, discount);
        for (fast, slow) in fast.iter().zip(brute_force(&rewards, &values, &boundaries, discount)) {
            prop_assert!((f64::from(*fast) - slow).abs() < 1e-4, "{fast} is not {slow}");
        }
    }

    #[test]
    fn nothing_leaks_from_one_episode_into_the_one_before(
        (rewards, values, boundaries) in steps(), reward in -5.0..5.0_f32,
    ) {
        let end = boundaries.iter().position(|b| *b != Boundary::None).unwrap();
        let before = advantages(&rewards, &values, &boundaries, DISCOUNT);
        let mut changed = rewards;
        changed[end + 1..].fill(reward);
        let after = advantages(&changed, &values, &boundaries, DISCOUNT);
        prop_assert_eq!(&before[..=end], &after[..=end]);
    }
}

#[test]
fn a_terminated_step_is_worth_its_reward_and_a_truncated_one_what_follows_too() {
    let discount = Discount { gamma: 0.5, lambda: 0.95 };
    assert_eq!(advantages(&[1.0], &[2.0], &[Boundary::Terminated], discount), [-1.0]);
    assert_eq!(advantages(&[1.0], &[2.0], &[Boundary::Truncated { final_value: 4.0 }], discount), [1.0]);
}

/// A reward of 1 for ever is worth 1 / (1 − γ) = 10 everywhere: a critic that knows it is never surprised,
/// also not at the horizon.
#[test]
fn a_perfect_critic_of_an_endless_game_has_no_advantage_at_the_horizon() {
    let boundaries = [Boundary::None, Boundary::None, Boundary::Truncated { final_value: 10.0 }];
    let got = advantages(&[1.0; 3], &[10.0; 3], &boundaries, DISCOUNT);
    assert!(got.iter().all(|advantage| advantage.abs() < 1e-6), "{got:?}");
}

/// With λ = 1 and a critic that says 0, the advantage is the discounted sum: 1, 1.9, 2.71 from the end.
#[test]
fn lambda_one_is_the_discounted_return() {
    let boundaries = [Boundary::None, Boundary::None, Boundary::Terminated];
    let got = advantages(&[1.0; 3], &[0.0; 3], &boundaries, Discount { lambda: 1.0, ..DISCOUNT });
    for (got, expected) in got.iter().zip([2.71, 1.9, 1.0]) {
        assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
    }
}

#[test]
fn an_open_end_and_unequal_columns_are_refused() {
    let mut out = [7.0];
    let open = Played { agents: 1, rewards: &[1.0], values: &[0.0], boundaries: &[Boundary::None] };
    assert_eq!(gae(open, DISCOUNT, &mut out), Err(GaeError::OpenEnd { last: 0, agent: 0 }));
    let unequal = Played { boundaries: &[], ..open };
    let lengths = [1, 1, 0, 1];
    assert_eq!(gae(unequal, DISCOUNT, &mut out), Err(GaeError::Lengths { lengths, agents: 1 }));
    for agents in [0, 2] {
        let (lengths, part) = ([1; 4], Played { agents, boundaries: &[Boundary::Terminated], ..open });
        assert_eq!(gae(part, DISCOUNT, &mut out), Err(GaeError::Lengths { lengths, agents }));
    }
    assert_eq!(out, [7.0], "nothing was written");
    let boundaries = [Boundary::None, Boundary::None, Boundary::Terminated, Boundary::None];
    let half = Played { agents: 2, rewards: &[0.0; 4], values: &[0.0; 4], boundaries: &boundaries };
    assert_eq!(gae(half, DISCOUNT, &mut [0.0; 4]), Err(GaeError::OpenEnd { last: 1, agent: 1 }));
}
