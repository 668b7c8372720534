//! The Pareto front of resilience against cost: what the rules pay for being as resilient as a team.
//!
//! A rule is on the front if no other is at least as good in both failed or late requests and pod-hours, and better in one. Between two
//! neighbours of the front the line is taken: an operator could run one for a part of the time and the other for the rest. What a team
//! saves is measured at its own level of failed or late requests,
//!
//! > saving = 1 − pod-hours of the team / pod-hours of the front at that level,
//!
//! and there is none to measure where the team is better than every rule, or worse than all of the front.
//!
//! The front is made of figures of the very episodes that are compared, so a rule may be on it by luck; a team's place is not chosen.

use serde::Serialize;

use super::results::Standing;

const RESILIENCE: &str = "failed_or_late";
const COST: &str = "pod_hours";

/// The front of an arena, and where teams are.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Front {
    /// The rules on it, the cheapest first.
    pub(crate) rules: Vec<Point>,
    pub(crate) teams: Vec<Saving>,
}

/// A contestant's place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Point {
    pub(crate) name: String,
    /// Share of the legitimate requests that failed or came late.
    pub(crate) failed_or_late: f64,
    pub(crate) pod_hours: f64,
}

/// A team against the front.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Saving {
    pub(crate) team: Point,
    /// Pod-hours of the front at the team's level.
    pub(crate) front: Option<f64>,
    /// Share of them that the team saves; negative: it pays more.
    pub(crate) share: Option<f64>,
}

impl Front {
    /// Of the standings of an arena; `is_team` by name. Yardsticks are left out.
    pub(crate) fn of(standings: &[Standing], is_team: impl Fn(&str) -> bool) -> Self {
        let points = |team: bool| {
            let those = standings.iter().filter(|one| !one.yardstick && is_team(&one.name) == team);
            those.filter_map(Point::of).collect::<Vec<_>>()
        };
        let rules = undominated(points(false));
        let teams = points(true).into_iter().map(|team| {
            let front = cost_at(&rules, team.failed_or_late);
            Saving { share: front.map(|cost| 1.0 - team.pod_hours / cost), front, team }
        });
        Self { teams: teams.collect(), rules }
    }
}

impl Point {
    fn of(standing: &Standing) -> Option<Self> {
        let value = |measure| standing.figures.get(measure).map(|figure| figure.value);
        Some(Self {
            name: standing.name.clone(),
            failed_or_late: value(RESILIENCE)?,
            pod_hours: value(COST)?,
        })
    }
}

/// Those that no other beats, the cheapest first, of equals the first one.
fn undominated(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| {
        a.pod_hours.total_cmp(&b.pod_hours).then(a.failed_or_late.total_cmp(&b.failed_or_late))
    });
    let mut front: Vec<Point> = Vec::new();
    for point in points {
        if front.last().is_none_or(|best| point.failed_or_late < best.failed_or_late) {
            front.push(point);
        }
    }
    front
}

/// Pod-hours of the front where it has so many failed or late requests.
fn cost_at(front: &[Point], failed_or_late: f64) -> Option<f64> {
    front.windows(2).find_map(|pair| {
        let [cheap, good] = pair else { return None };
        let inside = (good.failed_or_late..=cheap.failed_or_late).contains(&failed_or_late);
        let share = (cheap.failed_or_late - failed_or_late) / (cheap.failed_or_late - good.failed_or_late);
        inside.then_some(cheap.pod_hours + share * (good.pod_hours - cheap.pod_hours))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, failed_or_late: f64, pod_hours: f64) -> Point {
        Point { name: name.to_owned(), failed_or_late, pod_hours }
    }

    #[test]
    fn a_rule_that_is_beaten_in_both_is_not_on_the_front() {
        let all = vec![
            point("good", 0.1, 4.0),
            point("beaten", 0.3, 3.0),
            point("cheap", 0.3, 1.0),
            point("mean", 0.2, 2.0),
        ];
        let names: Vec<String> = undominated(all).into_iter().map(|point| point.name).collect();
        assert_eq!(names, ["cheap", "mean", "good"]);
        let twins = undominated(vec![point("one", 0.2, 2.0), point("other", 0.2, 2.0)]);
        assert_eq!(twins, [point("one", 0.2, 2.0)]);
    }

    #[test]
    fn between_two_rules_the_front_is_their_line_and_outside_there_is_none() {
        let front = [point("cheap", 0.3, 1.0), point("mean", 0.2, 2.0), point("good", 0.1, 4.0)];
        assert_eq!(cost_at(&front, 0.25), Some(1.5));
        assert_eq!(cost_at(&front, 0.1), Some(4.0));
        assert_eq!([cost_at(&front, 0.05), cost_at(&front, 0.35), cost_at(&[], 0.2)], [None; 3]);
    }
}
