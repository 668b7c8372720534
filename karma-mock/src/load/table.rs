//! A report as a table to read.

use std::fmt;

use karma_core::Seconds;

use super::histogram::Latencies;
use super::report::{LoadReport, TrafficReport};

/// Columns of nine characters each.
const HEADER: &str = "     mean      p50      p90      p95      p99    p99.9      max";

impl fmt::Display for LoadReport {
    /// Rates and ends of both kinds of traffic, then percentiles in milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Seconds(sending), Seconds(planned)) = (self.sending, self.planned);
        let stopped = if self.stopped { ", stopped" } else { "" };
        writeln!(f, "{} for {sending:.0} s of {planned:.0} s{stopped}\n", self.url)?;
        let kinds = [("legitimate", &self.legitimate), ("malicious", &self.malicious)];
        for (name, traffic) in kinds {
            ends(f, name, traffic)?;
        }
        writeln!(f, "\n{:<26}{HEADER}", "ms")?;
        for (name, traffic) in kinds {
            percentiles(f, &format!("{name}, from due"), &traffic.latency)?;
            percentiles(f, &format!("{name}, from sending"), &traffic.service_time)?;
        }
        percentiles(f, "lateness of the generator", &self.lateness)?;
        warning(f, self)
    }
}

/// One line: the rate, success, and each end that some request came to.
fn ends(f: &mut fmt::Formatter<'_>, name: &str, traffic: &TrafficReport) -> fmt::Result {
    let counts = &traffic.counts;
    if counts.intended == 0 {
        return Ok(());
    }
    write!(f, "{name:<11} {:>9.1}/s", traffic.rate)?;
    let success =
        counts.success_rate().map_or_else(|| "–".to_owned(), |rate| format!("{:.2} %", 100.0 * rate));
    write!(f, "  success {success:>8}  ok {}", counts.ok)?;
    for (count, end) in [
        (counts.client_error, "status 4xx"),
        (counts.server_error, "status 5xx"),
        (counts.refused, "refused"),
        (counts.reset, "reset"),
        (counts.malformed, "not HTTP"),
        (counts.unreachable, "unreachable"),
        (counts.timed_out, "timed out"),
        (counts.not_sent, "not sent"),
        (counts.unfinished, "unfinished"),
    ] {
        if count > 0 {
            write!(f, "  {end} {count}")?;
        }
    }
    writeln!(f)
}

fn percentiles(f: &mut fmt::Formatter<'_>, name: &str, times: &Latencies) -> fmt::Result {
    if times.is_empty() {
        return Ok(());
    }
    write!(f, "{name:<26}")?;
    let shares = [0.5, 0.9, 0.95, 0.99, 0.999, 1.0];
    for Seconds(time) in
        times.mean().into_iter().chain(shares.iter().filter_map(|share| times.quantile(*share)))
    {
        write!(f, "{:>9.3}", 1e3 * time)?;
    }
    writeln!(f)
}

/// What a reader must know before using the figures.
fn warning(f: &mut fmt::Formatter<'_>, report: &LoadReport) -> fmt::Result {
    match report.not_sent() {
        0 => Ok(()),
        lost => writeln!(
            f,
            "\n{lost} requests were not sent, so the load was less than planned: more than {} were in flight, or \
             the machine ran out of file descriptors, ports or CPU.",
            report.max_in_flight
        ),
    }
}
