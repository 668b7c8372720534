use karma_core::{
    Conduct, EntryPointSnapshot, Metric, MetricRow, Seconds, ServiceSnapshot, StreamRng, Topology,
};
use serde_json::json;

use super::*;
use crate::resource::KarmaAutoscalerSpec;

/// Wishes `by` more replicas for each service.
struct More(i64, u64);

impl Autoscaler for More {
    fn name(&self) -> &'static str {
        "more"
    }

    fn reset(&mut self) {}

    fn decide(&mut self, snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
        self.1 += 1;
        let target = |service: &ServiceSnapshot| {
            let replicas = (i64::from(service.desired.0) + self.0).max(0);
            Target::new(Replicas(u32::try_from(replicas).unwrap()), "a wish")
        };
        Decision { targets: snapshot.services.map(target) }
    }

    fn conduct(&self) -> Option<Conduct> {
        None
    }
}

impl Fallback for More {
    fn memory(&self) -> serde_json::Value {
        json!(self.1)
    }

    fn recall(&mut self, memory: serde_json::Value) -> Result<(), String> {
        self.1 = memory.as_u64().ok_or("no number")?;
        Ok(())
    }
}

/// Rings when more than 500 requests a second arrive.
struct Rush;

impl Alarm for Rush {
    fn rings(&mut self, snapshot: &Snapshot) -> Option<String> {
        let rate = snapshot.entry_points.iter().filter_map(|entry| entry.request_rate).sum::<f32>();
        (rate > 500.0).then(|| format!("{rate} requests/s"))
    }
}

fn topology() -> Topology {
    let text = r#"{ "services": {
        "api": { "cpu": 200, "ram": 64, "computation_throughput": 100, "max_replicas": 8 },
        "auth": { "cpu": 200, "ram": 64, "computation_throughput": 100, "max_replicas": 8 } },
        "connections": [{ "source": "INPUT", "destination": "api" }, { "source": "api", "destination": "auth" }] }"#;
    Topology::read(text.as_bytes()).unwrap()
}

fn spec(changes: &serde_json::Value) -> KarmaAutoscalerSpec {
    let digest = format!("sha256:{}", "0".repeat(64));
    let mut spec = json!({ "policy": { "file": "team.karma", "digest": digest }, "mode": "Active" });
    for (field, value) in changes.as_object().unwrap() {
        spec[field] = value.clone();
    }
    serde_json::from_value(spec).unwrap()
}

fn round(changes: &serde_json::Value, agents: i64, fallback: i64) -> Round {
    let settings = spec(changes).settings(&topology(), Seconds(15.0)).unwrap();
    let minds = Minds {
        agents: Box::new(More(agents, 0)),
        fallback: Box::new(More(fallback, 0)),
        alarm: Some(Box::new(Rush)),
    };
    Round::new(settings, minds, "a policy")
}

/// Two services with `replicas` ready pods each, at decision `number`.
fn seen(number: u32, replicas: [u32; 2], rate: f32) -> Snapshot {
    let service = |desired: u32| {
        let mut metrics = MetricRow::default();
        for (metric, value) in [
            (Metric::DesiredReplicas, desired as f32),
            (Metric::CurrentReplicas, desired as f32),
            (Metric::PodsHealthy, desired as f32),
            (Metric::RequestRate, rate),
            (Metric::CpuUsage, 100.0),
            (Metric::CpuRequest, 200.0 * desired as f32),
        ] {
            metrics.set(metric, value);
        }
        ServiceSnapshot { desired: Replicas(desired), metrics, pods: Vec::new() }
    };
    let time = Seconds(1.7e9 + 15.0 * f64::from(number));
    Snapshot {
        time,
        scraped_at: Some(time - Seconds(5.0)),
        services: replicas.map(service).to_vec().into(),
        entry_points: vec![EntryPointSnapshot { request_rate: Some(rate), available: true }].into(),
        nodes: Vec::new(),
        resilience: None,
    }
}

fn changes(decided: &Decided) -> Vec<Option<u32>> {
    decided.services.iter().map(|service| service.change().map(|replicas| replicas.0)).collect()
}

#[test]
fn active_agents_are_listened_to_within_what_the_shield_allows() {
    let mut round = round(&json!({}), 2, 1);
    let decided = round.decide(&seen(0, [2, 2], 50.0));
    assert_eq!((decided.sequence, decided.listened), (1, Listened::Agents));
    assert_eq!(changes(&decided), [Some(4), Some(4)]);
    let api = &decided.services.as_slice()[0];
    assert_eq!((api.agents.replicas, api.fallback.replicas), (Replicas(4), Replicas(3)));
    // Four more in fifteen seconds are allowed.
    let decided = round.decide(&seen(1, [4, 4], 50.0));
    assert_eq!(changes(&decided), [Some(6), Some(6)]);
}

#[test]
fn a_shadow_changes_nothing_says_what_it_would_have_done_and_does_not_remember_it_as_done() {
    let mut round = round(&json!({ "mode": "Shadow" }), 3, 1);
    for number in 0..20 {
        let decided = round.decide(&seen(number, [2, 2], 50.0));
        assert_eq!(changes(&decided), [None, None]);
        let targets: Vec<u32> = decided.services.iter().map(|service| service.target.replicas.0).collect();
        assert_eq!(targets, [5, 5], "decision {number} is as the first");
        assert_eq!(decided.changed_by, [""; 0]);
    }
}

#[test]
fn alarms_make_the_fallback_decide_and_a_calm_time_the_agents() {
    let mut round = round(&json!({ "trust": { "calm": 5 } }), 1, 0);
    let mut heard = Vec::new();
    for number in 0..12 {
        let rate = if (2..5).contains(&number) { 700.0 } else { 50.0 };
        let decided = round.decide(&seen(number, [2, 2], rate));
        assert_eq!(decided.alarm.is_some(), rate > 500.0);
        heard.push(decided.listened);
        if decided.listened == Listened::Fallback {
            assert!(decided.services.as_slice()[0].target.reason.starts_with("fallback: a wish"));
        }
    }
    let fallback: Vec<usize> = (0..12).filter(|number| heard[*number] == Listened::Fallback).collect();
    assert_eq!(fallback, [4, 5, 6, 7, 8], "from the third alarm until five calm decisions have passed");
}

#[test]
fn replicas_that_only_junk_would_need_are_not_added_and_none_is_removed() {
    let decide = |junk: [Option<f32>; 2], replicas| {
        let mut round = round(&json!({}), 2, 0);
        round.told_of_junk(junk.to_vec().into());
        round.decide(&seen(0, replicas, 450.0))
    };
    assert_eq!(changes(&decide([None, None], [2, 2])), [Some(4), Some(4)], "nobody tells junk from clients");
    let held = decide([Some(400.0), Some(300.0)], [2, 2]);
    assert_eq!(changes(&held), [None, Some(4)], "50/s need a replica and 150/s three, and one is for junk");
    assert_eq!(held.changed_by, ["attack guard"]);
    let reason = &held.services.as_slice()[0].target.reason;
    assert_eq!(reason, "a wish (held back: 400.0 requests/s are junk)");
    assert_eq!(changes(&decide([Some(450.0), Some(450.0)], [6, 6])), [None, None], "what is there stays");
}

#[test]
fn a_canary_scales_its_services_then_all_and_bad_decisions_end_it() {
    let canary = json!({ "mode": "Canary", "canary": { "services": ["auth"], "watchSeconds": 60, "maxErrorRate": 0.1 } });
    let mut round = round(&canary, 1, 0);
    for number in 0..4 {
        let decided = round.decide(&seen(number, [2, 2], 50.0));
        assert_eq!(changes(&decided), [None, Some(3)], "decision {number}");
        assert_eq!(decided.services.as_slice()[0].target.replicas, Replicas(3), "what would have been done");
    }
    let decided = round.decide(&seen(4, [2, 2], 50.0));
    assert_eq!(decided.canary_changed, Some(CanaryPhase::Promoted));
    assert_eq!(changes(&decided), [Some(3), Some(3)]);
    let failing = |number| {
        let mut snapshot = seen(number, [3, 3], 50.0);
        snapshot.services.as_mut_slice()[0].metrics.set(Metric::ErrorRate, 0.5);
        snapshot
    };
    let bad: Vec<Decided> = (5..8).map(|number| round.decide(&failing(number))).collect();
    assert_eq!(bad[0].bad.as_deref(), Some("api: 50.0 % of requests fail, 10.0 % are allowed"));
    assert_eq!(bad[2].canary_changed, Some(CanaryPhase::RolledBack));
    assert_eq!(changes(&bad[2]), [None, None]);
    assert_eq!(changes(&round.decide(&seen(99, [3, 3], 50.0))), [None, None], "for good");
}

#[test]
fn what_is_paused_is_not_done() {
    let mut round = round(&json!({ "services": { "api": { "pause": "Up" } } }), 1, 0);
    let decided = round.decide(&seen(0, [2, 2], 50.0));
    assert_eq!(changes(&decided), [None, Some(3)]);
    assert!(decided.services.as_slice()[0].target.reason.contains("P11 pause"));
}

#[test]
fn a_restart_changes_no_decision() {
    let course = |number: u32| seen(number, [4 + number % 3, 5], 50.0 + 10.0 * number as f32);
    let spec = json!({ "limits": { "stabilizeDownSeconds": 90.0 }, "mode": "Canary",
                       "canary": { "services": ["api"], "watchSeconds": 120 }, "trust": { "calm": 3 } });
    let mut without = round(&spec, -1, 1);
    let mut with = round(&spec, -1, 1);
    for number in 0..40 {
        let text = serde_json::to_string(&with.memory()).unwrap();
        with = round(&spec, -1, 1);
        if number > 0 {
            with.restore(serde_json::from_str(&text).unwrap()).unwrap();
        }
        assert_eq!(with.decide(&course(number)), without.decide(&course(number)), "decision {number}");
    }
}

#[test]
fn without_a_memory_nothing_is_removed_at_once() {
    let mut fresh = round(&json!({}), -1, 0);
    assert_eq!(changes(&fresh.decide(&seen(0, [4, 4], 50.0))), [None, None], "the cooldown holds first");
    assert_eq!(changes(&fresh.decide(&seen(4, [4, 4], 50.0))), [Some(3), Some(3)]);
}

#[test]
fn a_damaged_memory_is_said_and_the_round_goes_on_with_care() {
    let mut round = round(&json!({}), -1, 0);
    let mut memory = round.memory();
    memory.shield.0.push(7);
    memory.sequence = 41;
    assert!(matches!(round.restore(memory), Err(MemoryError::Shield(_))));
    let decided = round.decide(&seen(0, [4, 4], 50.0));
    assert_eq!((decided.sequence, changes(&decided)), (42, vec![None, None]));
}

#[test]
fn another_policy_begins_its_canary_and_its_trust_anew() {
    let canary = json!({ "mode": "Canary", "canary": { "services": ["auth"], "rollBackAfter": 1, "maxErrorRate": 0.1 } });
    let mut before = round(&canary, 1, 0);
    let mut failing = seen(0, [2, 2], 700.0);
    failing.services.as_mut_slice()[1].metrics.set(Metric::ErrorRate, 0.5);
    assert_eq!(before.decide(&failing).canary, Some(CanaryPhase::RolledBack));
    let memory = before.memory();
    let mut same = round(&canary, 1, 0);
    same.restore(memory.clone()).unwrap();
    assert_eq!(same.decide(&seen(1, [2, 2], 50.0)).canary, Some(CanaryPhase::RolledBack));
    let mut other = round(&canary, 1, 0);
    other.restore(Memory { policy: "another".into(), ..memory }).unwrap();
    assert_eq!(other.decide(&seen(1, [2, 2], 50.0)).canary, Some(CanaryPhase::Watching));
}

#[test]
fn what_was_not_seen_is_held() {
    let mut round = round(&json!({}), 3, -3);
    let mut blind = seen(0, [2, 2], 50.0);
    blind.scraped_at = None;
    assert_eq!(changes(&round.decide(&blind)), [None, None]);
    let mut stale = seen(20, [2, 2], 50.0);
    stale.scraped_at = Some(stale.time - Seconds(300.0));
    let decided = round.decide(&stale);
    assert_eq!(changes(&decided), [None, None]);
    assert_eq!(decided.changed_by, ["P6 freshness"; 2]);
}

#[test]
fn who_stands_down_for_a_service_tells_what_would_have_been_done_and_scales_the_others() {
    let mut round = round(&json!({}), 1, 0);
    round.stand_down(vec![true, false].into());
    let decided = round.decide(&seen(0, [2, 2], 50.0));
    assert_eq!(changes(&decided), [None, Some(3)]);
    assert_eq!(decided.services.as_slice()[0].target.replicas, Replicas(3), "what would have been done");
    round.stand_down(vec![false, false].into());
    assert_eq!(changes(&round.decide(&seen(1, [2, 2], 50.0))), [Some(3), Some(3)]);
}
