//! A team of defenders: which moves its agents may make, and how their joint action becomes a decision.
//!
//! The simulated cluster, which trains a team, and the adapter that runs a trained team meet here, so that what
//! an action means is written once.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Action, ActionMask, ActionSpace, Decision, DefenderAction, JointAction, NetChange, PerAgent, PerService,
    Replicas, Snapshot, Target, Topology, net_change,
};

/// A defender's role: its name and its rank when two roles pull in opposite directions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Name, as printed and stored.
    pub name: String,
    /// Higher decides; equal ranks sum up.
    pub authority: u32,
}

/// The paper's four managers for a team without an organisation, which would give them other ranks: failure before
/// DDoS before bottleneck before resource.
pub fn default_roles() -> PerAgent<Role> {
    let role = |(name, authority): (&str, u32)| Role { name: name.to_owned(), authority };
    [("bottleneck", 2), ("ddos", 3), ("failure", 4), ("resource", 1)].into_iter().map(role).collect()
}

/// A team over a topology.
#[derive(Clone, Debug)]
pub struct DefenderTeam {
    topology: Arc<Topology>,
    roles: PerAgent<Role>,
    alpha: u32,
}

impl DefenderTeam {
    /// A team whose agents each change one service by at most `alpha` replicas at a decision.
    pub const fn new(topology: Arc<Topology>, roles: PerAgent<Role>, alpha: u32) -> Self {
        Self { topology, roles, alpha }
    }

    /// The agents' roles, in the order of every joint action.
    pub const fn roles(&self) -> &PerAgent<Role> {
        &self.roles
    }

    /// The topology.
    pub const fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// Largest change of one service at one decision.
    pub const fn alpha(&self) -> u32 {
        self.alpha
    }

    /// The actions of every agent.
    pub fn action_space(&self) -> ActionSpace {
        let services = u32::try_from(self.topology.services.len()).unwrap_or(u32::MAX);
        ActionSpace::Defender { services, alpha: self.alpha }
    }

    /// The moves that keep every service within its bounds; a change of 0 is always among them.
    pub fn mask(&self, desired: &PerService<Replicas>) -> ActionMask {
        let space = self.action_space();
        ActionMask::from_fn(space, |action| {
            space.defender(action).is_some_and(|DefenderAction { service, replica_change }| {
                let bounds = &self.topology.services[service];
                let target = i64::from(desired[service].0) + i64::from(replica_change);
                replica_change == 0
                    || (i64::from(bounds.min_replicas.0)..=i64::from(bounds.max_replicas.0)).contains(&target)
            })
        })
    }

    /// What a joint action asks of every service.
    pub fn net_change(&self, joint: &JointAction) -> NetChange {
        let space = self.action_space();
        let moves: Vec<DefenderAction> = joint.iter().filter_map(|action| space.defender(*action)).collect();
        let authority: Vec<u32> = self.roles.iter().map(|role| role.authority).collect();
        net_change(&moves, &authority, self.topology.services.len(), self.alpha)
    }

    /// A joint action as a decision on top of what the Deployments ask for now, with the moves behind each target.
    pub fn decide(&self, snapshot: &Snapshot, joint: &JointAction) -> Decision {
        self.decide_from(&snapshot.services.map(|service| service.desired), joint)
    }

    /// The same, given what the Deployments ask for.
    pub fn decide_from(&self, desired: &PerService<Replicas>, joint: &JointAction) -> Decision {
        let net = self.net_change(joint);
        let targets = self.topology.services.iter_enumerated().map(|(id, service)| {
            let replicas = desired[id].moved(net.changes[id], service.min_replicas, service.max_replicas);
            Target { replicas, reason: self.reason(id, joint) }
        });
        Decision { targets: targets.collect() }
    }

    /// What each agent would do for the team to come as near to `wanted` as one decision goes: sets of actions of which any is
    /// as good as the others.
    ///
    /// The agents choose one after the other, the highest rank first, each the move that takes most of what is left to move;
    /// of equal moves that of the first service. Who can take nothing away holds still, on whatever service.
    pub fn advise(
        &self,
        desired: &PerService<Replicas>,
        wanted: &PerService<Replicas>,
        masks: &PerAgent<ActionMask>,
    ) -> PerAgent<ActionMask> {
        let (space, alpha) = (self.action_space(), i64::from(self.alpha));
        let difference =
            |(wanted, desired): (&Replicas, &Replicas)| i64::from(wanted.0) - i64::from(desired.0);
        let left = wanted.iter().zip(desired).map(|pair| difference(pair).clamp(-alpha, alpha));
        let mut left: PerService<i64> = left.collect();
        let mut advice = masks.map(|_| ActionMask::from_fn(space, |_| false));
        let mut order: Vec<_> = masks.ids().collect();
        order.sort_by_key(|agent| std::cmp::Reverse(self.roles.get(*agent).map_or(0, |role| role.authority)));
        for agent in order {
            let gain = |action: Action| {
                let DefenderAction { service, replica_change } = space.defender(action)?;
                Some(left[service].abs() - (left[service] - i64::from(replica_change)).abs())
            };
            let moves = masks[agent].legal().filter_map(|action| Some((gain(action)?, action)));
            let best = moves
                .filter(|(gain, _)| *gain > 0)
                .reduce(|best, next| if next.0 > best.0 { next } else { best });
            advice[agent] = match best {
                None => {
                    ActionMask::from_fn(space, |action| space.is_no_op(action) && masks[agent].allows(action))
                }
                Some((_, best)) => ActionMask::from_fn(space, |action| action == best),
            };
            if let Some(DefenderAction { service, replica_change }) =
                best.and_then(|(_, action)| space.defender(action))
            {
                left[service] -= i64::from(replica_change);
            }
        }
        advice
    }

    /// Who moved a service by how much: "ddos +2, resource -1".
    fn reason(&self, service: crate::ServiceId, joint: &JointAction) -> Cow<'static, str> {
        let space = self.action_space();
        let mut reason = String::new();
        for (role, action) in self.roles.iter().zip(joint) {
            if let Some(action) = space.defender(*action)
                && action.service == service
                && action.replica_change != 0
            {
                let separator = if reason.is_empty() { "" } else { ", " };
                let _ = write!(reason, "{separator}{} {:+}", role.name, action.replica_change);
            }
        }
        if reason.is_empty() { Cow::Borrowed("no agent moved it") } else { Cow::Owned(reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Id as _, PerEntryPoint, Seconds, ServiceId, ServiceSnapshot};

    fn team() -> DefenderTeam {
        let text = r#"{ "services": {
            "a": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 },
            "b": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 } },
            "connections": [ { "source": "a", "destination": "b" } ] }"#;
        DefenderTeam::new(Arc::new(Topology::read(text.as_bytes()).unwrap()), default_roles(), 3)
    }

    fn joint(team: &DefenderTeam, moves: [(usize, i32); 4]) -> JointAction {
        let encode = |(service, replica_change)| {
            let action = DefenderAction { service: ServiceId::from_index(service), replica_change };
            team.action_space().encode_defender(action).unwrap()
        };
        moves.into_iter().map(encode).collect()
    }

    fn snapshot(desired: [u32; 2]) -> Snapshot {
        let service =
            |replicas| ServiceSnapshot { desired: Replicas(replicas), ..ServiceSnapshot::default() };
        Snapshot {
            time: Seconds(0.0),
            scraped_at: None,
            services: desired.into_iter().map(service).collect(),
            entry_points: PerEntryPoint::default(),
            nodes: Vec::new(),
            resilience: None,
        }
    }

    #[test]
    fn a_mask_keeps_moves_within_the_bounds() {
        let team = team();
        let mask = team.mask(&vec![Replicas(1), Replicas(4)].into());
        let legal: Vec<_> = mask.legal().filter_map(|action| team.action_space().defender(action)).collect();
        let changes = |service: usize| -> Vec<i32> {
            legal.iter().filter(|m| m.service.index() == service).map(|m| m.replica_change).collect()
        };
        assert_eq!(changes(0), [0, 1, 2, 3]);
        assert_eq!(changes(1), [-3, -2, -1, 0]);
    }

    #[test]
    fn a_replica_count_outside_of_the_bounds_still_leaves_the_change_of_zero() {
        let mask = team().mask(&vec![Replicas(0), Replicas(90)].into());
        assert!(mask.legal_count() >= 2);
    }

    fn replicas(counts: [u32; 2]) -> PerService<Replicas> {
        counts.map(Replicas).to_vec().into()
    }

    #[test]
    fn advice_leads_to_what_is_wanted_and_leaves_the_others_free_to_hold_anywhere() {
        let team = team();
        let masks = PerAgent::filled(team.mask(&replicas([1, 4])), 4);
        let advice = team.advise(&replicas([1, 4]), &replicas([3, 2]), &masks);
        let of = |agent: usize| -> Vec<DefenderAction> {
            let space = team.action_space();
            advice.as_slice()[agent].legal().filter_map(|action| space.defender(action)).collect()
        };
        let scale = |service, replica_change| DefenderAction {
            service: ServiceId::from_index(service),
            replica_change,
        };
        // The failure manager ranks highest, then the DDoS manager.
        assert_eq!((of(2), of(1)), (vec![scale(0, 2)], vec![scale(1, -2)]));
        assert_eq!((of(0), of(3)), (vec![scale(0, 0), scale(1, 0)], vec![scale(0, 0), scale(1, 0)]));
        let first = |agent: usize| advice.as_slice()[agent].legal().next().unwrap();
        let decision = team.decide_from(&replicas([1, 4]), &(0..4).map(first).collect());
        assert!(decision.targets.iter().map(|target| target.replicas).eq([Replicas(3), Replicas(2)]));
    }

    #[test]
    fn advice_keeps_to_the_masks_and_to_what_one_decision_moves() {
        let team = team();
        let only = |agent: usize, change: i32| {
            let space = team.action_space();
            ActionMask::from_fn(space, |action| {
                let moved = space.defender(action).map_or(0, |action| action.replica_change);
                moved == 0 || (agent == 3 && moved == change)
            })
        };
        let masks: PerAgent<ActionMask> = (0..4).map(|agent| only(agent, -1)).collect();
        let advice = team.advise(&replicas([4, 4]), &replicas([1, 1]), &masks);
        let moved = |agent: usize| -> Vec<Action> { advice.as_slice()[agent].legal().collect() };
        let down = team
            .action_space()
            .encode_defender(DefenderAction { service: ServiceId::from_index(0), replica_change: -1 });
        assert_eq!(moved(3), [down.unwrap()]);
        assert!((0..3).all(|agent| moved(agent).iter().all(|action| team.action_space().is_no_op(*action))));
        let all = PerAgent::filled(ActionMask::all(team.action_space()), 4);
        let advice = team.advise(&replicas([0, 0]), &replicas([90, 0]), &all);
        let moving =
            advice.iter().filter(|set| !set.legal().all(|action| team.action_space().is_no_op(action)));
        assert_eq!(moving.count(), 1, "three replicas are as many as a decision moves");
    }

    #[test]
    fn a_decision_names_the_moves_behind_it_and_the_ranks_decide() {
        let team = team();
        // bottleneck +1 and resource -3 on service 0: the bottleneck manager ranks higher.
        let joint = joint(&team, [(0, 1), (1, 0), (1, 0), (0, -3)]);
        let decision = team.decide(&snapshot([2, 2]), &joint);
        assert_eq!(
            decision.targets.as_slice()[0],
            Target { replicas: Replicas(3), reason: "bottleneck +1, resource -3".into() }
        );
        assert_eq!(
            decision.targets.as_slice()[1],
            Target { replicas: Replicas(2), reason: "no agent moved it".into() }
        );
    }
}
