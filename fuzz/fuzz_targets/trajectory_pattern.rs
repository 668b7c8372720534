//! The text of a trajectory pattern: it reads back as written, and its automaton agrees with the definition.
#![no_main]

use karma_org::pattern::{Automaton, Letter, Mode, Pattern, Vocabulary};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The text, and behind a zero byte the history: three bits for labels and one for the kind of token.
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let Some(Ok(text)) = parts.next().map(str::from_utf8) else { return };
    let Ok(pattern) = Pattern::parse(text) else { return };
    assert_eq!(Pattern::parse(&pattern.to_string()).as_ref(), Ok(&pattern));

    let words = Vocabulary::new(["o", "p", "x"], ["a", "b", "x"]).expect("names");
    let letter = |byte: &u8| match byte & 8 {
        0 => Letter::observation(u32::from(byte & 7)),
        _ => Letter::action(u32::from(byte & 7)),
    };
    let history: Vec<Letter> = parts.next().unwrap_or_default().iter().take(24).map(letter).collect();
    for mode in [Mode::Anchored, Mode::Search] {
        let Ok(automaton) = Automaton::compile(&pattern, &words, mode) else { continue };
        let by_definition = pattern.matches(&words, &history, mode).expect("the same names were known");
        assert_eq!(automaton.is_match(automaton.run(history.iter().copied())), by_definition);
        if let Some(shortest) = automaton.shortest_match() {
            assert!(automaton.is_match(automaton.run(shortest)));
        }
    }
});
