//! Blocks of a batch on several threads.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::thread::{ScopedJoinHandle, scope};

use super::{Backprop, Pass, Piece};
use crate::{Mlp, NetworkError, Sequences};

/// A loss that is a sum over rows, each of which can be computed by any thread.
pub(crate) trait RowLoss: Sync {
    /// What is summed beside the gradient.
    type Sums: Default + Send;

    /// Writes the derivatives of row `row` with respect to its outputs (they are 0 when it is called).
    fn add(
        &self,
        row: usize,
        outputs: &[f32],
        derivatives: &mut [f32],
        sums: &mut Self::Sums,
    ) -> Result<(), NetworkError>;

    /// Adds the sums of later rows.
    fn merge(sums: &mut Self::Sums, later: Self::Sums);
}

/// A block of rows, and where its gradient goes.
struct Job<'a> {
    first: usize,
    inputs: &'a [f32],
    gradient: &'a mut Vec<f32>,
}

impl Job<'_> {
    fn run<L: RowLoss>(
        &mut self,
        pass: &Pass<'_>,
        piece: &mut Piece,
        loss: &L,
    ) -> Result<L::Sums, NetworkError> {
        let mut sums = L::Sums::default();
        let mut head = |row, outputs: &[f32], slopes: &mut [f32]| loss.add(row, outputs, slopes, &mut sums);
        piece.block(pass, (self.inputs, self.first), self.gradient, &mut head)?;
        Ok(sums)
    }
}

/// What a thread came to; its panic goes on here.
fn join<T>(worker: ScopedJoinHandle<'_, T>) -> T {
    worker.join().unwrap_or_else(|panic| resume_unwind(panic))
}

impl Backprop {
    /// The gradient of `loss`, which stays in the buffers, and its sums, on up to `threads` threads.
    ///
    /// Threads are started for the call: some ten microseconds each, which a block of rows outweighs.
    pub(crate) fn gradient_of<L: RowLoss>(
        &mut self,
        network: &Mlp,
        (inputs, sequences): (&[f32], Option<&Sequences<'_>>),
        loss: &L,
        threads: NonZeroUsize,
    ) -> Result<L::Sums, NetworkError> {
        let cut = self.begin(network, inputs, sequences)?;
        let count = cut.blocks;
        let workers = threads.get().min(count);
        self.pieces.resize_with(workers.max(self.pieces.len()), || Piece::new(&self.layout));
        let Self { activation, transposed, recall, blocks, pieces, .. } = self;
        let pass = Pass { network, activation: *activation, transposed, recall, sequences, cut };
        let blocks = inputs.chunks(cut.block * pass.width()).zip(blocks).enumerate();
        let job = |(block, (inputs, gradient))| Job { first: block * cut.block, inputs, gradient };
        let mut jobs: Vec<Job<'_>> = blocks.map(job).collect();
        let work = |piece: &mut Piece, jobs: &mut [Job<'_>]| -> Result<Vec<L::Sums>, NetworkError> {
            jobs.iter_mut().map(|job| job.run(&pass, piece, loss)).collect()
        };
        let parts = if workers == 1 {
            vec![work(&mut pieces[0], &mut jobs)]
        } else {
            let work = &work;
            scope(|scope| {
                let start = |(piece, jobs)| scope.spawn(move || work(piece, jobs));
                let shares = pieces.iter_mut().zip(jobs.chunks_mut(count.div_ceil(workers)));
                let started: Vec<_> = shares.map(start).collect();
                started.into_iter().map(join).collect()
            })
        };
        let mut all = L::Sums::default();
        for part in parts {
            part?.into_iter().for_each(|sums| L::merge(&mut all, sums));
        }
        self.finish(network, count);
        Ok(all)
    }
}
