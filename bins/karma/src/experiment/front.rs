//! The Pareto front of resilience against cost: what the rules pay for being as resilient as a team.
//!
//! A rule is on the front if neither another one nor a mixture of two is at least as good in both failed or late requests and pod-hours:
//! the front is the lower convex hull, for an operator could run one rule for a part of the time and another for the rest. (The figures are
//! interquartile means, which a mixture has nearly and not exactly.) What a team saves is measured at its own level of failed or late requests,
//!
//! > saving = 1 − pod-hours of the team / pod-hours of the front at that level,
//!
//! and there is none to measure where the team is more resilient than every rule, or cheaper than the whole front.
//!
//! The front is made of figures of the very episodes that are compared, so a rule may be on it by luck; a team's place is not chosen.
//! Both are point estimates: the differences of the pairs have intervals.

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
        let rules = hull(points(false));
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

/// Those that neither another nor a mixture of two beats, the cheapest first, of equals the first one.
fn hull(points: Vec<Point>) -> Vec<Point> {
    let mut hull: Vec<Point> = Vec::new();
    for point in undominated(points) {
        // The last one stays if the way on from it is flatter than the way to it.
        while let [.., a, b] = hull.as_slice() {
            let steep = |from: &Point, to: &Point| {
                (from.failed_or_late - to.failed_or_late) / (to.pod_hours - from.pod_hours)
            };
            if steep(a, b) > steep(b, &point) {
                break;
            }
            hull.pop();
        }
        hull.push(point);
    }
    hull
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
    if let [only] = front {
        return (only.failed_or_late == failed_or_late).then_some(only.pod_hours);
    }
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
        assert_eq!([cost_at(&front[..1], 0.3), cost_at(&front[..1], 0.2)], [Some(1.0), None]);
    }

    #[test]
    fn a_rule_that_a_mixture_of_two_beats_is_not_on_the_front() {
        let all = vec![point("cheap", 0.30, 1.0), point("dear", 0.29, 3.9), point("good", 0.10, 4.0)];
        let front = hull(all);
        let names: Vec<&str> = front.iter().map(|point| point.name.as_str()).collect();
        assert_eq!(names, ["cheap", "good"]);
        assert!((cost_at(&front, 0.295).unwrap() - 1.075).abs() < 1e-12);
        let kept = hull(vec![point("a", 0.3, 1.0), point("b", 0.1, 2.0), point("c", 0.05, 4.0)]);
        assert_eq!(kept.len(), 3, "the way on gets flatter");
    }
}
