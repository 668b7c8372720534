//! Goals: states in which successful episodes linger.
//!
//! # What it solves
//! The paper (its section III.D) takes the states that successful trajectories visit, groups them by k-means, and calls a group
//! a goal if it is visited often enough: g = {s : P(s) > ε}. A state that *every* episode visits is no goal, whatever it is
//! visited for, so we ask for more: success must make it likelier.
//!
//! # How
//! 1. A state is a point of a few numbers about the whole system that the expression language of karma-org can say
//!    ([`Feature`]), each divided by its standard deviation. States with gaps are left out.
//! 2. k-means for k = 2 … [`GoalsParams::max_goals`]; the k of the greatest mean silhouette.
//! 3. A group is a goal if at least ε of the successful episodes visit it, and their share of decisions spent there is at
//!    least [`GoalsParams::least_lift`] times that of all episodes.
//! 4. Its value is −Σ ((x − c) / s)² / (9 m) over the m features that set it apart most: 0 at the centre, −1 three standard
//!    deviations away in each of them. That is an expression, so it trains the next team.
//! 5. A role leads to a goal if the chance to be there after its agents moved something is higher than after they held, by
//!    [`GoalsParams::least_lift`].
//!
//! # Cost
//! O(k · n) for each turn of k-means on n states, and silhouettes of at most [`GoalsParams::sampled`] of them, O(sampled²).

mod features;
mod params;
mod paths;
#[cfg(test)]
mod tests;

use karma_core::SeedTree;
use serde::Serialize;

pub use features::Feature;
pub use params::{GoalsConfig, GoalsParams};

use crate::cluster::{ClusterError, KMeans, KMeansParams, Partition, Points, kmeans, silhouette};
use crate::distance::DistanceMatrix;
use crate::inference::{InferredGoal, RoleDraft};
use crate::recordings::Recordings;
use features::Scales;

/// A goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Goal {
    /// Its name: `goal_1` is the first that successful episodes reach.
    pub name: String,
    /// What it is like to be there, in words.
    pub description: String,
    /// How near a state is, 0 to −1, in the expression language of karma-org.
    pub value: String,
    /// Share of the successful episodes that visit it.
    pub support: f64,
    /// Share of the decisions of successful episodes that are taken there, over that of all episodes.
    pub lift: f64,
    /// Roles that lead there, by the place of their draft.
    pub roles: Vec<usize>,
}

/// The goals of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Goals {
    /// The goals, in the order in which successful episodes first reach them.
    pub goals: Vec<Goal>,
    /// Whether most successful episodes reach them one after the other, in this order.
    pub in_sequence: bool,
    /// How much of the difference between states their groups explain (see [`crate::fit`]).
    pub functional_fit: Option<f64>,
    /// Groups of states that were looked at.
    pub groups: usize,
}

impl Goals {
    /// The goals of a recording, and which of `roles` lead there. None where fewer states than [`GoalsParams::max_goals`] have
    /// no gaps: a live cluster may not measure success or latency.
    ///
    /// # Errors
    /// If the states cannot be clustered.
    pub fn find(
        recordings: &Recordings,
        roles: &[RoleDraft],
        config: &GoalsConfig,
        seed: SeedTree,
    ) -> Result<Self, ClusterError> {
        let visits = features::visits(recordings);
        if visits.len() < config.params().max_goals {
            return Ok(Self { goals: Vec::new(), in_sequence: false, functional_fit: None, groups: 0 });
        }
        let scales = Scales::of(&visits);
        let points = scales.points(&visits)?;
        let (groups, functional_fit) = group(&points, config, seed.child("goals"))?;
        let found = paths::Paths::new(recordings, &visits, &groups.labels);
        let mut goals = Vec::new();
        for at in found.by_first_visit() {
            let (support, lift) = (found.support(at), found.lift(at));
            if support < config.params().epsilon || lift < config.params().least_lift {
                continue;
            }
            let centre = groups.centroids.row(at);
            goals.push((
                at,
                Goal {
                    name: format!("goal_{}", goals.len() + 1),
                    description: scales.describe(centre),
                    value: scales.value(centre),
                    support,
                    lift,
                    roles: found.led_by(at, roles, config.params().least_lift),
                },
            ));
        }
        let order: Vec<usize> = goals.iter().map(|(at, _)| *at).collect();
        let in_sequence = found.in_sequence(&order);
        let goals = goals.into_iter().map(|(_, goal)| goal).collect();
        Ok(Self { goals, in_sequence, functional_fit, groups: groups.centroids.len() })
    }

    /// The goals as an organisation has them.
    pub fn inferred(&self) -> Vec<InferredGoal> {
        let goal = |goal: &Goal| InferredGoal {
            name: goal.name.clone(),
            description: goal.description.clone(),
            value: goal.value.clone(),
            roles: goal.roles.clone(),
        };
        self.goals.iter().map(goal).collect()
    }
}

/// The grouping of the greatest silhouette, and the share of the spread that it explains.
fn group(
    points: &Points,
    config: &GoalsConfig,
    seed: SeedTree,
) -> Result<(KMeans, Option<f64>), ClusterError> {
    let step = points.len().div_ceil(config.params().sampled).max(1);
    let sampled: Vec<usize> = (0..points.len()).step_by(step).collect();
    let distances = DistanceMatrix::from_fn(sampled.len(), |i, j| {
        let (a, b) = (points.row(sampled[i]), points.row(sampled[j]));
        #[expect(clippy::cast_possible_truncation, reason = "distances are kept in single precision")]
        let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() as f32;
        distance
    });
    let mut best: Option<(f64, KMeans, Partition)> = None;
    for groups in 2..=config.params().max_goals {
        let kmeans_config = KMeansParams { groups, ..KMeansParams::default() }.check()?;
        let found = kmeans(points, &kmeans_config, seed)?;
        let partition = Partition::of_labels(sampled.iter().map(|at| found.labels[*at]));
        let score = if partition.groups() < 2 { -1.0 } else { silhouette(&distances, &partition)?.mean };
        if best.as_ref().is_none_or(|(least, ..)| score > *least) {
            best = Some((score, found, partition));
        }
    }
    let (_, found, partition) = best.ok_or(ClusterError::NoGroups)?;
    Ok((found, crate::fit::explained_spread(&distances, &partition)))
}
