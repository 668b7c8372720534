//! What holds for drawings of any organisation, whatever its names are.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_org::Organization;
use karma_org::builder::{
    OrganizationBuilder, acquaintance, authority, communication, compatible, goal, link, mission, obligation,
    permission,
};
use karma_org::draw::{Part, dot, svg, words};
use proptest::collection::vec;
use proptest::prelude::*;
use quick_xml::events::Event;

const PARTS: [Part; 4] = [Part::All, Part::Structure, Part::Goals, Part::Norms];

/// Names that are hard to write down; numbers make them different from each other.
fn names() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        Just("\r\n\t".to_owned()),
        Just("]]><!--".to_owned()),
        Just("&amp;\\N\\\"".to_owned()),
        Just("</title><script>".to_owned()),
        Just("🦀\u{202E}\u{0}\u{FFFF}".to_owned()),
        "[a-z <>&\"'{}|\\\\-]{0,40}",
        any::<String>(),
    ];
    vec(piece, 8).prop_map(|names| {
        names.into_iter().enumerate().map(|(number, name)| format!("{name}{number}")).collect()
    })
}

/// An organisation with an element of every kind, all with such names.
fn organization(names: &[String]) -> Organization {
    let n = |number: usize| names[number].as_str();
    OrganizationBuilder::new(n(0))
        .role(n(1))
        .role_extending(n(2), [n(1)])
        .role_extending(n(3), [n(2), n(1)])
        .link_type(n(4))
        .group(n(5), |group| {
            group
                .role(n(2), 1..=3)
                .link(authority(n(1), n(2)))
                .link(acquaintance(n(1), n(1)).between_groups())
                .link(communication(n(2), n(3)).both_ways().in_subgroups())
                .link(link(n(4), n(3), n(1)).in_subgroups().between_groups())
                .compatibility(compatible(n(2), n(3)).both_ways())
                .subgroup(n(6), |below| below.role(n(3), ..))
                .role_constraint(n(3), 1..)
        })
        .scheme(n(7), |scheme| {
            let leaves = [goal(n(1)).described(n(2)).located(n(3)), goal(n(2)).depends_on(n(1))];
            scheme
                .goal(goal(n(0)).choice([goal(n(3)).sequence(leaves), goal(n(4)).parallel([n(5)])]))
                .mission(mission(n(1)).agents(1..).goals([n(0), n(1)]))
                .mission(mission(n(2)).goals([n(5)]).preferring(n(1)))
        })
        .norm(obligation(n(1), n(1), n(1)).when(n(2)).within("1 day"))
        .norm(permission(n(2), n(2), n(2)))
        .organization()
        .unwrap()
}

/// Reads all of a text as XML and returns the names of its elements.
fn elements(text: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut elements = Vec::new();
    let mut depth = 0;
    loop {
        let event = reader.read_event().unwrap();
        depth += match &event {
            Event::Start(_) => 1,
            Event::End(_) => -1,
            _ => 0,
        };
        match event {
            Event::Start(start) | Event::Empty(start) => {
                start.attributes().for_each(|attribute| {
                    attribute.unwrap();
                });
                elements.push(start.name().as_ref().to_owned());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    elements
}

/// What is left of a text in the DOT language without its quoted strings.
fn unquoted(text: &str) -> String {
    let (mut rest, mut quoted, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        match (quoted, escaped, c) {
            (_, false, '"') => quoted = !quoted,
            (true, _, c) => escaped = c == '\\' && !escaped,
            (false, ..) => rest.push(c),
        }
        if c == '"' {
            escaped = false;
        }
    }
    assert!(!quoted, "a string does not end");
    rest
}

const fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_names_are_svg_is_well_formed_and_made_of_shapes_and_texts_only(names in names()) {
        let organization = organization(&names);
        for part in PARTS {
            let text = svg(&organization, part);
            prop_assert!(text.chars().all(is_xml_char));
            let known = ["svg", "title", "desc", "style", "g", "rect", "path", "circle", "text"];
            prop_assert!(elements(&text).iter().all(|element| known.contains(&element.as_str())));
            prop_assert!(!text.contains("href") || names.iter().any(|name| name.contains("href")));
        }
    }

    #[test]
    fn whatever_the_names_are_nothing_of_them_is_outside_the_strings_of_dot(names in names()) {
        let plain: Vec<String> = (0..8).map(|number| format!("name{number}")).collect();
        for part in PARTS {
            let (hard, easy) = (dot(&organization(&names), part), dot(&organization(&plain), part));
            prop_assert_eq!(unquoted(&hard), unquoted(&easy));
        }
    }

    #[test]
    fn whatever_the_names_are_they_do_not_break_lines_of_words(names in names()) {
        let plain: Vec<String> = (0..8).map(|number| format!("name{number}")).collect();
        let lines = |names: &[String]| words(&organization(names), Part::All).split('\n').count();
        prop_assert_eq!(lines(&names), lines(&plain));
    }

    #[test]
    fn the_same_organisation_is_drawn_the_same(names in names()) {
        let (one, other) = (organization(&names), organization(&names));
        for part in PARTS {
            prop_assert_eq!(svg(&one, part), svg(&other, part));
            prop_assert_eq!(dot(&one, part), dot(&other, part));
            prop_assert_eq!(words(&one, part), words(&other, part));
        }
    }
}

#[test]
fn an_organisation_without_anything_is_drawn() {
    let empty = OrganizationBuilder::new("").organization().unwrap();
    for part in PARTS {
        assert!(elements(&svg(&empty, part)).contains(&"svg".to_owned()));
        assert!(dot(&empty, part).starts_with("digraph"));
        assert!(words(&empty, part).ends_with('\n'));
    }
}

#[test]
fn a_chain_of_a_thousand_goals_is_drawn() {
    let chain =
        (0..1_000).rev().fold(goal("end"), |below, number| goal(format!("g{number}")).sequence([below]));
    let deep =
        OrganizationBuilder::new("deep").scheme("chain", |scheme| scheme.goal(chain)).organization().unwrap();
    assert_eq!(elements(&svg(&deep, Part::Goals)).iter().filter(|name| *name == "circle").count(), 1_001);
    assert!(dot(&deep, Part::Goals).contains("t1000"));
    assert!(words(&deep, Part::Goals).contains("1. end"));
}

#[test]
fn a_summary_says_who_may_do_what_with_whom() {
    let team = OrganizationBuilder::new("team")
        .role("player")
        .role_extending("captain", ["player"])
        .role_extending("back", ["player"])
        .role("coach")
        .group("squad", |group| {
            group
                .role("captain", 1..=1)
                .role("back", 3..=4)
                .role("coach", 1..)
                .link(authority("coach", "captain"))
                .link(communication("player", "player"))
                .link(authority("coach", "back"))
                .link(acquaintance("back", "coach").both_ways().between_groups())
                .compatibility(compatible("back", "captain"))
        })
        .scheme("match", |scheme| scheme.goal("win").mission(mission("play").goals(["win"])))
        .norm(obligation("n1", "player", "play").within("90 minutes").when("sunny"))
        .organization()
        .unwrap();
    let expected = "\
team: 4 roles · 1 group · 1 scheme · 1 goal · 1 mission · 1 norm

Roles
  player   abstract
  captain  extends player; played by exactly 1 in squad
  back     extends player; played by 3 to 4 in squad
  coach    played by 1 or more in squad

Group squad, in any number
  Holds: captain (exactly 1), back (3 to 4), coach (1 or more)
  coach has authority over captain and back.
  Players of player talk to each other.
  back and coach know each other, across groups.
  Who plays back may also play captain.

Norms
  Every player must commit to play within 90 minutes if sunny (that is, every captain and back).
";
    let both = format!("{}\n{}", words(&team, Part::Structure), norms(&team));
    assert_eq!(both, expected);
}

/// The norms without the first line, which all parts have.
fn norms(organization: &Organization) -> String {
    let text = words(organization, Part::Norms);
    text.split_once("\n\n").unwrap().1.to_owned()
}
