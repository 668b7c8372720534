//! A team of policies as an autoscaler: observers in front, the rules of the team behind.

use std::sync::Arc;

use karma_core::{
    Autoscaler, Decision, DefenderTeam, History, JointAction, Observer, PerAgent, Policy, Replicas, Snapshot,
    State, StreamRng,
};

use crate::error::TeamError;

/// Policies that decide together, behind the same seam as every rule-based autoscaler.
///
/// At each decision the snapshot becomes a [`State`], the [`History`] goes on, each agent observes it and acts under
/// the mask that the replica bounds leave, and the [`DefenderTeam`] turns the joint action into replicas. This is
/// what the environment does in training, so a policy meets the inputs that it was trained on.
#[derive(Clone)]
pub struct TeamAutoscaler<P> {
    name: String,
    team: DefenderTeam,
    observer: Arc<dyn Observer>,
    depth: usize,
    policies: PerAgent<P>,
    memory: Option<Memory>,
}

/// What was seen and done in this episode.
#[derive(Clone, Debug)]
struct Memory {
    history: History,
    last: JointAction,
}

impl<P: Policy> TeamAutoscaler<P> {
    /// A team called `name`. `depth` is how many states the observer shows.
    ///
    /// # Errors
    /// If there is not one policy for each role.
    pub fn new(
        name: impl Into<String>,
        team: DefenderTeam,
        (observer, depth): (Arc<dyn Observer>, usize),
        policies: PerAgent<P>,
    ) -> Result<Self, TeamError> {
        let (found, expected) = (policies.len(), team.roles().len());
        if found != expected {
            return Err(TeamError { found, expected });
        }
        Ok(Self { name: name.into(), team, observer, depth, policies, memory: None })
    }

    /// The state that the snapshot shows, added to what is remembered of the episode.
    fn remember(&mut self, snapshot: &Snapshot) -> History {
        let state = State::from(snapshot);
        match self.memory.take() {
            Some(Memory { mut history, last }) => {
                history.push(last, state);
                history
            }
            None => History::starting(state, self.depth),
        }
    }

    fn act(&self, history: &History, snapshot: &Snapshot, rng: &mut StreamRng) -> JointAction {
        let desired: karma_core::PerService<Replicas> = snapshot.services.map(|service| service.desired);
        let mask = self.team.mask(&desired);
        let act = |(id, policy): (_, &P)| policy.act(&self.observer.observe(history, id), &mask, rng);
        self.policies.iter_enumerated().map(act).collect()
    }
}

impl<P: Policy> Autoscaler for TeamAutoscaler<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn reset(&mut self) {
        self.memory = None;
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        let history = self.remember(snapshot);
        let last = self.act(&history, snapshot, rng);
        let decision = self.team.decide(snapshot, &last);
        self.memory = Some(Memory { history, last });
        decision
    }
}

impl<P> std::fmt::Debug for TeamAutoscaler<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TeamAutoscaler")
            .field("name", &self.name)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::team::default_roles;
    use karma_core::{
        Action, ActionMask, AgentId, DefenderAction, Id as _, Observation, PerEntryPoint, Seconds, ServiceId,
        ServiceSnapshot, Topology,
    };

    /// Shows the number of remembered states and the agent's last action.
    struct Recall;

    impl Observer for Recall {
        fn observation_size(&self, _agent: AgentId) -> usize {
            2
        }

        fn observe(&self, history: &History, agent: AgentId) -> Observation {
            let states = (0..9).take_while(|ago| history.state(*ago).is_some()).count();
            let last = history.action(0).map_or(-1.0, |joint| joint[agent].0 as f32);
            Observation(vec![states as f32, last])
        }
    }

    /// Adds one replica to service 0 while it sees one state only, then takes its last action back.
    struct Probe(DefenderTeam);

    impl Policy for Probe {
        fn act(&self, observation: &Observation, mask: &ActionMask, _rng: &mut StreamRng) -> Action {
            let replica_change = if observation.0[0] == 1.0 { 1 } else { -1 };
            let action = DefenderAction { service: ServiceId::from_index(0), replica_change };
            let action = self.0.action_space().encode_defender(action).unwrap();
            if mask.allows(action) { action } else { Action(3) }
        }
    }

    fn team() -> DefenderTeam {
        let text = r#"{ "services": {
            "a": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 },
            "b": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 } },
            "connections": [ { "source": "a", "destination": "b" } ] }"#;
        DefenderTeam::new(Arc::new(Topology::read(text.as_bytes()).unwrap()), default_roles(), 3)
    }

    fn scaler() -> TeamAutoscaler<Probe> {
        let policies = (0..4).map(|_| Probe(team())).collect();
        TeamAutoscaler::new("probe", team(), (Arc::new(Recall), 2), policies).unwrap()
    }

    fn snapshot(time: f64, desired: [u32; 2]) -> Snapshot {
        let service =
            |replicas| ServiceSnapshot { desired: Replicas(replicas), ..ServiceSnapshot::default() };
        Snapshot {
            time: Seconds(time),
            scraped_at: None,
            services: desired.into_iter().map(service).collect(),
            entry_points: PerEntryPoint::default(),
            resilience: None,
        }
    }

    #[test]
    fn it_keeps_every_promise_of_an_autoscaler() {
        let snapshots = [snapshot(0.0, [1, 1]), snapshot(15.0, [3, 1]), snapshot(30.0, [4, 4])];
        karma_core::testing::autoscaler(scaler, team().topology(), &snapshots);
    }

    #[test]
    fn agents_see_the_history_of_the_episode_and_a_reset_forgets_it() {
        let (mut scaler, mut rng) = (scaler(), karma_core::SeedTree::new(1).rng());
        let mut first = |scaler: &mut TeamAutoscaler<Probe>, time, desired| {
            scaler.decide(&snapshot(time, desired), &mut rng).targets.as_slice()[0].replicas
        };
        assert_eq!(
            first(&mut scaler, 0.0, [1, 1]),
            Replicas(4),
            "four agents add one each, at most alpha together"
        );
        assert_eq!(first(&mut scaler, 15.0, [4, 1]), Replicas(1), "with a history they take them back");
        scaler.reset();
        assert_eq!(first(&mut scaler, 0.0, [1, 1]), Replicas(4));
    }

    #[test]
    fn a_team_needs_one_policy_for_each_role() {
        let refused = TeamAutoscaler::new("short", team(), (Arc::new(Recall), 2), vec![Probe(team())].into());
        assert_eq!(refused.unwrap_err().to_string(), "the team has 4 roles, but 1 policies were given");
    }
}
