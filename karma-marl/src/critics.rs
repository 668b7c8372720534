//! Which critic values which agent, and what it sees; and the values of a rollout.
//!
//! | algorithm | critics | each sees |
//! |---|---|---|
//! | MAPPO, HAPPO | one for all, with a head for each agent | the whole state |
//! | IPPO | one for each actor, with one head | what its actor sees |
//!
//! A critic decides nothing during a rollout, so it is asked when all states are known: as one batch, in parts that go to
//! any thread. A value is a function of its row alone, so the parts change nothing. A recurrent critic is asked row after
//! row of all environments (`recurrent.rs`).

mod recurrent;

use std::num::NonZeroUsize;

use karma_core::PerAgent;
use karma_core::parallel::run_all;
use karma_nn::{Inference, NetworkError, ValueTrainer};

use crate::buffer::RolloutBuffer;
use crate::gae::Boundary;
use crate::mappo::Algorithm;
use crate::seats::{Seat, networks};
use crate::vector::Final;

/// Rows that one job values.
const PART: usize = 1024;

/// What a critic sees, and of whom.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CriticSeat {
    /// The whole state; head i is agent i's.
    Central {
        /// Number of agents.
        agents: usize,
    },
    /// What an actor sees; the one head is that of whom it plays.
    Own {
        /// Those whom the actor plays.
        agents: Vec<usize>,
        /// Length of its inputs.
        inputs: usize,
    },
}

impl CriticSeat {
    /// (length of the input, heads).
    pub(crate) fn shape(&self, global_size: usize) -> (usize, usize) {
        match self {
            Self::Central { agents } => (global_size, *agents),
            Self::Own { inputs, .. } => (*inputs, 1),
        }
    }
}

/// The critics of an algorithm.
pub(crate) fn critics(algorithm: Algorithm, seats: &PerAgent<Seat>) -> Vec<CriticSeat> {
    if algorithm != Algorithm::Ippo {
        return vec![CriticSeat::Central { agents: seats.len() }];
    }
    let own = |network| {
        let players = seats.iter().enumerate().filter(|(_, seat)| seat.network == network);
        let inputs = players.clone().map(|(_, seat)| seat.inputs()).next().unwrap_or(0);
        CriticSeat::Own { agents: players.map(|(agent, _)| agent).collect(), inputs }
    };
    (0..networks(seats)).map(own).collect()
}

/// Rows for one critic, and the columns that its outputs go to.
struct Job<'a> {
    critic: &'a ValueTrainer,
    /// The agents of its heads.
    columns: Vec<usize>,
    /// The first of the rows.
    first: usize,
    inputs: &'a [f32],
}

/// What a critic said: rows × heads, as it left the network, and in units of rewards.
struct Valued {
    columns: Vec<usize>,
    first: usize,
    outputs: Vec<f32>,
    values: Vec<f32>,
}

impl Job<'_> {
    fn run(self) -> Result<Valued, NetworkError> {
        let network = self.critic.network();
        let rows = self.inputs.len() / network.config().params().input;
        let mut outputs = vec![0.0; rows * self.columns.len()];
        Inference::default().forward(network, self.inputs, &mut outputs)?;
        let mut values = outputs.clone();
        self.critic.denormalise(&mut values);
        Ok(Valued { columns: self.columns, first: self.first, outputs, values })
    }
}

impl Valued {
    /// (row, agent, output, value) of each.
    fn each(&self) -> impl Iterator<Item = (usize, usize, f32, f32)> {
        let heads = self.columns.len();
        let said = self.outputs.iter().zip(&self.values).enumerate();
        said.map(move |(i, (output, value))| {
            (self.first + i / heads, self.columns[i % heads], *output, *value)
        })
    }
}

/// Fills outputs, values and final values of a rollout.
pub(crate) fn value(
    buffer: &mut RolloutBuffer,
    finals: &[Final],
    (critics, seats): (&[ValueTrainer], &[CriticSeat]),
    threads: NonZeroUsize,
) -> Result<(), NetworkError> {
    if critics.iter().any(|critic| critic.network().memory() > 0) {
        return critics
            .iter()
            .zip(seats)
            .try_for_each(|(critic, seat)| recurrent::value(buffer, finals, (critic, seat), threads));
    }
    let agents = buffer.seats().len();
    for valued in run_all(threads, rollout_jobs(buffer, critics, seats), Job::run) {
        for (row, agent, output, value) in valued?.each() {
            buffer.outputs[row * agents + agent] = output;
            buffer.values[row * agents + agent] = value;
        }
    }
    for (critic, seat) in critics.iter().zip(seats) {
        for (columns, inputs) in final_inputs(buffer, finals, seat) {
            let job = Job { critic, columns, first: 0, inputs: &inputs };
            for (i, agent, _, final_value) in job.run()?.each() {
                buffer.boundaries[finals[i].row * agents + agent] = Boundary::Truncated { final_value };
            }
        }
    }
    Ok(())
}

fn rollout_jobs<'a>(
    buffer: &'a RolloutBuffer,
    critics: &'a [ValueTrainer],
    seats: &[CriticSeat],
) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for (critic, seat) in critics.iter().zip(seats) {
        let (width, _) = seat.shape(buffer.global_size());
        for (columns, inputs) in views(buffer, seat) {
            let parts = inputs.chunks(PART * width).enumerate();
            jobs.extend(parts.map(|(i, inputs)| Job {
                critic,
                columns: columns.clone(),
                first: i * PART,
                inputs,
            }));
        }
    }
    jobs
}

/// The rows as a critic sees them, with the agents whose heads value them.
fn views<'a>(buffer: &'a RolloutBuffer, seat: &CriticSeat) -> Vec<(Vec<usize>, &'a [f32])> {
    match seat {
        CriticSeat::Central { agents } => vec![((0..*agents).collect(), &buffer.globals)],
        CriticSeat::Own { agents, .. } => {
            agents.iter().map(|a| (vec![*a], &buffer.agents.as_slice()[*a].inputs[..])).collect()
        }
    }
}

/// The final observations as a critic sees them, with the agents whose heads say what they are worth.
fn final_inputs(buffer: &RolloutBuffer, finals: &[Final], seat: &CriticSeat) -> Vec<(Vec<usize>, Vec<f32>)> {
    if finals.is_empty() {
        return Vec::new();
    }
    match seat {
        CriticSeat::Central { agents } => {
            let globals = finals.iter().flat_map(|last| &last.global).copied();
            vec![((0..*agents).collect(), globals.collect())]
        }
        CriticSeat::Own { agents, inputs } => {
            let start = |agent: usize| buffer.seats().iter().take(agent).map(Seat::inputs).sum::<usize>();
            let of = |agent: &usize| {
                let start = start(*agent);
                let seen = finals.iter().flat_map(|last| &last.inputs[start..start + inputs]).copied();
                (vec![*agent], seen.collect())
            };
            agents.iter().map(of).collect()
        }
    }
}
