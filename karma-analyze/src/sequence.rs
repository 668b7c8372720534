//! Sequences of symbols, and how far apart symbols lie.
//!
//! What an agent did in an episode is a word over the alphabet of its actions. The paper compares such words by the
//! Euclidean distance of their letters (its section III.D), so a letter is a point: for a defender, the vector of changes
//! of all services, which has one entry that is not zero at most.

use karma_core::{Action, ActionSpace};

/// Letters with the distances between them: symmetric, zero from a letter to itself, finite, not negative.
#[derive(Clone, Debug, PartialEq)]
pub struct Alphabet {
    letters: usize,
    /// Row-major, `letters × letters`.
    costs: Vec<f32>,
}

impl Alphabet {
    /// Letters that are points; each is a row of `dimensions` numbers. Points that are not finite count as the origin.
    pub fn of_points(points: &[f32], dimensions: usize) -> Self {
        let rows: Vec<&[f32]> = points.chunks_exact(dimensions.max(1)).collect();
        let costs = rows.iter().flat_map(|a| rows.iter().map(|b| euclidean(a, b))).collect();
        Self { letters: rows.len(), costs }
    }

    /// Letters of which any two different ones lie 1 apart.
    pub fn discrete(letters: usize) -> Self {
        let costs = (0..letters * letters).map(|at| f32::from(u8::from(at / letters != at % letters)));
        Self { letters, costs: costs.collect() }
    }

    /// The actions of an agent. A defender's are vectors of changes, in which all ways of doing nothing are one point;
    /// an attacker's are (rate, data) at an entry point; plain indices are all equally different.
    pub fn of_actions(space: ActionSpace) -> Self {
        let actions = (0u32..).take(space.len()).map(Action);
        match space {
            ActionSpace::Discrete { .. } => Self::discrete(space.len()),
            ActionSpace::Defender { services, .. } => {
                let dimensions = services as usize;
                let mut points = vec![0.0; space.len() * dimensions];
                for (action, point) in actions.zip(points.chunks_exact_mut(dimensions.max(1))) {
                    if let Some(action) = space.defender(action) {
                        point[karma_core::Id::index(action.service)] = action.replica_change as f32;
                    }
                }
                Self::of_points(&points, dimensions)
            }
            ActionSpace::Attacker { entry_points } => {
                let dimensions = 2 * entry_points as usize;
                let mut points = vec![0.0; space.len() * dimensions];
                for (action, point) in actions.zip(points.chunks_exact_mut(dimensions.max(1))) {
                    if let Some(action) = space.attacker(action) {
                        let entry = 2 * karma_core::Id::index(action.entry_point);
                        (point[entry], point[entry + 1]) =
                            (action.rate_change as f32, action.data_change as f32);
                    }
                }
                Self::of_points(&points, dimensions)
            }
        }
    }

    /// Number of letters.
    pub const fn letters(&self) -> usize {
        self.letters
    }

    /// Distance of two letters.
    ///
    /// # Panics
    /// If one of them is not in the alphabet.
    pub fn cost(&self, a: u32, b: u32) -> f32 {
        self.costs[a as usize * self.letters + b as usize]
    }

    /// The greatest distance of two letters; 0 of an empty alphabet.
    pub fn diameter(&self) -> f32 {
        self.costs.iter().copied().fold(0.0, f32::max)
    }

    /// Distances from one letter to all, in order.
    ///
    /// # Panics
    /// If it is not in the alphabet.
    pub fn costs_of(&self, letter: u32) -> &[f32] {
        &self.costs[letter as usize * self.letters..][..self.letters]
    }
}

pub(crate) fn euclidean(a: &[f32], b: &[f32]) -> f32 {
    let clean = |x: &f32| if x.is_finite() { *x } else { 0.0 };
    a.iter().zip(b).map(|(a, b)| (clean(a) - clean(b)).powi(2)).sum::<f32>().sqrt()
}

/// Words over one alphabet.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequences {
    alphabet: Alphabet,
    letters: Vec<u32>,
    /// Where each word begins, and the end of the last.
    bounds: Vec<usize>,
}

/// A letter that is not in the alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "sequence {sequence} has the letter {letter} at place {place}; the alphabet has {letters} letters, from 0"
)]
pub struct LetterError {
    /// Which sequence.
    pub sequence: usize,
    /// Where in it.
    pub place: usize,
    /// The letter.
    pub letter: u32,
    /// How many there are.
    pub letters: usize,
}

impl Sequences {
    /// No words yet.
    pub fn new(alphabet: Alphabet) -> Self {
        Self { alphabet, letters: Vec::new(), bounds: vec![0] }
    }

    /// Adds a word; it may be empty.
    ///
    /// # Errors
    /// If a letter is not in the alphabet; nothing is added then.
    pub fn push(&mut self, word: &[u32]) -> Result<(), LetterError> {
        let letters = self.alphabet.letters;
        if let Some(place) = word.iter().position(|letter| *letter as usize >= letters) {
            return Err(LetterError { sequence: self.len(), place, letter: word[place], letters });
        }
        self.letters.extend_from_slice(word);
        self.bounds.push(self.letters.len());
        Ok(())
    }

    /// The alphabet.
    pub const fn alphabet(&self) -> &Alphabet {
        &self.alphabet
    }

    /// Number of words.
    pub const fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The word at a place.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn get(&self, index: usize) -> &[u32] {
        &self.letters[self.bounds[index]..self.bounds[index + 1]]
    }

    /// All words, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.bounds.windows(2).map(|bounds| &self.letters[bounds[0]..bounds[1]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_of_doing_nothing_are_one_point_and_services_are_orthogonal() {
        let alphabet = Alphabet::of_actions(ActionSpace::Defender { services: 2, alpha: 3 });
        let (hold_first, hold_second, up_first, up_second) = (3, 10, 4, 11);
        assert_eq!(alphabet.letters(), 14);
        assert_eq!(alphabet.cost(hold_first, hold_second), 0.0);
        assert_eq!(alphabet.cost(hold_first, up_second), 1.0);
        assert!((alphabet.cost(up_first, up_second) - 2_f32.sqrt()).abs() < 1e-6);
        assert_eq!(alphabet.cost(0, 6), 6.0, "from -3 to +3 of one service");
    }

    #[test]
    fn a_letter_from_elsewhere_is_refused_with_its_place() {
        let mut words = Sequences::new(Alphabet::discrete(3));
        words.push(&[0, 2]).unwrap();
        let refused = words.push(&[1, 3]).unwrap_err().to_string();
        assert_eq!(refused, "sequence 1 has the letter 3 at place 1; the alphabet has 3 letters, from 0");
        assert_eq!((words.len(), words.get(0)), (1, &[0, 2][..]));
    }
}
