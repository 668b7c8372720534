//! What is said of a text that is not a pattern.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_org::pattern::{Automaton, MAX_DEPTH, MAX_LENGTH, Mode, Pattern, Vocabulary, VocabularyError};

fn error(text: &str) -> String {
    Pattern::parse(text).unwrap_err().to_string()
}

fn names(text: &str) -> String {
    let words = Vocabulary::new(["overloaded", "slow", "idle"], ["up", "down", "idle"]).unwrap();
    Automaton::compile(&Pattern::parse(text).unwrap(), &words, Mode::Anchored).unwrap_err().to_string()
}

#[test]
fn a_syntax_error_says_where_what_and_what_instead() {
    let item = "expected a label, a wildcard such as `#any`, or `[`";
    for (text, message) in [
        ("", format!("column 1: found the end, {item}")),
        ("[a,]", format!("column 4: found `]`, {item}")),
        ("[a|]", format!("column 4: found `]`, {item}")),
        ("[]", format!("column 2: found `]`, {item}")),
        ("a,,b", format!("column 3: found `,`, {item}")),
        ("(2)", format!("column 1: found `(`, {item}")),
        ("[a", "column 3: found the end, expected `,`, `|`, a repetition such as `(0,2)`, or `]`".to_owned()),
        ("a]", "column 2: found `]`, expected `,`, `|`, a repetition such as `(0,2)` or the end".to_owned()),
        ("a b", "column 3: found `b`, expected `,`, `|`, a repetition such as `(0,2)` or the end".to_owned()),
        ("é(\n\"", "column 4: found `\"`, expected a number".to_owned()),
        ("a(*)", "column 3: found `*`, expected a number; for any number of times write `(0,*)`".to_owned()),
        ("a(1,)", "column 5: found `)`, expected a number or `*`".to_owned()),
        (
            "a(1>",
            "column 4: found `>`, expected `,` and the largest number, or the end of the repetition"
                .to_owned(),
        ),
        ("a(1,2>", "column 6: found `>`, expected `)`".to_owned()),
        ("a<1,2)", "column 6: found `)`, expected `>`".to_owned()),
        (
            "a(2)(3)",
            "column 5: found `(`, expected one repetition only; put `[` and `]` around the inner one"
                .to_owned(),
        ),
    ] {
        assert_eq!(error(text), message, "{text:?}");
    }
}

#[test]
fn a_count_says_what_is_allowed() {
    assert_eq!(
        error("a(3,1)"),
        "column 2: at least 3 but at most 1 repetitions; write the smaller number first"
    );
    assert_eq!(error("a(0)"), "column 2: at most 0 repetitions: this part never occurs, leave it out");
    assert_eq!(error("a(0,0)"), error("a(0)"));
    assert_eq!(
        error("a(1001)"),
        "column 3: 1001 repetitions; at most 1000 can be counted, or `*` for any number"
    );
    assert!(error(&format!("a({})", "9".repeat(9_000))).len() < 120);
}

#[test]
fn an_unknown_word_comes_with_the_nearest_known_one() {
    assert!(error("a,#any_sequence").ends_with("; did you mean `#any_seq`?"), "{}", error("a,#any_sequence"));
    assert!(error("#").starts_with("column 1: `#` is none of `#any`, `#any_obs`"));
    assert!(error("#obs_").contains("`#obs_` is none of") && !error("#obs_").contains("mean `#obs_`"));
    assert_eq!(names("overload"), "column 1: label `overload` is not known; did you mean `overloaded`?");
    assert_eq!(names("#act_overloaded"), "column 1: action label `overloaded` is not known");
}

#[test]
fn every_name_that_is_not_known_is_reported() {
    let lines = names("[slwo, up(2)]|[#obs_up, ñ], idle");
    assert_eq!(
        lines.lines().collect::<Vec<_>>(),
        [
            "column 2: label `slwo` is not known; did you mean `slow`?",
            "column 16: observation label `up` is not known",
            "column 25: label `ñ` is not known",
            "column 29: `idle` is a label of observations and of actions; write `#obs_idle` or `#act_idle`",
        ]
    );
}

#[test]
fn limits_are_named() {
    let deep = |depth: u32| "[".repeat(depth as usize) + "a" + &"]".repeat(depth as usize);
    assert!(Pattern::parse(&deep(MAX_DEPTH)).is_ok());
    assert_eq!(error(&deep(MAX_DEPTH + 1)), "column 33: brackets are nested more than 32 deep");
    assert_eq!(error(&"[".repeat(MAX_LENGTH)), "column 33: brackets are nested more than 32 deep");
    assert_eq!(error(&"a".repeat(MAX_LENGTH + 1)), "16385 characters; a pattern has at most 16384");
    assert_eq!(
        error("[[a(999)](999)](999)"),
        "997002999 tokens when every counted repetition is written out; at most 2048 can be"
    );
    assert!(Pattern::parse("a(1000),b(1000),c(48)").is_ok());
    assert!(
        error(&("[".repeat(31) + "a" + &"](1000)".repeat(31))).starts_with("18446744073709551615 tokens")
    );
}

#[test]
fn too_many_labels_are_counted() {
    let observations: Vec<String> = (0..11).map(|i| format!("o{i}")).collect();
    let words = Vocabulary::new(observations.clone(), ["a"]).unwrap();
    let compile = |names: &[String]| {
        Automaton::compile(&Pattern::parse(&names.join("|")).unwrap(), &words, Mode::Anchored)
    };
    assert_eq!(compile(&observations[..10]).unwrap().states(), 3);
    assert_eq!(
        compile(&observations).unwrap_err().to_string(),
        "11 different labels of observations in one pattern; at most 10 can be told apart"
    );
}

#[test]
fn a_vocabulary_has_names_that_can_be_written_once_each() {
    let refused = |names: &[&str]| Vocabulary::new(names.to_vec(), ["up"]).unwrap_err();
    assert_eq!(refused(&["a", "b", "a"]).to_string(), "observation label `a` is given twice");
    for name in ["", "a b", "#any", "a(2)", "a|b"] {
        assert!(matches!(refused(&[name]), VocabularyError::Name { .. }), "{name:?}");
    }
    let many: Vec<String> = (0..33).map(|i| format!("o{i}")).collect();
    assert!(matches!(Vocabulary::new([""; 0], many), Err(VocabularyError::TooMany { count: 33, .. })));
    assert!(Vocabulary::new(["up"], ["up"]).is_ok());
}
