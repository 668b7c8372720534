//! `karma-model refit` and `drift`: what newer data mean for a twin.

use std::process::ExitCode;

use anyhow::Context as _;
use karma_twin::drift::{DriftParams, Watch};
use karma_twin::table::Start;
use karma_twin::twin::TwinFitting;
use karma_twin::{DriftReport, Twin};

use super::cli::{DriftArgs, RefitArgs};
use super::fit::{Prepared, print, summary, threads};
use super::sheet::Sheet;
use super::tables::{fixed, percent, signed};
use crate::twin_file::{SourceCard, TwinFile};

/// Fits a twin again on what it remembers and on newer data.
pub(super) fn run(args: &RefitArgs) -> anyhow::Result<ExitCode> {
    let file = TwinFile::read(&args.twin)?;
    let data = Prepared::read_like(&args.data, &file)?;
    let params = file.twin.params();
    let fitting = TwinFitting {
        table: &data.table,
        split: Some(&data.split),
        params,
        structure: &data.structure,
        seed: file.twin.origin().seed.wrapping_add(1 + file.twin.origin().refits),
        threads: threads(args.threads),
    };
    let drift = drift(&file.twin, &data)?;
    let twin = file
        .twin
        .refit(&fitting)
        .with_context(|| format!("{}: no twin can be fitted", args.data.display()))?;
    let source = SourceCard { path: args.data.clone(), mapping: file.source.mapping };
    let file = TwinFile { twin, cluster: file.cluster, source };
    let path = file.write(&args.out)?;
    print(&format!("{}\n{}", verdict(&drift), summary(&file, &path)))
}

/// Measures whether the system is still the one that the twin was fitted on.
pub(super) fn run_drift(args: &DriftArgs) -> anyhow::Result<ExitCode> {
    let file = TwinFile::read(&args.twin)?;
    let data = Prepared::read_like(&args.data, &file)?;
    let report = drift(&file.twin, &data)?;
    if args.json {
        return print(&(serde_json::to_string_pretty(&report)? + "\n"));
    }
    print(&text(&report))
}

fn drift(twin: &Twin, data: &Prepared) -> anyhow::Result<DriftReport> {
    let watch = Watch {
        encoder: twin.encoder(),
        forecaster: twin,
        calibration: twin.calibration(),
        novelty: Some(twin.novelty()),
    };
    let starts: Vec<Start> = data.table.starts().collect();
    Ok(DriftReport::measure(&watch, &data.table, &starts, DriftParams::default())?)
}

fn text(report: &DriftReport) -> String {
    let heading = format!("{} transitions against the calibration of the twin", report.transitions);
    let mut sheet = Sheet::new(heading, &["column", "known", "residual", "before", "inside", "p"]);
    for column in &report.columns {
        sheet.rows.push(vec![
            column.name.clone(),
            column.known.to_string(),
            signed(column.residual),
            signed(Some(column.residual_before)),
            percent(column.coverage),
            fixed(Some(column.p_value), 4),
        ]);
    }
    let novelty = report.novelty.map_or_else(String::new, |novelty| {
        format!(
            "called new: {} of {} situations; {} would be by chance\n",
            novelty.novel,
            novelty.judged,
            percent(Some(novelty.false_alarms))
        )
    });
    format!(
        "{}\n\nresidual: mean of (truth − median) / spread; inside: share of truths inside the intervals of {}\n{novelty}\n{}\n",
        sheet.text(),
        percent(Some(report.level)),
        verdict(report)
    )
}

fn verdict(report: &DriftReport) -> String {
    if !report.refit_due() {
        return "No drift was found: a refit is not due.".to_owned();
    }
    format!("A refit is due:\n* {}", report.reasons.join("\n* "))
}
