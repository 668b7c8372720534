//! From looks at a cluster to windows of a trace.
//!
//! A live cluster has many that scale it: a controller of ours, the HPA, people. What counts for a model is what came of it. So
//! the decision of a step is what the Deployments asked for **at the next look**, whoever set it and whenever in between; the
//! reason says who wished it, as far as that is known.

use karma_core::{PerService, Replicas, Seconds, State};
use karma_twin::trace::{TraceDecision, TraceStep, TraceWindow, WindowHeader, break_between};

/// Who scales where we do not.
pub(super) const OTHERS: &str = "others";

/// What a cluster showed at one moment, and who decided then.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Look {
    /// Who decides from here to the next look.
    pub(super) by: String,
    /// What was seen.
    pub(super) state: State,
    /// Why each service is to be as it will be at the next look.
    pub(super) reasons: PerService<String>,
}

impl Look {
    /// A look at a cluster that others scale.
    pub(super) fn of_others(state: State) -> Self {
        let reasons = state.services.map(|_| OTHERS.to_owned());
        Self { by: OTHERS.to_owned(), state, reasons }
    }

    /// Whether `next` is the very next look: no decision between the two is lost, and the services are the same.
    pub(super) fn is_followed_by(&self, next: &Self, period: Seconds) -> bool {
        break_between(&self.state, &next.state, period).is_none()
    }

    /// The step that led to `next`; the last one of a window leads nowhere.
    pub(super) fn step(self, next: Option<&Self>) -> TraceStep {
        let Self { state, reasons, .. } = self;
        let decided = |targets: PerService<Replicas>| TraceDecision {
            targets,
            reasons,
            probability: None,
            reward: None,
        };
        TraceStep { decision: next.map(|next| decided(next.state.desired())), state }
    }
}

/// The unbroken stretches among `looks`, in the order of time, each under one that decides and of at most `longest`
/// transitions; a look that led nowhere and to which nothing led is left out. Where another one comes to decide, or a
/// window is full, its last look is the first of the next one, so no transition is lost.
pub(super) fn windows(
    looks: &[Look],
    scenario: &str,
    (period, longest): (Seconds, usize),
) -> Vec<TraceWindow> {
    let mut stretches: Vec<&[Look]> = Vec::new();
    let mut begin = 0;
    for (before, [look, next]) in looks.array_windows().enumerate() {
        let here = before + 1;
        if !look.is_followed_by(next, period) {
            stretches.push(&looks[begin..here]);
            begin = here;
        } else if look.by != next.by || here - begin == longest {
            stretches.push(&looks[begin..=here]);
            begin = here;
        }
    }
    stretches.push(&looks[begin..]);
    let whole = stretches.into_iter().filter(|stretch| stretch.len() > 1);
    whole.map(|stretch| window(stretch, scenario, period)).collect()
}

fn window(stretch: &[Look], scenario: &str, period: Seconds) -> TraceWindow {
    let step = |(number, look): (usize, &Look)| look.clone().step(stretch.get(number + 1));
    let policy = stretch.first().map(|look| look.by.clone()).unwrap_or_default();
    TraceWindow {
        header: WindowHeader { scenario: scenario.to_owned(), policy, seed: None, period },
        steps: stretch.iter().enumerate().map(step).collect(),
    }
}

/// The part of a window from `time` on: what a database that holds it up to there does not have yet. `None` if that leads nowhere.
pub(super) fn since(mut window: TraceWindow, time: Seconds) -> Option<TraceWindow> {
    window.steps.retain(|step| step.state.time >= time);
    (window.steps.len() > 1).then_some(window)
}

#[cfg(test)]
mod tests {
    use karma_core::{Metric, MetricRow};
    use proptest::prelude::*;

    use super::*;

    const PERIOD: Seconds = Seconds(15.0);

    fn look(time: f64, replicas: f32, by: &str) -> Look {
        let mut row = MetricRow::default();
        row.set(Metric::DesiredReplicas, replicas);
        let state = State {
            time: Seconds(time),
            age: None,
            services: vec![row].into(),
            entry_rates: vec![None].into(),
            resilience: None,
        };
        Look { by: by.to_owned(), ..Look::of_others(state) }
    }

    #[test]
    fn a_decision_is_what_the_next_look_shows() {
        let looks = [look(0.0, 2.0, "a"), look(15.0, 3.0, "a"), look(30.0, 3.0, "a")];
        let windows = windows(&looks, "shop", (PERIOD, 40));
        let [window] = windows.as_slice() else { panic!("one window: {windows:?}") };
        let targets =
            window.steps.iter().map(|step| step.decision.as_ref().map(|one| one.targets.as_slice()[0].0));
        assert_eq!(targets.collect::<Vec<_>>(), [Some(3), Some(3), None]);
        assert_eq!((window.header.policy.as_str(), window.header.seed), ("a", None));
    }

    #[test]
    fn another_one_that_decides_begins_a_window_and_no_transition_is_lost() {
        let looks = [look(0.0, 1.0, "a"), look(15.0, 1.0, "a"), look(30.0, 1.0, "b"), look(45.0, 1.0, "b")];
        let windows = windows(&looks, "shop", (PERIOD, 40));
        let shape = |window: &TraceWindow| (window.header.policy.clone(), window.transitions());
        assert_eq!(windows.iter().map(shape).collect::<Vec<_>>(), [("a".to_owned(), 2), ("b".to_owned(), 1)]);
    }

    #[test]
    fn a_window_is_as_long_as_an_episode_and_the_next_goes_on_from_its_last_look() {
        let looks: Vec<Look> = (0..100).map(|number| look(15.0 * f64::from(number), 1.0, "a")).collect();
        let windows = windows(&looks, "shop", (PERIOD, 40));
        let transitions: Vec<usize> = windows.iter().map(TraceWindow::transitions).collect();
        assert_eq!(transitions, [40, 40, 19]);
        assert_eq!(windows[1].steps[0].state, windows[0].steps[40].state);
    }

    proptest! {
        /// However often a growing log is read, each transition is there once.
        #[test]
        fn what_is_read_again_adds_what_is_new_only(
            gaps in prop::collection::vec(prop_oneof![9 => Just(15.0), 1 => 23.0..90.0f64], 1..120),
            first in 1_usize..120,
        ) {
            let times = gaps.iter().scan(1000.0, |time, gap| { *time += gap; Some(*time) });
            let looks: Vec<Look> = times.map(|time| look(time, 1.0, "a")).collect();
            let all = windows(&looks, "shop", (PERIOD, 40));
            let early = windows(&looks[..first.min(looks.len())], "shop", (PERIOD, 40));
            let last = early.last().and_then(|window| window.steps.last()).map(|step| step.state.time);
            let later: Vec<TraceWindow> = match last {
                Some(last) => all.iter().cloned().filter_map(|window| since(window, last)).collect(),
                None => all.clone(),
            };
            let count = |windows: &[TraceWindow]| windows.iter().map(TraceWindow::transitions).sum::<usize>();
            prop_assert_eq!(count(&early) + count(&later), count(&all));
        }
    }
}
