//! From single alarms to a verdict over time.

use karma_nn::{Checkpoint, CheckpointError, Tensor};

/// Sums up the evidence of p-values that a cluster has changed.
///
/// Single alarms at rate α are normal; many in a row are not. Each p-value is a bet: ½ p^(−½) has mean 1 if nothing has
/// changed (p uniform, or larger), and is large when p is small (the power martingale of Vovk, Nouretdinov and
/// Gammerman, *ICML* 2003). The sum of its logarithms, begun anew whenever it is below 0, is Page's CUSUM (*Biometrika*
/// 1954); with the threshold ln(run length) the mean number of judgements between false alarms is at least the run
/// length (Lorden, *Annals of Mathematical Statistics* 1971), if judgements are independent. Neighbouring rows of a
/// trace are not: ask for a longer run, or judge every so many rows.
///
/// Example: p = 0.01 again and again adds ln(½ · 10) = 1.61 each time, so a run length of 10 000 (threshold 9.21) is
/// reached with the sixth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cusum {
    threshold: f64,
    sum: f64,
}

impl Cusum {
    /// Alarms falsely once in `run_length` judgements at most; below 2 it is taken for 2.
    pub fn new(run_length: f64) -> Self {
        // Not a number becomes 2 as well.
        Self { threshold: run_length.max(2.0).ln(), sum: 0.0 }
    }

    /// Adds a p-value; whether the evidence is enough. A p-value that is not a number says nothing.
    pub fn observe(&mut self, p_value: f64) -> bool {
        let p = p_value.clamp(1e-12, 1.0);
        if !p.is_nan() {
            self.sum = (self.sum + 0.5f64.ln() - 0.5 * p.ln()).max(0.0);
        }
        self.is_alarmed()
    }

    /// Whether the evidence is enough now.
    pub fn is_alarmed(&self) -> bool {
        self.sum >= self.threshold
    }

    /// The evidence, 0 or more, and the threshold: natural logarithms of odds.
    pub const fn evidence(&self) -> (f64, f64) {
        (self.sum, self.threshold)
    }

    /// Forgets the evidence, after a refit.
    pub const fn reset(&mut self) {
        self.sum = 0.0;
    }

    /// Puts it into a checkpoint.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        checkpoint.put_tensor(name, Tensor::F64 { shape: vec![2], values: vec![self.threshold, self.sum] });
    }

    /// Takes it out of a checkpoint.
    ///
    /// # Errors
    /// If it is not there, or is none.
    pub fn load(checkpoint: &Checkpoint, name: &str) -> Result<Self, CheckpointError> {
        let values = checkpoint.f64_tensor(name, &[2])?;
        let (threshold, sum) = (values[0], values[1]);
        if threshold > 0.0 && sum >= 0.0 {
            Ok(Self { threshold, sum })
        } else {
            let reason = format!("{name}: threshold {threshold} is above 0 and evidence {sum} at least 0");
            Err(CheckpointError::Malformed { reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::SeedTree;
    use rand::RngExt as _;

    #[test]
    fn six_small_p_values_in_a_row_are_enough_and_one_is_not() {
        let mut cusum = Cusum::new(10_000.0);
        let alarms: Vec<bool> = (0..6).map(|_| cusum.observe(0.01)).collect();
        assert_eq!(alarms, [false, false, false, false, false, true]);
        cusum.reset();
        assert!(!cusum.observe(1e-3));
        (0..50).for_each(|_| assert!(!cusum.observe(1.0)));
        assert_eq!(cusum.evidence().0, 0.0);
    }

    #[test]
    fn what_is_not_a_number_is_no_evidence() {
        let mut cusum = Cusum::new(f64::NAN);
        assert!(!cusum.observe(f64::NAN));
        assert_eq!(cusum.evidence(), (0.0, 2f64.ln()));
    }

    #[test]
    fn evidence_survives_the_checkpoint() {
        let mut cusum = Cusum::new(100.0);
        cusum.observe(0.01);
        let mut checkpoint = Checkpoint::new("test");
        cusum.save(&mut checkpoint, "c");
        assert_eq!(Cusum::load(&checkpoint, "c").unwrap(), cusum);
        checkpoint.put_tensor("c", Tensor::F64 { shape: vec![2], values: vec![1.0, -1.0] });
        assert!(Cusum::load(&checkpoint, "c").unwrap_err().to_string().contains("evidence -1"));
    }

    #[test]
    fn false_alarms_are_at_least_a_run_length_apart_on_average() {
        let mut rng = SeedTree::new(2).rng();
        let (mut cusum, mut alarms) = (Cusum::new(200.0), 0u32);
        for _ in 0..100_000 {
            if cusum.observe(1.0 - rng.random::<f64>()) {
                alarms += 1;
                cusum.reset();
            }
        }
        assert!((20..500).contains(&alarms), "{alarms} in 100 000 with a run length of 200");
    }
}
