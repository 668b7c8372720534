//! The loop that the Python package is measured against: environments stepped from Rust, in the same settings.
//!
//! `speed.py` writes a case to standard input, `TWIN ENVIRONMENTS THREADS STEPS` (`-` for the simulated cluster), and reads
//! two numbers back: seconds of the processor, and of the clock, for one step of one environment. On one thread it is a plain
//! loop; on several, each thread has its share of the environments.

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::num::NonZeroUsize;
use std::time::Instant;

use karma::config::{RunConfig, RunParams, Written};
use karma::core::parallel::run_all;
use karma::core::{Action, Environment, JointAction, SeedTree, Step};
use karma::mock::Split;

/// An environment with the step that it shows.
struct Place {
    environment: Box<dyn Environment>,
    seeds: SeedTree,
    episodes: u64,
    step: Step,
    hold: JointAction,
}

impl Place {
    fn new(number: usize, environment: Box<dyn Environment>) -> Self {
        let agents = environment.spec().agents.len();
        // The first service and a change of 0, which is always legal: α is 3.
        let hold = JointAction::filled(Action(3), agents);
        let seeds = SeedTree::new(1).child("train").index(number as u64);
        let mut place = Self { environment, seeds, episodes: 0, step: Step::default(), hold };
        place.begin();
        place
    }

    fn begin(&mut self) {
        self.environment.reset_into(self.seeds.index(self.episodes).seed(), &mut self.step);
        self.episodes += 1;
    }

    fn play(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.environment.step_into(&self.hold, &mut self.step)?;
        if self.step.is_last() {
            self.begin();
        }
        Ok(())
    }
}

/// What one program plays in the course of a measurement.
struct Games {
    name: String,
    places: Vec<Place>,
}

impl Games {
    fn new(twin: &str, environments: usize) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let twin_path = (twin != "-").then(|| twin.to_owned());
        let params = RunParams { twin: twin_path, ..RunParams::default() };
        let config: RunConfig = Written::from(params).check()?;
        let games = config.environments_in(Split::Train, 0..environments)?;
        let places = games.into_iter().enumerate().map(|(number, game)| Place::new(number, game)).collect();
        Ok(Self { name: format!("{twin} {environments}"), places })
    }

    fn play(&mut self, threads: usize, steps: usize) -> Result<(), Box<dyn Error + Send + Sync>> {
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        let size = self.places.len().div_ceil(threads.get());
        let parts: Vec<_> = self.places.chunks_mut(size).collect();
        let played = run_all(threads, parts, |part| {
            for _ in 0..steps {
                part.iter_mut().try_for_each(Place::play)?;
            }
            Ok(())
        });
        played.into_iter().collect()
    }
}

/// Seconds that this process has run, all threads together, ended ones included (Linux).
fn cpu_seconds() -> Result<f64, Box<dyn Error + Send + Sync>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 =
        fields.get(11..13).into_iter().flatten().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut games: Vec<Games> = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [twin, environments, threads, steps] = words[..] else {
            return Err("TWIN ENVIRONMENTS THREADS STEPS".into());
        };
        let (environments, threads, steps): (usize, usize, usize) =
            (environments.parse()?, threads.parse()?, steps.parse()?);
        let name = format!("{twin} {environments}");
        if games.iter().all(|game| game.name != name) {
            games.push(Games::new(twin, environments)?);
        }
        let game = games.iter_mut().find(|game| game.name == name).ok_or("it was just made")?;
        #[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
        let began = Instant::now();
        let cpu = cpu_seconds()?;
        game.play(threads, steps)?;
        let played = (steps * environments) as f64;
        let (cpu, clock) = (cpu_seconds()? - cpu, began.elapsed().as_secs_f64());
        writeln!(std::io::stdout(), "{} {}", cpu / played, clock / played)?;
    }
    Ok(())
}
