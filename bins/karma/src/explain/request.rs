//! What is to be explained, and how.

use std::path::{Path, PathBuf};

use karma_analyze::AnalysisParams;
use karma_analyze::inference::InferenceParams;
use karma_analyze::relations::RelationsParams;

use super::cli::ExplainArgs;

/// What is to be explained, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The run.
    pub run: PathBuf,
    /// Runs of other seeds, for the stability of the roles.
    pub others: Vec<PathBuf>,
    /// Where the explanation goes.
    pub out: PathBuf,
    /// Episodes of each scenario.
    pub episodes: u64,
    /// Trajectories that are analysed instead of simulated ones.
    pub trajectories: Option<PathBuf>,
    /// Decisions to explain besides the most decided ones, as SCENARIO:SEED:STEP.
    pub decisions: Vec<String>,
    /// How strictly the inferred organisation binds.
    pub hardness: f32,
    /// What its missions pay.
    pub mission_weight: f32,
    /// Root of the randomness of the analysis.
    pub seed: u64,
}

/// Episodes of each scenario, unless something else is said.
pub(super) const EPISODES: u64 = 20;

/// Parts of an episode in which relations are tested apart.
const WINDOWS: usize = 3;

impl Request {
    /// A run, as `karma-explain` explains it without any flag.
    pub fn new(run: &Path) -> Self {
        Self {
            run: run.to_owned(),
            others: Vec::new(),
            out: run.join("explanation"),
            episodes: EPISODES,
            trajectories: None,
            decisions: Vec::new(),
            hardness: 1.0,
            mission_weight: 0.0,
            seed: 1,
        }
    }

    /// The settings of the analysis, for decisions `period` seconds apart.
    pub(super) fn analysis(&self, period: f64) -> AnalysisParams {
        AnalysisParams {
            relations: RelationsParams {
                windows: WINDOWS,
                permutations: 1999,
                seed: self.seed,
                ..RelationsParams::default()
            },
            inference: InferenceParams { period, ..InferenceParams::default() },
            seed: self.seed,
            ..AnalysisParams::default()
        }
    }
}

impl From<&ExplainArgs> for Request {
    fn from(args: &ExplainArgs) -> Self {
        let (run, others) =
            args.runs.split_first().map_or_else(Default::default, |(run, others)| (run.clone(), others));
        Self {
            out: args.out.clone().unwrap_or_else(|| run.join("explanation")),
            run,
            others: others.to_vec(),
            episodes: args.episodes,
            trajectories: args.trajectories.clone(),
            decisions: args.decisions.clone(),
            hardness: args.hardness,
            mission_weight: args.mission_weight,
            seed: args.seed,
        }
    }
}
