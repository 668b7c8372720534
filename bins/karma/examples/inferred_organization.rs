//! Does an organisation that was inferred from trained agents help the next team?
//!
//!     cargo run --release -p karma --features explain --example inferred_organization -- full
//!
//! Trains a team without an organisation, infers one from its calibration episodes, and trains teams of other seeds without
//! any and under the inferred one (hard, its missions pay nothing, so that returns compare). Prints the return of the
//! greedy teams on evaluation episodes, and after how many iterations training reaches what teams without an
//! organisation end with. Without `full` everything is tiny and says nothing.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::path::Path;

use karma::Silent;
use karma::config::{Budget, RunConfig, RunParams, Written};
use karma::core::SeedTree;
use karma::evaluation::{evaluate, team_row};
use karma::explain::{Request, explain};
use karma::marl::stats::{Bootstrap, BootstrapParams, Scores, Statistic};
use karma::run_dir::RunDir;

/// How much is trained.
struct Plan {
    /// Iterations of the team that the organisation is inferred from.
    source: u64,
    /// Iterations of each of the other teams.
    iterations: u64,
    seeds: u64,
    evaluation_seeds: usize,
}

/// What one team came to.
struct Trained {
    /// Mean return of each iteration.
    curve: Vec<f64>,
    /// Mean return of the greedy team on evaluation episodes.
    evaluated: f64,
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let full = std::env::args().nth(1).is_some_and(|word| word == "full");
    let plan = if full {
        Plan { source: 150, iterations: 40, seeds: 10, evaluation_seeds: 10 }
    } else {
        Plan { source: 1, iterations: 2, seeds: 2, evaluation_seeds: 1 }
    };
    let scratch = std::env::temp_dir().join(format!("karma-inferred-{}", std::process::id()));
    let outcome = compare(&plan, &scratch);
    std::fs::remove_dir_all(&scratch)?;
    outcome
}

fn compare(plan: &Plan, scratch: &Path) -> Outcome<()> {
    let source = scratch.join("source");
    train(&config("none", 101, plan.source, plan)?, &source)?;
    let request = Request::new(&source);
    let explanation = explain(&request, &mut Silent)?.ok_or("interrupted")?;
    explanation.write()?;
    println!("{}", explanation.guides);
    let inferred = explanation.directory.join("inferred.xml");
    let (mut without, mut under) = (Vec::new(), Vec::new());
    for seed in 0..plan.seeds {
        let name = |variant: &str| scratch.join(format!("{variant}-{seed}"));
        without.push(train(&config("none", seed, plan.iterations, plan)?, &name("none"))?);
        let organization = inferred.display().to_string();
        under.push(train(&config(&organization, seed, plan.iterations, plan)?, &name("inferred"))?);
    }
    report(plan, &without, &under)
}

fn config(organization: &str, seed: u64, iterations: u64, plan: &Plan) -> Outcome<RunConfig> {
    let mut params = RunParams { organization: organization.to_owned(), seed, ..RunParams::default() };
    params.budget = Budget::Iterations(iterations);
    params.evaluation.seeds = plan.evaluation_seeds;
    Ok(Written::from(params).check()?)
}

fn train(config: &RunConfig, out: &Path) -> Outcome<Trained> {
    let run = karma::Run::create(config.clone(), Some(out), false)?;
    drop(run);
    let (directory, _) = RunDir::open(out)?;
    let trained = karma::train(config, &directory, &mut Silent)?;
    let row = team_row(config, trained.policies)?;
    let evaluation = evaluate(config, &[row], &mut Silent).ok_or("interrupted")?;
    let returns: Vec<f64> =
        evaluation.rows[0].episodes.iter().filter_map(|episode| episode.report.episodic_return).collect();
    let curve = trained.log.iter().filter_map(|line| line.stats.episodic_return).collect();
    Ok(Trained { curve, evaluated: returns.iter().sum::<f64>() / returns.len() as f64 })
}

fn report(plan: &Plan, without: &[Trained], under: &[Trained]) -> Outcome<()> {
    let last = |team: &Trained| mean(&team.curve[team.curve.len() - team.curve.len().div_ceil(4)..]);
    let level = median(without.iter().map(last).collect());
    println!(
        "{} seeds, {} iterations each; interquartile means with 95 % bootstrap intervals over seeds",
        plan.seeds, plan.iterations
    );
    println!(
        "level to reach: {level:.2}, the median over seeds of the last quarter of training without an organisation"
    );
    for (name, teams) in [("none", without), ("inferred", under)] {
        let evaluated = teams.iter().map(|team| team.evaluated).collect();
        let ends = teams.iter().map(last).collect();
        let steps = teams.iter().map(|team| reached(&team.curve, level)).collect();
        println!(
            "{name:>9}: evaluation return {}, last quarter of training {}, iterations to the level {} ({} of {} reached it)",
            interval(evaluated)?,
            interval(ends)?,
            interval(steps)?,
            teams.iter().filter(|team| reached(&team.curve, level) <= plan.iterations as f64).count(),
            teams.len()
        );
    }
    let paired =
        |of: &dyn Fn(&Trained) -> f64| under.iter().zip(without).map(|(a, b)| of(a) - of(b)).collect();
    println!(
        "inferred minus none, same seeds: evaluation return {}, last quarter of training {}, iterations {}",
        interval(paired(&|team| team.evaluated))?,
        interval(paired(&last))?,
        interval(paired(&|team| reached(&team.curve, level)))?,
    );
    Ok(())
}

/// Iterations until the mean of the last five is at a level; one more than there are, if it never is.
fn reached(curve: &[f64], level: f64) -> f64 {
    let window = 5.min(curve.len());
    let at = curve.windows(window).position(|part| mean(part) >= level);
    at.map_or(curve.len() + 1, |at| at + window) as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn interval(values: Vec<f64>) -> Outcome<String> {
    let bootstrap: Bootstrap = BootstrapParams::default().check()?;
    let mut rng = SeedTree::new(0).child("bootstrap").rng();
    let estimate = bootstrap.estimate(&Scores::new(vec![values])?, Statistic::InterquartileMean, &mut rng);
    Ok(format!("{:.2} [{:.2}, {:.2}]", estimate.value, estimate.low, estimate.high))
}
