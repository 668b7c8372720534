//! What an agent sees of a cluster: features of every service now and a little earlier, the whole system, and
//! the agent's own last move.
//!
//! Everything is divided by what the topology knows (replica bounds, pod capacity, queue sizes, the SLO), so that
//! numbers lie near [0, 1] on any topology. CPU is of the limit, where metrics have it of the request: a pod whose limit is
//! twice its request is half full at 100 %, and an agent is to see how full it is. A missing sample shows as 0 with its flag `sampled` at 0.
//!
//! There are two orders of it. **As a whole**: the services one after the other, then the system; a network that reads it
//! knows the services by their places, and is of that topology. **In parts** ([`ClusterObserver::in_parts`]): one part for
//! each service, with the service itself and what surrounds it (`surroundings.rs`); one network reads every part, learns
//! from all of them, and goes to other topologies.

mod features;
mod surroundings;

use std::sync::Arc;

use karma_core::{
    ActionSpace, AgentId, History, Id as _, Observation, Observer, PerAgent, ServiceId, Topology,
};

use features::{
    ABOUT_SERVICE, ABOUT_SYSTEM, SERVICE_FEATURES, SYSTEM_FEATURES, service_features, system_features,
};
use surroundings::Surroundings;

/// Observations over a topology.
#[derive(Clone, Debug)]
pub struct ClusterObserver {
    topology: Arc<Topology>,
    space: ActionSpace,
    depth: usize,
    /// What each service is surrounded by, where an observation has a part for each.
    surroundings: Option<Arc<Surroundings>>,
}

impl ClusterObserver {
    /// An observer that shows `depth` states (at least 1), for agents with these actions.
    pub fn new(topology: Arc<Topology>, space: ActionSpace, depth: usize) -> Self {
        Self { topology, space, depth: depth.max(1), surroundings: None }
    }

    /// The same, with a part of each observation for each service. What a critic sees stays a whole.
    #[must_use]
    pub fn in_parts(self) -> Self {
        let surroundings = Surroundings::of(&self.topology, self.depth, self.space);
        Self { surroundings: Some(Arc::new(surroundings)), ..self }
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
    ///
    /// In an observation in parts, numbers of the only caller or the only callee are about that service; those of several, or
    /// of all services, are about no single one.
    pub fn subjects(&self) -> Vec<(Option<ServiceId>, &'static str)> {
        if let Some(surroundings) = &self.surroundings {
            return surroundings.subjects();
        }
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
        self.surroundings.as_ref().map_or(self.shared_size() + self.space.len(), |parts| parts.size())
    }

    fn parts(&self) -> usize {
        self.surroundings.as_ref().map_or(1, |parts| parts.count())
    }

    fn observe(&self, history: &History, agent: AgentId) -> Observation {
        if let Some(surroundings) = &self.surroundings {
            let mut features = Vec::with_capacity(surroundings.size());
            surroundings.write(&self.topology, history, &mut features);
            surroundings.mark_last_move(history, agent, &mut features);
            return Observation(features);
        }
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
        if let Some(surroundings) = &self.surroundings {
            surroundings.observe_all(&self.topology, history, observations.as_mut_slice());
            return;
        }
        for (agent, observation) in observations.iter_mut().enumerate() {
            let features = &mut observation.0;
            features.clear();
            features.reserve_exact(global.len() + self.space.len());
            features.extend_from_slice(global);
            self.add_last_move(history, AgentId::from_index(agent), features);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::{Action, DefenderTeam, Metric, MetricRow, Seconds, State, team::default_roles};

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

    /// A topology in which services have none, one and several callers, and move to another place in the file.
    fn diamond(order: [&str; 4]) -> Arc<Topology> {
        let services = order.map(|name| {
            let capacity = if name == "b" { 40 } else { 100 };
            let service = format!(
                r#"{{ "cpu": 500, "ram": 256, "computation_throughput": {capacity}, "max_replicas": 4 }}"#
            );
            format!(r#""{name}": {service}"#)
        });
        let text = format!(
            r#"{{ "services": {{ {} }}, "connections": [
                {{ "source": "a", "destination": "b" }}, {{ "source": "a", "destination": "c" }},
                {{ "source": "b", "destination": "d" }}, {{ "source": "c", "destination": "d" }} ] }}"#,
            services.join(", ")
        );
        Arc::new(Topology::read(text.as_bytes()).unwrap())
    }

    fn in_parts(topology: &Arc<Topology>) -> ClusterObserver {
        let space = DefenderTeam::new(Arc::clone(topology), default_roles(), 3).action_space();
        ClusterObserver::new(Arc::clone(topology), space, 2).in_parts()
    }

    /// A state in which each service is as busy as `busy` says of its name.
    fn busy_state(topology: &Topology, busy: impl Fn(&str) -> f32) -> State {
        let row = |name: &str| {
            let mut row = MetricRow::default();
            for metric in
                [Metric::CpuUtilization, Metric::PodsHealthy, Metric::RequestRate, Metric::PendingRequests]
            {
                row.set(metric, busy(name));
            }
            row
        };
        State {
            services: topology.services.iter().map(|service| row(&service.name)).collect(),
            entry_rates: vec![Some(50.0)].into(),
            ..state(0.0)
        }
    }

    #[test]
    fn observations_in_parts_keep_every_promise_of_an_observer() {
        for topology in
            [diamond(["a", "b", "c", "d"]), Arc::new(crate::topologies::by_name("online-boutique").unwrap())]
        {
            let observer = in_parts(&topology);
            assert_eq!(observer.parts(), topology.services.len());
            let busy = |factor: f32| busy_state(&topology, |name| factor * name.len() as f32);
            let mut long = History::starting(busy(1.0), 3);
            for factor in [f32::MAX, 0.0, 2.0] {
                long.push(vec![Action(0), Action(27), Action(1), Action(2)].into(), busy(factor));
            }
            karma_core::testing::observer(&observer, &[History::starting(busy(0.5), 1), long], 4);
        }
    }

    /// What a part holds depends on the service and on what surrounds it, and not on its place in the file.
    #[test]
    fn a_part_goes_with_its_service() {
        let orders = [["a", "b", "c", "d"], ["c", "d", "b", "a"]];
        let busy =
            |name: &str| f32::from(u8::try_from(name.chars().next().unwrap()).unwrap() - b'a') * 0.2 + 0.1;
        let parts = orders.map(|order| {
            let topology = diamond(order);
            let (observer, at) =
                (in_parts(&topology), |name| order.iter().position(|other| *other == name).unwrap());
            // The agent moved "c" by +2.
            let moved = u32::try_from(at("c") * 7 + 5).unwrap();
            let mut history = History::starting(busy_state(&topology, |name| busy(name) / 2.0), 2);
            history.push(vec![Action(moved)].into(), busy_state(&topology, busy));
            let seen = observer.observe(&history, AgentId::from_index(0)).0;
            let size = seen.len() / 4;
            ["a", "b", "c", "d"].map(|name| seen[at(name) * size..][..size].to_vec())
        });
        for (name, (here, there)) in ["a", "b", "c", "d"].iter().zip(parts[0].iter().zip(&parts[1])) {
            let furthest = here.iter().zip(there).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(furthest < 1e-6, "{name}: {furthest}");
        }
        assert_ne!(parts[0][1], parts[0][2], "services differ");
        let ends = parts[0].each_ref().map(|part| part[part.len() - 8..].to_vec());
        let [elsewhere, here] =
            [7, 5].map(|at| (0..8).map(|i| f32::from(u8::from(i == at))).collect::<Vec<f32>>());
        assert_eq!(ends, [elsewhere.clone(), elsewhere.clone(), here, elsewhere]);
    }

    #[test]
    fn every_feature_of_a_part_has_a_subject_and_those_of_another_service_do_not_change_with_it() {
        let topology = diamond(["a", "b", "c", "d"]);
        let (observer, agent) = (in_parts(&topology), AgentId::from_index(0));
        let subjects = observer.subjects();
        assert_eq!(subjects.len(), observer.observation_size(agent));
        let [before, after] = [0.2, 0.9].map(|busy_b| {
            let state = busy_state(&topology, |name| if name == "b" { busy_b } else { 0.3 });
            observer.observe(&History::starting(state, 2), agent).0
        });
        let changed: Vec<_> =
            (0..before.len()).filter(|at| before[*at] != after[*at]).map(|at| subjects[at].0).collect();
        let b = Some(ServiceId::from_index(1));
        assert!(changed.contains(&b) && changed.iter().all(|service| service.is_none() || *service == b));
        // "b" is one of two that "a" calls and of two that call "d": their means are about no single service. "b" has one caller.
        let part = subjects.len() / 4;
        let callers = |service: usize| subjects[service * part + 2 * 12 + 3].0;
        assert_eq!([callers(0), callers(1), callers(3)], [None, Some(ServiceId::from_index(0)), None]);
    }

    #[test]
    fn cpu_is_seen_as_a_share_of_the_limit() {
        let seen = [500, 1000].map(|limit| {
            let text = format!(
                r#"{{ "services": {{ "a": {{ "cpu": 500, "cpu_limit": {limit}, "ram": 256, "computation_throughput": 100 }} }},
                    "connections": [] }}"#
            );
            let topology = Arc::new(Topology::read(text.as_bytes()).unwrap());
            let history = History::starting(busy_state(&topology, |_| 0.75), 2);
            in_parts(&topology).observe(&history, AgentId::from_index(0)).0[4]
        });
        assert_eq!(seen, [0.75, 0.375]);
    }

    /// 50 requests a second enter; 4 pods of "b" carry 160, and 2 of them are ready.
    #[test]
    fn the_demand_on_a_service_is_what_the_entry_points_send_it() {
        let topology = diamond(["a", "b", "c", "d"]);
        let observer = in_parts(&topology);
        let mut history = History::starting(busy_state(&topology, |_| 2.0), 2);
        let surge = State { entry_rates: vec![Some(100.0)].into(), ..busy_state(&topology, |_| 2.0) };
        history.push(vec![Action(3)].into(), surge);
        let seen = observer.observe(&history, AgentId::from_index(0)).0;
        let demand = &seen[seen.len() / 4..][2 * 12..][..3];
        let capacity = topology.services[ServiceId::from_index(1)].pod_capacity().0;
        for (found, expected) in
            demand.iter().zip([100.0 / (4.0 * capacity), 50.0 / (4.0 * capacity), 100.0 / (2.0 * capacity)])
        {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{demand:?}, {capacity}");
        }
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
