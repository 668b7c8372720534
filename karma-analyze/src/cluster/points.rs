//! Items that are described by numbers.

use ndarray::{Array2, ArrayView2};

/// Why rows are not points.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PointsError {
    /// The numbers do not fill rows.
    #[error("{values} numbers are no rows of {dimensions}; give each item all of its features")]
    Ragged {
        /// Numbers given.
        values: usize,
        /// Numbers of a row.
        dimensions: usize,
    },
    /// A number is not finite, or so great that its square is not.
    #[error("item {item} has {value} in column {column}; fill what is missing, and keep within ±1e100")]
    OutOfRange {
        /// Which item.
        item: usize,
        /// Which of its numbers.
        column: usize,
        /// The number.
        value: f64,
    },
}

/// Items as rows of features: what k-means and mixtures take. A [`DistanceMatrix`](crate::DistanceMatrix) is not.
#[derive(Clone, Debug, PartialEq)]
pub struct Points(Array2<f64>);

impl Points {
    /// Rows of so many numbers, one after the other.
    ///
    /// # Errors
    /// If a row is not full (or has no number), or a number is beyond ±1e100 or none.
    pub fn new(values: Vec<f64>, dimensions: usize) -> Result<Self, PointsError> {
        let ragged = PointsError::Ragged { values: values.len(), dimensions };
        if dimensions == 0 || !values.len().is_multiple_of(dimensions) {
            return Err(ragged);
        }
        if let Some(at) = values.iter().position(|value| !(-1e100..=1e100).contains(value)) {
            let (item, column) = (at / dimensions, at % dimensions);
            return Err(PointsError::OutOfRange { item, column, value: values[at] });
        }
        Array2::from_shape_vec((values.len() / dimensions, dimensions), values).map(Self).map_err(|_| ragged)
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.0.nrows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of each item.
    pub fn dimensions(&self) -> usize {
        self.0.ncols()
    }

    /// The numbers of an item.
    ///
    /// # Panics
    /// If there are not so many items.
    pub fn row(&self, item: usize) -> &[f64] {
        let dimensions = self.dimensions();
        &self.values()[item * dimensions..][..dimensions]
    }

    /// All numbers, item after item.
    pub fn values(&self) -> &[f64] {
        self.0.as_slice().unwrap_or(&[])
    }

    /// Some of the items, in this order.
    pub(super) fn of_rows(points: &Self, items: &[usize]) -> Self {
        Self(points.0.select(ndarray::Axis(0), items))
    }

    /// What an algorithm made of points.
    pub(super) fn of_array(rows: &Array2<f64>) -> Self {
        Self(rows.as_standard_layout().into_owned())
    }

    /// As `ndarray` sees them.
    pub(super) fn view(&self) -> ArrayView2<'_, f64> {
        self.0.view()
    }

    /// Squared Euclidean distance of an item to a point.
    pub(super) fn squared_distance(&self, item: usize, to: &[f64]) -> f64 {
        self.row(item).iter().zip(to).map(|(a, b)| (a - b).powi(2)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_full_or_not_finite_are_refused() {
        assert_eq!(Points::new(vec![1.0; 3], 2), Err(PointsError::Ragged { values: 3, dimensions: 2 }));
        assert_eq!(Points::new(vec![], 0), Err(PointsError::Ragged { values: 0, dimensions: 0 }));
        let refused = Points::new(vec![1.0, 2.0, 3.0, f64::INFINITY], 2).unwrap_err();
        assert_eq!(refused, PointsError::OutOfRange { item: 1, column: 1, value: f64::INFINITY });
    }
}
