//! What a role may do, and when: learned from when its agents did it.
//!
//! # What it solves
//! A role action guide says under which condition which actions fit a role. Nobody may have written one; but a trained agent
//! shows it. For each direction (up, down) every decision of the role's agents about every service is a row: what could be
//! seen of the service, and whether it was scaled in that direction. A shallow tree with balanced classes ([`crate::tree`])
//! parts the rows where this was done often from those where it was not. Its leaves, the most active first, become rules until
//! they cover a given share of all such actions; what remains was rare, and is forbidden.
//!
//! # Where this differs from the literature
//! TEMM (Soulé et al., 2025) gives a role the actions of its common sequence, each with the mean observation as its condition.
//! A mean is no condition (half of the observations lie on either side of it), so we learn thresholds, and say how much of
//! the behaviour they cover ([`Rule::recall`]) and how much they exclude ([`Rule::exposure`]).

use std::collections::BTreeSet;

use karma_core::{ActionSpace, AgentId, Id as _, ServiceId, Transition};
use serde::Serialize;

use super::InferenceConfig;
use super::signals::{MISSING, Signal, Signals};
use crate::recordings::Recordings;
use crate::tree::{Bound, Leaf, Samples, Tree, TreeParams, joined};

/// More replicas or fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More.
    Up,
    /// Fewer.
    Down,
}

/// Under a condition a role scales a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// In which direction.
    pub direction: Direction,
    /// By how many replicas at most.
    pub most: u32,
    /// When, in the condition language; always, if there is nothing to tell apart.
    pub when: Option<String>,
    /// Services of which the role hardly ever does this, by name.
    pub except: Vec<String>,
    /// Share of the role's actions in this direction that were taken under the condition.
    pub recall: f64,
    /// Share of all decisions, about any service, at which the condition holds.
    pub exposure: f64,
}

/// Decisions of a role's agents about services, in one direction.
struct Decisions {
    /// A column for each signal.
    columns: Vec<Vec<f64>>,
    acted: Vec<usize>,
    most: u32,
}

/// The rules of a role that these agents play; none for a direction in which they hardly ever act.
pub(super) fn rules(recordings: &Recordings, agents: &[AgentId], config: &InferenceConfig) -> Vec<Rule> {
    let signals = Signals::new(config.period());
    let both = [Direction::Up, Direction::Down];
    both.into_iter()
        .flat_map(|direction| of_direction(recordings, agents, direction, (config, &signals)))
        .collect()
}

fn of_direction(
    recordings: &Recordings,
    agents: &[AgentId],
    direction: Direction,
    (config, signals): (&InferenceConfig, &Signals),
) -> Vec<Rule> {
    let acting = Acting { recordings, agents, direction };
    let actions = acting.by_service();
    let total: usize = actions.iter().sum();
    let params = config.params();
    if total < params.min_actions.max(1) {
        return Vec::new();
    }
    let is_rare = |service: usize| (actions[service] as f64) < params.rare * total as f64;
    let decisions = acting.decisions(signals, &is_rare);
    let tree = TreeParams { max_depth: params.max_depth, min_leaf: params.min_leaf, balanced: true };
    // Signals are finite and labels are 0 and 1, but a role may act rarely on every service.
    let Ok(samples) = Samples::new(&decisions.columns, &decisions.acted, 2) else {
        return Vec::new();
    };
    let leaves = Tree::fit(&samples, &tree).leaves();
    let mut leaves: Vec<Leaf> = leaves.iter().map(|leaf| as_written(leaf, &samples)).collect();
    leaves.sort_by(|a, b| b.share(1).total_cmp(&a.share(1)));
    let kept =
        worth_a_rule(joined(covering(leaves, total, params.coverage), |_, _| true), total, params.rare);
    let services = recordings.cast().services.iter().enumerate();
    let except: Vec<String> =
        services.filter(|(place, _)| is_rare(*place)).map(|(_, name)| name.clone()).collect();
    let all = acting.steps() * actions.len();
    let rule = |leaf: &Leaf| Rule {
        direction,
        most: decisions.most,
        when: condition(&leaf.bounds, signals.as_slice(), &decisions),
        except: except.clone(),
        recall: leaf.counts[1] as f64 / total as f64,
        exposure: leaf.rows() as f64 / all as f64,
    };
    kept.iter().map(rule).collect()
}

/// Who is looked at, and what for.
struct Acting<'a> {
    recordings: &'a Recordings,
    agents: &'a [AgentId],
    direction: Direction,
}

impl Acting<'_> {
    fn steps(&self) -> usize {
        self.recordings.episodes().iter().map(|episode| episode.trajectory.transitions.len()).sum()
    }

    /// Actions of one step: on which service, and by how much.
    fn moved(&self, step: &Transition) -> impl Iterator<Item = (ServiceId, u32)> {
        let space = self.recordings.cast().action_space;
        self.agents.iter().filter_map(move |agent| moved(space, step.actions[*agent], self.direction))
    }

    /// Decisions at which each service was scaled.
    fn by_service(&self) -> Vec<usize> {
        let mut actions = vec![0; self.recordings.cast().services.len()];
        for step in self.recordings.episodes().iter().flat_map(|episode| &episode.trajectory.transitions) {
            let services: BTreeSet<usize> = self.moved(step).map(|(service, _)| service.index()).collect();
            for service in services {
                actions[service] += 1;
            }
        }
        actions
    }

    /// The decisions about all services but some.
    fn decisions(&self, signals: &Signals, is_left_out: &dyn Fn(usize) -> bool) -> Decisions {
        let columns = vec![Vec::new(); signals.as_slice().len()];
        let mut found = Decisions { columns, acted: Vec::new(), most: 0 };
        let services: Vec<usize> =
            (0..self.recordings.cast().services.len()).filter(|s| !is_left_out(*s)).collect();
        for episode in self.recordings.episodes() {
            let steps = &episode.trajectory.transitions;
            for (at, step) in steps.iter().enumerate() {
                let moved: Vec<_> = self.moved(step).collect();
                for service in services.iter().copied().map(ServiceId::from_index) {
                    let row = signals.read(steps, at, service);
                    found.columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
                    let most = moved.iter().filter(|(on, _)| *on == service).map(|(_, by)| *by).max();
                    found.acted.push(usize::from(most.is_some()));
                    found.most = found.most.max(most.unwrap_or(0));
                }
            }
        }
        found
    }
}

impl Decisions {
    /// Whether the value of a feature was ever missing.
    fn has_gaps(&self, feature: usize) -> bool {
        self.columns[feature].iter().any(|value| *value <= MISSING)
    }
}

/// The service that an action scales in a direction, and by how much.
fn moved(space: ActionSpace, action: karma_core::Action, direction: Direction) -> Option<(ServiceId, u32)> {
    let action = space.defender(action)?;
    let up = action.replica_change > 0;
    let meant = action.replica_change != 0 && up == (direction == Direction::Up);
    meant.then(|| (action.service, action.replica_change.unsigned_abs()))
}

/// Without leaves that hold hardly any of the actions: rules for what was done by accident.
fn worth_a_rule(leaves: Vec<Leaf>, total: usize, rare: f64) -> Vec<Leaf> {
    leaves.into_iter().filter(|leaf| leaf.counts[1] as f64 >= rare * total as f64).collect()
}

/// The first leaves that together hold `coverage` of all actions.
fn covering(leaves: Vec<Leaf>, total: usize, coverage: f64) -> Vec<Leaf> {
    let mut held = 0;
    let short = |leaf: &Leaf| {
        let more = (held as f64) < coverage * total as f64 && leaf.counts[1] > 0;
        held += leaf.counts[1];
        more
    };
    leaves.into_iter().take_while(short).collect()
}

/// The bounds in the condition language.
fn condition(bounds: &[Bound], signals: &[Signal], decisions: &Decisions) -> Option<String> {
    let part = |bound: &Bound| parts(*bound, &signals[bound.feature], decisions.has_gaps(bound.feature));
    let parts: Vec<String> = bounds.iter().flat_map(part).collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

/// A value that is missing stands below all others, so "at most" holds for it, if it was ever missing; and "more than" a
/// number below 0 says no more than that there is a value.
fn parts(bound: Bound, Signal { text, unit, .. }: &Signal, has_gaps: bool) -> Vec<String> {
    let number = |value: f64| format!("{} {unit}", rounded(value)).trim_end().to_owned();
    let above = bound.above.map(|above| {
        if above < 0.0 { format!("not missing({text})") } else { format!("{text} > {}", number(above)) }
    });
    let can_be_missing = has_gaps && bound.above.is_none();
    let below = bound.below.map(|below| match (below < 0.0, can_be_missing) {
        (true, _) => format!("missing({text})"),
        (false, true) => format!("({text} <= {} or missing({text}))", number(below)),
        (false, false) => format!("{text} <= {}", number(below)),
    });
    above.into_iter().chain(below).collect()
}

/// The leaf as a rule will say it, with rounded thresholds, and the rows that it then holds. Conditions compare in single
/// precision, so a threshold is read as they read it.
fn as_written(leaf: &Leaf, samples: &Samples<'_>) -> Leaf {
    let round = |value: f64| rounded(value).parse::<f32>().map_or(value, f64::from);
    let bound =
        |bound: &Bound| Bound { above: bound.above.map(round), below: bound.below.map(round), ..*bound };
    let bounds = leaf.bounds.iter().map(bound).collect();
    let mut written = Leaf { bounds, counts: vec![0; samples.classes()], class: leaf.class };
    for row in 0..samples.len() {
        written.counts[samples.label(row)] += usize::from(written.holds(samples.row(row)));
    }
    written
}

/// Three significant digits: more would pretend to a precision that a few thousand decisions do not have.
fn rounded(value: f64) -> String {
    let digits = [100.0, 10.0, 1.0, 0.1, 0.01].iter().filter(|size| value.abs() < **size).count();
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(text: &str) -> Signal {
        let signals = Signals::new(karma_core::Seconds(15.0));
        signals.as_slice().iter().find(|signal| signal.text == text).cloned().unwrap()
    }

    #[test]
    fn bounds_are_written_so_that_gaps_fall_where_the_tree_put_them() {
        let pending = signal("pending_requests");
        let say = |above, below| parts(Bound { feature: 0, above, below }, &pending, true).join(" and ");
        assert_eq!(say(Some(30.25), None), "pending_requests > 30.2 requests");
        assert_eq!(say(None, Some(4.0)), "(pending_requests <= 4 requests or missing(pending_requests))");
        assert_eq!(
            say(Some(-0.5), Some(4.0)),
            "not missing(pending_requests) and pending_requests <= 4 requests"
        );
        assert_eq!(say(None, Some(-0.5)), "missing(pending_requests)");
        assert_eq!(
            say(Some(1.0), Some(4.0)),
            "pending_requests > 1 requests and pending_requests <= 4 requests"
        );
    }

    #[test]
    fn numbers_keep_three_digits() {
        let cases = [
            (0.123_456, "0.123"),
            (12.345, "12.3"),
            (1234.5, "1234"),
            (0.0, "0"),
            (0.05, "0.05"),
            (100.0, "100"),
        ];
        for (value, text) in cases {
            assert_eq!(rounded(value), text);
        }
    }
}
