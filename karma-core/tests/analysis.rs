//! What a topology can carry, against arithmetic done by hand and against laws that hold for every topology.

mod common;

use std::collections::BTreeMap;

use common::{diamond, document, id, read};
use karma_core::topology::Limit;
use karma_core::{EntryPointId, Id as _, PerService, RequestsPerSecond, Topology};
use proptest::prelude::*;

/// 10 ms of work on one core: alone, a request takes 10 ms; a pod completes 100 in a second.
const CORE: &str = r#""cpu": 1000, "ram": 256, "computation_throughput": 100"#;

fn visits(topology: &Topology) -> PerService<f64> {
    topology.visits(EntryPointId::from_index(0))
}

fn of(topology: &Topology, values: &PerService<f64>, names: &[&str]) -> Vec<f64> {
    names.iter().map(|name| values[id(topology, name)]).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn every_service_of_a_chain_is_visited_once() {
    let chain = read(&document(&[("a", CORE), ("b", CORE), ("c", CORE)], &["a>b", "b>c"]));
    assert_eq!(visits(&chain).as_slice(), &[1.0, 1.0, 1.0]);
}

#[test]
fn the_end_of_the_diamond_is_visited_from_both_sides() {
    let topology = diamond();
    assert_eq!(of(&topology, &visits(&topology), &["a", "b", "c", "d"]), [1.0, 1.0, 1.0, 2.0]);
    assert_eq!(
        of(&topology, &topology.nominal_visits(), &["a", "b", "c", "d"]),
        [200.0, 200.0, 200.0, 400.0]
    );
}

#[test]
fn calls_multiply_along_a_path() {
    let calls = ["a>b \"calls\": 5.02", "b>c \"calls\": 0.5"];
    let topology = read(&document(&[("a", CORE), ("b", CORE), ("c", CORE)], &calls));
    assert_eq!(visits(&topology).as_slice(), &[1.0, 5.02, 2.51]);
}

#[test]
fn a_weighted_fan_out_shares_its_visits() {
    let weighted = format!("{CORE}, \"fan_out\": \"weighted\"");
    let services = [("a", weighted.as_str()), ("b", CORE), ("c", CORE)];
    let topology = read(&document(&services, &["a>b \"weight\": 3", "a>c \"weight\": 1"]));
    assert_eq!(visits(&topology).as_slice(), &[1.0, 0.75, 0.25]);
    // 8 replicas at 100/s: a limits at 800/s, b would carry 1067/s.
    assert_eq!(topology.ceiling().limit, Limit::Service(id(&topology, "a")));
    assert!(close(topology.unloaded_latency().0, 0.01 + 0.75 * 0.01 + 0.25 * 0.01));
}

#[test]
fn parallel_calls_take_as_long_as_the_slowest() {
    let parallel = format!("{CORE}, \"fan_out\": \"parallel\"");
    let slow = r#""cpu": 1000, "ram": 256, "computation_throughput": 20"#;
    let topology = read(&document(&[("a", &parallel), ("b", CORE), ("c", slow)], &["a>b", "a>c"]));
    assert_eq!(visits(&topology).as_slice(), &[1.0, 1.0, 1.0]);
    assert!(close(topology.unloaded_latency().0, 0.01 + 0.05));
}

#[test]
fn the_published_diamond_carries_240_requests_per_second_and_no_more() {
    let topology = diamond();
    let ceiling = topology.ceiling();
    assert_eq!(ceiling.limit, Limit::Service(id(&topology, "b")));
    assert!(close(ceiling.rate.0, 240.0) && close(ceiling.factor, 1.2), "{ceiling:?}");
    assert_eq!(topology.describe_limit(ceiling.limit), "b at 3 replicas");
}

#[test]
fn the_unloaded_diamond_takes_one_call_after_the_other() {
    let topology = diamond();
    let s: Vec<f64> = topology.services.iter().map(|service| service.unloaded_time().0).collect();
    assert!(close(s[0], 0.01) && close(s[1], 0.0125), "1 / throughput where a pod has less than a core");
    assert!(close(topology.unloaded_latency().0, s[0] + (s[1] + s[3]) + (s[2] + s[3])));
    assert!(close(topology.slo.0, 3.0 * topology.unloaded_latency().0));
}

#[test]
fn nodes_can_be_the_limit() {
    // One node of 8 cores: 8 pods of a core at 100/s, where 10 replicas would be allowed.
    let facts = format!("{CORE}, \"max_replicas\": 10");
    let text = document(&[("a", &facts)], &[]);
    let text = text.replacen('{', "{\"nodes\": [{\"cpu\": 8000, \"ram\": 32768}], ", 1);
    let topology = read(&text);
    let ceiling = topology.ceiling();
    assert_eq!(ceiling.limit, Limit::Nodes);
    assert!(close(ceiling.rate.0, 800.0), "{ceiling:?}");
    assert_eq!(topology.describe_limit(ceiling.limit), "the nodes");
}

#[test]
fn memory_of_the_nodes_limits_as_cpu_does() {
    let text = document(&[("a", CORE)], &[]);
    let text = text.replacen('{', "{\"nodes\": [{\"cpu\": 64000, \"ram\": 512}], ", 1);
    assert!(close(read(&text).ceiling().rate.0, 200.0), "two pods of 256Mi");
}

#[test]
fn a_link_can_be_the_limit() {
    let topology = read(&document(&[("a", CORE), ("b", CORE)], &["a>b \"throughput\": 90, \"calls\": 3"]));
    let ceiling = topology.ceiling();
    assert_eq!(ceiling.limit, Limit::Connection(0));
    assert!(close(ceiling.rate.0, 30.0), "{ceiling:?}");
    assert_eq!(topology.describe_limit(ceiling.limit), "the link a → b");
    assert!(close(topology.nominal_rate().0, 15.0), "half the ceiling, where no rate is written");
}

#[test]
fn a_pod_carries_no_more_than_its_slots_compute() {
    // Four cores, but one request at a time, on one core: a quarter of its throughput.
    let facts = r#""cpu": 4000, "ram": 256, "computation_throughput": 400, "concurrency": 1"#;
    let topology = read(&document(&[("a", facts)], &[]));
    assert_eq!(topology.services[id(&topology, "a")].pod_capacity(), RequestsPerSecond(100.0));
}

#[test]
fn what_no_request_reaches_limits_nothing() {
    let tiny = r#""cpu": 1000, "ram": 256, "computation_throughput": 0.001"#;
    let services = [("a", CORE), ("b", tiny), ("c", tiny)];
    let calls = ["INPUT>a", "a>b \"calls\": 0, \"throughput\": 1", "b>c \"throughput\": 1"];
    let topology = read(&document(&services, &calls));
    assert_eq!(visits(&topology).as_slice(), &[1.0, 0.0, 0.0]);
    let ceiling = topology.ceiling();
    assert_eq!(ceiling.limit, Limit::Service(id(&topology, "a")));
    assert!(close(ceiling.rate.0, 800.0), "{ceiling:?}");
    assert!(close(topology.unloaded_latency().0, 0.01));
}

#[test]
fn the_ceiling_keeps_the_mix_of_several_entry_points() {
    let services = [("a", CORE), ("b", CORE), ("c", CORE)];
    let calls = ["INPUT>a \"throughput\": 30", "INPUT>b \"throughput\": 10", "a>c", "b>c"];
    let ceiling = read(&document(&services, &calls)).ceiling();
    assert!(close(ceiling.factor, 20.0) && close(ceiling.rate.0, 800.0), "c at 800/s: {ceiling:?}");
}

#[test]
fn the_loads_of_several_entry_points_add_up() {
    let services = [("a", CORE), ("b", CORE), ("c", CORE)];
    let calls = ["INPUT>a \"throughput\": 30", "INPUT>b \"throughput\": 10", "a>c", "b>c \"calls\": 2"];
    let topology = read(&document(&services, &calls));
    let under = |rates: Vec<f64>| of(&topology, &topology.visits_under(&rates.into()), &["a", "b", "c"]);
    assert_eq!(under(vec![5.0, 7.0]), [5.0, 7.0, 19.0]);
    assert_eq!(under(vec![30.0, 10.0]), of(&topology, &topology.nominal_visits(), &["a", "b", "c"]));
    assert_eq!(under(vec![5.0]), [5.0, 0.0, 5.0], "an entry point without a rate receives nothing");
}

type Calls = BTreeMap<(usize, usize), f64>;

/// Throughputs of a few services, and calls from lower to higher numbers with their mean.
fn topologies() -> impl Strategy<Value = (Vec<u32>, Calls)> {
    (2usize..7).prop_flat_map(|n| {
        let call = (0..n - 1).prop_flat_map(move |from| (Just(from), from + 1..n));
        let calls = prop::collection::btree_map(call, 0.0f64..3.0, 0..12);
        (prop::collection::vec(1u32..500, n), calls)
    })
}

/// The topology with all throughputs times `factor`, on more nodes than it needs.
fn scaled(throughputs: &[u32], calls: &Calls, factor: u32) -> Topology {
    let facts: Vec<String> = throughputs
        .iter()
        .map(|t| format!(r#""cpu": 1000, "ram": 256, "computation_throughput": {}"#, t * factor))
        .collect();
    let names: Vec<String> = (0..facts.len()).map(|i| format!("s{i}")).collect();
    let services: Vec<(&str, &str)> =
        names.iter().zip(&facts).map(|(name, facts)| (name.as_str(), facts.as_str())).collect();
    let calls: Vec<String> =
        calls.iter().map(|((from, to), mean)| format!("s{from}>s{to} \"calls\": {mean}")).collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let nodes = "{\"nodes\": [{\"count\": 1000, \"cpu\": 64000, \"ram\": 262144}], ";
    read(&document(&services, &calls).replacen('{', nodes, 1))
}

proptest! {
    #[test]
    fn k_times_the_throughput_everywhere_is_k_times_the_ceiling((throughputs, calls) in topologies(), k in 2u32..9) {
        let one = scaled(&throughputs, &calls, 1).ceiling();
        let k_fold = scaled(&throughputs, &calls, k).ceiling();
        prop_assert!(close(one.rate.0 * f64::from(k), k_fold.rate.0), "{:?} {:?}", one, k_fold);
        prop_assert_eq!(one.limit, k_fold.limit);
    }

    #[test]
    fn visits_do_not_depend_on_the_throughputs((throughputs, calls) in topologies()) {
        prop_assert_eq!(visits(&scaled(&throughputs, &calls, 1)), visits(&scaled(&throughputs, &calls, 7)));
    }

    #[test]
    fn k_times_the_throughput_everywhere_is_a_kth_of_the_latency((throughputs, calls) in topologies(), k in 2u32..9) {
        let one = scaled(&throughputs, &calls, 1).unloaded_latency().0;
        prop_assert!(close(one, scaled(&throughputs, &calls, k).unloaded_latency().0 * f64::from(k)));
    }

    #[test]
    fn entries_without_a_rate_share_half_the_ceiling((throughputs, calls) in topologies()) {
        let topology = scaled(&throughputs, &calls, 1);
        let ceiling = topology.ceiling();
        prop_assert!(close(ceiling.factor, 2.0), "{:?}", ceiling);
        prop_assert!(ceiling.rate.0 > 0.0 && topology.slo.0 > 0.0 && topology.timeout >= topology.slo);
    }
}
