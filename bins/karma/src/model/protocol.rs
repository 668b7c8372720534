//! `karma-model protocol`: every model under one protocol, over several seeds.

use std::process::ExitCode;

use anyhow::Context as _;
use karma_twin::fidelity::Contender;
use karma_twin::fidelity::{HeldOut, ModelScore, Ranges, STEPS, Score, compare};
use karma_twin::table::Start;
use karma_twin::twin::TwinFitting;
use karma_twin::{ModelKind, Twin, TwinParams};
use serde::Serialize;

use super::cli::ProtocolArgs;
use super::error::ModelError;
use super::fit::{Prepared, print, threads};
use super::meter::Meter;
use super::rivals;
use super::sheet::Sheet;
use super::tables::LEGEND;

/// The models of ours that are fitted.
const MODELS: [ModelKind; 3] = [ModelKind::Blend, ModelKind::Network, ModelKind::Forest];

/// The scores of one model, one for each seed.
#[derive(Clone, Debug, Serialize)]
struct Row {
    name: String,
    seeds: Vec<ModelScore>,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
struct Report {
    learned: usize,
    held_back: usize,
    actions: usize,
    rows: Vec<Row>,
}

/// Fits every model with every seed on what the split leaves, and judges all on what it holds back.
pub(super) fn run(args: &ProtocolArgs) -> anyhow::Result<ExitCode> {
    let data = Prepared::read(&args.data, &args.mapping, None)?.holding(args.hold_back.as_ref())?;
    let (learned, mut held_back) = data.split.divide(&data.table);
    if learned.is_empty() || held_back.is_empty() {
        let message =
            format!("{}: the split leaves nothing to learn from or to judge by", args.data.display());
        return Err(ModelError::Usage(message).into());
    }
    held_back.sort_unstable();
    let report = measure(args, &data, (&learned, &held_back))?;
    if args.json {
        return print(&(serde_json::to_string_pretty(&report)? + "\n"));
    }
    print(&text(&report))
}

fn measure(
    args: &ProtocolArgs,
    data: &Prepared,
    (learned, held_back): (&[Start], &[Start]),
) -> anyhow::Result<Report> {
    let (threads, defaults) = (threads(args.threads), data.defaults());
    let ranges = Ranges::of(&data.table, learned);
    let held_out = HeldOut { table: &data.table, starts: held_back, ranges: &ranges, steps: &STEPS };
    let mut rows: Vec<Row> = Vec::new();
    let mut add = |score: ModelScore| match rows.iter_mut().find(|row| row.name == score.name) {
        Some(row) => row.seeds.push(score),
        None => rows.push(Row { name: score.name.clone(), seeds: vec![score] }),
    };
    let mut meter = Meter::new(args.quiet, "fits");
    let all = args.seeds * (MODELS.len() as u64 + 1);
    let mut done = 0;
    for seed in 1..=args.seeds {
        let rivals = rivals::fit(&data.table, learned, defaults.encoder.moved, (seed, threads))?;
        let contenders: Vec<Contender<'_>> = rivals.iter().map(rivals::Rival::contender).collect();
        compare(&held_out, &contenders).into_iter().for_each(&mut add);
        done += 1;
        meter.show(done, all);
        for model in MODELS {
            let params = TwinParams { model, ..defaults.clone() };
            let split = Some(&data.split);
            let fitting = TwinFitting {
                table: &data.table,
                split,
                params: &params,
                structure: &data.structure,
                seed,
                threads,
            };
            let twin = Twin::fit(&fitting).context("no twin can be fitted")?;
            let contender = Contender { name: model.name(), encoder: twin.encoder(), forecaster: &twin };
            compare(&held_out, &[contender]).into_iter().for_each(&mut add);
            done += 1;
            meter.show(done, all);
        }
    }
    meter.finish();
    let first = rows.first().and_then(|row| row.seeds.first()).and_then(|score| score.steps.first());
    let actions = first.map_or(0, |step| step.rows.moved.rows);
    Ok(Report { learned: learned.len(), held_back: held_back.len(), actions, rows })
}

fn text(report: &Report) -> String {
    let Report { learned, held_back, actions, .. } = report;
    let mut text = format!(
        "Learned from {learned} transitions, judged on {held_back}, {actions} of them with an action.\n\n"
    );
    for sheet in [one_step(report), steps(report)] {
        text.push_str(&sheet.text());
        text.push_str("\n\n");
    }
    text + "Mean ± standard deviation over seeds. " + LEGEND + "\n"
}

/// Picks one figure of a score.
type Figure = fn(&Score) -> Option<f64>;

fn one_step(report: &Report) -> Sheet {
    let mut sheet =
        Sheet::new("One step ahead", &["model", "R2", "nMAE %", "acc5", "acc10", "joint10", "skill"]);
    let figures: [(Figure, usize, f64); 6] = [
        (|score| score.mean.r2, 3, 1.0),
        (|score| score.mean.nmae, 2, 100.0),
        (|score| score.mean.acc5, 3, 1.0),
        (|score| score.mean.acc10, 3, 1.0),
        (|score| score.joint10, 3, 1.0),
        (|score| score.mean.skill, 3, 1.0),
    ];
    for row in &report.rows {
        let cell = |(figure, digits, unit): &(Figure, usize, f64)| {
            let of = |moved: bool| {
                let steps = row.seeds.iter().filter_map(|seed| seed.steps.iter().find(|step| step.step == 1));
                let scores = steps.map(|step| if moved { &step.rows.moved } else { &step.rows.all });
                let values: Vec<f64> = scores.filter_map(|score| figure(score).map(|x| unit * x)).collect();
                spread(&values, *digits)
            };
            if report.actions == 0 { of(false) } else { format!("{} ({})", of(false), of(true)) }
        };
        sheet.rows.push(std::iter::once(row.name.clone()).chain(figures.iter().map(cell)).collect());
    }
    sheet
}

fn steps(report: &Report) -> Sheet {
    let steps: Vec<usize> = report
        .rows
        .first()
        .and_then(|row| row.seeds.first())
        .map_or_else(Vec::new, |score| score.steps.iter().map(|step| step.step).collect());
    let mut sheet = Sheet::new("Open loop: skill over persistence (joint10) by steps ahead", &["model"]);
    sheet.head.extend(steps.iter().map(ToString::to_string));
    for row in &report.rows {
        let cell = |step: &usize| {
            let scores = row.seeds.iter().filter_map(|seed| seed.steps.iter().find(|one| one.step == *step));
            let (mut skills, mut joints) = (Vec::new(), Vec::new());
            for score in scores {
                skills.extend(score.rows.all.mean.skill);
                joints.extend(score.rows.all.joint10);
            }
            format!("{} ({})", spread(&skills, 3), spread(&joints, 3))
        };
        sheet.rows.push(std::iter::once(row.name.clone()).chain(steps.iter().map(cell)).collect());
    }
    sheet
}

/// Mean ± standard deviation; the latter only where there is one.
fn spread(values: &[f64], digits: usize) -> String {
    if values.is_empty() {
        return "–".to_owned();
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    let deviation = format!("{:.digits$}", variance.sqrt());
    if deviation.chars().all(|digit| matches!(digit, '0' | '.')) {
        format!("{mean:.digits$}")
    } else {
        format!("{mean:.digits$} ±{deviation}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_vary_is_told_without_a_spread() {
        assert_eq!(spread(&[0.5, 0.5], 3), "0.500");
        assert_eq!(spread(&[0.4, 0.6], 2), "0.50 ±0.14");
        assert_eq!(spread(&[], 2), "–");
    }
}
