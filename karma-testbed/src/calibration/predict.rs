//! Predictions of what was held out, beside what was measured.

use std::collections::BTreeMap;

use karma_core::ServiceId;
use serde::Serialize;

use super::fit::{fit, measured, pooled};
use super::recovery::{median, recovery_time, response_rms};
use super::replay::replay_all;
use super::{CalibrationError, CalibrationParams, Fit, Purpose, Recovery, Replay, Row, Run, Study, Totals};

/// Relative errors: predicted over measured, less 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// Of the mean response.
    pub mean: f64,
    /// Of its 95th percentile.
    pub p95: f64,
    /// Of answered requests per second.
    pub throughput: f64,
}

impl Errors {
    /// What a prediction errs by.
    pub fn between(predicted: &Totals, measured: &Totals) -> Self {
        let relative = |of: fn(&Totals) -> f64| of(predicted) / of(measured) - 1.0;
        Self {
            mean: relative(|totals| totals.mean),
            p95: relative(|totals| totals.p95),
            throughput: relative(|totals| totals.throughput),
        }
    }

    pub(super) const fn all(&self) -> [f64; 3] {
        [self.mean, self.p95, self.throughput]
    }

    /// Those that are fitted. The 95th percentile is left to be predicted in every run: the parameters that there are move
    /// means.
    pub(super) const fn fitted(&self) -> [f64; 2] {
        [self.mean, self.throughput]
    }
}

/// A run that was held out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// The run.
    pub run: String,
    /// Measured: the mean over repetitions.
    pub measured: Totals,
    /// Repetitions of the measurement.
    pub repetitions: usize,
    /// Predicted; `None` if the simulated cluster answered nothing.
    pub predicted: Option<Totals>,
    /// Relative errors.
    pub errors: Option<Errors>,
    /// Half the range of the repetitions over their mean: what the real cluster differs from itself by. `None` if it was measured
    /// once.
    pub noise: Option<Errors>,
    /// Recovery, if something was done to the cluster.
    pub recovery: Option<Recovery>,
}

/// Largest error of a mean response that is asked for.
pub const MEAN_BOUND: f64 = 0.15;

impl Prediction {
    /// Whether the mean response is within the bound.
    pub fn mean_holds(&self) -> bool {
        self.errors.is_some_and(|errors| errors.mean.abs() <= MEAN_BOUND)
    }

    /// Whether recovery is within one scrape; true where there is none.
    pub fn recovery_holds(&self) -> bool {
        self.recovery.as_ref().is_none_or(Recovery::agrees)
    }
}

/// Everything that a calibration found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What was measured.
    pub title: String,
    /// How it was calibrated.
    pub params: CalibrationParams,
    /// What was fitted.
    pub fit: Fit,
    /// Core-seconds of a request of each service, before the work factor: measured, or as the topology says.
    pub work: BTreeMap<String, f64>,
    /// Median start-up of each service, seconds, the wait for a readiness probe apart.
    pub startup: BTreeMap<String, f64>,
    /// Sigma of the log-normal start-up.
    pub startup_sigma: f64,
    /// The runs that were held out.
    pub predictions: Vec<Prediction>,
}

impl Report {
    /// Whether every held-out run is predicted within the bounds.
    pub fn holds(&self) -> bool {
        self.predictions.iter().all(|prediction| prediction.mean_holds() && prediction.recovery_holds())
    }
}

/// Fits on the fitting runs and predicts the others.
///
/// # Errors
/// A setting of the simulation that follows from the measurements is refused.
pub fn calibrate(study: &Study, params: &CalibrationParams) -> Result<Report, CalibrationError> {
    let fit = fit(study, params)?;
    let predict = |runs: &Vec<&Run>| {
        let replay = replay_all(study, &fit.model, runs, (params.seed.wrapping_add(1), params.replications))?;
        Ok(prediction(runs, &replay))
    };
    let predictions: Result<_, CalibrationError> =
        study.named(Purpose::Predict).iter().map(predict).collect();
    let services = &study.topology.services;
    let of_each = |value: &dyn Fn(ServiceId) -> f64| {
        services.ids().map(|id| (services[id].name.clone(), value(id))).collect()
    };
    Ok(Report {
        title: study.measurement.title.clone(),
        params: params.clone(),
        work: of_each(&|id| study.work(id)),
        startup: of_each(&|id| study.startup(id)),
        startup_sigma: study.startup_sigma(),
        predictions: predictions?,
        fit,
    })
}

fn prediction(runs: &[&Run], replay: &Replay) -> Prediction {
    let totals: Vec<Totals> = replay.series.iter().filter_map(|s| s.totals(runs[0].warm_up)).collect();
    let predicted = pooled(&totals);
    let measured = measured(runs).unwrap_or(runs[0].totals);
    Prediction {
        run: runs[0].name.clone(),
        measured,
        repetitions: runs.len(),
        predicted,
        errors: predicted.map(|predicted| Errors::between(&predicted, &measured)),
        noise: noise(runs, &measured),
        recovery: recovery(runs, replay),
    }
}

fn noise(runs: &[&Run], centre: &Totals) -> Option<Errors> {
    let half_range = |of: fn(&Totals) -> f64| {
        let values = || runs.iter().map(|run| of(&run.totals));
        (values().fold(f64::MIN, f64::max) - values().fold(f64::MAX, f64::min)) / 2.0 / of(centre)
    };
    (runs.len() > 1).then(|| Errors {
        mean: half_range(|totals| totals.mean),
        p95: half_range(|totals| totals.p95),
        throughput: half_range(|totals| totals.throughput),
    })
}

/// Recovery from what was done, or from the largest change of the offered rate; `None` if there was neither.
fn recovery(runs: &[&Run], replay: &Replay) -> Option<Recovery> {
    let from = disturbed_at(runs[0])?;
    let predicted: Vec<Vec<Row>> = replay.series.iter().map(super::Series::rows).collect();
    let measured: Vec<Vec<Row>> = runs.iter().map(|run| run.rows.clone()).collect();
    let time =
        |rows: &[Vec<Row>]| median(&rows.iter().map(|rows| recovery_time(rows, from)).collect::<Vec<_>>());
    Some(Recovery {
        measured: time(&measured),
        predicted: time(&predicted),
        response_rms: response_rms(&measured, &predicted, from),
    })
}

/// The second of the first action, or of the first change of the offered rate by more than a quarter after the warm-up.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a moment within the run")]
fn disturbed_at(run: &Run) -> Option<usize> {
    let first = run.actions.first().map(|action| action.at as usize);
    let changes = |pair: &[f64]| (pair[1] - pair[0]).abs() > 0.25 * pair[0];
    let warm_up = run.warm_up as usize;
    first.or_else(|| run.offered[warm_up..].windows(2).position(changes).map(|at| warm_up + at + 1))
}
