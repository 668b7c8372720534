//! What changes while an organisation runs: the facts. Nothing is derived here and nothing is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::breach::RecordedBreach;
use super::ledger::Ledger;
use crate::organization::{GoalId, GroupId, MissionId, RoleId, SchemeId};

/// All facts of a running organisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// The time of the last operation.
    pub(super) now: Duration,
    pub(super) groups: BTreeMap<String, GroupInstance>,
    pub(super) schemes: BTreeMap<String, SchemeInstance>,
    /// Who plays what where, in the order of adoption.
    pub(super) players: Vec<RolePlayer>,
    pub(super) ledger: Ledger,
    /// Breaches of properties that are managed by prohibition, in the order in which they happened.
    pub(super) breaches: Vec<RecordedBreach>,
}

/// A group that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupInstance {
    /// Which kind of group it is.
    pub specification: GroupId,
    /// Name of the group that it is in.
    pub parent: Option<String>,
}

/// An agent that plays a role in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolePlayer {
    /// Name of the agent.
    pub agent: String,
    /// The role.
    pub role: RoleId,
    /// Name of the group.
    pub group: String,
}

/// A scheme that is being carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeInstance {
    /// Which kind of scheme it is.
    pub specification: SchemeId,
    /// Names of the groups that were made responsible for it; their subgroups are responsible with them.
    pub responsible: BTreeSet<String>,
    /// Who is committed to which mission.
    pub commitments: BTreeSet<(String, MissionId)>,
    /// Who has done which goal.
    pub done: BTreeSet<(GoalId, String)>,
    /// Goals that are satisfied.
    pub satisfied: BTreeSet<GoalId>,
    /// Goals that failed and were neither released nor reset.
    pub failed: BTreeSet<GoalId>,
    /// Goals that nobody needs to achieve any more.
    pub released: BTreeSet<GoalId>,
    /// Goals that cannot be achieved any more.
    pub impossible: BTreeSet<GoalId>,
    /// Values of the goals' arguments.
    pub arguments: BTreeMap<GoalId, BTreeMap<String, String>>,
    /// Exceptions that were raised.
    pub raised: Vec<GivenReport>,
    /// Accounts that were given.
    pub accounts: Vec<GivenReport>,
}

impl SchemeInstance {
    pub(super) const fn new(specification: SchemeId) -> Self {
        Self {
            specification,
            responsible: BTreeSet::new(),
            commitments: BTreeSet::new(),
            done: BTreeSet::new(),
            satisfied: BTreeSet::new(),
            failed: BTreeSet::new(),
            released: BTreeSet::new(),
            impossible: BTreeSet::new(),
            arguments: BTreeMap::new(),
            raised: Vec::new(),
            accounts: Vec::new(),
        }
    }

    /// How many agents are committed to a mission.
    pub(super) fn agents_of(&self, mission: MissionId) -> usize {
        self.commitments.iter().filter(|(_, committed)| *committed == mission).count()
    }
}

/// An exception that was raised, or an account that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenReport {
    /// Name of the report in its notification policy.
    pub report: String,
    /// Who gave it.
    pub agent: String,
    /// What it says, as terms such as `index(3)`.
    pub arguments: Vec<String>,
}
