//! Features as one byte each: what a split needs to know of a number is only on which side of few edges it lies.
//!
//! Histogram splits (Ke et al., *A Highly Efficient Gradient Boosting Decision Tree*, 2017): a feature is cut at up to 254
//! edges, once for all trees. A feature with fewer different values loses nothing.

/// Most codes of values that are there; code 0 means missing.
const CODES: usize = 255;

/// The samples' features, quantised.
pub(super) struct Bins {
    samples: usize,
    /// Features × samples. 0: missing; else 1 + the number of edges that are not above the value.
    codes: Vec<u8>,
    edges: Vec<Vec<f32>>,
}

impl Bins {
    /// Quantises the first `samples` rows of `width` features.
    pub(super) fn of(features: &[f32], width: usize, samples: usize) -> Self {
        let mut codes = Vec::with_capacity(width * samples);
        let mut all_edges = Vec::with_capacity(width);
        for feature in 0..width {
            let column = || features.iter().skip(feature).step_by(width).take(samples).copied();
            let mut values: Vec<f32> = column().filter(|x| x.is_finite()).collect();
            values.sort_unstable_by(f32::total_cmp);
            let edges = edges(&values);
            codes.extend(column().map(|x| code(&edges, x)));
            all_edges.push(edges);
        }
        Self { samples, codes, edges: all_edges }
    }

    /// Number of features.
    pub(super) const fn features(&self) -> usize {
        self.edges.len()
    }

    /// The codes of one feature, one for each sample.
    pub(super) fn codes(&self, feature: usize) -> &[u8] {
        &self.codes[feature * self.samples..(feature + 1) * self.samples]
    }

    /// The threshold between code `last` and code `last + 1`: exactly the values below it have a code of at most
    /// `last`. Only missing ones lie below code 1.
    pub(super) fn threshold(&self, feature: usize, last: u8) -> f32 {
        usize::from(last).checked_sub(1).map_or(f32::MIN, |edge| self.edges[feature][edge])
    }
}

/// Midway between neighbours if there are few different values, else between neighbours at equal shares of the samples.
fn edges(sorted: &[f32]) -> Vec<f32> {
    let mut distinct = sorted.to_vec();
    distinct.dedup();
    if distinct.len() <= CODES {
        return distinct.windows(2).map(|pair| between(pair[0], pair[1])).collect();
    }
    let shares = (1..CODES).map(|code| code * sorted.len() / CODES);
    let mut edges: Vec<f32> = shares
        .filter(|place| sorted[place - 1] < sorted[*place])
        .map(|place| between(sorted[place - 1], sorted[place]))
        .collect();
    edges.dedup();
    edges
}

/// A number above `low` and at most `high`: the middle, unless rounding makes it `low`.
fn between(low: f32, high: f32) -> f32 {
    let middle = low / 2.0 + high / 2.0;
    if middle > low && middle <= high { middle } else { high }
}

#[expect(clippy::cast_possible_truncation, reason = "there are at most 254 edges")]
fn code(edges: &[f32], x: f32) -> u8 {
    if x.is_finite() { 1 + edges.partition_point(|edge| *edge <= x) as u8 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_values_are_all_told_apart_and_a_missing_one_is_0() {
        let bins = Bins::of(&[3.0, 1.0, f32::NAN, 1.0, 2.0], 1, 5);
        assert_eq!(bins.codes(0), [3, 1, 0, 1, 2]);
        assert_eq!([bins.threshold(0, 1), bins.threshold(0, 2)], [1.5, 2.5]);
    }

    proptest! {
        #[test]
        fn a_threshold_separates_as_the_codes_do(values in proptest::collection::vec(-1e3f32..1e3, 1..1000)) {
            let bins = Bins::of(&values, 1, values.len());
            let codes = bins.codes(0);
            let most = codes.iter().max().copied().unwrap_or(0);
            for last in [0, most / 3, most.saturating_sub(1)] {
                let threshold = bins.threshold(0, last);
                prop_assert!(values.iter().zip(codes).all(|(x, code)| (*x < threshold) == (*code <= last)));
            }
        }
    }
}
