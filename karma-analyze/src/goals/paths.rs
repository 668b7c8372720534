//! Which episodes visit which group of states, when, and after whose moves.

use karma_core::Transition;

use super::features::Visit;
use crate::inference::RoleDraft;
use crate::recordings::Recordings;

/// The visits of all episodes to groups of states.
pub(super) struct Paths<'a> {
    recordings: &'a Recordings,
    visits: &'a [Visit],
    /// The group of each visit.
    labels: &'a [usize],
    /// Which episodes went well.
    successes: Vec<bool>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(recordings: &'a Recordings, visits: &'a [Visit], labels: &'a [usize]) -> Self {
        Self { recordings, visits, labels, successes: recordings.successes() }
    }

    fn of(&self, group: usize) -> impl Iterator<Item = &Visit> {
        self.visits.iter().zip(self.labels).filter(move |(_, label)| **label == group).map(|(visit, _)| visit)
    }

    /// First step at which each successful episode is in a group; `None` for those that never are.
    fn first_visits(&self, group: usize) -> Vec<Option<usize>> {
        let mut first = vec![None; self.successes.len()];
        for visit in self.of(group).filter(|visit| self.successes[visit.episode]) {
            first[visit.episode].get_or_insert(visit.step);
        }
        let succeeded = first.into_iter().zip(&self.successes).filter(|(_, success)| **success);
        succeeded.map(|(step, _)| step).collect()
    }

    /// Share of the successful episodes that visit a group.
    pub(super) fn support(&self, group: usize) -> f64 {
        let first = self.first_visits(group);
        first.iter().flatten().count() as f64 / first.len().max(1) as f64
    }

    /// Share of the visits of successful episodes that are to a group, over that of all episodes.
    pub(super) fn lift(&self, group: usize) -> f64 {
        let of_success = |visit: &&Visit| self.successes[visit.episode];
        let (here, here_in_success) = (self.of(group).count(), self.of(group).filter(of_success).count());
        let in_success = self.visits.iter().filter(of_success).count();
        ratio(here_in_success, in_success) / ratio(here, self.visits.len()).max(f64::MIN_POSITIVE)
    }

    /// The groups that successful episodes visit, those that they reach first before the others.
    pub(super) fn by_first_visit(&self) -> Vec<usize> {
        let groups = self.labels.iter().max().map_or(0, |most| most + 1);
        let mut order: Vec<(f64, usize)> = Vec::new();
        for group in 0..groups {
            let mut first: Vec<usize> = self.first_visits(group).into_iter().flatten().collect();
            first.sort_unstable();
            if let Some(median) = first.get(first.len() / 2) {
                order.push((*median as f64, group));
            }
        }
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        order.into_iter().map(|(_, group)| group).collect()
    }

    /// Whether at least four of five successful episodes that reach two neighbours of `order` reach them in this order.
    pub(super) fn in_sequence(&self, order: &[usize]) -> bool {
        let ordered = |pair: &[usize]| {
            let both = self.first_visits(pair[0]).into_iter().zip(self.first_visits(pair[1]));
            let both: Vec<(usize, usize)> = both.filter_map(|(a, b)| Some((a?, b?))).collect();
            let kept = both.iter().filter(|(a, b)| a < b).count();
            !both.is_empty() && ratio(kept, both.len()) >= 0.8
        };
        order.len() > 1 && order.windows(2).all(ordered)
    }

    /// Roles after whose moves a group is reached more often than after they held, by a factor.
    pub(super) fn led_by(&self, group: usize, roles: &[RoleDraft], least: f64) -> Vec<usize> {
        let leads = |role: &RoleDraft| {
            let (mut after, mut moved) = (0, 0);
            let (mut otherwise, mut held) = (0, 0);
            for (visit, label) in self.visits.iter().zip(self.labels) {
                let here = usize::from(*label == group);
                if self.moves(role, visit) {
                    (after, moved) = (after + here, moved + 1);
                } else {
                    (otherwise, held) = (otherwise + here, held + 1);
                }
            }
            moved > 0 && ratio(after, moved) >= least * ratio(otherwise, held)
        };
        roles.iter().enumerate().filter(|(_, role)| leads(role)).map(|(place, _)| place).collect()
    }

    /// Whether an agent of the role moved something in the step that led to a visit.
    fn moves(&self, role: &RoleDraft, visit: &Visit) -> bool {
        let step: &Transition = &self.recordings.episodes()[visit.episode].trajectory.transitions[visit.step];
        let space = self.recordings.cast().action_space;
        role.agents
            .iter()
            .any(|agent| step.actions.get(*agent).is_some_and(|action| !space.is_no_op(*action)))
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
