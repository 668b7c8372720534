//! From the labels that are true of a token to the column of the transition table.

use std::collections::BTreeSet;

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
        let (labels, column) = without_irrelevant(labels, column_of_class);
        let lowest = labels.first().copied().unwrap_or(0);
        let width = labels.last().map_or(0, |highest| highest - lowest + 1);
        if width > WINDOW {
            return Self { bits: Bits::Scattered(labels.into()), column: column.into() };
        }
        let column = (0..1_u32 << width).map(|window| column[gather(&labels, window << lowest)]).collect();
        Self { bits: Bits::Window { shift: lowest, mask: (1 << width) - 1 }, column }
    }

    pub(super) fn of(&self, atoms: u32) -> usize {
        let index = match &self.bits {
            Bits::Window { shift, mask } => (atoms >> shift & mask) as usize,
            Bits::Scattered(labels) => gather(labels, atoms),
        };
        usize::from(self.column[index])
    }

    /// [`of`](Self::of) for many, each with something to change; which kind of look-up it is, is asked only once.
    pub(super) fn for_each<T>(&self, items: &mut [T], atoms: &[u32], change: impl Fn(&mut T, usize)) {
        let column = &*self.column;
        match &self.bits {
            Bits::Window { shift, mask } => {
                for (item, atoms) in items.iter_mut().zip(atoms) {
                    change(item, usize::from(column[(atoms >> shift & mask) as usize]));
                }
            }
            Bits::Scattered(labels) => {
                for (item, atoms) in items.iter_mut().zip(atoms) {
                    change(item, usize::from(column[gather(labels, *atoms)]));
                }
            }
        }
    }
}

/// Labels that occur but make no difference are left out, such as `o1` in `o1|#any_obs`.
fn without_irrelevant(labels: &[u32], column_of_class: &[u16]) -> (Vec<u32>, Vec<u16>) {
    let (mut labels, mut column) = (labels.to_vec(), column_of_class.to_vec());
    for place in (0..labels.len()).rev() {
        if (0..column.len()).all(|class| column[class] == column[class ^ 1 << place]) {
            labels.remove(place);
            column = (0..column.len()).filter(|class| class >> place & 1 == 0).map(|c| column[c]).collect();
        }
    }
    (labels, column)
}

/// The bits of these labels, side by side.
#[inline]
fn gather(labels: &[u32], atoms: u32) -> usize {
    labels.iter().rev().fold(0, |index, bit| index << 1 | (atoms >> bit & 1) as usize)
}

/// For each kind and each column that it has, a letter with as few labels as can be.
pub(super) fn representatives(alphabet: &Alphabet, column_of_class: &[u16]) -> Box<[Letter]> {
    let mut found = Vec::new();
    for kind in [TokenKind::Observation, TokenKind::Action] {
        let labels = alphabet.labels(kind);
        let mut classes: Vec<u32> = (0..1 << labels.len()).collect();
        classes.sort_by_key(|class| class.count_ones());
        let mut known = BTreeSet::new();
        for class in classes {
            if known.insert(column_of_class[alphabet.base(kind) + class as usize]) {
                found.push(Letter { kind, atoms: spread(labels, class) });
            }
        }
    }
    found.into()
}

/// Undoes [`gather`].
fn spread(labels: &[u32], index: u32) -> u32 {
    labels.iter().zip(0..).fold(0, |atoms, (bit, place)| atoms | (index >> place & 1) << bit)
}
