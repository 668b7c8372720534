//! One step of a gated recurrent unit, for many rows.
//!
//! Cho et al., *Learning Phrase Representations using RNN Encoder–Decoder*, EMNLP 2014, in the form of
//! `torch.nn.GRU`, whose reset gate acts behind the product so that all three gates are one product. With x the inputs
//! and h the state before, σ the logistic function and ∘ the product element by element:
//!
//! * `r = σ(x·W_r + b_r + h·U_r + c_r)`, `z = σ(x·W_z + b_z + h·U_z + c_z)`,
//! * `n = tanh(x·W_n + b_n + r ∘ m)`, where `m = h·U_n + c_n`,
//! * `h′ = (1 − z) ∘ n + z ∘ h`.
//!
//! Backwards, with δ the derivative of the loss with respect to h′, those with respect to what goes into the
//! non-linearities are
//!
//! * `δ_n = δ ∘ (1 − z) ∘ (1 − n²)`, `δ_z = δ ∘ (h − n) ∘ z ∘ (1 − z)`, `δ_r = δ_n ∘ m ∘ r ∘ (1 − r)`;
//!
//! x·W + b gets `(δ_r, δ_z, δ_n)`, h·U + c gets `(δ_r, δ_z, δ_n ∘ r)`, and h itself, beside that, δ ∘ z.
//!
//! The products are the caller's; here is what is done element by element. A row holds r, z and n one after the other,
//! each padded with zeros to the kernel's width, so that a state's padding stays 0.
//!
//! Example: with all parameters 0, r = z = ½ and n = 0: the state halves.

use crate::math::{sigmoid, tanh};
use crate::rowwise::{Loop, vectorised};

/// r, z and n.
pub(crate) const GATES: usize = 3;

/// A step of many rows.
#[derive(Debug)]
pub(crate) struct Forward<'a> {
    /// x·W + b, then r, z and n: rows × 3 · width.
    pub(crate) gates: &'a mut [f32],
    /// h·U + c: rows × 3 · width.
    pub(crate) hidden: &'a [f32],
    /// h: rows × width.
    pub(crate) before: &'a [f32],
    /// h′: rows × width.
    pub(crate) states: &'a mut [f32],
}

impl Forward<'_> {
    /// Writes r, z, n and h′.
    pub(crate) fn run(self, width: usize) {
        vectorised(ForwardLoop(self, width));
    }
}

struct ForwardLoop<'a>(Forward<'a>, usize);

impl Loop for ForwardLoop<'_> {
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run(self) {
        let Self(Forward { gates, hidden, before, states }, width) = self;
        let rows = gates.chunks_exact_mut(GATES * width).zip(hidden.chunks_exact(GATES * width));
        let states = states.chunks_exact_mut(width).zip(before.chunks_exact(width));
        for ((gates, hidden), (states, before)) in rows.zip(states) {
            let (reset_update, new) = gates.split_at_mut(2 * width);
            for (gate, hidden) in reset_update.iter_mut().zip(hidden) {
                *gate = sigmoid(*gate + hidden);
            }
            let (reset, update) = reset_update.split_at(width);
            for ((n, r), m) in new.iter_mut().zip(reset).zip(&hidden[2 * width..]) {
                *n = tanh(*n + r * m);
            }
            for (((state, h), z), n) in states.iter_mut().zip(before).zip(update).zip(&*new) {
                *state = (1.0 - z) * n + z * h;
            }
        }
    }
}

/// What the derivative of a step is made of.
#[derive(Debug)]
pub(crate) struct Backward<'a> {
    /// r, z and n: rows × 3 · width.
    pub(crate) gates: &'a [f32],
    /// h: rows × width.
    pub(crate) before: &'a [f32],
    /// h·U + c, then the derivatives with respect to it: rows × 3 · width.
    pub(crate) hidden: &'a mut [f32],
    /// δ, then δ ∘ z: rows × width.
    pub(crate) slopes: &'a mut [f32],
    /// The derivatives with respect to x·W + b: rows × 3 · width.
    pub(crate) delta: &'a mut [f32],
}

impl Backward<'_> {
    /// Writes the derivatives.
    pub(crate) fn run(self, width: usize) {
        vectorised(BackwardLoop(self, width));
    }
}

struct BackwardLoop<'a>(Backward<'a>, usize);

impl Loop for BackwardLoop<'_> {
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run(self) {
        let Self(Backward { gates, before, hidden, slopes, delta }, width) = self;
        let rows = gates.chunks_exact(GATES * width).zip(before.chunks_exact(width));
        let outs = hidden.chunks_exact_mut(GATES * width).zip(slopes.chunks_exact_mut(width));
        for ((inputs, (hidden, slopes)), delta) in rows.zip(outs).zip(delta.chunks_exact_mut(GATES * width)) {
            backward_row(inputs, hidden, slopes, delta);
        }
    }
}

#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn backward_row((gates, h): (&[f32], &[f32]), hidden: &mut [f32], slopes: &mut [f32], delta: &mut [f32]) {
    let width = h.len();
    let (r, z_n) = gates.split_at(width);
    let (z, n) = z_n.split_at(width);
    let (same, behind) = hidden.split_at_mut(2 * width);
    let (delta_same, delta_n) = delta.split_at_mut(2 * width);
    let (delta_r, delta_z) = delta_same.split_at_mut(width);
    let inner = delta_n.iter_mut().zip(delta_z).zip(slopes).zip(h.iter().zip(z).zip(n));
    for (((delta_n, delta_z), slope), ((h, z), n)) in inner {
        *delta_n = *slope * (1.0 - z) * (1.0 - n * n);
        *delta_z = *slope * (h - n) * z * (1.0 - z);
        *slope *= z;
    }
    for (((delta_r, behind), delta_n), r) in delta_r.iter_mut().zip(behind).zip(&*delta_n).zip(r) {
        *delta_r = delta_n * *behind * r * (1.0 - r);
        *behind = delta_n * r;
    }
    same.copy_from_slice(delta_same);
}
