//! `karma policy attack`: how much could somebody take who has studied a trained team?
//!
//! An attacker is trained in the simulated cluster against the team of a run, which stays as it is
//! ([`best_response`]), under that team's organisation and shield, and within a budget of malicious requests. Nothing
//! else happens in these episodes. The team then plays the same episodes against nobody, against an attacker that has
//! learned nothing, and against the trained one.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use karma_core::{
    Action, ActionError, ActionMask, Environment, Memory, Observation, PerAgent, Policy, StreamRng,
};
use karma_marl::{IterationStats, Mappo, MappoError, Mode, TrainedPolicy, best_response, episodic_returns};
use karma_mock::environment::{NoScenario, SiegeConfig, SiegeParams, SiegeParamsError};
use karma_mock::{Siege, Split};
use serde::Serialize;
use thiserror::Error;

use super::load_policies;
use crate::clock::Stopwatch;
use crate::config::RunConfig;
use crate::error::RunError;
use crate::evaluation::{EpisodeRecord, RowReport, parallel, summarized};
use crate::interrupt::{EXIT_CODE, Interrupt};
use crate::progress::{Progress, TrainingProgress};
use crate::report;
use crate::terminal::Terminal;

pub(super) const EXAMPLES: &str = "\
Examples:
  karma policy attack runs/train-1
      What an attacker finds in 60 iterations (minutes), and what the team keeps.
  karma policy attack runs/train-1 --budget 1440 --iterations 200
      Twice the malicious requests, and more time to learn.

The attacker changes the rate of malicious requests at the entry points and alters data, as in the paper; it sees what the
defenders see. What it finds is a lower bound: another attacker may find more.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";

/// `karma policy attack`.
#[derive(Clone, Debug, Args)]
pub struct AttackArgs {
    /// The run; it may be at work meanwhile.
    pub run: PathBuf,

    /// Iterations that the attacker learns, each of as many episodes as the run's learner plays at once.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub iterations: u64,

    /// Malicious requests of an episode, in seconds of the nominal rate [default: the run's attacker.budget, or 720].
    #[arg(long, value_name = "SECONDS")]
    pub budget: Option<f64>,

    /// Episodes on which the attackers are compared, at least 1.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub episodes: u64,

    /// The root of all randomness of the attacker's training.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Print the result as one JSON document, and nothing else, on the standard output.
    #[arg(long)]
    pub json: bool,

    /// No progress.
    #[arg(long)]
    pub quiet: bool,
}

/// Why a team is not attacked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PolicyAttackError {
    /// The run cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The attacker's limits are out of their range.
    #[error(transparent)]
    Limits(#[from] SiegeParamsError),
    /// There is nothing to play.
    #[error(transparent)]
    Scenario(#[from] NoScenario),
    /// Training failed.
    #[error("the attacker cannot be trained")]
    Training(#[from] MappoError),
    /// The game refused an action.
    #[error("the game refused an action")]
    Refused(#[from] ActionError),
}

impl PolicyAttackError {
    /// Whether the user's arguments are to blame.
    pub(crate) const fn is_usage(&self) -> bool {
        match self {
            Self::Run(error) => error.is_usage(),
            Self::Limits(_) => true,
            _ => false,
        }
    }
}

/// What attackers took from a team.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttackReport {
    /// Iterations that the attacker learned.
    pub iterations: u64,
    /// The root of the randomness of its training.
    pub seed: u64,
    /// What it was allowed.
    pub attacker: SiegeParams,
    /// Against nobody, against an attacker that has learned nothing, against the trained one: the same episodes.
    pub rows: Vec<RowReport>,
}

/// Does what the arguments say.
pub(super) fn run(args: &AttackArgs) -> anyhow::Result<ExitCode> {
    let interrupt = Interrupt::listen().context("cannot listen to Ctrl-C")?;
    let mut terminal = Terminal::new(args.quiet, interrupt);
    let report = attack_policy(args, &mut terminal);
    terminal.finish();
    let Some(report) = report? else { return Ok(ExitCode::from(EXIT_CODE)) };
    let text =
        if args.json { serde_json::to_string_pretty(&report)? + "\n" } else { report::attack_table(&report) };
    io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}

/// Trains an attacker against the team of a run, and compares; `None` if `progress` said stop.
///
/// # Errors
/// If the run cannot be read, the attacker's limits are out of range, or training fails.
pub fn attack_policy(
    args: &AttackArgs,
    progress: &mut dyn Progress,
) -> Result<Option<AttackReport>, PolicyAttackError> {
    let (team, config) = load_policies(&args.run)?;
    let given = config.params().attacker.unwrap_or_default();
    let limits = SiegeParams { budget: args.budget.unwrap_or(given.budget), ..given };
    let game = Game { config: &config, limits: SiegeConfig::try_from(limits)? };
    let mut trainer = game.trainer(args.seed)?;
    let with = |attacker: Player| team.iter().cloned().map(Player::Trained).chain([attacker]).collect();
    let attacker = |policies: &PerAgent<TrainedPolicy>| {
        policies.iter().skip(team.len()).cloned().map(Player::Trained).next().unwrap_or(Player::Idle)
    };
    let untrained = attacker(&trainer.policies(Mode::Sampled));
    let mut lesson = Lesson { iterations: args.iterations, watch: Stopwatch::start(), progress };
    let found = best_response(&mut trainer, &team, args.iterations, &mut |stats| lesson.told(stats))?;
    let iterations = trainer.iteration();
    let players = [
        ("nobody", "no attack", with(Player::Idle)),
        ("untrained", "an attacker that has learned nothing", with(untrained)),
        ("trained", "an attacker that has studied the team", with(attacker(&found))),
    ];
    let mut rows = Vec::new();
    for (name, about, players) in players {
        let Some(row) = game.play((name, about), &players, args.episodes, progress)? else {
            return Ok(None);
        };
        rows.push(row);
    }
    Ok(Some(AttackReport { iterations, seed: args.seed, attacker: limits, rows }))
}

/// Who acts.
#[derive(Clone)]
enum Player {
    Trained(TrainedPolicy),
    /// An attacker that does nothing.
    Idle,
}

/// No change at the first entry point.
const NOTHING: Action = Action(6);

impl Policy for Player {
    fn act(&self, observation: &Observation, mask: &ActionMask, rng: &mut StreamRng) -> Action {
        self.act_on(&mut Memory::default(), observation, mask, rng)
    }

    fn act_on(
        &self,
        memory: &mut Memory,
        observation: &Observation,
        mask: &ActionMask,
        rng: &mut StreamRng,
    ) -> Action {
        match self {
            Self::Trained(policy) => policy.act_on(memory, observation, mask, rng),
            Self::Idle => NOTHING,
        }
    }
}

/// The run's cluster under siege.
struct Game<'a> {
    config: &'a RunConfig,
    limits: SiegeConfig,
}

impl Game<'_> {
    fn siege(&self, split: Split) -> Result<Siege, NoScenario> {
        Ok(Siege::new(self.config.quiet_game(split)?, self.limits))
    }

    /// A learner for the attacker, with the settings of the run's.
    fn trainer(&self, seed: u64) -> Result<Mappo, PolicyAttackError> {
        let learner = self.config.learner().clone();
        let game = |_| Ok(Box::new(self.siege(Split::Train)?) as Box<dyn Environment>);
        let games = (0..learner.params().num_envs).map(game).collect::<Result<_, NoScenario>>()?;
        Ok(Mappo::new(learner, games, seed, self.config.threads())?)
    }

    /// The first `episodes` of the evaluation's split.
    fn play(
        &self,
        (name, about): (&str, &str),
        players: &PerAgent<Player>,
        episodes: u64,
        progress: &mut dyn Progress,
    ) -> Result<Option<RowReport>, PolicyAttackError> {
        let total = usize::try_from(episodes).unwrap_or(usize::MAX);
        let play = |episode: usize| -> Result<EpisodeRecord, PolicyAttackError> {
            let (mut siege, seed) = (self.siege(self.config.params().evaluation.split)?, episode as u64 + 1);
            episodic_returns(&mut siege, players, [seed])?;
            let report = siege.report().ok_or(ActionError::EpisodeOver)?;
            Ok(EpisodeRecord { scenario: name.to_owned(), seed, report })
        };
        let played = parallel::run_all(total, self.config.threads(), play, |done| {
            progress.evaluated(done, total);
            !progress.interrupted()
        });
        let Some(played) = played else { return Ok(None) };
        let episodes = played.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Some(summarized(self.config, (name, about), &episodes)))
    }
}

/// Tells how training goes.
struct Lesson<'a> {
    iterations: u64,
    watch: Stopwatch,
    progress: &'a mut dyn Progress,
}

impl Lesson<'_> {
    /// Whether to go on.
    fn told(&mut self, stats: &IterationStats) -> bool {
        let elapsed = self.watch.elapsed();
        let training = TrainingProgress {
            stats,
            steps_per_second: stats.steps as f64 / elapsed.as_secs_f64(),
            spent: stats.iteration as f64 / self.iterations.max(1) as f64,
            elapsed,
        };
        self.progress.trained(&training);
        !self.progress.interrupted()
    }
}
