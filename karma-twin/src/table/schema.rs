//! The columns of a table, in order.

use karma_core::Digest;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Column, Part};

/// Columns in the order predicted, controlled, exogenous.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Column>", into = "Vec<Column>")]
pub struct Schema {
    columns: Vec<Column>,
    predicted: usize,
    controlled: usize,
}

/// Columns that are no schema.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// There is nothing to predict.
    #[error("no column is predicted: name at least one")]
    NothingPredicted,
    /// A name stands twice.
    #[error("the column {name:?} stands twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A scale or a bound makes no sense.
    #[error("the column {name:?}: {reason}")]
    Column {
        /// The name.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

impl Schema {
    /// A schema of these columns; within each part they keep their order.
    ///
    /// # Errors
    /// If nothing is predicted, a name stands twice, or a column's scale or bounds make no sense.
    pub fn new(mut columns: Vec<Column>) -> Result<Self, SchemaError> {
        columns.sort_by_key(|column| column.part);
        let count = |part| columns.iter().filter(|column| column.part == part).count();
        let (predicted, controlled) = (count(Part::Predicted), count(Part::Controlled));
        if predicted == 0 {
            return Err(SchemaError::NothingPredicted);
        }
        for (index, column) in columns.iter().enumerate() {
            if columns[..index].iter().any(|earlier| earlier.name == column.name) {
                return Err(SchemaError::Twice { name: column.name.clone() });
            }
            check(column)?;
        }
        Ok(Self { columns, predicted, controlled })
    }

    /// All columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The predicted columns: the first ones.
    pub fn predicted(&self) -> &[Column] {
        &self.columns[..self.predicted]
    }

    /// The controlled columns: those after the predicted ones.
    pub fn controlled(&self) -> &[Column] {
        &self.columns[self.predicted..self.predicted + self.controlled]
    }

    /// The exogenous columns: the last ones.
    pub fn exogenous(&self) -> &[Column] {
        &self.columns[self.predicted + self.controlled..]
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The place of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The digest of names, parts, scales and bounds: a model fits one schema only.
    pub fn digest(&self) -> Digest {
        let columns = self.columns.iter().map(|column| format!("{column:?}\n"));
        Digest::of(columns.collect::<String>().as_bytes())
    }
}

fn check(column: &Column) -> Result<(), SchemaError> {
    let wrong = |reason: &str| SchemaError::Column { name: column.name.clone(), reason: reason.to_owned() };
    if let super::Scale::Log10 { floor } = column.scale
        && !(floor.is_finite() && floor > 0.0)
    {
        return Err(wrong("the floor of a logarithm is a finite number above 0"));
    }
    let finite = |bound: Option<f32>| bound.is_none_or(f32::is_finite);
    if !finite(column.min) || !finite(column.max) {
        return Err(wrong("a bound is a finite number"));
    }
    match (column.min, column.max) {
        (Some(min), Some(max)) if min > max => Err(wrong("its least value is above its greatest")),
        _ => Ok(()),
    }
}

impl TryFrom<Vec<Column>> for Schema {
    type Error = SchemaError;

    fn try_from(columns: Vec<Column>) -> Result<Self, SchemaError> {
        Self::new(columns)
    }
}

impl From<Schema> for Vec<Column> {
    fn from(schema: Schema) -> Self {
        schema.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Scale;

    #[test]
    fn columns_are_ordered_by_their_part() {
        let columns =
            [("a", Part::Controlled), ("b", Part::Exogenous), ("c", Part::Predicted), ("d", Part::Predicted)];
        let schema = Schema::new(columns.map(|(name, part)| Column::new(name, part)).to_vec()).unwrap();
        let names: Vec<&str> = schema.columns().iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["c", "d", "a", "b"]);
        assert_eq!(
            (schema.predicted().len(), schema.controlled().len(), schema.exogenous().len()),
            (2, 1, 1)
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_name() {
        let column = |name| Column::new(name, Part::Predicted);
        let refused = |columns| Schema::new(columns).unwrap_err().to_string();
        assert!(refused(vec![]).contains("no column is predicted"));
        assert!(refused(vec![column("x"), column("x")]).contains("\"x\" stands twice"));
        assert!(refused(vec![column("x").scaled(Scale::Log10 { floor: 0.0 })]).contains("floor"));
        assert!(refused(vec![column("x").within(2.0, 1.0)]).contains("above its greatest"));
    }

    #[test]
    fn another_scale_is_another_schema() {
        let schema = |scale| Schema::new(vec![Column::new("x", Part::Predicted).scaled(scale)]).unwrap();
        assert_ne!(schema(Scale::Linear).digest(), schema(Scale::Root).digest());
    }
}
