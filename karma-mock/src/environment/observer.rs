//! What an agent sees of a cluster: features of every service now and a little earlier, the whole system, and
//! the agent's own last move.
//!
//! Everything is divided by what the topology knows (replica bounds, pod capacity, queue sizes, the SLO), so that
//! numbers lie near [0, 1] on any topology. A missing sample shows as 0 with its flag `sampled` at 0.

use std::sync::Arc;

use karma_core::topology::Service;
use karma_core::{
    ActionSpace, AgentId, History, Id as _, Metric, MetricRow, Observation, Observer, PerAgent, ServiceId,
    State, Topology,
};

/// Features of one service in one state.
const SERVICE_FEATURES: usize = 12;
/// Features of the whole system.
const SYSTEM_FEATURES: usize = 7;
/// What each feature of a service is about: features of one name say the same thing in several ways.
const ABOUT_SERVICE: [&str; SERVICE_FEATURES] = [
    "replicas",
    "replicas",
    "replicas",
    "failed pods",
    "CPU",
    "queue",
    "load",
    "load",
    "errors",
    "latency",
    "load",
    "gaps",
];
/// What each feature of the whole system is about.
const ABOUT_SYSTEM: [&str; SYSTEM_FEATURES] = [
    "success",
    "failed pods",
    "latency",
    "entry points",
    "traffic",
    "age of the samples",
    "age of the samples",
];
/// Ages of samples are measured against this many seconds.
const AGE_SCALE: f64 = 15.0;
/// Ratios that may grow without bound are cut here.
const CUT: f32 = 3.0;

/// Observations over a topology.
#[derive(Clone, Debug)]
pub struct ClusterObserver {
    topology: Arc<Topology>,
    space: ActionSpace,
    depth: usize,
}

impl ClusterObserver {
    /// An observer that shows `depth` states (at least 1), for agents with these actions.
    pub fn new(topology: Arc<Topology>, space: ActionSpace, depth: usize) -> Self {
        Self { topology, space, depth: depth.max(1) }
    }

    /// Number of states that an observation shows.
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// Length of [`ClusterObserver::shared_features`].
    pub fn shared_size(&self) -> usize {
        self.depth * self.topology.services.len() * SERVICE_FEATURES + SYSTEM_FEATURES
    }

    /// What each feature of an observation is about, in order: a subject, and the service if it is of one. The states of the
    /// past are about the same as those of the present, and the agent's last move is one subject.
    pub fn subjects(&self) -> Vec<(Option<ServiceId>, &'static str)> {
        let of_service = |service| ABOUT_SERVICE.map(|about| (Some(service), about));
        let state = || self.topology.services.ids().flat_map(of_service);
        let states = (0..self.depth).flat_map(|_| state());
        let system = ABOUT_SYSTEM.map(|about| (None, about));
        let last_move = std::iter::repeat_n((None, "its last move"), self.space.len());
        states.chain(system).chain(last_move).collect()
    }

    /// What every agent sees: the newest state first. States before the beginning repeat the oldest one.
    pub fn shared_features(&self, history: &History) -> Vec<f32> {
        let mut features = Vec::with_capacity(self.shared_size() + self.space.len());
        self.write_shared(history, &mut features);
        features
    }

    fn write_shared(&self, history: &History, features: &mut Vec<f32>) {
        features.clear();
        let mut state = history.now();
        for ago in 0..self.depth {
            state = history.state(ago).unwrap_or(state);
            for (service, row) in self.topology.services.iter().zip(&state.services) {
                features.extend(service_features(service, row, self.topology.slo.0));
            }
        }
        features.extend(system_features(history.now()));
    }

    /// Adds the agent's own last move: a one among zeros.
    fn add_last_move(&self, history: &History, agent: AgentId, features: &mut Vec<f32>) {
        let start = features.len();
        features.resize(start + self.space.len(), 0.0);
        let last = history.action(0).and_then(|joint| joint.get(agent));
        if let Some(feature) = last.and_then(|action| features[start..].get_mut(action.0 as usize)) {
            *feature = 1.0;
        }
    }
}

impl Observer for ClusterObserver {
    fn observation_size(&self, _agent: AgentId) -> usize {
        self.shared_size() + self.space.len()
    }

    fn observe(&self, history: &History, agent: AgentId) -> Observation {
        let mut features = self.shared_features(history);
        self.add_last_move(history, agent, &mut features);
        Observation(features)
    }

    fn global_size(&self) -> usize {
        self.shared_size()
    }

    fn global(&self, history: &History) -> Vec<f32> {
        self.shared_features(history)
    }

    fn observe_all(
        &self,
        history: &History,
        observations: &mut PerAgent<Observation>,
        global: &mut Vec<f32>,
    ) {
        self.write_shared(history, global);
        for (agent, observation) in observations.iter_mut().enumerate() {
            let features = &mut observation.0;
            features.clear();
            features.reserve_exact(global.len() + self.space.len());
            features.extend_from_slice(global);
            self.add_last_move(history, AgentId::from_index(agent), features);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
fn service_features(service: &Service, row: &MetricRow, slo: f64) -> [f32; SERVICE_FEATURES] {
    let max = service.max_replicas.0 as f32;
    let get = |metric| row.get(metric).unwrap_or(0.0);
    let cut = |value: f32| if value.is_finite() { value.clamp(0.0, CUT) } else { 0.0 };
    let ready = get(Metric::PodsHealthy);
    let capacity = service.pod_capacity().0 as f32;
    let rate = get(Metric::RequestRate);
    let room = max * (service.queue_capacity as f32 + 1.0);
    [
        get(Metric::DesiredReplicas) / max,
        ready / max,
        get(Metric::PodsPending) / max,
        get(Metric::PodsFailed) / max,
        cut(get(Metric::CpuUtilization)),
        cut(get(Metric::PendingRequests).ln_1p() / room.ln_1p()),
        cut(rate / (max * capacity)),
        cut(rate / (ready.max(0.5) * capacity)),
        cut(get(Metric::ErrorRate)),
        cut(get(Metric::LatencyMean) / slo as f32),
        cut(get(Metric::InFlight) / (max * service.concurrency as f32)),
        f32::from(u8::from(row.get(Metric::RequestRate).is_some())),
    ]
}

#[expect(clippy::cast_possible_truncation, reason = "features are single precision")]
fn system_features(state: &State) -> [f32; SYSTEM_FEATURES] {
    let terms = state.resilience.map_or([0.0; 5], |resilience| resilience.terms());
    let age = state.age.map_or(1.0, |age| (age.0 / AGE_SCALE).clamp(0.0, 1.0) as f32);
    let known = f32::from(u8::from(state.resilience.is_some()));
    [terms[0], terms[1], terms[2], terms[3], terms[4], age, known]
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::{Action, DefenderTeam, Seconds, team::default_roles};

    fn observer() -> ClusterObserver {
        let topology = Arc::new(crate::topologies::by_name("chain4").unwrap());
        let space = DefenderTeam::new(Arc::clone(&topology), default_roles(), 3).action_space();
        ClusterObserver::new(topology, space, 2)
    }

    fn state(value: f32) -> State {
        let mut row = MetricRow::default();
        for metric in Metric::ALL {
            row.set(*metric, value);
        }
        State {
            time: Seconds(0.0),
            age: Some(Seconds(2.0)),
            services: vec![row; 4].into(),
            entry_rates: vec![None].into(),
            resilience: None,
        }
    }

    #[test]
    fn observations_keep_every_promise_of_an_observer() {
        let mut long = History::starting(state(1.0), 3);
        for value in [f32::MAX, 0.0, 7.0] {
            long.push(vec![Action(0), Action(27), Action(1), Action(2)].into(), state(value));
        }
        let histories = [History::starting(state(0.0), 1), History::starting(state(f32::MAX), 1), long];
        karma_core::testing::observer(&observer(), &histories, 4);
    }

    #[test]
    fn every_feature_has_a_subject_and_those_of_another_service_do_not_change_with_it() {
        let (observer, agent) = (observer(), AgentId::from_index(0));
        let subjects = observer.subjects();
        assert_eq!(subjects.len(), observer.observation_size(agent));
        let mut other = state(1.0);
        let mut row = MetricRow::default();
        row.set(Metric::PendingRequests, 5.0);
        other.services.as_mut_slice()[2] = row;
        let [before, after] =
            [state(1.0), other].map(|state| observer.observe(&History::starting(state, 2), agent).0);
        let changed: Vec<_> = (0..before.len()).filter(|at| before[*at] != after[*at]).collect();
        assert!(!changed.is_empty());
        assert!(changed.iter().all(|at| subjects[*at].0 == Some(ServiceId::from_index(2))));
    }

    #[test]
    fn the_last_action_shows_as_one() {
        let observer = observer();
        let mut history = History::starting(state(1.0), 2);
        history.push(vec![Action(0), Action(27), Action(1), Action(2)].into(), state(1.0));
        let observation = observer.observe(&history, AgentId::from_index(1));
        assert_eq!(observation.0[observer.shared_size()..].iter().sum::<f32>(), 1.0);
        assert_eq!(observation.0.last(), Some(&1.0));
    }
}
