//! What a tree is fitted to.

/// Rows of finite features, each with a class.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    columns: &'a [Vec<f64>],
    labels: &'a [usize],
    classes: usize,
}

/// Samples that a tree cannot be fitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplesError {
    /// There is nothing to learn from.
    #[error("a tree needs at least one row")]
    Empty,
    /// Not one value for each row.
    #[error("feature {feature} has {values} values; there are {rows} rows")]
    Shape {
        /// Which feature.
        feature: usize,
        /// How many values it has.
        values: usize,
        /// How many rows have a class.
        rows: usize,
    },
    /// A number is NaN or infinite.
    #[error("feature {feature} of row {row} is not finite: give what is missing a value of its own first")]
    NotFinite {
        /// Which row.
        row: usize,
        /// Which feature.
        feature: usize,
    },
    /// A class that does not exist.
    #[error("row {row} has class {label}, but there are {classes} classes, from 0")]
    Class {
        /// Which row.
        row: usize,
        /// Its class.
        label: usize,
        /// How many there are.
        classes: usize,
    },
}

impl<'a> Samples<'a> {
    /// A column for each feature, with the class of each row.
    ///
    /// # Errors
    /// If there is no row, the lengths do not fit, a number is not finite, or a class does not exist.
    pub fn new(columns: &'a [Vec<f64>], labels: &'a [usize], classes: usize) -> Result<Self, SamplesError> {
        if labels.is_empty() {
            return Err(SamplesError::Empty);
        }
        for (feature, column) in columns.iter().enumerate() {
            if column.len() != labels.len() {
                return Err(SamplesError::Shape { feature, values: column.len(), rows: labels.len() });
            }
            if let Some(row) = column.iter().position(|value| !value.is_finite()) {
                return Err(SamplesError::NotFinite { row, feature });
            }
        }
        match labels.iter().position(|label| *label >= classes) {
            Some(row) => Err(SamplesError::Class { row, label: labels[row], classes }),
            None => Ok(Self::checked(columns, labels, classes)),
        }
    }

    /// Of which the caller knows that [`Self::new`] would not refuse them.
    pub(crate) const fn checked(columns: &'a [Vec<f64>], labels: &'a [usize], classes: usize) -> Self {
        Self { columns, labels, classes }
    }

    /// Number of rows.
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Never: samples have a row at least.
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of features.
    pub const fn features(&self) -> usize {
        self.columns.len()
    }

    /// Number of classes.
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// The class of a row.
    ///
    /// # Panics
    /// If the row does not exist.
    pub fn label(&self, row: usize) -> usize {
        self.labels[row]
    }

    /// The features of a row, as [`Tree::predict`](super::Tree::predict) asks for them.
    ///
    /// # Panics
    /// What is given back, if the row or the feature does not exist.
    pub fn row(&self, row: usize) -> impl Fn(usize) -> f64 + use<'a> {
        let columns = self.columns;
        move |feature| columns[feature][row]
    }

    /// All values of a feature.
    pub(super) fn column(&self, feature: usize) -> &'a [f64] {
        &self.columns[feature]
    }

    /// How many of some rows are of each class.
    pub(super) fn count(&self, rows: &[usize]) -> Vec<usize> {
        let mut counts = vec![0; self.classes];
        for row in rows {
            counts[self.labels[*row]] += 1;
        }
        counts
    }
}
