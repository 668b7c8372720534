//! No bytes make the reader panic: random ones, and a good document with some of its bytes or values changed.

mod common;

use common::{document, published};
use karma_core::Topology;
use proptest::prelude::*;

/// Reads bytes; a document is loaded with finite numbers, or refused with a message that is not long.
fn loads_or_says_why(bytes: &[u8]) -> Result<(), TestCaseError> {
    match Topology::read(bytes) {
        Ok(topology) => {
            let ceiling = topology.ceiling();
            prop_assert!(ceiling.rate.0.is_finite() && ceiling.rate.0 > 0.0, "{:?}", ceiling);
            prop_assert!(topology.slo.0.is_finite() && topology.timeout >= topology.slo);
            prop_assert!(!topology.entry_points.is_empty() && !topology.nodes.is_empty());
        }
        Err(error) => {
            let message = error.to_string();
            prop_assert!(!message.is_empty() && message.len() < 1500, "{}", message);
            prop_assert!(!message.chars().any(char::is_control), "{:?}", message);
        }
    }
    Ok(())
}

/// Values to put in the place of a number or text.
const VALUES: [&str; 16] = [
    "null",
    "true",
    "0",
    "-1",
    "0.5",
    "1e-7",
    "1e9",
    "1e308",
    "-1e308",
    "18446744073709551616",
    "\"\"",
    "\"a\"",
    "\"INPUT\"",
    "\"\\u0000\"",
    "[]",
    "{}",
];

proptest! {
    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        loads_or_says_why(&bytes)?;
    }

    #[test]
    fn random_text_of_json_signs(text in "[\\[\\]{}:,\"0-9a-eE.+\\- \n]{0,200}") {
        loads_or_says_why(text.as_bytes())?;
    }

    #[test]
    fn a_good_document_with_some_bytes_changed(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = published(["a", "b", "c", "d"], true).into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        loads_or_says_why(&bytes)?;
    }

    #[test]
    fn a_good_document_cut_off(at: prop::sample::Index) {
        let text = published(["a", "b", "c", "d"], true);
        loads_or_says_why(&text.as_bytes()[..at.index(text.len())])?;
    }

    #[test]
    fn a_good_document_with_some_values_changed(changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&VALUES[..])), 1..4)) {
        let text = published(["a", "b", "c", "d"], true);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (at, value) in changes {
            let line = &mut lines[at.index(text.lines().count())];
            if let Some((key, rest)) = line.clone().split_once(": ") {
                *line = format!("{key}: {value}{}", if rest.ends_with(',') { "," } else { "" });
            }
        }
        loads_or_says_why(lines.join("\n").as_bytes())?;
    }
}

/// Shapes that would overflow the stack, or take for ever, if an algorithm recursed or compared everything.
#[test]
fn the_largest_documents_are_read_or_refused() {
    let facts = r#""cpu": 1, "ram": 1, "computation_throughput": 1, "max_replicas": 1"#;
    let names: Vec<String> = (0..10_000).map(|i| format!("s{i}")).collect();
    let services: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), facts)).collect();
    let stars: Vec<String> =
        (0..99_900).map(|i| format!("s{}>s{} \"calls\": 0", i / 9_990, 10 + i % 9_990)).collect();
    let line: Vec<String> = (0..9_999).map(|i| format!("s{i}>s{}", i + 1)).collect();
    let ring: Vec<String> = (0..10_000).map(|i| format!("s{i}>s{}", (i + 1) % 10_000)).collect();
    for (calls, loads) in [(stars, true), (line, true), (ring, false)] {
        let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
        assert_eq!(Topology::read(document(&services, &calls).as_bytes()).is_ok(), loads);
    }
}
