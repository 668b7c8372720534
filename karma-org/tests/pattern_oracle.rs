//! Laws of trajectory patterns: the automaton agrees with the definition, and text comes back as it went in.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_org::pattern::{
    Automaton, CompileError, Letter, MAX_POSITIONS, Mode, Pattern, PatternError, PatternState, TokenKind,
    Vocabulary,
};
use proptest::prelude::*;

/// `both` is a label of either kind; the labels of observations lie far apart.
fn vocabulary() -> Vocabulary {
    let unused = (0..20).map(|i| format!("unused{i}"));
    let observations = ["o1", "o2"].map(str::to_owned).into_iter().chain(unused).chain(["both".to_owned()]);
    Vocabulary::new(observations, ["a1", "a2", "both"]).unwrap()
}

fn symbol() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "o1",
        "o2",
        "a1",
        "a2",
        "#obs_both",
        "#act_both",
        "#any",
        "#any_obs",
        "#any_act",
        "#any_seq",
        "#obs_o1",
    ];
    proptest::sample::select(WORDS).prop_map(str::to_owned)
}

fn times() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(String::new()),
        1 => (0_u32..3).prop_map(|min| format!(" ({min},*)")),
        1 => (0_u32..3).prop_map(|min| format!("<{min}, *>")),
        1 => (1_u32..4).prop_map(|n| format!("({n})")),
        1 => (0_u32..3, 1_u32..3).prop_map(|(min, more)| format!("( {min} ,{})", min + more)),
    ]
}

/// Texts of patterns: every construct, with blanks here and there.
fn pattern() -> impl Strategy<Value = String> {
    let item = (symbol(), times()).prop_map(|(symbol, times)| symbol + &times);
    let deeper = |inner: BoxedStrategy<String>| {
        let place = proptest::collection::vec(inner, 1..3).prop_map(|choices| choices.join(" | "));
        let sequence = proptest::collection::vec(place, 1..4).prop_map(|places| places.join(","));
        (sequence, times()).prop_map(|(sequence, times)| format!("[{sequence} ]{times}"))
    };
    item.prop_recursive(3, 16, 3, deeper)
}

fn letter() -> impl Strategy<Value = Letter> {
    // Bits 0, 1 and 22 (`both`) are labels of the patterns above; bit 7 is not.
    let bits = |bits: [u32; 4]| {
        proptest::sample::subsequence(bits.to_vec(), 0..=4)
            .prop_map(|true_ones| true_ones.into_iter().fold(0, |atoms, bit| atoms | 1 << bit))
    };
    prop_oneof![
        bits([0, 1, 7, 22]).prop_map(Letter::observation),
        bits([0, 1, 2, 7]).prop_map(Letter::action)
    ]
}

fn history() -> impl Strategy<Value = Vec<Letter>> {
    proptest::collection::vec(letter(), 0..12)
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Anchored), Just(Mode::Search)]
}

/// The automaton, unless the pattern is one of the rare ones that are too large.
fn compiled(text: &str, mode: Mode) -> Result<(Pattern, Automaton), TestCaseError> {
    let pattern = Pattern::parse(text).map_err(|error| match error {
        PatternError::TooLarge { .. } => TestCaseError::reject("too large"),
        error => TestCaseError::fail(error.to_string()),
    })?;
    match Automaton::compile(&pattern, &vocabulary(), mode) {
        Ok(automaton) => Ok((pattern, automaton)),
        Err(CompileError::TooManyStates { .. }) => Err(TestCaseError::reject("too many states")),
        Err(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_automaton_agrees_with_the_definition_after_every_token(
        text in pattern(), mode in mode(), history in history()
    ) {
        let (pattern, automaton) = compiled(&text, mode)?;
        let mut state = automaton.start();
        for seen in 0..=history.len() {
            let by_definition = pattern.matches(&vocabulary(), &history[..seen], mode).unwrap();
            prop_assert_eq!(automaton.is_match(state), by_definition, "{} after {:?}", &text, &history[..seen]);
            if let Some(letter) = history.get(seen) {
                state = automaton.advance(state, *letter);
            }
        }
    }

    #[test]
    fn a_match_is_as_far_as_it_is_said_to_be(text in pattern(), mode in mode(), history in history()) {
        let (_, automaton) = compiled(&text, mode)?;
        let state = automaton.run(history.iter().copied());
        prop_assert_eq!(automaton.is_match(state), automaton.remaining(state) == Some(0));
        prop_assert_eq!(automaton.is_dead(state), automaton.remaining(state).is_none());
        // One token more brings a match one nearer at best, and some token does.
        let now = automaton.remaining(state).map(u32::from);
        let next: Vec<_> = all_letters().map(|letter| automaton.remaining(automaton.advance(state, letter))).collect();
        let nearest = next.iter().flatten().copied().map(u32::from).min();
        match now {
            None => prop_assert_eq!(nearest, None),
            Some(0) => {}
            Some(now) => prop_assert_eq!(nearest, Some(now - 1)),
        }
    }

    #[test]
    fn a_label_that_leads_on_allows_what_no_label_does_not(text in pattern(), history in history()) {
        let (_, automaton) = compiled(&text, Mode::Anchored)?;
        let state = automaton.run(history);
        let expected = automaton.expected(state);
        for (kind, leading, any) in [
            (TokenKind::Observation, expected.observations, expected.any_observation),
            (TokenKind::Action, expected.actions, expected.any_action),
        ] {
            let bare = automaton.advance(state, Letter { kind, atoms: 0 });
            prop_assert_eq!(any, !automaton.is_dead(bare));
            for bit in 0..32 {
                let labelled = automaton.advance(state, Letter { kind, atoms: 1 << bit });
                prop_assert_eq!(leading >> bit & 1 == 1, labelled != bare);
                // A label can only add to what is possible.
                prop_assert!(any <= !automaton.is_dead(labelled));
            }
        }
    }

    #[test]
    fn a_batch_advances_like_its_members(
        text in pattern(), mode in mode(), histories in proptest::collection::vec(history(), 1..9)
    ) {
        let (_, automaton) = compiled(&text, mode)?;
        let mut states: Vec<PatternState> = histories.iter().map(|h| automaton.run(h.iter().copied())).collect();
        for kind in [TokenKind::Observation, TokenKind::Action] {
            let atoms: Vec<u32> = (0..).map(|i| i * 3 % 8).take(states.len()).collect();
            let one_by_one: Vec<_> = states
                .iter()
                .zip(&atoms)
                .map(|(state, atoms)| automaton.advance(*state, Letter { kind, atoms: *atoms }))
                .collect();
            automaton.advance_all(&mut states, kind, &atoms);
            prop_assert_eq!(&states, &one_by_one);
        }
    }

    #[test]
    fn no_history_leaves_the_table(text in pattern(), mode in mode(), tokens in proptest::collection::vec(any::<(bool, u32)>(), 0..50)) {
        let (_, automaton) = compiled(&text, mode)?;
        let letter = |(seen, atoms)| if seen { Letter::observation(atoms) } else { Letter::action(atoms) };
        let state = automaton.run(tokens.into_iter().map(letter));
        prop_assert!(automaton.is_match(state) <= !automaton.is_dead(state));
        prop_assert!(mode == Mode::Anchored || !automaton.is_dead(state));
        prop_assert!((0.0..=1.0).contains(&automaton.coverage(state)));
    }

    #[test]
    fn a_shortest_match_takes_turns_and_matches_and_nothing_shorter_does(text in pattern(), mode in mode()) {
        let (pattern, automaton) = compiled(&text, mode)?;
        let Some(shortest) = automaton.shortest_match() else { return Ok(()) };
        prop_assert!(pattern.matches(&vocabulary(), &shortest, mode).unwrap());
        let turns = [TokenKind::Observation, TokenKind::Action].into_iter().cycle();
        prop_assert!(shortest.iter().zip(turns).all(|(letter, kind)| letter.kind == kind));
        prop_assert!(u32::from(automaton.remaining(automaton.start()).unwrap()) <= u32::try_from(shortest.len()).unwrap());
    }

    #[test]
    fn a_pattern_reads_back_as_it_was_written(text in pattern()) {
        let Ok(pattern) = Pattern::parse(&text) else { return Err(TestCaseError::reject("too large")) };
        let written = pattern.to_string();
        prop_assert_eq!(Pattern::parse(&written).unwrap(), pattern);
        prop_assert!(!written.contains(char::is_whitespace));
    }

    #[test]
    fn no_text_is_too_strange_to_be_answered(text in "\\PC{0,40}") {
        _ = Pattern::parse(&text);
    }

    #[test]
    fn what_looks_like_a_pattern_is_one_that_reads_back_or_an_error_at_a_column(
        text in "[\\[\\]()<>,|*#a-c0-9_ \n]{0,30}|#(any|obs|act)?_?[a-c]?"
    ) {
        match Pattern::parse(&text) {
            Ok(pattern) => prop_assert_eq!(Pattern::parse(&pattern.to_string()).unwrap(), pattern),
            Err(PatternError::TooLarge { positions, .. }) => prop_assert!(positions > MAX_POSITIONS),
            Err(error) => prop_assert!(error.to_string().starts_with("column "), "{}", error),
        }
    }
}

/// Every letter that the patterns above can tell apart.
fn all_letters() -> impl Iterator<Item = Letter> {
    let spread = |set: u32| set & 0b11 | (set >> 2 & 1) << 22;
    (0..8).map(move |set| Letter::observation(spread(set))).chain((0..8).map(Letter::action))
}
