//! Requests, each with its second and its fate, as the rows and totals of a measurement: one computation for both the
//! real and the simulated cluster.

use super::{Row, Totals};

/// Requests by the second in which they were sent.
#[derive(Clone, Debug, Default)]
pub struct Series {
    seconds: Vec<Second>,
}

#[derive(Clone, Debug, Default)]
struct Second {
    failed: u64,
    timed_out: u64,
    latencies: Vec<f64>,
}

impl Series {
    /// No request in `seconds` seconds.
    pub fn new(seconds: usize) -> Self {
        Self { seconds: vec![Second::default(); seconds] }
    }

    /// A request sent in `second` was answered after `latency` seconds. Seconds beyond the run are left out.
    pub fn answered(&mut self, second: usize, latency: f64) {
        if let Some(second) = self.seconds.get_mut(second) {
            second.latencies.push(latency);
        }
    }

    /// A request sent in `second` failed.
    pub fn failed(&mut self, second: usize) {
        if let Some(second) = self.seconds.get_mut(second) {
            second.failed += 1;
        }
    }

    /// A request sent in `second` was given up.
    pub fn timed_out(&mut self, second: usize) {
        if let Some(second) = self.seconds.get_mut(second) {
            second.timed_out += 1;
        }
    }

    /// One row for each second.
    pub fn rows(&self) -> Vec<Row> {
        self.seconds.iter().map(Second::row).collect()
    }

    /// Totals over the seconds after `warm_up`; `None` if nothing was answered.
    pub fn totals(&self, warm_up: u32) -> Option<Totals> {
        let counted = self.seconds.get(warm_up as usize..)?;
        let mut latencies: Vec<f64> = counted.iter().flat_map(|second| &second.latencies).copied().collect();
        latencies.sort_by(f64::total_cmp);
        let sent: u64 = counted.iter().map(Second::sent).sum();
        let ok = latencies.len() as f64;
        Some(Totals {
            throughput: ok / counted.len() as f64,
            success: ok / sent as f64,
            mean: mean(&latencies)?,
            p50: quantile(&latencies, 0.5)?,
            p95: quantile(&latencies, 0.95)?,
            p99: quantile(&latencies, 0.99)?,
        })
    }
}

impl Second {
    const fn sent(&self) -> u64 {
        self.latencies.len() as u64 + self.failed + self.timed_out
    }

    fn row(&self) -> Row {
        let mut sorted = self.latencies.clone();
        sorted.sort_by(f64::total_cmp);
        Row {
            sent: self.sent(),
            ok: sorted.len() as u64,
            failed: self.failed,
            timed_out: self.timed_out,
            mean: mean(&sorted),
            p50: quantile(&sorted, 0.5),
            p95: quantile(&sorted, 0.95),
            p99: quantile(&sorted, 0.99),
        }
    }
}

/// Mean; `None` of nothing.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The least value that at least a share `q` of the sorted values does not exceed (nearest rank).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank within the values")]
pub(super) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_count_every_request_after_the_warm_up() {
        let mut series = Series::new(3);
        series.answered(0, 9.0);
        for latency in [1.0, 2.0, 3.0] {
            series.answered(1, latency);
        }
        series.failed(2);
        series.timed_out(7);
        let totals = series.totals(1).unwrap();
        assert_eq!((totals.throughput, totals.success), (1.5, 0.75));
        assert_eq!((totals.mean, totals.p50, totals.p95), (2.0, 2.0, 3.0));
    }

    #[test]
    fn nothing_answered_has_no_mean() {
        let series = Series::new(2);
        assert_eq!(series.totals(0), None);
        assert_eq!(series.rows()[0].mean, None);
    }

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(quantile(&values, 0.95), Some(19.0));
        assert_eq!(quantile(&values, 1.0), Some(20.0));
        assert_eq!(quantile(&values, 0.0), Some(1.0));
    }
}
