//! Decisions in words, from their log.

use std::fmt::Write as _;

use karma_core::{Metric, Replicas, Target};
use karma_k8s::control::LogEntry;
use karma_k8s::decide::{CanaryPhase, Decided, Listened, ServiceDecision};
use karma_k8s::resource::Mode;

use super::log::SIMULATED;
use crate::clock::format_utc;

/// Samples that are told, where they were measured: name, what it is multiplied by, digits, and what it is.
const TOLD: [(Metric, f32, usize, &str); 5] = [
    (Metric::CpuUtilization, 100.0, 0, "% CPU"),
    (Metric::RequestRate, 1.0, 1, "requests/s"),
    (Metric::LatencyMean, 1000.0, 0, "ms"),
    (Metric::ErrorRate, 100.0, 1, "% errors"),
    (Metric::PodsHealthy, 1.0, 0, "healthy pods"),
];

/// The decisions from number `first` of `log` on, of one service alone if it is named.
pub(super) fn text(log: &[LogEntry], first: usize, service: Option<&str>) -> String {
    let decisions = log.iter().enumerate().skip(first);
    let told = decisions.map(|(number, _)| decision(&log[..=number], service));
    told.collect::<Vec<_>>().join("\n")
}

/// The last decision of a log that goes so far.
fn decision(log: &[LogEntry], service: Option<&str>) -> String {
    let Some(logged) = log.last() else { return String::new() };
    let decided = &logged.decided;
    let age = decided.age.map_or_else(|| "no samples".to_owned(), |age| format!("samples {age:.0} s old"));
    let mut text =
        format!("Decision {} at {} ({}), {age}\n", decided.sequence, moment(logged), place(logged));
    for line in [Some(mode(decided)), Some(listened(log, decided)), bad(decided)].into_iter().flatten() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {line}");
    }
    for (index, name) in logged.services.iter().enumerate() {
        if service.is_none_or(|service| service == name) {
            text.push_str(&told(logged, index, name));
        }
    }
    text
}

/// Seconds since the begin of a simulated episode; the time of day on a cluster.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds since 1970, none of them before"
)]
fn moment(logged: &LogEntry) -> String {
    let time = logged.decided.time;
    if logged.namespace == SIMULATED { format!("{time:.0} s") } else { format_utc(time as u64) }
}

fn place(logged: &LogEntry) -> String {
    let simulated = logged.namespace == SIMULATED;
    if simulated {
        format!("simulated {}", logged.name)
    } else {
        format!("{}/{}", logged.namespace, logged.name)
    }
}

fn mode(decided: &Decided) -> String {
    let changed = if decided.canary_changed.is_some() { ", since this decision" } else { "" };
    match (decided.mode, decided.canary) {
        (Mode::Shadow, _) => "Shadow: nothing is carried out.".to_owned(),
        (Mode::Active, _) => "Active: what passes the shield is carried out.".to_owned(),
        (Mode::Canary, None | Some(CanaryPhase::Watching)) => {
            format!("Canary, watched: carried out for its services alone{changed}.")
        }
        (Mode::Canary, Some(CanaryPhase::Promoted)) => {
            format!("Canary, promoted: carried out for all services{changed}.")
        }
        (Mode::Canary, Some(CanaryPhase::RolledBack)) => {
            format!("Canary, rolled back: nothing is carried out{changed}.")
        }
    }
}

/// Who was listened to, and why.
fn listened(log: &[LogEntry], decided: &Decided) -> String {
    let rang = |logged: &&LogEntry| logged.decided.alarm.is_some();
    match (decided.listened, &decided.alarm) {
        (Listened::Agents, None) => "Listened to the agents: nothing speaks against it.".to_owned(),
        (Listened::Agents, Some(why)) => {
            format!(
                "Listened to the agents: this situation is new to them ({why}), but one alarm is not enough."
            )
        }
        (Listened::Fallback, Some(why)) => {
            format!("Listened to the HPA: situations are new to the agents again and again ({why}).")
        }
        (Listened::Fallback, None) => {
            let last = log.iter().rev().find(rang).map_or_else(
                || "before this log begins".to_owned(),
                |logged| format!("at decision {}", logged.decided.sequence),
            );
            format!("Listened to the HPA: the last novelty alarm, {last}, was too short a time ago.")
        }
    }
}

fn bad(decided: &Decided) -> Option<String> {
    decided.bad.as_ref().map(|why| format!("Bad for the canary: {why}."))
}

/// What was decided for one service.
fn told(logged: &LogEntry, index: usize, name: &str) -> String {
    let Some(service) = logged.decided.services.as_slice().get(index) else { return String::new() };
    let Some(seen) = logged.snapshot.services.as_slice().get(index) else { return String::new() };
    let samples: Vec<String> = TOLD
        .iter()
        .filter_map(|(metric, factor, digits, unit)| {
            let sample = factor * seen.metrics.get(*metric)?;
            Some(format!("{sample:.digits$} {unit}"))
        })
        .collect();
    let seen = if samples.is_empty() { "nothing measured".to_owned() } else { samples.join(", ") };
    let listened = match logged.decided.listened {
        Listened::Agents => &service.agents,
        Listened::Fallback => &service.fallback,
    };
    format!(
        "  {name}: {} ({seen})\n    agents  {}\n    HPA     {}\n    shield  {}\n    done    {}\n",
        replicas(service.current),
        wish(&service.agents, service.current),
        wish(&service.fallback, service.current),
        shield(service, listened),
        done(service, logged.decided.mode, logged.outcomes.get(name)),
    )
}

fn replicas(replicas: Replicas) -> String {
    if replicas.0 == 1 { "1 replica".to_owned() } else { format!("{} replicas", replicas.0) }
}

fn wish(target: &Target, current: Replicas) -> String {
    let Target { replicas: wished, reason } = target;
    if *wished == current {
        format!("leave it ({reason})")
    } else {
        format!("{} → {} ({reason})", current.0, wished.0)
    }
}

fn shield(service: &ServiceDecision, listened: &Target) -> String {
    if service.target.replicas == listened.replicas {
        return "lets it pass".to_owned();
    }
    format!(
        "lets {} pass instead of {} ({})",
        service.target.replicas.0, listened.replicas.0, service.target.reason
    )
}

fn done(service: &ServiceDecision, mode: Mode, outcome: Option<&String>) -> String {
    match (service.act, service.change()) {
        (true, Some(replicas)) => {
            let outcome = outcome.map_or("nothing is known of it", String::as_str);
            format!("{} → {}: {outcome}", service.current.0, replicas.0)
        }
        (true, None) => "nothing to do".to_owned(),
        (false, _) if mode == Mode::Shadow => "nothing, in the shadow".to_owned(),
        (false, _) => "nothing, this service is not scaled by KARMA now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::{EntryPointSnapshot, PerEntryPoint, PerService, Seconds, ServiceSnapshot, Snapshot};

    fn logged(sequence: u64, alarm: Option<&str>, listened: Listened, mode: Mode) -> LogEntry {
        let service = ServiceDecision {
            current: Replicas(2),
            agents: Target::new(Replicas(6), "ddos +3, bottleneck +1"),
            fallback: Target::new(Replicas(3), "cpu above target"),
            target: Target::new(Replicas(4), "at most 2 may be added in 15 s"),
            act: mode == Mode::Active,
        };
        let mut seen = ServiceSnapshot { desired: Replicas(2), ..ServiceSnapshot::default() };
        seen.metrics.set(Metric::CpuUtilization, 0.93);
        seen.metrics.set(Metric::RequestRate, 41.25);
        let decided = Decided {
            sequence,
            time: 75.0,
            age: Some(5.0),
            mode,
            canary: None,
            canary_changed: None,
            bad: None,
            listened,
            alarm: alarm.map(str::to_owned),
            changed_by: vec!["P2 rate".to_owned()],
            services: PerService::filled(service, 1),
        };
        LogEntry {
            namespace: SIMULATED.to_owned(),
            name: "ddos, seed 1".to_owned(),
            policy: "sha256:0".to_owned(),
            services: vec!["api".to_owned()],
            decided,
            missing: Vec::new(),
            failed: Vec::new(),
            outcomes: [("api".to_owned(), "scaled".to_owned())].into(),
            snapshot: Snapshot {
                time: Seconds(75.0),
                scraped_at: Some(Seconds(70.0)),
                services: PerService::filled(seen, 1),
                entry_points: PerEntryPoint::filled(
                    EntryPointSnapshot { request_rate: None, available: true },
                    1,
                ),
                nodes: Vec::new(),
                resilience: None,
            },
        }
    }

    #[test]
    fn a_decision_says_who_wished_what_what_was_let_pass_and_what_was_done() {
        let log = [logged(7, None, Listened::Agents, Mode::Active)];
        assert_eq!(
            text(&log, 0, None),
            "Decision 7 at 75 s (simulated ddos, seed 1), samples 5 s old\n\
             \x20 Active: what passes the shield is carried out.\n\
             \x20 Listened to the agents: nothing speaks against it.\n\
             \x20 api: 2 replicas (93 % CPU, 41.2 requests/s)\n\
             \x20   agents  2 → 6 (ddos +3, bottleneck +1)\n\
             \x20   HPA     2 → 3 (cpu above target)\n\
             \x20   shield  lets 4 pass instead of 6 (at most 2 may be added in 15 s)\n\
             \x20   done    2 → 4: scaled\n"
        );
        assert!(!text(&log, 0, Some("auth")).contains("agents  2"));
        let live = LogEntry { namespace: "shop".to_owned(), name: "team".to_owned(), ..log[0].clone() };
        assert!(
            text(&[live], 0, None)
                .starts_with("Decision 7 at 1970-01-01T00:01:15Z (shop/team), samples 5 s old")
        );
    }

    #[test]
    fn why_the_agents_are_not_listened_to_is_found_further_up_in_the_log() {
        let log = [
            logged(7, Some("its distance is 9"), Listened::Agents, Mode::Shadow),
            logged(8, Some("its distance is 9"), Listened::Fallback, Mode::Shadow),
            logged(9, None, Listened::Fallback, Mode::Shadow),
        ];
        let told = text(&log, 0, None);
        assert!(told.contains("new to them (its distance is 9), but one alarm is not enough"), "{told}");
        assert!(told.contains("new to the agents again and again (its distance is 9)"), "{told}");
        assert!(told.contains("the last novelty alarm, at decision 8, was too short a time ago"), "{told}");
        assert!(text(&log, 2, None).starts_with("Decision 9"));
        assert!(told.contains("done    nothing, in the shadow"), "{told}");
    }
}
