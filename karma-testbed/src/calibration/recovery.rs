//! Recovery: how long after a disturbance a cluster answers as it should again.
//!
//! Seconds are smoothed over one scrape, for that is what an autoscaler can react to. A window is *in order* when its
//! success is at least 95 % and its mean response at most 10 % above where it settles, or no worse than the worst window
//! there. It settles in the last third of the run: after a step or a change of scale there is no way back to before, and a
//! few seconds of a busy cluster stray by more than 10 % without any cause. Recovery is the time from the disturbance to
//! the first window in order after the worst one.

use serde::Serialize;

use super::{Row, SCRAPE};

/// Least success in order.
const SUCCESS: f64 = 0.95;
/// Largest mean response in order, of where it settles.
const RESPONSE: f64 = 1.1;

/// Recovery in both clusters, seconds from the disturbance; `None` is not within the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recovery {
    /// Measured: median of the repetitions.
    pub measured: Option<f64>,
    /// Predicted: median of the replications.
    pub predicted: Option<f64>,
    /// Root mean square of the difference between mean responses in each scrape after the disturbance, in seconds.
    pub response_rms: Option<f64>,
}

impl Recovery {
    /// Predicted less measured; `None` unless both recovered.
    pub fn difference(&self) -> Option<f64> {
        Some(self.predicted? - self.measured?)
    }

    /// Whether both recover within one scrape of each other, or both do not.
    pub fn agrees(&self) -> bool {
        match (self.measured, self.predicted) {
            (Some(measured), Some(predicted)) => (measured - predicted).abs() <= f64::from(SCRAPE),
            (None, None) => true,
            _ => false,
        }
    }
}

/// A few seconds together.
#[derive(Clone, Copy, Debug)]
struct Window {
    success: f64,
    /// `None` if nothing was answered.
    mean: Option<f64>,
}

impl Window {
    fn of(rows: &[Row]) -> Self {
        let (sent, ok) = rows.iter().fold((0, 0), |(sent, ok), row| (sent + row.sent, ok + row.ok));
        let seconds: f64 = rows.iter().filter_map(|row| Some(row.mean? * row.ok as f64)).sum();
        Self {
            success: if sent == 0 { 1.0 } else { ok as f64 / sent as f64 },
            mean: (ok > 0).then(|| seconds / ok as f64),
        }
    }

    /// How far out of order, where a mean response up to `most` is in order; at most 1 is in order.
    fn strain(&self, most: f64) -> f64 {
        let response = self.mean.map_or(1.0, |mean| mean / most);
        response.max(SUCCESS / self.success.max(f64::MIN_POSITIVE))
    }
}

/// Seconds from second `from` until the rows are in order again; 0 if they never are out of order, `None` if they do not come
/// back, or nothing was answered where they should settle.
pub fn recovery_time(rows: &[Row], from: usize) -> Option<f64> {
    let most = most_in_order(&rows[rows.len() - rows.len() / 3..])?;
    let strains: Vec<f64> = windows(rows.get(from..)?).map(|window| window.strain(most)).collect();
    let (worst, strain) = strains.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))?;
    if *strain <= 1.0 {
        return Some(0.0);
    }
    strains[worst..].iter().position(|strain| *strain <= 1.0).map(|after| (worst + after) as f64)
}

fn windows(rows: &[Row]) -> impl Iterator<Item = Window> {
    rows.windows(SCRAPE as usize).map(Window::of)
}

/// The longest mean response in order, given the seconds in which it settles; `None` if nothing was answered in them.
fn most_in_order(settled: &[Row]) -> Option<f64> {
    let mean = Window::of(settled).mean?;
    Some(windows(settled).filter_map(|window| window.mean).fold(RESPONSE * mean, f64::max))
}

/// Root mean square difference of the mean responses scrape by scrape from second `from` on.
pub(super) fn response_rms(measured: &[Vec<Row>], predicted: &[Vec<Row>], from: usize) -> Option<f64> {
    let curves = curve(measured, from).into_iter().zip(curve(predicted, from));
    let squares: Vec<f64> = curves.filter_map(|(a, b)| Some((a? - b?).powi(2))).collect();
    super::series::mean(&squares).map(f64::sqrt)
}

/// Mean response of each scrape, over all repetitions.
fn curve(repetitions: &[Vec<Row>], from: usize) -> Vec<Option<f64>> {
    let seconds = repetitions.first().map_or(0, Vec::len);
    let scrape = |start: usize| {
        let end = (start + SCRAPE as usize).min(seconds);
        let rows: Vec<Row> = repetitions.iter().flat_map(|rows| &rows[start..end]).copied().collect();
        Window::of(&rows).mean
    };
    (from..seconds).step_by(SCRAPE as usize).map(scrape).collect()
}

/// The median, counting "not within the run" as longer than any time.
pub(super) fn median(times: &[Option<f64>]) -> Option<f64> {
    let mut sorted: Vec<f64> = times.iter().map(|time| time.unwrap_or(f64::INFINITY)).collect();
    sorted.sort_by(f64::total_cmp);
    super::series::quantile(&sorted, 0.5).filter(|time| time.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(means: impl IntoIterator<Item = f64>) -> Vec<Row> {
        let row = |mean| Row { sent: 10, ok: 10, mean: Some(mean), ..Row::default() };
        means.into_iter().map(row).collect()
    }

    #[test]
    fn a_bump_of_ten_seconds_is_over_after_ten_seconds() {
        let rows = rows((0..60).map(|second| if (20..30).contains(&second) { 2.0 } else { 1.0 }));
        assert_eq!(recovery_time(&rows, 20), Some(10.0));
    }

    #[test]
    fn nothing_happened_needs_no_time() {
        assert_eq!(recovery_time(&rows(vec![1.0; 60]), 20), Some(0.0));
    }

    #[test]
    fn what_strays_as_it_does_where_it_settles_is_in_order() {
        let rows = rows((0..90).map(|second| if second % 30 < 5 { 1.5 } else { 1.0 }));
        assert_eq!(recovery_time(&rows, 20), Some(0.0));
    }

    #[test]
    fn losses_count_where_responses_do_not_show_them() {
        let mut rows = rows(vec![1.0; 60]);
        for row in &mut rows[20..27] {
            (row.ok, row.failed) = (5, 5);
        }
        assert_eq!(recovery_time(&rows, 20), Some(7.0));
    }

    #[test]
    fn what_never_comes_back_has_no_recovery() {
        let mut rows = rows(vec![1.0; 60]);
        for row in &mut rows[30..] {
            (row.ok, row.failed) = (5, 5);
        }
        assert_eq!(recovery_time(&rows, 30), None);
        assert_eq!(median(&[None, Some(1.0), None]), None);
        assert_eq!(median(&[Some(2.0), Some(1.0), None]), Some(2.0));
    }

    #[test]
    fn agreement_is_within_one_scrape() {
        let recovery = |measured, predicted| Recovery { measured, predicted, response_rms: None };
        assert!(recovery(Some(10.0), Some(15.0)).agrees() && recovery(None, None).agrees());
        assert!(!recovery(Some(10.0), Some(15.5)).agrees() && !recovery(Some(10.0), None).agrees());
    }

    #[test]
    fn curves_that_differ_by_a_tenth_have_an_rms_of_a_tenth() {
        let (a, b) = (vec![rows(vec![1.0; 20])], vec![rows(vec![1.1; 20])]);
        assert!((response_rms(&a, &b, 5).unwrap() - 0.1).abs() < 1e-12);
    }
}
