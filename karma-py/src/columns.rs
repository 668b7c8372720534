//! Tables as plain columns: what pandas and Arrow take without a copy of ours in between.

use numpy::ToPyArray as _;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Column {
    /// Texts; `None` where there is none.
    Texts(Vec<Option<String>>),
    /// Whole numbers, none missing.
    Whole(Vec<i64>),
    /// Numbers; NaN where there is none.
    Numbers(Vec<f64>),
    /// Single-precision numbers; NaN where there is none.
    Singles(Vec<f32>),
    /// Yes and no.
    Flags(Vec<bool>),
}

impl Column {
    /// Texts of which none is missing.
    pub(crate) fn texts<T: ToString>(texts: impl Iterator<Item = T>) -> Self {
        Self::Texts(texts.map(|text| Some(text.to_string())).collect())
    }

    /// Numbers of which some may be missing.
    pub(crate) fn numbers(numbers: impl Iterator<Item = Option<f64>>) -> Self {
        Self::Numbers(numbers.map(|number| number.unwrap_or(f64::NAN)).collect())
    }

    /// Single-precision numbers of which some may be missing.
    pub(crate) fn singles(numbers: impl Iterator<Item = Option<f32>>) -> Self {
        Self::Singles(numbers.map(|number| number.unwrap_or(f32::NAN)).collect())
    }

    /// Whole numbers; numbers with NaN if one is missing.
    pub(crate) fn whole(numbers: impl Iterator<Item = Option<i64>> + Clone) -> Self {
        match numbers.clone().collect() {
            Some(all) => Self::Whole(all),
            None => Self::numbers(numbers.map(|number| number.map(|number| number as f64))),
        }
    }

    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(match self {
            Self::Texts(texts) => texts.into_pyobject(py)?.into_any(),
            Self::Whole(numbers) => numbers.to_pyarray(py).into_any(),
            Self::Numbers(numbers) => numbers.to_pyarray(py).into_any(),
            Self::Singles(numbers) => numbers.to_pyarray(py).into_any(),
            Self::Flags(flags) => flags.to_pyarray(py).into_any(),
        })
    }
}

/// Columns by name, in order.
pub(crate) fn table(py: Python<'_>, columns: Vec<(String, Column)>) -> PyResult<Bound<'_, PyDict>> {
    let table = PyDict::new(py);
    for (name, column) in columns {
        table.set_item(name, column.into_python(py)?)?;
    }
    Ok(table)
}
