//! What an operation changed by itself: states of goals, and formation.

use std::collections::BTreeMap;

use super::event::Event;
use super::goal_state::GoalState;
use super::view::View;
use crate::organization::GoalId;

/// All that is derived from the facts and worth telling when it changes.
#[derive(Debug)]
pub(super) struct Survey {
    goals: BTreeMap<String, BTreeMap<GoalId, GoalState>>,
    groups: BTreeMap<String, bool>,
    schemes: BTreeMap<String, bool>,
}

impl Survey {
    pub(super) fn of(view: View<'_>) -> Self {
        let groups = view.state.groups.iter();
        let schemes = || view.state.schemes.iter();
        Self {
            groups: groups
                .map(|(name, group)| (name.clone(), view.group_faults(name, group).is_empty()))
                .collect(),
            schemes: schemes()
                .map(|(name, scheme)| (name.clone(), view.is_scheme_well_formed(name, scheme)))
                .collect(),
            goals: schemes().map(|(name, _)| (name.clone(), view.goal_states(name))).collect(),
        }
    }

    /// What is different now. New groups, schemes and goals are compared with ill-formed and waiting ones.
    pub(super) fn changes(&self, view: View<'_>) -> Vec<Event> {
        let now = Self::of(view);
        let goals = now.goals.iter().flat_map(|(scheme, states)| {
            let before = self.goals.get(scheme);
            states.iter().filter_map(move |(goal, to)| {
                let from = before.and_then(|states| states.get(goal)).copied().unwrap_or(GoalState::Waiting);
                let (scheme, goal) = (scheme.clone(), view.goal_name(*goal).to_owned());
                (from != *to).then_some(Event::GoalChanged { scheme, goal, from, to: *to })
            })
        });
        let groups = changed(&self.groups, &now.groups)
            .map(|(group, well_formed)| Event::GroupFormation { group, well_formed });
        let schemes = changed(&self.schemes, &now.schemes)
            .map(|(scheme, well_formed)| Event::SchemeFormation { scheme, well_formed });
        goals.chain(groups).chain(schemes).collect()
    }
}

fn changed(
    before: &BTreeMap<String, bool>,
    now: &BTreeMap<String, bool>,
) -> impl Iterator<Item = (String, bool)> {
    let before = before.clone();
    let differs = now.iter().filter(move |(name, is)| before.get(*name).copied().unwrap_or(false) != **is);
    differs.map(|(name, is)| (name.clone(), *is))
}

impl View<'_> {
    /// The states of all goals of a scheme.
    pub(super) fn goal_states(self, name: &str) -> BTreeMap<GoalId, GoalState> {
        let Some(scheme) = self.scheme(name) else { return BTreeMap::new() };
        let well_formed = self.is_scheme_well_formed(name, scheme);
        let goals = self.organization.schemes()[scheme.specification].goals.iter();
        goals.map(|goal| (*goal, self.goal_state(name, scheme, *goal, well_formed))).collect()
    }
}
