//! Times in a high dynamic range histogram: three significant digits from a microsecond to an hour.
//!
//! Tene, G.: HdrHistogram (2012). Recording costs a few shifts, memory does not grow with the number of requests, and a
//! quantile is within 0.1 % of the recorded value. Written as JSON it is a short summary for people, and all buckets.

use std::io::{self, Write};
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use karma_core::Seconds;

/// Longest time that is told apart, in microseconds; longer ones count as this.
const LONGEST: u64 = 3_600_000_000;
const DIGITS: u8 = 3;
/// Steps for each halving of the distance to 1 in a percentile file, as HdrHistogram's own tools have it.
const TICKS: u32 = 5;

/// How often each time was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        match Histogram::new_with_bounds(1, LONGEST, DIGITS) {
            Ok(histogram) => Self(histogram),
            Err(_) => unreachable!("three digits from 1 to an hour are a valid histogram"),
        }
    }
}

impl Latencies {
    pub(super) fn record(&mut self, time: Duration) {
        self.0.saturating_record(micros(time));
    }

    pub(super) fn clear(&mut self) {
        self.0.reset();
    }

    /// Number of times.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their mean; `None` if there are none.
    pub fn mean(&self) -> Option<Seconds> {
        (!self.is_empty()).then(|| Seconds(self.0.mean() / 1e6))
    }

    /// The time that this share (0 to 1) does not exceed; `None` if there are none.
    pub fn quantile(&self, share: f64) -> Option<Seconds> {
        (!self.is_empty()).then(|| seconds(self.0.value_at_quantile(share)))
    }

    /// The longest; `None` if there are none.
    pub fn max(&self) -> Option<Seconds> {
        self.quantile(1.0)
    }

    /// How many are within a time.
    pub fn within(&self, time: Seconds) -> u64 {
        let Ok(time) = Duration::try_from_secs_f64(time.0) else { return 0 };
        self.0.count_between(0, micros(time).min(LONGEST))
    }

    /// All times that were seen, in microseconds, each with how often.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value()))
    }

    /// The percentiles in milliseconds, as HdrHistogram's own tools write and plot them (`.hgrm`).
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_percentiles(&self, mut to: impl Write) -> io::Result<()> {
        writeln!(
            to,
            "{:>12} {:>14} {:>10} {:>14}\n",
            "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
        )?;
        let mut below = 0;
        for step in self.0.iter_quantiles(TICKS) {
            below += step.count_since_last_iteration();
            let (value, share) = (step.value_iterated_to() as f64 / 1e3, step.quantile_iterated_to());
            write!(to, "{value:>12.3} {share:>14.12} {below:>10}")?;
            if share < 1.0 {
                write!(to, " {:>14.2}", 1.0 / (1.0 - share))?;
            }
            writeln!(to)?;
        }
        let (mean, deviation) = (self.0.mean() / 1e3, self.0.stdev() / 1e3);
        writeln!(to, "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]")?;
        let (max, count) = (self.0.max() as f64 / 1e3, self.0.len());
        writeln!(to, "#[Max     = {max:>12.3}, Total count    = {count:>12}]")
    }
}

/// Rounded to the nearest microsecond.
#[expect(clippy::cast_possible_truncation, reason = "half a million years of microseconds fit into 64 bits")]
fn micros(time: Duration) -> u64 {
    (time + Duration::from_nanos(500)).as_micros() as u64
}

const fn seconds(micros: u64) -> Seconds {
    Seconds(micros as f64 / 1e6)
}

/// As written. What is read back are the buckets; the rest follows from them.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    count: u64,
    mean: Option<Seconds>,
    p50: Option<Seconds>,
    p90: Option<Seconds>,
    p95: Option<Seconds>,
    p99: Option<Seconds>,
    p999: Option<Seconds>,
    max: Option<Seconds>,
    /// Microseconds and how often.
    buckets: Vec<(u64, u64)>,
}

impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            count: self.count(),
            mean: self.mean(),
            p50: self.quantile(0.5),
            p90: self.quantile(0.9),
            p95: self.quantile(0.95),
            p99: self.quantile(0.99),
            p999: self.quantile(0.999),
            max: self.max(),
            buckets: self.buckets().collect(),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Latencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let mut latencies = Self::default();
        for (micros, count) in written.buckets {
            latencies.0.saturating_record_n(micros, count);
        }
        Ok(latencies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_millis(millis: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        millis.into_iter().for_each(|time| latencies.record(Duration::from_millis(time)));
        latencies
    }

    #[test]
    fn quantiles_are_within_a_thousandth() {
        let latencies = of_millis(1..=1000);
        for (share, exact) in [(0.5, 0.5), (0.99, 0.99), (1.0, 1.0)] {
            let found = latencies.quantile(share).unwrap().0;
            assert!((found / exact - 1.0).abs() < 1e-3, "{found} for {exact}");
        }
        assert!((latencies.mean().unwrap().0 - 0.5005).abs() < 5e-4);
        assert_eq!(latencies.within(Seconds(0.1)), 100);
    }

    #[test]
    fn nothing_has_no_quantiles_and_an_overlong_time_counts_as_an_hour() {
        let none = Latencies::default();
        assert_eq!((none.mean(), none.quantile(0.5), none.max()), (None, None, None));
        assert!((of_millis([u64::from(u32::MAX)]).max().unwrap().0 / 3600.0 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_histogram_survives_json() {
        let latencies = of_millis([1, 1, 5, 250, 30_000]);
        let text = serde_json::to_string(&latencies).unwrap();
        assert!(text.starts_with(r#"{"count":5,"#), "{text}");
        let read: Latencies = serde_json::from_str(&text).unwrap();
        assert_eq!(read.buckets().collect::<Vec<_>>(), latencies.buckets().collect::<Vec<_>>());
        assert_eq!(read.quantile(0.5), latencies.quantile(0.5));
    }

    #[test]
    fn percentiles_are_written_up_to_all() {
        let mut text = Vec::new();
        of_millis(1..=100).write_percentiles(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("0.500000000000         50           2.00"), "{text}");
        assert!(text.contains("1.000000000000        100\n#[Mean"), "{text}");
    }
}
