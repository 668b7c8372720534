//! The load generator beside `wrk` and `hey`, where those are right and where they are not.
//!
//!     cargo bench --package karma-benches --bench load [-- SECONDS]
//!
//! A server answers after a constant 5 ms: closed and open loop must measure the same. Then it stalls for 2 s, and a
//! closed loop waits with it: hey counts one slow request for each of its connections and its 99th percentile knows
//! nothing of the stall, through which one request in five of the schedule had to wait. wrk sends no more than hey, but
//! fills in what it has not sent from its mean interval. Tools that are not installed are left out.
#![expect(clippy::print_stdout, reason = "a bench answers on the terminal")]

use std::error::Error;
use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use karma_core::Seconds;
use karma_mock::load::testing::{FixedParams, FixedServer};
use karma_mock::load::{Connections, LoadPlan, LoadReport, Pacing, TargetParams, run};

const RATE: f64 = 2000.0;
const DELAY: Duration = Duration::from_millis(5);
const STALL: Duration = Duration::from_secs(2);
/// Connections of the closed loops: with some 6 ms for each answer they come to about the same rate.
const CLOSED: u32 = 12;

type Answer<T> = Result<T, Box<dyn Error>>;

/// What is compared, in milliseconds.
struct Row {
    tool: &'static str,
    rate: f64,
    p50: f64,
    p90: f64,
    p99: f64,
}

fn main() -> Answer<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // As a test (`cargo test --benches`) it only has to run.
    let measuring = arguments.iter().any(|argument| argument == "--bench");
    let written = arguments.iter().find_map(|argument| argument.parse().ok());
    let seconds: u32 = if measuring { written.unwrap_or(10).max(5) } else { 1 };
    compare("constant delay of 5 ms", None, seconds, measuring)?;
    if measuring {
        compare("the same, and a stall of 2 s", Some(&(DELAY * 200..DELAY * 200 + STALL)), seconds, true)?;
    }
    Ok(())
}

fn compare(title: &str, stall: Option<&Range<Duration>>, seconds: u32, peers: bool) -> Answer<()> {
    let start = || FixedServer::start(FixedParams { delay: DELAY, stall: stall.cloned(), remember: false });
    println!("\n{title}\n{:<24}{:>10}{:>10}{:>10}{:>10}", "", "rate", "p50 ms", "p90 ms", "p99 ms");
    for pacing in [Pacing::Uniform, Pacing::Poisson] {
        let report = ours(&start()?, pacing, seconds)?;
        print(&row(&report, pacing));
        let late = [0.5, 0.99, 1.0].map(|share| millis(report.lateness.quantile(share)));
        println!("{:<24}p50 {:.3}  p99 {:.3}  max {:.3} ms", "  lateness", late[0], late[1], late[2]);
    }
    for peer in [wrk, hey] {
        if let Some(row) = peers.then(|| start().map(|server| peer(&server, seconds))).transpose()?.flatten()
        {
            print(&row);
        }
    }
    Ok(())
}

fn ours(server: &FixedServer, pacing: Pacing, seconds: u32) -> Answer<LoadReport> {
    let plan = LoadPlan::constant(RATE, seconds)?.paced(pacing);
    let params = TargetParams { connections: Connections::Kept, ..TargetParams::of(server.url("/")) };
    Ok(run(&plan, &params.check()?, |_| true)?)
}

fn row(report: &LoadReport, pacing: Pacing) -> Row {
    let tool = if pacing == Pacing::Uniform { "karma, uniform" } else { "karma, Poisson" };
    let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| millis(report.legitimate.latency.quantile(share)));
    Row { tool, rate: report.achieved_rate(), p50, p90, p99 }
}

fn wrk(server: &FixedServer, seconds: u32) -> Option<Row> {
    let connections = CLOSED.to_string();
    let duration = format!("{seconds}s");
    let text = output(
        "wrk",
        &["-t", "1", "-c", &connections, "-d", &duration, "--timeout", "30s", "--latency", &server.url("/")],
    )?;
    // The lines before it have shares of their own.
    let (_, distribution) = text.split_once("Latency Distribution")?;
    let percentile = |share| with_unit(after(distribution, share)?);
    let rate = after(&text, "Requests/sec:")?.parse().ok()?;
    Some(Row { tool: "wrk", rate, p50: percentile("50%")?, p90: percentile("90%")?, p99: percentile("99%")? })
}

fn hey(server: &FixedServer, seconds: u32) -> Option<Row> {
    let connections = CLOSED.to_string();
    let each = (RATE / f64::from(CLOSED)).round().to_string();
    let duration = format!("{seconds}s");
    let text =
        output("hey", &["-z", &duration, "-c", &connections, "-q", &each, "-t", "30", &server.url("/")])?;
    let percentile = |share| Some(1e3 * after(&text, share)?.parse::<f64>().ok()?);
    let rate = after(&text, "Requests/sec:")?.parse().ok()?;
    let [p50, p90, p99] = ["50% in", "90% in", "99% in"].map(percentile);
    Some(Row { tool: "hey", rate, p50: p50?, p90: p90?, p99: p99? })
}

/// What a program prints; `None` if it is not installed or fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The word after the first occurrence of `key`.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.split_once(key)?.1.split_whitespace().next()
}

/// A time of wrk, in milliseconds: `820.00us`, `5.91ms`, `1.99s`.
fn with_unit(time: &str) -> Option<f64> {
    let (number, factor) = [("us", 1e-3), ("ms", 1.0), ("s", 1e3)]
        .iter()
        .find_map(|(unit, factor)| Some((time.strip_suffix(unit)?, factor)))?;
    Some(number.parse::<f64>().ok()? * factor)
}

fn millis(time: Option<Seconds>) -> f64 {
    time.map_or(f64::NAN, |Seconds(time)| 1e3 * time)
}

fn print(row: &Row) {
    println!("{:<24}{:>10.1}{:>10.2}{:>10.2}{:>10.2}", row.tool, row.rate, row.p50, row.p90, row.p99);
}
