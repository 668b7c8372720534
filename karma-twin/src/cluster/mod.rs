//! A cluster as a table, and back.
//!
//! Row t is what the state at decision t showed. Its *controlled* columns are the desired replicas in force, those
//! before decision t, so the next row's are what decision t chose; its *exogenous* ones are the request rates at the
//! entry points; its *predicted* ones are the little that has to be learned ([`PREDICTED`] for each service, the
//! request rate of services that others call, and the five resilience terms, which the reward needs). All other
//! metrics of a [`State`] follow by rule:
//!
//! | metric | rule |
//! |---|---|
//! | current replicas | desired replicas |
//! | pending pods | current − healthy − failed |
//! | ratios, CPU and memory requests | by the topology |
//! | request rate of a service that nobody calls | the sum over its entry points, if the service was sampled |
//! | CPU used | utilisation × healthy pods × [`pod_millicores`](ServiceConstants::pod_millicores) |
//! | memory used, traffic, counts of requests | predicted values × [`ServiceConstants`] |
//!
//! *Current replicas are the desired ones*, because a `ReplicaSet` creates and deletes pods within a moment, and pods
//! that terminate do not count. It is not so in a state whose samples are older than the last decision, and while an
//! API server is slow.
//!
//! A missing sample is NaN in a row and absent in a state, both ways.

mod columns;
mod constants;
pub(crate) mod layout;
mod snapshot;

use std::sync::Arc;

use karma_core::{
    Id as _, Metric, MetricRow, OperationalResilience, PerService, Seconds, ServiceId, State, Topology,
};
use thiserror::Error;

use crate::structure::{ClusterStructure, Structure};
use crate::table::{Schema, Table, Window};
use crate::trace::TraceWindow;
pub use columns::PREDICTED;
pub use constants::ServiceConstants;
use layout::{Columns, Layout};
pub use snapshot::PodBook;

/// What does not fit a topology.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClusterError {
    /// Constants of another topology.
    #[error("there are constants of {found} services, but the topology has {expected}")]
    Constants {
        /// Services that have constants.
        found: usize,
        /// Services of the topology.
        expected: usize,
    },
    /// Traces of another topology.
    #[error(
        "window {window}, step {step}: the state has {found:?} services and entry points, the topology has {expected:?}"
    )]
    State {
        /// Number of the window, from 0.
        window: usize,
        /// Number of the step, from 0.
        step: usize,
        /// Services and entry points of the state.
        found: (usize, usize),
        /// Services and entry points of the topology.
        expected: (usize, usize),
    },
}

/// Rows of one cluster: from states to rows and from rows to states.
#[derive(Clone, Debug)]
pub struct ClusterTable {
    topology: Arc<Topology>,
    constants: PerService<ServiceConstants>,
    schema: Schema,
    layout: Layout,
    entries: PerService<Vec<usize>>,
}

impl ClusterTable {
    /// Rows of a cluster of this topology, with constants that were fitted before.
    ///
    /// # Errors
    /// If there are not constants for each service.
    pub fn new(
        topology: Arc<Topology>,
        constants: PerService<ServiceConstants>,
    ) -> Result<Self, ClusterError> {
        let (found, expected) = (constants.len(), topology.services.len());
        if found != expected {
            return Err(ClusterError::Constants { found, expected });
        }
        let called: Vec<bool> = topology.services.ids().map(|id| topology.is_called(id)).collect();
        let layout = Layout::new(&called, topology.entry_points.len());
        let schema = columns::schema(&topology);
        let entries = topology.services.ids().map(|id| columns::entries_of(&topology, id)).collect();
        Ok(Self { topology, constants, schema, layout, entries })
    }

    /// Rows of a cluster of this topology, with constants fitted on its traces.
    ///
    /// # Errors
    /// If a window has a state of another topology.
    pub fn fit(topology: Arc<Topology>, windows: &[TraceWindow]) -> Result<Self, ClusterError> {
        let constants = ServiceConstants::fit(topology.services.len(), windows);
        let table = Self::new(topology, constants)?;
        table.check(windows)?;
        Ok(table)
    }

    /// The topology.
    pub const fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// The constants behind the metrics that follow by rule.
    pub const fn constants(&self) -> &PerService<ServiceConstants> {
        &self.constants
    }

    /// What the columns are.
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Where they are.
    pub(crate) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What is known of the cluster without learning, for decisions every `period`. A scrape interval that the traces
    /// do not show is taken to be the period.
    pub fn structure(&self, period: Seconds) -> Structure {
        let scrapes = self.constants.iter().filter_map(|constants| constants.scrape_seconds);
        let scrape = scrapes.map(f64::from).reduce(f64::max).map_or(period, Seconds);
        Structure::Cluster(ClusterStructure::new(&self.topology, period, scrape))
    }

    /// A table of these windows, one window each.
    ///
    /// # Errors
    /// If a window has a state of another topology.
    pub fn table_of(&self, windows: &[TraceWindow]) -> Result<Table, ClusterError> {
        self.check(windows)?;
        Ok(Table::new(self.schema.clone(), windows.iter().map(|window| self.window_of(window))))
    }

    /// The rows of one window, whose run is its scenario.
    pub(crate) fn window_of(&self, window: &TraceWindow) -> Window {
        let mut rows = Window::new(window.header.scenario.as_str(), self.schema.width());
        for step in &window.steps {
            rows.push(step.state.time.0, &self.row_of(&step.state));
        }
        rows
    }

    /// Whether every state has this topology's services and entry points.
    pub(crate) fn check(&self, windows: &[TraceWindow]) -> Result<(), ClusterError> {
        let expected = (self.topology.services.len(), self.topology.entry_points.len());
        for (window, trace) in windows.iter().enumerate() {
            for (step, trace) in trace.steps.iter().enumerate() {
                let found = (trace.state.services.len(), trace.state.entry_rates.len());
                if found != expected {
                    return Err(ClusterError::State { window, step, found, expected });
                }
            }
        }
        Ok(())
    }

    /// The row of a state, on the columns' scales. What the state lacks is NaN.
    pub fn row_of(&self, state: &State) -> Vec<f32> {
        let mut row = vec![f32::NAN; self.schema.width()];
        let mut set = |column: usize, sample: Option<f32>| {
            if let Some(value) = sample.filter(|value| value.is_finite()) {
                row[column] = self.schema.columns()[column].scale.forward(value);
            }
        };
        for (columns, metrics) in self.layout.services.iter().zip(&state.services) {
            PREDICTED.iter().zip(columns.healthy..).for_each(|(metric, at)| set(at, metrics.get(*metric)));
            if let Some(rate) = columns.rate {
                set(rate, metrics.get(Metric::RequestRate));
            }
            set(columns.desired, metrics.get(Metric::DesiredReplicas));
        }
        for (at, term) in
            (self.layout.terms..).zip(state.resilience.iter().flat_map(OperationalResilience::terms))
        {
            set(at, Some(term));
        }
        (self.layout.exogenous..).zip(&state.entry_rates).for_each(|(at, rate)| set(at, *rate));
        row
    }

    /// The state that a row says, at a moment, with samples of an age.
    pub fn state_of(&self, row: &[f32], time: Seconds, age: Option<Seconds>) -> State {
        let services = self.topology.services.ids().map(|id| self.metrics(row, id)).collect();
        let entry_rates = (self.layout.exogenous..self.layout.width).map(|at| self.value(row, at)).collect();
        State { time, age, services, entry_rates, resilience: self.terms(row) }
    }

    /// The five terms of a row, if all are known.
    pub(crate) fn terms(&self, row: &[f32]) -> Option<OperationalResilience> {
        let terms = row.get(self.layout.terms..self.layout.controlled)?;
        let &[success_rate, failed_pod_ratio, latency_ratio, entry_point_availability, traffic_ratio] = terms
        else {
            return None;
        };
        terms.iter().all(|term| term.is_finite()).then_some(OperationalResilience {
            success_rate,
            failed_pod_ratio,
            latency_ratio,
            entry_point_availability,
            traffic_ratio,
        })
    }

    /// Pods are whole: rounds the healthy and the failed ones of every service to what fits the desired replicas.
    pub(crate) fn whole_pods(&self, row: &mut [f32]) {
        for columns in &self.layout.services {
            let (failed, desired) = (row[columns.failed].round(), row[columns.desired]);
            let healthy = row[columns.healthy].round();
            let room = desired - failed;
            row[columns.failed] = failed;
            row[columns.healthy] = if healthy > room { room } else { healthy };
        }
    }

    fn value(&self, row: &[f32], at: usize) -> Option<f32> {
        Some(self.schema.columns()[at].scale.inverse(row[at])).filter(|value| value.is_finite())
    }

    /// All metrics of a service.
    fn metrics(&self, row: &[f32], id: ServiceId) -> MetricRow {
        let columns = &self.layout.services[id.index()];
        let mut metrics = MetricRow::default();
        for (metric, at) in PREDICTED.iter().zip(columns.healthy..) {
            set(&mut metrics, *metric, self.value(row, at).map(|value| whole(*metric, value)));
        }
        self.pods(row, id, &mut metrics);
        let rate = self.request_rate(row, id);
        set(&mut metrics, Metric::RequestRate, rate);
        self.requests(id, &mut metrics);
        metrics
    }

    /// Requests per second; of a service that nobody calls, what enters, if the service was sampled.
    fn request_rate(&self, row: &[f32], id: ServiceId) -> Option<f32> {
        let columns: &Columns = &self.layout.services[id.index()];
        let Some(rate) = columns.rate else {
            self.value(row, columns.in_flight)?;
            let rates = self.entries[id].iter().map(|entry| self.value(row, self.layout.exogenous + entry));
            return rates.sum();
        };
        self.value(row, rate)
    }

    /// What follows from the pods.
    fn pods(&self, row: &[f32], id: ServiceId, metrics: &mut MetricRow) {
        let service = &self.topology.services[id];
        let Some(desired) = self.value(row, self.layout.services[id.index()].desired) else { return };
        let (healthy, failed) = (metrics.get(Metric::PodsHealthy), metrics.get(Metric::PodsFailed));
        let share = |pods: f32| if desired > 0.0 { pods / desired } else { 0.0 };
        metrics.set(Metric::DesiredReplicas, desired);
        metrics.set(Metric::CurrentReplicas, desired);
        metrics.set(Metric::CpuRequest, desired * service.cpu.0 as f32);
        metrics.set(Metric::MemoryRequest, desired * service.memory.0 as f32);
        metrics.set(Metric::ReplicaUtilizationRatio, desired / service.max_replicas.0 as f32);
        set(metrics, Metric::PodsHealthyRatio, healthy.map(share));
        set(metrics, Metric::PodsFailedRatio, failed.map(share));
        let pending = healthy.zip(failed).map(|(healthy, failed)| (desired - healthy - failed).max(0.0));
        set(metrics, Metric::PodsPending, pending);
    }

    /// What follows from the requests, by constants. No pod is no pod to sample, so its use is unknown then.
    fn requests(&self, id: ServiceId, metrics: &mut MetricRow) {
        let constants = &self.constants[id];
        let get = |metric| metrics.get(metric);
        let healthy = get(Metric::PodsHealthy).filter(|pods| *pods > 0.0);
        let (rate, errors) = (get(Metric::RequestRate), get(Metric::ErrorRate));
        let total = times(rate, constants.scrape_seconds).map(f32::round);
        let failed = if total == Some(0.0) { Some(0.0) } else { times(total, errors).map(f32::round) };
        let answered = rate.map(|rate| rate * (1.0 - errors.unwrap_or(0.0)));
        let idle = times(healthy, constants.pod_mebibytes);
        let open = times(get(Metric::InFlight), constants.request_mebibytes);
        let cpu = times(times(healthy, get(Metric::CpuUtilization)), constants.pod_millicores);
        let derived = [
            (Metric::RequestsTotal, total),
            (Metric::RequestsErrors, failed),
            (Metric::NetworkIn, times(rate, constants.request_kilobits)),
            (Metric::NetworkOut, times(answered, constants.answer_kilobits)),
            (Metric::CpuUsage, cpu),
            (Metric::MemoryUsage, idle.zip(open).map(|(idle, open)| idle + open)),
        ];
        for (metric, value) in derived {
            set(metrics, metric, value);
        }
    }
}

/// Sets a sample if there is one.
fn set(metrics: &mut MetricRow, metric: Metric, sample: Option<f32>) {
    if let Some(value) = sample {
        metrics.set(metric, value);
    }
}

fn times(a: Option<f32>, b: Option<f32>) -> Option<f32> {
    a.zip(b).map(|(a, b)| a * b)
}

/// Counts are whole.
fn whole(metric: Metric, value: f32) -> f32 {
    match metric {
        Metric::PodsHealthy | Metric::PodsFailed | Metric::PendingRequests | Metric::InFlight => {
            value.round()
        }
        _ => value,
    }
}

#[cfg(test)]
pub(crate) mod tests;
