//! Both published forms of `topology.json` load unchanged, and what they do not say has its default.

mod common;

use common::{diamond, document, id, published, read};
use karma_core::topology::{Balancing, FanOut, FaultProbabilities, Priority, WorkDistribution};
use karma_core::{Mebibytes, Metric, Millicores, Replicas, RequestsPerSecond, Seconds};

#[test]
fn the_published_diamond_loads_with_every_number_of_it() {
    let topology = diamond();
    let names: Vec<&str> = topology.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    let d = &topology.services[id(&topology, "d")];
    assert_eq!(d.image.as_deref(), Some("service-d-image:v1.0"));
    assert_eq!((d.cpu, d.memory), (Millicores(700), Mebibytes(1024)));
    assert_eq!((d.min_replicas, d.max_replicas), (Replicas(1), Replicas(6)));
    assert_eq!(d.throughput, RequestsPerSecond(300.0));
    let faults = FaultProbabilities { warning: 0.015, error: 0.0015, degraded: 0.0015, failure: 0.000_15 };
    assert_eq!(d.faults, faults);
    assert_eq!(topology.metrics.as_deref(), Some(&Metric::ALL[..Metric::PUBLISHED]));
}

#[test]
fn input_names_the_entry_point_and_output_is_no_service() {
    let topology = diamond();
    assert_eq!(topology.entry_points.len(), 1);
    let (_, entry) = topology.entries().next().unwrap();
    assert_eq!(entry.service, id(&topology, "a"));
    assert_eq!(entry.nominal_rate, RequestsPerSecond(200.0));
    let ends: Vec<_> = topology.connections.iter().map(|c| (c.source, c.destination)).collect();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| id(&topology, name));
    assert_eq!(ends, [(a, b), (a, c), (b, d), (c, d)]);
    assert!(topology.connections.iter().all(|connection| connection.throughput.is_none()), "-1 is no limit");
}

#[test]
fn the_older_published_file_has_capital_names_and_no_metrics() {
    let topology = read(&published(["A", "B", "C", "D"], false));
    assert_eq!(topology.services[id(&topology, "A")].image.as_deref(), Some("service-a-image:v1.0"));
    assert_eq!(topology.metrics, None);
    assert_eq!(topology.ceiling(), diamond().ceiling());
}

#[test]
fn what_the_short_form_does_not_say_has_the_documented_default() {
    let topology = read(&document(&[("a", r#""cpu": 500, "ram": 256, "computation_throughput": 100"#)], &[]));
    let a = &topology.services[id(&topology, "a")];
    assert_eq!((a.min_replicas, a.initial_replicas, a.max_replicas), (Replicas(1), Replicas(1), Replicas(8)));
    assert_eq!(a.cpu_limit, a.cpu);
    assert_eq!(a.work, WorkDistribution::LogNormal(0.35));
    assert_eq!((a.concurrency, a.queue_capacity, a.blocking), (32, 64, true));
    assert_eq!((a.fan_out, a.priority), (FanOut::Sequential, Priority::Normal));
    assert_eq!((a.faults, a.startup), (FaultProbabilities::default(), Seconds(8.0)));
    assert_eq!((a.memory_idle, a.memory_per_request), (0.4 * 256.0, 4.0));
    assert_eq!((topology.balancing, topology.retries), (Balancing::Random, 0));
    // 500m at 100/s is 5 ms of work, 10 ms alone on half a core; the SLO is three times that.
    assert!((topology.slo.0 - 0.03).abs() < 1e-12);
    assert_eq!(topology.timeout, Seconds(1.0));
    assert_eq!(topology.nodes.len(), 1);
}

#[test]
fn without_input_every_service_that_nobody_calls_is_an_entry_at_half_the_ceiling() {
    let facts = r#""cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 2"#;
    let topology = read(&document(&[("a", facts), ("b", facts), ("c", facts)], &["a>c", "b>c"]));
    let entries: Vec<_> =
        topology.entries().map(|(_, entry)| (entry.service, entry.nominal_rate.0)).collect();
    assert_eq!(entries, [(id(&topology, "a"), 50.0), (id(&topology, "b"), 50.0)], "c carries 200/s");
}

#[test]
fn default_nodes_carry_full_scale_out_with_a_fifth_to_spare() {
    let topology = diamond();
    assert!((topology.full_scale_out_cores() - 10.3).abs() < 1e-9);
    let cores: f64 = topology.nodes.iter().map(|pool| f64::from(pool.count) * pool.cpu.cores()).sum();
    assert_eq!(cores, 16.0, "10.3 cores and a fifth need two nodes of 8");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let text = published(["a", "b", "c", "d"], true).replace('\n', "\r\n");
    let topology = read(&format!("\u{feff}{text}"));
    assert_eq!(topology.services, diamond().services);
}

#[test]
fn services_keep_their_order_and_calls_come_after_their_callers() {
    let facts = r#""cpu": 500, "ram": 256, "computation_throughput": 100"#;
    let topology = read(&document(&[("z", facts), ("y", facts), ("x", facts)], &["x>z", "z>y"]));
    let order: Vec<&str> =
        topology.call_order().iter().map(|id| topology.services[*id].name.as_str()).collect();
    assert_eq!(order, ["x", "z", "y"]);
    assert_eq!(topology.services.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["z", "y", "x"]);
}
