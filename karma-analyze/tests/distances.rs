//! Laws of the distances of words, and that sixteen pairs at once give what one at a time does.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use std::num::NonZeroUsize;

use karma_analyze::distance::{
    LocalAlignmentParams, Measure, Normalization, Series, Warping, WarpingParams, pairwise, pairwise_series,
};
use karma_analyze::{Alphabet, DistanceMatrix, Sequences};
use proptest::prelude::*;

const LETTERS: u32 = 6;

fn alphabet() -> Alphabet {
    Alphabet::of_points(&[0.0, 0.0, 1.0, 0.3, -2.0, 0.1, 0.7, 0.7, 3.3, -1.0, 0.0, 0.0], 2)
}

fn word(lengths: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..LETTERS, lengths)
}

fn warping() -> impl Strategy<Value = Warping> {
    let normalization =
        prop_oneof![Just(Normalization::None), Just(Normalization::Lengths), Just(Normalization::Path)];
    (prop::option::of(0_u32..12), normalization)
        .prop_map(|(band, normalization)| WarpingParams { band, normalization }.check().unwrap())
}

fn banded(band: Option<u32>) -> Warping {
    WarpingParams { band, normalization: Normalization::None }.check().unwrap()
}

fn sequences(words: &[Vec<u32>]) -> Sequences {
    let mut sequences = Sequences::new(alphabet());
    for word in words {
        sequences.push(word).unwrap();
    }
    sequences
}

fn one_by_one(words: &[Vec<u32>], measure: &Measure) -> DistanceMatrix {
    let alphabet = alphabet();
    DistanceMatrix::from_fn(words.len(), |i, j| measure.distance(&words[i], &words[j], &alphabet))
}

fn bits(distances: &DistanceMatrix) -> Vec<u32> {
    distances.as_slice().iter().map(|distance| distance.to_bits()).collect()
}

proptest! {
    #[test]
    fn sixteen_pairs_at_once_have_the_bits_of_each_pair_alone_for_any_number_of_threads(
        words in prop::collection::vec(word(0..24), 0..40), warping in warping(), threads in 1_usize..4,
    ) {
        let measure = Measure::Warping(warping);
        let all = pairwise(&sequences(&words), &measure, NonZeroUsize::new(threads).unwrap());
        prop_assert_eq!(bits(&all), bits(&one_by_one(&words, &measure)));
    }

    #[test]
    fn words_of_one_length_have_the_bits_of_each_pair_alone(
        words in prop::collection::vec(word(21..22), 2..40), warping in warping(),
    ) {
        let measure = Measure::Warping(warping);
        let all = pairwise(&sequences(&words), &measure, NonZeroUsize::MIN);
        prop_assert_eq!(bits(&all), bits(&one_by_one(&words, &measure)));
    }

    #[test]
    fn every_measure_is_symmetric_and_0_from_a_word_to_itself(
        a in word(0..15), b in word(0..15), warping in warping(),
    ) {
        let local = LocalAlignmentParams { reward: 1.0, gap: 0.5 }.check().unwrap();
        let alphabet = alphabet();
        for measure in
            [Measure::Warping(warping), Measure::Edit, Measure::CommonSubsequence, Measure::Local(local)]
        {
            prop_assert_eq!(measure.distance(&a, &b, &alphabet), measure.distance(&b, &a, &alphabet));
            prop_assert_eq!(measure.distance(&a, &a, &alphabet), 0.0);
            prop_assert!(measure.distance(&a, &b, &alphabet) >= 0.0);
        }
    }

    #[test]
    fn warping_never_costs_more_than_pairing_place_by_place(
        (a, b) in (0_usize..20).prop_flat_map(|n| (word(n..n + 1), word(n..n + 1))),
    ) {
        let alphabet = alphabet();
        let straight: f32 = a.iter().zip(&b).map(|(a, b)| alphabet.cost(*a, *b)).sum();
        prop_assert!(banded(None).distance(&a, &b, &alphabet) <= straight * 1.000_01);
        prop_assert!((banded(Some(0)).distance(&a, &b, &alphabet) - straight).abs() <= 1e-5 * straight);
    }

    #[test]
    fn a_wider_band_never_raises_the_distance_and_a_wide_one_is_none(
        a in word(1..20), b in word(1..20), band in 0_u32..20,
    ) {
        let alphabet = alphabet();
        let distance = |band| banded(band).distance(&a, &b, &alphabet);
        prop_assert!(distance(Some(band + 1)) <= distance(Some(band)));
        prop_assert_eq!(distance(Some(20)), distance(None));
    }

    #[test]
    fn a_series_of_the_letters_points_is_as_far_as_the_words(a in word(1..15), b in word(1..15), warping in warping()) {
        let points = [[0.0, 0.0], [1.0, 0.3], [-2.0, 0.1], [0.7, 0.7], [3.3, -1.0], [0.0, 0.0]];
        let mut series = Series::new(2);
        for word in [&a, &b] {
            series.push(&word.iter().flat_map(|letter| points[*letter as usize]).collect::<Vec<f32>>()).unwrap();
        }
        let all = pairwise_series(&series, &warping, NonZeroUsize::MIN);
        prop_assert_eq!(all.get(0, 1), warping.distance(&a, &b, &alphabet()));
    }
}
