//! Checked traces: windows of one set of services.

use karma_core::{PerService, Seconds};
use thiserror::Error;

use super::record::Record;
use super::{TraceStep, TraceWindow};

/// Windows of the same services and entry points, none of them empty, in each of which time goes forward.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    services: PerService<String>,
    entry_points: usize,
    windows: Vec<TraceWindow>,
}

/// Windows that make no traces.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TracesError {
    /// There is nothing.
    #[error("there is no step in these traces")]
    Empty,
    /// A step has another number of services or entry points.
    #[error("window {window}, step {step}: {what} for {found} {of}, but the traces have {expected}")]
    Shape {
        /// Number of the window.
        window: usize,
        /// Number of the step.
        step: usize,
        /// What has the wrong number.
        what: &'static str,
        /// Services or entry points.
        of: &'static str,
        /// The number found.
        found: usize,
        /// The right number.
        expected: usize,
    },
    /// A window's time stands still or goes back.
    #[error("window {window}, step {step}: the time is {time}; it must be {allowed}")]
    Time {
        /// Number of the window.
        window: usize,
        /// Number of the step.
        step: usize,
        /// The time.
        time: String,
        /// What is allowed.
        allowed: String,
    },
    /// A window's period is none.
    #[error("window {window}: the period is {period}; it must be finite and above 0 s")]
    Period {
        /// Number of the window.
        window: usize,
        /// The period.
        period: String,
    },
    /// Rows of a published file that are not ordered by time.
    #[error(
        "each timestamp has a row of one service only, though there are {services}; order the rows by timestamp"
    )]
    ServiceByService {
        /// Number of services.
        services: usize,
    },
    /// The period of a published file cannot be told.
    #[error(
        "no two timestamps of a scenario follow each other, so that the time between decisions is unknown"
    )]
    NoPeriod,
}

impl Traces {
    /// Traces of these services; windows without a step are left out.
    ///
    /// # Errors
    /// If there is no step, a step has another number of services or entry points than the others, or a window's
    /// time does not go forward by finite amounts.
    pub fn new(
        services: PerService<String>,
        windows: impl IntoIterator<Item = TraceWindow>,
    ) -> Result<Self, TracesError> {
        let windows: Vec<TraceWindow> =
            windows.into_iter().filter(|window| !window.steps.is_empty()).collect();
        let first = windows.first().and_then(|window| window.steps.first()).ok_or(TracesError::Empty)?;
        let shape = Shape { services: services.len(), entry_points: first.state.entry_rates.len() };
        for (number, window) in windows.iter().enumerate() {
            check_period(number, window.header.period)?;
            shape.check((number, 0), None, &window.steps)?;
        }
        Ok(Self { services, entry_points: shape.entry_points, windows })
    }

    /// Names of the services.
    pub const fn services(&self) -> &PerService<String> {
        &self.services
    }

    /// Number of entry points of each step.
    pub const fn entry_points(&self) -> usize {
        self.entry_points
    }

    /// The windows.
    pub fn windows(&self) -> &[TraceWindow] {
        &self.windows
    }

    /// The windows alone.
    pub fn into_windows(self) -> Vec<TraceWindow> {
        self.windows
    }

    /// The rows of the long format, in its order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let steps = self.windows.iter().enumerate().flat_map(|(number, window)| {
            window.steps.iter().enumerate().map(move |step| (number, &window.header, step))
        });
        steps.flat_map(|(window, header, (number, step))| {
            let names = self.services.iter_enumerated();
            names.map(move |(service, name)| Record::new((window, header), (number, step), (service, name)))
        })
    }
}

/// How many services and entry points each step has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of services.
    pub services: usize,
    /// Number of entry points.
    pub entry_points: usize,
}

impl Shape {
    /// Checks `steps` of the window of this number, before which it has `before` steps, the last at `last`.
    ///
    /// # Errors
    /// If a step has another shape, or time does not go forward by finite amounts.
    pub fn check(
        self,
        (window, before): (usize, usize),
        mut last: Option<Seconds>,
        steps: &[TraceStep],
    ) -> Result<(), TracesError> {
        for (content, step) in steps.iter().zip(before..) {
            let now = content.state.time;
            if !now.0.is_finite() || last.is_some_and(|last| now <= last) {
                let allowed = last.map_or("finite".to_owned(), |last| format!("finite and after {last}"));
                return Err(TracesError::Time { window, step, time: now.to_string(), allowed });
            }
            last = Some(now);
            check_step(content, self).map_err(|(what, of, found, expected)| TracesError::Shape {
                window,
                step,
                what,
                of,
                found,
                expected,
            })?;
        }
        Ok(())
    }
}

/// Checks the period of the window of this number.
///
/// # Errors
/// If it is not finite or not above 0.
pub fn check_period(window: usize, period: Seconds) -> Result<(), TracesError> {
    if period.0.is_finite() && period.0 > 0.0 {
        Ok(())
    } else {
        Err(TracesError::Period { window, period: period.to_string() })
    }
}

/// What of a step has a wrong number, of which things, the number found, and the right one.
fn check_step(step: &TraceStep, shape: Shape) -> Result<(), (&'static str, &'static str, usize, usize)> {
    let (targets, reasons) = match &step.decision {
        Some(decision) => (decision.targets.len(), decision.reasons.len()),
        None => (shape.services, shape.services),
    };
    let counts = [
        ("samples", "services", step.state.services.len(), shape.services),
        ("targets", "services", targets, shape.services),
        ("reasons", "services", reasons, shape.services),
        ("rates", "entry points", step.state.entry_rates.len(), shape.entry_points),
    ];
    match counts.into_iter().find(|(_, _, found, expected)| found != expected || shape.services == 0) {
        Some(wrong) => Err(wrong),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{services, window};
    use super::*;

    fn refused(change: impl FnOnce(&mut TraceWindow)) -> String {
        let mut changed = window(3);
        change(&mut changed);
        Traces::new(services(), [window(2), changed]).unwrap_err().to_string()
    }

    #[test]
    fn windows_without_a_step_are_left_out_and_nothing_is_no_trace() {
        assert_eq!(Traces::new(services(), [window(0), window(2)]).unwrap().windows().len(), 1);
        assert_eq!(Traces::new(services(), [window(0)]), Err(TracesError::Empty));
    }

    #[test]
    fn a_step_of_another_shape_is_named() {
        let error = refused(|window| window.steps[1].state.services = vec![].into());
        assert_eq!(error, "window 1, step 1: samples for 0 services, but the traces have 2");
        let error = refused(|window| window.steps[2].state.entry_rates = vec![None; 3].into());
        assert_eq!(error, "window 1, step 2: rates for 3 entry points, but the traces have 1");
    }

    #[test]
    fn time_that_stands_still_is_refused() {
        let error = refused(|window| window.steps[2].state.time = window.steps[1].state.time);
        assert_eq!(error, "window 1, step 2: the time is 15 s; it must be finite and after 15 s");
    }
}
