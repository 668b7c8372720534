//! The shield where only the seam of a guide is at hand, and two guides as one.

mod composed;

use karma_core::{
    ActionMask, DefenderAction, DefenderTeam, Guidance, Guide, GuideFactory, Guided, Hardness, JointAction,
    PerAgent, Replicas, Safeguard as _, State,
};

pub use composed::Composed;

use crate::{SafetyConfig, Shield};

/// A shield as the guide of a team: hard, without shaping, the same for every agent.
///
/// Each agent may make the moves that its own service would see pass if nobody else moved. What the moves of several
/// amount to, a guide cannot change; so where a [`Safeguard`](karma_core::Safeguard) can stand between the team and the
/// cluster, that is to be preferred. Its memory is kept in step with the team: each joint action is reviewed as the
/// decision that it amounts to in the state before.
#[derive(Clone, Debug)]
pub struct ShieldGuide {
    team: DefenderTeam,
    shield: Shield,
    /// The state in which the next joint action is taken.
    before: Option<State>,
}

impl ShieldGuide {
    /// The guide of `team` under the limits of `config`, which are those of the team's topology.
    pub fn new(team: DefenderTeam, config: SafetyConfig) -> Self {
        Self { team, shield: Shield::new(config), before: None }
    }

    /// Makes such guides.
    pub fn factory(team: DefenderTeam, config: SafetyConfig) -> GuideFactory {
        GuideFactory::new(move || Box::new(Self::new(team.clone(), config.clone())))
    }

    fn guidance(&self, state: &State) -> Guidance {
        let agents = self.team.roles().len();
        let guided = Guided { mask: self.mask(state), hardness: Hardness::HARD };
        Guidance { allowed: PerAgent::filled(guided, agents), shaping: PerAgent::filled(0.0, agents) }
    }

    /// The moves to a replica count that is admitted; a change of 0 is one of them.
    fn mask(&self, state: &State) -> ActionMask {
        let (space, admitted) = (self.team.action_space(), self.shield.admit(state));
        let present = state.desired();
        ActionMask::from_fn(space, |action| {
            space.defender(action).is_some_and(|DefenderAction { service, replica_change }| {
                let target = present.get(service).and_then(|here| here.0.checked_add_signed(replica_change));
                let interval = admitted.get(service);
                replica_change == 0
                    || target.zip(interval).is_some_and(|(to, interval)| interval.contains(&Replicas(to)))
            })
        })
    }
}

impl Guide for ShieldGuide {
    fn begin(&mut self, state: &State) -> Guidance {
        self.shield.reset();
        self.before = Some(state.clone());
        self.guidance(state)
    }

    fn advance(&mut self, joint: &JointAction, next: &State) -> Guidance {
        if let Some(before) = &self.before {
            let decision = self.team.decide_from(&before.desired(), joint);
            self.shield.review(before, decision);
        }
        self.before = Some(next.clone());
        self.guidance(next)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use karma_core::team::default_roles;
    use karma_core::{ActionSpace, Id as _, ServiceId};

    use super::*;
    use crate::testing::{calm, chain};
    use crate::{SafetyParams, Timing};

    fn guide() -> ShieldGuide {
        let topology = Arc::new(chain());
        let config = SafetyParams::default().check(&topology, Timing::default()).unwrap();
        ShieldGuide::new(DefenderTeam::new(topology, default_roles(), 3), config)
    }

    fn changes(guidance: &Guidance, space: ActionSpace, service: usize) -> Vec<i32> {
        let mask = &guidance.allowed.as_slice()[0].mask;
        let moves = mask.legal().filter_map(|action| space.defender(action));
        let own = moves.filter(|action| action.service == ServiceId::from_index(service));
        own.map(|action| action.replica_change).collect()
    }

    /// Everyone changes service 0 by so much.
    fn joint(guide: &ShieldGuide, replica_change: i32) -> JointAction {
        let action = DefenderAction { service: ServiceId::from_index(0), replica_change };
        PerAgent::filled(guide.team.action_space().encode_defender(action).unwrap(), 4)
    }

    #[test]
    fn it_allows_what_the_shield_admits_and_remembers_what_the_team_did() {
        let mut guide = guide();
        let space = guide.team.action_space();
        let first = guide.begin(&calm(0.0, [4, 2], 100.0));
        assert_eq!(changes(&first, space, 0), [-3, -2, -1, 0, 1, 2, 3]);
        assert_eq!(
            changes(&first, space, 1),
            [0, 1, 2, 3],
            "two replicas are its fewest, and what demand needs"
        );
        let up = joint(&guide, 1);
        let next = guide.advance(&up, &calm(15.0, [7, 2], 100.0));
        assert_eq!(changes(&next, space, 0), [0, 1], "it cools down, and has eight replicas at most");
        assert!(next.allowed.iter().all(|guided| guided.hardness == Hardness::HARD));
    }

    #[test]
    fn it_keeps_the_promises_of_a_guide() {
        let mut guide = guide();
        let space = guide.team.action_space();
        let states = [
            calm(0.0, [4, 2], 100.0),
            calm(15.0, [5, 2], 90.0),
            calm(30.0, [6, 2], f32::NAN),
            calm(9.0, [1, 9], 1e9),
        ];
        let joints = [joint(&guide, 1), joint(&guide, -3), joint(&guide, 0)];
        karma_core::testing::guide(&mut guide, space, &states, &joints);
        let mut made = ShieldGuide::factory(guide.team.clone(), guide.shield.config().clone()).make();
        karma_core::testing::guide(&mut *made, space, &states, &joints);
    }
}
