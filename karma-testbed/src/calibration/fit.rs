//! Fitting: the parameters under which the simulated cluster answers the fitting runs as the real one did.

use serde::{Deserialize, Serialize};

use super::replay::replay_all;
use super::series::mean;
use super::{
    CalibrationError, Errors, Minimum, Model, Parameter, Purpose, Run, SearchParams, Study, Totals, minimise,
};

/// How to calibrate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalibrationParams {
    /// What is fitted; by default the network, and the work unless the CPU of a request was measured for every service:
    /// what was measured is not fitted again.
    pub free: Option<Vec<Parameter>>,
    /// Where the search begins, and what is not fitted.
    pub start: Model,
    /// Simulations of each run while fitting; 3.
    pub fit_replications: u32,
    /// Simulations of each run for a prediction; 10.
    pub replications: u32,
    /// Root of the simulations' randomness; 1.
    pub seed: u64,
    /// How long to search.
    pub search: SearchParams,
}

impl Default for CalibrationParams {
    fn default() -> Self {
        Self {
            free: None,
            start: Model::default(),
            fit_replications: 3,
            replications: 10,
            seed: 1,
            search: SearchParams::default(),
        }
    }
}

/// How well a fitting run is met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FitError {
    /// The run.
    pub run: String,
    /// Relative errors.
    pub errors: Errors,
}

/// What was fitted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// Parameters that were free.
    pub free: Vec<Parameter>,
    /// All parameters.
    pub model: Model,
    /// Root mean square of the relative errors of mean response and throughput over the fitting runs.
    pub objective: f64,
    /// Each fitting run.
    pub runs: Vec<FitError>,
    /// Models tried.
    pub evaluations: u32,
}

/// Relative error that stands for a cluster that answered nothing at all.
const NOTHING: f64 = 10.0;

/// Totals of repetitions: the mean of each.
pub(super) fn pooled(totals: &[Totals]) -> Option<Totals> {
    let of = |field: fn(&Totals) -> f64| mean(&totals.iter().map(field).collect::<Vec<_>>());
    Some(Totals {
        throughput: of(|t| t.throughput)?,
        success: of(|t| t.success)?,
        mean: of(|t| t.mean)?,
        p50: of(|t| t.p50)?,
        p95: of(|t| t.p95)?,
        p99: of(|t| t.p99)?,
    })
}

/// Measured totals of repetitions.
pub(super) fn measured(runs: &[&Run]) -> Option<Totals> {
    pooled(&runs.iter().map(|run| run.totals).collect::<Vec<_>>())
}

/// Fits the free parameters on the fitting runs.
pub(super) fn fit(study: &Study, params: &CalibrationParams) -> Result<Fit, CalibrationError> {
    let groups = study.named(Purpose::Fit);
    let free = params.free.clone().unwrap_or_else(|| study.unmeasured());
    let errors = |model: &Model| -> Result<Vec<FitError>, CalibrationError> {
        groups.iter().map(|runs| error_of(study, model, runs, params)).collect()
    };
    let start = params.start.point(&free);
    let mut refused = None;
    let Minimum { point, evaluations, .. } = minimise(&start, &params.search, |point| {
        errors(&params.start.at(&free, point)).map_or_else(
            |error| {
                refused = Some(error);
                f64::INFINITY
            },
            |runs| objective(&runs),
        )
    });
    if let Some(error) = refused {
        return Err(error);
    }
    let model = params.start.at(&free, &point);
    let runs = errors(&model)?;
    Ok(Fit { free, model, objective: objective(&runs), runs, evaluations })
}

fn error_of(
    study: &Study,
    model: &Model,
    runs: &[&Run],
    params: &CalibrationParams,
) -> Result<FitError, CalibrationError> {
    let replay = replay_all(study, model, runs, (params.seed, params.fit_replications))?;
    let totals: Vec<Totals> =
        replay.series.iter().filter_map(|series| series.totals(runs[0].warm_up)).collect();
    let nothing = Errors { mean: NOTHING, p95: NOTHING, throughput: NOTHING };
    let errors = pooled(&totals).zip(measured(runs)).map_or(nothing, |(p, m)| Errors::between(&p, &m));
    Ok(FitError { run: runs[0].name.clone(), errors })
}

fn objective(runs: &[FitError]) -> f64 {
    let squares: Vec<f64> =
        runs.iter().flat_map(|run| run.errors.fitted()).map(|error| error * error).collect();
    mean(&squares).unwrap_or_default().sqrt()
}
