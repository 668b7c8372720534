//! Novelty: has anything like this situation been learned from?
//!
//! A model answers whatever it is asked. Two scores say how far the question is from what it knows:
//!
//! * **distance**: the Mahalanobis distance of the situation (present predicted values, next controls, next exogenous
//!   values) from those that were learned from. It knows correlations: 8 replicas and 100 requests a second may each
//!   be common and never have met. Values that are missing contribute nothing (they are marginalised out);
//! * **ignorance**: the model's own epistemic spread, relative to its usual size, as a mean over columns. It is high
//!   between two clouds of data, where the distance is not.
//!
//! A score becomes a verdict by comparison with n scores of held-out transitions: p = (1 + scores as high) / (n + 1).
//! If a new situation is exchangeable with those, p ≤ α happens with probability at most α (conformal p-values; Vovk,
//! Gammerman and Shafer 2005; Bates et al., *Annals of Statistics* 2023), whatever the distribution. With two scores,
//! the smaller of both ranks is compared with the smaller ranks of the held-out transitions: one test at rate α, not
//! two.
//!
//! Single false alarms at rate α are normal; [`Cusum`] says when there are too many.
//!
//! Cost for w values: w² multiplications, 4 w² bytes; m missing values add m³/6 multiplications. A judgement allocates
//! nothing.

mod cusum;
mod matrix;
mod shape;

use karma_nn::{Checkpoint, CheckpointError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::exact::{situation, stored};
use crate::{Encoder, Groups, Inputs, Samples};
pub use cusum::Cusum;
pub use shape::Scratch;
use shape::Shape;

/// Settings as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NoveltyParams {
    /// Share of ordinary situations that are called novel, above 0 and below 1 (default 0.01).
    pub false_alarms: f64,
}

impl Default for NoveltyParams {
    fn default() -> Self {
        Self { false_alarms: 0.01 }
    }
}

/// Novelty cannot be judged from this.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum NoveltyError {
    /// The rate of false alarms is out of its range.
    #[error("false_alarms is {0}; allowed: above 0 and below 1")]
    Rate(f64),
    /// There is nothing to be far from.
    #[error("{0} transitions to learn from; at least 2 are needed")]
    TooFewLearned(usize),
    /// A rate is asked for that so few transitions cannot show.
    #[error(
        "{found} transitions to calibrate on, but a rate of {rate} needs at least {needed}: hold more back, or allow \
         more false alarms"
    )]
    TooFewHeldOut {
        /// Transitions that there are.
        found: usize,
        /// Transitions that the rate needs.
        needed: usize,
        /// The rate of false alarms.
        rate: f64,
    },
    /// Epistemic spreads do not belong to the transitions.
    #[error("{found} epistemic spreads; {expected} are expected, one for each value that is forecast")]
    Spreads {
        /// Spreads that there are.
        found: usize,
        /// Spreads that fit.
        expected: usize,
    },
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// Last known predicted values.
    pub present: &'a [f32],
    /// Next controls, then next exogenous values.
    pub given: &'a [f32],
    /// The model's epistemic spread of each predicted column, if it was asked.
    pub epistemic: Option<&'a [f32]>,
}

/// How new a situation is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Share of ordinary situations that are at least as far out; 1 if everything is missing.
    pub p_value: f64,
    /// Distance on the scale of a standard normal variable: about 0 for ordinary situations, 3 is far. `None` if
    /// everything is missing.
    pub distance: Option<f64>,
    /// Epistemic spread relative to its usual size, which is 1. `None` if it was not given or not calibrated.
    pub ignorance: Option<f64>,
    /// Whether the p-value is at most the rate of false alarms.
    pub novel: bool,
}

/// Scores of held-out transitions, ascending.
#[derive(Clone, Debug, PartialEq)]
struct Reference(Vec<f32>);

/// Calibration of the second score.
#[derive(Clone, Debug, PartialEq)]
struct Ignorance {
    /// Usual epistemic spread of each column; 0 where there is none to compare with.
    usual: Vec<f32>,
    scores: Reference,
    /// Of each held-out transition, the smaller of its two ranks from above, ascending.
    ranks: Vec<f32>,
}

/// Judges how new situations are.
#[derive(Clone, Debug, PartialEq)]
pub struct Novelty {
    params: NoveltyParams,
    shape: Shape,
    distances: Reference,
    ignorance: Option<Ignorance>,
}

impl Novelty {
    /// Learns the shape of `learned`, and calibrates on `held_out` transitions, with the model's `epistemic` spreads
    /// there (transitions × predicted columns) if ignorance is to count.
    ///
    /// # Errors
    /// If the rate is out of range, or there are too few transitions for it.
    pub fn fit(
        encoder: &Encoder,
        learned: &Samples,
        held_out: &Samples,
        epistemic: Option<&[f32]>,
        params: NoveltyParams,
    ) -> Result<Self, NoveltyError> {
        check(learned, held_out, epistemic, params)?;
        let (groups, inputs) = (encoder.groups(), held_out.inputs());
        let shape =
            Shape::fit(&situations(&groups, &learned.inputs()), groups.present.len() + encoder.given());
        let mut scratch = shape.scratch();
        let rows = 0..inputs.rows();
        let distances = rows.map(|row| score(shape.score(situation(&groups, &inputs, row), &mut scratch)));
        let distances: Vec<f32> = distances.collect();
        let ignorance =
            epistemic.map(|spreads| Ignorance::calibrate(spreads, groups.present.len(), &distances));
        Ok(Self { params, shape, distances: Reference::new(distances), ignorance })
    }

    /// The settings.
    pub const fn params(&self) -> &NoveltyParams {
        &self.params
    }

    /// Memory for [`Novelty::judge`].
    pub fn scratch(&self) -> Scratch {
        self.shape.scratch()
    }

    /// Judges one situation. Allocates nothing.
    pub fn judge(&self, point: &Point<'_>, scratch: &mut Scratch) -> Verdict {
        let distance = self.shape.score(point.present.iter().chain(point.given).copied(), scratch);
        let rank = self.distances.rank(score(distance));
        let count = self.distances.0.len();
        let both = self.ignorance.as_ref().zip(point.epistemic);
        let (ignorance, as_far) = match both {
            None => (None, rank - 1),
            Some((calibrated, spreads)) => {
                let ignorance = relative(spreads, &calibrated.usual);
                let least = rank.min(calibrated.scores.rank(score(ignorance))) as f32;
                (ignorance, calibrated.ranks.partition_point(|rank| *rank <= least))
            }
        };
        let p_value = (1 + as_far) as f64 / (1 + count) as f64;
        Verdict { p_value, distance, ignorance, novel: p_value <= self.params.false_alarms }
    }

    /// Shape (a, b) of the beta distribution of how often ordinary situations alarm, over calibrations like this one.
    pub(crate) fn shape_of_alarms(&self) -> (f64, f64) {
        let all = (self.distances.0.len() + 1) as f64;
        let alarms = (all * self.params.false_alarms + 1e-9).floor().max(1.0);
        (alarms, (all - alarms).max(1.0))
    }

    /// Puts it into a checkpoint.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        self.shape.save(checkpoint, name);
        checkpoint.put_note(&format!("{name}.false_alarms"), self.params.false_alarms.into());
        checkpoint.put_counter(&format!("{name}.held_out"), self.distances.0.len() as u64);
        stored::put(checkpoint, &format!("{name}.distances"), 1, self.distances.0.clone());
        checkpoint.put_counter(&format!("{name}.has_ignorance"), self.ignorance.is_some().into());
        if let Some(ignorance) = &self.ignorance {
            stored::put(checkpoint, &format!("{name}.usual"), ignorance.usual.len(), ignorance.usual.clone());
            stored::put(checkpoint, &format!("{name}.ignorance"), 1, ignorance.scores.0.clone());
            stored::put(checkpoint, &format!("{name}.ranks"), 1, ignorance.ranks.clone());
        }
    }

    /// Takes what was fitted for `encoder` out of a checkpoint.
    ///
    /// # Errors
    /// If a part is missing, has a shape that does not fit, or holds what it cannot.
    pub fn load(checkpoint: &Checkpoint, name: &str, encoder: &Encoder) -> Result<Self, CheckpointError> {
        let columns = encoder.groups().present.len();
        let held_out = stored::size(checkpoint.counter(&format!("{name}.held_out"))?);
        let ascending = |part: &str| {
            let values = checkpoint.f32_tensor(&format!("{name}.{part}"), &[held_out, 1])?.to_vec();
            let reason =
                || CheckpointError::Malformed { reason: format!("{name}.{part}: the values ascend") };
            if values.is_sorted() { Ok(values) } else { Err(reason()) }
        };
        let rate = checkpoint.note(&format!("{name}.false_alarms")).and_then(serde_json::Value::as_f64);
        let false_alarms = rate.filter(|rate| *rate > 0.0 && *rate < 1.0).ok_or_else(|| {
            let reason = format!("{name}.false_alarms is {rate:?}; allowed: above 0 and below 1");
            CheckpointError::Malformed { reason }
        })?;
        let ignorance = if checkpoint.counter(&format!("{name}.has_ignorance"))? == 0 {
            None
        } else {
            Some(Ignorance {
                usual: checkpoint.f32_tensor(&format!("{name}.usual"), &[1, columns])?.to_vec(),
                scores: Reference(ascending("ignorance")?),
                ranks: ascending("ranks")?,
            })
        };
        Ok(Self {
            params: NoveltyParams { false_alarms },
            shape: Shape::load(checkpoint, name, columns + encoder.given())?,
            distances: Reference(ascending("distances")?),
            ignorance,
        })
    }
}

impl Ignorance {
    #[expect(clippy::cast_possible_truncation, reason = "sums are kept in double precision")]
    fn calibrate(spreads: &[f32], columns: usize, distances: &[f32]) -> Self {
        let usual = (0..columns).map(|column| {
            let values = || spreads.iter().skip(column).step_by(columns).filter(|spread| spread.is_finite());
            (values().map(|x| f64::from(*x)).sum::<f64>() / values().count().max(1) as f64) as f32
        });
        let usual: Vec<f32> = usual.collect();
        let own: Vec<f32> = spreads.chunks_exact(columns).map(|row| score(relative(row, &usual))).collect();
        let (far, scores) = (Reference::new(distances.to_vec()), Reference::new(own.clone()));
        // A held-out score is among its own reference, so its rank from above counts itself already.
        let rank = |reference: &Reference, score: f32| (reference.rank(score) - 1) as f32;
        let both = distances.iter().zip(&own);
        let mut ranks: Vec<f32> = both.map(|(d, i)| rank(&far, *d).min(rank(&scores, *i))).collect();
        ranks.sort_by(f32::total_cmp);
        Self { usual, scores, ranks }
    }
}

impl Reference {
    fn new(mut scores: Vec<f32>) -> Self {
        scores.sort_by(f32::total_cmp);
        Self(scores)
    }

    /// 1 for a score above all, then 2, ….
    fn rank(&self, score: f32) -> usize {
        1 + self.0.len() - self.0.partition_point(|other| *other < score)
    }
}

/// A score to compare; one that cannot be known is the least of all, so it never alarms.
#[expect(clippy::cast_possible_truncation, reason = "scores are kept in single precision")]
fn score(score: Option<f64>) -> f32 {
    score.map_or(f32::MIN, |score| (score as f32).clamp(f32::MIN, f32::MAX))
}

/// Mean over columns of spread / usual spread, where there is both.
fn relative(spreads: &[f32], usual: &[f32]) -> Option<f64> {
    let pairs = spreads.iter().zip(usual).filter(|(spread, usual)| spread.is_finite() && **usual > 0.0);
    let ratios = pairs.map(|(spread, usual)| f64::from(*spread) / f64::from(*usual));
    let (sum, count) = ratios.fold((0.0, 0u32), |(sum, count), ratio| (sum + ratio, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn situations(groups: &Groups, inputs: &Inputs<'_>) -> Vec<f32> {
    (0..inputs.rows()).flat_map(|row| situation(groups, inputs, row)).collect()
}

fn check(
    learned: &Samples,
    held_out: &Samples,
    epistemic: Option<&[f32]>,
    params: NoveltyParams,
) -> Result<(), NoveltyError> {
    let rate = params.false_alarms;
    if !(rate > 0.0 && rate < 1.0) {
        return Err(NoveltyError::Rate(rate));
    }
    if learned.len() < 2 {
        return Err(NoveltyError::TooFewLearned(learned.len()));
    }
    let (found, needed) = (held_out.len(), needed(rate, epistemic.is_some()));
    if found < needed {
        return Err(NoveltyError::TooFewHeldOut { found, needed, rate });
    }
    match epistemic {
        Some(spreads) if spreads.len() != held_out.targets.len() => {
            Err(NoveltyError::Spreads { found: spreads.len(), expected: held_out.targets.len() })
        }
        _ => Ok(()),
    }
}

/// So many that what is beyond all of them has a p-value of at most `rate`. With one score that is 1 / (n + 1). With two, the
/// farthest and the most unknown of the held-out transitions are ranked first each, as new as anything can be: 3 / (n + 1).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number above 0")]
fn needed(rate: f64, two_scores: bool) -> usize {
    let first = if two_scores { 3.0 } else { 1.0 };
    (first / rate - 1e-6).ceil() as usize - 1
}

#[cfg(test)]
mod tests;
