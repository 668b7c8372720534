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
//! The interval of a saving is over trainings and episodes at once: each resample draws both anew, for rules and teams alike, makes the
//! front of what comes out and measures the saving there ([`Bootstrap::estimate_jointly`]). So it knows of the luck that brings a rule
//! onto the front, which a front that was taken as given would not. It is of those resamples in which there is a saving to measure; where
//! fewer than [`ENOUGH`] have one, none is told.

use karma_core::StreamRng;
use karma_marl::stats::{Bootstrap, Crossed, Estimate, Joint, Statistic};
use serde::Serialize;

/// What a place is made of: resilience, then cost.
pub(super) const MEASURES: [&str; 2] = ["failed_or_late", "pod_hours"];
/// Share of the resamples that a saving must be defined in for its interval to be told.
const ENOUGH: f64 = 0.95;

/// Who is placed: its tables of both measures, over the same episodes as everybody's.
pub(super) struct Entry {
    pub(super) name: String,
    /// Whether it is held against the front, instead of being on it.
    pub(super) is_ours: bool,
    pub(super) tables: [Crossed; 2],
}

/// The front of an arena, and where teams are.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Front {
    /// The rules on it, the cheapest first.
    pub(crate) rules: Vec<Point>,
    /// Who is held against it: teams, and rules that are marked as ours.
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
    /// Its interval, if nearly every resample has a saving.
    pub(crate) interval: Option<Estimate>,
}

impl Front {
    /// Of everybody's episodes. Yardsticks are not among them.
    pub(super) fn of(entries: &[Entry], bootstrap: &Bootstrap, rng: &mut StreamRng) -> Self {
        let points = |figures: &[Vec<f64>]| -> (Vec<Point>, Vec<Point>) {
            let placed = entries.iter().zip(figures);
            let (teams, rules): (Vec<_>, Vec<_>) = placed.partition(|(entry, _)| entry.is_ours);
            let points = |those: Vec<(&Entry, &Vec<f64>)>| those.into_iter().filter_map(Point::of).collect();
            (hull(points(rules)), points(teams))
        };
        let shares = |figures: &[Vec<f64>]| -> Vec<Option<f64>> {
            let (rules, teams) = points(figures);
            teams.iter().map(|team| saved(team, cost_at(&rules, team.failed_or_late))).collect()
        };
        let tables: Vec<Vec<Crossed>> = entries.iter().map(|entry| entry.tables.to_vec()).collect();
        let statistic = Statistic::InterquartileMean;
        let Ok(savings) = bootstrap.estimate_jointly(&tables, statistic, shares, rng) else {
            return Self::default();
        };
        let figure = |table: &Crossed| table.value(statistic);
        let figures: Vec<Vec<f64>> =
            tables.iter().map(|tables| tables.iter().map(figure).collect()).collect();
        let (rules, teams) = points(&figures);
        let saving = |(team, joint): (Point, Option<Joint>)| {
            let front = cost_at(&rules, team.failed_or_late);
            let interval = joint.filter(|joint| joint.defined >= ENOUGH).map(|joint| joint.estimate);
            Saving { share: saved(&team, front), front, interval, team }
        };
        Self { teams: teams.into_iter().zip(savings).map(saving).collect(), rules }
    }
}

impl Point {
    fn of((entry, figures): (&Entry, &Vec<f64>)) -> Option<Self> {
        let [failed_or_late, pod_hours] = figures.as_slice() else { return None };
        Some(Self { name: entry.name.clone(), failed_or_late: *failed_or_late, pod_hours: *pod_hours })
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

/// Share of the front's pod-hours that a team saves.
fn saved(team: &Point, front: Option<f64>) -> Option<f64> {
    Some(1.0 - team.pod_hours / front?)
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

    fn entry(name: &str, is_ours: bool, episodes: [(f64, f64); 4]) -> Entry {
        let table = |of: fn(&(f64, f64)) -> f64| {
            Crossed::new(vec![episodes.iter().map(|episode| vec![of(episode)]).collect()]).unwrap()
        };
        Entry {
            name: name.to_owned(),
            is_ours,
            tables: [table(|episode| episode.0), table(|episode| episode.1)],
        }
    }

    /// On episodes of any hardness the team pays half of what the front does, so there is nothing uncertain about it; another one is
    /// more resilient than every rule, and a third one is in half of the resamples.
    #[test]
    fn a_saving_has_an_interval_where_nearly_every_resample_has_one() {
        let hard = [0.0, 0.01, 0.02, 0.03];
        let shifted = |late: f64, cost: f64| hard.map(|more| (late + more, cost));
        let entries = [
            entry("cheap", false, shifted(0.3, 2.0)),
            entry("good", false, shifted(0.1, 4.0)),
            entry("half", true, shifted(0.2, 1.5)),
            entry("best", true, shifted(0.05, 9.0)),
            entry("edge", true, [(0.117, 4.0); 4]),
        ];
        let bootstrap =
            karma_marl::stats::BootstrapParams { resamples: 500, ..Default::default() }.check().unwrap();
        let front = Front::of(&entries, &bootstrap, &mut karma_core::SeedTree::new(1).rng());
        let [half, best, edge] = front.teams.as_slice() else { panic!("{front:?}") };
        let interval = half.interval.unwrap();
        assert!((half.share.unwrap() - 0.5).abs() < 1e-9);
        assert!((interval.low - 0.5).abs() < 1e-9 && (interval.high - 0.5).abs() < 1e-9, "{interval:?}");
        assert_eq!((best.front, best.share, best.interval), (None, None, None));
        assert!(edge.share.is_some() && edge.interval.is_none(), "{edge:?}");
    }
}
