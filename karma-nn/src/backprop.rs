//! The gradient of any loss that is a sum over rows.
//!
//! Reverse-mode differentiation of the perceptron, written out (Rumelhart, Hinton and Williams, 1986). With
//! `δ` the derivative of the loss with respect to a layer's pre-activation, and y its inputs (normalised or not):
//!
//! * `∂W += yᵀ · δ`, `∂b += Σ δ`,
//! * `δ_below = norm′(δ · Wᵀ) ∘ act′`, where act′ follows from the activation itself: 1 − h² for tanh, h > 0 for
//!   the rectifier, and norm′ is the derivative of layer normalisation where there is one (`rowwise.rs`).
//!
//! The batch is worked through in pieces of [`PIECE`] rows, forward and backward, so that the activations of a piece are
//! still in the cache on the way back. Cost: three times a forward pass, less the gradient of the inputs.
//!
//! **Threads.** Pieces are gathered into blocks of [`BLOCK`] rows. Each block has a gradient of its own, and blocks are
//! added in order: the result depends on the inputs alone, whoever computed which block.

mod parallel;
mod piece;

use crate::kernel::padded;
use crate::mlp::Layout;
use crate::{Activation, Mlp, MlpConfig, NetworkError};
pub(crate) use parallel::RowLoss;
use piece::Piece;

/// Rows that go forward and backward together: a multiple of the rows of a tile in the kernel, and few enough that their
/// activations stay in the cache.
const PIECE: usize = 48;
/// Rows whose gradients are added up by one thread.
const BLOCK: usize = 16 * PIECE;

/// Buffers for the gradient of one network shape; reusable, and worth reusing.
#[derive(Debug, Clone)]
pub struct Backprop {
    layout: Layout,
    activation: Activation,
    /// Transposed weights of each layer but the first, `outputs × padded(inputs)`.
    transposed: Vec<Vec<f32>>,
    /// One for each thread.
    pieces: Vec<Piece>,
    /// One gradient for each block.
    blocks: Vec<Vec<f32>>,
    gradient: Vec<f32>,
}

impl Backprop {
    /// Buffers for networks of this shape.
    pub fn new(config: &MlpConfig) -> Self {
        let layout = Layout::new(config);
        let transposed = layout.layers.iter().map(|l| vec![0.0; l.outputs * padded(l.inputs)]).collect();
        let (activation, gradient) = (config.params().activation, vec![0.0; layout.len]);
        let pieces = vec![Piece::new(&layout)];
        Self { layout, activation, transposed, pieces, blocks: Vec::new(), gradient }
    }

    /// The gradient of `Σ loss(row)` with respect to the parameters of `network`, in the order of
    /// [`Mlp::parameters`].
    ///
    /// `head(row, outputs, derivatives)` is called once for each row, in order: it reads the outputs of that
    /// row and writes the derivatives of the loss with respect to them (they are 0 when it is called). An
    /// average is a sum whose derivatives were divided by the number of rows.
    ///
    /// # Errors
    /// When `inputs` does not fit, when `network` has another shape, and whatever `head` returns.
    pub fn gradient<E: From<NetworkError>>(
        &mut self,
        network: &Mlp,
        inputs: &[f32],
        mut head: impl FnMut(usize, &[f32], &mut [f32]) -> Result<(), E>,
    ) -> Result<&[f32], E> {
        let width = self.begin(network, inputs)?;
        let pass = Pass { network, activation: self.activation, transposed: &self.transposed };
        let blocks = inputs.chunks(BLOCK * width).zip(&mut self.blocks);
        for (block, (inputs, gradient)) in blocks.enumerate() {
            self.pieces[0].block(&pass, (inputs, block * BLOCK), gradient, &mut head)?;
        }
        self.finish(network, inputs.len().div_ceil(BLOCK * width));
        Ok(&self.gradient)
    }

    /// The gradient that the last call left.
    pub fn last_gradient(&self) -> &[f32] {
        &self.gradient
    }

    /// Makes ready for a batch; returns the width of an input row.
    fn begin(&mut self, network: &Mlp, inputs: &[f32]) -> Result<usize, NetworkError> {
        let rows = network.rows(inputs)?;
        if *network.layout() != self.layout || network.config().params().activation != self.activation {
            return Err(NetworkError::OtherNetwork);
        }
        let (blocks, len) = (rows.div_ceil(BLOCK), self.layout.len);
        self.blocks.resize_with(blocks.max(self.blocks.len()), || vec![0.0; len]);
        self.transpose(network);
        Ok(network.config().params().input)
    }

    /// Adds up the first `blocks` blocks.
    fn finish(&mut self, network: &Mlp, blocks: usize) {
        self.gradient.fill(0.0);
        for block in &self.blocks[..blocks] {
            self.gradient.iter_mut().zip(block).for_each(|(sum, g)| *sum += g);
        }
        network.unfold(&mut self.gradient);
    }

    fn transpose(&mut self, network: &Mlp) {
        for (layer, transposed) in self.layout.layers.iter().zip(&mut self.transposed).skip(1) {
            let weights = &network.effective()[layer.weight.clone()];
            let stride = padded(layer.inputs);
            for (i, row) in weights.chunks_exact(layer.width).enumerate() {
                for (o, w) in row[..layer.outputs].iter().enumerate() {
                    transposed[o * stride + i] = *w;
                }
            }
        }
    }
}

/// What all pieces of a batch read.
struct Pass<'a> {
    network: &'a Mlp,
    activation: Activation,
    transposed: &'a [Vec<f32>],
}

#[cfg(test)]
mod tests;
