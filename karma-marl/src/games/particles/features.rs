//! The parts that observations are made of, narrowed to `f32` as published.

use super::world::{LANDMARKS, Point};

#[expect(clippy::cast_possible_truncation, reason = "a learner reads f32")]
pub(super) fn push_point(features: &mut Vec<f32>, point: Point) {
    features.extend(point.map(|x| x as f32));
}

/// The word, one-hot; zeros for silence.
pub(super) fn push_word(features: &mut Vec<f32>, word: Option<u32>, words: u32) {
    features.extend((0..words).map(|candidate| f32::from(u8::from(word == Some(candidate)))));
}

/// Landmark 0 is red, 1 green, 2 blue: its own channel is the brighter of the two.
pub(super) fn push_color(features: &mut Vec<f32>, landmark: usize, [dark, bright]: [f32; 2]) {
    features.extend((0..LANDMARKS).map(|channel| if channel == landmark { bright } else { dark }));
}
