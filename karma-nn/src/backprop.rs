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
//! **Sequences.** A recurrent layer goes through the steps of a piece one after the other, forward and then back
//! (back-propagation through time, Werbos, 1990; `recurrence.rs`). A piece is then [`SEQUENCES`] whole sequences, and lies
//! in order of time, so that each step is one product for all of them. All other layers see rows and nothing else.
//! Without recurrence each row is a sequence of one step.
//!
//! **Parts.** Where rows have parts ([`MlpParams::parts`](crate::MlpParams::parts)), each part goes through the layers as a
//! row of its own, and those of one row meet where the loss is asked for its derivatives. Pieces hold whole rows.
//!
//! **Threads.** Pieces are gathered into blocks of [`BLOCK`] rows. Each block has a gradient of its own, and blocks are
//! added in order: the result depends on the inputs alone, whoever computed which block.

mod parallel;
mod piece;
mod recurrence;

use crate::kernel::padded;
use crate::mlp::Layout;
use crate::{Activation, Mlp, MlpConfig, NetworkError, Sequences};
pub(crate) use parallel::RowLoss;
use piece::Piece;

/// Rows that go forward and backward together: a multiple of the rows of a tile in the kernel, and few enough that their
/// activations stay in the cache.
const PIECE: usize = 48;
/// Sequences that go together: again a multiple of the rows of a tile, since each step is a product of that many rows.
const SEQUENCES: usize = 24;
/// Rows whose gradients are added up by one thread; fewer where whole sequences do not fill them, more where one piece
/// is longer.
const BLOCK: usize = 16 * PIECE;

/// Buffers for the gradient of one network shape; reusable, and worth reusing.
#[derive(Debug, Clone)]
pub struct Backprop {
    layout: Layout,
    activation: Activation,
    /// Transposed weights of each layer but the first, `outputs × padded(inputs)`.
    transposed: Vec<Vec<f32>>,
    /// Transposed weights of the recurrent layer's states, `columns × width`.
    recall: Vec<f32>,
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
        let transposed = layout.layers.iter().map(|l| vec![0.0; l.used() * padded(l.inputs)]).collect();
        let recurrent = layout.layers.iter().find(|l| l.hidden.is_some());
        let recall = vec![0.0; recurrent.map_or(0, |l| l.columns() * l.width)];
        let (activation, gradient) = (config.params().activation, vec![0.0; layout.len]);
        let pieces = vec![Piece::new(&layout)];
        Self { layout, activation, transposed, recall, pieces, blocks: Vec::new(), gradient }
    }

    /// The gradient of `Σ loss(row)` with respect to the parameters of `network`, in the order of
    /// [`Mlp::parameters`].
    ///
    /// `head(row, outputs, derivatives)` is called once for each row, in order: it reads the outputs of that
    /// row and writes the derivatives of the loss with respect to them (they are 0 when it is called). An
    /// average is a sum whose derivatives were divided by the number of rows.
    ///
    /// # Errors
    /// When `inputs` does not fit, when `network` has another shape or is recurrent, and whatever `head` returns.
    pub fn gradient<E: From<NetworkError>>(
        &mut self,
        network: &Mlp,
        inputs: &[f32],
        mut head: impl FnMut(usize, &[f32], &mut [f32]) -> Result<(), E>,
    ) -> Result<&[f32], E> {
        let cut = self.begin(network, inputs, None)?;
        let Self { activation, transposed, recall, blocks, pieces, .. } = self;
        let pass = Pass { network, activation: *activation, transposed, recall, sequences: None, cut };
        let blocks = inputs.chunks(cut.block * pass.width()).zip(blocks);
        for (block, (inputs, gradient)) in blocks.enumerate() {
            pieces[0].block(&pass, (inputs, block * cut.block), gradient, &mut head)?;
        }
        self.finish(network, cut.blocks);
        Ok(&self.gradient)
    }

    /// The gradient that the last call left.
    pub fn last_gradient(&self) -> &[f32] {
        &self.gradient
    }

    /// The same, to be added to.
    pub(crate) fn last_gradient_mut(&mut self) -> &mut [f32] {
        &mut self.gradient
    }

    /// Makes ready for a batch; returns how it is cut.
    fn begin(
        &mut self,
        network: &Mlp,
        inputs: &[f32],
        sequences: Option<&Sequences<'_>>,
    ) -> Result<Cut, NetworkError> {
        let rows = network.rows(inputs)?;
        if *network.layout() != self.layout || network.config().params().activation != self.activation {
            return Err(NetworkError::OtherNetwork);
        }
        Sequences::check(sequences, network, rows)?;
        let (cut, len) = (Cut::new(sequences, (rows, network.config().params().parts)), self.layout.len);
        self.blocks.resize_with(cut.blocks.max(self.blocks.len()), || vec![0.0; len]);
        self.transpose(network);
        Ok(cut)
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
            transpose(weights, (layer.columns(), layer.used()), padded(layer.inputs), transposed);
            if let Some(hidden) = &layer.hidden {
                let weights = &network.parameters()[hidden.weight.clone()];
                transpose(weights, (layer.columns(), layer.used()), layer.width, &mut self.recall);
            }
        }
    }
}

/// Writes rows of `columns`, the first `used` of which count, as columns of `to`, whose rows have the width `stride`.
fn transpose(weights: &[f32], (columns, used): (usize, usize), stride: usize, to: &mut [f32]) {
    for (i, row) in weights.chunks_exact(columns).enumerate() {
        for (o, w) in row[..used].iter().enumerate() {
            to[o * stride + i] = *w;
        }
    }
}

/// How a batch is cut. Parts count as rows.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Parts of a row that belong together.
    parts: usize,
    /// Steps in a sequence.
    length: usize,
    /// Rows in a piece.
    piece: usize,
    /// Rows in a block.
    block: usize,
    /// How many blocks there are.
    blocks: usize,
}

impl Cut {
    fn new(sequences: Option<&Sequences<'_>>, (rows, parts): (usize, usize)) -> Self {
        let length = sequences.map_or(1, |sequences| sequences.length);
        let whole = (PIECE / parts).max(1) * parts;
        let piece = sequences.map_or(whole, |_| SEQUENCES.min(rows / length) * length);
        let block = piece * (BLOCK / piece).max(1);
        Self { parts, length, piece, block, blocks: (rows * parts).div_ceil(block) }
    }
}

/// What all pieces of a batch read.
struct Pass<'a> {
    network: &'a Mlp,
    activation: Activation,
    transposed: &'a [Vec<f32>],
    recall: &'a [f32],
    sequences: Option<&'a Sequences<'a>>,
    cut: Cut,
}

impl Pass<'_> {
    /// Values in a part of an input row.
    fn width(&self) -> usize {
        self.network.config().part().0
    }
}

#[cfg(test)]
mod tests;
