//! Which network plays which agent, and with which inputs.

use karma_core::{Action, ActionSpace, AgentSpec, EnvironmentSpec, PerAgent, Team};

use crate::error::SetupError;

/// An agent's place at the table.
///
/// Where an observation has parts, as many as the actions, each goes through the network by itself.
///
/// Without sharing, agent i is played by network i on its observation. With sharing all of a side are played by one
/// network, on the observation followed by a one-hot code of the agent among its side: without it, agents that see the
/// same would have to do the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seat {
    /// The side it is on.
    pub(crate) team: Team,
    /// Which network plays.
    pub(crate) network: usize,
    /// Length of the observation.
    pub(crate) observation: usize,
    /// The one-hot code that follows the observation; empty without sharing.
    pub(crate) identity: Vec<f32>,
    /// Its actions.
    pub(crate) space: ActionSpace,
    /// Parts of its observation and of its actions, which go through the network one by one.
    pub(crate) parts: usize,
}

impl Seat {
    /// Length of the network's input.
    pub(crate) fn inputs(&self) -> usize {
        self.observation + self.identity.len()
    }

    /// Number of actions.
    pub(crate) fn actions(&self) -> usize {
        self.space.len()
    }

    /// Logits that a fresh actor begins with for the actions of a part: `hold` for a defender's changes of 0, nothing for
    /// all others.
    pub(crate) fn prior(&self, hold: f32) -> Vec<f32> {
        let part = self.holds().into_iter().take(self.actions() / self.parts);
        part.map(|holds| if holds { hold } else { 0.0 }).collect()
    }

    /// Which actions are changes of 0 of a defender.
    pub(crate) fn holds(&self) -> Vec<bool> {
        let holds = |action| self.space.defender(action).is_some_and(|moved| moved.replica_change == 0);
        (0..).take(self.actions()).map(|index| holds(Action(index))).collect()
    }
}

/// Who shares an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Nobody.
    Separate,
    /// All agents of a side.
    Side {
        /// Whether the actor is told whom it plays.
        identity: bool,
    },
}

/// Seats for all agents. With sharing, each side has one actor.
pub(crate) fn seats(spec: &EnvironmentSpec, sharing: Sharing) -> Result<PerAgent<Seat>, SetupError> {
    let agents = spec.agents.as_slice();
    if agents.is_empty() {
        return Err(SetupError::NoAgents);
    }
    let seat = |(index, agent): (usize, &AgentSpec)| {
        let (network, identity) = match sharing {
            Sharing::Separate => (index, Vec::new()),
            Sharing::Side { identity: true } => shared(agents, index)?,
            Sharing::Side { identity: false } => (shared(agents, index)?.0, Vec::new()),
        };
        let AgentSpec { team, observation_size: observation, action_space: space, parts, .. } = *agent;
        let even = parts > 0 && observation.is_multiple_of(parts) && space.len().is_multiple_of(parts);
        if !even || (parts > 1 && !identity.is_empty()) {
            let (agent, actions) = (agent.name.clone(), space.len());
            let coded = SetupError::IdentityOfParts { agent: agent.clone(), parts };
            return Err(if even { coded } else { SetupError::Parts { agent, parts, observation, actions } });
        }
        Ok(Seat { team, network, observation, identity, space, parts })
    };
    agents.iter().enumerate().map(seat).collect()
}

/// The network of the side that agent `index` is on, and the agent's code among its side. One that is alone on its side
/// needs none.
fn shared(agents: &[AgentSpec], index: usize) -> Result<(usize, Vec<f32>), SetupError> {
    let agent = &agents[index];
    let side: Vec<usize> = (0..agents.len()).filter(|other| agents[*other].team == agent.team).collect();
    let alike = |a: &AgentSpec| (a.action_space, a.observation_size, a.parts);
    if alike(agent) != alike(&agents[side[0]]) {
        return Err(SetupError::Sharing { agent: agent.name.clone() });
    }
    let network = usize::from(agent.team != agents[0].team);
    let code = |other: &usize| f32::from(u8::from(*other == index));
    Ok((network, if side.len() > 1 { side.iter().map(code).collect() } else { Vec::new() }))
}

/// How many networks the seats need.
pub(crate) fn networks(seats: &PerAgent<Seat>) -> usize {
    seats.iter().map(|seat| seat.network + 1).max().unwrap_or(0)
}

/// The first seat that each network plays.
pub(crate) fn first_seats(seats: &PerAgent<Seat>) -> impl Iterator<Item = &Seat> {
    (0..networks(seats)).filter_map(|network| seats.iter().find(|seat| seat.network == network))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::games::Signals;
    use karma_core::Environment as _;

    #[test]
    fn a_shared_actor_is_told_whom_it_plays() {
        let seats = seats(Signals::new(4).spec(), Sharing::Side { identity: true }).unwrap();
        let [first, second] = seats.as_slice() else { panic!("two agents") };
        assert_eq!((first.network, second.network, first.inputs()), (0, 0, 3 + 2));
        assert_eq!((&first.identity[..], &second.identity[..]), (&[1.0, 0.0][..], &[0.0, 1.0][..]));
        assert_eq!((networks(&seats), first_seats(&seats).count()), (1, 1));
    }

    #[test]
    fn separate_actors_see_their_observation_only() {
        let seats = seats(Signals::new(4).spec(), Sharing::Separate).unwrap();
        let networks: Vec<_> = seats.iter().map(|seat| (seat.network, seat.inputs())).collect();
        assert_eq!(networks, [(0, 3), (1, 3)]);
    }

    #[test]
    fn a_fresh_defender_prefers_to_hold_and_other_agents_prefer_nothing() {
        let mut seat = seats(Signals::new(4).spec(), Sharing::Separate).unwrap().into_vec().remove(0);
        assert!(seat.prior(2.0).iter().all(|logit| *logit == 0.0));
        seat.space = ActionSpace::Defender { services: 2, alpha: 1 };
        assert_eq!(seat.prior(2.0), [0.0, 2.0, 0.0, 0.0, 2.0, 0.0]);
    }

    #[test]
    fn a_prior_is_that_of_a_part_and_parts_have_to_be_even() {
        let mut spec = Signals::new(4).spec().clone();
        for agent in spec.agents.as_mut_slice() {
            (agent.parts, agent.observation_size) = (2, 6);
            agent.action_space = ActionSpace::Defender { services: 2, alpha: 1 };
        }
        let seat = seats(&spec, Sharing::Separate).unwrap().into_vec().remove(0);
        assert_eq!((seat.parts, seat.prior(2.0)), (2, vec![0.0, 2.0, 0.0]));
        assert!(seats(&spec, Sharing::Side { identity: false }).is_ok());
        let shared = seats(&spec, Sharing::Side { identity: true }).unwrap_err();
        assert_eq!(shared, SetupError::IdentityOfParts { agent: "first".to_owned(), parts: 2 });
        spec.agents.as_mut_slice()[1].observation_size = 7;
        let uneven = seats(&spec, Sharing::Separate).unwrap_err().to_string();
        assert_eq!(
            uneven,
            "agent second has 2 parts, but 7 features and 6 actions; both have to be multiples of the parts"
        );
    }

    #[test]
    fn each_side_shares_an_actor_of_its_own() {
        let mut spec = Signals::new(4).spec().clone();
        let mut attacker = spec.agents.as_slice()[1].clone();
        (attacker.team, attacker.observation_size) = (Team::Attacker, 7);
        let defenders = spec.agents.clone().into_vec();
        spec.agents = vec![defenders[0].clone(), attacker, defenders[1].clone()].into();
        let seats = seats(&spec, Sharing::Side { identity: true }).unwrap();
        let places: Vec<_> =
            seats.iter().map(|seat| (seat.network, seat.identity.len(), seat.inputs())).collect();
        assert_eq!(places, [(0, 2, 5), (1, 0, 7), (0, 2, 5)]);
    }

    #[test]
    fn unlike_sharers_are_refused_by_name() {
        let mut spec = Signals::new(4).spec().clone();
        spec.agents.as_mut_slice()[1].action_space = ActionSpace::Discrete { actions: 9 };
        assert_eq!(
            seats(&spec, Sharing::Side { identity: true }),
            Err(SetupError::Sharing { agent: "second".to_owned() })
        );
        assert!(seats(&spec, Sharing::Separate).is_ok());
        spec.agents = Vec::new().into();
        assert_eq!(seats(&spec, Sharing::Separate), Err(SetupError::NoAgents));
    }
}
