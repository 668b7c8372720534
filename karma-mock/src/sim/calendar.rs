//! When does what happen next: a winner tree over actors, each with one next moment.
//!
//! An arrival stream, a pod, the queue of client timeouts and the control plane are *actors*. Each knows when
//! it will act next, and changes its mind often: a pod's next completion moves with every arrival. A winner
//! tree (Knuth, TAOCP 3, 5.4.1) holds one leaf for each actor, so a change is a walk to the root, log2(actors)
//! comparisons with neighbours in one array, and the next event is the root. Equal moments go to the lower
//! actor, so the order of events never depends on history.

/// Never.
pub(super) const NEVER: f64 = f64::INFINITY;

/// The winner tree. Only moments are stored: a node is the lesser of its children, one machine instruction
/// without a branch, and the earliest actor is found by walking down from the root along equal moments.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    /// Node 1 is the root, node `n` has children `2n` and `2n + 1`, nodes `leaves..` are the actors.
    times: Vec<f64>,
    leaves: usize,
}

impl Calendar {
    pub(super) fn new(actors: usize) -> Self {
        let leaves = actors.next_power_of_two().max(2);
        Self { times: vec![NEVER; 2 * leaves], leaves }
    }

    /// The next actor and its moment.
    #[inline]
    pub(super) fn next(&self) -> (f64, usize) {
        let earliest = self.times[1];
        let mut node = 1;
        while node < self.leaves {
            node = 2 * node + usize::from(self.times[2 * node] > earliest);
        }
        (earliest, node - self.leaves)
    }

    /// `actor` acts next at `time`.
    #[inline]
    pub(super) fn set(&mut self, actor: usize, time: f64) {
        let mut node = self.leaves + actor;
        self.times[node] = time;
        while node > 1 {
            let earlier = self.times[node].min(self.times[node ^ 1]);
            node >>= 1;
            if self.times[node] == earlier {
                return;
            }
            self.times[node] = earlier;
        }
    }

    /// Makes room for actors below `actors`.
    pub(super) fn reserve(&mut self, actors: usize) {
        if actors <= self.leaves {
            return;
        }
        let mut grown = Self::new(actors);
        for actor in 0..self.leaves {
            grown.set(actor, self.times[self.leaves + actor]);
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
