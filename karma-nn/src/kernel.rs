//! The two matrix products of a dense layer, in registers.
//!
//! Both keep a tile of six rows × four vectors of the result in registers (24 sums in flight is what two
//! multipliers of latency 4 need and 32 registers hold) and run along the sum once (Goto and van de Geijn, *Anatomy of High-Performance Matrix Multiplication*, 2008, without the packing: our
//! matrices fit the second-level cache). All rows pass one panel of columns before the next is begun, so that a panel
//! of the weights stays in the first-level cache. `pulp` picks AVX-512, AVX2, NEON or plain code at run time.
//!
//! Each element of a result is one chain of `sum ← fma(a, b, sum)` in the order of the sum index, whatever the tile
//! or the vector width: a row's result does not depend on its neighbours, and the bits not on the machine. A fused
//! multiply-add is rounded once by definition (IEEE 754-2008); where a machine has no instruction for it, it is
//! computed in software: slowly, and to the same bits.

use pulp::{Arch, Simd, WithSimd};

/// Columns of the narrowest panel. All matrices that are written here have a row width that is a multiple of it.
pub(crate) const WIDTH: usize = 16;

/// The row width that holds `columns` values, the rest being zeros.
pub(crate) const fn padded(columns: usize) -> usize {
    columns.next_multiple_of(WIDTH)
}

/// Rows of a matrix of which the first `used` columns count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// All values, row after row.
    pub(crate) values: &'a [f32],
    /// Distance from one row to the next.
    pub(crate) stride: usize,
    /// Columns that count.
    pub(crate) used: usize,
}

/// `out = x · weights + bias`, with `weights` of shape `x.used × bias.len()`.
pub(crate) fn linear(x: Rows<'_>, weights: &[f32], bias: &[f32], out: &mut [f32]) {
    Arch::new().dispatch(Linear { x, weights, bias, out });
}

/// `gradient += xᵀ · delta`, with `gradient` of shape `x.used × width` and `delta` of `rows × width`.
pub(crate) fn outer(x: Rows<'_>, delta: &[f32], width: usize, gradient: &mut [f32]) {
    Arch::new().dispatch(Outer { x, delta, width, gradient });
}

/// Cuts `$count` into tiles: as many as fit of the first size, then of the others, which end in 1. Each is the call
/// `$tile::<S, size, V>(from)`.
macro_rules! tiles {
    ($count:expr, $from:ident, [$($size:literal),+] => $call:ident, $panel:ident, $arguments:tt) => {{
        let (count, mut $from) = ($count, 0);
        $(while count - $from >= $size {
            $call::<S, $size, $panel> $arguments;
            $from += $size;
        })+
    }};
}

/// Runs `$body` for panels of `$vectors` columns: the widest first, then what is left.
macro_rules! panels {
    ($vectors:expr, $from:ident, [$($panel:literal),+] => $method:ident, $self:ident, $simd:ident) => {{
        let (vectors, mut $from) = ($vectors, 0);
        $(while vectors - $from >= $panel {
            $self.$method::<S, $panel>($simd, $from);
            $from += $panel;
        })+
    }};
}

struct Linear<'a> {
    x: Rows<'a>,
    weights: &'a [f32],
    bias: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Linear<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let vectors = self.bias.len() / S::F32_LANES;
        match S::F32_LANES {
            16 => panels!(vectors, c, [4, 2, 1] => panel, self, simd),
            8 => panels!(vectors, c, [2] => panel, self, simd),
            4 => panels!(vectors, c, [4] => panel, self, simd),
            _ => panels!(vectors, c, [16] => panel, self, simd),
        }
    }
}

impl Linear<'_> {
    /// All rows through the `V` vectors of columns from vector column `c` on.
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn panel<S: Simd, const V: usize>(&mut self, simd: S, c: usize) {
        let (weights, _) = S::as_simd_f32s(self.weights);
        let (bias, _) = S::as_simd_f32s(self.bias);
        let (out, _) = S::as_mut_simd_f32s(self.out);
        let (x, bias, rows) = (self.x, (bias, c), out.len() / bias.len());
        if V == 1 {
            tiles!(rows, r, [12, 6, 1] => linear_tile, V, (simd, (x, r), weights, bias, out));
        } else {
            tiles!(rows, r, [6, 4, 1] => linear_tile, V, (simd, (x, r), weights, bias, out));
        }
    }
}

/// `M` rows from row `r` on, `V` vectors from vector column `c` on.
#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn linear_tile<S: Simd, const M: usize, const V: usize>(
    simd: S,
    (x, r): (Rows<'_>, usize),
    weights: &[S::f32s],
    (bias, c): (&[S::f32s], usize),
    out: &mut [S::f32s],
) {
    let width = bias.len();
    let rows: [&[f32]; M] = std::array::from_fn(|m| &x.values[(r + m) * x.stride..][..x.used]);
    let mut sums = [tile_row::<S, V>(bias, c); M];
    for (k, weights) in weights.chunks_exact(width).take(x.used).enumerate() {
        let weights = tile_row::<S, V>(weights, c);
        for (sums, row) in sums.iter_mut().zip(rows) {
            let a = simd.splat_f32s(row[k]);
            for (sum, w) in sums.iter_mut().zip(weights) {
                *sum = simd.mul_add_f32s(a, w, *sum);
            }
        }
    }
    for (out, sums) in out[r * width..].chunks_exact_mut(width).zip(sums) {
        out[c..c + V].copy_from_slice(&sums);
    }
}

/// The `V` vectors of a row from vector column `c` on, as an array that stays in registers.
#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn tile_row<S: Simd, const V: usize>(row: &[S::f32s], c: usize) -> [S::f32s; V] {
    let row = &row[c..c + V];
    std::array::from_fn(|j| row[j])
}

struct Outer<'a> {
    x: Rows<'a>,
    delta: &'a [f32],
    width: usize,
    gradient: &'a mut [f32],
}

impl WithSimd for Outer<'_> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let vectors = self.width / S::F32_LANES;
        match S::F32_LANES {
            16 => panels!(vectors, c, [4, 2, 1] => panel, self, simd),
            8 => panels!(vectors, c, [2] => panel, self, simd),
            4 => panels!(vectors, c, [4] => panel, self, simd),
            _ => panels!(vectors, c, [16] => panel, self, simd),
        }
    }
}

impl Outer<'_> {
    /// All columns of `x` against the `V` vectors of `delta` from vector column `c` on.
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn panel<S: Simd, const V: usize>(&mut self, simd: S, c: usize) {
        let (delta, _) = S::as_simd_f32s(self.delta);
        let (gradient, _) = S::as_mut_simd_f32s(self.gradient);
        let (x, width) = (self.x, self.width / S::F32_LANES);
        if V == 1 {
            tiles!(x.used, i, [12, 6, 1] => outer_tile, V, (simd, (x, i), (delta, c), width, gradient));
        } else {
            tiles!(x.used, i, [6, 4, 1] => outer_tile, V, (simd, (x, i), (delta, c), width, gradient));
        }
    }
}

/// Columns `i .. i + M` of `x` against vector columns `c .. c + V` of `delta`.
#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn outer_tile<S: Simd, const M: usize, const V: usize>(
    simd: S,
    (x, i): (Rows<'_>, usize),
    (delta, c): (&[S::f32s], usize),
    width: usize,
    gradient: &mut [S::f32s],
) {
    let mut sums = [[simd.splat_f32s(0.0); V]; M];
    for (x, delta) in x.values.chunks_exact(x.stride).zip(delta.chunks_exact(width)) {
        let delta = tile_row::<S, V>(delta, c);
        for (sums, x) in sums.iter_mut().zip(&x[i..i + M]) {
            let a = simd.splat_f32s(*x);
            for (sum, d) in sums.iter_mut().zip(delta) {
                *sum = simd.mul_add_f32s(a, d, *sum);
            }
        }
    }
    for (row, sums) in gradient[i * width..].chunks_exact_mut(width).zip(sums) {
        for (g, sum) in row[c..c + V].iter_mut().zip(sums) {
            *g = simd.add_f32s(*g, sum);
        }
    }
}

#[cfg(test)]
mod tests;
