//! Where an unbroken stretch ends: a learner must never take the state after a gap for what a decision led to.
//!
//! A step follows another if its time comes later by at most one and a half periods and the same services are there.
//! A late decision of a busy collector passes; a lost one, which makes two periods of one, does not.

use karma_core::{MetricRow, Seconds, State};

use super::{TraceStep, TraceWindow, WindowHeader};

/// The longest time between two steps of a window, in periods.
pub const LONGEST_STEP: f64 = 1.5;

/// Why a step does not follow the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Steps between the two are missing.
    Gap,
    /// Time stands still or goes back: the cluster or its clock began anew.
    Restart,
    /// A service came or went.
    Services,
}

/// What breaks the stretch between two states that follow each other in the data; `None` if nothing does.
///
/// A service is there if it has any sample: what the API server knows is never missing of a service that exists.
///
/// ```
/// use karma_core::{MetricRow, Seconds, State};
/// use karma_twin::trace::{Break, break_between};
/// let at = |time| State {
///     time: Seconds(time),
///     age: None,
///     services: vec![MetricRow::default()].into(),
///     entry_rates: vec![].into(),
///     resilience: None,
/// };
/// let between = |a, b| break_between(&at(a), &at(b), Seconds(15.0));
/// assert_eq!(between(0.0, 22.0), None);
/// assert_eq!(between(0.0, 30.0), Some(Break::Gap));
/// assert_eq!(between(30.0, 0.0), Some(Break::Restart));
/// ```
pub fn break_between(earlier: &State, later: &State, period: Seconds) -> Option<Break> {
    let passed = later.time.0 - earlier.time.0;
    if passed.is_nan() || passed <= 0.0 {
        Some(Break::Restart)
    } else if passed > LONGEST_STEP * period.0 {
        Some(Break::Gap)
    } else if !present(earlier).eq(present(later)) {
        Some(Break::Services)
    } else {
        None
    }
}

/// Cuts steps into windows at every break.
pub fn cut(header: &WindowHeader, steps: impl IntoIterator<Item = TraceStep>) -> Vec<TraceWindow> {
    let mut windows: Vec<TraceWindow> = Vec::new();
    for step in steps {
        match windows.last_mut() {
            Some(window) if follows(window, &step) => window.steps.push(step),
            _ => windows.push(TraceWindow { header: header.clone(), steps: vec![step] }),
        }
    }
    windows
}

fn follows(window: &TraceWindow, step: &TraceStep) -> bool {
    let last = window.steps.last();
    last.is_some_and(|last| break_between(&last.state, &step.state, window.header.period).is_none())
}

/// For each service, whether it is there.
fn present(state: &State) -> impl Iterator<Item = bool> {
    state.services.iter().map(|row| *row != MetricRow::default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{step, window};
    use super::*;

    #[test]
    fn a_service_that_goes_ends_the_window() {
        let header = window(0).header;
        let mut steps: Vec<TraceStep> = (0..4).map(|number| step(f64::from(number) * 15.0)).collect();
        for step in &mut steps[2..] {
            step.state.services.as_mut_slice()[1] = MetricRow::default();
        }
        let lengths: Vec<usize> = cut(&header, steps).iter().map(|window| window.steps.len()).collect();
        assert_eq!(lengths, [2, 2]);
    }

    proptest! {
        #[test]
        fn windows_are_the_steps_and_break_exactly_where_a_break_is(
            gaps in prop::collection::vec(prop_oneof![Just(15.0), -40.0..60.0f64], 0..60),
        ) {
            let header = window(0).header;
            let times = gaps.iter().scan(1000.0, |time, gap| { *time += gap; Some(*time) });
            let steps: Vec<TraceStep> = times.map(step).collect();
            let windows = cut(&header, steps.clone());
            for window in &windows {
                for pair in window.steps.windows(2) {
                    let passed = pair[1].state.time.0 - pair[0].state.time.0;
                    prop_assert!(passed > 0.0 && passed <= 22.5, "a transition crosses {passed} s");
                }
            }
            for pair in windows.windows(2) {
                let (last, first) = (pair[0].steps.last().unwrap(), pair[1].steps.first().unwrap());
                let passed = first.state.time.0 - last.state.time.0;
                prop_assert!(passed <= 0.0 || passed > 22.5, "a cut at {passed} s");
            }
            let together: Vec<TraceStep> = windows.into_iter().flat_map(|window| window.steps).collect();
            prop_assert_eq!(together, steps);
        }
    }
}
