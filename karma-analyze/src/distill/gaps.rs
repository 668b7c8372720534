//! Missing values: filled, and said to be missing.

use super::policy::Filling;
use super::{Feature, Table};

/// The filling of each feature with a gap anywhere in a table: the median over the rows that the tree is grown on.
pub(super) fn fillings(table: &Table, rows: &[usize]) -> Vec<Filling> {
    let with_gaps = (0..table.columns.len()).filter(|f| table.columns[*f].iter().any(|value| value.is_nan()));
    with_gaps.map(|feature| Filling { feature, constant: median(&table.columns[feature], rows) }).collect()
}

/// The lower median of what was measured; 0 of nothing.
fn median(column: &[f64], rows: &[usize]) -> f64 {
    let mut measured: Vec<f64> =
        rows.iter().map(|row| column[*row]).filter(|value| !value.is_nan()).collect();
    measured.sort_unstable_by(f64::total_cmp);
    measured.get(measured.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

/// The features with one more for each that has gaps.
pub(super) fn features(table: &Table, fillings: &[Filling]) -> Vec<Feature> {
    let missing = fillings.iter().map(|filling| {
        let name = &table.features[filling.feature].name;
        Feature { name: format!("{name} is missing"), unit: String::new() }
    });
    table.features.iter().cloned().chain(missing).collect()
}

/// The columns of these features.
pub(super) fn columns(table: &Table, fillings: &[Filling]) -> Vec<Vec<f64>> {
    let mut columns = table.columns.clone();
    for filling in fillings {
        let missing = columns[filling.feature].iter().map(|value| f64::from(u8::from(value.is_nan())));
        columns.push(missing.collect());
        for value in columns[filling.feature].iter_mut().filter(|value| value.is_nan()) {
            *value = filling.constant;
        }
    }
    columns
}

/// One row of these features.
pub(super) fn row(values: &[f64], fillings: &[Filling]) -> Vec<f64> {
    let mut row = values.to_vec();
    for filling in fillings {
        let is_missing = row[filling.feature].is_nan();
        row.push(f64::from(u8::from(is_missing)));
        if is_missing {
            row[filling.feature] = filling.constant;
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_becomes_the_median_of_the_rows_grown_on_and_a_feature_of_its_own() {
        let mut table = Table::new(vec![Feature::new("cpu", "%"), Feature::new("ram", "%")], ["hold"]);
        for (cpu, ram) in [(9.0, 1.0), (f64::NAN, 2.0), (3.0, 3.0), (5.0, 4.0), (800.0, 5.0)] {
            table.push(&[cpu, ram], 0, 0).unwrap();
        }
        let fillings = fillings(&table, &[0, 1, 2, 3]);
        assert_eq!(fillings, [Filling { feature: 0, constant: 5.0 }]);
        assert_eq!(features(&table, &fillings)[2].name, "cpu is missing");
        let columns = columns(&table, &fillings);
        assert_eq!((&columns[0][..2], &columns[2][..2]), (&[9.0, 5.0][..], &[0.0, 1.0][..]));
        assert_eq!(row(&[f64::NAN, 2.0], &fillings), [5.0, 2.0, 1.0]);
        assert_eq!(median(&[f64::NAN], &[0]), 0.0);
    }
}
