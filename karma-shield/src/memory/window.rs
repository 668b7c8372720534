//! The extreme of what was there within a window of time, in constant memory.

/// Entries of a [`Window`].
const CAPACITY: usize = 16;

/// Which extreme a window keeps.
pub(crate) trait Extreme {
    /// What an empty window says.
    const NEUTRAL: u32;

    /// Whether `a` is at least as extreme as `b`.
    fn covers(a: u32, b: u32) -> bool;
}

/// The largest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Highest {}

/// The smallest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lowest {}

impl Extreme for Highest {
    const NEUTRAL: u32 = 0;

    fn covers(a: u32, b: u32) -> bool {
        a >= b
    }
}

impl Extreme for Lowest {
    const NEUTRAL: u32 = u32::MAX;

    fn covers(a: u32, b: u32) -> bool {
        a <= b
    }
}

/// A monotone queue: the entries that are, or will become, the extreme of the window, oldest and most extreme first.
///
/// It is exact while 16 entries do. When one more would be needed, the two oldest become one with the extremer value
/// and the younger time: that value counts for longer than it should, which makes every limit drawn from the window
/// tighter, never looser. Pushing costs amortised O(1).
#[derive(Clone, Copy)]
pub(crate) struct Window<E> {
    len: u8,
    values: [u32; CAPACITY],
    times: [u64; CAPACITY],
    extreme: core::marker::PhantomData<E>,
}

/// Two windows are equal if their entries are; what stands behind them does not count.
impl<E: Extreme> PartialEq for Window<E> {
    fn eq(&self, other: &Self) -> bool {
        self.entries().eq(other.entries())
    }
}

impl<E: Extreme> Eq for Window<E> {}

impl<E: Extreme> core::fmt::Debug for Window<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

impl<E: Extreme> Window<E> {
    pub(crate) const EMPTY: Self =
        Self { len: 0, values: [0; CAPACITY], times: [0; CAPACITY], extreme: core::marker::PhantomData };

    /// Entries, oldest first.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.times.iter().copied().zip(self.values.iter().copied()).take(usize::from(self.len))
    }

    /// The extreme of what is younger than `window_ms` at `now_ms`; neutral if nothing is.
    pub(crate) fn extreme(&self, now_ms: u64, window_ms: u64) -> u32 {
        let young = self.entries().find(|(time, _)| now_ms.saturating_sub(*time) < window_ms);
        young.map_or(E::NEUTRAL, |(_, value)| value)
    }

    /// Adds a value of the moment `now_ms`, which is not before that of any other entry, and forgets what is
    /// `window_ms` old.
    pub(crate) fn push(&mut self, now_ms: u64, window_ms: u64, value: u32) {
        self.expire(now_ms, window_ms);
        let mut len = usize::from(self.len);
        while len > 0 && E::covers(value, self.values[len - 1]) {
            len -= 1;
        }
        if len == CAPACITY {
            self.times.copy_within(1.., 0);
            self.values.copy_within(2.., 1);
            len -= 1;
        }
        self.times[len] = now_ms;
        self.values[len] = value;
        self.set_len(len + 1);
    }

    /// An entry as it was written to bytes; `None` if it does not continue the queue.
    pub(crate) fn restore(&mut self, time: u64, value: u32) -> Option<()> {
        let len = usize::from(self.len);
        if let Some(last) = len.checked_sub(1)
            && (self.times[last] > time || E::covers(value, self.values[last]))
        {
            return None;
        }
        *self.times.get_mut(len)? = time;
        *self.values.get_mut(len)? = value;
        self.set_len(len + 1);
        Some(())
    }

    fn expire(&mut self, now_ms: u64, window_ms: u64) {
        let old = self.entries().take_while(|(time, _)| now_ms.saturating_sub(*time) >= window_ms).count();
        self.times.copy_within(old.., 0);
        self.values.copy_within(old.., 0);
        self.set_len(usize::from(self.len) - old);
    }

    fn set_len(&mut self, len: usize) {
        // At most 16.
        self.len = u8::try_from(len).unwrap_or(u8::MAX);
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec::Vec;

    use super::*;
    use proptest::prelude::*;

    /// What a window says against what it should, of everything that was pushed.
    fn compare(pushes: &[(u64, u32)], window_ms: u64) -> Vec<(u32, u32)> {
        let (mut window, mut now, mut all) = (Window::<Highest>::EMPTY, 0, Vec::new());
        let mut answers = Vec::new();
        for (step, value) in pushes {
            now += step;
            window.push(now, window_ms, *value);
            all.push((now, *value));
            let young = all.iter().filter(|(time, _)| now - time < window_ms);
            let exact = young.map(|(_, value)| *value).max().unwrap_or(0);
            answers.push((window.extreme(now, window_ms), exact));
        }
        answers
    }

    proptest! {
        #[test]
        fn few_entries_are_exact(pushes in proptest::collection::vec((0u64..50, 0u32..9), 0..60), window in 0u64..300) {
            for (said, exact) in compare(&pushes, window) {
                prop_assert_eq!(said, exact);
            }
        }

        #[test]
        fn many_entries_are_never_looser(
            pushes in proptest::collection::vec((0u64..9, 0u32..500), 0..200), window in 0u64..300,
        ) {
            for (said, exact) in compare(&pushes, window) {
                prop_assert!(said >= exact);
            }
        }

        #[test]
        fn the_lowest_is_the_mirror_of_the_highest(
            pushes in proptest::collection::vec((0u64..9, 0u32..500), 0..100), window in 0u64..300,
        ) {
            let (mut high, mut low, mut now) = (Window::<Highest>::EMPTY, Window::<Lowest>::EMPTY, 0);
            for (step, value) in pushes {
                now += step;
                high.push(now, window, value);
                low.push(now, window, u32::MAX - value);
                prop_assert_eq!(high.extreme(now, window), u32::MAX - low.extreme(now, window));
            }
        }
    }

    #[test]
    fn a_window_is_its_entries() {
        let after = |pushes: &[(u64, u32)]| {
            let mut window = Window::<Highest>::EMPTY;
            for (now, value) in pushes {
                window.push(*now, 10, *value);
            }
            window
        };
        assert_eq!(after(&[(0, 9), (1, 7), (20, 5)]), after(&[(20, 5)]), "what is forgotten does not count");
        assert_ne!(after(&[(0, 9)]), after(&[(0, 8)]));
        assert_ne!(after(&[(0, 9)]), after(&[(1, 9)]));
        assert_eq!(format!("{:?}", after(&[(0, 9), (1, 5)])), "[(0, 9), (1, 5)]");
    }

    #[test]
    fn what_is_forgotten_leaves_its_place() {
        let falling: Vec<_> = (0..40).map(|step| (1, 90 - step)).collect();
        for (said, exact) in compare(&falling, 16) {
            assert_eq!(said, exact, "sixteen are young at any time");
        }
    }

    #[test]
    fn only_what_continues_the_queue_is_restored() {
        let mut window = Window::<Highest>::EMPTY;
        assert_eq!(window.restore(5, 90), Some(()));
        assert_eq!(window.restore(4, 80), None, "time went back");
        assert_eq!(window.restore(6, 90), None, "the first would have been dropped");
        (1..16).for_each(|step| assert_eq!(window.restore(5, 90 - step), Some(())));
        assert_eq!(window.restore(6, 1), None, "there are sixteen");
    }

    #[test]
    fn when_it_is_full_the_oldest_extreme_counts_for_longer() {
        let mut window = Window::<Highest>::EMPTY;
        (0..17).for_each(|step| window.push(step, 100, 90 - u32::try_from(step).unwrap()));
        assert_eq!(window.entries().count(), 16);
        assert_eq!(window.extreme(100, 100), 90, "pushed at 0, kept as of 1");
        assert_eq!(window.extreme(101, 100), 88);
    }
}
