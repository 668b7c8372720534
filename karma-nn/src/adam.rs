//! Adam, and the clipping of a gradient by its norm.
//!
//! Kingma and Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015, algorithm 1: with g the gradient,
//! m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε). The order of the
//! operations is that of `torch.optim.Adam`.
//!
//! Example: the first step moves every parameter by η against the sign of its gradient, whatever its size
//! (as long as it is well above ε).

use serde::{Deserialize, Serialize};

use crate::mlp::Layout;
use crate::{Checkpoint, CheckpointError, ConfigError, NetworkError, math};

/// Adam's settings as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamParams {
    /// Step size η, above 0. Default 5e-4 (HARL's for `simple_spread`).
    pub learning_rate: f32,
    /// Decay of the mean of gradients, in [0, 1). Default 0.9.
    pub beta1: f32,
    /// Decay of the mean of squared gradients, in [0, 1). Default 0.999.
    pub beta2: f32,
    /// Added to the root, above 0. Default 1e-5, as in MAPPO's reference (not Adam's own 1e-8).
    pub epsilon: f32,
}

impl Default for AdamParams {
    fn default() -> Self {
        Self { learning_rate: 5e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-5 }
    }
}

impl AdamParams {
    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is outside its range.
    pub fn check(&self) -> Result<AdamConfig, ConfigError> {
        ConfigError::positive("learning_rate", self.learning_rate)?;
        ConfigError::unless((0.0..1.0).contains(&self.beta1), "beta1", &self.beta1, "0 to below 1")?;
        ConfigError::unless((0.0..1.0).contains(&self.beta2), "beta2", &self.beta2, "0 to below 1")?;
        ConfigError::positive("epsilon", self.epsilon)?;
        Ok(AdamConfig(self.clone()))
    }
}

/// Checked [`AdamParams`].
#[derive(Debug, Clone, PartialEq)]
pub struct AdamConfig(AdamParams);

impl AdamConfig {
    /// The settings as written.
    pub fn params(&self) -> &AdamParams {
        &self.0
    }
}

/// The optimiser with its state: two moments for each parameter and the number of steps taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    params: AdamParams,
    steps: u64,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Adam {
    /// A fresh optimiser of `len` parameters.
    pub fn new(config: &AdamConfig, len: usize) -> Self {
        Self { params: config.0.clone(), steps: 0, first: vec![0.0; len], second: vec![0.0; len] }
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Changes η for the steps to come (schedules).
    ///
    /// # Errors
    /// When it is not a finite number above 0.
    pub fn set_learning_rate(&mut self, learning_rate: f32) -> Result<(), ConfigError> {
        ConfigError::positive("learning_rate", learning_rate)?;
        self.params.learning_rate = learning_rate;
        Ok(())
    }

    /// One step along `scale · gradient`.
    ///
    /// # Errors
    /// When a length differs from the one this optimiser was made for, or the gradient is not finite; then
    /// nothing changes.
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32], scale: f32) -> Result<(), NetworkError> {
        NetworkError::length("parameters", parameters.len(), self.first.len())?;
        NetworkError::length("gradient", gradient.len(), self.first.len())?;
        NetworkError::finite(gradient_norm(gradient) * scale, || "gradient".to_owned())?;
        self.steps = self.steps.saturating_add(1);
        let AdamParams { learning_rate, beta1, beta2, epsilon } = self.params;
        let rate = math::narrow(f64::from(learning_rate) / (1.0 - power(beta1, self.steps)));
        let root = math::narrow((1.0 - power(beta2, self.steps)).sqrt());
        let moments = self.first.iter_mut().zip(&mut self.second);
        pulp::Arch::new().dispatch(|| {
            for ((p, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
                let g = g * scale;
                *m += (g - *m) * (1.0 - beta1);
                *v = *v * beta2 + g * g * (1.0 - beta2);
                *p -= rate * *m / (v.sqrt() / root + epsilon);
            }
        });
        Ok(())
    }

    /// Puts moments and steps into `checkpoint`.
    pub(crate) fn save(&self, checkpoint: &mut Checkpoint, name: &str, layout: &Layout) {
        checkpoint.put_counter(&format!("{name}.adam.steps"), self.steps);
        checkpoint.put_flat(&format!("{name}.adam.first"), layout, &self.first);
        checkpoint.put_flat(&format!("{name}.adam.second"), layout, &self.second);
    }

    /// Takes moments and steps from `checkpoint`; the settings are given.
    pub(crate) fn restore(
        checkpoint: &Checkpoint,
        name: &str,
        layout: &Layout,
        config: &AdamConfig,
    ) -> Result<Self, CheckpointError> {
        let steps = checkpoint.counter(&format!("{name}.adam.steps"))?;
        let first = checkpoint.read_flat(&format!("{name}.adam.first"), layout)?;
        let second = checkpoint.read_flat(&format!("{name}.adam.second"), layout)?;
        Ok(Self { params: config.0.clone(), steps, first, second })
    }
}

/// Euclidean norm, summed in `f64` in eight interleaved sums: one order on every machine.
pub fn gradient_norm(gradient: &[f32]) -> f32 {
    let mut sums = [0.0_f64; 8];
    for piece in gradient.chunks(8) {
        for (sum, g) in sums.iter_mut().zip(piece) {
            *sum += f64::from(*g) * f64::from(*g);
        }
    }
    math::narrow(sums.iter().sum::<f64>().sqrt())
}

/// The factor that shortens a gradient of length `norm` to `max_norm`, at most 1
/// (Pascanu, Mikolov and Bengio, 2013; the 1e-6 is that of `torch.nn.utils`).
pub(crate) fn clip_factor(norm: f32, max_norm: f32) -> f32 {
    (max_norm / (norm + 1e-6)).min(1.0)
}

/// betaᵗ by repeated squaring: `powi` promises no particular bits.
fn power(beta: f32, mut t: u64) -> f64 {
    let (mut base, mut result) = (f64::from(beta), 1.0);
    while t > 0 {
        if t & 1 == 1 {
            result *= base;
        }
        base *= base;
        t >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adam(len: usize) -> Adam {
        Adam::new(&AdamParams { learning_rate: 0.1, ..AdamParams::default() }.check().unwrap(), len)
    }

    #[test]
    fn the_first_step_has_the_length_of_the_learning_rate() {
        let mut parameters = [1.0, 1.0];
        adam(2).step(&mut parameters, &[3.0, -0.5], 1.0).unwrap();
        assert!((parameters[0] - 0.9).abs() < 1e-5 && (parameters[1] - 1.1).abs() < 1e-5);
    }

    /// Algorithm 1 of the paper in `f64`, five steps on one parameter.
    #[test]
    fn five_steps_follow_the_paper() {
        let (mut optimiser, mut parameter) = (adam(1), [2.0_f32]);
        let (mut m, mut v, mut expected) = (0.0_f64, 0.0_f64, 2.0_f64);
        for (t, g) in [1.0_f32, -0.3, 0.02, 5.0, -2.0].into_iter().enumerate() {
            optimiser.step(&mut parameter, &[g], 0.5).unwrap();
            let (g, t) = (f64::from(g) * 0.5, i32::try_from(t).unwrap() + 1);
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            expected -= 0.1 * m / (1.0 - 0.9_f64.powi(t)) / ((v / (1.0 - 0.999_f64.powi(t))).sqrt() + 1e-5);
        }
        assert!((f64::from(parameter[0]) - expected).abs() < 1e-5, "{} and {expected}", parameter[0]);
        assert_eq!(optimiser.steps(), 5);
    }

    #[test]
    fn a_gradient_that_is_not_finite_changes_nothing() {
        let (mut optimiser, mut parameters) = (adam(2), [1.0, 2.0]);
        let before = optimiser.clone();
        assert!(optimiser.step(&mut parameters, &[0.0, f32::NAN], 1.0).is_err());
        assert_eq!((optimiser, parameters), (before, [1.0, 2.0]));
    }

    #[test]
    fn norms_are_euclidean_and_only_long_gradients_are_shortened() {
        assert_eq!(gradient_norm(&[3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -4.0]), 5.0);
        assert_eq!(clip_factor(5.0, 10.0), 1.0);
        assert!((clip_factor(5.0, 1.0) - 0.2).abs() < 1e-6);
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let refused = |params: AdamParams| params.check().unwrap_err().field;
        assert_eq!(refused(AdamParams { learning_rate: 0.0, ..AdamParams::default() }), "learning_rate");
        assert_eq!(refused(AdamParams { beta1: 1.0, ..AdamParams::default() }), "beta1");
        assert_eq!(refused(AdamParams { beta2: f32::NAN, ..AdamParams::default() }), "beta2");
        assert_eq!(refused(AdamParams { epsilon: -1.0, ..AdamParams::default() }), "epsilon");
        assert!(adam(1).set_learning_rate(f32::INFINITY).is_err());
    }
}
