//! What sequences of moves have in common.

use karma_core::{Action, ActionSpace};

use crate::distance::longest_common_subsequence;

/// The moves of a word: without doing nothing, and once where a move is repeated.
pub(super) fn moves(space: ActionSpace, word: &[u32]) -> Vec<Action> {
    let mut moves: Vec<Action> =
        word.iter().map(|letter| Action(*letter)).filter(|action| !space.is_no_op(*action)).collect();
    moves.dedup();
    moves
}

/// The longest common subsequence of the first half of the words at least, the most central first, and how many words hold
/// it. Words are added as long as something is left, so a single stranger does not empty it.
pub(super) fn sequence(words: &[Vec<Action>]) -> (Vec<Action>, usize) {
    let Some((first, rest)) = words.split_first() else { return (Vec::new(), 0) };
    let mut common = first.clone();
    for word in rest.iter().take(words.len().div_ceil(2).saturating_sub(1)) {
        let shared = longest_common_subsequence(&common, word);
        if !shared.is_empty() {
            common = shared;
        }
    }
    let holders = words.iter().filter(|word| is_contained(&common, word)).count();
    (common, holders)
}

/// Whether `part` stands in `whole`, in its order, and is less.
pub(super) fn is_within(part: &[Action], whole: &[Action]) -> bool {
    !part.is_empty() && part.len() < whole.len() && is_contained(part, whole)
}

fn is_contained(part: &[Action], whole: &[Action]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|action| rest.any(|other| other == action))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(letters: &[u32]) -> Vec<Action> {
        letters.iter().map(|letter| Action(*letter)).collect()
    }

    #[test]
    fn what_most_words_share_survives_a_stranger() {
        let words = [word(&[1, 2, 3]), word(&[1, 3]), word(&[9]), word(&[1, 9, 3]), word(&[1, 2, 3])];
        assert_eq!(sequence(&words), (word(&[1, 3]), 4));
        assert_eq!(sequence(&[]), (word(&[]), 0));
    }

    #[test]
    fn doing_nothing_and_repetition_say_nothing() {
        let space = ActionSpace::Defender { services: 1, alpha: 1 };
        assert_eq!(moves(space, &[1, 2, 1, 2, 1, 0, 0]), word(&[2, 0]));
    }

    #[test]
    fn a_sequence_is_within_a_longer_one_that_holds_it_in_order() {
        assert!(is_within(&word(&[1, 3]), &word(&[1, 2, 3])));
        assert!(!is_within(&word(&[3, 1]), &word(&[1, 2, 3])));
        assert!(!is_within(&word(&[1]), &word(&[1])) && !is_within(&[], &word(&[1])));
    }
}
