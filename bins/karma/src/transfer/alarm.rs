//! Tells what the agents do not know, by what a twin of their cluster calls novel.
//!
//! The twin judges transitions: what followed a decision, given what was known before it. So each snapshot completes the
//! situation of the decision before, and the alarm comes one decision late. It is the test at the twin's own rate of false
//! alarms, decision by decision; [`Trust`](karma_k8s::decide::Trust) makes a verdict over time of them. After a gap the series
//! begins anew, as a window of the record does.

use karma_core::{Seconds, Snapshot, State, Topology};
use karma_k8s::decide::Alarm;
use karma_twin::novelty::{Point, Scratch, Verdict};
use karma_twin::{ClusterTable, Forecaster as _, Forecasts, Inputs, Twin};
use thiserror::Error;

use crate::topology_json;
use crate::twin_file::{TwinFile, TwinProblem};

/// The alarm of a twin.
pub struct NoveltyAlarm {
    twin: Twin,
    table: ClusterTable,
    period: Seconds,
    /// When the last row was decided upon; `None` before the first.
    last: Option<Seconds>,
    memory: Vec<f32>,
    features: Vec<f32>,
    given: Vec<f32>,
    forecasts: Forecasts,
    scratch: Scratch,
}

impl std::fmt::Debug for NoveltyAlarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoveltyAlarm").field("last", &self.last).finish_non_exhaustive()
    }
}

/// A twin that is not one of the agents' cluster.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NoveltyAlarmError {
    /// Of no cluster at all.
    #[error(transparent)]
    Twin(#[from] TwinProblem),
    /// Of other services.
    #[error("it is the twin of another topology; fit one on traces of the cluster that the agents scale")]
    Topology,
    /// Of another rhythm.
    #[error("its decisions are {found} apart, those of the agents {expected}")]
    Period {
        /// The twin's.
        found: Seconds,
        /// The agents'.
        expected: Seconds,
    },
}

impl NoveltyAlarm {
    /// Whether `twin` is one of the cluster of `topology`, decided upon every `period`.
    pub(super) fn check(
        twin: &TwinFile,
        topology: &Topology,
        period: Seconds,
    ) -> Result<(), NoveltyAlarmError> {
        let cluster = twin.cluster()?;
        if topology_json::write(cluster.table.topology()) != topology_json::write(topology) {
            return Err(NoveltyAlarmError::Topology);
        }
        if cluster.period != period {
            return Err(NoveltyAlarmError::Period { found: cluster.period, expected: period });
        }
        Ok(())
    }

    /// The alarm of `twin` for agents of `topology` that decide every `period`.
    ///
    /// # Errors
    /// If it is the twin of something else.
    pub fn new(twin: TwinFile, topology: &Topology, period: Seconds) -> Result<Self, NoveltyAlarmError> {
        Self::check(&twin, topology, period)?;
        let (table, twin) = (twin.cluster()?.table.clone(), twin.twin);
        let encoder = twin.encoder();
        Ok(Self {
            memory: vec![f32::NAN; encoder.memory()],
            features: vec![f32::NAN; encoder.features()],
            given: Vec::new(),
            forecasts: Forecasts::default(),
            scratch: twin.novelty().scratch(),
            last: None,
            table,
            twin,
            period,
        })
    }

    /// Takes in the next row, and judges the situation that it completes.
    fn judge(&mut self, time: Seconds, row: &[f32]) -> Option<Verdict> {
        let encoder = self.twin.encoder();
        let late = |last: Seconds| ((time - last).0 - self.period.0).abs() > 0.5 * self.period.0;
        if self.last.replace(time).is_none_or(late) {
            encoder.begin(row, &mut self.memory);
            return None;
        }
        let columns = self.twin.schema().predicted().len();
        self.given.clear();
        self.given.extend_from_slice(&row[columns..]);
        let moved = encoder.encode(&self.memory, &self.given, &mut self.features);
        let present = &encoder.now(&self.memory)[..columns];
        let inputs = Inputs { features: &self.features, present, moved: &[moved] };
        self.twin.learned().forecast(&inputs, &mut self.forecasts);
        let point = Point { present, given: &self.given, epistemic: Some(&self.forecasts.epistemic) };
        let verdict = self.twin.novelty().judge(&point, &mut self.scratch);
        encoder.push(row, &mut self.memory);
        Some(verdict)
    }
}

impl Alarm for NoveltyAlarm {
    fn rings(&mut self, snapshot: &Snapshot) -> Option<String> {
        self.rings_at(&State::from(snapshot))
    }
}

impl NoveltyAlarm {
    fn rings_at(&mut self, state: &State) -> Option<String> {
        let row = self.table.row_of(state);
        let verdict = self.judge(state.time, &row).filter(|verdict| verdict.novel)?;
        let mut told = Vec::new();
        told.extend(
            verdict.distance.map(|far| format!("its distance from what was learned is {far:.1} (3 is far)")),
        );
        told.extend(
            verdict.ignorance.map(|times| format!("the twin is {times:.1} times as unsure as usual")),
        );
        let share = 100.0 * verdict.p_value;
        told.push(format!("{share:.2} % of ordinary situations are as new"));
        Some(told.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use karma_core::Metric;
    use karma_twin::trace::TraceWindow;

    use super::*;
    use crate::testing::{tiny, tiny_twin, tiny_windows};

    /// How often it rings in these windows, each of which is a course of its own, and how often it could.
    fn rung(alarm: &mut NoveltyAlarm, windows: &[TraceWindow], distort: fn(&mut State)) -> (usize, usize) {
        let (mut rang, mut judged) = (0, 0);
        for window in windows {
            alarm.last = None;
            for (number, step) in window.steps.iter().enumerate() {
                let mut state = step.state.clone();
                distort(&mut state);
                rang += usize::from(alarm.rings_at(&state).is_some());
                judged += usize::from(number > 0);
            }
        }
        (rang, judged)
    }

    #[test]
    fn it_rings_where_the_twin_knows_nothing_and_seldom_where_it_does() {
        let windows = tiny_windows();
        let setup = tiny();
        let (topology, period) = (&setup.setup().topology, setup.setup().decision_period);
        let mut alarm = NoveltyAlarm::new(tiny_twin(&windows), topology, period).unwrap();
        let (rang, judged) = rung(&mut alarm, &windows, |_| {});
        assert!(judged > 100 && 5 * rang < judged, "{rang} of {judged} ordinary situations");
        let (rang, judged) = rung(&mut alarm, &windows, |state| {
            for row in &mut state.services {
                row.set(Metric::RequestRate, 5000.0);
                row.set(Metric::LatencyMean, 30.0);
            }
            state.entry_rates.iter_mut().for_each(|rate| *rate = Some(5000.0));
        });
        assert!(10 * rang > 9 * judged, "{rang} of {judged} under a load that nobody recorded");
    }

    #[test]
    fn after_a_gap_it_begins_anew() {
        let windows = tiny_windows();
        let (setup, file) = (tiny(), tiny_twin(&windows));
        let topology = &setup.setup().topology;
        let mut alarm = NoveltyAlarm::new(file, topology, setup.setup().decision_period).unwrap();
        let row = alarm.table.row_of(&windows[0].steps[0].state);
        let mut judged = |time| alarm.judge(Seconds(time), &row).is_some();
        let times = [0.0, 15.0, 30.0, 300.0, 315.0];
        assert_eq!(times.map(&mut judged), [false, true, true, false, true]);
    }

    #[test]
    fn a_twin_of_another_cluster_is_refused() {
        let windows = tiny_windows();
        let (setup, file) = (tiny(), tiny_twin(&windows));
        let other = karma_mock::topologies::by_name("diamond").unwrap();
        let refused = NoveltyAlarm::check(&file, &other, setup.setup().decision_period).unwrap_err();
        assert!(matches!(refused, NoveltyAlarmError::Topology));
        let topology = &setup.setup().topology;
        let refused = NoveltyAlarm::check(&file, topology, Seconds(7.0)).unwrap_err().to_string();
        assert!(refused.contains("those of the agents 7"), "{refused}");
    }
}
