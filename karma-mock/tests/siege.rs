//! The besieged cluster: a zero-sum game that is the cluster's own while its attacker holds still.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;

use karma_core::team::default_roles;
use karma_core::topology::Service;
use karma_core::{
    Action, Autoscaler, Decision, DefenderTeam, Environment as _, JointAction, RewardParams, SeedTree,
    Snapshot, Step, StreamRng, Target, Team, Topology, draw::below, testing,
};
use karma_mock::environment::{Assault, Defence, SiegeConfig, SiegeParams};
use karma_mock::{ClusterEnvironment, ClusterObserver, Scenario, Setup, Siege, Split, Workload, topologies};
use proptest::prelude::*;

const DEFENDERS: usize = 4;

fn cluster(scenario: &str, reward: RewardParams) -> ClusterEnvironment {
    let topology = Arc::new(topologies::by_name("chain4").unwrap());
    let setup = Setup::new(Arc::clone(&topology), Workload::by_name("constant").unwrap());
    let setup = Setup { reward, ..setup };
    let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), 3);
    let observer = ClusterObserver::new(topology, team.action_space(), 2);
    let scenarios = vec![Scenario::by_name(scenario).unwrap()];
    ClusterEnvironment::new(Arc::new(setup), scenarios.into(), Split::Train, team, observer).unwrap()
}

fn siege(params: SiegeParams) -> Siege {
    Siege::new(cluster("nominal", RewardParams::default()), SiegeConfig::try_from(params).unwrap())
}

/// The attacker's move, with defenders that hold still.
fn moved(step: &Step, rate_change: u32, data_change: u32) -> JointAction {
    let hold = step.masks.as_slice()[0].legal().next().unwrap();
    let attack = Action((rate_change + 2) * 3 + data_change);
    (0..DEFENDERS).map(|_| hold).chain([attack]).collect()
}

/// Rewards of the defenders, and steps, while the attacker makes `act` of the step before.
fn play(game: &mut Siege, seed: u64, act: impl Fn(&Step) -> JointAction) -> (Vec<f32>, Vec<Step>) {
    let mut steps = vec![game.reset(seed)];
    while let Some(step) = steps.last().filter(|step| !step.is_last()) {
        steps.push(game.step(&act(step)).unwrap());
    }
    (steps[1..].iter().map(|step| step.rewards.as_slice()[0]).collect(), steps)
}

fn left(step: &Step) -> f32 {
    *step.global.last().unwrap()
}

fn success(game: &Siege) -> f64 {
    game.report().unwrap().success_rate.unwrap()
}

/// An attack on fixed replicas: those that services start with.
fn assault(scenario: &str) -> Assault {
    let topology = Arc::new(topologies::by_name("chain4").unwrap());
    let setup = Arc::new(Setup::new(Arc::clone(&topology), Workload::by_name("constant").unwrap()));
    let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), 3);
    let observer = ClusterObserver::new(Arc::clone(&topology), team.action_space(), 2);
    let defence: Defence = Arc::new(move |_| Box::new(Still(Arc::clone(&topology))));
    let played = (Scenario::by_name(scenario).unwrap(), Split::Train);
    Assault::new(setup, played, observer, defence, SiegeConfig::default())
}

/// Never changes anything.
struct Still(Arc<Topology>);

impl Autoscaler for Still {
    fn name(&self) -> &'static str {
        "still"
    }

    fn reset(&mut self) {}

    fn decide(&mut self, _: &Snapshot, _: &mut StreamRng) -> Decision {
        let hold = |service: &Service| Target::new(service.initial_replicas, "");
        Decision { targets: self.0.services.iter().map(hold).collect() }
    }
}

#[test]
fn a_siege_keeps_the_promises_of_an_environment() {
    testing::environment(|| siege(SiegeParams::default()));
}

#[test]
fn an_assault_keeps_the_promises_of_an_environment() {
    testing::environment(|| assault("nominal"));
}

/// A team that holds still and a rule that does are attacked in the same game: what an attacker sees and earns is the same.
#[test]
fn an_assault_on_a_rule_is_the_siege_of_a_team_that_does_the_same() {
    let (mut alone, mut both) = (assault("nominal"), siege(SiegeParams::default()));
    let (mut step, mut joint) = (alone.reset(7), both.reset(7));
    let mut moves = [4, 4, 2, 2, 0, 3].into_iter().cycle();
    while !step.is_last() {
        let attacker = joint.observations.as_slice().last().unwrap();
        assert_eq!(
            (&step.observations.as_slice()[0], &step.masks.as_slice()[0]),
            (attacker, joint.masks.as_slice().last().unwrap())
        );
        assert_eq!(step.rewards.as_slice().last(), joint.rewards.as_slice().last());
        let wanted = Action(moves.next().unwrap() * 3 + 1);
        let attack = if step.masks.as_slice()[0].allows(wanted) { wanted } else { Action(6) };
        let hold = joint.masks.as_slice()[0]
            .legal()
            .find(|action| both.spec().agents.as_slice()[0].action_space.is_no_op(*action));
        joint = both.step(&(0..DEFENDERS).map(|_| hold.unwrap()).chain([attack]).collect()).unwrap();
        step = alone.step(&vec![attack].into()).unwrap();
    }
    assert!(joint.is_last());
    assert_eq!(alone.report().unwrap().success_rate, both.report().unwrap().success_rate);
}

#[test]
fn the_attacker_is_the_last_agent_and_without_prices_it_earns_what_the_defenders_lose() {
    let free = RewardParams { over_provisioning: 0.0, churn: 0.0, ..RewardParams::default() };
    let mut game = Siege::new(cluster("nominal", free), SiegeConfig::default());
    let agents = game.spec().agents.clone();
    let attackers: Vec<bool> = agents.iter().map(|agent| agent.team == Team::Attacker).collect();
    assert_eq!(attackers, [false, false, false, false, true]);
    let (_, steps) = play(&mut game, 3, |step| moved(step, 1, 0));
    for step in &steps[1..] {
        assert_eq!(step.rewards.as_slice()[DEFENDERS], -step.rewards.as_slice()[0]);
        assert_eq!(step.observations.as_slice()[DEFENDERS].0, step.global);
    }
}

#[test]
fn while_the_attacker_holds_still_the_episode_is_the_clusters_own() {
    for scenario in ["nominal", "ddos"] {
        let own = || cluster(scenario, RewardParams::default());
        let mut game = Siege::new(own(), SiegeConfig::default());
        let (besieged, steps) = play(&mut game, 5, |step| moved(step, 0, 0));
        let mut own = own();
        let mut step = own.reset(5);
        for (reward, joined) in besieged.iter().zip(&steps) {
            assert_eq!(joined.observations.as_slice()[0], step.observations.as_slice()[0], "{scenario}");
            let hold = step.masks.as_slice()[0].legal().next().unwrap();
            step = own.step(&vec![hold; DEFENDERS].into()).unwrap();
            assert_eq!(*reward, step.rewards.as_slice()[0], "{scenario}");
        }
        assert!(step.truncated);
    }
}

/// The share of requests that succeed in three episodes of an attack of one unit of `kappa` that lasts.
fn success_under(kappa: f64, data_change: u32) -> f64 {
    let mut game = siege(SiegeParams { kappa, budget: 1e5, ..SiegeParams::default() });
    let successes = (0..3).map(|seed| {
        play(&mut game, seed, |step| {
            let begun = step.global[step.global.len() - 2] > 0.0;
            moved(step, u32::from(!begun), data_change)
        });
        success(&game)
    });
    successes.sum::<f64>() / 3.0
}

#[test]
fn requests_hurt_and_so_does_altered_data() {
    let (weak, strong, altered) = (success_under(0.05, 0), success_under(3.0, 0), success_under(0.05, 2));
    assert!(weak > 0.9 && strong < 0.5 && altered < weak - 0.02, "{weak} {strong} {altered}");
}

#[test]
fn altered_data_without_requests_alters_nothing() {
    let still = play(&mut siege(SiegeParams::default()), 1, |step| moved(step, 0, 0)).0;
    assert_eq!(still, play(&mut siege(SiegeParams::default()), 1, |step| moved(step, 0, 2)).0);
}

#[test]
fn a_budget_ends_and_then_only_holding_still_is_left() {
    // Two units for 15 s in the first period, four in the second: 30 and 60 seconds of the nominal rate.
    let mut game = siege(SiegeParams { budget: 60.0, ..SiegeParams::default() });
    let mut step = game.reset(1);
    assert_eq!(left(&step), 1.0);
    step = game.step(&moved(&step, 2, 0)).unwrap();
    assert_eq!(left(&step), 0.5);
    step = game.step(&moved(&step, 2, 0)).unwrap();
    assert_eq!(left(&step), 0.0);
    let legal: Vec<Action> = step.masks.as_slice()[DEFENDERS].legal().collect();
    assert_eq!(legal, [Action(2 * 3)], "one entry point, no change, no alteration");
    let quiet = game.step(&moved(&step, 2, 2)).unwrap();
    assert_eq!(
        (left(&quiet), quiet.global[quiet.global.len() - 2]),
        (0.0, 0.0),
        "what is not legal does nothing"
    );
}

#[test]
fn settings_outside_of_their_range_are_refused_with_value_and_range() {
    let refused = |params: SiegeParams| SiegeConfig::try_from(params).unwrap_err().to_string();
    let expected = "attacker.kappa: 0 is not allowed; expected a number from 0.01 to 100";
    assert_eq!(refused(SiegeParams { kappa: 0.0, ..SiegeParams::default() }), expected);
    let expected = "attacker.most: 0 is not allowed; expected a number from 1 to 1000";
    assert_eq!(refused(SiegeParams { most: 0, ..SiegeParams::default() }), expected);
    assert!(
        refused(SiegeParams { budget: f64::NAN, ..SiegeParams::default() })
            .starts_with("attacker.budget: NaN")
    );
    assert!(refused(SiegeParams { sigma: 1.0, ..SiegeParams::default() }).starts_with("attacker.sigma: 1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn under_any_legal_play_the_budget_only_shrinks_and_rates_stay_in_bounds(seed: u64, most in 1u32..9, budget in 1.0..900.0) {
        let mut game = siege(SiegeParams { most, budget, ..SiegeParams::default() });
        let mut rng = SeedTree::new(seed).rng();
        let mut step = game.reset(seed);
        while !step.is_last() {
            let before = left(&step);
            let joint: JointAction = step.masks.iter().map(|mask| {
                let legal: Vec<Action> = mask.legal().collect();
                legal[below(&mut rng, legal.len())]
            }).collect();
            step = game.step(&joint).unwrap();
            prop_assert!((0.0..=before).contains(&left(&step)));
            let level = step.global[step.global.len() - 2];
            prop_assert!((0.0..=1.0).contains(&level));
        }
    }
}
