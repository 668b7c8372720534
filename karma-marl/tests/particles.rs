//! The multi-particle environments are the published ones: their episodes, their returns, and an environment's promises.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::BTreeMap;

use karma_core::{Action, Environment as _, JointAction, SeedTree, Step, draw::below, testing};
use karma_marl::games::particles::{
    Convention, Distance, Integration, Layout, LayoutError, Particles, Scenario,
};
use serde::Deserialize;

/// One replayed episode of `tests/data/particles`.
#[derive(Deserialize)]
struct Episode {
    agents: Vec<[f64; 2]>,
    landmarks: [[f64; 2]; 3],
    goals: Vec<usize>,
    actions: Vec<Vec<u32>>,
    positions: Vec<Vec<f64>>,
    rewards: Vec<Vec<f64>>,
    observations: Option<Vec<Vec<f64>>>,
}

const GOLDEN: [(&str, Convention, &str); 4] = [
    ("on-policy", Convention::ON_POLICY, include_str!("data/particles/on-policy.json")),
    ("1.22.3", Convention::PETTINGZOO_1_22_3, include_str!("data/particles/pettingzoo-1.22.3.json")),
    ("1.22.4", Convention::PETTINGZOO_1_22_4, include_str!("data/particles/pettingzoo-1.22.4.json")),
    ("mpe2", Convention::MPE2, include_str!("data/particles/mpe2.json")),
];

fn assert_near(ours: impl IntoIterator<Item = f64>, theirs: &[f64], within: f64, what: &str) {
    let ours: Vec<f64> = ours.into_iter().collect();
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= within * theirs.abs().max(1.0), "{what}: {ours} for {theirs}");
    }
}

fn replay(name: &str, game: &mut Particles, episode: &Episode) {
    let start =
        Layout { agents: episode.agents.clone(), landmarks: episode.landmarks, goals: episode.goals.clone() };
    let mut step = Step::default();
    game.reset_to(&start, &mut step).unwrap();
    let see = |step: &Step, moment: usize| {
        let Some(seen) = &episode.observations else { return };
        assert_near(step.global.iter().copied().map(f64::from), &seen[moment], 1e-6, "observations");
    };
    see(&step, 0);
    for (moment, actions) in episode.actions.iter().enumerate() {
        game.step_into(&actions.iter().copied().map(Action).collect(), &mut step).unwrap();
        let what = format!("{name}, step {moment}");
        let positions = game.layout().agents.into_iter().flatten();
        assert_near(positions, &episode.positions[moment], 1e-12, &what);
        assert_near(step.rewards.iter().copied().map(f64::from), &episode.rewards[moment], 1e-6, &what);
        see(&step, moment + 1);
    }
    assert!(step.truncated && !step.terminated);
}

#[test]
fn published_episodes_are_reproduced_in_every_convention() {
    for (name, convention, golden) in GOLDEN {
        let golden: BTreeMap<String, Vec<Episode>> = serde_json::from_str(golden).unwrap();
        for scenario in Scenario::ALL {
            let mut game = Particles::new(scenario, convention);
            for episode in &golden[scenario.name()] {
                replay(&format!("{name}, {}", scenario.name()), &mut game, episode);
            }
        }
    }
}

#[test]
fn every_scenario_keeps_the_promises_of_an_environment_in_every_convention() {
    for (_, convention) in Convention::ALL {
        for scenario in Scenario::ALL {
            testing::environment(|| Particles::new(scenario, convention));
        }
    }
}

/// Team returns of episodes in which each agent's action is chosen by `act` of what there is and whose turn it is.
fn returns(
    game: &mut Particles,
    convention: Convention,
    mut act: impl FnMut(&Step, usize) -> usize,
) -> Vec<f64> {
    let mut step = Step::default();
    let agents = game.spec().agents.len();
    let mut episode = |seed| {
        game.reset_into(seed, &mut step);
        let mut sums = vec![0.0; agents];
        while !step.is_last() {
            let action = |agent| Action(u32::try_from(act(&step, agent)).unwrap());
            let joint = (0..agents).map(action).collect::<JointAction>();
            game.step_into(&joint, &mut step).unwrap();
            sums.iter_mut().zip(&step.rewards).for_each(|(sum, reward)| *sum += f64::from(*reward));
        }
        convention.team_return(&sums)
    };
    (0..EPISODES).map(&mut episode).collect()
}

const EPISODES: u64 = 4_000;

/// The published figure has an error of its own: its last digit, and about a thousand episodes.
fn assert_mean(returns: &[f64], published: f64, what: &str) {
    let n = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / n;
    let variance = returns.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n + variance / 1_000.0).sqrt();
    assert!((mean - published).abs() < 3.0 * error + 0.05, "{what}: {mean:.2} ± {error:.2} for {published}");
}

#[test]
fn random_and_idle_agents_earn_what_is_known_of_each_convention() {
    for (name, convention) in Convention::ALL {
        for scenario in Scenario::ALL {
            let known = convention.reference_returns(scenario).unwrap();
            let mut game = Particles::new(scenario, convention);
            let mut rng = SeedTree::new(5).rng();
            let random = returns(&mut game, convention, |step, agent| {
                below(&mut rng, step.masks.as_slice()[agent].as_slice().len())
            });
            assert_mean(&random, known.random, &format!("{name}, {}, random", scenario.name()));
            let idle = returns(&mut game, convention, |_, _| 0);
            assert_mean(&idle, known.no_op, &format!("{name}, {}, idle", scenario.name()));
        }
    }
}

/// Least cost of `depth` steps of a mover that sees its goal at `away`, and the move that begins them.
fn best_move(
    convention: &Convention,
    cost: fn(f64) -> f64,
    (away, velocity): ([f64; 2], [f64; 2]),
    depth: u32,
) -> (f64, usize) {
    const PUSHES: [[f64; 2]; 5] = [[0.0, 0.0], [-0.5, 0.0], [0.5, 0.0], [0.0, -0.5], [0.0, 0.5]];
    if depth == 0 {
        return (0.0, 0);
    }
    let after = |push: [f64; 2]| {
        let faster = [0, 1].map(|axis| 0.75 * velocity[axis] + push[axis]);
        let moving = match convention.integration {
            Integration::VelocityFirst => faster,
            Integration::PositionFirst => velocity,
        };
        let away = [0, 1].map(|axis| away[axis] - 0.1 * moving[axis]);
        cost(away[0].hypot(away[1])) + best_move(convention, cost, (away, faster), depth - 1).0
    };
    let costs = PUSHES.map(after).into_iter().enumerate().map(|(action, cost)| (cost, action));
    costs.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
}

/// The move of a script that knows the goal of `agent` and looks three steps ahead.
fn scripted(scenario: Scenario, convention: &Convention, step: &Step, agent: usize) -> usize {
    let seen = |agent: usize, at: usize| f64::from(step.observations.as_slice()[agent].0[at]);
    let color = match (scenario, agent) {
        (Scenario::SpeakerListener, 0) => return 0,
        (Scenario::SpeakerListener, _) => 0..3,
        _ => 8..11,
    };
    let other = 1 - agent;
    let goal =
        color.clone().max_by(|a, b| seen(other, *a).total_cmp(&seen(other, *b))).unwrap() - color.start;
    let point = |at| [seen(agent, at), seen(agent, at + 1)];
    let cost = match (scenario, convention.reference_distance) {
        (Scenario::Reference, Distance::Plain) => |apart| apart,
        _ => |apart: f64| apart * apart,
    };
    best_move(convention, cost, (point(2 + 2 * goal), point(0)), 3).1
}

#[test]
fn a_script_that_needs_no_words_earns_what_is_known_of_each_convention() {
    for (name, convention) in Convention::ALL {
        for scenario in [Scenario::Reference, Scenario::SpeakerListener] {
            let mut game = Particles::new(scenario, convention);
            let found =
                returns(&mut game, convention, |step, agent| scripted(scenario, &convention, step, agent));
            let known = convention.reference_returns(scenario).unwrap().oracle;
            assert_mean(&found, known, &format!("{name}, {}", scenario.name()));
        }
    }
}

#[test]
fn nothing_is_known_of_a_variant_of_ones_own() {
    let mine = Convention { landmark_scale: 0.5, ..Convention::MPE2 };
    assert_eq!(mine.reference_returns(Scenario::Spread), None);
    assert_eq!(mine.reference_returns(Scenario::Reference), None);
}

#[test]
fn the_words_of_the_reference_game_are_the_high_digits_of_an_action() {
    let mut game = Particles::new(Scenario::Reference, Convention::MPE2);
    game.reset(1);
    let step = game.step(&vec![Action(2 + 5 * 7), Action(0)].into()).unwrap();
    let [first, second] = step.observations.as_slice() else { panic!("two agents") };
    assert_eq!((first.0[0], first.0[1]), (0.5, 0.0), "move 2 goes right");
    assert_eq!(second.0[11..].iter().position(|said| *said == 1.0), Some(7));
}

#[test]
fn a_layout_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut game = Particles::new(Scenario::SpeakerListener, Convention::MPE2);
    let mut step = game.reset(1);
    let (before, good) = (step.clone(), game.layout());
    let mut refused = |layout: Layout| game.reset_to(&layout, &mut step).unwrap_err();
    let error = refused(Layout { agents: vec![], ..good.clone() });
    assert_eq!(error, LayoutError::Agents { got: 0, expected: 2 });
    let error = refused(Layout { goals: vec![], ..good.clone() });
    assert_eq!(error, LayoutError::Goals { got: 0, expected: 1 });
    let error = refused(Layout { goals: vec![3], ..good.clone() });
    assert_eq!(error.to_string(), "goal 0 is landmark 3, but landmarks are 0 to 2");
    let error = refused(Layout { landmarks: [[f64::NAN; 2]; 3], ..good.clone() });
    assert!(matches!(error, LayoutError::TooFar { .. }));
    assert_eq!((step, game.layout()), (before, good));
}
