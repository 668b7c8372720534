//! Windows of rows, and the table that they make.

use karma_core::Digest;

use super::Schema;

/// Rows without a gap: each follows the one before by one normal period.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    run: String,
    times: Vec<f64>,
    values: Vec<f32>,
    width: usize,
}

impl Window {
    /// An empty window of a run, for rows of `width` values.
    pub fn new(run: impl Into<String>, width: usize) -> Self {
        Self { run: run.into(), times: Vec::new(), values: Vec::new(), width }
    }

    /// Adds a row; values that are not finite are missing.
    ///
    /// # Panics
    /// If the row has another width: a bug of the caller.
    pub fn push(&mut self, time: f64, row: &[f32]) {
        assert_eq!(row.len(), self.width, "a row has a value for each column");
        self.times.push(time);
        self.values.extend(row.iter().map(|value| if value.is_finite() { *value } else { f32::NAN }));
    }

    /// The run (file, episode) that this window is part of.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Number of transitions: one fewer than rows.
    pub fn transitions(&self) -> usize {
        self.len().saturating_sub(1)
    }

    /// When each row was taken, in seconds.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// One row, in the order of the schema.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.width)
    }

    /// The rows from `from` up to, not including, `to`.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Self {
        Self {
            run: self.run.clone(),
            times: self.times[from..to].to_vec(),
            values: self.values[from * self.width..to * self.width].to_vec(),
            width: self.width,
        }
    }
}

/// Windows of one schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    schema: Schema,
    windows: Vec<Window>,
}

impl Table {
    /// A table of these windows; empty ones are left out.
    ///
    /// # Panics
    /// If a window has rows of another width: a bug of the caller.
    pub fn new(schema: Schema, windows: impl IntoIterator<Item = Window>) -> Self {
        let windows: Vec<Window> = windows.into_iter().filter(|window| !window.is_empty()).collect();
        assert!(windows.iter().all(|window| window.width == schema.width()), "windows fit the schema");
        Self { schema, windows }
    }

    /// What the columns are.
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The windows, in the order of the source.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Number of rows in all windows.
    pub fn rows(&self) -> usize {
        self.windows.iter().map(Window::len).sum()
    }

    /// Number of transitions in all windows.
    pub fn transitions(&self) -> usize {
        self.windows.iter().map(Window::transitions).sum()
    }

    /// A digest of the schema and of every value: whether data are still the same.
    pub fn digest(&self) -> Digest {
        let words = self.windows.iter().flat_map(|window| window.rows().flatten());
        words.fold(self.schema.digest(), |digest, value| digest.then(u64::from(value.to_bits())))
    }

    /// The names of the runs, each once, in the order of their first window.
    pub fn runs(&self) -> Vec<&str> {
        let mut runs: Vec<&str> = Vec::new();
        for window in &self.windows {
            if !runs.contains(&window.run()) {
                runs.push(window.run());
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Column, Part};

    #[test]
    fn a_value_that_is_not_finite_is_missing() {
        let mut window = Window::new("a", 2);
        window.push(0.0, &[f32::INFINITY, 1.0]);
        assert!(window.row(0)[0].is_nan());
        assert_eq!(window.row(0)[1], 1.0);
    }

    #[test]
    fn no_transition_crosses_a_window() {
        let schema = Schema::new(vec![Column::new("x", Part::Predicted)]).unwrap();
        let window = |run: &str, rows: usize| {
            let mut window = Window::new(run, 1);
            (0..rows).for_each(|row| window.push(row as f64, &[row as f32]));
            window
        };
        let table = Table::new(schema, [window("a", 3), window("a", 1), window("b", 4), window("c", 0)]);
        assert_eq!((table.rows(), table.transitions()), (8, 5));
        assert_eq!(table.runs(), ["a", "b"]);
    }
}
