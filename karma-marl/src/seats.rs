//! Which network plays which agent, and with which inputs.

use karma_core::{Action, ActionSpace, AgentSpec, EnvironmentSpec, Id as _, PerAgent, Team};
use karma_nn::{ConfigError, MlpConfig};

use crate::error::SetupError;
use crate::mappo::MappoParams;

/// An agent's place at the table.
///
/// Without sharing, agent i is played by network i on its observation. With sharing all are played by
/// network 0, on the observation followed by a one-hot code of the agent: without it, agents that see the
/// same would have to do the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seat {
    /// Which network plays.
    pub(crate) network: usize,
    /// Length of the observation.
    pub(crate) observation: usize,
    /// The one-hot code that follows the observation; empty without sharing.
    pub(crate) identity: Vec<f32>,
    /// Its actions.
    pub(crate) space: ActionSpace,
}

impl Seat {
    /// The seat of agent `index`.
    fn new(index: usize, agent: &AgentSpec, sharing: Option<usize>) -> Self {
        let one_hot = |agents| (0..agents).map(|other| f32::from(u8::from(other == index))).collect();
        Self {
            network: if sharing.is_some() { 0 } else { index },
            observation: agent.observation_size,
            identity: sharing.map_or_else(Vec::new, one_hot),
            space: agent.action_space,
        }
    }

    /// Length of the network's input.
    pub(crate) fn inputs(&self) -> usize {
        self.observation + self.identity.len()
    }

    /// Number of actions.
    pub(crate) fn actions(&self) -> usize {
        self.space.len()
    }

    /// Logits that a fresh actor begins with: `hold` for a defender's changes of 0, nothing for all others.
    pub(crate) fn prior(&self, hold: f32) -> Vec<f32> {
        let holds = |action| self.space.defender(action).is_some_and(|m| m.replica_change == 0);
        (0..).take(self.actions()).map(|index| if holds(Action(index)) { hold } else { 0.0 }).collect()
    }
}

/// Seats for all agents, if this crate can train them.
pub(crate) fn seats(spec: &EnvironmentSpec, sharing: bool) -> Result<PerAgent<Seat>, SetupError> {
    let Some(first) = spec.agents.iter().next() else { return Err(SetupError::NoAgents) };
    for agent in &spec.agents {
        if agent.team == Team::Attacker {
            return Err(SetupError::Attacker { agent: agent.name.clone() });
        }
        let alike = |a: &AgentSpec| (a.action_space, a.observation_size);
        if sharing && alike(agent) != alike(first) {
            return Err(SetupError::Sharing { agent: agent.name.clone() });
        }
    }
    let sharing = sharing.then_some(spec.agents.len());
    Ok(spec.agents.iter_enumerated().map(|(id, agent)| Seat::new(id.index(), agent, sharing)).collect())
}

/// One network's settings for each actor that is needed.
pub(crate) fn actors(seats: &PerAgent<Seat>, params: &MappoParams) -> Result<Vec<MlpConfig>, ConfigError> {
    let needed = seats.iter().map(|seat| seat.network + 1).max().unwrap_or(0);
    seats.iter().take(needed).map(|seat| params.actor(seat.inputs(), seat.actions()).check()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::Signals;
    use karma_core::Environment as _;

    #[test]
    fn a_shared_actor_is_told_whom_it_plays() {
        let seats = seats(Signals::new(4).spec(), true).unwrap();
        let [first, second] = seats.as_slice() else { panic!("two agents") };
        assert_eq!((first.network, second.network, first.inputs()), (0, 0, 3 + 2));
        assert_eq!((&first.identity[..], &second.identity[..]), (&[1.0, 0.0][..], &[0.0, 1.0][..]));
        assert_eq!(actors(&seats, &MappoParams::default()).unwrap().len(), 1);
    }

    #[test]
    fn separate_actors_see_their_observation_only() {
        let seats = seats(Signals::new(4).spec(), false).unwrap();
        let networks: Vec<_> = seats.iter().map(|seat| (seat.network, seat.inputs())).collect();
        assert_eq!(networks, [(0, 3), (1, 3)]);
    }

    #[test]
    fn a_fresh_defender_prefers_to_hold_and_other_agents_prefer_nothing() {
        let mut seat = seats(Signals::new(4).spec(), false).unwrap().into_vec().remove(0);
        assert!(seat.prior(2.0).iter().all(|logit| *logit == 0.0));
        seat.space = ActionSpace::Defender { services: 2, alpha: 1 };
        assert_eq!(seat.prior(2.0), [0.0, 2.0, 0.0, 0.0, 2.0, 0.0]);
    }

    #[test]
    fn attackers_and_unlike_sharers_are_refused_by_name() {
        let mut spec = Signals::new(4).spec().clone();
        spec.agents.as_mut_slice()[1].action_space = ActionSpace::Discrete { actions: 9 };
        assert_eq!(seats(&spec, true), Err(SetupError::Sharing { agent: "second".to_owned() }));
        assert!(seats(&spec, false).is_ok());
        spec.agents.as_mut_slice()[1].team = Team::Attacker;
        assert_eq!(seats(&spec, false), Err(SetupError::Attacker { agent: "second".to_owned() }));
        spec.agents = Vec::new().into();
        assert_eq!(seats(&spec, false), Err(SetupError::NoAgents));
    }
}
