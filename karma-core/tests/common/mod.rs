//! Topologies that several tests begin with.
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of these")]

use karma_core::{Metric, ServiceId, Topology};

/// Cpu, ram, most replicas, throughput, and the first of the four probabilities (the others are a tenth, a tenth
/// and a hundredth of it), as in the published code's file.
const PUBLISHED: [(u32, u32, u32, u32, &str); 4] = [
    (500, 256, 5, 100, "0.01 0.001 0.001 0.0001"),
    (400, 512, 3, 80, "0.02 0.002 0.002 0.0002"),
    (600, 512, 4, 150, "0.01 0.001 0.001 0.0001"),
    (700, 1024, 6, 300, "0.015 0.0015 0.0015 0.00015"),
];

/// The published code's `topology.json`: the diamond first → {second, third} → fourth.
pub(crate) fn published(names: [&str; 4], with_metrics: bool) -> String {
    let services: Vec<String> =
        names.iter().zip(PUBLISHED).map(|(name, facts)| service(name, facts)).collect();
    let [a, b, c, d] = names;
    let ends = [("INPUT", a, 200), (a, b, -1), (a, c, -1), (b, d, -1), (c, d, -1), (d, "OUTPUT", -1)];
    let connections: Vec<String> = ends
        .iter()
        .map(|(from, to, rate)| {
            format!(
                "{{\n  \"source\": \"{from}\",\n  \"destination\": \"{to}\",\n  \"throughput\": {rate}\n}}"
            )
        })
        .collect();
    let metrics: Vec<&str> = Metric::ALL[..Metric::PUBLISHED].iter().map(|metric| metric.name()).collect();
    let metrics = format!(",\n\"metrics\": [\n\"{}\"\n]", metrics.join("\",\n\""));
    format!(
        "{{\n\"services\": {{\n{}\n}},\n\"connections\": [\n{}\n]{}\n}}",
        services.join(",\n"),
        connections.join(",\n"),
        if with_metrics { &metrics } else { "" }
    )
}

fn service(name: &str, (cpu, ram, most, throughput, faults): (u32, u32, u32, u32, &str)) -> String {
    let kinds = ["warning", "error", "degraded", "failure"];
    let faults: Vec<String> = kinds
        .iter()
        .zip(faults.split(' '))
        .map(|(kind, probability)| format!("  \"{kind}_probability\": {probability}"))
        .collect();
    format!(
        "\"{name}\": {{\n  \"image\": \"service-{}-image:v1.0\",\n  \"cpu\": {cpu},\n  \"ram\": {ram},\n  \
         \"min_replicas\": 1,\n  \"max_replicas\": {most},\n  \"computation_throughput\": {throughput},\n{}\n}}",
        name.to_lowercase(),
        faults.join(",\n")
    )
}

/// The published diamond, loaded.
pub(crate) fn diamond() -> Topology {
    read(&published(["a", "b", "c", "d"], true))
}

/// A topology that must load.
pub(crate) fn read(text: &str) -> Topology {
    Topology::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The message with which a document is refused.
pub(crate) fn refusal(text: &str) -> String {
    Topology::read(text.as_bytes()).map_or_else(|error| error.to_string(), |_| format!("loaded: {text}"))
}

/// A document with these services and connections, each in JSON without its outer braces.
pub(crate) fn document(services: &[(&str, &str)], connections: &[&str]) -> String {
    let services: Vec<String> =
        services.iter().map(|(name, fields)| format!("\"{name}\": {{{fields}}}")).collect();
    let connections: Vec<String> = connections.iter().map(|fields| connection(fields)).collect();
    format!("{{\"services\": {{{}}}, \"connections\": [{}]}}", services.join(", "), connections.join(", "))
}

/// `a>b` or `a>b "calls": 2` as a JSON object.
fn connection(text: &str) -> String {
    let (ends, more) =
        text.split_once(' ').map_or((text, String::new()), |(ends, more)| (ends, format!(", {more}")));
    let (source, destination) = ends.split_once('>').unwrap_or((ends, ""));
    format!("{{\"source\": \"{source}\", \"destination\": \"{destination}\"{more}}}")
}

/// The service called `name`.
pub(crate) fn id(topology: &Topology, name: &str) -> ServiceId {
    topology.service_named(name).unwrap_or_else(|| panic!("no service {name}"))
}

/// What a check that must fail says when it panics; "no panic" if it does not.
pub(crate) fn complaint(check: impl FnOnce()) -> String {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)) {
        Ok(()) => "no panic".to_owned(),
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default(),
    }
}

/// `complaint` must contain `expected`.
pub(crate) fn assert_complains(expected: &str, check: impl FnOnce()) {
    let said = complaint(check);
    assert!(said.contains(expected), "expected \"{expected}\", but it said: {said}");
}
