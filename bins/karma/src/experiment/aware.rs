//! AWARE-like as a suite writes it, and its training: a game in which every Deployment is an agent of its own.

use std::sync::Arc;

use karma_baseline::aware::{
    ACCEPTABLE, ACTIONS, Aware, Deployments, FEATURES, LifecycleParams, Seen, change, mask, towards,
};
use karma_baseline::{HpaAutoscaler, HpaAutoscalerParams, Signal};
use karma_core::{
    ActionError, ActionMask, AgentSpec, Autoscaler as _, Decision, Environment, EnvironmentSpec, JointAction,
    PerService, Policy, Replicas, RunningSafeguard, SeedTree, Snapshot, State, Step, StreamRng, Target, Team,
};
use karma_marl::{Algorithm, ImitationParams, Mappo, MappoParams, Mode};
use karma_mock::{Episode, Scenario, Split};
use serde::{Deserialize, Serialize};

use crate::config::RunConfig;

/// Most iterations of training.
const MOST_ITERATIONS: u64 = 100_000;
/// Episodes of each scenario on which it is measured what the HPA earns.
const MEASURED: u64 = 3;

/// AWARE-like as a suite writes it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AwareRule {
    /// The root of all randomness of its training. Default 1.
    seed: u64,
    /// Iterations of training, 1 to 100 000. Default 60.
    iterations: u64,
    /// Those of them in which agents learn from the HPA, less and less. Default 20.
    bootstrap: u64,
    /// CPU utilisation that the HPA behind it aims at. Default 0.5, as the calibrated one.
    target: f64,
    /// The acceptable mean latency as a multiple of that of an empty system, more than 0. Default 3.
    acceptable: f64,
}

impl Default for AwareRule {
    fn default() -> Self {
        Self { seed: 1, iterations: 60, bootstrap: 20, target: 0.5, acceptable: ACCEPTABLE }
    }
}

impl AwareRule {
    /// Whether it can be trained.
    ///
    /// # Errors
    /// A setting out of its range.
    pub(super) fn check(&self, config: &RunConfig) -> Result<(), String> {
        let Self { iterations, bootstrap, .. } = self;
        if !(1..=MOST_ITERATIONS).contains(iterations) {
            return Err(format!("`iterations` is {iterations}, allowed is 1 to {MOST_ITERATIONS}"));
        }
        if bootstrap > iterations {
            return Err(format!("`bootstrap` is {bootstrap}, allowed is 0 to {iterations}, the iterations"));
        }
        if !(self.acceptable.is_finite() && self.acceptable > 0.0) {
            return Err(format!("`acceptable` is {}, allowed is a finite number above 0", self.acceptable));
        }
        self.learner(config).check().map_err(|error| error.to_string())?;
        self.hpa(config).map(|_| ())
    }

    /// The rule, trained on the training split.
    ///
    /// # Errors
    /// A setting out of its range, or a learner that fails.
    pub(super) fn trained(&self, config: &RunConfig) -> Result<Aware, String> {
        self.check(config)?;
        let told = |error: &dyn std::error::Error| error.to_string();
        let learner = self.learner(config).check().map_err(|error| told(&error))?;
        let hpa = self.hpa(config)?;
        let game =
            |_| Box::new(Game::new(config, hpa.clone(), self.deployments(config))) as Box<dyn Environment>;
        let games = (0..learner.params().num_envs).map(game).collect();
        let mut trainer =
            Mappo::new(learner, games, self.seed, config.threads()).map_err(|error| told(&error))?;
        for _ in 0..self.iterations {
            trainer.iterate().map_err(|error| told(&error))?;
        }
        let policies = trainer.policies(Mode::Greedy);
        let policies = policies.iter().map(|policy| Arc::new(policy.clone()) as Arc<dyn Policy>).collect();
        let lifecycle = LifecycleParams { online: self.earned(config, &hpa), ..LifecycleParams::default() };
        let lifecycle = lifecycle.check().map_err(|error| told(&error))?;
        Ok(Aware::new(&config.setup().topology, (self.deployments(config), policies), hpa, lifecycle))
    }

    fn deployments(&self, config: &RunConfig) -> Deployments {
        Deployments::new(&config.setup().topology, self.acceptable)
    }

    fn hpa(&self, config: &RunConfig) -> Result<HpaAutoscaler, String> {
        let (signals, params) = ([(Signal::Cpu, self.target)], HpaAutoscalerParams::default());
        HpaAutoscaler::on(&config.setup().topology, &signals, &params).map_err(|error| error.to_string())
    }

    /// The settings of AWARE's PPO, with as many episodes and decisions as a team gets.
    fn learner(&self, config: &RunConfig) -> MappoParams {
        let ours = config.learner().params();
        MappoParams {
            algorithm: Algorithm::Ippo,
            gamma: 0.99,
            gae_lambda: 0.95,
            clip_epsilon: 0.2,
            entropy_coef: 0.01,
            update_epochs: 5,
            learning_rate: 3e-4,
            anneal_iterations: 0,
            hidden: vec![64, 64],
            recurrent: false,
            parameter_sharing: false,
            hold_bias: 0.0,
            imitation: if self.bootstrap == 0 {
                ImitationParams::NONE
            } else {
                ImitationParams { weight: 1.0, iterations: self.bootstrap, rest: 0.0 }
            },
            ..ours.clone()
        }
    }

    /// Mean reward of a decision and Deployment while the HPA drives, over episodes of the training split.
    fn earned(&self, config: &RunConfig, hpa: &HpaAutoscaler) -> f64 {
        let mut rewards = Vec::new();
        for (seed, scenario) in
            (1..=MEASURED).flat_map(|seed| config.scenarios().iter().map(move |s| (seed, s)))
        {
            let mut episode = Episode::new(config.setup(), scenario, Split::Train, seed);
            let mut deployments = self.deployments(config);
            let (mut hpa, mut rng) = (hpa.clone(), SeedTree::new(seed).child("aware").rng());
            hpa.reset();
            while !episode.is_over() {
                let decision = hpa.decide(&episode.snapshot(), &mut rng);
                episode.play(&decision);
                let seen = deployments.look(&episode.snapshot());
                rewards.extend(seen.iter().map(|seen| f64::from(seen.reward)));
            }
        }
        karma_marl::stats::mean(&rewards).unwrap_or(0.0)
    }
}

/// The cluster as a game of agents that each scale one Deployment; the HPA is whom they may imitate.
struct Game {
    config: RunConfig,
    spec: EnvironmentSpec,
    hpa: HpaAutoscaler,
    /// Before an episode.
    deployments: Deployments,
    running: Option<Running>,
}

struct Running {
    episode: Episode,
    deployments: Deployments,
    hpa: HpaAutoscaler,
    safeguard: Option<RunningSafeguard>,
    rng: StreamRng,
    /// The moment, and the state of it, which the shield reviews a decision on.
    snapshot: Snapshot,
    state: State,
    steps: usize,
    horizon: usize,
}

impl Game {
    fn new(config: &RunConfig, hpa: HpaAutoscaler, deployments: Deployments) -> Self {
        let topology = &config.setup().topology;
        let agent = |service: &karma_core::topology::Service| AgentSpec {
            name: service.name.clone(),
            team: Team::Defender,
            action_space: ACTIONS,
            observation_size: FEATURES,
            parts: 1,
        };
        let agents: Vec<AgentSpec> = topology.services.iter().map(agent).collect();
        let horizons = config.scenarios().iter().map(|scenario| horizon(config, scenario));
        let spec = EnvironmentSpec {
            global_size: agents.len() * FEATURES,
            horizon: horizons.max().unwrap_or(1),
            agents: agents.into(),
        };
        Self { config: config.clone(), spec, hpa, deployments, running: None }
    }

    fn view(&self, running: &mut Running, rewarded: bool) -> Step {
        let (topology, snapshot) = (&self.config.setup().topology, &running.snapshot);
        let seen = running.deployments.look(snapshot);
        let desired = snapshot.services.map(|service| service.desired);
        let masks: PerService<ActionMask> =
            desired.iter_enumerated().map(|(id, now)| mask(topology, id, *now)).collect();
        let advice = advice(&mut running.hpa, snapshot, &desired, &mut running.rng);
        let global = seen.iter().flat_map(|seen| seen.observation.0.iter().copied()).collect();
        let rewards = seen.iter().map(|seen: &Seen| if rewarded { seen.reward } else { 0.0 });
        Step {
            rewards: rewards.collect(),
            observations: seen.iter().map(|seen| seen.observation.clone()).collect(),
            masks: masks.into_vec().into(),
            global,
            truncated: running.steps >= running.horizon,
            advice: advice.into_vec().into(),
            ..Step::default()
        }
    }
}

/// The direction in which the HPA would move each Deployment.
fn advice(
    hpa: &mut HpaAutoscaler,
    snapshot: &Snapshot,
    desired: &PerService<Replicas>,
    rng: &mut StreamRng,
) -> PerService<ActionMask> {
    let wanted = hpa.decide(snapshot, rng);
    let towards = |(target, now): (&Target, &Replicas)| {
        let wanted = target.replicas.0.cmp(&now.0) as i32;
        ActionMask::from_fn(ACTIONS, |action| action == towards(wanted))
    };
    wanted.targets.iter().zip(desired).map(towards).collect()
}

fn horizon(config: &RunConfig, scenario: &Scenario) -> usize {
    Episode::decisions(scenario.params().episode.measured, config.setup().decision_period)
}

impl Environment for Game {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        let scenarios = self.config.scenarios();
        let draw = SeedTree::new(seed).child("scenario").seed() % scenarios.len().max(1) as u64;
        let scenario = &scenarios[usize::try_from(draw).unwrap_or(0)];
        let episode = Episode::new(self.config.setup(), scenario, Split::Train, seed);
        let (mut hpa, snapshot) = (self.hpa.clone(), episode.snapshot());
        hpa.reset();
        let mut running = Running {
            state: State::from(&snapshot),
            snapshot,
            deployments: self.deployments.clone(),
            hpa,
            safeguard: self.config.safeguard().as_ref().map(RunningSafeguard::begin),
            rng: SeedTree::new(seed).child("aware").rng(),
            steps: 0,
            horizon: horizon(&self.config, scenario),
            episode,
        };
        let step = self.view(&mut running, false);
        self.running = Some(running);
        step
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        self.spec.check(action)?;
        let Some(mut running) = self.running.take().filter(|running| running.steps < running.horizon) else {
            return Err(ActionError::EpisodeOver);
        };
        let services = &self.config.setup().topology.services;
        let targets =
            services.iter().zip(&running.snapshot.services).zip(action).map(|((service, seen), action)| {
                let replicas =
                    seen.desired.moved(change(*action), service.min_replicas, service.max_replicas);
                Target::new(replicas, "its agent")
            });
        let mut decision = Decision { targets: targets.collect() };
        if let Some(safeguard) = &mut running.safeguard {
            decision = safeguard.review(&running.state, decision);
        }
        running.episode.play(&decision);
        running.steps += 1;
        running.snapshot = running.episode.snapshot();
        running.state = State::from(&running.snapshot);
        let step = self.view(&mut running, true);
        self.running = Some(running);
        Ok(step)
    }

    fn state(&self) -> Option<&State> {
        self.running.as_ref().map(|running| &running.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{RunParams, Written};

    fn config() -> RunConfig {
        let mut params = RunParams { threads: Some(1), ..RunParams::default() };
        (params.learner.num_envs, params.learner.num_minibatches) = (8, 8);
        Written::from(params).check().unwrap()
    }

    #[test]
    fn the_game_keeps_the_promises_of_an_environment() {
        let config = config();
        let hpa = AwareRule::default().hpa(&config).unwrap();
        karma_core::testing::environment(|| {
            Game::new(&config, hpa.clone(), AwareRule::default().deployments(&config))
        });
    }

    #[test]
    fn agents_that_learned_from_the_hpa_alone_move_as_it_does() {
        let rule = AwareRule { iterations: 15, bootstrap: 15, ..AwareRule::default() };
        let config = config();
        let (mut aware, mut hpa) = (rule.trained(&config).unwrap(), rule.hpa(&config).unwrap());
        let mut random = karma_baseline::RandomWalk::new(&config.setup().topology, 1);
        let mut rng = SeedTree::new(1).rng();
        let (mut agreed, mut by_chance, mut all) = (0, 0, 0);
        let mut episode = Episode::new(config.setup(), &config.scenarios()[0], Split::Train, 77);
        while !episode.is_over() {
            let snapshot = episode.snapshot();
            let moves = |decision: &Decision| {
                let pairs = decision.targets.iter().zip(&snapshot.services);
                pairs.map(|(target, now)| target.replicas.0.cmp(&now.desired.0)).collect::<Vec<_>>()
            };
            let wanted = hpa.decide(&snapshot, &mut rng);
            let right = moves(&wanted);
            let same = |others: Vec<_>| right.iter().zip(others).filter(|(a, b)| **a == *b).count();
            agreed += same(moves(&aware.decide(&snapshot, &mut rng)));
            by_chance += same(moves(&random.decide(&snapshot, &mut rng)));
            all += right.len();
            episode.play(&wanted);
        }
        assert!(agreed > by_chance && 2 * agreed > all, "{agreed} of {all}, by chance {by_chance}");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let refused = |rule: AwareRule| rule.check(&config()).unwrap_err();
        let rule = AwareRule::default();
        assert_eq!(refused(AwareRule { iterations: 0, ..rule }), "`iterations` is 0, allowed is 1 to 100000");
        assert_eq!(
            refused(AwareRule { bootstrap: 61, ..rule }),
            "`bootstrap` is 61, allowed is 0 to 60, the iterations"
        );
        assert_eq!(
            refused(AwareRule { acceptable: 0.0, ..rule }),
            "`acceptable` is 0, allowed is a finite number above 0"
        );
        assert_eq!(
            refused(AwareRule { target: -1.0, ..rule }),
            "`target` is -1, allowed is a finite number above 0"
        );
    }
}
