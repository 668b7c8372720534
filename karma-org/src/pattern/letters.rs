//! From the labels that are true of a token to the column of the transition table.

use super::subset::Alphabet;
use super::{Letter, TokenKind};

/// Widest window of label bits that is looked up at once: a table of 4 096 entries.
const WINDOW: u32 = 12;

/// The column of every letter of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    bits: Bits,
    /// By index: the bits of the window, or of the gathered labels.
    column: Box<[u16]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Bits {
    /// The labels that matter lie close together: take the bits as they are.
    Window { shift: u32, mask: u32 },
    /// They lie far apart: gather them, one by one.
    Scattered(Box<[u32]>),
}

impl Columns {
    /// `column_of_class` are the columns of the classes of this kind, in their order.
    pub(super) fn new(labels: &[u32], column_of_class: &[u16]) -> Self {
        let lowest = labels.first().copied().unwrap_or(0);
        let width = labels.last().map_or(0, |highest| highest - lowest + 1);
        if width > WINDOW {
            return Self { bits: Bits::Scattered(labels.into()), column: column_of_class.into() };
        }
        let column =
            (0..1_u32 << width).map(|window| column_of_class[gather(labels, window << lowest)]).collect();
        Self { bits: Bits::Window { shift: lowest, mask: (1 << width) - 1 }, column }
    }

    pub(super) fn of(&self, atoms: u32) -> usize {
        let index = match &self.bits {
            Bits::Window { shift, mask } => (atoms >> shift & mask) as usize,
            Bits::Scattered(labels) => gather(labels, atoms),
        };
        usize::from(self.column[index])
    }
}

/// The bits of these labels, side by side.
fn gather(labels: &[u32], atoms: u32) -> usize {
    labels.iter().rev().fold(0, |index, bit| index << 1 | (atoms >> bit & 1) as usize)
}

/// A letter of every class, with no label true that does not matter.
pub(super) fn representatives(alphabet: &Alphabet) -> Vec<Letter> {
    [TokenKind::Observation, TokenKind::Action]
        .into_iter()
        .flat_map(|kind| {
            let labels = alphabet.labels(kind);
            (0..1_u32 << labels.len()).map(move |class| {
                let atoms = labels.iter().zip(0..).fold(0, |atoms, (bit, j)| atoms | (class >> j & 1) << bit);
                Letter { kind, atoms }
            })
        })
        .collect()
}
