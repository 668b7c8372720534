//! Validates the learner on the multi-particle environments against what was published.
//!
//! ```sh
//! cargo run --release -p karma-benches --example validation                # a minute: does it run at all?
//! cargo run --release -p karma-benches --example validation -- --seeds 10 --steps 1 --known validation.jsonl   # hours
//! cargo run --release -p karma-benches --example validation -- --seeds 2 --only spread-harl --steps 0.1
//! ```
//!
//! The second command makes the table of `docs/validation.md`; `--steps` is the share of each task's steps. Prints one JSON
//! line for each run as it ends, then the table as Markdown; fails if a task that took all its steps scores less than its
//! bar. Lines that an earlier call printed can be given back with `--known FILE`: those runs are not repeated, so that an
//! interrupted validation goes on.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZeroUsize;
use std::process::ExitCode;

use karma_core::parallel::run_all;
use karma_core::{Environment, SeedTree};
use karma_marl::games::particles::{Convention, Particles, Scenario};
use karma_marl::stats::{Bootstrap, BootstrapParams, Scores, Statistic, mean};
use karma_marl::{Algorithm, Mappo, MappoParams, Mode, episodic_returns};
use serde::{Deserialize, Serialize};

const HELP: &str = "\
Validates the learner on the multi-particle environments.

  --seeds N        training seeds of each task, 1 to N [default: 1]
  --steps SHARE    share of each task's steps; 1 is a validation [default: 0.002, a smoke test]
  --only TASKS     only these, separated by commas
  --threads N      runs at a time [default: all cores]
  --known FILE     runs that are done, one JSON line each; new ones are added

Examples:
  validation --seeds 10 --steps 1 --known validation.jsonl
  validation --seeds 2 --steps 0.1 --only spread-harl";

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Episodes that a trained team is measured on.
const EPISODES: u64 = 500;

/// A task with the settings that its published figure was made with.
struct Task {
    name: &'static str,
    scenario: Scenario,
    convention: Convention,
    params: MappoParams,
    /// Joint steps of training.
    steps: u64,
    /// What was published, and where.
    published: &'static str,
    /// Least score to pass.
    bar: f64,
}

fn tasks() -> Vec<Task> {
    of_mappo().into_iter().chain(of_relatives()).collect()
}

fn of_mappo() -> [Task; 4] {
    [
        Task {
            name: "spread-harl",
            scenario: Scenario::Spread,
            convention: Convention::HARL,
            params: MappoParams::harl(),
            steps: 10_000_000,
            published: "HARL's curve, MAPPO: about -58 (0.97)",
            bar: 0.90,
        },
        Task {
            name: "spread-on-policy",
            scenario: Scenario::Spread,
            convention: Convention::ON_POLICY,
            params: MappoParams::on_policy(),
            steps: 6_000_000,
            published: "on-policy's authors and users, 20 M steps: about -120 (0.91)",
            bar: 0.88,
        },
        Task {
            name: "reference",
            scenario: Scenario::Reference,
            convention: Convention::HARL,
            params: MappoParams::harl(),
            steps: 10_000_000,
            published: "HARL's curve, MAPPO and HAPPO: about -12.5 (1.00)",
            bar: 0.90,
        },
        Task {
            name: "speaker-listener",
            scenario: Scenario::SpeakerListener,
            convention: Convention::HARL,
            params: own(long(MappoParams::on_policy())),
            steps: 2_000_000,
            published: "HARL's curve, MAPPO: about -13 to -15 (0.96 to 0.99)",
            bar: 0.90,
        },
    ]
}

/// HAPPO and IPPO.
fn of_relatives() -> [Task; 3] {
    [
        Task {
            name: "spread-happo",
            scenario: Scenario::Spread,
            convention: Convention::HARL,
            params: own(MappoParams { algorithm: Algorithm::Happo, ..MappoParams::harl() }),
            steps: 5_000_000,
            published: "HARL's curve, HAPPO, 10 M steps: about -62 (0.90)",
            bar: 0.80,
        },
        Task {
            name: "speaker-listener-happo",
            scenario: Scenario::SpeakerListener,
            convention: Convention::HARL,
            params: own(long(MappoParams { algorithm: Algorithm::Happo, ..MappoParams::on_policy() })),
            steps: 2_000_000,
            published: "HARL's curve, HAPPO: about -10 to -13 (0.99 to 1.00)",
            bar: 0.90,
        },
        Task {
            name: "spread-ippo",
            scenario: Scenario::Spread,
            convention: Convention::ON_POLICY,
            params: MappoParams { algorithm: Algorithm::Ippo, ..MappoParams::on_policy() },
            steps: 6_000_000,
            published: "nearly MAPPO's (Papoudakis et al., 2021)",
            bar: 0.80,
        },
    ]
}

/// With an actor for each agent.
fn own(params: MappoParams) -> MappoParams {
    MappoParams { parameter_sharing: false, ..params }
}

/// With three times the passes.
fn long(params: MappoParams) -> MappoParams {
    MappoParams { update_epochs: 15, ..params }
}

/// What one run came to.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Row {
    task: String,
    seed: u64,
    steps: u64,
    /// The team's mean return over the evaluation episodes, greedy and sampled.
    greedy: f64,
    sampled: f64,
    /// Mean returns of training, about twenty of them.
    curve: Vec<f64>,
}

struct Options {
    seeds: u64,
    steps: f64,
    only: Vec<String>,
    threads: NonZeroUsize,
    known: Option<String>,
}

/// What the arguments say; `None` if they ask for help.
fn options() -> Result<Option<Options>, Error> {
    let threads = std::thread::available_parallelism()?;
    let mut options = Options { seeds: 1, steps: 0.002, only: Vec::new(), threads, known: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--help" {
            return Ok(None);
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--seeds" => options.seeds = value.parse()?,
            "--steps" => options.steps = value.parse()?,
            "--only" => options.only.extend(value.split(',').map(str::to_owned)),
            "--threads" => options.threads = value.parse()?,
            "--known" => options.known = Some(value),
            _ => {
                return Err(format!(
                    "{name} is unknown; allowed: --seeds, --steps, --only, --threads, --known"
                )
                .into());
            }
        }
    }
    let names: Vec<&str> = tasks().iter().map(|task| task.name).collect();
    match options.only.iter().find(|only| !names.contains(&only.as_str())) {
        Some(unknown) => Err(format!("{unknown} is no task; allowed: {}", names.join(", ")).into()),
        None => Ok(Some(options)),
    }
}

/// Trains one team with one seed and measures it on episodes that no training sees.
fn run(task: &Task, seed: u64, steps: u64) -> Result<Row, Error> {
    let game = Particles::new(task.scenario, task.convention);
    let environments =
        (0..task.params.num_envs).map(|_| Box::new(game.clone()) as Box<dyn Environment>).collect();
    let mut mappo = Mappo::new(task.params.check()?, environments, seed, NonZeroUsize::MIN)?;
    let (mut curve, mut played) = (Vec::new(), 0);
    while played < steps {
        let stats = mappo.iterate()?;
        played = stats.steps;
        if played * 20 / steps > curve.len() as u64 {
            curve.extend(stats.episodic_return);
        }
    }
    let measure = |mode| -> Result<f64, Error> {
        let seeds = SeedTree::new(u64::MAX / 2).child("validation");
        let seeds = (0..EPISODES).map(|episode| seeds.index(episode).seed());
        let returns = episodic_returns(&mut game.clone(), &mappo.policies(mode), seeds)?;
        Ok(task.team_return(mean(&returns).ok_or("no episode")?))
    };
    let (greedy, sampled) = (measure(Mode::Greedy)?, measure(Mode::Sampled)?);
    Ok(Row { task: task.name.to_owned(), seed, steps: played, greedy, sampled, curve })
}

impl Task {
    /// The unit of published figures, from the mean over agents.
    fn team_return(&self, mean_over_agents: f64) -> f64 {
        let agents = Particles::new(self.scenario, self.convention).spec().agents.len();
        self.convention.team_return(&vec![mean_over_agents; agents])
    }

    /// The table's row, and the interquartile mean of the score.
    fn summary(&self, rows: &[Row], bootstrap: &Bootstrap) -> Result<(String, f64), Error> {
        let own: Vec<&Row> = rows.iter().filter(|row| row.task == self.name).collect();
        let mut rng = SeedTree::new(1).child("bootstrap").rng();
        let mut estimate = |value: &dyn Fn(&Row) -> f64| -> Result<(String, f64), Error> {
            let scores = Scores::new(vec![own.iter().map(|row| value(row)).collect()])?;
            let e = bootstrap.estimate(&scores, Statistic::InterquartileMean, &mut rng);
            Ok((format!("{:.2} [{:.2}, {:.2}]", e.value, e.low, e.high), e.value))
        };
        let (steps, seeds) = (own.iter().map(|row| row.steps).max().unwrap_or(0), own.len());
        let units = self.convention.reference_returns(self.scenario).ok_or("a convention without units")?;
        let (score, middle) = estimate(&|row| units.score(row.greedy))?;
        let (greedy, sampled) = (estimate(&|row| row.greedy)?.0, estimate(&|row| row.sampled)?.0);
        let (million, bar) = (steps as f64 / 1e6, self.bar);
        let row = format!(
            "| {} | {million:.1} M | {seeds} | {greedy} | {sampled} | {score} | {bar:.2} | {} |",
            self.name, self.published
        );
        Ok((row, middle))
    }
}

fn known(options: &Options) -> Result<Vec<Row>, Error> {
    let Some(path) = &options.known else { return Ok(Vec::new()) };
    let Ok(file) = File::open(path) else { return Ok(Vec::new()) };
    BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

#[expect(clippy::print_stdout, reason = "what an example is for")]
fn validate() -> Result<(), Error> {
    let Some(options) = options()? else {
        println!("{HELP}");
        return Ok(());
    };
    let mut rows = known(&options)?;
    let tasks: Vec<Task> = tasks()
        .into_iter()
        .filter(|task| options.only.is_empty() || options.only.iter().any(|only| only == task.name))
        .collect();
    // Seed by seed, so that an interrupted validation has as many of each task.
    let jobs: Vec<(&Task, u64)> = (1..=options.seeds)
        .flat_map(|seed| tasks.iter().map(move |task| (task, seed)))
        .filter(|(task, seed)| !rows.iter().any(|row| row.task == task.name && row.seed == *seed))
        .collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of steps")]
    let steps = |task: &Task| ((task.steps as f64 * options.steps) as u64).max(1);
    let done = run_all(options.threads, jobs, |(task, seed)| {
        let row = run(task, seed, steps(task))?;
        let line = serde_json::to_string(&row)?;
        println!("{line}");
        if let Some(path) = &options.known {
            writeln!(OpenOptions::new().create(true).append(true).open(path)?, "{line}")?;
        }
        Ok::<_, Error>(row)
    });
    for row in done {
        rows.push(row?);
    }
    let bootstrap = BootstrapParams::default().check()?;
    println!("\n| task | steps | seeds | return, greedy | return, sampled | score | bar | published |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut below = Vec::new();
    for task in &tasks {
        let (row, score) = task.summary(&rows, &bootstrap)?;
        println!("{row}");
        below.extend((options.steps >= 1.0 && score < task.bar).then_some(task.name));
    }
    if below.is_empty() { Ok(()) } else { Err(format!("below its bar: {}", below.join(", ")).into()) }
}

#[expect(clippy::print_stderr, reason = "where errors go")]
fn main() -> ExitCode {
    match validate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
