//! What does one decision of a trained team cost?
//!
//! The team of chain4: an actor of two hidden layers of 64 for each agent, with the agents' own observations and masks.
//! A case is `greedy` or `sampled` on standard input, with `parts` behind it for observations in parts, one for each service; the
//! answer is in microseconds of CPU time for all agents together.
//! With `repeat N` as arguments, and `parts` behind them, it decides N times and says nothing: `valgrind` counts what that allocates.

use std::num::NonZeroUsize;

use karma_benches::turns::{self, Failure};
use karma_benches::{environment, environment_in_parts};
use karma_core::{Environment, Memory, PerAgent, SeedTree, Step, StreamRng};
use karma_marl::{Mappo, MappoParams, Mode, TrainedPolicy};

/// Decisions in one call of the clock.
const DECISIONS: u32 = 1_000;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [repeat, times, form @ ..] if repeat == "repeat" => {
            let form: Vec<&str> = form.iter().map(String::as_str).collect();
            Play::new(&form, Mode::Greedy)?.decide(times.parse()?)
        }
        _ => turns::answer(|words| match words {
            ["greedy", form @ ..] => Play::new(form, Mode::Greedy)?.microseconds(),
            ["sampled", form @ ..] => Play::new(form, Mode::Sampled)?.microseconds(),
            _ => Err("a case is `greedy` or `sampled`".into()),
        }),
    }
}

/// A fresh team before the first decision of an episode.
struct Play {
    policies: PerAgent<TrainedPolicy>,
    memories: PerAgent<Memory>,
    step: Step,
    rng: StreamRng,
}

impl Play {
    fn new(form: &[&str], mode: Mode) -> Result<Self, Failure> {
        let mut game = match form {
            [] | ["whole"] => environment("chain4"),
            ["parts"] => environment_in_parts("chain4"),
            _ => return Err("observations are `whole`, the default, or in `parts`".into()),
        };
        let step = game.reset(7);
        let config = MappoParams { num_envs: 1, ..MappoParams::default() }.check()?;
        let games: Vec<Box<dyn Environment>> = vec![Box::new(game)];
        let policies = Mappo::new(config, games, 7, NonZeroUsize::MIN)?.policies(mode);
        let memories = policies.map(|_| Memory::default());
        Ok(Self { policies, memories, step, rng: SeedTree::new(7).rng() })
    }

    fn decide(&mut self, times: u32) -> Result<(), Failure> {
        for _ in 0..times {
            let seen = self.step.observations.iter().zip(&self.step.masks);
            let agents = self.policies.iter().zip(&mut self.memories).zip(seen);
            for ((policy, memory), (observation, mask)) in agents {
                std::hint::black_box(policy.try_act_on(memory, observation, mask, &mut self.rng)?);
            }
        }
        Ok(())
    }

    fn microseconds(&mut self) -> Result<f64, Failure> {
        Ok(1e6 * turns::seconds_per_call(|| self.decide(DECISIONS))? / f64::from(DECISIONS))
    }
}
