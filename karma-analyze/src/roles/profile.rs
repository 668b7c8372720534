//! What a role does how often, and a name for it.

use std::collections::BTreeMap;

use karma_core::{Action, ServiceId};
use serde::Serialize;

use crate::recordings::Cast;

/// Kinds of actions: how much a service is scaled by is one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Changes nothing.
    Hold,
    /// Adds replicas to a service.
    Grow(ServiceId),
    /// Takes replicas from a service.
    Shrink(ServiceId),
    /// An action of a game that is no cluster.
    Other(Action),
}

/// Share of each kind of action, the most frequent first; they sum up to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Profile(Vec<(Kind, f64)>);

impl Kind {
    /// The kind of an action.
    pub fn of(cast: &Cast, action: Action) -> Self {
        match cast.action_space.defender(action) {
            _ if cast.action_space.is_no_op(action) => Self::Hold,
            Some(moved) if moved.replica_change > 0 => Self::Grow(moved.service),
            Some(moved) => Self::Shrink(moved.service),
            None => Self::Other(action),
        }
    }

    /// In words: "hold", "grow auth".
    pub fn words(self, cast: &Cast) -> String {
        let name = |service: ServiceId| cast.services.get(service).map_or("?", String::as_str);
        match self {
            Self::Hold => "hold".to_owned(),
            Self::Grow(service) => format!("grow {}", name(service)),
            Self::Shrink(service) => format!("shrink {}", name(service)),
            Self::Other(action) => format!("action {}", action.0),
        }
    }
}

impl Profile {
    /// The profile of actions.
    pub fn of(cast: &Cast, actions: impl IntoIterator<Item = Action>) -> Self {
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        for action in actions {
            *counts.entry(Kind::of(cast, action)).or_default() += 1;
        }
        let total = counts.values().sum::<usize>().max(1) as f64;
        let mut shares: Vec<(Kind, f64)> =
            counts.into_iter().map(|(kind, count)| (kind, count as f64 / total)).collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        Self(shares)
    }

    /// The kinds with their shares, the most frequent first.
    pub fn shares(&self) -> &[(Kind, f64)] {
        &self.0
    }

    /// Share of the actions for which `holds`.
    fn share(&self, holds: impl Fn(Kind) -> bool) -> f64 {
        self.0.iter().filter(|(kind, _)| holds(*kind)).map(|(_, share)| share).sum()
    }

    /// What the role mostly does, in a word that can name a role: `hold` where it hardly ever moves (less than once in
    /// twenty), `grow_auth` where most of its moves are of one kind, else `grow`, `shrink` or `balance`.
    pub fn name(&self, cast: &Cast) -> String {
        let moves = self.share(|kind| kind != Kind::Hold);
        if moves < 0.05 {
            return "hold".to_owned();
        }
        let most = self.0.iter().find(|(kind, _)| *kind != Kind::Hold);
        if let Some((kind, share)) = most
            && *share > 0.5 * moves
        {
            return word(&kind.words(cast));
        }
        let (up, down) = (
            self.share(|kind| matches!(kind, Kind::Grow(_))),
            self.share(|kind| matches!(kind, Kind::Shrink(_))),
        );
        let name = match () {
            () if up >= 0.75 * moves => "grow",
            () if down >= 0.75 * moves => "shrink",
            () if up + down > 0.0 => "balance",
            () => "mix",
        };
        name.to_owned()
    }
}

/// One word of letters, digits and underscores.
fn word(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::testing::cast;

    fn profile(letters: &[u32]) -> Profile {
        Profile::of(&cast(), letters.iter().map(|letter| Action(*letter)))
    }

    #[test]
    fn shares_sum_up_by_kind_whatever_the_amount() {
        let profile = profile(&[3, 4, 6, 0]);
        let words: Vec<(String, f64)> =
            profile.shares().iter().map(|(kind, share)| (kind.words(&cast()), *share)).collect();
        assert_eq!(
            words,
            [("grow API".to_owned(), 0.5), ("hold".to_owned(), 0.25), ("shrink API".to_owned(), 0.25)]
        );
    }

    #[test]
    fn a_role_is_named_after_what_it_mostly_does() {
        let name = |letters: &[u32]| profile(letters).name(&cast());
        assert_eq!(name(&[3; 30]), "hold");
        assert_eq!(name(&[3, 3, 4, 5, 2]), "grow_api");
        assert_eq!(name(&[4, 2]), "balance");
        assert_eq!(name(&[]), "hold");
    }
}
