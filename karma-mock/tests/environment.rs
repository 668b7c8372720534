//! The simulated cluster as a game keeps every promise of an environment.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;

use karma_core::team::default_roles;
use karma_core::{
    ActionMask, Autoscaler, Decision, DefenderTeam, Environment as _, Guidance, Guide, GuideFactory, Guided,
    Hardness, JointAction, PerAgent, Replicas, Snapshot, State, StreamRng, Target,
};
use karma_mock::environment::TeacherFactory;
use karma_mock::{ClusterEnvironment, ClusterObserver, Scenario, Setup, Split, Workload, topologies};

fn environment(scenarios: Vec<Scenario>, split: Split) -> ClusterEnvironment {
    let topology = Arc::new(topologies::by_name("chain4").unwrap());
    let setup = Setup::new(Arc::clone(&topology), Workload::by_name("worldcup98").unwrap());
    let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), 3);
    let observer = ClusterObserver::new(topology, team.action_space(), 2);
    ClusterEnvironment::new(Arc::new(setup), scenarios.into(), split, team, observer).unwrap()
}

#[test]
fn the_cluster_is_a_conforming_environment() {
    karma_core::testing::environment(|| environment(Scenario::suite(), Split::Train));
}

/// Asks for one replica of every service, whatever it sees.
struct OneOfEach;

impl Autoscaler for OneOfEach {
    fn name(&self) -> &'static str {
        "one of each"
    }

    fn reset(&mut self) {}

    fn decide(&mut self, snapshot: &Snapshot, _: &mut StreamRng) -> Decision {
        Decision { targets: snapshot.services.map(|_| Target::new(Replicas(1), "one")) }
    }
}

/// With everything that training may add.
fn classroom() -> ClusterEnvironment {
    let topology = Arc::new(topologies::by_name("chain4").unwrap());
    let setup = Setup::new(Arc::clone(&topology), Workload::by_name("worldcup98").unwrap());
    let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), 3);
    let observer = ClusterObserver::new(topology, team.action_space(), 2).in_parts();
    let scenarios = Scenario::suite().into();
    ClusterEnvironment::new(Arc::new(setup), scenarios, Split::Train, team, observer)
        .unwrap()
        .with_informed_critic()
        .with_teacher(TeacherFactory::new(|_| Box::new(OneOfEach)))
}

#[test]
fn the_cluster_with_parts_a_teacher_and_an_informed_critic_is_a_conforming_environment() {
    karma_core::testing::environment(classroom);
}

#[test]
fn a_teacher_and_an_informed_critic_change_nothing_of_the_game() {
    let (mut plain, mut taught) = (environment(Scenario::suite(), Split::Train), classroom());
    let (mut here, mut there) = (plain.reset(3), taught.reset(3));
    let know = here.global.len();
    while !here.is_last() {
        assert_eq!((&here.rewards, &here.masks), (&there.rewards, &there.masks));
        assert_eq!(here.global[..], there.global[..know]);
        assert!(there.global.len() > know && here.advice.is_empty());
        let follow: JointAction = there.advice.iter().map(|any| any.legal().next().unwrap()).collect();
        (here, there) = (plain.step(&follow).unwrap(), taught.step(&follow).unwrap());
    }
    assert!(there.advice.is_empty(), "nothing is to be done after the last step");
    let desired = taught.state().unwrap().desired();
    assert!(
        desired.iter().all(|replicas| *replicas == Replicas(1)),
        "the team came to what the teacher asks for: {desired:?}"
    );
}

#[test]
fn an_episode_is_forty_decisions_and_is_truncated() {
    let mut environment = environment(vec![Scenario::by_name("nominal").unwrap()], Split::Train);
    assert_eq!(environment.spec().horizon, 40);
    let mut step = environment.reset(1);
    let hold = step.masks.iter().map(|mask| mask.legal().next().unwrap()).collect();
    for _ in 0..40 {
        assert!(!step.is_last());
        step = environment.step(&hold).unwrap();
    }
    assert!(step.truncated && !step.terminated);
}

#[test]
fn an_onlooker_sees_the_state_of_the_present_step() {
    let mut environment = environment(vec![Scenario::by_name("nominal").unwrap()], Split::Train);
    assert_eq!(environment.state(), None);
    let step = environment.reset(1);
    let began = environment.state().unwrap().time;
    let hold = step.masks.iter().map(|mask| mask.legal().next().unwrap()).collect();
    environment.step(&hold).unwrap();
    let state = environment.state().unwrap();
    assert_eq!((state.services.len(), state.time.0), (4, began.0 + 15.0));
}

#[test]
fn the_splits_are_different_games() {
    let first = |split| environment(Scenario::suite(), split).reset(5);
    assert_ne!(first(Split::Train), first(Split::Evaluation));
}

#[test]
fn without_scenarios_there_is_no_game() {
    let topology = Arc::new(topologies::by_name("chain4").unwrap());
    let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), 3);
    let observer = ClusterObserver::new(Arc::clone(&topology), team.action_space(), 2);
    let setup = Setup::new(Arc::clone(&topology), Workload::by_name("constant").unwrap());
    assert!(
        ClusterEnvironment::new(Arc::new(setup), Vec::new().into(), Split::Train, team, observer).is_err()
    );
}

/// Lets every agent do nothing, half of the time, and pays agent i for every step that it was i · time.
struct Idle;

impl Idle {
    fn answer(shaping: f32) -> Guidance {
        let space = environment(Scenario::suite(), Split::Train).spec().agents.as_slice()[0].action_space;
        let mask = ActionMask::from_fn(space, |action| space.is_no_op(action));
        let guided = Guided { mask, hardness: Hardness::new(0.5).unwrap() };
        let shaping = (0..4u8).map(|agent| f32::from(agent) * shaping).collect();
        Guidance { allowed: PerAgent::filled(guided, 4), shaping }
    }
}

impl Guide for Idle {
    fn begin(&mut self, _: &State) -> Guidance {
        Self::answer(0.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "shaping is single precision")]
    fn advance(&mut self, _: &JointAction, next: &State) -> Guidance {
        Self::answer(next.time.0 as f32)
    }
}

fn idle() -> ClusterEnvironment {
    environment(vec![Scenario::by_name("nominal").unwrap()], Split::Train)
        .with_guide(GuideFactory::new(|| Box::new(Idle)))
}

#[test]
fn under_a_guide_the_cluster_is_a_conforming_environment() {
    karma_core::testing::environment(idle);
}

#[test]
fn a_guide_restricts_masks_with_its_hardness_and_shapes_each_agents_reward() {
    let mut environment = idle();
    let mut step = environment.reset(3);
    let hold: JointAction = PerAgent::filled(karma_core::Action(3), 4);
    let (mut restricted, mut masks) = (0u32, 0u32);
    for t in 1..=40u16 {
        step = environment.step(&hold).unwrap();
        let rewards = step.rewards.as_slice();
        let time = 60.0 + 15.0 * f32::from(t);
        let shaping: Vec<f32> = rewards.iter().map(|reward| (reward - rewards[0]) / time).collect();
        assert!(shaping.iter().zip([0.0, 1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-3), "{shaping:?}");
        masks += 4;
        restricted += step.masks.iter().map(|mask| u32::from(mask.legal_count() == 4)).sum::<u32>();
    }
    assert!(step.truncated);
    let share = f64::from(restricted) / f64::from(masks);
    assert!((0.35..0.65).contains(&share), "half of the masks are restricted: {share}");
}

/// Every agent asks for three replicas more of the service of its own number, where its mask lets it.
fn grow(masks: &PerAgent<ActionMask>) -> JointAction {
    let up = |(agent, mask): (u32, &ActionMask)| {
        let most = (0..=3).rev().map(|change| karma_core::Action(agent * 7 + 3 + change));
        most.into_iter().find(|action| mask.allows(*action)).unwrap()
    };
    (0u32..).zip(masks).map(up).collect()
}

#[test]
fn a_safeguard_masks_what_one_may_do_and_reviews_what_all_do() {
    let guarded = || {
        environment(vec![Scenario::by_name("nominal").unwrap()], Split::Train)
            .with_safeguard(karma_core::testing::Ceiling::factory(5))
    };
    karma_core::testing::environment(guarded);
    let mut environment = guarded();
    let mut step = environment.reset(1);
    assert_eq!(step.corrected, None);
    let mut before = 0;
    for _ in 0..10 {
        step = environment.step(&grow(&step.masks)).unwrap();
        assert_eq!(step.corrected, Some(false), "one agent for each service, each under its mask");
        let legal: usize = step.masks.iter().map(ActionMask::legal_count).sum();
        assert!(before == 0 || legal <= before, "growth is masked more and more");
        before = legal;
    }
    // Two agents that may each add one to the first service may not do so together.
    let mut environment = guarded();
    let step = environment.reset(1);
    let both = PerAgent::filled(karma_core::Action(3 + 3), 4);
    assert!(step.masks.iter().all(|mask| mask.allows(karma_core::Action(3 + 3))));
    assert_eq!(environment.step(&both).unwrap().corrected, Some(false), "3 on 2, summed within alpha");
    let again = PerAgent::filled(karma_core::Action(3 + 1), 4);
    assert_eq!(environment.step(&again).unwrap().corrected, Some(true), "more than 5");
}
