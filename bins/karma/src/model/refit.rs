//! `karma-model refit` and `drift`: what newer data mean for a twin.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use karma_twin::DriftReport;
use karma_twin::drift::{DriftParams, Watch};
use karma_twin::table::{Start, Table};
#[cfg(feature = "transfer")]
use karma_twin::trace::TraceWindow;
use karma_twin::twin::TwinFitting;

use super::cli::{DriftArgs, RefitArgs};
use super::fit::{Prepared, print, summary, threads};
use super::sheet::Sheet;
use super::tables::{fixed, percent, signed};
use crate::twin_file::{SourceCard, TwinFile};

/// Fits a twin again on what it remembers and on newer data.
pub(super) fn run(args: &RefitArgs) -> anyhow::Result<ExitCode> {
    let file = TwinFile::read(&args.twin)?;
    let drift = drift(&file, &args.data)?;
    let file = refit(file, &args.data, args.threads)?;
    let path = file.write(&args.out)?;
    print(&format!("{}\n{}", verdict(&drift), summary(&file, &path)))
}

/// Measures whether the system is still the one that the twin was fitted on.
pub(super) fn run_drift(args: &DriftArgs) -> anyhow::Result<ExitCode> {
    let report = drift(&TwinFile::read(&args.twin)?, &args.data)?;
    if args.json {
        return print(&(serde_json::to_string_pretty(&report)? + "\n"));
    }
    print(&text(&report))
}

/// The twin of `file`, fitted again on what it remembers and on the data at `path`, on so many threads [default: as the machine
/// has].
///
/// # Errors
/// If the data are not like those that the twin was fitted on, or too few.
pub(crate) fn refit(file: TwinFile, path: &Path, asked: Option<usize>) -> anyhow::Result<TwinFile> {
    let data = Prepared::read_like(path, &file)?;
    let origin = file.twin.origin();
    let fitting = TwinFitting {
        table: &data.table,
        split: Some(&data.split),
        params: file.twin.params(),
        structure: &data.structure,
        seed: origin.seed.wrapping_add(1 + origin.refits),
        threads: threads(asked),
    };
    let fitted = file.twin.refit(&fitting);
    let twin = fitted.with_context(|| format!("{}: no twin can be fitted", path.display()))?;
    let source = SourceCard { path: path.to_owned(), mapping: file.source.mapping };
    Ok(TwinFile { twin, cluster: file.cluster, source })
}

/// What the data at `path` say of the twin of `file`.
///
/// # Errors
/// If they are not like those that the twin was fitted on.
fn drift(file: &TwinFile, path: &Path) -> anyhow::Result<DriftReport> {
    measure(file, &Prepared::read_like(path, file)?.table)
}

/// What windows of its cluster say of the twin of `file`.
///
/// # Errors
/// If it is no twin of a cluster, or theirs is another one.
#[cfg(feature = "transfer")]
pub(crate) fn drift_of(file: &TwinFile, windows: &[TraceWindow]) -> anyhow::Result<DriftReport> {
    measure(file, &file.cluster()?.table.table_of(windows)?)
}

fn measure(file: &TwinFile, table: &Table) -> anyhow::Result<DriftReport> {
    let twin = &file.twin;
    let watch = Watch {
        encoder: twin.encoder(),
        forecaster: twin,
        calibration: twin.calibration(),
        novelty: Some(twin.novelty()),
    };
    let starts: Vec<Start> = table.starts().collect();
    Ok(DriftReport::measure(&watch, table, &starts, DriftParams::default())?)
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

/// Whether a refit is due, and why.
pub(crate) fn verdict(report: &DriftReport) -> String {
    if !report.refit_due() {
        return "No drift was found: a refit is not due.".to_owned();
    }
    format!("A refit is due:\n* {}", report.reasons.join("\n* "))
}
