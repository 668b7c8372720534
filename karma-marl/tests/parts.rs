//! Actors that see a part for each service: what they learn on a few services they know of many.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::num::NonZeroUsize;

use karma_core::draw::below;
use karma_core::{
    ActionError, ActionMask, ActionSpace, AgentSpec, Environment, EnvironmentSpec, JointAction, Observation,
    PerAgent, SeedTree, Step, StreamRng, Team,
};
use karma_marl::{Algorithm, Mappo, MappoError, MappoParams, Mode, TrainedPolicy, export_onnx};

const HORIZON: usize = 10;

/// Each agent earns 1 for adding a replica to the busiest service. It sees two features of each: the load, and a constant.
#[derive(Clone)]
struct Busiest {
    spec: EnvironmentSpec,
    rng: StreamRng,
    loads: Vec<f32>,
    steps: usize,
}

impl Busiest {
    fn new(services: u32) -> Self {
        let agent = |name: &str| AgentSpec {
            name: name.to_owned(),
            team: Team::Defender,
            action_space: ActionSpace::Defender { services, alpha: 1 },
            observation_size: 2 * services as usize,
            parts: services as usize,
        };
        let agents = vec![agent("first"), agent("second")].into();
        let spec = EnvironmentSpec { agents, global_size: services as usize, horizon: HORIZON };
        Self { spec, rng: SeedTree::new(0).rng(), loads: Vec::new(), steps: HORIZON }
    }

    fn busiest(&self) -> usize {
        let better = |best: usize, at: usize| if self.loads[at] > self.loads[best] { at } else { best };
        (0..self.loads.len()).reduce(better).unwrap()
    }

    fn show(&mut self, rewards: PerAgent<f32>) -> Step {
        let services = self.spec.global_size;
        self.loads = (0..services).map(|_| below(&mut self.rng, 1000) as f32 / 1000.0).collect();
        let seen = Observation(self.loads.iter().flat_map(|load| [*load, 1.0]).collect());
        let mask = ActionMask::all(self.spec.agents.as_slice()[0].action_space);
        Step {
            observations: PerAgent::filled(seen, 2),
            masks: PerAgent::filled(mask, 2),
            global: self.loads.clone(),
            rewards,
            truncated: self.steps == HORIZON,
            ..Step::default()
        }
    }
}

impl Environment for Busiest {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        (self.rng, self.steps) = (SeedTree::new(seed).child("busiest").rng(), 0);
        self.show(PerAgent::filled(0.0, 2))
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        self.spec.check(action)?;
        if self.steps == HORIZON {
            return Err(ActionError::EpisodeOver);
        }
        let (space, busiest) = (self.spec.agents.as_slice()[0].action_space, self.busiest());
        let right = |action: &karma_core::Action| {
            let moved = space.defender(*action).unwrap();
            moved.replica_change == 1 && karma_core::Id::index(moved.service) == busiest
        };
        let rewards = action.map(|action| f32::from(u8::from(right(action))));
        self.steps += 1;
        Ok(self.show(rewards))
    }
}

fn copies(services: u32) -> Vec<Box<dyn Environment>> {
    (0..8).map(|_| Box::new(Busiest::new(services)) as Box<dyn Environment>).collect()
}

fn params() -> MappoParams {
    MappoParams {
        num_envs: 8,
        hidden: vec![16],
        learning_rate: 3e-3,
        num_minibatches: 2,
        hold_bias: 0.0,
        ..MappoParams::default()
    }
}

fn trainer(edit: impl FnOnce(&mut MappoParams), threads: usize) -> Result<Mappo, MappoError> {
    let mut params = params();
    edit(&mut params);
    Mappo::new(params.check().unwrap(), copies(3), 1, NonZeroUsize::new(threads).unwrap())
}

/// Share of the steps in which greedy agents find the busiest of `services`.
fn found(bytes: &[u8], services: u32) -> f32 {
    let mut game = Busiest::new(services);
    let policies = TrainedPolicy::load(bytes, game.spec(), Mode::Greedy).unwrap();
    let (mut rng, mut sum) = (SeedTree::new(5).rng(), 0.0);
    for seed in 0..20 {
        let mut step = game.reset(seed);
        while !step.is_last() {
            let seen = policies.iter().zip(&step.observations).zip(&step.masks);
            let joint =
                seen.map(|((policy, seen), mask)| policy.try_act(seen, mask, &mut rng).unwrap()).collect();
            step = game.step(&joint).unwrap();
            sum += step.rewards.iter().sum::<f32>();
        }
    }
    sum / (20 * HORIZON * 2) as f32
}

#[test]
fn the_game_is_a_conforming_environment() {
    karma_core::testing::environment(|| Busiest::new(3));
}

#[test]
fn what_was_learned_on_three_services_holds_for_two_and_for_twelve() {
    let mut mappo = trainer(|_| (), 1).unwrap();
    for _ in 0..120 {
        mappo.iterate().unwrap();
    }
    let bytes = mappo.checkpoint().unwrap();
    for services in [2, 3, 12] {
        let found = found(&bytes, services);
        assert!(found > 0.9, "{services} services: {found}");
    }
}

#[test]
fn every_relative_learns_in_parts_the_same_on_any_number_of_threads() {
    for algorithm in [Algorithm::Mappo, Algorithm::Ippo, Algorithm::Happo] {
        let trained = |threads| {
            let mut mappo = trainer(|params| params.algorithm = algorithm, threads).unwrap();
            mappo.iterate().unwrap();
            mappo.iterate().unwrap();
            mappo.checkpoint().unwrap()
        };
        assert_eq!(trained(1), trained(3), "{algorithm:?}");
    }
}

#[test]
fn a_continued_training_is_the_same_training_and_is_of_its_services() {
    let (mut whole, mut first) = (trainer(|_| (), 1).unwrap(), trainer(|_| (), 1).unwrap());
    whole.iterate().unwrap();
    whole.iterate().unwrap();
    first.iterate().unwrap();
    let bytes = first.checkpoint().unwrap();
    let mut second = Mappo::restore(&bytes, copies(3), NonZeroUsize::MIN).unwrap();
    second.iterate().unwrap();
    assert_eq!(second.checkpoint().unwrap(), whole.checkpoint().unwrap());
    let elsewhere = Mappo::restore(&bytes, copies(4), NonZeroUsize::MIN).unwrap_err().to_string();
    assert!(elsewhere.contains("other environments"), "{elsewhere}");
}

#[test]
fn the_models_of_actors_in_parts_are_of_as_many_as_there_are() {
    let mut mappo = trainer(|_| (), 1).unwrap();
    let bytes = mappo.checkpoint().unwrap();
    let of =
        |services| export_onnx(&bytes, Busiest::new(services).spec()).unwrap().into_vec().remove(0).model;
    assert_ne!(of(3), of(5));
    assert_eq!(of(3), of(3));
}

#[test]
fn a_memory_and_a_code_of_the_agent_have_no_place_in_parts() {
    let refused = |edit: fn(&mut MappoParams)| trainer(edit, 1).unwrap_err().to_string();
    let recurrent = refused(|params| params.recurrent = true);
    assert!(
        recurrent.contains("parts is 3; allowed: 1 to 4096, and 1 in a recurrent network"),
        "{recurrent}"
    );
    let shared = refused(|params| params.parameter_sharing = true);
    assert!(shared.contains("parameter_sharing needs agent_identity = false there"), "{shared}");
    assert!(trainer(|params| (params.parameter_sharing, params.agent_identity) = (true, false), 1).is_ok());
}

#[test]
fn actors_of_other_parts_are_not_loaded() {
    let bytes = trainer(|_| (), 1).unwrap().checkpoint().unwrap();
    let mut spec = Busiest::new(3).spec().clone();
    spec.agents.as_mut_slice()[0].observation_size = 9;
    assert!(TrainedPolicy::load(&bytes, &spec, Mode::Greedy).is_err());
}
