//! Actions of defenders and attackers, their discrete encoding, masks, and how a team's moves combine.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{EntryPointId, Id as _, PerAgent, PerService, ServiceId};

/// An action as an index into its agent's [`ActionSpace`]: the paper's one-hot code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Action(pub u32);

/// One action for each agent, in the order of the environment's agents.
pub type JointAction = PerAgent<Action>;

/// A defender's move: change the replicas of one service by −α..=α. A change of 0 is always legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefenderAction {
    /// The service to scale.
    pub service: ServiceId,
    /// Replicas to add or to remove.
    pub replica_change: i32,
}

/// The attacker's move at one entry point (paper, section III.B).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttackerAction {
    /// Where the traffic enters.
    pub entry_point: EntryPointId,
    /// −2..=2: high decrease to high increase, in units of κ.
    pub rate_change: i32,
    /// 0..=2: none, low, high; adds `data_change / σ` to the failure probability.
    pub data_change: u32,
}

/// The discrete actions of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionSpace {
    /// Plain indices, for test games.
    Discrete {
        /// Number of actions.
        actions: u32,
    },
    /// (service, change): `services · (2α + 1)` actions.
    Defender {
        /// Number of services.
        services: u32,
        /// Largest change α.
        alpha: u32,
    },
    /// (entry point, rate change, data change): `entry_points · 15` actions.
    Attacker {
        /// Number of entry points.
        entry_points: u32,
    },
}

const RATE_LEVELS: u32 = 5;
const DATA_LEVELS: u32 = 3;

impl ActionSpace {
    /// Number of actions.
    ///
    /// ```
    /// use karma_core::ActionSpace;
    /// assert_eq!(ActionSpace::Defender { services: 4, alpha: 3 }.len(), 28); // the paper's example
    /// assert_eq!(ActionSpace::Attacker { entry_points: 2 }.len(), 30);
    /// ```
    pub const fn len(self) -> usize {
        match self {
            Self::Discrete { actions } => actions as usize,
            Self::Defender { services, alpha } => services as usize * (2 * alpha as usize + 1),
            Self::Attacker { entry_points } => entry_points as usize * (RATE_LEVELS * DATA_LEVELS) as usize,
        }
    }

    /// Whether there is no action at all.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The defender action with this index; `None` if the space is not a defender's or the index is outside.
    #[expect(clippy::cast_possible_wrap, reason = "changes are at most alpha, which is small")]
    pub fn defender(self, action: Action) -> Option<DefenderAction> {
        let Self::Defender { alpha, .. } = self else { return None };
        ((action.0 as usize) < self.len()).then(|| DefenderAction {
            service: ServiceId::from_index((action.0 / (2 * alpha + 1)) as usize),
            replica_change: (action.0 % (2 * alpha + 1)) as i32 - alpha as i32,
        })
    }

    /// The index of a defender action; `None` if it lies outside of the space.
    #[expect(clippy::cast_possible_wrap, clippy::cast_sign_loss, reason = "checked against alpha first")]
    pub fn encode_defender(self, action: DefenderAction) -> Option<Action> {
        let Self::Defender { services, alpha } = self else { return None };
        let inside =
            action.service.index() < services as usize && action.replica_change.unsigned_abs() <= alpha;
        let (row, width) = (u32::try_from(action.service.index()).ok()?, 2 * alpha + 1);
        inside.then(|| Action(row * width + (action.replica_change + alpha as i32) as u32))
    }

    /// Whether an action does nothing: a change of 0 for a defender; of a plain index nobody knows.
    pub fn is_no_op(self, action: Action) -> bool {
        match self {
            Self::Discrete { .. } => false,
            Self::Defender { .. } => self.defender(action).is_some_and(|action| action.replica_change == 0),
            Self::Attacker { .. } => {
                self.attacker(action).is_some_and(|action| action.rate_change == 0 && action.data_change == 0)
            }
        }
    }

    /// The attacker action with this index; `None` if the space is not an attacker's or the index is outside.
    #[expect(clippy::cast_possible_wrap, reason = "a level is at most 4")]
    pub fn attacker(self, action: Action) -> Option<AttackerAction> {
        let Self::Attacker { .. } = self else { return None };
        ((action.0 as usize) < self.len()).then(|| AttackerAction {
            entry_point: EntryPointId::from_index((action.0 / (RATE_LEVELS * DATA_LEVELS)) as usize),
            rate_change: (action.0 / DATA_LEVELS % RATE_LEVELS) as i32 - 2,
            data_change: action.0 % DATA_LEVELS,
        })
    }
}

/// Which actions an agent may take. Never empty when an environment hands it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionMask(Vec<bool>);

impl ActionMask {
    /// Every action of `space`.
    pub fn all(space: ActionSpace) -> Self {
        Self(vec![true; space.len()])
    }

    /// The actions for which `legal` holds.
    pub fn from_fn(space: ActionSpace, mut legal: impl FnMut(Action) -> bool) -> Self {
        Self((0u32..).take(space.len()).map(|index| legal(Action(index))).collect())
    }

    /// Whether `action` may be taken; an index outside may not.
    pub fn allows(&self, action: Action) -> bool {
        self.0.get(action.0 as usize).copied().unwrap_or(false)
    }

    /// The actions that both masks allow; those beyond the shorter mask are not.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| *a && *b).collect())
    }

    /// Number of actions that may be taken.
    pub fn legal_count(&self) -> usize {
        self.0.iter().filter(|legal| **legal).count()
    }

    /// One flag for each action.
    pub fn as_slice(&self) -> &[bool] {
        &self.0
    }

    /// The actions that may be taken, in order.
    pub fn legal(&self) -> impl Iterator<Item = Action> + '_ {
        (0u32..).zip(&self.0).filter(|(_, legal)| **legal).map(|(index, _)| Action(index))
    }
}

/// A joint action that an environment cannot take.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ActionError {
    /// The joint action has the wrong length.
    #[error("the joint action has {got} actions, the environment has {expected} agents")]
    WrongAgents {
        /// Length of the joint action.
        got: usize,
        /// Number of agents.
        expected: usize,
    },
    /// An index lies outside of its agent's space.
    #[error("agent {agent} has actions 0 to {last}, but its action is {action}")]
    OutOfRange {
        /// Position of the agent.
        agent: usize,
        /// Its action.
        action: u32,
        /// The last action of its space.
        last: usize,
    },
    /// The episode is over.
    #[error("the episode has ended: call reset before the next step")]
    EpisodeOver,
}

/// What a team's moves amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetChange {
    /// Change of each service, within ±α.
    pub changes: PerService<i32>,
    /// Services on which two agents pulled in opposite directions.
    pub conflicts: u32,
}

/// Sums the moves of a team (`decisions.md` §5): changes of one service are added and clamped to ±α. Where two
/// agents pull in opposite directions, only the side of the most authoritative one counts (`authority`: one
/// rank for each move, higher decides; equal ranks cancel out by summing), and a conflict is counted.
pub fn net_change(moves: &[DefenderAction], authority: &[u32], services: usize, alpha: u32) -> NetChange {
    let mut net = NetChange { changes: PerService::filled(0, services), conflicts: 0 };
    for service in net.changes.ids() {
        let (up, down) = (side(moves, authority, service, 1), side(moves, authority, service, -1));
        net.conflicts += u32::from(up.sum != 0 && down.sum != 0);
        let sum = match up.rank.cmp(&down.rank) {
            std::cmp::Ordering::Greater => up.sum,
            std::cmp::Ordering::Less => down.sum,
            std::cmp::Ordering::Equal => up.sum + down.sum,
        };
        let alpha = i32::try_from(alpha).unwrap_or(i32::MAX);
        net.changes[service] = sum.clamp(-alpha, alpha);
    }
    net
}

/// All moves of one direction on one service: their sum and the highest rank behind them.
struct Side {
    sum: i32,
    rank: Option<u32>,
}

fn side(moves: &[DefenderAction], authority: &[u32], service: ServiceId, sign: i32) -> Side {
    let mut side = Side { sum: 0, rank: None };
    for (action, rank) in moves.iter().zip(authority) {
        if action.service == service && action.replica_change.signum() == sign {
            side.sum = side.sum.saturating_add(action.replica_change);
            side.rank = side.rank.max(Some(*rank));
        }
    }
    side
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scale(service: usize, replica_change: i32) -> DefenderAction {
        DefenderAction { service: ServiceId::from_index(service), replica_change }
    }

    #[test]
    fn moves_on_one_service_add_up_within_alpha() {
        let net = net_change(&[scale(0, 2), scale(0, 3), scale(1, -1)], &[1, 2, 3], 2, 3);
        assert_eq!(net.changes.as_slice(), &[3, -1]);
        assert_eq!(net.conflicts, 0);
    }

    #[test]
    fn authority_decides_between_opposite_moves() {
        let net = net_change(&[scale(0, 2), scale(0, -3)], &[1, 2], 1, 3);
        assert_eq!((net.changes.as_slice(), net.conflicts), (&[-3][..], 1));
    }

    #[test]
    fn equal_authority_sums_opposite_moves() {
        let net = net_change(&[scale(0, 2), scale(0, -3)], &[1, 1], 1, 3);
        assert_eq!((net.changes.as_slice(), net.conflicts), (&[-1][..], 1));
    }

    #[test]
    fn the_papers_attacker_examples_decode() {
        let space = ActionSpace::Attacker { entry_points: 3 };
        let action = space.attacker(Action(2 * 15)).unwrap();
        assert_eq!(
            action,
            AttackerAction { entry_point: EntryPointId::from_index(2), rate_change: -2, data_change: 0 }
        );
        assert_eq!(space.attacker(Action(45)), None);
    }

    proptest! {
        #[test]
        fn encoding_is_a_bijection(services in 1u32..50, alpha in 0u32..6, pick: u32) {
            let space = ActionSpace::Defender { services, alpha };
            let action = Action(pick % u32::try_from(space.len()).unwrap());
            prop_assert_eq!(space.encode_defender(space.defender(action).unwrap()), Some(action));
        }

        #[test]
        fn the_net_change_never_exceeds_alpha(moves in prop::collection::vec((0usize..3, -9i32..=9), 0..8), alpha in 0u32..5) {
            let moves: Vec<_> = moves.into_iter().map(|(s, c)| scale(s, c)).collect();
            let ranks: Vec<u32> = (0u32..).take(moves.len()).collect();
            let net = net_change(&moves, &ranks, 3, alpha);
            prop_assert!(net.changes.iter().all(|change| change.unsigned_abs() <= alpha));
        }
    }
}
