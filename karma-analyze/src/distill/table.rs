//! Decisions of a policy with what it saw.

use serde::{Deserialize, Serialize};

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Its name, such as `cpu_utilization of auth`.
    pub name: String,
    /// Its unit, such as `%`; empty for plain numbers.
    pub unit: String,
}

impl Feature {
    /// A feature with a name and a unit.
    pub fn new(name: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { name: name.into(), unit: unit.into() }
    }
}

/// Why a row was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TableError {
    /// Not one value for each feature.
    #[error("row {row} has {found} values; there are {features} features")]
    Width {
        /// Which row.
        row: usize,
        /// Values.
        found: usize,
        /// Features.
        features: usize,
    },
    /// A class that has no name.
    #[error("row {row} has the class {class}; there are {classes}, from 0")]
    Class {
        /// Which row.
        row: usize,
        /// The class.
        class: usize,
        /// Named classes.
        classes: usize,
    },
    /// A value that cannot be compared with a threshold.
    #[error("{feature} is infinite in row {row}; give NaN if it was not measured")]
    Infinite {
        /// Which row.
        row: usize,
        /// The feature.
        feature: String,
    },
}

/// Rows of named features, each with the class that the policy chose and the group (episode) that it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub(super) features: Vec<Feature>,
    pub(super) classes: Vec<String>,
    /// A column for each feature.
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) labels: Vec<usize>,
    pub(super) groups: Vec<usize>,
}

impl Table {
    /// No rows yet, of such features and classes.
    pub fn new<C: Into<String>>(features: Vec<Feature>, classes: impl IntoIterator<Item = C>) -> Self {
        let columns = vec![Vec::new(); features.len()];
        let classes = classes.into_iter().map(Into::into).collect();
        Self { features, classes, columns, labels: Vec::new(), groups: Vec::new() }
    }

    /// Adds a decision; NaN is a value that was not measured.
    ///
    /// # Errors
    /// If the row does not fit; nothing is added then.
    pub fn push(&mut self, values: &[f64], class: usize, group: usize) -> Result<(), TableError> {
        let (row, found, features, classes) =
            (self.len(), values.len(), self.features.len(), self.classes.len());
        if found != features {
            return Err(TableError::Width { row, found, features });
        }
        if class >= classes {
            return Err(TableError::Class { row, class, classes });
        }
        if let Some(at) = values.iter().position(|value| value.is_infinite()) {
            return Err(TableError::Infinite { row, feature: self.features[at].name.clone() });
        }
        self.columns.iter_mut().zip(values).for_each(|(column, value)| column.push(*value));
        self.labels.push(class);
        self.groups.push(group);
        Ok(())
    }

    /// Number of rows.
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The values of a row.
    ///
    /// # Panics
    /// If there are not so many rows.
    pub fn row(&self, row: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[row]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_does_not_fit_is_refused_with_its_place() {
        let mut table = Table::new(vec![Feature::new("cpu", "%")], ["hold"]);
        table.push(&[f64::NAN], 0, 7).unwrap();
        let refused = |values: &[f64], class| table.clone().push(values, class, 0).unwrap_err().to_string();
        assert_eq!(refused(&[], 0), "row 1 has 0 values; there are 1 features");
        assert_eq!(refused(&[0.5], 1), "row 1 has the class 1; there are 1, from 0");
        assert_eq!(refused(&[f64::INFINITY], 0), "cpu is infinite in row 1; give NaN if it was not measured");
    }
}
