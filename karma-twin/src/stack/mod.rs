//! Several forecasters as one: for each column, and apart for moving and resting controls, a weighted mean of what they
//! say (stacking: Wolpert, *Neural Networks* 1992; with weights that are not negative: Breiman, *Machine Learning* 1996).
//!
//! Weights sum to 1. Those of the median minimise the absolute error, those of the mean the squared error, on forecasts
//! of rows that no member was fitted to (out of bag, out of fold, held out): on rows that it knows, the member that
//! remembers most would win. The fit starts from equal weights or from the best single member, whichever errs less, and
//! moves weight between two members, or from all to one, as far as the error falls; each such step is solved exactly (a
//! weighted median, or a quotient). Both errors are convex.
//!
//! **Few rows** say little about weights, so these are drawn towards equal ones: n rows count as n against
//! [`WEIGHT_OF_EQUALITY`] for each member. By convexity the error on the rows of the fit is then at most that of the best
//! member, up to that share of the distance to the members' mean error; without rows all members count alike.
//!
//! **Uncertainty** is that of the mixture: noise is the members' mean noise, and ignorance² = Σ w·(ignorance² + distance of
//! the member from the stack²), so disagreement counts as ignorance.

mod simplex;

use karma_nn::{Checkpoint, CheckpointError, Tensor};

use crate::{Forecaster, Forecasts, Inputs, Samples};
use simplex::{Errors, Mixture};

/// How many rows equal weights count for, for each member.
pub const WEIGHT_OF_EQUALITY: f64 = 20.0;

/// A weighted mean of forecasters.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack<F> {
    members: Vec<F>,
    columns: usize,
    /// Resting and moving controls × columns × median and mean × members.
    weights: Vec<f32>,
}

impl<F: Forecaster> Stack<F> {
    /// Weighs `members` (at least one) by `forecasts`, of each of them for all `samples` of `columns` predicted columns,
    /// none of which it was fitted to. A value that is not finite, in a target or in a member's forecast, leaves its row
    /// out of the fit.
    ///
    /// # Panics
    /// If a member has fewer forecasts than there are samples: a bug of the caller.
    pub fn fit(members: Vec<F>, forecasts: &[Forecasts], samples: &Samples, columns: usize) -> Self {
        let mut weights = Vec::with_capacity(4 * columns * members.len());
        for moved in [false, true] {
            let rows: Vec<usize> = (0..samples.len()).filter(|row| samples.moved[*row] == moved).collect();
            for column in 0..columns {
                for errors in [Errors::Absolute, Errors::Squared] {
                    let said = forecasts.iter().map(|forecasts| match errors {
                        Errors::Absolute => forecasts.median.as_slice(),
                        Errors::Squared => forecasts.mean.as_slice(),
                    });
                    let said: Vec<&[f32]> = said.collect();
                    let places = rows.iter().map(|row| row * columns + column);
                    let mixture = Mixture::new(&said, &samples.targets, places, errors);
                    weights.extend(shrunk(&mixture));
                }
            }
        }
        Self { members, columns, weights }
    }

    /// The members.
    pub fn members(&self) -> &[F] {
        &self.members
    }

    /// The members' weights in the median and in the mean of a column, while controls move or rest.
    pub fn weights(&self, moved: bool, column: usize) -> [&[f32]; 2] {
        let of_errors = |errors: usize| {
            let first = ((usize::from(moved) * self.columns + column) * 2 + errors) * self.members.len();
            &self.weights[first..first + self.members.len()]
        };
        [of_errors(0), of_errors(1)]
    }

    /// Puts the weights into a checkpoint; the members are stored by whoever knows what they are.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        let shape = vec![2, self.columns, 2, self.members.len()];
        checkpoint
            .put_tensor(&format!("{name}.weights"), Tensor::F32 { shape, values: self.weights.clone() });
    }

    /// Takes the weights of these members out of a checkpoint.
    ///
    /// # Errors
    /// If there are no weights, or for another number of members or columns, or one is negative.
    pub fn load(
        checkpoint: &Checkpoint,
        name: &str,
        columns: usize,
        members: Vec<F>,
    ) -> Result<Self, CheckpointError> {
        let weights = checkpoint.f32_tensor(&format!("{name}.weights"), &[2, columns, 2, members.len()])?;
        if let Some(negative) = weights.iter().find(|weight| **weight < 0.0) {
            let reason = format!("the stack `{name}` has a weight of {negative}; allowed: at least 0");
            return Err(CheckpointError::Malformed { reason });
        }
        Ok(Self { members, columns, weights: weights.to_vec() })
    }
}

/// The best weights, drawn towards equal ones.
#[expect(clippy::cast_possible_truncation, reason = "weights are searched for in double precision")]
fn shrunk(mixture: &Mixture) -> Vec<f32> {
    let (rows, members) = (mixture.rows() as f64, mixture.members() as f64);
    let equality = WEIGHT_OF_EQUALITY * members / (rows + WEIGHT_OF_EQUALITY * members);
    let best = mixture.best().into_iter();
    best.map(|weight| ((1.0 - equality) * weight + equality / members) as f32).collect()
}

impl<F: Forecaster> Forecaster for Stack<F> {
    fn name(&self) -> &'static str {
        "stack"
    }

    fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
        out.resize(inputs.rows(), self.columns);
        let forecasts = self.members.iter().map(|member| {
            let mut of_member = Forecasts::default();
            member.forecast(inputs, &mut of_member);
            of_member
        });
        let said: Vec<Forecasts> = forecasts.collect();
        for (row, moved) in inputs.moved.iter().enumerate() {
            for column in 0..self.columns {
                let place = row * self.columns + column;
                let [of_median, of_mean] = self.weights(*moved, column);
                let median = weighted(of_median, said.iter().map(|said| said.median[place]));
                let ignorance =
                    said.iter().map(|said| said.epistemic[place].hypot(said.median[place] - median));
                out.median[place] = median;
                out.mean[place] = weighted(of_mean, said.iter().map(|said| said.mean[place]));
                out.aleatoric[place] = weighted(of_median, said.iter().map(|said| said.aleatoric[place]));
                out.epistemic[place] = weighted(of_median, ignorance.map(|spread| spread * spread)).sqrt();
            }
        }
    }
}

/// The weighted mean of what is finite; NaN if nothing is that has a weight.
fn weighted(weights: &[f32], values: impl Iterator<Item = f32>) -> f32 {
    let finite = weights.iter().zip(values).filter(|(_, value)| value.is_finite());
    let (sum, total) = finite.fold((0.0, 0.0), |(sum, total), (w, value)| (sum + w * value, total + w));
    sum / total
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Says the feature of its number.
    #[derive(Clone, Debug, PartialEq)]
    struct Says(usize);

    impl Forecaster for Says {
        fn name(&self) -> &'static str {
            "says"
        }

        fn forecast(&self, inputs: &Inputs<'_>, out: &mut Forecasts) {
            let rows = inputs.rows();
            out.resize(rows, 1);
            let said = inputs
                .features
                .iter()
                .skip(self.0)
                .step_by(inputs.features.len().checked_div(rows).unwrap_or(1));
            out.median = said.copied().collect();
            out.mean.clone_from(&out.median);
            out.aleatoric.fill(1.0);
        }
    }

    fn fit(rows: &[(Vec<f32>, f32, bool)], members: usize) -> (Stack<Says>, Samples) {
        let samples = Samples {
            features: rows.iter().flat_map(|row| row.0.clone()).collect(),
            present: vec![0.0; rows.len()],
            targets: rows.iter().map(|row| row.1).collect(),
            moved: rows.iter().map(|row| row.2).collect(),
            ..Samples::default()
        };
        let members: Vec<Says> = (0..members).map(Says).collect();
        let said: Vec<Forecasts> = members.iter().map(|member| forecast(member, &samples.inputs())).collect();
        (Stack::fit(members, &said, &samples, 1), samples)
    }

    fn forecast(forecaster: &impl Forecaster, inputs: &Inputs<'_>) -> Forecasts {
        let mut out = Forecasts::default();
        forecaster.forecast(inputs, &mut out);
        out
    }

    /// The first member is right while the controls rest, the second while they move.
    fn two_regimes() -> (Stack<Says>, Samples) {
        let row = |at: u16| {
            let (y, wrong) = (f32::from(at % 17), f32::from(at % 5) + 20.0);
            if at.is_multiple_of(2) { (vec![y, wrong], y, false) } else { (vec![wrong, y], y, true) }
        };
        fit(&(0..4000).map(row).collect::<Vec<_>>(), 2)
    }

    #[test]
    fn each_regime_has_its_own_best_member() {
        let (stack, _) = two_regimes();
        for weights in stack.weights(false, 0) {
            assert!(weights[0] > 0.98, "{weights:?}");
        }
        for weights in stack.weights(true, 0) {
            assert!(weights[1] > 0.98, "{weights:?}");
        }
    }

    #[test]
    fn without_rows_all_members_count_alike_and_their_disagreement_is_ignorance() {
        let (stack, _) = fit(&[], 2);
        assert_eq!(stack.weights(true, 0), [[0.5, 0.5]; 2]);
        let inputs = Inputs { features: &[1.0, 5.0], present: &[0.0], moved: &[true] };
        let out = forecast(&stack, &inputs);
        assert_eq!((out.median[0], out.aleatoric[0], out.epistemic[0]), (3.0, 1.0, 2.0));
        let silent = Inputs { features: &[f32::NAN, 5.0], ..inputs };
        assert_eq!(forecast(&stack, &silent).mean, [5.0], "a member that says nothing is left out");
    }

    #[test]
    fn it_survives_the_artefact_bit_for_bit() {
        let (stack, samples) = two_regimes();
        let mut checkpoint = Checkpoint::new("test");
        stack.save(&mut checkpoint, "stack");
        let checkpoint = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap(), "test").unwrap();
        let again = Stack::load(&checkpoint, "stack", 1, stack.members().to_vec()).unwrap();
        assert_eq!(forecast(&again, &samples.inputs()), forecast(&stack, &samples.inputs()));
        assert!(Stack::load(&checkpoint, "stack", 1, vec![Says(0)]).is_err(), "another number of members");
    }

    proptest! {
        #[test]
        fn no_member_is_better_on_the_rows_of_the_fit(
            rows in proptest::collection::vec((proptest::collection::vec(-9f32..9.0, 3), -9f32..9.0), 5..200),
        ) {
            let count = rows.len() as f64;
            let rows: Vec<_> = rows.into_iter().map(|(said, y)| (said, y, true)).collect();
            let (stack, samples) = fit(&rows, 3);
            let out = forecast(&stack, &samples.inputs());
            let equality = 3.0 * WEIGHT_OF_EQUALITY / (count + 3.0 * WEIGHT_OF_EQUALITY);
            let law = |said: &[f32], error: &dyn Fn(f64) -> f64| {
                let of = |said: &mut dyn Iterator<Item = f32>| -> f64 {
                    said.zip(&samples.targets).map(|(said, y)| error(f64::from(said) - f64::from(*y))).sum()
                };
                let members = [0, 1, 2].map(|at| of(&mut samples.features.iter().skip(at).step_by(3).copied()));
                let best = members.iter().copied().fold(f64::INFINITY, f64::min);
                let allowed = (1.0 - equality) * best + equality * members.iter().sum::<f64>() / 3.0;
                (of(&mut said.iter().copied()), allowed * (1.0 + 1e-4))
            };
            let (absolute, allowed) = law(&out.median, &f64::abs);
            prop_assert!(absolute <= allowed, "absolute: {absolute} of {allowed}");
            let (squared, allowed) = law(&out.mean, &|error| error * error);
            prop_assert!(squared <= allowed, "squared: {squared} of {allowed}");
        }
    }
}
