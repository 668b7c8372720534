//! The state of the game and its history, as agents may know it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::metric::PAPER_FIELDS;
use crate::{
    Id as _, JointAction, Metric, MetricRow, OperationalResilience, PerAgent, PerEntryPoint, PerService,
    Replicas, Seconds, Snapshot,
};

/// One matrix, services × metrics, with gaps, plus what is known of the whole system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The moment of the decision.
    pub time: Seconds,
    /// Age of the samples; `None` before the first scrape.
    pub age: Option<Seconds>,
    /// One row of metrics for each service.
    pub services: PerService<MetricRow>,
    /// Request rate at each entry point, if it was sampled.
    pub entry_rates: PerEntryPoint<Option<f32>>,
    /// The whole system between the last two decisions.
    pub resilience: Option<OperationalResilience>,
}

impl State {
    /// The sample of one metric of one service.
    pub fn get(&self, service: crate::ServiceId, metric: Metric) -> Option<f32> {
        self.services.get(service).and_then(|row| row.get(metric))
    }

    /// The replicas that each Deployment asks for; 0 where its row does not say, which the schema rules out.
    pub fn desired(&self) -> PerService<Replicas> {
        self.services.map(MetricRow::desired)
    }

    /// The published code's view: services × 17 metrics, row-major.
    pub fn published_view(&self) -> Vec<Option<f32>> {
        self.services
            .iter()
            .flat_map(|row| Metric::ALL[..Metric::PUBLISHED].iter().map(|m| row.get(*m)))
            .collect()
    }

    /// The paper's view: services × 9 fields, row-major; the first field is the service's number.
    pub fn paper_view(&self) -> Vec<Option<f32>> {
        let field = |(service, row): (crate::ServiceId, &MetricRow)| {
            let row = *row;
            PAPER_FIELDS.map(move |(_, metric)| match metric {
                Some(metric) => row.get(metric),
                None => Some(service.index() as f32),
            })
        };
        self.services.iter_enumerated().flat_map(field).collect()
    }
}

impl From<&Snapshot> for State {
    /// What a snapshot says, without its pods. The desired replicas are those of now, not of the scrape.
    fn from(snapshot: &Snapshot) -> Self {
        let row = |service: &crate::ServiceSnapshot| {
            let mut row = service.metrics;
            row.set(Metric::DesiredReplicas, service.desired.0 as f32);
            row
        };
        Self {
            time: snapshot.time,
            age: snapshot.age(),
            services: snapshot.services.map(row),
            entry_rates: snapshot.entry_points.map(|entry| entry.request_rate),
            resilience: snapshot.resilience,
        }
    }
}

/// The last few states with the joint actions that followed them. One-step observations are not Markov here:
/// pods take seconds to start and samples are old.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    states: VecDeque<State>,
    actions: VecDeque<JointAction>,
    length: usize,
}

impl History {
    /// A history that remembers at most `length` states (at least 1), beginning with `state`.
    pub fn starting(state: State, length: usize) -> Self {
        Self { states: VecDeque::from([state]), actions: VecDeque::new(), length: length.max(1) }
    }

    /// Adds a joint action and the state that it led to, and forgets the oldest.
    pub fn push(&mut self, action: JointAction, next: State) {
        self.actions.push_back(action);
        self.states.push_back(next);
        while self.states.len() > self.length {
            self.states.pop_front();
        }
        while self.actions.len() > self.length {
            self.actions.pop_front();
        }
    }

    /// The present state.
    ///
    /// # Panics
    /// Never: a history begins with a state and keeps at least one.
    #[expect(clippy::expect_used, reason = "the constructor puts one state in and push keeps at least one")]
    pub fn now(&self) -> &State {
        self.states.back().expect("a history holds a state")
    }

    /// The state `ago` decisions before the present one, if it is remembered.
    pub fn state(&self, ago: usize) -> Option<&State> {
        self.states.len().checked_sub(ago + 1).map(|index| &self.states[index])
    }

    /// The joint action taken `ago + 1` decisions before now (0: the last one), if it is remembered.
    pub fn action(&self, ago: usize) -> Option<&JointAction> {
        self.actions.len().checked_sub(ago + 1).map(|index| &self.actions[index])
    }
}

/// What one agent sees: a vector of features, normalised by quantities that the topology knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Observation(pub Vec<f32>);

/// One step of the game as it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// The state in which the joint action was taken.
    pub state: State,
    /// One action for each agent.
    pub actions: JointAction,
    /// One reward for each agent.
    pub rewards: PerAgent<f32>,
    /// The state that followed.
    pub next_state: State,
    /// The game ended in `next_state`: nothing follows.
    pub terminated: bool,
    /// The horizon cut the episode: something would have followed.
    pub truncated: bool,
}

/// The transitions of one episode, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trajectory {
    /// Seed of the episode.
    pub seed: u64,
    /// Its transitions.
    pub transitions: Vec<Transition>,
}

impl Trajectory {
    /// Sum of one agent's rewards, undiscounted.
    pub fn episodic_return(&self, agent: crate::AgentId) -> f32 {
        self.transitions.iter().filter_map(|transition| transition.rewards.get(agent)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Action;

    fn state(time: f64) -> State {
        let mut row = MetricRow::default();
        row.set(Metric::PendingRequests, 7.0);
        State {
            time: Seconds(time),
            age: None,
            services: vec![row, MetricRow::default()].into(),
            entry_rates: vec![None].into(),
            resilience: None,
        }
    }

    #[test]
    fn the_papers_view_numbers_the_services_and_keeps_gaps() {
        let view = state(0.0).paper_view();
        assert_eq!(view.len(), 18);
        assert_eq!((view[0], view[4], view[9], view[13]), (Some(0.0), Some(7.0), Some(1.0), None));
    }

    #[test]
    fn the_published_view_has_seventeen_columns() {
        assert_eq!(state(0.0).published_view().len(), 34);
    }

    #[test]
    fn history_forgets_the_oldest_first() {
        let mut history = History::starting(state(0.0), 2);
        for time in [15.0, 30.0] {
            history.push(vec![Action(1)].into(), state(time));
        }
        assert_eq!(history.now().time, Seconds(30.0));
        assert_eq!(history.state(1).map(|s| s.time), Some(Seconds(15.0)));
        assert_eq!(history.state(2), None);
        assert!(history.action(1).is_some() && history.action(2).is_none());
    }
}
