//! What is written becomes limits, or one sentence.

use karma_shield::Limits;

use super::*;
use crate::testing::chain;

fn check(text: &str) -> Result<Limits, SafetyError> {
    let params: SafetyParams = toml::from_str(text).unwrap();
    params.check(&chain(), Timing::default()).map(|config| config.limits().clone())
}

fn refused(text: &str) -> String {
    check(text).unwrap_err().to_string()
}

#[test]
fn the_defaults_are_those_of_a_careful_operator() {
    let limits = check("").unwrap();
    let api = ServiceLimits {
        min: 1,
        max: 8,
        up: Rate { pods: 4, percent: 100, window_ms: 15_000 },
        down: Rate { pods: 3, percent: 50, window_ms: 60_000 },
        cooldown_ms: 30_000,
        stabilize_down_ms: 0,
        stabilize_up_ms: 0,
        each: Amounts { cpu: 500, memory: 512, price: 0 },
        share: 1,
        rank: 0,
        min_available: 0,
        max_unavailable: None,
        demand: Some(DemandLimits { per_replica: 100_000, most: 1_000_000_000, growth: None }),
        stale_after_ms: 60_000,
        reversals: 8,
        reversal_window_ms: 600_000,
        target_percent: 80,
        tolerance_permille: 100,
    };
    let db = ServiceLimits {
        min: 2,
        max: 9,
        each: Amounts { cpu: 1000, memory: 2048, price: 0 },
        share: 2,
        rank: 2,
        demand: Some(DemandLimits { per_replica: 50_000, most: 1_000_000_000, growth: None }),
        ..api
    };
    assert_eq!(limits.services(), [api, db]);
    assert_eq!(limits.budget(), Budget::UNLIMITED);
}

#[test]
fn growth_is_a_share_of_the_nominal_rate_and_the_share_pays_for_its_peak() {
    let limits = check("demand = { utilization = 0.8, growth = { per_second = 0.01, peak = 3.0 } }").unwrap();
    let growth = |lead_ms| Some(Growth { per_second: 1_000, lead_ms, peak: 300_000 });
    let [api, db] = limits.services() else { panic!("two services") };
    // Twice the start-up of 8 s or 10 s, a decision, a probe, and half a scrape.
    assert_eq!(api.demand.unwrap().growth, growth(43_500));
    assert_eq!(db.demand.unwrap().growth, growth(47_500));
    assert_eq!((api.demand.unwrap().per_replica, api.share), (80_000, 4), "300/s at 80/s");
    assert_eq!((db.demand.unwrap().per_replica, db.share), (40_000, 8), "300/s at 40/s");
}

#[test]
fn an_exception_replaces_what_holds_for_all() {
    let limits = check(
        "min_available = 1\n[services.db]\nmin_available = 3\nmax_unavailable = 2\nshare = 4\n\
         demand = { enabled = false }\nup = { pods = 1, percent = 0, window_seconds = 0.5 }",
    );
    let limits = limits.unwrap();
    let [api, db] = limits.services() else { panic!("two services") };
    assert_eq!((api.min_available, api.max_unavailable, api.share), (1, None, 1));
    assert_eq!((db.min_available, db.max_unavailable, db.share), (3, Some(2), 4));
    assert_eq!((db.demand, db.up.window_ms), (None, 500));
    assert!(api.demand.is_some());
}

#[test]
fn money_is_counted_in_millionths_and_rounded_up() {
    let limits = check(
        "budget = { cpu_cores = 8.5, memory_gib = 32, cost_per_hour = 1.5, price_per_core_hour = 0.04, \
         price_per_gib_hour = 0.0000011 }",
    );
    let limits = limits.unwrap();
    assert_eq!(limits.budget(), Budget { cpu: 8_500, memory: 32_768, price: 1_500_000 });
    assert_eq!(limits.services()[0].each.price, 20_001, "half a core and half of 1.1 millionths");
}

#[test]
fn what_is_written_survives_being_written_again() {
    let written = "cooldown_seconds = 1.5\nbudget = { cpu_cores = 3.0 }\n[services.api]\nshare = 2\n";
    let params: SafetyParams = toml::from_str(written).unwrap();
    let again: SafetyParams = toml::from_str(&toml::to_string(&params).unwrap()).unwrap();
    assert_eq!(again, params);
}

#[test]
fn a_field_that_is_not_known_is_refused() {
    for text in ["cooldown = 1", "[services.api]\nmin = 1", "demand = { rate = 1.0 }", "budget = { cpu = 1 }"]
    {
        let error = toml::from_str::<SafetyParams>(text).unwrap_err().to_string();
        assert!(error.contains("unknown field"), "{error}");
    }
}

#[test]
fn a_value_outside_of_its_range_is_named_with_its_place_and_range() {
    for (text, error) in [
        (
            "cooldown_seconds = -1.0",
            "safety.cooldown_seconds: -1 is not allowed; expected a number from 0 to 1000000000",
        ),
        ("cooldown_seconds = nan", "safety.cooldown_seconds: NaN"),
        ("stale_after_seconds = inf", "safety.stale_after_seconds: inf"),
        ("reversals = 9", "safety.reversals: 9 is not allowed; expected a whole number from 2 to 8"),
        ("down = { pods = 0, percent = 101, window_seconds = 1 }", "safety.down.percent: 101"),
        ("up = { pods = 0, percent = 101, window_seconds = -1 }", "safety.up.window_seconds: -1"),
        ("max_unavailable = 0", "safety.max_unavailable: 0"),
        ("target_percent = 0", "safety.target_percent: 0"),
        ("tolerance = 1.5", "safety.tolerance: 1.5"),
        ("demand = { utilization = 0.0 }", "safety.demand.utilization: 0 "),
        ("demand = { growth = { per_second = -1.0, peak = 1 } }", "safety.demand.growth.per_second: -1"),
        (
            "demand = { growth = { per_second = 1.0, peak = 1, startup_factor = 0 } }",
            "growth.startup_factor: 0",
        ),
        (
            "demand = { enabled = false, growth = { per_second = 0.0, peak = 1 } }",
            "safety.demand.enabled: false is not allowed; expected true beside demand.growth",
        ),
        ("budget = { cpu_cores = -1 }", "safety.budget.cpu_cores: -1"),
        (
            "budget = { cost_per_hour = 5 }",
            "safety.budget.cost_per_hour: 5 is not allowed; expected it only beside",
        ),
        (
            "[services.db]\ntolerance = 2",
            "safety.services.db.tolerance: 2 is not allowed; expected a number from 0 to 1",
        ),
    ] {
        assert!(refused(text).contains(error), "{text}: {}", refused(text));
    }
    let timing = Timing { decision_period: Seconds(-1.0), ..Timing::default() };
    let error = SafetyParams::default().check(&chain(), timing).unwrap_err().to_string();
    assert!(error.starts_with("timing.decision_period: -1 is not allowed"), "{error}");
}

#[test]
fn what_cannot_hold_together_is_told_with_the_name_of_the_service() {
    for (text, error) in [
        ("[services.ap]\nshare = 1", "safety.services.ap: the topology has no such service; it has api, db"),
        ("share = 9", "service api: the share is 9; expected 1 to 8, its fewest and most replicas"),
        ("share = 1", "service db: the share is 1; expected 2 to 9"),
        (
            "demand = { growth = { per_second = 0, peak = 5 } }",
            "service db: demand.growth.peak needs 10 replicas, its share is 9",
        ),
        (
            "demand = { growth = { per_second = 0.05, peak = 2 } }",
            "service db: demand.growth.per_second may need 5 more",
        ),
        (
            "budget = { cpu_cores = 2 }",
            "safety.budget.cpu_cores: 2 is less than the 2.5 that the shares of all",
        ),
        ("budget = { memory_gib = 4 }", "safety.budget.memory_gib: 4 is less than the 4.5"),
        (
            "budget = { cost_per_hour = 2, price_per_core_hour = 1 }",
            "safety.budget.cost_per_hour: 2 is less than the 2.5",
        ),
    ] {
        assert!(refused(text).contains(error), "{text}: {}", refused(text));
    }
}

#[test]
fn a_replica_too_small_or_too_dear_to_count_is_refused() {
    let text = r#"{ "services": { "a": { "cpu": 1000000, "ram": 1, "computation_throughput": 0.0005 } } }"#;
    let topology = Topology::read(text.as_bytes()).unwrap();
    let refused = |params: SafetyParams| params.check(&topology, Timing::default()).unwrap_err().to_string();
    assert_eq!(
        refused(SafetyParams::default()),
        "safety.demand.utilization: 1 is not allowed; expected at least 2 for a"
    );
    let budget = BudgetParams { price_per_core_hour: 1000.0, ..BudgetParams::default() };
    assert_eq!(
        refused(SafetyParams {
            budget,
            demand: DemandParams { enabled: false, ..DemandParams::default() },
            ..SafetyParams::default()
        }),
        "safety.budget.price of a replica of a: 1000000 is not allowed; expected at most 4294.967295 for an hour"
    );
}
