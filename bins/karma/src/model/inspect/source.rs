//! The coverage of traces and of tables.

use std::ops::Range;

use karma_core::{Id as _, Metric, ServiceId, Topology};
use karma_twin::table::{Table, Window};
use karma_twin::trace::{TraceStep, TraceWindow, Traces};

use super::coverage::{Control, Coverage, Group, Spread};

/// What traces cover; the bounds of replicas are those of the topology.
pub(super) fn of_traces(title: String, traces: &Traces, topology: Option<&Topology>) -> Coverage {
    let mut groups = Groups::default();
    for window in traces.windows() {
        let header = &window.header;
        let name = format!("{} / {}", header.scenario, header.policy);
        let times: Vec<f64> = window.steps.iter().map(|step| step.state.time.0).collect();
        let group = groups.add(&name, header.seed, &times);
        group.transitions += window.transitions();
        group.acted += window.steps.iter().filter(|step| acts(step)).count();
    }
    let controls = traces.services().iter_enumerated().map(|(id, name)| Control {
        name: name.clone(),
        bounds: topology.and_then(|topology| replicas_of(topology, id)),
        moves: steps(traces).filter_map(|step| move_of(step, id)).collect(),
    });
    let entries = (0..traces.entry_points()).filter_map(|entry| {
        let name = format!("load at entry point {entry}");
        let rates =
            steps(traces).filter_map(|step| step.state.entry_rates.iter().nth(entry).copied().flatten());
        Spread::of(name, "/s".to_owned(), rates.map(f64::from))
    });
    Coverage {
        title,
        grouped_by: "scenario / policy",
        groups: groups.list,
        controls: controls.collect(),
        missing: missing_samples(traces),
        ranges: entries.collect(),
    }
}

/// What a table covers; `moved` is the sum of changes from which on something was done.
pub(super) fn of_table(title: String, table: &Table, moved: f32) -> Coverage {
    let schema = table.schema();
    let chosen = schema.predicted().len()..schema.predicted().len() + schema.controlled().len();
    let mut groups = Groups::default();
    for window in table.windows() {
        let group = groups.add(window.run(), None, window.times());
        group.transitions += window.transitions();
        let pairs = (1..window.len()).map(|row| travelled(window, row, &chosen));
        group.acted += pairs.filter(|travelled| *travelled >= moved).count();
    }
    let values = |column: usize| table.windows().iter().flat_map(Window::rows).map(move |row| row[column]);
    let controls = schema.controlled().iter().zip(chosen.clone()).map(|(column, at)| Control {
        name: column.name.clone(),
        bounds: None,
        moves: table.windows().iter().flat_map(|window| moves_of(window, at)).collect(),
    });
    let missing = schema.columns().iter().enumerate().map(|(at, column)| {
        let absent = values(at).filter(|value| value.is_nan()).count();
        (column.name.clone(), absent as f64 / table.rows().max(1) as f64)
    });
    let measured = schema.columns().iter().enumerate().filter(|(at, _)| !chosen.contains(at));
    let ranges = measured.filter_map(|(at, column)| {
        let unscaled = values(at).map(|value| f64::from(column.scale.inverse(value)));
        Spread::of(column.name.clone(), column.unit.clone(), unscaled)
    });
    Coverage {
        title,
        grouped_by: "run",
        groups: groups.list,
        controls: controls.collect(),
        missing: missing.collect(),
        ranges: ranges.collect(),
    }
}

fn steps(traces: &Traces) -> impl Iterator<Item = &TraceStep> {
    traces.windows().iter().flat_map(|window: &TraceWindow| &window.steps)
}

fn replicas_of(topology: &Topology, id: ServiceId) -> Option<(f64, f64)> {
    let service = topology.services.iter().nth(id.index())?;
    Some((service.min_replicas.0.into(), service.max_replicas.0.into()))
}

/// The replicas asked for before a decision, and the change that was decided.
fn move_of(step: &TraceStep, service: ServiceId) -> Option<(f64, f64)> {
    let desired = f64::from(step.state.services[service].get(Metric::DesiredReplicas)?);
    let target = f64::from(step.decision.as_ref()?.targets[service].0);
    Some((desired, target - desired))
}

/// Whether a decision changes anything.
fn acts(step: &TraceStep) -> bool {
    let services = step.state.services.ids();
    services.filter_map(|service| move_of(step, service)).any(|(_, change)| change != 0.0)
}

/// The sum of the controls' absolute changes from the row before.
fn travelled(window: &Window, row: usize, controls: &Range<usize>) -> f32 {
    let (before, now) = (&window.row(row - 1)[controls.clone()], &window.row(row)[controls.clone()]);
    before.iter().zip(now).map(|(before, now)| (now - before).abs()).filter(|change| change.is_finite()).sum()
}

fn moves_of(window: &Window, column: usize) -> impl Iterator<Item = (f64, f64)> {
    let values: Vec<f64> = window.rows().map(|row| row[column].into()).collect();
    let moves: Vec<(f64, f64)> = values.windows(2).map(|pair| (pair[0], pair[1] - pair[0])).collect();
    moves.into_iter().filter(|(level, change)| level.is_finite() && change.is_finite())
}

/// The share of samples that are missing, of each metric and of the rates.
fn missing_samples(traces: &Traces) -> Vec<(String, f64)> {
    let count = |sampled: &dyn Fn(&TraceStep) -> usize, of_step: usize| {
        let (mut present, mut all) = (0, 0);
        for step in steps(traces) {
            present += sampled(step);
            all += of_step;
        }
        1.0 - present as f64 / all.max(1) as f64
    };
    let metric = |metric: &Metric| {
        let sampled =
            |step: &TraceStep| step.state.services.iter().filter(|row| row.get(*metric).is_some()).count();
        (metric.name().to_owned(), count(&sampled, traces.services().len()))
    };
    let rates = |step: &TraceStep| step.state.entry_rates.iter().flatten().count();
    let resilience = |step: &TraceStep| usize::from(step.state.resilience.is_some());
    let others = [
        ("load at entry points".to_owned(), count(&rates, traces.entry_points())),
        ("resilience".to_owned(), count(&resilience, 1)),
    ];
    Metric::ALL.iter().map(metric).chain(others).collect()
}

/// Windows by their group, in the order in which groups appear.
#[derive(Default)]
struct Groups {
    list: Vec<Group>,
    /// The group, the episode and the end of the window before.
    last: Option<(String, Option<u64>, f64)>,
}

impl Groups {
    /// The group of a window at these times, of which there is at least one.
    fn add(&mut self, name: &str, episode: Option<u64>, times: &[f64]) -> &mut Group {
        let at = self.list.iter().position(|group| group.name == name).unwrap_or_else(|| {
            self.list.push(Group { name: name.to_owned(), ..Group::default() });
            self.list.len() - 1
        });
        let group = &mut self.list[at];
        group.windows += 1;
        group.rows += times.len();
        if let [first, .., end] | [first @ end] = times {
            group.seconds += end - first;
            let before = self.last.replace((name.to_owned(), episode, *end));
            let left =
                before.filter(|(of, number, _)| of == name && *number == episode).map(|(.., left)| left);
            group.gaps.extend(left.map(|left| first - left).filter(|gap| *gap > 0.0));
        }
        group
    }
}
