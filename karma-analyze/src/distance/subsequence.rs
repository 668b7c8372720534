//! Longest common subsequence: what two words share in order, with anything between.

/// One of the longest words that both contain in order (Hirschberg, *A linear space algorithm for computing maximal
/// common subsequences*, Communications of the ACM, 1975, whose quadratic table is kept here). Of several, the one that
/// leaves out letters of `a` first. O(n·m) time and memory.
///
/// ```
/// use karma_analyze::distance::longest_common_subsequence;
///
/// assert_eq!(longest_common_subsequence(b"abcbdab", b"bdcaba"), b"bdab");
/// ```
pub fn longest_common_subsequence<L: PartialEq + Clone>(a: &[L], b: &[L]) -> Vec<L> {
    let width = b.len() + 1;
    // At (i, j): how much a[i..] and b[j..] share.
    let mut shared = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            shared[i * width + j] = if a[i] == b[j] {
                shared[(i + 1) * width + j + 1] + 1
            } else {
                shared[(i + 1) * width + j].max(shared[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut word) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            word.push(a[i].clone());
            (i, j) = (i + 1, j + 1);
        } else if shared[(i + 1) * width + j] >= shared[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    word
}

/// How long the longest common subsequence is. O(n·m) time, O(m) memory.
pub(super) fn shared_length<L: PartialEq>(a: &[L], b: &[L]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for letter in a {
        let mut diagonal = 0;
        for (j, other) in b.iter().enumerate() {
            let longer = if letter == other { diagonal + 1 } else { row[j + 1].max(row[j]) };
            diagonal = std::mem::replace(&mut row[j + 1], longer);
        }
    }
    row[b.len()]
}

/// 1 − |longest common subsequence| / max(n, m): the share of the longer word that is not shared. We divide by the longer
/// one, so that only equal words are 0 apart (by the shorter one, a word would be 0 from all that contain it). Two empty
/// words are equal.
///
/// ```
/// use karma_analyze::distance::subsequence_distance;
///
/// assert_eq!(subsequence_distance(b"abcd", b"acd"), 0.25);
/// ```
pub fn subsequence_distance<L: PartialEq>(a: &[L], b: &[L]) -> f32 {
    match a.len().max(b.len()) {
        0 => 0.0,
        longer => 1.0 - shared_length(a, b) as f32 / longer as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contains(word: &[u8], part: &[u8]) -> bool {
        let mut letters = word.iter();
        part.iter().all(|letter| letters.any(|other| other == letter))
    }

    #[test]
    fn an_empty_word_shares_nothing() {
        assert_eq!(subsequence_distance(b"", b"ab"), 1.0);
        assert_eq!(subsequence_distance::<u8>(b"", b""), 0.0);
    }

    proptest! {
        #[test]
        fn the_word_is_in_both_and_as_long_as_said(a in "[abc]{0,12}", b in "[abc]{0,12}") {
            let word = longest_common_subsequence(a.as_bytes(), b.as_bytes());
            prop_assert!(contains(a.as_bytes(), &word) && contains(b.as_bytes(), &word));
            prop_assert_eq!(word.len(), shared_length(b.as_bytes(), a.as_bytes()));
        }

        #[test]
        fn nothing_longer_is_in_both(a in "[ab]{0,7}", b in "[ab]{0,7}") {
            let subsets = (0_u32..1 << a.len()).map(|mask| {
                a.bytes().enumerate().filter(|(at, _)| mask >> at & 1 == 1).map(|(_, l)| l).collect::<Vec<u8>>()
            });
            let longest = subsets.filter(|part| contains(b.as_bytes(), part)).map(|part| part.len()).max();
            prop_assert_eq!(longest, Some(shared_length(a.as_bytes(), b.as_bytes())));
        }
    }
}
