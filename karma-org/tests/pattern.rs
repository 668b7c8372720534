//! What trajectory patterns mean, by example; and each defect of the Python wrapper's patterns, as a case that it
//! gets wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_org::pattern::{
    Automaton, CompileError, Letter, Mode, Pattern, PatternError, TokenKind, Vocabulary,
};

fn vocabulary() -> Vocabulary {
    Vocabulary::new(["o1", "o2", "o10", "cpu.high", "cpuxhigh"], ["a1", "a2", "a3"]).unwrap()
}

fn automaton(text: &str, mode: Mode) -> Automaton {
    Automaton::compile(&Pattern::parse(text).unwrap(), &vocabulary(), mode).unwrap()
}

/// A history of one label for each token, such as `o1 a1 o2`; `o` and `a` are tokens without a label, `o1+o2` one
/// with two.
fn history(text: &str) -> Vec<Letter> {
    let words = vocabulary();
    let token = |token: &str| {
        let labels: Vec<&str> = token.split('+').filter(|label| !["o", "a"].contains(label)).collect();
        if token.starts_with('a') { words.action(&labels) } else { words.observation(&labels) }
    };
    text.split_whitespace().map(|word| token(word).unwrap()).collect()
}

fn matches(text: &str, tokens: &str) -> bool {
    let automaton = automaton(text, Mode::Anchored);
    automaton.is_match(automaton.run(history(tokens)))
}

/// After how many tokens a match ends.
fn found(text: &str, tokens: &str) -> Vec<usize> {
    let automaton = automaton(text, Mode::Search);
    let tokens = history(tokens);
    (0..=tokens.len())
        .filter(|seen| automaton.is_match(automaton.run(tokens[..*seen].iter().copied())))
        .collect()
}

/// The labels that an automaton expects after a history, and whether it expects any observation or action.
fn expected(text: &str, mode: Mode, tokens: &str) -> (Vec<String>, bool, bool) {
    let automaton = automaton(text, mode);
    let expected = automaton.expected(automaton.run(history(tokens)));
    let words = vocabulary();
    let names = [(TokenKind::Observation, expected.observations), (TokenKind::Action, expected.actions)]
        .into_iter()
        .flat_map(|(kind, bits)| {
            words.labels(kind).iter().zip(0..).filter(move |(_, bit)| bits >> bit & 1 == 1)
        })
        .map(|(name, _)| name.clone())
        .collect();
    (names, expected.any_observation, expected.any_action)
}

const PAPER: &str = "[o1,a1,[o2,a2](0,2)](1,*)";

#[test]
fn the_papers_example_matches_what_the_paper_says() {
    for yes in ["o1 a1", "o1 a1 o2 a2", "o1 a1 o2 a2 o2 a2", "o1 a1 o1 a1 o2 a2", "o1+o2 a1 o1+o2 a2 o1 a1"] {
        assert!(matches(PAPER, yes), "{yes}");
    }
    for no in
        ["", "o1", "o2 a2", "o1 a2", "o1 a1 o2", "o1 a1 o2 a2 o2 a2 o2 a2", "o1 a1 o2 a2 o2 a2 o2 a2 o1 a1"]
    {
        assert!(!matches(PAPER, no), "{no}");
    }
}

#[test]
fn the_spellings_of_the_paper_and_of_the_wrapper_are_one_pattern() {
    let written = Pattern::parse(PAPER).unwrap();
    for text in
        ["[o1,a1,[o2,a2]<0,2>]<1,*>", " [ o1 , a1 ,\n[o2,a2] ( 0 , 2 )] (1, *) ", "[o1,a1[o2,a2](0,2)](1,*)"]
    {
        assert_eq!(Pattern::parse(text).unwrap(), written, "{text}");
    }
}

#[test]
fn a_choice_binds_closer_than_a_comma() {
    assert!(matches("o1,a1|a2,o2", "o1 a2 o2"));
    assert!(!matches("o1,a1|a2,o2", "o1 a1"));
    assert!(matches("[o1,a1]|[o2,a2](2)", "o2 a2 o2 a2"));
    assert!(!matches("[o1,a1]|[o2,a2](2)", "o1 a1 o1 a1"));
}

#[test]
fn wildcards_stand_for_one_token_of_their_kind_or_for_any_sequence() {
    assert!(matches("#any,#any", "o1 a") && !matches("#any", "") && !matches("#any", "o a"));
    assert!(matches("#any_obs", "o") && !matches("#any_obs", "a"));
    assert!(matches("#any_act", "a3") && !matches("#any_act", "o1"));
    for tokens in ["o1", "o1 a o a o", "a1"] {
        assert_eq!(matches("o1,#any_seq", tokens), matches("o1,#any(0,*)", tokens));
    }
    assert!(matches("#any_seq", "") && !matches("#any_seq,a1", "o1 a2"));
}

#[test]
fn several_labels_of_one_token_are_all_seen() {
    assert!(matches("[o1,a1]|[o2,a2]", "o1+o2 a2"));
    assert!(matches("[o1,a1]|[o2,a2]", "o1+o2 a1"));
    assert!(!matches("[o1,a1]|[o2,a2]", "o1+o10 a2"));
}

#[test]
fn a_search_tells_every_token_at_which_a_match_ends() {
    assert_eq!(found("o1,a1", "o1 a1 o2 a1 o1 a1"), [2, 6]);
    assert_eq!(found("[#any,a1,#any,a2](2)", "o1 a1 o a2 o a1 o a2 o a1 o a2"), [8, 12]);
    assert_eq!(found("o1,#any_seq,a2", "o2 a2 o1 a1 o a2 o a2"), [6, 8]);
}

#[test]
fn next_labels_are_all_that_lead_on() {
    let labels = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(expected("o1,a1|a2", Mode::Anchored, "o1"), (labels(&["a1", "a2"]), false, false));
    assert_eq!(expected(PAPER, Mode::Anchored, "o1 a1"), (labels(&["o1", "o2"]), false, false));
    assert_eq!(expected("o1,#any_act|a1,o2", Mode::Anchored, "o1"), (labels(&[]), false, true));
    assert_eq!(expected("o1,a1", Mode::Search, "o1"), (labels(&["o1", "a1"]), true, true));
    assert_eq!(expected("o1,a1", Mode::Anchored, "o2"), (labels(&[]), false, false));
}

#[test]
fn what_can_never_match_any_more_is_dead_and_how_much_is_missing_is_known() {
    let pattern = automaton("o1,a1,o2,a2", Mode::Anchored);
    let after = |tokens| pattern.run(history(tokens));
    assert!(pattern.is_dead(after("o2")) && !pattern.is_dead(after("o1 a1")));
    assert_eq!(pattern.remaining(after("o2")), None);
    assert_eq!(pattern.remaining(after("o1 a1 o2")), Some(1));
    assert_eq!(
        ["", "o1", "o1 a1", "o1 a1 o2 a2", "o2"].map(|t| pattern.coverage(after(t))),
        [0.0, 0.25, 0.5, 1.0, 0.0]
    );
}

#[test]
fn patterns_that_mean_the_same_have_the_same_automaton() {
    for (a, b) in [
        ("#any_seq", "#any(0,*)"),
        ("o1(1,*)", "o1,o1(0,*)"),
        ("o1|#any_obs,a1", "#any_obs,a1"),
        ("#any_obs|#any_act", "#any"),
        ("[o1(0,*)](0,*)", "o1(0,*)"),
        ("[o1,a1](2,3)", "[o1,a1,o1,a1]|[o1,a1,o1,a1,o1,a1]"),
    ] {
        assert_eq!(automaton(a, Mode::Anchored), automaton(b, Mode::Anchored), "{a} and {b}");
    }
    assert_ne!(automaton("o1", Mode::Anchored), automaton("o2", Mode::Anchored));
    assert_ne!(automaton("o1", Mode::Anchored), automaton("o1", Mode::Search));
}

#[test]
fn a_pattern_that_no_history_matches_can_be_told() {
    assert_eq!(automaton("o1,o2", Mode::Search).shortest_match(), None);
    assert_eq!(automaton("a1", Mode::Anchored).shortest_match(), None);
    assert_eq!(automaton("a1,o1", Mode::Search).shortest_match(), Some(history("o a1 o1")));
    assert_eq!(automaton(PAPER, Mode::Anchored).shortest_match(), Some(history("o1 a1")));
    assert_eq!(automaton("o1(0,*)", Mode::Anchored).shortest_match(), Some(Vec::new()));
}

#[test]
fn a_doubling_pattern_is_refused_with_the_size_that_it_reached() {
    let pattern = Pattern::parse("a1,#any(30)").unwrap();
    let error = Automaton::compile(&pattern, &vocabulary(), Mode::Search).unwrap_err();
    let CompileError::TooManyStates { states, positions: 32, letters: 3 } = error else {
        panic!("{error:?}")
    };
    assert!(states > 16_384, "{states}");
    assert!(Automaton::compile(&pattern, &vocabulary(), Mode::Anchored).is_ok());
}

// What the Python wrapper gets wrong (julien6/MOISE-MARL, mma_wrapper/trajectory_pattern.py).

#[test]
fn no_match_is_false() {
    // There, `match` returns a tuple, and `if pattern.match(…)` is true for every history.
    assert!(!matches("o1,a1", "o2 a2"));
    assert_eq!(found("o1,a1", "o2 a2 o2 a1"), [0; 0]);
}

#[test]
fn any_number_means_any_number() {
    // There, `*` is at most 10.
    for copies in [10, 11, 1_000] {
        assert!(matches("[o1,a1](0,*)", &"o1 a1 ".repeat(copies)), "{copies}");
    }
    assert!(matches("#any_seq,o2", &("o a ".repeat(500) + "o2")));
}

#[test]
fn a_label_is_compared_whole() {
    // There, labels are pieces of a regular expression over joined text: `o1` is found in `o10`, and a dot is any
    // character.
    assert!(!matches("o1,a1", "o10 a1"));
    assert_eq!(found("o1", "o10"), [0; 0]);
    assert!(!matches("cpu.high", "cpuxhigh") && matches("cpu.high", "cpu.high"));
}

#[test]
fn any_is_one_token() {
    // There, `#any` is `.*?`: no token, a part of one, or several.
    assert!(matches("o1,#any,o2", "o1 a o2"));
    assert!(!matches("o1,#any,o2", "o1 a o a o2"));
    assert!(!matches("o1,#any,a1", "o1 a1"));
}

#[test]
fn a_leaf_and_a_node_are_both_compared_to_the_end() {
    // There, a pattern of labels alone matches every history that begins with it; a nested one does not.
    assert!(!matches("[o1,a1]", "o1 a1 o2 a2"));
    assert!(!matches("[[o1],[a1]]", "o1 a1 o2 a2"));
}

#[test]
fn order_and_repetition_of_a_history_count() {
    // There, histories of pairs are made a `set` first.
    assert!(matches("[o1,a1](2)", "o1 a1 o1 a1") && !matches("[o1,a1](2)", "o1 a1"));
    assert!(!matches("o1,a1,o2,a2", "o2 a2 o1 a1"));
}

#[test]
fn an_empty_history_is_a_history() {
    // There, it is an IndexError.
    assert!(matches("[o1,a1](0,*)", "") && !matches("o1", ""));
}

#[test]
fn sequences_may_follow_each_other_without_a_comma() {
    // The example of its README; there, it is an IndexError.
    let text = "[#any,#any](0,*)[o1,a1](1,1)";
    assert!(matches(text, "o2 a2 o1 a1") && matches(text, "o1 a1") && !matches(text, "o1 a1 o2 a2"));
    assert_eq!(Pattern::parse(text).unwrap().to_string(), "[[#any,#any](0,*),[o1,a1]]");
    // The example of PRAHOM's notebook.
    assert!(matches("[#any_seq[o1,a1](0,*)#any_seq](1,*)", "o2 a2"));
}

#[test]
fn a_text_is_never_run() {
    // There, the text is handed to `eval`.
    let error = Pattern::parse("[__import__('os')](1,1)").unwrap_err();
    assert!(matches!(error, PatternError::Syntax { column: 13, .. }), "{error}");
}

#[test]
fn nested_repetition_takes_no_longer_per_token() {
    // There, backtracking over nested stars takes exponential time in the length of the history.
    let pattern = automaton("[[#any(0,*)](0,*),[o1,a1](0,*)](0,*),o2", Mode::Anchored);
    assert!(pattern.states() <= 2, "{}", pattern.states());
    let long = history("o1 a1").into_iter().cycle().take(100_000);
    assert!(!pattern.is_match(pattern.run(long)));
}

#[test]
fn the_wrappers_own_test_has_an_answer() {
    // There, it is printed only. Tokens are numbers; all of them are observations here.
    let names: Vec<String> = (0..=6).chain([10, 20, 40, 70, 80]).map(|n| n.to_string()).collect();
    let words = Vocabulary::new(names, [""; 0]).unwrap();
    let pattern = Pattern::parse("0,[1,70,80,2](0,3),3,[#any](0,*),4,5,6").unwrap();
    let automaton = Automaton::compile(&pattern, &words, Mode::Anchored).unwrap();
    let tokens = "0,1,70,80,2,3,10,20,40,4,5".split(',').map(|label| words.observation(&[label]).unwrap());
    let state = automaton.run(tokens);
    assert!(!automaton.is_match(state));
    assert_eq!(automaton.remaining(state), Some(1));
    assert_eq!(automaton.expected(state).observations, words.observation(&["4", "6"]).unwrap().atoms);
}
