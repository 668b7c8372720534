//! How many joint steps of `simple_spread` does a CPU second play, and how many does it train on?
//!
//! A case is `environment` or `train` on standard input; the answer is joint steps (all three agents) per CPU second of one
//! thread. `environment` plays episodes under random actions, drawing them and resets included, in one environment whose
//! memory is used again. `train` is whole iterations of MAPPO with the settings of `peers/training.py`: 25 steps of 128
//! environments, 10 epochs of the whole batch, one actor for all agents with layer normalisation and tanh, a critic with a
//! value for each agent.

use std::num::NonZeroUsize;

use karma_benches::turns::{self, Failure};
use karma_core::draw::below;
use karma_core::{Action, Environment, JointAction, SeedTree, Step, StreamRng};
use karma_marl::games::particles::{Convention, Particles, Scenario};
use karma_marl::{Mappo, MappoParams};

const AGENTS: usize = 3;
const ACTIONS: usize = 5;
/// Episodes in one call of the clock.
const EPISODES: usize = 1_000;

fn main() -> Result<(), Failure> {
    turns::answer(|words| match words {
        ["environment"] => environment(),
        ["train"] => train(),
        _ => Err("a case is `environment` or `train`".into()),
    })
}

fn spread() -> Particles {
    Particles::new(Scenario::Spread, Convention::MPE2)
}

fn environment() -> Result<f64, Failure> {
    let (mut game, mut step, mut rng) = (spread(), Step::default(), SeedTree::new(7).rng());
    let mut joint = JointAction::filled(Action(0), AGENTS);
    let (mut seed, horizon) = (0, game.spec().horizon);
    let seconds = turns::seconds_per_call(|| {
        for _ in 0..EPISODES {
            seed += 1;
            game.reset_into(seed, &mut step);
            for _ in 0..horizon {
                draw(&mut joint, &mut rng);
                game.step_into(&joint, &mut step)?;
            }
        }
        Ok(())
    });
    Ok((EPISODES * horizon) as f64 / seconds?)
}

fn draw(joint: &mut JointAction, rng: &mut StreamRng) {
    #[expect(clippy::cast_possible_truncation, reason = "one of five actions")]
    joint.iter_mut().for_each(|action| *action = Action(below(rng, ACTIONS) as u32));
}

fn train() -> Result<f64, Failure> {
    let config = MappoParams::on_policy().check()?;
    let environments = config.params().num_envs;
    let games = (0..environments).map(|_| Box::new(spread()) as Box<dyn Environment>).collect();
    let mut mappo = Mappo::new(config, games, 7, NonZeroUsize::MIN)?;
    let steps = environments * spread().spec().horizon;
    let seconds = turns::seconds_per_call(|| Ok(mappo.iterate().map(drop)?));
    Ok(steps as f64 / seconds?)
}
