//! A twin of the cluster that `karma-train` trains in, learned from a few episodes of it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use karma_baseline::{Exploration, ExplorationParams};
use karma_core::team::default_roles;
use karma_core::{Autoscaler as _, DefenderTeam, RewardParams, SeedTree, State};
use karma_mock::{ClusterObserver, Episode, Scenario, Setup, Split};
use karma_twin::environment::{ClusterModel, FaultConfig, FaultParams, Script, TwinSetup};
use karma_twin::network::Fitting;
use karma_twin::table::{Start, Table};
use karma_twin::trace::{TraceDecision, TraceStep, TraceWindow, WindowHeader};
use karma_twin::{
    ClusterTable, Encoder, EncoderParams, Forecaster, Forest, ForestParams, Network, NetworkParams, Samples,
    View,
};

use crate::setup;

/// Episodes of each scenario of the suite that are recorded.
const EPISODES: u64 = 2;
/// Longest script, in steps.
const HORIZON: NonZeroUsize = NonZeroUsize::new(40).unwrap();

type Failure = Box<dyn std::error::Error>;

/// A few recorded episodes, and models of them.
#[derive(Debug)]
pub struct Recorded {
    setup: Setup,
    windows: Vec<TraceWindow>,
    /// From states to rows.
    pub cluster: ClusterTable,
    /// The rows.
    pub table: Table,
    /// All transitions.
    pub starts: Vec<Start>,
    /// From the past to features: 3 rows and two running means.
    pub encoder: Encoder,
    /// The transitions, encoded.
    pub samples: Samples,
}

impl Recorded {
    /// Plays the episodes under decisions that explore.
    ///
    /// # Errors
    /// If the catalogue lacks what the default names.
    pub fn new(topology: &str) -> Result<Self, Failure> {
        let setup = setup(topology);
        let scaler = Exploration::new(&setup.topology, ExplorationParams::default().check()?)?;
        let jobs = Scenario::suite()
            .into_iter()
            .flat_map(|scenario| (1..=EPISODES).map(move |seed| (scenario.clone(), seed)));
        let windows: Vec<_> =
            jobs.map(|(scenario, seed)| window(&setup, &scenario, seed, scaler.clone())).collect();
        let cluster = ClusterTable::fit(Arc::clone(&setup.topology), &windows)?;
        let table = cluster.table_of(&windows)?;
        let params =
            EncoderParams { lags: 3, half_lives: vec![4.5], stay_half_life: 8.0, ..EncoderParams::default() };
        let encoder = Encoder::new(table.schema().clone(), params, cluster.structure(setup.decision_period))?;
        let starts: Vec<Start> = table.starts().collect();
        let samples = Samples::of(&encoder, &table, &starts);
        Ok(Self { setup, windows, cluster, table, starts, encoder, samples })
    }

    /// One network of two layers of 128: what an environment lives in. How well it is fitted changes no speed.
    ///
    /// # Errors
    /// If it cannot be fitted.
    pub fn network(&self) -> Result<Network, Failure> {
        let config =
            NetworkParams { members: 2, epochs: 2, imagination: 0, ..NetworkParams::default() }.check()?;
        let fitting = Fitting {
            encoder: &self.encoder,
            table: &self.table,
            starts: &self.starts,
            seed: SeedTree::new(1),
            threads: NonZeroUsize::MIN,
        };
        Network::fit(&fitting, &config)?
            .network
            .member(0)
            .ok_or_else(|| "an ensemble has a first member".into())
    }

    /// A forest of 300 trees.
    ///
    /// # Errors
    /// If its settings are refused.
    pub fn forest(&self) -> Result<Forest, Failure> {
        let (config, columns) = (ForestParams::default().check()?, self.encoder.schema().predicted().len());
        let randomness = (SeedTree::new(1), NonZeroUsize::MIN);
        Ok(Forest::fit(&self.samples, columns, View::Increments, &config, randomness))
    }

    /// The recorded episodes as a game for KARMA's team, which sees what it sees in the simulated cluster.
    ///
    /// # Errors
    /// If the parts do not fit each other.
    pub fn game(&self, forecaster: Arc<dyn Forecaster>) -> Result<TwinSetup, Failure> {
        let model = ClusterModel::new(self.cluster.clone(), self.encoder.clone(), forecaster)?;
        let scripts = Script::cut(&model, &self.windows, HORIZON)?;
        let topology = Arc::clone(&self.setup.topology);
        let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), self.setup.alpha);
        let observer = ClusterObserver::new(topology, team.action_space(), 2);
        Ok(TwinSetup {
            model,
            scripts,
            depth: observer.depth(),
            observer: Arc::new(observer),
            team,
            reward: RewardParams::default(),
            faults: FaultConfig::try_from(FaultParams::default())?,
        })
    }
}

fn window(setup: &Setup, scenario: &Scenario, seed: u64, mut scaler: Exploration) -> TraceWindow {
    let (mut episode, mut steps) = (Episode::new(setup, scenario, Split::Train, seed), Vec::new());
    let mut rng = SeedTree::new(seed).child("recorded").child(scenario.name()).rng();
    while !episode.is_over() {
        let snapshot = episode.snapshot();
        let decision = scaler.decide(&snapshot, &mut rng);
        let reward = episode.play(&decision);
        let decision = TraceDecision {
            targets: decision.targets.map(|target| target.replicas),
            reasons: decision.targets.map(|target| target.reason.to_string()),
            probability: scaler.last_probability(),
            reward: Some(reward),
        };
        steps.push(TraceStep { state: State::from(&snapshot), decision: Some(decision) });
    }
    steps.push(TraceStep { state: State::from(&episode.snapshot()), decision: None });
    let header = WindowHeader {
        scenario: scenario.name().to_owned(),
        policy: scaler.name().to_owned(),
        seed: Some(seed),
        period: setup.decision_period,
    };
    TraceWindow { header, steps }
}
