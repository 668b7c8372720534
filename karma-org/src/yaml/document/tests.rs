//! What the generic reader promises, on types that have one feature each.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use indexmap::IndexMap;
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AsWritten, MAX_BYTES, MAX_DEPTH, read, unchecked_keywords};

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
struct Rule {
    name: String,
    #[serde(default)]
    weight: Option<f64>,
    #[serde(default)]
    agents: Option<u32>,
    #[serde(default)]
    change: Vec<Change>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    notes: IndexMap<String, AsWritten>,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Change {
    Steps(i64),
    Word(String),
    On { change: Box<Self>, on: BTreeSet<String> },
    Never { never: bool },
}

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// In order.
    #[default]
    Sequence,
    /// One of them.
    Choice,
}

fn messages<T: serde::de::DeserializeOwned + JsonSchema + std::fmt::Debug>(text: &str) -> Vec<String> {
    read::<T>(text).expect_err(text).0.iter().map(ToString::to_string).collect()
}

#[test]
fn the_schemas_of_these_types_are_checked_in_full() {
    assert_eq!(unchecked_keywords::<Rule>(), BTreeSet::new());
    assert!(!unchecked_keywords::<std::collections::BTreeMap<u32, u32>>().is_empty());
}

#[test]
fn a_document_is_read_in_its_order() {
    let text = "name: a\nnotes: {z: 0.10, a: yes, m: true}\nmode: choice\nchange:\n  - +1\n  - up\n  - {change: up, on: [b, a]}\n";
    let (rule, positions) = read::<Rule>(text).expect("a rule");
    let notes: Vec<_> =
        rule.notes.iter().map(|(name, AsWritten(text))| (name.as_str(), text.as_str())).collect();
    assert_eq!(notes, [("z", "0.10"), ("a", "yes"), ("m", "true")]);
    assert_eq!(rule.mode, Mode::Choice);
    assert_eq!(rule.change[..2], [Change::Steps(1), Change::Word("up".to_owned())]);
    assert_eq!(positions.at("/change/2/on").to_string(), "7:22");
    assert_eq!(positions.name_at("/change/2/on").to_string(), "7:18");
    assert_eq!(positions.at("/change/2/on/17/deeper").to_string(), "7:22");
}

#[test]
fn all_violations_are_reported_in_the_order_of_the_text() {
    let text =
        "nam: a\nweight: heavy\nagents: -1\nmode: choise\nchange:\n  - [up]\n  - {change: up, no: [a]}\n";
    assert_eq!(
        messages::<Rule>(text),
        [
            "1:1: error[unknown-field]: unknown field `nam`; did you mean `name`? Allowed: name, notes",
            "1:1: error[missing-field]: `name` is missing here",
            "2:9: error[wrong-type]: expected a number, found the text `heavy`",
            "3:9: error[out-of-range]: expected a number that is at least 0, found `-1`",
            "4:7: error[not-allowed]: expected `sequence` or `choice`, found `choise`; did you mean `choice`?",
            "6:5: error[wrong-type]: expected a text, a whole number or a mapping, found a list",
            "7:5: error[missing-field]: `on` is missing here",
        ]
    );
}

#[test]
fn a_number_is_no_text_and_the_message_says_how_to_make_it_one() {
    assert_eq!(
        messages::<Rule>("name: 0.8\n"),
        [
            "1:7: error[wrong-type]: expected a text, found the number `0.8`; if the text is meant, write \"0.8\""
        ]
    );
}

#[test]
fn whole_numbers_stay_within_their_type() {
    assert_eq!(
        messages::<Rule>("{name: a, agents: 5000000000}"),
        ["1:19: error[out-of-range]: expected a number that is at most 4294967295, found `5000000000`"]
    );
    assert_eq!(
        messages::<Rule>("{name: a, weight: .inf}"),
        ["1:19: error[out-of-range]: expected a finite number, found `.inf`"]
    );
}

#[test]
fn what_only_serde_refuses_has_a_position_too() {
    let text = "name: a\nchange:\n  - 1\n  - 99999999999999999999\n";
    assert_eq!(messages::<Rule>(text).len(), 1);
    assert!(
        messages::<Rule>(text)[0].starts_with("4:5: error[invalid-value]: "),
        "{:?}",
        messages::<Rule>(text)
    );
}

#[test]
fn a_name_stands_once_in_a_mapping() {
    assert_eq!(
        messages::<Rule>("name: a\nnotes:\n  x: 1\n  x: 2\nname: b\n"),
        [
            "4:3: error[duplicate-field]: `x` is here a second time; the first is at 3:3",
            "5:1: error[duplicate-field]: `name` is here a second time; the first is at 1:1",
        ]
    );
}

#[test]
fn what_can_stand_for_gigabytes_is_refused() {
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for level in 1..40 {
        let below = level - 1;
        writeln!(bomb, "a{level}: &a{level} [*a{below}, *a{below}]").expect("strings grow");
    }
    let findings = messages::<Rule>(&bomb);
    assert!(findings.iter().all(|finding| finding.contains("[yaml-alias]")), "{findings:?}");
    assert_eq!(
        messages::<Rule>("name: !!str a"),
        ["1:13: error[yaml-tag]: tags are not read: the place says what a value is"]
    );
}

#[test]
fn depth_and_size_are_limited_before_they_can_hurt() {
    for open in ["[", "- ", "{a: ", "? "] {
        let texts = [open.repeat(MAX_DEPTH + 1), open.repeat(100_000)];
        for text in texts {
            let finding = &messages::<Rule>(&text)[0];
            assert!(
                finding.contains("[too-deep]") || finding.contains("[yaml-syntax]"),
                "{open:?}: {finding}"
            );
        }
    }
    assert!(messages::<Rule>(&"a".repeat(MAX_BYTES + 1))[0].contains("[too-large]"));
}

#[test]
fn the_deepest_document_that_is_read_fits_a_small_stack() {
    let levels = MAX_DEPTH - 3;
    let text = format!("name: a\nchange: [{}up{}]", "{on: [], change: ".repeat(levels), "}".repeat(levels));
    let reading = move || {
        read::<Rule>(&text).map(|(rule, _)| rule.change.len()).map_err(|findings| findings.to_string())
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(reading).expect("a thread");
    assert_eq!(thread.join().expect("no overflow"), Ok(1));
}

#[test]
fn one_text_is_one_document_of_characters() {
    assert!(messages::<Rule>("name: a\n---\nname: b\n")[0].starts_with("2:1: error[yaml-documents]"));
    assert!(messages::<Rule>("name: \"\\0\"")[0].starts_with("1:7: error[control-character]"));
    assert!(messages::<Rule>("[1]: a")[0].contains("[yaml-name]"));
    assert_eq!(messages::<Rule>(""), ["1:1: error[wrong-type]: expected a mapping, found nothing"]);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[-{}\\[\\]:,?&*!|>'\"%@`# \\n\\tanmeigd0-9.~\u{0}\u{85}\u{feff}]{0,60}") {
        if let Err(findings) = read::<Rule>(&text) {
            prop_assert!(!findings.0.is_empty());
        }
    }

    #[test]
    fn every_number_and_text_means_what_json_says_it_means(
        weight in proptest::num::f64::NORMAL, agents: u32, name in "[ -~]{0,20}",
    ) {
        let text = serde_json::json!({ "name": name, "weight": weight, "agents": agents }).to_string();
        let (rule, _) = read::<Rule>(&text).expect("JSON is YAML");
        prop_assert_eq!((rule.name, rule.weight, rule.agents), (name, Some(weight), Some(agents)));
    }
}
