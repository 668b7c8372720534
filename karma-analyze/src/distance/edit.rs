//! Edit distance: how many letters have to be inserted, left out or replaced.

/// The least number of insertions, deletions and replacements that make one word of the other (Levenshtein, *Binary
/// codes capable of correcting deletions, insertions, and reversals*, Soviet Physics Doklady, 1966). A metric. O(n·m)
/// time, O(m) memory.
///
/// ```
/// use karma_analyze::distance::edit_distance;
///
/// // s i t t i n g → k i t t e n: replace, replace, leave out.
/// assert_eq!(edit_distance(b"sitting", b"kitten"), 3);
/// ```
pub fn edit_distance<L: PartialEq>(a: &[L], b: &[L]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The edit distance as a share of the longer word, from 0 (equal) to 1 (no letter stays). Two empty words are equal.
pub fn normalized_edit_distance<L: PartialEq>(a: &[L], b: &[L]) -> f32 {
    match a.len().max(b.len()) {
        0 => 0.0,
        longer => edit_distance(a, b) as f32 / longer as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_word_is_as_far_as_the_other_is_long() {
        assert_eq!(edit_distance(b"", b"abc"), 3);
        assert_eq!(normalized_edit_distance(b"", b"abc"), 1.0);
        assert_eq!(normalized_edit_distance::<u8>(b"", b""), 0.0);
    }

    proptest! {
        #[test]
        fn it_is_a_metric(a in "[abc]{0,9}", b in "[abc]{0,9}", c in "[abc]{0,9}") {
            let [a, b, c] = [a.as_bytes(), b.as_bytes(), c.as_bytes()];
            let d = edit_distance(a, b);
            prop_assert_eq!(d, edit_distance(b, a));
            prop_assert_eq!(d == 0, a == b);
            prop_assert!(d <= edit_distance(a, c) + edit_distance(c, b));
            prop_assert!(d >= a.len().abs_diff(b.len()) && d <= a.len().max(b.len()));
        }
    }
}
