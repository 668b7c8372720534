//! The two matrix products of a dense layer, in registers.
//!
//! Both keep a tile of [`TILE`] rows × [`WIDTH`] columns of the result in vector registers and run along the
//! sum once (Goto and van de Geijn, *Anatomy of High-Performance Matrix Multiplication*, 2008, without the
//! packing: our matrices fit the second-level cache). `pulp` picks AVX2, NEON or plain code at run time.
//!
//! Each element of a result is one chain of `sum + a · b` in the order of the sum index, whatever the tile or
//! the vector width: a row's result does not depend on its neighbours, and the bits not on the machine.
//! Fused multiply-add would be 1.3 times as fast on the machine this was written on; it is left out because
//! it would make results differ between machines.

use pulp::{Arch, Simd, WithSimd};

/// Columns of a tile. All matrices that are written here have a row width that is a multiple of it.
pub(crate) const WIDTH: usize = 16;
/// Rows of a tile.
const TILE: usize = 4;

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

/// `sums += ` the column sums of `delta`, whose rows are as wide as `sums`.
pub(crate) fn column_sums(delta: &[f32], sums: &mut [f32]) {
    for row in delta.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
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
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            4 => self.run::<S, 4, 16>(simd),
            8 => self.run::<S, 2, 8>(simd),
            16 => self.run::<S, 1, 4>(simd),
            _ => self.run::<S, 16, 16>(simd),
        }
    }
}

impl Linear<'_> {
    /// Tiles of `V` vectors; a row that is left over takes `W` vectors at once, to keep as many sums going.
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run<S: Simd, const V: usize, const W: usize>(self, simd: S) {
        let (weights, _) = S::as_simd_f32s(self.weights);
        let (bias, _) = S::as_simd_f32s(self.bias);
        let (out, _) = S::as_mut_simd_f32s(self.out);
        let width = bias.len();
        let tiles = out.chunks_mut(TILE * width).zip(self.x.values.chunks(TILE * self.x.stride));
        for (out, x) in tiles {
            let x = Rows { values: x, ..self.x };
            if out.len() == TILE * width {
                for c in (0..width).step_by(V) {
                    linear_tile::<S, TILE, V>(simd, x, weights, (bias, c), out);
                }
            } else {
                for (out, x_row) in out.chunks_exact_mut(width).zip(x.values.chunks(x.stride)) {
                    linear_row::<S, V, W>(simd, Rows { values: x_row, ..x }, weights, bias, out);
                }
            }
        }
    }
}

#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn linear_row<S: Simd, const V: usize, const W: usize>(
    simd: S,
    x: Rows<'_>,
    weights: &[S::f32s],
    bias: &[S::f32s],
    out: &mut [S::f32s],
) {
    let wide = bias.len() / W * W;
    for c in (0..wide).step_by(W) {
        linear_tile::<S, 1, W>(simd, x, weights, (bias, c), out);
    }
    for c in (wide..bias.len()).step_by(V) {
        linear_tile::<S, 1, V>(simd, x, weights, (bias, c), out);
    }
}

/// `M` rows of `V` vectors from vector column `c` on.
#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
#[inline(always)]
fn linear_tile<S: Simd, const M: usize, const V: usize>(
    simd: S,
    x: Rows<'_>,
    weights: &[S::f32s],
    (bias, c): (&[S::f32s], usize),
    out: &mut [S::f32s],
) {
    let width = bias.len();
    let rows: [&[f32]; M] = std::array::from_fn(|r| &x.values[r * x.stride..r * x.stride + x.used]);
    let mut sums = [tile_row::<S, V>(bias, c); M];
    for (k, weights) in weights.chunks_exact(width).take(x.used).enumerate() {
        let weights = tile_row::<S, V>(weights, c);
        for (sums, row) in sums.iter_mut().zip(rows) {
            let a = simd.splat_f32s(row[k]);
            for (sum, w) in sums.iter_mut().zip(weights) {
                *sum = simd.add_f32s(*sum, simd.mul_f32s(a, w));
            }
        }
    }
    for (out, sums) in out.chunks_exact_mut(width).zip(sums) {
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
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            4 => self.run::<S, 4>(simd),
            8 => self.run::<S, 2>(simd),
            16 => self.run::<S, 1>(simd),
            _ => self.run::<S, 16>(simd),
        }
    }
}

impl Outer<'_> {
    #[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
    #[inline(always)]
    fn run<S: Simd, const V: usize>(self, simd: S) {
        let (delta, _) = S::as_simd_f32s(self.delta);
        let (gradient, _) = S::as_mut_simd_f32s(self.gradient);
        let width = self.width / S::F32_LANES;
        let whole = self.x.used / TILE * TILE;
        for c in (0..width).step_by(V) {
            for i in (0..whole).step_by(TILE) {
                outer_tile::<S, TILE, V>(simd, (self.x, i), (delta, c), width, gradient);
            }
            for i in whole..self.x.used {
                outer_tile::<S, 1, V>(simd, (self.x, i), (delta, c), width, gradient);
            }
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
                *sum = simd.add_f32s(*sum, simd.mul_f32s(a, d));
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
