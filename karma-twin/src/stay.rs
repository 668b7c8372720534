//! "It stays where it has been": the mean since the controls last moved.

use std::ops::Range;

use crate::{Encoder, Forecaster, Forecasts, Inputs};

/// Forecasts the running mean that begins anew when the controls move: less than a model, more than persistence where a
/// metric is noisy around a level. Nothing of it is fitted, so in a [`Stack`](crate::Stack) it can only help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    features: usize,
    /// Where the differences of the mean from the present are among the features.
    means: Range<usize>,
}

impl Stay {
    /// For inputs of this encoder.
    pub fn new(encoder: &Encoder) -> Self {
        let (groups, columns) = (encoder.groups(), encoder.schema().predicted().len());
        Self { features: encoder.features(), means: groups.means.end - columns..groups.means.end }
    }
}

impl Forecaster for Stay {
    fn name(&self) -> &'static str {
        "stay"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        out.resize(inputs.rows(), self.means.len());
        let differences =
            inputs.features.chunks_exact(self.features).flat_map(|row| &row[self.means.clone()]);
        for ((median, mean), (present, difference)) in
            out.median.iter_mut().zip(&mut out.mean).zip(inputs.present.iter().zip(differences))
        {
            *median = present + difference;
            *mean = *median;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Column, Part, Schema, Table, Window};
    use crate::{EncoderParams, Samples, Structure};

    #[test]
    fn it_forecasts_the_mean_since_the_controls_moved() {
        let schema =
            Schema::new(vec![Column::new("x", Part::Predicted), Column::new("u", Part::Controlled)]).unwrap();
        let params = EncoderParams { stay_half_life: 1.0, ..EncoderParams::default() };
        let encoder = Encoder::new(schema.clone(), params, Structure::Bounds).unwrap();
        let mut window = Window::new("a", 2);
        for row in [[9.0, 1.0], [2.0, 5.0], [4.0, 5.0], [0.0, 5.0]] {
            window.push(0.0, &row);
        }
        let table = Table::new(schema, [window]);
        let samples = Samples::of(&encoder, &table, &table.starts().collect::<Vec<_>>());
        let mut out = Forecasts::default();
        Stay::new(&encoder).forecast(&samples.inputs(), &mut out);
        assert_eq!(out.median, [9.0, 2.0, 3.0], "the 9 was under other controls");
    }
}
