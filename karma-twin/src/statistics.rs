//! Statistics of the columns of rows, in double precision.

/// Mean and standard deviation of column `column` of rows of `width` values, over what is there; both 0 of nothing.
pub(crate) fn moments(values: &[f32], column: usize, width: usize) -> (f64, f64) {
    let known = || values.iter().skip(column).step_by(width).filter(|x| x.is_finite()).map(|x| f64::from(*x));
    let count = known().count().max(1) as f64;
    let mean = known().sum::<f64>() / count;
    let variance = known().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_counts_for_nothing() {
        let rows = [1.0, 9.0, f32::NAN, 9.0, 5.0, f32::NAN];
        assert_eq!(moments(&rows, 0, 2), (3.0, 2.0));
        assert_eq!(moments(&rows, 1, 2), (9.0, 0.0));
        assert_eq!(moments(&[f32::NAN], 0, 1), (0.0, 0.0));
    }
}
