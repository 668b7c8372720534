//! Series of numbers: one row of measurements a step.

use super::Warping;
use super::warping::best_path;
use crate::sequence::euclidean;

/// Why rows are not a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// There is no row.
    #[error("series {series} is empty; leave it out, it says nothing about time")]
    Empty {
        /// Which series.
        series: usize,
    },
    /// The numbers do not fill rows.
    #[error(
        "series {series} has {values} numbers, which are no rows of {dimensions}; give each step all of them"
    )]
    Ragged {
        /// Which series.
        series: usize,
        /// Numbers that it has.
        values: usize,
        /// Numbers of a row.
        dimensions: usize,
    },
    /// A number is not finite.
    #[error("series {series} has no finite number at place {place}; fill or cut what is missing first")]
    NotFinite {
        /// Which series.
        series: usize,
        /// Which of its numbers.
        place: usize,
    },
}

/// Series of rows with equally many finite numbers; each has a row at least.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    dimensions: usize,
    values: Vec<f32>,
    /// Where the numbers of each series begin, and the end of the last.
    bounds: Vec<usize>,
}

impl Series {
    /// No series yet, of so many numbers a step; 0 counts as 1.
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions: dimensions.max(1), values: Vec::new(), bounds: vec![0] }
    }

    /// Adds a series, row after row.
    ///
    /// # Errors
    /// If there is no row, a row is not full, or a number is not finite; nothing is added then.
    pub fn push(&mut self, rows: &[f32]) -> Result<(), SeriesError> {
        let (series, dimensions) = (self.len(), self.dimensions);
        if rows.is_empty() {
            return Err(SeriesError::Empty { series });
        }
        if !rows.len().is_multiple_of(dimensions) {
            return Err(SeriesError::Ragged { series, values: rows.len(), dimensions });
        }
        if let Some(place) = rows.iter().position(|value| !value.is_finite()) {
            return Err(SeriesError::NotFinite { series, place });
        }
        self.values.extend_from_slice(rows);
        self.bounds.push(self.values.len());
        Ok(())
    }

    /// Number of series.
    pub const fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of a series, one after the other.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn get(&self, index: usize) -> &[f32] {
        &self.values[self.bounds[index]..self.bounds[index + 1]]
    }

    /// Distance of two of the series: the cost of a pair of rows is their Euclidean distance.
    ///
    /// ```
    /// use karma_analyze::distance::{Series, Warping};
    ///
    /// let mut series = Series::new(1);
    /// series.push(&[0.0, 2.0, 2.0])?;
    /// series.push(&[0.0, 0.0, 1.0])?;
    /// assert_eq!(series.distance(0, 1, &Warping::default()), 2.0); // 2 − 1, twice
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    /// If there are not so many.
    pub fn distance(&self, a: usize, b: usize, warping: &Warping) -> f32 {
        let (a, b, width) = (self.get(a), self.get(b), self.dimensions);
        let lengths = (a.len() / width, b.len() / width);
        let cost = |i: usize, j: usize| euclidean(&a[i * width..][..width], &b[j * width..][..width]);
        warping.finish(best_path(lengths, warping.half_width(lengths), cost), lengths, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_points_and_their_distance_is_euclidean() {
        let mut series = Series::new(2);
        series.push(&[0.0, 0.0, 3.0, 4.0]).unwrap();
        series.push(&[0.0, 0.0]).unwrap();
        assert_eq!(series.distance(0, 1, &Warping::default()), 5.0);
        assert_eq!(series.distance(1, 0, &Warping::default()), 5.0);
    }

    #[test]
    fn what_is_no_series_is_refused_with_its_place() {
        let mut series = Series::new(2);
        assert_eq!(series.push(&[]), Err(SeriesError::Empty { series: 0 }));
        assert_eq!(series.push(&[1.0]), Err(SeriesError::Ragged { series: 0, values: 1, dimensions: 2 }));
        assert_eq!(series.push(&[1.0, f32::NAN]), Err(SeriesError::NotFinite { series: 0, place: 1 }));
        assert!(series.is_empty());
    }
}
