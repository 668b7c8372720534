//! Tests of the CSV form.

use karma_core::{Id as _, Metric, Replicas, Seconds, ServiceId};
use proptest::prelude::*;

use super::testing::{any_traces, services, window};
use super::{Traces, read_csv, write_csv};

fn text(traces: &Traces) -> String {
    let mut bytes = Vec::new();
    write_csv(traces, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn two_windows() -> Traces {
    Traces::new(services(), [window(2), window(3)]).unwrap()
}

/// What is said about two windows after `change` to their text.
fn refused(change: impl FnOnce(String) -> String) -> String {
    read_csv(change(text(&two_windows())).as_bytes()).unwrap_err().to_string()
}

/// The text with another value in one field; lines count from 1.
fn with_field(text: &str, line: usize, column: &str, value: &str) -> String {
    let place = text.lines().nth(1).unwrap().split(',').position(|name| name == column).unwrap();
    let lines = text.lines().enumerate().map(|(index, content)| {
        let mut fields: Vec<&str> = content.split(',').collect();
        if index + 1 == line {
            fields[place] = value;
        }
        fields.join(",") + "\n"
    });
    lines.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_round_trip_is_exact(traces in any_traces()) {
        prop_assert_eq!(read_csv(text(&traces).as_bytes()).unwrap(), traces);
    }

    #[test]
    fn no_text_makes_the_reader_panic(line in ".{0,200}", place in 0..2000usize) {
        let _ = read_csv(line.as_bytes());
        let mut bytes = text(&two_windows()).into_bytes();
        let place = place % bytes.len();
        bytes.splice(place..place, line.bytes().take(3));
        let _ = read_csv(bytes.as_slice());
    }
}

#[test]
fn an_absent_sample_is_an_empty_field_and_zero_is_zero() {
    let text = text(&two_windows());
    let row = text.lines().nth(2).unwrap();
    assert!(row.starts_with(
        "0,ddos,0,,2,,,123.4,,,,,,1,bottleneck,0.9,,0,0,hpa,18446744073709551615,15,api,5,3,0.25,"
    ));
}

#[test]
fn a_file_of_a_later_version_or_of_someone_else_is_refused() {
    assert!(refused(|text| text.replacen("karma-traces 1", "karma-traces 2", 1)).contains("version 2"));
    assert!(refused(|text| text.replacen("karma-traces", "traces", 1)).starts_with("not a file of traces"));
    let error = refused(|text| format!("# karma-traces 1 0123{}", &text[text.find('\n').unwrap()..]));
    assert!(error.starts_with("traces with the columns 0123, but"), "{error}");
    assert!(refused(|text| text.split_once('\n').unwrap().1.to_owned()).contains("\"window\" needs"));
    assert_eq!(read_csv("".as_bytes()).unwrap_err().to_string(), "the column \"timestamp\" is missing");
}

#[test]
fn an_unknown_column_is_told_with_the_nearest_known_one() {
    let error = refused(|text| text.replacen("latency", "latencies", 1));
    assert_eq!(error, "there is no column \"latencies\"; the nearest is \"latency\"");
    let error = refused(|text| text.replacen("cpu_request", "cpu_usage", 1));
    assert_eq!(error, "the column \"cpu_usage\" stands twice");
}

#[test]
fn a_wrong_field_is_told_with_its_line_its_column_and_what_is_allowed() {
    let with = |line, column, value: &str| {
        // The second name has a comma, which would need a reader of its own here.
        let plain: Vec<String> = vec!["api".to_owned(), "auth".to_owned()];
        let traces = Traces::new(plain.into(), two_windows().into_windows()).unwrap();
        read_csv(with_field(&text(&traces), line, column, value).as_bytes()).unwrap_err().to_string()
    };
    assert_eq!(
        with(4, "latency", "-1"),
        "line 4, column latency: \"-1\" is not a finite number of at least 0 (an absent sample is an empty field)"
    );
    assert_eq!(
        with(5, "timestamp", ""),
        "line 5, column timestamp: nothing is not a finite number of seconds"
    );
    assert_eq!(
        with(5, "step", "2"),
        "line 5, column step: 2 is not 1: rows are ordered by window, step and service"
    );
    assert_eq!(
        with(4, "seed", "7"),
        "line 4, column seed: 7 is not 18446744073709551615, as in the rows before"
    );
    assert_eq!(
        with(3, "action", "2"),
        "line 3, column action: 2 is not 1, target_replicas less replicas_desired"
    );
    assert_eq!(
        with(6, "service", "atuh"),
        "line 6, column service: \"atuh\" is not \"auth\", which has this number in the first step"
    );
    assert!(
        with(6, "target_replicas", "").starts_with("line 6, column target_replicas: nothing is not a target")
    );
    assert!(with(5, "timestamp", "0").contains("after 0, the timestamp of the step before"));
}

#[test]
fn a_row_that_is_lost_or_cut_is_told() {
    let without = |number: usize| {
        refused(|text| {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.remove(number - 1);
            lines.join("\n")
        })
    };
    assert!(without(6).starts_with("line 6, column service_id: 0 is not 1: a step has a row for each"));
    assert!(without(12).contains("rows for 1 services, but the traces have 2"));
    assert!(
        refused(|text| text[..text.len() - 5].to_owned())
            .starts_with("line 12, column entry_rate_0: nothing is not 40.5")
    );
}

const HEADER: &str = "timestamp,scenario,service_id,replicas_current,replicas_desired,failed_pods,pending_requests,\
    cpu_usage,memory_usage,ingress_traffic,egress_traffic,latency,availability,action,role,reward_global,reward_mission\n";

/// A published file of rows (timestamp, scenario, service).
fn published(rows: &[(u32, &str, &str)]) -> Result<Traces, String> {
    let rows = rows.iter().map(|(time, scenario, service)| {
        format!("{time},{scenario},{service},2,2,0,,250,300,1,1,0.1,1,-1,bottleneck,0.5,-3\n")
    });
    read_csv((HEADER.to_owned() + &rows.collect::<String>()).as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn an_authors_file_is_cut_at_gaps_scenarios_restarts_and_changes_of_services() {
    let times = [0, 30, 60, 120, 150, 20, 50];
    let mut rows: Vec<(u32, &str, &str)> = Vec::new();
    for time in times {
        rows.extend([(time, "ddos", "auth"), (time, "ddos", "api")]);
    }
    rows.extend([(80, "calm", "api"), (80, "calm", "auth"), (110, "calm", "api"), (140, "calm", "api")]);
    let traces = published(&rows).unwrap();
    assert_eq!(traces.services().as_slice(), ["auth", "api"]);
    let lengths: Vec<usize> = traces.windows().iter().map(|window| window.steps.len()).collect();
    assert_eq!(lengths, [3, 2, 2, 1, 2]);
    assert!(traces.windows().iter().all(|window| window.header.period == Seconds(30.0)));
    assert_eq!(traces.windows()[3].header.scenario, "calm");
}

#[test]
fn an_authors_row_becomes_samples_and_a_target() {
    let traces = published(&[(0, "ddos", "3"), (30, "ddos", "3")]).unwrap();
    let step = &traces.windows()[0].steps[0];
    let service = ServiceId::from_index(0);
    assert_eq!(step.state.get(service, Metric::CpuUsage), Some(250.0));
    assert_eq!(step.state.get(service, Metric::PendingRequests), None);
    assert_eq!(step.state.get(service, Metric::PodsHealthyRatio), Some(1.0));
    let decision = step.decision.as_ref().unwrap();
    assert_eq!((decision.targets[service], decision.reward), (Replicas(1), Some(0.5)));
    assert_eq!((decision.reasons[service].as_str(), decision.probability), ("bottleneck", None));
}

#[test]
fn an_authors_file_in_the_wrong_order_is_refused() {
    let by_service = [(0, "a", "x"), (30, "a", "x"), (0, "a", "y"), (30, "a", "y")];
    assert!(published(&by_service).unwrap_err().contains("order the rows by timestamp"));
    let twice = [(0, "a", "x"), (0, "a", "x")];
    assert!(
        published(&twice).unwrap_err().starts_with("line 3, column service_id: \"x\" is not another service")
    );
    assert!(published(&[(0, "a", "x")]).unwrap_err().contains("no two timestamps"));
}
