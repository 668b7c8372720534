//! Pasts of a model's own making, each with the recorded row that should follow.

use crate::rollout::{Fleet, Walk};
use crate::table::{Start, Table};
use crate::{Encoder, Forecaster, Samples};

/// Rolls `forecaster` out from each of `starts` (sorted) for up to `steps` steps under the recorded controls and
/// exogenous values. The samples are the imagined pasts after 1, 2, … steps with the recorded next row as target.
pub(super) fn imagine(
    encoder: &Encoder,
    forecaster: &dyn Forecaster,
    table: &Table,
    starts: &[Start],
    steps: usize,
) -> Samples {
    let mut imagined = Samples::default();
    let mut fleet = Fleet::new(encoder, table);
    fleet.begin(0, starts, &mut Walk::new(encoder, table));
    for step in 1..=steps + 1 {
        fleet.keep_those_that_last(starts, step);
        if fleet.active.is_empty() {
            break;
        }
        fleet.encode(starts, step);
        if step > 1 {
            let places = fleet
                .active
                .iter()
                .map(|series| Start { row: starts[*series].row + step - 1, ..starts[*series] });
            imagined.extend(&pasts(places.collect(), &fleet, table));
        }
        if step <= steps {
            fleet.forecast(forecaster);
            fleet.advance(starts, step, &mut |_| {});
        }
    }
    imagined
}

/// The pasts of a fleet that stands at `places`, each with the recorded row that follows.
fn pasts(places: Vec<Start>, fleet: &Fleet<'_>, table: &Table) -> Samples {
    let (inputs, predicted) = (fleet.inputs(), table.schema().predicted().len());
    let next = places.iter().flat_map(|place| &table.windows()[place.window].row(place.row + 1)[..predicted]);
    Samples {
        targets: next.copied().collect(),
        features: inputs.features.to_vec(),
        present: inputs.present.to_vec(),
        moved: inputs.moved.to_vec(),
        starts: places,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Column, Part, Schema, Window};
    use crate::{EncoderParams, Persistence, Structure};

    #[test]
    fn imagined_pasts_are_the_models_own_and_targets_are_recorded() {
        let schema =
            Schema::new(vec![Column::new("x", Part::Predicted), Column::new("u", Part::Controlled)]).unwrap();
        let encoder = Encoder::new(schema.clone(), EncoderParams::default(), Structure::Bounds).unwrap();
        let mut window = Window::new("a", 2);
        (0..5u8).for_each(|row| window.push(f64::from(row), &[f32::from(row), 10.0 + f32::from(row)]));
        let table = Table::new(schema, [window]);
        let starts = [Start { window: 0, row: 1 }, Start { window: 0, row: 3 }];
        let imagined = imagine(&encoder, &Persistence, &table, &starts, 2);
        // Persistence stays at 1: after one step row 2 seems to be 1, and row 3 follows; after two, row 4. The other
        // start is at the end of its window after its first step.
        assert_eq!(imagined.present, [1.0, 1.0]);
        assert_eq!(imagined.targets, [3.0, 4.0]);
        assert_eq!(
            imagined.features[encoder.groups().controls.start],
            13.0,
            "controls are the recorded ones"
        );
    }
}
