//! How faithful a twin is: what every report about one holds.

use std::num::NonZeroUsize;

use karma_core::Source;
use karma_twin::fidelity::{
    Contender, Coverage, HeldOut, LEVELS, ModelScore, Ranges, Ranking, STEPS, compare, coverage,
};
use karma_twin::novelty::Point;
use karma_twin::table::Window;
use karma_twin::table::{Start, Table};
use karma_twin::{Forecaster as _, Forecasts, Samples, Twin};
use serde::Serialize;

use super::rivals;

/// Everything that is measured of a twin.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Fidelity {
    /// What it was judged on, in words.
    pub(super) data: String,
    /// Transitions that it was judged on, and those of them whose controls moved.
    pub(super) transitions: (usize, usize),
    /// Share of them that the record answers.
    pub(super) exact: Option<f64>,
    /// Share of them that the alarm calls new.
    pub(super) novel: Option<f64>,
    /// The share of ordinary ones that it calls new.
    pub(super) false_alarms: f64,
    /// Errors: the twin first, then what it must beat.
    pub(super) models: Vec<ModelScore>,
    /// Coverage of its intervals.
    pub(super) coverage: Coverage,
    /// Policies in the twin and in the cluster.
    pub(super) ranking: Option<Ranking>,
    /// What the twin cannot know, in words.
    pub(super) blind_spots: Vec<String>,
}

/// The level whose coverage is shown for each step ahead.
pub(super) const LEVEL: f64 = 0.9;

/// Measures a twin on the transitions of `table` that start at `starts`, beside simpler models fitted on what it learned
/// from.
pub(super) fn measure(
    twin: &Twin,
    (table, starts): (&Table, &[Start]),
    data: String,
    threads: NonZeroUsize,
) -> anyhow::Result<Fidelity> {
    let record = twin.record();
    let learned: Vec<Start> = record.starts().collect();
    let moved = twin.params().encoder.moved;
    let rivals = rivals::fit(record, &learned, moved, (twin.origin().seed, threads))?;
    let ranges = Ranges::of(record, &learned);
    let held_out = HeldOut { table, starts, ranges: &ranges, steps: &STEPS };
    let own = Contender { name: "twin", encoder: twin.encoder(), forecaster: twin };
    let contenders: Vec<Contender<'_>> =
        std::iter::once(own).chain(rivals.iter().map(rivals::Rival::contender)).collect();
    let samples = Samples::of(twin.encoder(), table, starts);
    let actions = samples.moved.iter().filter(|moved| **moved).count();
    Ok(Fidelity {
        data,
        transitions: (starts.len(), actions),
        exact: exact(twin, &samples),
        novel: novel(twin, &samples),
        false_alarms: twin.novelty().params().false_alarms,
        models: compare(&held_out, &contenders),
        coverage: intervals(twin, &held_out, &own),
        ranking: None,
        blind_spots: blind_spots(twin),
    })
}

/// Coverage of the twin's own intervals; a step that is not calibrated has none.
fn intervals(twin: &Twin, held_out: &HeldOut<'_>, own: &Contender<'_>) -> Coverage {
    let steps: Vec<usize> =
        held_out.steps.iter().copied().filter(|step| *step <= twin.calibration().steps()).collect();
    coverage(&HeldOut { steps: &steps, ..*held_out }, own, &LEVELS, &|asked| {
        let forecast = (asked.median, asked.spread);
        let interval = twin.calibration().interval((asked.step, asked.column), forecast, asked.level);
        interval.map_or((f32::NEG_INFINITY, f32::INFINITY), |interval| (interval.low, interval.high))
    })
}

fn exact(twin: &Twin, samples: &Samples) -> Option<f64> {
    let (mut out, mut sources) = (Forecasts::default(), Vec::new());
    twin.forecast_with_sources(&samples.inputs(), &mut out, &mut sources);
    share(sources.iter().filter(|source| **source == Source::Exact).count(), sources.len())
}

fn novel(twin: &Twin, samples: &Samples) -> Option<f64> {
    let mut forecasts = Forecasts::default();
    twin.learned().forecast(&samples.inputs(), &mut forecasts);
    let (groups, columns) = (twin.encoder().groups(), twin.schema().predicted().len());
    let mut scratch = twin.novelty().scratch();
    let features = samples.features.chunks_exact(twin.encoder().features());
    let rows =
        features.zip(samples.present.chunks_exact(columns)).zip(forecasts.epistemic.chunks_exact(columns));
    let mut given = Vec::new();
    let novel = rows.filter(|((features, present), epistemic)| {
        given.clear();
        given.extend_from_slice(&features[groups.controls.clone()]);
        given.extend_from_slice(&features[groups.exogenous.clone()]);
        let point = Point { present, given: &given, epistemic: Some(epistemic) };
        twin.novelty().judge(&point, &mut scratch).novel
    });
    share(novel.count(), samples.len())
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// What no accuracy on these data can vouch for.
fn blind_spots(twin: &Twin) -> Vec<String> {
    let mut spots = vec![
        "what was never recorded: disturbances of other kinds, loads and replica counts beyond the record; the alarm tells \
         them apart, the model only extrapolates"
            .to_owned(),
        "causes that leave no mark in the columns: a disturbance that begins tomorrow is a surprise to the twin as well"
            .to_owned(),
    ];
    let never = never_moved(twin);
    if !never.is_empty() {
        spots.push(format!("the effect of what was never moved: {}", never.join(", ")));
    }
    if twin.schema().exogenous().is_empty() {
        spots.push("load under other conditions: no column is given from outside".to_owned());
    }
    spots
}

/// Controls that have one value in the whole record.
fn never_moved(twin: &Twin) -> Vec<&str> {
    let predicted = twin.schema().predicted().len();
    let controls = twin.schema().controlled().iter().enumerate();
    let constant = controls.filter(|(index, _)| {
        let mut values =
            twin.record().windows().iter().flat_map(Window::rows).map(|row| row[predicted + index]);
        let first = values.next();
        values.all(|value| Some(value) == first)
    });
    constant.map(|(_, column)| column.name.as_str()).collect()
}
