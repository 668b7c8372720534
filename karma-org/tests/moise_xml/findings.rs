//! What is wrong with a text is said at its place, all at once, and with what would be right.

use karma_org::{Severity, xml};

/// What is found in a scheme `s` that consists of these lines, the first of which is the third of the text.
fn in_scheme(lines: &str) -> Vec<String> {
    let text = format!(
        "<organisational-specification os-version='1' xmlns='http://moise.sourceforge.net/os'>\n\
         <functional-specification><scheme id='s'>\n{lines}\n\
         </scheme></functional-specification></organisational-specification>"
    );
    findings(&text)
}

/// What is found, warnings too.
fn findings(text: &str) -> Vec<String> {
    let found = match xml::read(text) {
        Ok(document) => document.warnings,
        Err(findings) => {
            assert!(findings.0.iter().any(|finding| finding.severity == Severity::Error));
            findings.0
        }
    };
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_misspelt_operator_is_told_the_nearest_one() {
    let found = in_scheme("<goal id='g'><plan operator='paralel'><goal id='h'/></plan></goal>");
    assert_eq!(
        found,
        [
            "3:20: error[bad-value]: `operator` is “paralel”, but `sequence`, `choice` or `parallel` is expected; \
          did you mean `parallel`?"
        ]
    );
}

#[test]
fn a_misspelt_element_is_told_the_nearest_one_and_read_on() {
    let found = in_scheme("<gaol id='g'>\n  <plan operator='choice'><goal/></plan>\n</gaol>");
    assert_eq!(
        found,
        [
            "3:1: error[unknown-element]: `scheme` has no element `gaol`, only `properties`, `goal`, \
             `notification-policy` or `mission`; did you mean `goal`?",
            "4:27: error[missing-attribute]: `goal` needs the attribute `id`",
        ]
    );
}

#[test]
fn a_misspelt_attribute_is_told_the_nearest_one() {
    let found = in_scheme("<goal id='g'/><mission id='m' mim='1'><goal id='g'/></mission>");
    assert_eq!(
        found,
        ["3:31: error[unknown-attribute]: `mission` has no attribute `mim`, only `id`, `min` or `max`; \
          did you mean `min`?"]
    );
}

#[test]
fn an_element_in_the_wrong_place_is_told_the_right_one() {
    let found = in_scheme("<goal id='g'/><norm id='n' role='r' type='permision' mission='m'/>");
    assert_eq!(
        found,
        [
            "3:15: error[misplaced-element]: `norm` belongs in `normative-specification`, not in `scheme`, which \
             holds `properties`, `goal`, `notification-policy` or `mission`",
            "3:37: error[bad-value]: `type` is “permision”, but `obligation` or `permission` is expected; \
             did you mean `permission`?",
        ]
    );
}

#[test]
fn numbers_are_told_their_range() {
    let found = in_scheme(
        "<goal id='g' min='-1'><plan operator='choice' success-rate='often'><goal id='h'/></plan></goal>\n\
         <mission id='m' min='1.5' max='4294967296'><goal id='g'/></mission>",
    );
    let count = "but a whole number from 0 to 4294967295 is expected";
    assert_eq!(
        found,
        [
            format!("3:14: error[bad-number]: `min` is “-1”, {count}"),
            "3:47: error[bad-number]: `success-rate` is “often”, but a number is expected".to_owned(),
            format!("4:17: error[bad-number]: `min` is “1.5”, {count}"),
            format!("4:27: error[bad-number]: `max` is “4294967296”, {count}"),
        ]
    );
}

#[test]
fn text_where_none_may_be_is_quoted() {
    let found = in_scheme("<goal id='g'>\n  do it\n</goal>");
    assert_eq!(found, ["4:3: error[unexpected-text]: `goal` holds no text, but there is “do it”"]);
}

#[test]
fn a_second_root_goal_is_one_too_many() {
    let found = in_scheme("<goal id='g'/>\n<goal id='h'/>");
    assert_eq!(found, ["4:1: error[duplicate-element]: `scheme` has only one `goal`, and this is another"]);
}

#[test]
fn too_few_elements_are_warnings() {
    let found = in_scheme("<mission id='m'/>");
    assert_eq!(
        found,
        [
            "2:27: warning[missing-element]: `scheme` should have at least one `goal`",
            "3:1: warning[missing-element]: `mission` should have at least one `goal`",
        ]
    );
}

#[test]
fn a_report_is_either_raised_and_handled_or_asked_for_and_given() {
    let report = |goals: &str| {
        in_scheme(&format!(
            "<goal id='g'/><notification-policy id='p' target='g' condition='true' type='exception'>\n\
             <report id='r'>{goals}</report></notification-policy>"
        ))
    };
    assert_eq!(report("<raise-goal id='a'/><handle-goal id='b'/>"), [""; 0]);
    assert_eq!(
        report("<raise-goal id='a'/>"),
        ["4:1: warning[missing-element]: `report` should have at least one `handle-goal`"]
    );
    let should =
        "should have either `raise-goal` and `handle-goal`, or `requesting-goal` and `accounting-goal`";
    assert_eq!(report(""), [format!("4:1: warning[mixed-elements]: `report` {should}, but has neither")]);
    assert_eq!(
        report("<raise-goal id='a'/><handle-goal id='b'/><context-goal id='c'/>"),
        [format!("4:1: warning[mixed-elements]: `report` {should}, but has both")]
    );
}

#[test]
fn what_older_versions_knew_is_a_warning() {
    let text = "<organisational-specification xmlns='http://moise-lang.github.io/os'><structural-specification>\n\
                <group-specification id='g' monitoring-scheme='s'/></structural-specification>\
                </organisational-specification>";
    assert_eq!(
        findings(text),
        [
            "1:1: warning[missing-attribute]: `organisational-specification` has no `os-version`; MOISE's own \
             loader demands it",
            "2:29: warning[legacy-attribute]: `monitoring-scheme` is of older versions of MOISE and is ignored",
        ]
    );
}

#[test]
fn properties_of_goals_are_kept_with_a_warning() {
    let found = in_scheme("<goal id='g'><properties><property id='p' value='v'/></properties></goal>");
    assert_eq!(
        found,
        [
            "3:14: warning[beyond-schema]: MOISE's schema has no `properties` in `goal`, so that its own loader \
          refuses the text"
        ]
    );
}

#[test]
fn other_namespaces_are_ignored_with_a_warning() {
    let found =
        in_scheme("<goal id='g' y:c='1' xmlns:y='urn:y' xml:lang='de'/><y:z xmlns:y='urn:y'><goal/></y:z>");
    assert_eq!(
        found,
        [
            "3:14: warning[foreign-attribute]: the attribute `c` of `goal` is of `urn:y` and is ignored",
            "3:53: warning[foreign-element]: `z` is of `urn:y`, not of MOISE's, and is ignored",
        ]
    );
}

#[test]
fn the_namespace_of_the_root_is_checked() {
    assert_eq!(
        findings("<organisational-specification os-version='1'/>"),
        ["1:1: warning[missing-namespace]: the text has no namespace; MOISE's own loader demands \
          `http://moise.sourceforge.net/os`"]
    );
    assert_eq!(
        findings("<organisational-specification os-version='1' xmlns='http://moise.sourceforge.org/os'/>"),
        [
            "1:1: error[unknown-namespace]: the namespace `http://moise.sourceforge.org/os` is none of MOISE's; \
          did you mean `http://moise.sourceforge.net/os`?"
        ]
    );
    assert_eq!(
        findings("<organizational-specification os-version='1'/>"),
        ["1:1: error[unknown-element]: the root element is `organizational-specification`, but \
          `organisational-specification` is expected; did you mean `organisational-specification`?"]
    );
}

#[test]
fn columns_count_characters_in_texts_of_any_line_ends() {
    let found = in_scheme("<goal id='ä𝄞'\r\n ds='ü'\r\tmin='x'/>");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("5:2: error[bad-number]"), "{found:?}");
}

#[test]
fn elements_may_come_in_any_order() {
    let goal = "<goal id='g'><plan operator='choice'><goal id='h'/></plan><argument id='a'/></goal>";
    let mission = "<mission id='m'><preferred mission='n'/><goal id='g'/></mission>";
    assert_eq!(in_scheme(&format!("{mission}{goal}")), [""; 0]);
}
