//! Texts that are broken, or made to do harm: refused in words, at once, and without a panic.

use std::fs;
use std::path::Path;

use karma_org::spec::{Goal, OrganizationalSpecification, Plan, PlanOperator, Scheme};
use karma_org::{Severity, xml};
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::sample::Index;

/// All that is said about a text that cannot be read.
fn refusal(text: impl AsRef<[u8]>) -> String {
    xml::read(text).unwrap_err().to_string()
}

const WP: &str = include_str!("../data/moise/wp-os.xml");

#[test]
fn entities_are_never_expanded() {
    let laugh = |n: usize| format!("<!ENTITY l{n} '{}'>", format!("&l{};", n - 1).repeat(10));
    let laughs = (1..10).map(laugh).collect::<Vec<_>>().concat();
    let text = format!("<!DOCTYPE o [<!ENTITY l0 'ha'>{laughs}]><organisational-specification id='&l9;'/>");
    assert_eq!(
        refusal(text),
        "1:1: error[doctype]: the document type defines entities or the like; definitions are refused, remove them"
    );
    assert_eq!(
        refusal("<organisational-specification>&l9;</organisational-specification>"),
        "1:31: error[not-well-formed]: the entity `&l9;` is not defined"
    );
    let found = refusal("<organisational-specification id='&l9;'/>");
    assert!(found.starts_with("1:31: error[not-well-formed]: in the value of `id`"), "{found}");
}

#[test]
fn a_document_type_that_only_names_something_is_ignored() {
    let text = WP.replacen(
        "<organisational",
        "<!DOCTYPE organisational-specification SYSTEM 'file:///x'><organisational",
        1,
    );
    let document = xml::read(text).unwrap();
    assert_eq!(document.specification, xml::read(WP).unwrap().specification);
    assert_eq!(document.warnings[0].message, "the document type is ignored; MOISE files have none");
}

#[test]
fn the_entities_and_characters_of_xml_itself_work() {
    let text = "<organisational-specification os-version='1' xmlns='http://moise.sourceforge.net/os' \
                id='&lt;&#x41;&#66;&gt;&amp;&apos;&quot;&#10;'><normative-specification><npl-norms>\
                a &lt;&#x41;&gt;&amp;<![CDATA[ <&lt;> ]]>&#13;</npl-norms></normative-specification>\
                </organisational-specification>";
    let read = xml::read(text).unwrap().specification;
    assert_eq!(read.id.as_deref(), Some("<AB>&'\"\n"));
    assert_eq!(read.normative.npl.as_deref(), Some("a <A>& <&lt;> \r"));
    assert!(refusal("<a b='&#1;'/>").contains("a character that XML does not allow"));
    assert!(refusal("<a>&#xFFFE;</a>").contains("`&#xFFFE;` is no character that XML allows"));
}

#[test]
fn a_million_nested_elements_are_refused_where_they_get_too_deep() {
    let found = refusal("<a>".repeat(1_000_000));
    assert_eq!(found, "1:769: error[too-deep]: elements are nested deeper than 256 levels");
}

#[test]
fn the_deepest_goals_that_can_be_read_can_be_written() {
    let written = |depth| xml::write(&nested(depth));
    let deepest = written(127).unwrap();
    assert_eq!(xml::read(&deepest).unwrap().specification, nested(127));
    assert!(written(128).unwrap_err().to_string().contains("error[too-deep]"));
}

/// A scheme of goals, each the plan of the one before.
fn nested(depth: usize) -> OrganizationalSpecification {
    let mut goal = Goal { id: "g".into(), ..Goal::default() };
    for _ in 1..depth {
        let plan = Plan { operator: PlanOperator::Sequence, goals: vec![goal], ..Plan::default() };
        goal = Goal { id: "g".into(), plan: Some(plan), ..Goal::default() };
    }
    let mut specification = OrganizationalSpecification::default();
    specification.functional.schemes.push(Scheme { goal: Some(goal), ..Scheme::default() });
    specification
}

#[test]
fn larger_texts_than_are_read_are_refused() {
    let text = format!("{WP}{}", " ".repeat(xml::MAX_BYTES - WP.len()));
    assert!(xml::read(&text).is_ok());
    assert!(refusal(text + " ").contains("error[too-large]"));
}

#[test]
fn a_text_of_very_many_errors_is_given_up() {
    let text =
        |inside: String| format!("<organisational-specification{inside}</organisational-specification>");
    let elements = text(format!(">{}", "<x/>".repeat(1_000_000)));
    let attributes = text((0..300_000).map(|n| format!(" a{n}=''")).collect::<Vec<_>>().concat() + ">");
    for text in [elements, attributes] {
        let found = xml::read(text).unwrap_err().0;
        assert!((xml::MAX_FINDINGS..xml::MAX_FINDINGS + 10).contains(&found.len()), "{}", found.len());
        assert!(found.iter().any(|finding| finding.code == "too-many-findings"));
    }
}

#[test]
fn every_truncation_is_refused() {
    let whole = WP.trim_end();
    for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
        let found = xml::read(&whole[..end]).unwrap_err();
        assert_eq!(found.0.len(), 1, "{found}");
        assert_eq!(found.0[0].code, "not-well-formed");
    }
}

#[test]
fn only_utf8_is_read() {
    let mut latin1 = WP.as_bytes().to_vec();
    latin1.splice(80..80, [0xE9]);
    let found = refusal(&latin1);
    assert!(found.contains("error[not-utf-8]: the byte 0xE9 is not UTF-8"), "{found}");
    for mark in [false, true] {
        let units = mark.then_some(0xFEFF).into_iter().chain(WP.encode_utf16());
        let little: Vec<u8> = units.clone().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
        assert!(refusal(little).contains("UTF-16") && refusal(big).contains("UTF-16"));
    }
}

#[test]
fn a_declared_encoding_counts_where_it_would_matter() {
    let declared = |id: &str| {
        xml::read(format!(
            "<?xml version='1.0' encoding='ISO-8859-1'?><organisational-specification os-version='1' id='{id}' \
             xmlns='http://moise.sourceforge.net/os'/>"
        ))
    };
    assert!(declared("cafe").is_ok());
    let found = declared("café").unwrap_err().to_string();
    assert!(found.contains("error[not-utf-8]: the text says that it is encoded as `ISO-8859-1`"), "{found}");
}

#[test]
fn byte_order_marks_and_line_ends_mean_nothing() {
    let read = xml::read(WP).unwrap().specification;
    let variants = [format!("\u{FEFF}{WP}"), WP.replace('\n', "\r\n"), WP.replace('\n', "\r")];
    for text in variants {
        assert_eq!(xml::read(text).unwrap().specification, read);
    }
}

#[test]
fn what_is_nearly_xml_is_refused() {
    let cases = [
        ("", "there is no element at all"),
        ("hello", "outside of the root element"),
        ("<a/><b/>", "a second root element"),
        ("<a/>tail", "the text “tail” is outside of the root element"),
        ("<a><b></a></b>", "`</b>` is expected for that of 1:4, but there is `</a>`"),
        ("</a>", "`</a>` ends what never began"),
        ("<a b='1' b='2'/>", "the attribute `b` is written twice"),
        ("<a b=1/>", "must be in quotes"),
        ("<a b/>", "needs a value"),
        ("<a b='<'/>", "contains `<`"),
        ("<a b='&'/>", "in the value of `b`"),
        ("<a>&</a>", "not closed"),
        ("<m:a/>", "the prefix `m` is not declared"),
        ("<a m:b=''/>", "the prefix `m` is not declared"),
        ("<1/>", "`1` is no name for an element"),
        ("<a 1=''/>", "`1` is no name for an attribute"),
        ("<a>\u{1}</a>", "the character U+0001 is not allowed in XML"),
        ("<a/><?xml version='1.0'?>", "must be the very first thing"),
        ("<a><!-- x -- y --></a>", "`--` was found in a comment"),
    ];
    for (text, expected) in cases {
        let found = refusal(text);
        assert!(found.contains("error[not-well-formed]") && found.contains(expected), "{text}: {found}");
    }
}

/// What holds for every text: it is an organisation that survives being written, or there are findings of one line.
fn is_read_or_refused(bytes: &[u8]) {
    let findings = match xml::read(bytes) {
        Ok(document) => {
            let written = xml::write(&document.specification).unwrap();
            assert_eq!(xml::read(written).unwrap().specification, document.specification);
            assert!(document.warnings.iter().all(|finding| finding.severity == Severity::Warning));
            document.warnings
        }
        Err(findings) => {
            assert!(findings.0.iter().any(|finding| finding.severity == Severity::Error));
            findings.0
        }
    };
    for finding in findings {
        assert!(!finding.message.is_empty() && !finding.message.chars().any(char::is_control), "{finding}");
    }
}

#[test]
fn the_seeds_of_the_fuzzer_are_read_or_refused() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/moise_xml");
    let seeds: Vec<_> =
        fs::read_dir(seeds).unwrap().map(|seed| fs::read(seed.unwrap().path()).unwrap()).collect();
    assert!(!seeds.is_empty());
    for seed in seeds {
        is_read_or_refused(&seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        is_read_or_refused(&bytes);
    }

    #[test]
    fn any_markup_is_read_or_refused(text in "(<[a-z!?/:]{0,3}|[ ='\"]|goal|plan|xmlns|&#?[a-z0-9]{0,2};|>|/>|\\]\\]>){0,40}") {
        is_read_or_refused(text.as_bytes());
    }

    #[test]
    fn a_real_text_with_a_part_replaced_by_another_is_read_or_refused(
        (from, to, start, end) in any::<(Index, Index, Index, Index)>(),
    ) {
        let bytes = WP.as_bytes();
        let range = |a: Index, b: Index| {
            let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
            a.min(b)..a.max(b).min(a.min(b) + 60)
        };
        let mut mutated = bytes.to_vec();
        mutated.splice(range(from, to), bytes[range(start, end)].iter().copied());
        is_read_or_refused(&mutated);
    }
}
