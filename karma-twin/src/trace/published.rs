//! Traces that have the authors' seventeen columns alone.
//!
//! Nothing in such a file says where a window ends or how long a period is. The period is the median time between
//! timestamps; windows end where the scenario changes and at every [`Break`](super::Break). Services are numbered in
//! the order of their first row. The policy is `unknown`, and so are seed, age and probability.
//!
//! A step is decided if each of its services has an action. A service that is not in a window has no sample there and
//! a target of 0 replicas. A reward where nothing was decided belongs to no decision and is left out.

use karma_core::{Metric, MetricRow, PerEntryPoint, Replicas, Seconds, State};

use super::gaps::cut;
use super::record::Record;
use super::schema::Field;
use super::value::{Cell, CellError};
use super::{TraceDecision, TraceStep, TraceWindow, Traces, TracesError, WindowHeader};

/// Takes rows in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Published {
    services: Vec<String>,
    steps: Vec<Step>,
}

/// The rows of one timestamp of one scenario, each with the number of its service.
#[derive(Debug)]
struct Step {
    rows: Vec<(usize, Record<'static>)>,
}

impl Published {
    /// Takes the next row; its service's name stands in [`Field::Service`].
    pub(super) fn push(&mut self, row: Record<'static>) -> Result<(), CellError> {
        check_action(&row)?;
        let service = self.number(&row.service);
        match self.steps.last_mut() {
            Some(step) if step.holds(&row) => step.push(service, row)?,
            _ => self.steps.push(Step { rows: vec![(service, row)] }),
        }
        Ok(())
    }

    /// The traces, once each row was taken.
    pub(super) fn finish(self) -> Result<Traces, TracesError> {
        let services = self.services.len();
        if self.steps.is_empty() {
            return Err(TracesError::Empty);
        }
        if services > 1 && self.steps.iter().all(|step| step.rows.len() == 1) {
            return Err(TracesError::ServiceByService { services });
        }
        let period = self.period().ok_or(TracesError::NoPeriod)?;
        let scenarios = self.steps.chunk_by(|a, b| a.first().scenario == b.first().scenario);
        let windows: Vec<TraceWindow> =
            scenarios.flat_map(|steps| windows(steps, services, period)).collect();
        Traces::new(self.services.into(), windows)
    }

    fn number(&mut self, name: &str) -> usize {
        let known = self.services.iter().position(|service| service == name);
        known.unwrap_or_else(|| {
            self.services.push(name.to_owned());
            self.services.len() - 1
        })
    }

    /// The median of the times from one step to the next of its scenario, where time goes forward.
    fn period(&self) -> Option<Seconds> {
        let pairs = self.steps.windows(2).map(|pair| (pair[0].first(), pair[1].first()));
        let same = pairs.filter(|(a, b)| a.scenario == b.scenario);
        let mut passed: Vec<f64> =
            same.map(|(a, b)| b.time - a.time).filter(|passed| *passed > 0.0).collect();
        passed.sort_by(f64::total_cmp);
        passed.get(passed.len() / 2).copied().map(Seconds)
    }
}

impl Step {
    fn first(&self) -> &Record<'static> {
        &self.rows[0].1
    }

    fn holds(&self, row: &Record<'_>) -> bool {
        self.first().time == row.time && self.first().scenario == row.scenario
    }

    fn push(&mut self, service: usize, row: Record<'static>) -> Result<(), CellError> {
        let first = self.first();
        let refuse = |field, allowed| Err(CellError::new(field, &row.value(field), allowed));
        if self.rows.iter().any(|(earlier, _)| *earlier == service) {
            let allowed = "another service: each has one row for a timestamp";
            return Err(CellError::new(Field::ServiceId, &row.value(Field::Service), allowed));
        }
        if first.action.is_some() != row.action.is_some() {
            return refuse(Field::Action, "as for the services before: each has an action, or none has");
        }
        if first.reward != row.reward {
            return refuse(Field::Reward, "as in the rows before: it is the whole team's");
        }
        self.rows.push((service, row));
        Ok(())
    }
}

/// An action changes a known number of replicas, and not to fewer than none.
fn check_action(row: &Record<'_>) -> Result<(), CellError> {
    let Some(action) = row.action else { return Ok(()) };
    let Some(desired) = row.desired() else {
        let allowed = "a number where there is an action";
        return Err(CellError::new(Field::Sample(Metric::DesiredReplicas), &Cell::Absent, allowed));
    };
    if target(desired, action).is_some() {
        return Ok(());
    }
    let allowed = format!("a change that leaves 0 to 4294967295 of {desired} replicas");
    Err(CellError::new(Field::Action, &row.value(Field::Action), allowed))
}

fn target(desired: i64, action: i64) -> Option<Replicas> {
    desired.checked_add(action).and_then(|target| u32::try_from(target).ok()).map(Replicas)
}

/// The windows of successive steps of one scenario.
fn windows(steps: &[Step], services: usize, period: Seconds) -> Vec<TraceWindow> {
    let scenario = steps.first().map_or_else(String::new, |step| step.first().scenario.to_string());
    let header = WindowHeader { scenario, policy: "unknown".to_owned(), seed: None, period };
    cut(&header, steps.iter().map(|step| trace_step(step, services)))
}

fn trace_step(step: &Step, services: usize) -> TraceStep {
    let mut rows = vec![MetricRow::default(); services];
    let mut targets = vec![Replicas(0); services];
    let mut reasons = vec![String::new(); services];
    for (service, row) in &step.rows {
        rows[*service] = row.metrics;
        reasons[*service] = row.role.to_string();
        if let Some(target) =
            row.desired().zip(row.action).and_then(|(desired, action)| target(desired, action))
        {
            targets[*service] = target;
        }
    }
    let first = step.first();
    TraceStep {
        state: State {
            time: Seconds(first.time),
            age: None,
            services: rows.into(),
            entry_rates: PerEntryPoint::default(),
            resilience: None,
        },
        decision: first.action.map(|_| TraceDecision {
            targets: targets.into(),
            reasons: reasons.into(),
            probability: None,
            reward: first.reward,
        }),
    }
}
