//! How well behaviour fits an organisation.
//!
//! Two questions, and one number for each. *Does what the agents do fall into roles, and what they reach into goals?* That is
//! structural and functional fit, of an organisation that may have been inferred. *Do they keep to a given organisation?* That
//! is alignment, violations and conflicts, counted again from a recording, so that a team that was trained without an
//! organisation, or on a live cluster, is measured by the same rule as one that was trained under it.
//!
//! # Fit
//! MOISE+MARL (Soulé et al., 2025) calls structural fit the "normalised inverse of the variance within clusters of
//! transitions", functional fit the same of observations, without saying how it is normalised; its code subtracts a tenth
//! of a mean distance from 1, so that the number depends on units. Here both are the share of the spread that groups explain,
//!
//! ```text
//! fit = 1 − W / T      W: mean squared distance of pairs in one group     T: mean squared distance of all pairs
//! ```
//!
//! which has no unit: 1 if items of a group are equal, 0 if groups say nothing, below 0 if they are worse than chance.
//! *Organisational fit* is the mean of the two, as in the authors' later work.

use karma_core::{AgentId, Conduct, DefenderAction, GuideFactory, Id as _, PerAgent, net_change};
use serde::Serialize;

use crate::cluster::Partition;
use crate::distance::DistanceMatrix;
use crate::recordings::{RecordedEpisode, Recordings};

/// Share of the spread of items that their groups explain; `None` if all items are equal, or no two are in one group.
///
/// ```
/// use karma_analyze::fit::explained_spread;
/// use karma_analyze::{DistanceMatrix, Partition};
///
/// let places = [0.0_f32, 1.0, 10.0, 11.0];
/// let distances = DistanceMatrix::from_fn(4, |i, j| (places[i] - places[j]).abs());
/// let fit = explained_spread(&distances, &Partition::of_labels([0, 0, 1, 1])).unwrap();
/// // Within: 1. All pairs: (1 + 100 + 121 + 81 + 100 + 1) / 6.
/// assert!((fit - (1.0 - 6.0 / 404.0)).abs() < 1e-6);
/// ```
///
/// # Panics
/// If there are not as many labels as items.
pub fn explained_spread(distances: &DistanceMatrix, groups: &Partition) -> Option<f64> {
    assert_eq!(distances.len(), groups.len(), "a label for each item");
    let labels = groups.labels();
    let (mut within, mut all, mut pairs) = (0.0, 0.0, 0_u64);
    let mut rest = distances.as_slice();
    for (i, label) in labels.iter().enumerate() {
        let (row, below) = rest.split_at(labels.len() - i - 1);
        rest = below;
        for (distance, other) in row.iter().zip(&labels[i + 1..]) {
            let squared = f64::from(*distance) * f64::from(*distance);
            all += squared;
            if label == other {
                within += squared;
                pairs += 1;
            }
        }
    }
    let mean_of_all = all / distances.as_slice().len().max(1) as f64;
    (pairs > 0 && mean_of_all > 0.0).then(|| 1.0 - within / pairs as f64 / mean_of_all)
}

/// How an organisation fits what was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Fit {
    /// How much of the difference between action sequences the roles explain.
    pub structural: Option<f64>,
    /// How much of the difference between visited states the goals explain.
    pub functional: Option<f64>,
}

impl Fit {
    /// The mean of both; `None` unless both are known.
    #[doc(alias = "OF")]
    pub fn organizational(&self) -> Option<f64> {
        Some(f64::midpoint(self.structural?, self.functional?))
    }
}

/// How the agents of a recording kept to guides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConductReport {
    /// Of each agent. Conflicts concern pairs of agents: they are in the total only.
    pub by_agent: PerAgent<Conduct>,
    /// Of all of them.
    pub total: Conduct,
}

impl ConductReport {
    /// Actions outside of the guides.
    pub const fn violations(&self) -> u64 {
        self.total.actions - self.total.aligned
    }
}

/// Plays the guides along the recorded states and actions, and counts. `authority` ranks the agents where they pull one
/// service in opposite directions.
pub fn conduct(recordings: &Recordings, guides: &GuideFactory, authority: &[u32]) -> ConductReport {
    let agents = recordings.cast().agents.len();
    let mut report =
        ConductReport { by_agent: PerAgent::filled(Conduct::default(), agents), total: Conduct::default() };
    for episode in recordings.episodes() {
        follow(recordings, episode, guides, &mut report);
        report.total.conflicts += conflicts(recordings, episode, authority);
    }
    report.by_agent.iter().for_each(|conduct| report.total += *conduct);
    report
}

fn follow(
    recordings: &Recordings,
    episode: &RecordedEpisode,
    guides: &GuideFactory,
    report: &mut ConductReport,
) {
    let space = recordings.cast().action_space;
    let mut guide = guides.make();
    let Some(first) = episode.trajectory.transitions.first() else { return };
    let mut asks = guide.begin(&first.state);
    for step in &episode.trajectory.transitions {
        for (agent, action) in step.actions.iter().enumerate() {
            let agent = AgentId::from_index(agent);
            if let Some(guided) = asks.allowed.get(agent) {
                report.by_agent[agent].count(guided, space, *action);
            }
        }
        asks = guide.advance(&step.actions, &step.next_state);
    }
}

/// Services that two agents pulled in opposite directions, decision by decision.
fn conflicts(recordings: &Recordings, episode: &RecordedEpisode, authority: &[u32]) -> u64 {
    let (cast, steps) = (recordings.cast(), &episode.trajectory.transitions);
    let count = |step: &karma_core::Transition| {
        let moves: Vec<DefenderAction> =
            step.actions.iter().filter_map(|action| cast.action_space.defender(*action)).collect();
        u64::from(net_change(&moves, authority, cast.services.len(), u32::MAX).conflicts)
    };
    steps.iter().map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::testing::{cast, episode};
    use karma_core::{ActionMask, Guidance, Guide, Guided, Hardness, JointAction, State};
    use proptest::prelude::*;

    /// Both agents may hold; the first may scale up as well.
    struct Asks;

    impl Guide for Asks {
        fn begin(&mut self, _: &State) -> Guidance {
            let space = cast().action_space;
            let guided = |most: u32| Guided {
                mask: ActionMask::from_fn(space, |action| (3..=most).contains(&action.0)),
                hardness: Hardness::HARD,
            };
            Guidance { allowed: vec![guided(6), guided(3)].into(), shaping: PerAgent::filled(0.0, 2) }
        }

        fn advance(&mut self, _: &JointAction, next: &State) -> Guidance {
            self.begin(next)
        }
    }

    #[test]
    fn alignment_violations_and_conflicts_are_counted_from_a_recording() {
        let mut recordings = Recordings::new(cast());
        // +1 and hold; +2 against -1; hold and hold.
        recordings.push(episode("ddos", &[[4, 3], [5, 2], [3, 3]])).unwrap();
        let report = conduct(&recordings, &GuideFactory::new(|| Box::new(Asks)), &[1, 2]);
        assert_eq!((report.total.actions, report.total.aligned, report.violations()), (6, 5, 1));
        assert_eq!((report.total.informative, report.total.informative_aligned), (3, 3));
        assert_eq!(report.total.conflicts, 1);
        let second = report.by_agent.as_slice()[1];
        assert_eq!((second.actions, second.aligned, second.informative), (3, 2, 0));
    }

    #[test]
    fn groups_that_say_nothing_explain_nothing() {
        let places = [0.0_f32, 1.0, 0.0, 1.0];
        let distances = DistanceMatrix::from_fn(4, |i, j| (places[i] - places[j]).abs());
        assert_eq!(explained_spread(&distances, &Partition::of_labels([0, 1, 0, 1])), Some(1.0));
        assert_eq!(explained_spread(&distances, &Partition::of_labels([0; 4])), Some(0.0));
        assert!(explained_spread(&distances, &Partition::of_labels([0, 0, 1, 1])).unwrap() < 0.0);
        assert_eq!(explained_spread(&distances, &Partition::of_labels([0, 1, 2, 3])), None);
        let same = DistanceMatrix::from_fn(3, |_, _| 0.0);
        assert_eq!(explained_spread(&same, &Partition::of_labels([0; 3])), None);
    }

    #[test]
    fn organisational_fit_needs_both_parts() {
        let fit = Fit { structural: Some(0.8), functional: Some(0.6) };
        assert!((fit.organizational().unwrap() - 0.7).abs() < 1e-12);
        assert_eq!(Fit { functional: None, ..fit }.organizational(), None);
    }

    proptest! {
        #[test]
        fn fit_has_no_unit(places in prop::collection::vec(-5.0_f32..5.0, 4..20), scale in 0.5_f32..4.0) {
            let groups = Partition::of_labels((0..places.len()).map(|at| at % 2));
            let fit = |scale: f32| {
                let distances = DistanceMatrix::from_fn(places.len(), |i, j| scale * (places[i] - places[j]).abs());
                explained_spread(&distances, &groups)
            };
            let (one, other) = (fit(1.0), fit(scale));
            prop_assert!(one.zip(other).is_none_or(|(a, b)| (a - b).abs() < 1e-3 && a <= 1.0), "{one:?} {other:?}");
        }
    }
}
