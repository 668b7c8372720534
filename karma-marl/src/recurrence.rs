//! Recurrent networks over sequences of rows that are known already.

use karma_nn::{Inference, Mlp, NetworkError, Sequences};

/// Outputs of a recurrent `network`: all sequences side by side, from their first row to their last.
///
/// `inputs` is rows × input and `outputs` rows × output, in the order of rows. `after` is called after each step, with its
/// number in the sequences and the states that they are in then: sequences × memory.
pub(crate) fn forward(
    network: &Mlp,
    inputs: &[f32],
    sequences: &Sequences<'_>,
    outputs: &mut [f32],
    mut after: impl FnMut(usize, &[f32]) -> Result<(), NetworkError>,
) -> Result<(), NetworkError> {
    let (params, length) = (network.config().params(), sequences.length);
    let mut states = sequences.states.to_vec();
    let (mut seen, mut said) = (Vec::new(), vec![0.0; outputs.len() / length]);
    let mut inference = Inference::default();
    for step in 0..length {
        seen.clear();
        for (sequence, state) in states.chunks_exact_mut(network.memory()).enumerate() {
            let row = sequence * length + step;
            if sequences.begins[row] {
                state.fill(0.0);
            }
            seen.extend_from_slice(&inputs[row * params.input..][..params.input]);
        }
        inference.step(network, &seen, &mut states, &mut said)?;
        for (sequence, said) in said.chunks_exact(params.output).enumerate() {
            let row = sequence * length + step;
            outputs[row * params.output..][..params.output].copy_from_slice(said);
        }
        after(step, &states)?;
    }
    Ok(())
}
