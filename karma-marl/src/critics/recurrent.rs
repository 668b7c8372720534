//! The values of a rollout by a critic that remembers.
//!
//! Its environments are a batch, whose rows are valued in the order of time. On the way the states that its sequences
//! begin with are kept, for the update, and the final observations are valued: each from the state after the row that
//! it follows, which stays as it is.

use std::num::NonZeroUsize;
use std::ops::Range;

use karma_core::parallel::run_all;
use karma_nn::{Inference, NetworkError, Sequences, ValueTrainer};

use super::{CriticSeat, Valued, final_inputs, views};
use crate::buffer::RolloutBuffer;
use crate::gae::Boundary;
use crate::recurrence;
use crate::vector::Final;

/// Most environments that one job values.
const PART: usize = 64;

/// A few environments, as a critic sees them.
struct Job<'a> {
    critic: &'a ValueTrainer,
    /// The agents of its heads.
    columns: Vec<usize>,
    buffer: &'a RolloutBuffer,
    environments: Range<usize>,
    /// Rows × input, those of all environments.
    inputs: &'a [f32],
    /// The final observations of these environments, and what is seen of all.
    finals: Finals<'a>,
}

/// Final observations of which a job has some.
#[derive(Clone)]
struct Finals<'a> {
    all: &'a [Final],
    mine: Range<usize>,
    /// Finals × input, those of all environments.
    inputs: &'a [f32],
}

/// What a job came to.
struct Said {
    rows: Valued,
    finals: Valued,
    /// (environments, T / chunk, memory), and where they belong.
    states: Vec<f32>,
    first_state: usize,
}

impl Job<'_> {
    fn run(self) -> Result<Said, NetworkError> {
        let network = self.critic.network();
        let (memory, heads, width) = (network.memory(), self.columns.len(), network.config().params().input);
        let (length, chunk) = (self.buffer.length(), self.buffer.chunk());
        let rows = self.environments.start * length..self.environments.end * length;
        let mut outputs = vec![0.0; rows.len() * heads];
        let mut final_outputs = vec![0.0; self.finals.mine.len() * heads];
        let mut kept = vec![0.0; rows.len() / chunk * memory];
        let start = vec![0.0; self.environments.len() * memory];
        let begins = &self.buffer.begins[rows.clone()];
        let sequences = Sequences { length, states: &start, begins };
        let inputs = &self.inputs[rows.start * width..rows.end * width];
        recurrence::forward(network, inputs, &sequences, &mut outputs, |step, states| {
            if (step + 1).is_multiple_of(chunk) && step + 1 < length {
                let each = kept.chunks_exact_mut(length / chunk * memory).zip(states.chunks_exact(memory));
                each.for_each(|(kept, state)| {
                    kept[(step + 1) / chunk * memory..][..memory].copy_from_slice(state);
                });
            }
            self.value_finals(step, states, &mut final_outputs)
        })?;
        let first_state = rows.start / chunk * memory;
        let (rows, finals) =
            (self.valued(rows.start, outputs), self.valued(self.finals.mine.start, final_outputs));
        Ok(Said { rows, finals, states: kept, first_state })
    }

    /// Values what was seen after row `step` of the environments that were cut off there.
    fn value_finals(&self, step: usize, states: &[f32], outputs: &mut [f32]) -> Result<(), NetworkError> {
        let (network, length, heads) = (self.critic.network(), self.buffer.length(), self.columns.len());
        let (memory, width) = (network.memory(), network.config().params().input);
        let Finals { all, mine, inputs } = &self.finals;
        let here: Vec<usize> = mine.clone().filter(|i| all[*i].row % length == step).collect();
        if here.is_empty() {
            return Ok(());
        }
        let environment = |i: &usize| all[*i].row / length - self.environments.start;
        let state = |i: &usize| states[environment(i) * memory..][..memory].iter().copied();
        let mut states: Vec<f32> = here.iter().flat_map(state).collect();
        let seen: Vec<f32> = here.iter().flat_map(|i| &inputs[i * width..][..width]).copied().collect();
        let mut said = vec![0.0; here.len() * heads];
        Inference::default().step(network, &seen, &mut states, &mut said)?;
        for (i, said) in here.iter().zip(said.chunks_exact(heads)) {
            outputs[(i - mine.start) * heads..][..heads].copy_from_slice(said);
        }
        Ok(())
    }

    fn valued(&self, first: usize, outputs: Vec<f32>) -> Valued {
        let mut values = outputs.clone();
        self.critic.denormalise(&mut values);
        Valued { columns: self.columns.clone(), first, outputs, values }
    }
}

/// Fills outputs, values, final values and states of one critic.
pub(super) fn value(
    buffer: &mut RolloutBuffer,
    finals: &[Final],
    (critic, seat): (&ValueTrainer, &CriticSeat),
    threads: NonZeroUsize,
) -> Result<(), NetworkError> {
    let final_views = final_inputs(buffer, finals, seat);
    let seen = final_views.iter().map(|(_, inputs)| &inputs[..]).chain(std::iter::repeat(&[][..]));
    let views = views(buffer, seat).into_iter().zip(seen);
    let jobs: Vec<Job<'_>> = views
        .flat_map(|((columns, inputs), seen)| {
            let buffer = &*buffer;
            parts(buffer, threads).map(move |environments| Job {
                critic,
                columns: columns.clone(),
                buffer,
                finals: Finals {
                    all: finals,
                    mine: between(finals, buffer.length(), &environments),
                    inputs: seen,
                },
                environments,
                inputs,
            })
        })
        .collect();
    let states = buffer.chunks() * critic.network().memory();
    for said in run_all(threads, jobs, Job::run) {
        write(buffer, finals, &said?, states);
    }
    Ok(())
}

fn write(buffer: &mut RolloutBuffer, finals: &[Final], said: &Said, states: usize) {
    let agents = buffer.seats().len();
    for (row, agent, output, value) in said.rows.each() {
        buffer.outputs[row * agents + agent] = output;
        buffer.values[row * agents + agent] = value;
    }
    for (i, agent, _, final_value) in said.finals.each() {
        buffer.boundaries[finals[i].row * agents + agent] = Boundary::Truncated { final_value };
    }
    // A critic of all has the first agent's place.
    let place = said.rows.columns[0];
    let column = &mut buffer.critic_states.as_mut_slice()[place];
    column.resize(states, 0.0);
    column[said.first_state..][..said.states.len()].copy_from_slice(&said.states);
}

/// Environments that go together: enough for every thread to have some.
fn parts(buffer: &RolloutBuffer, threads: NonZeroUsize) -> impl Iterator<Item = Range<usize>> + use<> {
    let environments = buffer.rows() / buffer.length();
    let size = environments.div_ceil(threads.get()).clamp(1, PART);
    (0..environments).step_by(size).map(move |first| first..(first + size).min(environments))
}

/// Which of the finals, in the order of rows, follow rows of `environments`.
fn between(finals: &[Final], length: usize, environments: &Range<usize>) -> Range<usize> {
    let before = |environment: usize| finals.partition_point(|last| last.row < environment * length);
    before(environments.start)..before(environments.end)
}
