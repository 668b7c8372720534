//! The steps of a cycle.

use std::fmt::Write as _;
use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use karma_core::Topology;
use karma_k8s::decide::CanaryPhase;
use karma_k8s::resource::{Mode, PolicyRef, digest_of};
use karma_mock::Scenario;
use karma_twin::trace::TraceWindow;

use super::super::collect::{Frame, WINDOW, new_windows, open, read_all};
use super::super::error::TransferError;
use super::super::live::package;
use super::super::outcome::{Counts, Outcome};
use super::super::simulate::Simulation;
use super::super::{play, resource};
use super::book::{Book, End, Service, TRACES, write};
use super::judge::judge;
use super::{Around, LoopArgs, roll_out};
use crate::config::{Overrides, Written};
use crate::interrupt::Interrupt;
use crate::model::{drift_of, refit, verdict};
use crate::progress::Progress as _;
use crate::run_dir::{CONFIG, atomic};
use crate::terminal::Terminal;
use crate::traces::{TraceStore, read_traces};
use crate::twin_file::TwinFile;
use crate::{Outcome as Trained, Run};

const TWIN: &str = "twin";
const RUN: &str = "run";
const TEAM: &str = "team.karma";
const DRIFT: &str = "drift.json";
const CANARY: &str = "canary.jsonl";

/// A cycle that is under way.
pub(super) struct Steps<'a> {
    pub(super) args: &'a LoopArgs,
    pub(super) book: &'a mut Book,
    pub(super) terminal: &'a mut Terminal,
    pub(super) interrupt: &'a Interrupt,
}

/// What the loop would begin with: what is new, and what it says of the twin.
pub(super) fn look_ahead(args: &LoopArgs) -> anyhow::Result<String> {
    let service = Book::service_of(&args.dir, (args.run.as_deref(), args.twin.as_deref()))?;
    let twin = TwinFile::read(&service.twin)?;
    let windows = newly(args, &frame(&twin)?, &args.dir.join(TRACES))?;
    let transitions: usize = windows.iter().map(TraceWindow::transitions).sum();
    let mut text = format!("{transitions} transitions in {} windows are new\n", windows.len());
    if transitions > 0 {
        let _ = writeln!(text, "{}", verdict(&drift_of(&twin, &windows)?));
    }
    Ok(text)
}

impl Steps<'_> {
    /// Does what is left of the cycle.
    pub(super) fn go(mut self) -> anyhow::Result<Around> {
        self.traces()?;
        if !self.drift()? {
            return self.end(End::NoDrift);
        }
        self.refit()?;
        if self.interrupt.seen() || !self.train()? {
            return Ok(Around::Interrupted);
        }
        if !self.judge()? {
            return self.end(End::NotBetter);
        }
        self.package()?;
        let promoted = match (&self.args.place.simulated, &self.args.place.object) {
            (Some(scenario), _) => self.simulate(&scenario.clone())?,
            (None, Some(object)) => self.roll_out(&object.clone())?,
            (None, None) => {
                let team = self.book.folder().join(TEAM);
                return Ok(Around::Waits(format!(
                    "{} is ready: --simulated or --object says where it is tried, and the same command goes on\n",
                    team.display()
                )));
            }
        };
        match promoted {
            None => Ok(Around::Interrupted),
            Some(false) => self.end(End::NotPromoted),
            Some(true) => {
                self.learned()?;
                let folder = self.book.folder();
                self.book.serve(Service { run: folder.join(RUN), twin: folder.join(TWIN) })?;
                self.end(End::Promoted)
            }
        }
    }

    fn end(self, end: End) -> anyhow::Result<Around> {
        self.book.cycle.end = Some(end);
        self.book.keep()?;
        Ok(Around::Ended(end))
    }

    /// What is new in the logs, in a database of its own.
    fn traces(&mut self) -> anyhow::Result<()> {
        if self.book.cycle.transitions.is_none() {
            let frame = frame(&TwinFile::read(&self.book.service.twin)?)?;
            let windows = newly(self.args, &frame, &self.book.traces())?;
            keep(&self.book.folder().join(TRACES), &frame.topology, &windows)?;
            self.book.cycle.transitions = Some(windows.iter().map(TraceWindow::transitions).sum());
            self.book.keep()?;
        }
        let transitions = self.book.cycle.transitions.unwrap_or(0);
        self.terminal.note(&format!("traces: {transitions} transitions are new"));
        Ok(())
    }

    /// Whether the cluster is another one than the twin knows.
    fn drift(&mut self) -> anyhow::Result<bool> {
        if self.book.cycle.drifted.is_none() {
            let folder = self.book.folder();
            let drifted = if self.book.cycle.transitions == Some(0) {
                false
            } else {
                let windows = read_traces(&folder.join(TRACES))?.into_windows();
                let report = drift_of(&TwinFile::read(&self.book.service.twin)?, &windows)?;
                write(&folder.join(DRIFT), &report)?;
                self.terminal.note(&format!("drift: {}", verdict(&report)));
                report.refit_due()
            };
            self.book.cycle.drifted = Some(drifted);
            self.book.keep()?;
        }
        let some = self.book.cycle.transitions != Some(0);
        Ok(some && (self.args.force || self.book.cycle.drifted == Some(true)))
    }

    fn refit(&mut self) -> anyhow::Result<()> {
        if self.book.cycle.refitted {
            return Ok(());
        }
        let folder = self.book.folder();
        self.terminal.note("refit: the twin learns from what is new …");
        let file = refit(TwinFile::read(&self.book.service.twin)?, &folder.join(TRACES), None)?;
        file.write(&folder.join(TWIN))?;
        self.book.cycle.refitted = true;
        self.book.keep()
    }

    /// Trains a team of the same settings in the new twin; whether it came to its end.
    fn train(&mut self) -> anyhow::Result<bool> {
        if self.book.cycle.trained {
            return Ok(true);
        }
        let folder = self.book.folder();
        let (run, twin) = (folder.join(RUN), folder.join(TWIN).display().to_string());
        self.terminal.note("train: a team in that twin …");
        let run = if run.join(CONFIG).exists() {
            Run::resume(&run, |stored| stored)?
        } else {
            let flags = Overrides { twin: Some(twin), budget: self.args.budget, ..Overrides::default() };
            let config = Written::read(Some(&self.book.service.run.join(CONFIG)))?.with(&flags).check()?;
            Run::create(config, Some(&run), true)?
        };
        let trained = run.work(self.terminal)?;
        self.terminal.finish();
        if matches!(trained, Trained::Interrupted) {
            return Ok(false);
        }
        self.book.cycle.trained = true;
        self.book.keep()?;
        Ok(true)
    }

    /// Whether the new team may go on.
    fn judge(&mut self) -> anyhow::Result<bool> {
        if self.book.cycle.judgement.is_none() {
            let folder = self.book.folder();
            let twin = TwinFile::read(&folder.join(TWIN))?;
            let windows = read_traces(&folder.join(TRACES))?.into_windows();
            let teams = (self.book.service.run.as_path(), &*folder.join(RUN));
            self.book.cycle.judgement = Some(judge(&twin, &windows, teams)?);
            self.book.keep()?;
        }
        let Some(judgement) = &self.book.cycle.judgement else { return Ok(false) };
        self.terminal.note(&format!("judge: {}", judgement.text()));
        Ok(self.args.force || judgement.passes())
    }

    fn package(&mut self) -> anyhow::Result<()> {
        let folder = self.book.folder();
        if self.book.cycle.digest.is_none() {
            let bytes = package(&folder.join(RUN), Some(&folder.join(TWIN)))?;
            atomic::write(&folder.join(TEAM), &bytes).with_context(|| folder.display().to_string())?;
            self.book.cycle.digest = Some(digest_of(&bytes));
            self.book.keep()?;
        }
        let digest = self.book.cycle.digest.as_deref().unwrap_or_default();
        self.terminal.note(&format!("package: {}, {digest}", folder.join(TEAM).display()));
        Ok(())
    }

    /// The canary on the simulated cluster; whether it was promoted.
    fn simulate(&mut self, scenario: &str) -> anyhow::Result<Option<bool>> {
        let scenario = Scenario::by_name(scenario).map_err(TransferError::from)?;
        let folder = self.book.folder();
        let path = folder.join(TEAM);
        let (_, policy) = play::load_policy(&path)?;
        let pin = PolicyRef {
            config_map: None,
            file: Some(path.display().to_string()),
            digest: policy.digest.clone(),
        };
        let mut spec = resource::least(pin);
        spec.mode = Mode::Canary;
        spec.canary.services.clone_from(&self.args.place.canary);
        spec.canary.watch_seconds = self.args.place.watch;
        if spec.canary.services.is_empty() {
            return Err(TransferError::NoCanary.into());
        }
        let digest = policy.digest.clone();
        let setup = Arc::clone(policy.config.setup());
        let simulation = Simulation { policy, spec, setup, scenario, seed: self.args.place.seed };
        let played = play::play(simulation, &folder.join(CANARY), self.terminal)?;
        let Some(played) = played else { return Ok(None) };
        let last = Counts::of(&played.decisions).canary.last().map(|(_, phase)| *phase);
        self.terminal.note(&format!("canary:\n{}", Outcome::of(played, Mode::Canary, digest).text()));
        Ok(Some(last == Some(CanaryPhase::Promoted)))
    }

    /// The canary on a cluster; whether it was promoted.
    fn roll_out(&mut self, object: &str) -> anyhow::Result<Option<bool>> {
        let folder = self.book.folder();
        let question = format!("let {object} scale by the new team, as a canary?");
        if !self.args.place.yes && !roll_out::is_under_way(&folder) && !asked(&question)? {
            return Ok(None);
        }
        let mut bytes = fs::read(folder.join(TEAM)).with_context(|| folder.display().to_string())?;
        if bytes.len() > roll_out::MOST {
            self.terminal.note("a ConfigMap does not hold the twin: the new team goes without its alarm");
            bytes = package(&folder.join(RUN), None)?;
        }
        roll_out::roll_out(&self.args.place, object, (&folder, &bytes), self.interrupt, &mut |text| {
            self.terminal.note(text);
        })
    }

    /// What the twin has learned from is not new any more.
    fn learned(&self) -> anyhow::Result<()> {
        let traces = read_traces(&self.book.folder().join(TRACES))?.into_windows();
        let twin = TwinFile::read(&self.book.service.twin)?;
        let mut store = open(&self.book.traces(), &frame(&twin)?.topology)?;
        for window in new_windows(&store, traces)? {
            store.append_window(&window)?;
        }
        Ok(())
    }
}

/// The services of a twin.
fn frame(twin: &TwinFile) -> anyhow::Result<Frame> {
    let cluster = twin.cluster()?;
    Ok(Frame {
        topology: Arc::clone(cluster.table.topology()),
        period: cluster.period,
        window: usize::from(WINDOW),
    })
}

/// What the logs hold and the database of what was learned does not.
fn newly(args: &LoopArgs, frame: &Frame, learned: &Path) -> anyhow::Result<Vec<TraceWindow>> {
    let (windows, _) = read_all(&args.logs, frame, None)?;
    if !learned.exists() {
        return Ok(windows);
    }
    new_windows(&TraceStore::open(learned)?, windows)
}

/// Writes windows into a database that holds nothing else: what a kill has left of an earlier attempt is replaced.
fn keep(path: &Path, topology: &Topology, windows: &[TraceWindow]) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", path.display());
        if Path::new(&file).exists() {
            fs::remove_file(&file).with_context(|| file.clone())?;
        }
    }
    let mut store = open(path, topology)?;
    windows.iter().try_for_each(|window| store.append_window(window).map(drop))?;
    Ok(())
}

/// Asks whoever sits there.
fn asked(question: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(TransferError::NobodyToAsk.into());
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
