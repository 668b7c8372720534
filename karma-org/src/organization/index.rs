//! Elements by name.

use std::collections::BTreeMap;

use karma_core::IdVec;

use super::{GoalId, GoalNode, GroupId, MissionId, MissionNode, RoleId, SchemeId};

/// Names of all elements: O(log n) look-ups. Goals and missions are unique in their scheme only, so that a name may
/// stand for several of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Index {
    pub(crate) roles: BTreeMap<String, RoleId>,
    pub(crate) groups: BTreeMap<String, GroupId>,
    pub(crate) schemes: BTreeMap<String, SchemeId>,
    pub(crate) goals: BTreeMap<String, Vec<GoalId>>,
    pub(crate) missions: BTreeMap<String, Vec<MissionId>>,
}

impl Index {
    pub(crate) fn goal(&self, goals: &IdVec<GoalId, GoalNode>, scheme: SchemeId, id: &str) -> Option<GoalId> {
        self.goals.get(id)?.iter().copied().find(|goal| goals[*goal].scheme == scheme)
    }

    pub(crate) fn mission(
        &self,
        missions: &IdVec<MissionId, MissionNode>,
        scheme: SchemeId,
        id: &str,
    ) -> Option<MissionId> {
        self.missions.get(id)?.iter().copied().find(|mission| missions[*mission].scheme == scheme)
    }

    /// The missions that `name` may stand for: `mission`, or `scheme.mission`. Names may contain dots themselves,
    /// so that every dot may be the one that separates.
    pub(crate) fn missions_named(
        &self,
        missions: &IdVec<MissionId, MissionNode>,
        name: &str,
    ) -> Vec<MissionId> {
        let bare = self.missions.get(name).into_iter().flatten().copied();
        let prefixed = name.match_indices('.').filter_map(|(dot, _)| {
            let scheme = *self.schemes.get(&name[..dot])?;
            self.mission(missions, scheme, &name[dot + 1..])
        });
        bare.chain(prefixed).collect()
    }
}
