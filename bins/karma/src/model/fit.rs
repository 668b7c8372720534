//! `karma-model fit`: from data to a twin.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::{fs, thread};

use anyhow::Context as _;
use karma_core::{Seconds, Topology};
use karma_twin::table::{MappingParams, Split, SplitParams, Table};
use karma_twin::trace::{TraceWindow, Traces};
use karma_twin::twin::TwinFitting;
use karma_twin::{ClusterTable, EncoderParams, ModelKind, NetworkParams, Structure, Twin, TwinParams};

use super::cli::{FitArgs, MappingArgs};
use super::data::{self, Data};
use super::error::ModelError;
#[cfg(feature = "lab")]
use crate::config::RunConfig;
use crate::traces::read_traces;
use crate::twin_file::{ClusterCard, SourceCard, TwinFile};

/// Of the windows of traces every fifth is held back.
pub(crate) const EVERY: usize = 5;
const HELD_BACK: Split = Split::Windows { every: EVERY };

/// Data that a twin can be fitted on or judged by.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) table: Table,
    /// What is held back when a twin is fitted.
    pub(super) split: Split,
    pub(super) structure: Structure,
    pub(super) cluster: Option<ClusterCard>,
    pub(super) mapping: Option<MappingParams>,
}

impl Prepared {
    /// Reads data. Traces need a topology: their own, or the one that is given.
    pub(super) fn read(path: &Path, mapping: &MappingArgs, topology: Option<&str>) -> anyhow::Result<Self> {
        match Data::read(path, mapping)? {
            Data::Table(table, mapping) => Ok(Self {
                table,
                split: mapping.split(),
                structure: Structure::Bounds,
                cluster: None,
                mapping: Some(mapping.params().clone()),
            }),
            Data::Traces(traces, kept) => {
                let given = topology.map(data::topology).transpose()?;
                let Some(topology) = given.or(kept) else {
                    let path = path.display();
                    let message =
                        format!("{path} keeps no topology with its traces: give it with --topology");
                    return Err(ModelError::Usage(message).into());
                };
                Self::of_traces(traces, topology)
            }
        }
    }

    /// The same with another part held back, if one is asked for.
    pub(super) fn holding(self, part: Option<&SplitParams>) -> Result<Self, ModelError> {
        let split = part.map_or(self.split, |part| part.clone().into());
        if let Split::Run { name } = &split
            && !self.table.runs().contains(&name.as_str())
        {
            let runs = self.table.runs().join(", ");
            return Err(ModelError::Usage(format!(
                "there is no run {name:?} to hold back; there are: {runs}"
            )));
        }
        Ok(Self { split, ..self })
    }

    /// Reads data as those that a twin was fitted on.
    pub(super) fn read_like(path: &Path, file: &TwinFile) -> anyhow::Result<Self> {
        let (table, split, structure) = match (&file.source.mapping, &file.cluster) {
            (Some(params), _) => {
                let check = params.clone().check();
                let mapping =
                    check.map_err(|problem| ModelError::Mapping { place: "the twin".to_owned(), problem })?;
                (data::read_table(path, &mapping)?, mapping.split(), Structure::Bounds)
            }
            (None, Some(cluster)) => {
                let traces = read_traces(path)?;
                let services = cluster.table.topology().services.map(|service| service.name.clone());
                if *traces.services() != services {
                    let path = path.display();
                    let message = format!("{path}: traces of other services than those of the twin");
                    return Err(ModelError::Usage(message).into());
                }
                let structure = file.twin.encoder().structure().clone();
                (cluster.table.table_of(traces.windows())?, HELD_BACK, structure)
            }
            (None, None) => {
                let message = "the twin does not say how its data were read: fit it again".to_owned();
                return Err(ModelError::Usage(message).into());
            }
        };
        if table.schema() != file.twin.schema() {
            let message = format!("{}: its columns are not those of the twin", path.display());
            return Err(ModelError::Usage(message).into());
        }
        Ok(Self {
            table,
            split,
            structure,
            cluster: file.cluster.clone(),
            mapping: file.source.mapping.clone(),
        })
    }

    fn of_traces(traces: Traces, topology: Arc<Topology>) -> anyhow::Result<Self> {
        Self::of_windows(&traces.into_windows(), topology)
    }

    fn of_windows(windows: &[TraceWindow], topology: Arc<Topology>) -> anyhow::Result<Self> {
        let period = period(windows)?;
        // Constants of the cluster are fitted on what is learned from, as all else.
        let learned: Vec<TraceWindow> = windows
            .iter()
            .enumerate()
            .filter(|(index, _)| (index + 1) % EVERY != 0)
            .map(|(_, w)| w.clone())
            .collect();
        let rows = ClusterTable::fit(topology, if learned.is_empty() { windows } else { &learned })?;
        Ok(Self {
            table: rows.table_of(windows)?,
            split: HELD_BACK,
            structure: rows.structure(period),
            cluster: Some(ClusterCard { table: rows, period }),
            mapping: None,
        })
    }

    /// The settings that suit the data, before anything is asked for otherwise.
    ///
    /// A cluster has many columns and known physics: its features are fewer of each kind, and its twin is the ensemble
    /// alone, in which a team can be trained. Its traces cost nothing but time, so there are enough of them: the networks
    /// are held back less, more is kept for calibration, and the model that was calibrated is the one that is used.
    pub(super) fn defaults(&self) -> TwinParams {
        match &self.cluster {
            None => TwinParams {
                encoder: EncoderParams { moved: self.moved(), ..EncoderParams::default() },
                ..TwinParams::default()
            },
            Some(_) => TwinParams {
                model: ModelKind::Network,
                encoder: EncoderParams { lags: 3, half_lives: vec![4.5], ..EncoderParams::default() },
                network: NetworkParams {
                    epochs: 40,
                    weight_decay: 0.2,
                    input_dropout: 0.0,
                    input_noise: 0.02,
                    ..NetworkParams::default()
                },
                calibration: 0.3,
                refit_on_all: false,
                ..TwinParams::default()
            },
        }
    }

    fn moved(&self) -> f32 {
        self.mapping.as_ref().map_or_else(|| EncoderParams::default().moved, |mapping| mapping.moved)
    }
}

/// The time between two decisions, which must be the same in all windows.
fn period(windows: &[TraceWindow]) -> anyhow::Result<Seconds> {
    let Some(first) = windows.first() else {
        return Err(ModelError::Usage("there are no traces to learn from".to_owned()).into());
    };
    let period = first.header.period;
    match windows.iter().find(|window| window.header.period != period) {
        None => Ok(period),
        Some(other) => {
            let message = format!(
                "decisions are {} apart in some windows and {} in others: a twin has one period",
                period, other.header.period
            );
            Err(ModelError::Usage(message).into())
        }
    }
}

/// Fits a twin and writes it.
pub(super) fn run(args: &FitArgs) -> anyhow::Result<ExitCode> {
    let data = Prepared::read(&args.data, &args.mapping, args.topology.as_deref())?
        .holding(args.hold_back.as_ref())?;
    let mut params = match &args.config {
        Some(path) => settings(path, &data.defaults())?,
        None => data.defaults(),
    };
    params.model = args.model.map_or(params.model, Into::into);
    let fitting = TwinFitting {
        table: &data.table,
        split: Some(&data.split),
        params: &params,
        structure: &data.structure,
        seed: args.seed,
        threads: threads(args.threads),
    };
    let transitions = data.split.divide(&data.table).0.len();
    note(&format!("fitting a {} on {transitions} transitions", params.model.name()));
    let twin =
        Twin::fit(&fitting).with_context(|| format!("{}: no twin can be fitted", args.data.display()))?;
    let source = SourceCard { path: args.data.clone(), mapping: data.mapping };
    let file = TwinFile { twin, cluster: data.cluster, source };
    let path = file.write(&args.out)?;
    print(&summary(&file, &path))
}

/// A twin of a run's cluster, fitted on these episodes of it as `karma-model fit` does without further settings.
///
/// # Errors
/// If there is too little to learn from.
#[cfg(feature = "lab")]
pub(crate) fn fit_windows(windows: &[TraceWindow], config: &RunConfig) -> anyhow::Result<TwinFile> {
    let data = Prepared::of_windows(windows, Arc::clone(&config.setup().topology))?;
    let twin = Twin::fit(&TwinFitting {
        table: &data.table,
        split: Some(&data.split),
        params: &data.defaults(),
        structure: &data.structure,
        seed: 1,
        threads: config.threads(),
    })?;
    let source = SourceCard { path: std::path::PathBuf::new(), mapping: None };
    Ok(TwinFile { twin, cluster: data.cluster, source })
}

/// What was fitted, in a few lines.
pub(super) fn summary(file: &TwinFile, path: &Path) -> String {
    let (twin, schema) = (&file.twin, file.twin.schema());
    let exact = twin.model().table();
    format!(
        "{}: a {} of {} predicted, {} controlled and {} given columns\n\
         learned from {} transitions, {} of {} situations seen {} times or more; intervals up to {} steps ahead\n\
         judge it: karma-model validate {}\n",
        path.display(),
        twin.params().model.name(),
        schema.predicted().len(),
        schema.controlled().len(),
        schema.exogenous().len(),
        twin.origin().learned,
        exact.seen_at_least(twin.params().exact_count),
        exact.situations(),
        twin.params().exact_count,
        twin.calibration().steps(),
        path.parent().unwrap_or(path).display(),
    )
}

/// The settings of a TOML file on top of `defaults`.
fn settings(path: &Path, defaults: &TwinParams) -> anyhow::Result<TwinParams> {
    let text =
        fs::read_to_string(path).map_err(|source| ModelError::Read { path: path.to_owned(), source })?;
    let document = |error: &toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let message = error.message().lines().map(str::trim).collect::<Vec<_>>().join("; ");
        ModelError::Document { path: path.to_owned(), line: before.matches('\n').count() + 1, message }
    };
    let written: toml::Table = toml::from_str(&text).map_err(|error| document(&error))?;
    // Checked once on its own for errors with a place, then merged.
    toml::from_str::<TwinParams>(&text).map_err(|error| document(&error))?;
    let mut merged = toml::Table::try_from(defaults)?;
    merge(&mut merged, written);
    Ok(merged.try_into()?)
}

fn merge(into: &mut toml::Table, from: toml::Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(into)), toml::Value::Table(from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// As many threads as are asked for, or as the machine runs at once.
pub(super) fn threads(asked: Option<usize>) -> NonZeroUsize {
    let asked = asked.and_then(NonZeroUsize::new);
    asked.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// Says on the standard error what is under way.
fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text} …");
}

/// Prints a result on the standard output.
pub(super) fn print(text: &str) -> anyhow::Result<ExitCode> {
    std::io::stdout().write_all(text.as_bytes()).context("the result cannot be printed")?;
    Ok(ExitCode::SUCCESS)
}
