//! How many roles there are: a cut of the tree, and cuts of what it leaves.

use super::{RolesError, RolesParams};
use crate::cluster::{Dendrogram, Linkage, Partition, best_cut, linkage, silhouette};
use crate::distance::DistanceMatrix;

/// Groups of items.
pub(super) struct Grouping {
    pub(super) tree: Dendrogram,
    pub(super) silhouettes: Vec<f64>,
    pub(super) partition: Partition,
}

/// Cuts where the mean silhouette is greatest, then each group again, as long as the cut is clear and the parts lie far
/// enough apart. One cut alone prefers few groups where some roles resemble each other more than others do.
pub(super) fn group(distances: &DistanceMatrix, params: &RolesParams) -> Result<Grouping, RolesError> {
    let tree = linkage(distances, Linkage::Ward)?;
    let silhouettes = best_cut(distances, &tree, params.max_roles)?.scores;
    let height = tree.merges().last().map_or(0.0, |merge| merge.height);
    let grouper = Grouper {
        distances,
        params,
        least_height: params.resolution * height,
        least_items: (distances.len() / 40).max(3),
    };
    let mut open = vec![(0..distances.len()).collect::<Vec<usize>>()];
    let mut groups: Vec<Vec<usize>> = Vec::new();
    while let Some(items) = open.pop() {
        let room = params.max_roles - groups.len() - open.len();
        match grouper.parts(&items, room)? {
            Some(parts) => open.extend(parts),
            None => groups.push(items),
        }
    }
    let mut labels = vec![0; distances.len()];
    for (group, items) in groups.iter().enumerate() {
        for item in items {
            labels[*item] = group;
        }
    }
    Ok(Grouping { tree, silhouettes, partition: Partition::of_labels(labels) })
}

/// What chance adds to the silhouette of a few items: 24 that differ at random were cut with up to 0.13, a hundred with 0.04.
const CHANCE: f64 = 0.35;

struct Grouper<'a> {
    distances: &'a DistanceMatrix,
    params: &'a RolesParams,
    least_height: f32,
    /// What shows less often is an exception to another role.
    least_items: usize,
}

impl Grouper<'_> {
    /// The parts of items that are no single group, `room` at most.
    fn parts(&self, items: &[usize], room: usize) -> Result<Option<Vec<Vec<usize>>>, RolesError> {
        if items.len() < 2 * self.least_items || room < 2 {
            return Ok(None);
        }
        let within = DistanceMatrix::from_fn(items.len(), |i, j| self.distances.get(items[i], items[j]));
        let tree = linkage(&within, Linkage::Ward)?;
        let most = tree.cut_at(self.least_height).groups().min(8 * room);
        let mut best: Option<(f64, Partition)> = None;
        for groups in 2..=most {
            let cut = self.without_exceptions(&within, tree.cut_into(groups)?);
            if (2..=room).contains(&cut.groups()) {
                let score = silhouette(&within, &cut)?.mean;
                if best.as_ref().is_none_or(|(least, _)| score > *least) {
                    best = Some((score, cut));
                }
            }
        }
        let clear = best.filter(|(score, _)| {
            *score >= self.params.least_silhouette + CHANCE / (items.len() as f64).sqrt()
        });
        let parts = |cut: &Partition, group| cut.members(group).map(|at| items[at]).collect();
        Ok(clear.map(|(_, cut)| (0..cut.groups()).map(|group| parts(&cut, group)).collect()))
    }

    /// The same groups, but items of small ones go to the nearest large one.
    fn without_exceptions(&self, within: &DistanceMatrix, cut: Partition) -> Partition {
        let members: Vec<Vec<usize>> = (0..cut.groups()).map(|group| cut.members(group).collect()).collect();
        let large: Vec<usize> =
            (0..members.len()).filter(|group| members[*group].len() >= self.least_items).collect();
        if large.len() == members.len() || large.is_empty() {
            return cut;
        }
        let mean = |item: usize, group: usize| -> f64 {
            let others = members[group].iter().map(|other| f64::from(within.get(item, *other)));
            others.sum::<f64>() / members[group].len() as f64
        };
        let label = |(item, group): (usize, &usize)| {
            let nearest = |a: &&usize, b: &&usize| mean(item, **a).total_cmp(&mean(item, **b));
            if large.contains(group) {
                *group
            } else {
                large.iter().min_by(nearest).copied().unwrap_or(*group)
            }
        };
        Partition::of_labels(cut.labels().iter().enumerate().map(label))
    }
}
