//! Sets of actions in words.

use std::collections::BTreeMap;

use karma_core::{Action, ActionSpace, Topology};

/// A set of actions as a few phrases: `scale API and Auth by +1..+3`, `change nothing`.
pub(super) fn phrases(
    actions: impl Iterator<Item = Action>,
    space: ActionSpace,
    topology: &Topology,
) -> Vec<String> {
    let mut changes_of: BTreeMap<_, Vec<i32>> = BTreeMap::new();
    for action in actions.filter_map(|action| space.defender(action)) {
        changes_of.entry(action.service).or_default().push(action.replica_change);
    }
    let idle: Vec<&str> = changes_of
        .iter()
        .filter(|(_, changes)| changes.contains(&0))
        .map(|(id, _)| topology.services[*id].name.as_str())
        .collect();
    let mut phrases = match idle.len() {
        0 => Vec::new(),
        all if all == topology.services.len() => vec!["change nothing".to_owned()],
        1 => vec![format!("leave {} as it is", idle[0])],
        _ => vec![format!("leave {} as they are", list(&idle))],
    };
    let mut services_with: BTreeMap<Vec<i32>, Vec<&str>> = BTreeMap::new();
    for (service, mut changes) in changes_of {
        changes.retain(|change| *change != 0);
        if !changes.is_empty() {
            services_with.entry(changes).or_default().push(&topology.services[service].name);
        }
    }
    let scale = |(changes, services): (Vec<i32>, Vec<&str>)| {
        format!("scale {} by {}", list(&services), ranges(&changes))
    };
    phrases.extend(services_with.into_iter().map(scale));
    phrases
}

/// `A`, `A and B`, `A, B and C`.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Ascending changes as ranges: `-1`, `+1..+3`, `-3..-1 or +2`.
fn ranges(changes: &[i32]) -> String {
    let runs = changes.chunk_by(|a, b| a + 1 == *b);
    let range = |run: &[i32]| match run {
        [first, .., last] => format!("{first:+}..{last:+}"),
        [only] => format!("{only:+}"),
        [] => String::new(),
    };
    runs.map(range).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_that_follow_each_other_are_a_range() {
        assert_eq!(ranges(&[-3, -2, -1]), "-3..-1");
        assert_eq!(ranges(&[-1, 1, 2]), "-1 or +1..+2");
        assert_eq!(ranges(&[-2]), "-2");
    }

    #[test]
    fn services_are_listed_as_one_speaks() {
        assert_eq!(list(&["API"]), "API");
        assert_eq!(list(&["API", "Auth", "Orders"]), "API, Auth and Orders");
    }
}
