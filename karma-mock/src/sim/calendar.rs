//! When does what happen next: a winner tree over actors, each with one next moment.
//!
//! An arrival stream, a pod, the queue of client timeouts and the control plane are *actors*. Each knows when
//! it will act next, and changes its mind often: a pod's next completion moves with every arrival. A winner
//! tree (Knuth, TAOCP 3, 5.4.1) holds one leaf for each actor, so a change is a walk to the root, log2(actors)
//! comparisons with neighbours in one array, and the next event is the root. Equal moments go to the lower
//! actor, so the order of events never depends on history.

/// Never.
pub(super) const NEVER: f64 = f64::INFINITY;

/// A moment and its actor in one number. Moments are not negative, so their bits are ordered as they are, and
/// the lesser of two numbers is the earlier moment, or the lower actor: found without a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u128);

impl Entry {
    #[inline]
    fn new(time: f64, actor: usize) -> Self {
        debug_assert!(time >= 0.0, "moments are not negative");
        Self(u128::from(time.to_bits()) << 64 | actor as u128)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "takes the two halves apart")]
    const fn parts(self) -> (f64, usize) {
        (f64::from_bits((self.0 >> 64) as u64), self.0 as u64 as usize)
    }
}

/// The winner tree.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    /// Node 1 is the root, node `n` has children `2n` and `2n + 1`, nodes `leaves..` are the actors.
    tree: Vec<Entry>,
    leaves: usize,
}

impl Calendar {
    pub(super) fn new(actors: usize) -> Self {
        let leaves = actors.next_power_of_two().max(2);
        let mut calendar = Self { tree: vec![Entry::new(NEVER, usize::MAX); 2 * leaves], leaves };
        for actor in (0..leaves).rev() {
            calendar.set(actor, NEVER);
        }
        calendar
    }

    /// The next actor and its moment.
    #[inline]
    pub(super) fn next(&self) -> (f64, usize) {
        self.tree[1].parts()
    }

    /// `actor` acts next at `time`.
    #[inline]
    pub(super) fn set(&mut self, actor: usize, time: f64) {
        let mut node = self.leaves + actor;
        let mut winner = Entry::new(time, actor);
        self.tree[node] = winner;
        while node > 1 {
            winner = winner.min(self.tree[node ^ 1]);
            node >>= 1;
            if self.tree[node] == winner {
                return;
            }
            self.tree[node] = winner;
        }
    }

    /// Makes room for actors below `actors`.
    pub(super) fn reserve(&mut self, actors: usize) {
        if actors <= self.leaves {
            return;
        }
        let mut grown = Self::new(actors);
        for actor in 0..self.leaves {
            grown.set(actor, self.tree[self.leaves + actor].parts().0);
        }
        *self = grown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_moments_go_to_the_lower_actor() {
        let mut calendar = Calendar::new(5);
        calendar.set(3, 1.0);
        calendar.set(1, 1.0);
        assert_eq!(calendar.next(), (1.0, 1));
    }

    #[test]
    fn growing_keeps_what_was_planned() {
        let mut calendar = Calendar::new(2);
        calendar.set(1, 4.0);
        calendar.reserve(100);
        calendar.set(99, 5.0);
        assert_eq!(calendar.next(), (4.0, 1));
        calendar.set(1, NEVER);
        assert_eq!(calendar.next(), (5.0, 99));
    }

    proptest! {
        #[test]
        fn the_root_is_always_the_earliest(changes in prop::collection::vec((0usize..37, 0u32..50), 1..200)) {
            let mut calendar = Calendar::new(37);
            let mut plain = [NEVER; 37];
            for (actor, time) in changes {
                let time = if time == 0 { NEVER } else { f64::from(time) };
                calendar.set(actor, time);
                plain[actor] = time;
                let (earliest, first) = calendar.next();
                prop_assert_eq!(earliest, plain.iter().copied().fold(NEVER, f64::min));
                prop_assert!(earliest == NEVER || plain.iter().position(|t| *t == earliest) == Some(first));
            }
        }
    }
}
