//! Every kind of error in a topology gives one message that names the place, the value and what is allowed.

mod common;

use common::{document, published, refusal};
use karma_core::Topology;

/// The facts of a service, without its outer braces.
const FACTS: &str = r#""cpu": 500, "ram": 256, "computation_throughput": 100"#;

/// One service `a` whose field is written (again: the last one is checked by the table).
fn with_field(field: &str) -> String {
    let name = field.split(':').next().unwrap_or_default();
    let others: Vec<&str> = FACTS.split(", ").filter(|fact| !fact.starts_with(name)).collect();
    document(&[("a", &format!("{}, {field}", others.join(", ")))], &[])
}

fn with_calls(connections: &[&str]) -> String {
    document(&[("a", FACTS), ("b", FACTS), ("cart", FACTS)], connections)
}

fn at_the_root(field: &str) -> String {
    format!("{{\"services\": {{\"a\": {{{FACTS}}}}}, {field}}}")
}

fn check(cases: &[(String, &str)]) {
    for (text, expected) in cases {
        assert_eq!(&refusal(text), expected, "{text}");
    }
}

#[test]
fn a_document_that_is_no_json_names_line_and_column() {
    let whole = published(["a", "b", "c", "d"], true);
    let cut = &whole[..whole.find("\"b\"").unwrap() + 4];
    check(&[
        (cut.to_owned(), "line 15, column 4: the document ends where a value should stand; is it cut off?"),
        (String::new(), "the topology is empty; it needs an object with \"services\" and \"connections\""),
        (
            " \n\t ".to_owned(),
            "the topology is empty; it needs an object with \"services\" and \"connections\"",
        ),
        (
            "\u{feff}\n".to_owned(),
            "the topology is empty; it needs an object with \"services\" and \"connections\"",
        ),
        (
            with_field("\"cpu\": NaN"),
            "line 1, column 71: expected a text in double quotes, a number, a list, an object, true, false or null, \
             found `NaN}}, \"connections\": []}`",
        ),
        (with_field("\"cpu\": 1e400"), "line 1, column 75: the number is too large"),
        (
            with_field("\"image\": \"x\", \"image\": \"y\""),
            "line 1, column 96: the key \"image\" is written twice",
        ),
        ("[".repeat(100_000), "line 1, column 128: lists and objects are nested more than 127 deep"),
        ("[]".to_owned(), "the topology: a list is not allowed; expected an object"),
        ("{}".to_owned(), "the topology: the field \"services\" is missing"),
        (
            "{\"Services\": {}}".to_owned(),
            "the topology: the field \"services\" is missing; \"Services\" is not a field",
        ),
    ]);
}

#[test]
fn a_service_written_twice_is_refused() {
    let text = document(&[("a", FACTS), ("a", FACTS)], &[]);
    assert_eq!(refusal(&text), "line 1, column 79: the key \"a\" is written twice");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let error = Topology::read(&b"{\n\n\"services\": \"\xff\"}"[..]).unwrap_err();
    assert_eq!(error.to_string(), "line 3: not UTF-8 text; a topology is a JSON document");
}

#[test]
fn a_document_larger_than_any_topology_is_refused_unread() {
    let error = Topology::read(std::io::repeat(b' ')).unwrap_err();
    assert_eq!(error.to_string(), "the topology is larger than 16 MiB, the most that is read");
}

#[test]
fn a_reader_that_fails_is_told_apart_from_a_bad_document() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let error = Topology::read(Broken).unwrap_err();
    assert_eq!(error.to_string(), "the topology cannot be read");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is gone");
}

#[test]
fn a_value_of_the_wrong_kind_or_range_is_named_with_what_is_allowed() {
    check(&[
        (
            with_field("\"cpu\": \"500m\""),
            "services.a.cpu: \"500m\" is not allowed; expected a whole number of milli-cores from 1 to 1000000",
        ),
        (
            with_field("\"cpu\": 0"),
            "services.a.cpu: 0 is not allowed; expected a whole number of milli-cores from 1 to 1000000",
        ),
        (
            with_field("\"ram\": -256"),
            "services.a.ram: -256 is not allowed; expected a whole number of mebibytes from 1 to 16777216",
        ),
        (
            with_field("\"ram\": null"),
            "services.a.ram: null is not allowed; expected a whole number of mebibytes from 1 to 16777216",
        ),
        (
            with_field("\"computation_throughput\": 0"),
            "services.a.computation_throughput: 0 is not allowed; expected a number of requests per second from \
             0.000001 to 1000000000",
        ),
        (
            with_field("\"computation_throughput\": 1e300"),
            "services.a.computation_throughput: 1e300 is not allowed; expected a number of requests per second from \
             0.000001 to 1000000000",
        ),
        (
            with_field("\"max_replicas\": 2.5"),
            "services.a.max_replicas: 2.5 is not allowed; expected a whole number of replicas from 1 to 10000",
        ),
        (
            with_field("\"min_replicas\": 0"),
            "services.a.min_replicas: 0 is not allowed; expected a whole number of replicas from 1 to 10000",
        ),
        (
            with_field("\"failure_probability\": 1.5"),
            "services.a.failure_probability: 1.5 is not allowed; expected a probability from 0 to 1",
        ),
        (
            with_field("\"memory_idle\": 300"),
            "services.a.memory_idle: 300 is not allowed; expected a number of mebibytes within ram, from 0 to 256",
        ),
        (with_field("\"image\": 7"), "services.a.image: 7 is not allowed; expected a text"),
        (
            with_field("\"blocking\": \"yes\""),
            "services.a.blocking: \"yes\" is not allowed; expected true or false",
        ),
        (
            with_field("\"fan_out\": \"Parallel\""),
            "services.a.fan_out: \"Parallel\" is not allowed; expected one of \"sequential\", \"parallel\", \"weighted\"",
        ),
    ]);
}

#[test]
fn values_that_cannot_hold_together_are_named_together() {
    check(&[
        (
            with_field("\"min_replicas\": 9, \"max_replicas\": 5"),
            "services.a: min_replicas 9 is above max_replicas 5",
        ),
        (
            with_field("\"max_replicas\": 5, \"initial_replicas\": 6"),
            "services.a: initial_replicas 6 lies outside of 1 to 5, its min_replicas and max_replicas",
        ),
        (with_field("\"cpu_limit\": 499"), "services.a: cpu_limit 499 is below cpu 500"),
        (
            at_the_root("\"slo_seconds\": 2, \"timeout_seconds\": 1.5"),
            "timeout_seconds: the timeout of 1.5 s is shorter than the SLO of 2.0000 s",
        ),
        (
            at_the_root("\"timeout_seconds\": 0.02"),
            "timeout_seconds: the timeout of 0.02 s is shorter than the SLO of 0.0300 s (3 times the unloaded time, \
             as slo_seconds is not written)",
        ),
        (
            at_the_root("\"nodes\": [{\"cpu\": 400, \"ram\": 4096}, {\"cpu\": 4000, \"ram\": 128}]"),
            "services.a: a pod of 500m and 256Mi fits on no node; nodes have 400m and 4096Mi, or 4000m and 128Mi",
        ),
    ]);
}

#[test]
fn a_name_that_is_not_known_comes_with_the_nearest_one() {
    check(&[
        (
            with_field("\"max_replica\": 5"),
            "services.a: unknown field \"max_replica\"; did you mean \"max_replicas\"?",
        ),
        (with_field("\"colour\": 5"), "services.a: unknown field \"colour\""),
        (
            with_field("\"cpu_\": 5").replace("\"cpu\": 500, ", ""),
            "services.a: the field \"cpu\" is missing; \"cpu_\" is not a field",
        ),
        (
            with_field("\"cpu_limit\": 5").replace("\"cpu\": 500, ", ""),
            "services.a: the field \"cpu\" is missing",
        ),
        (at_the_root("\"node\": []"), "the topology: unknown field \"node\"; did you mean \"nodes\"?"),
        (
            with_calls(&["a>crat"]),
            "connections[0].destination: unknown service \"crat\"; did you mean \"cart\"?",
        ),
        (
            with_calls(&["input>a"]),
            "connections[0].source: unknown service \"input\"; did you mean \"INPUT\"?",
        ),
        (
            with_calls(&["a>b \"througput\": 5"]),
            "connections[0]: unknown field \"througput\"; did you mean \"throughput\"?",
        ),
        (
            at_the_root("\"metrics\": [\"cpu_usage\", \"memory_use\"]"),
            "metrics[1]: unknown metric \"memory_use\"; did you mean \"memory_usage\"?",
        ),
        (at_the_root("\"metrics\": [3]"), "metrics[0]: 3 is not allowed; expected the name of a metric"),
    ]);
}

#[test]
fn a_circle_of_calls_is_printed_in_call_order() {
    check(&[
        (with_calls(&["a>a"]), "connections: a → a is a circle of calls; a topology must be acyclic"),
        (
            with_calls(&["a>b", "b>a"]),
            "connections: a → b → a is a circle of calls; a topology must be acyclic",
        ),
        (
            with_calls(&["a>b", "b>cart", "cart>a"]),
            "connections: a → b → cart → a is a circle of calls; a topology must be acyclic",
        ),
    ]);
}

#[test]
fn only_the_circle_is_printed_and_not_the_way_to_it() {
    let names: Vec<String> = (0..9).map(|i| format!("s{i}")).collect();
    let services: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), FACTS)).collect();
    let mut calls: Vec<String> = (0..8).map(|i| format!("s{i}>s{}", i + 1)).collect();
    calls.push("s8>s5".to_owned());
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let said = refusal(&document(&services, &calls));
    assert_eq!(said, "connections: s5 → s6 → s7 → s8 → s5 is a circle of calls; a topology must be acyclic");
}

#[test]
fn connections_that_make_no_sense_are_refused() {
    let service_or = |outside| format!("is not allowed; expected a service or \"{outside}\"");
    check(&[
        (
            with_calls(&["a>b", "a>cart", "a>b"]),
            "connections[2]: the same source and destination as connections[0]",
        ),
        (
            with_calls(&["INPUT>a", "INPUT>a"]),
            "connections[1]: the same source and destination as connections[0]",
        ),
        (with_calls(&["INPUT>OUTPUT"]), "connections[0]: INPUT leads to OUTPUT with no service between"),
        (with_calls(&["OUTPUT>a"]), &format!("connections[0].source: \"OUTPUT\" {}", service_or("INPUT"))),
        (
            with_calls(&["a>INPUT"]),
            &format!("connections[0].destination: \"INPUT\" {}", service_or("OUTPUT")),
        ),
        (at_the_root("\"connections\": [{}]"), "connections[0]: the field \"source\" is missing"),
        (at_the_root("\"connections\": [[]]"), "connections[0]: a list is not allowed; expected an object"),
        (at_the_root("\"connections\": {}"), "connections: an object is not allowed; expected a list"),
        (
            with_calls(&["a>b \"throughput\": 0"]),
            "connections[0].throughput: 0 is not allowed; expected a number of requests per second from 0.000001 to \
             1000000000, or -1 for no limit",
        ),
        (
            with_calls(&["a>b \"calls\": -1"]),
            "connections[0].calls: -1 is not allowed; expected a mean number of calls from 0 to 1000",
        ),
    ]);
}

#[test]
fn services_need_a_name_that_is_theirs() {
    let allowed =
        "is not allowed; expected 1 to 253 bytes without control characters, neither INPUT nor OUTPUT";
    for (name, shown) in
        [("INPUT", "INPUT"), ("OUTPUT", "OUTPUT"), ("", ""), ("a\\u001b[31m", "a\\u{1b}[31m")]
    {
        let said = refusal(&document(&[(name, FACTS)], &[]));
        assert_eq!(said, format!("services: the name \"{shown}\" {allowed}"));
    }
    assert_eq!(
        refusal(&document(&[], &[])),
        "services: 0 services is not allowed; expected 1 to 10000 services"
    );
}

#[test]
fn sizes_that_no_cluster_has_are_refused() {
    let many: Vec<String> = (0..101).map(|i| format!("s{i}")).collect();
    let facts = format!("{FACTS}, \"max_replicas\": 10000");
    let services: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), facts.as_str())).collect();
    check(&[
        (
            document(&services, &[]),
            "services: a total max_replicas of 1010000 is not allowed; expected at most 1000000 pods",
        ),
        (at_the_root("\"nodes\": []"), "nodes: 0 nodes is not allowed; expected 1 to 1000000 nodes"),
        (
            at_the_root(
                "\"nodes\": [{\"count\": 1000000, \"cpu\": 1, \"ram\": 1}, {\"cpu\": 1, \"ram\": 1}]",
            ),
            "nodes: 1000001 nodes is not allowed; expected 1 to 1000000 nodes",
        ),
        (
            with_calls(&["a>b \"calls\": 1000", "b>cart \"calls\": 1000.5"]),
            "connections[1].calls: 1000.5 is not allowed; expected a mean number of calls from 0 to 1000",
        ),
        (
            document(
                &[("a", FACTS), ("b", FACTS), ("c", FACTS), ("d", FACTS)],
                &["a>b \"calls\": 1000", "b>c \"calls\": 1000", "c>d \"calls\": 2"],
            ),
            "services.d: one request at each entry point calls it 2.0e6 times; at most 1000000 are allowed",
        ),
    ]);
}

#[test]
fn a_weighted_service_needs_a_weight() {
    let weighted = format!("{FACTS}, \"fan_out\": \"weighted\"");
    let text = document(
        &[("a", &weighted), ("b", FACTS), ("c", FACTS)],
        &["a>b \"weight\": 0", "a>c \"weight\": 0"],
    );
    assert_eq!(
        refusal(&text),
        "services.a: fan_out is \"weighted\", but the weight of every connection from it is 0"
    );
}
