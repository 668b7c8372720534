//! The role action guide of one agent, compiled: which actions are inside it, for a whole batch of environments.
//!
//! # What is computed
//! ```text
//! A = `always` ∪ (allow-sets of the rules that fire, or `otherwise` if no rule that allows something fires)
//!     minus the forbid-sets of the rules that fire
//! ch = the largest hardness of the rules that fire; the role's, if none does
//! ```
//! A rule has the hardness of its role unless it has its own. MOISE+MARL (a.10) gives every allowed *action* a
//! hardness but then draws once per step, with one *ch*; the largest is the reading in which a rule that is meant
//! to be hard never becomes softer because another fired as well.
//!
//! If `A` is empty, the no-ops (a change of 0, of any service) stay, and the event is counted.
//!
//! # How
//! A rule that is asked of each service has one truth and one set for each. Truths with the same set are gathered
//! into one [`Clause`]: "scale down any service, if any service …" is one set however many services there are.
//! A batch is a column for each word of the mask, one lane for each environment, and a truth is a column of lanes:
//! a clause costs one `or` of `bits where truth` for each of its few words.
//!
//! Cost: environments × (truths + words of all clauses), which is linear in services as long as a service has
//! a bounded number of neighbours.

use std::ops::Range;

use karma_core::Hardness;

use super::action_set::{ActionSet, Word};
use crate::condition::{Outcome, TruthId};

/// A set of actions that is meant where any of some truths holds.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    pub(super) truths: Vec<TruthId>,
    pub(super) set: ActionSet,
}

/// Hardness of some rules, and the truths that make one of them fire.
#[derive(Clone, Debug)]
pub(super) struct Strictness {
    pub(super) hardness: Hardness,
    pub(super) truths: Vec<TruthId>,
}

/// A compiled role action guide.
#[derive(Clone, Debug)]
pub(super) struct Restriction {
    /// Allowed where a truth holds.
    pub(super) allow: Vec<Clause>,
    /// Forbidden where a truth holds.
    pub(super) forbid: Vec<Clause>,
    /// Allowed unless it is forbidden.
    pub(super) always: ActionSet,
    /// Allowed where no rule that allows something fires.
    pub(super) otherwise: ActionSet,
    /// What stays where nothing is left: the no-ops.
    pub(super) hold: ActionSet,
    /// Hardness where no rule fires.
    pub(super) hardness: Hardness,
    /// The rules by their hardness; empty if all have that of the role, so that there is nothing to compute.
    pub(super) strictness: Vec<Strictness>,
}

/// Environments that are taken at once: a column of a mask is 2 KiB, so that even the masks of hundreds of services
/// stay near while clause after clause passes over them.
const CHUNK: usize = 512;

/// Columns that a [`Restriction`] reckons with, one lane for each environment of a chunk.
#[derive(Clone, Debug)]
pub(super) struct Lanes {
    environments: usize,
    any: Vec<bool>,
    fired: Vec<bool>,
    left: Vec<Word>,
}

impl Lanes {
    pub(super) fn new(environments: usize) -> Self {
        let lanes = environments.min(CHUNK);
        Self { environments, any: vec![false; lanes], fired: vec![false; lanes], left: vec![0; lanes] }
    }

    /// The environments, chunk by chunk.
    fn chunks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let environments = self.environments;
        (0..environments).step_by(CHUNK).map(move |start| start..environments.min(start + CHUNK))
    }
}

/// The masks of a chunk of environments, and where the chunk is.
struct Chunk<'m> {
    masks: &'m mut [Word],
    environments: usize,
    range: Range<usize>,
}

impl Chunk<'_> {
    /// A word of the masks.
    fn words(&mut self, index: usize) -> &mut [Word] {
        let start = index * self.environments;
        &mut self.masks[start + self.range.start..start + self.range.end]
    }
}

impl Restriction {
    /// Writes the masks of all environments, word by word (`masks[word · environments + environment]`), and
    /// returns in how many environments the no-ops had to stay.
    pub(super) fn masks(&self, outcome: &Outcome, masks: &mut [Word], lanes: &mut Lanes) -> u64 {
        let environments = lanes.environments;
        masks.fill(0);
        for (index, bits) in self.always.words() {
            masks[index * environments..][..environments].fill(*bits);
        }
        let chunks = lanes.chunks();
        chunks.map(|range| self.chunk(outcome, &mut Chunk { masks, environments, range }, lanes)).sum()
    }

    fn chunk(&self, outcome: &Outcome, chunk: &mut Chunk<'_>, lanes: &mut Lanes) -> u64 {
        let fired = &mut lanes.fired[..chunk.range.len()];
        fired.fill(false);
        for clause in &self.allow {
            let holds = any(&clause.truths, outcome, &chunk.range, &mut lanes.any);
            join(fired, holds);
            for (index, bits) in clause.set.words() {
                let words = chunk.words(*index).iter_mut().zip(holds);
                words.for_each(|(word, holds)| *word |= bits & ones(*holds));
            }
        }
        for (index, bits) in self.otherwise.words() {
            let words = chunk.words(*index).iter_mut().zip(&*fired);
            words.for_each(|(word, fired)| *word |= bits & !ones(*fired));
        }
        for clause in &self.forbid {
            let holds = any(&clause.truths, outcome, &chunk.range, &mut lanes.any);
            for (index, bits) in clause.set.words() {
                let words = chunk.words(*index).iter_mut().zip(holds);
                words.for_each(|(word, holds)| *word &= !(bits & ones(*holds)));
            }
        }
        self.hold_where_empty(chunk, &mut lanes.left)
    }

    /// Lets the no-ops stay where nothing is left; the number of such environments.
    fn hold_where_empty(&self, chunk: &mut Chunk<'_>, left: &mut [Word]) -> u64 {
        let left = &mut left[..chunk.range.len()];
        left.fill(0);
        for index in 0..chunk.masks.len() / chunk.environments {
            left.iter_mut().zip(chunk.words(index)).for_each(|(left, word)| *left |= *word);
        }
        let empty = left.iter().filter(|left| **left == 0).count() as u64;
        if empty > 0 {
            for (index, bits) in self.hold.words() {
                let words = chunk.words(*index).iter_mut().zip(&*left);
                words.for_each(|(word, left)| *word |= bits & ones(*left == 0));
            }
        }
        empty
    }

    /// Writes the hardness of all environments.
    pub(super) fn hardness(&self, outcome: &Outcome, hardness: &mut [f32], lanes: &mut Lanes) {
        hardness.fill(if self.strictness.is_empty() { self.hardness.get() } else { NONE_FIRED });
        for range in lanes.chunks() {
            let hardness = &mut hardness[range.clone()];
            for rules in &self.strictness {
                let own = rules.hardness.get();
                let holds = any(&rules.truths, outcome, &range, &mut lanes.any);
                for (hardness, holds) in hardness.iter_mut().zip(holds) {
                    *hardness = if *holds { hardness.max(own) } else { *hardness };
                }
            }
            let default = self.hardness.get();
            for hardness in hardness.iter_mut().filter(|hardness| **hardness < 0.0) {
                *hardness = default;
            }
        }
    }
}

/// Below every hardness.
const NONE_FIRED: f32 = -1.0;

/// All bits where it holds, none where it does not.
const fn ones(holds: bool) -> Word {
    (holds as Word).wrapping_neg()
}

fn join(into: &mut [bool], column: &[bool]) {
    into.iter_mut().zip(column).for_each(|(into, holds)| *into |= holds);
}

/// Where in a chunk any of the truths holds: a single one as it stands, several gathered in `buffer`.
fn any<'a>(
    truths: &[TruthId],
    outcome: &'a Outcome,
    range: &Range<usize>,
    buffer: &'a mut [bool],
) -> &'a [bool] {
    if let [only] = truths {
        return &outcome.truth(*only)[range.clone()];
    }
    let buffer = &mut buffer[..range.len()];
    buffer.fill(false);
    for truth in truths {
        join(buffer, &outcome.truth(*truth)[range.clone()]);
    }
    buffer
}
