use proptest::prelude::*;

use super::{Rows, linear, outer, padded};

fn wave(n: usize, phase: f32) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * 0.37 + phase).sin()).collect()
}

proptest! {
    /// The order of the additions is part of what is promised, so the comparison is exact.
    #[test]
    fn linear_is_the_textbook_loop_bit_for_bit(
        rows in 1_usize..27, used in 1_usize..9, spare in 0_usize..3, tiles in 1_usize..11,
    ) {
        let (stride, width) = (used + spare, padded(tiles * 16));
        let (x, w, b) = (wave(rows * stride, 0.1), wave(used * width, 0.2), wave(width, 0.3));
        let mut out = vec![f32::NAN; rows * width];
        linear(Rows { values: &x, stride, used }, &w, &b, &mut out);
        for r in 0..rows {
            for c in 0..width {
                let sum = (0..used).fold(b[c], |sum, k| x[r * stride + k].mul_add(w[k * width + c], sum));
                prop_assert_eq!(out[r * width + c], sum);
            }
        }
    }

    #[test]
    fn outer_adds_the_textbook_loop_bit_for_bit(
        rows in 1_usize..11, used in 1_usize..27, spare in 0_usize..3, tiles in 1_usize..11,
    ) {
        let (stride, width) = (used + spare, padded(tiles * 16));
        let (x, d) = (wave(rows * stride, 0.1), wave(rows * width, 0.2));
        let mut gradient = vec![1.5; used * width];
        outer(Rows { values: &x, stride, used }, &d, width, &mut gradient);
        for i in 0..used {
            for c in 0..width {
                let sum = (0..rows).fold(0.0, |sum, r| x[r * stride + i].mul_add(d[r * width + c], sum));
                prop_assert_eq!(gradient[i * width + c], 1.5 + sum);
            }
        }
    }
}
