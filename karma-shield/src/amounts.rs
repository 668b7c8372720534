//! What replicas take: CPU, memory and money, and sums of them that never overflow.

/// What one replica takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Requested CPU, milli-cores.
    pub cpu: u32,
    /// Requested memory, mebibytes.
    pub memory: u32,
    /// Price of an hour, in any unit that the whole budget uses.
    pub price: u32,
}

/// What all replicas together may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// CPU, milli-cores.
    pub cpu: u64,
    /// Memory, mebibytes.
    pub memory: u64,
    /// Price of an hour: the cost cap.
    pub price: u64,
}

impl Budget {
    /// As much of everything as can be written, which no cluster has.
    pub const UNLIMITED: Self = Self { cpu: u64::MAX, memory: u64::MAX, price: u64::MAX };
}

/// Kinds of things that a budget counts.
pub(crate) const KINDS: usize = 3;

impl Amounts {
    /// The kinds in the order of every array.
    pub(crate) const fn kinds(self) -> [u32; KINDS] {
        [self.cpu, self.memory, self.price]
    }
}

/// A sum of `replicas · amounts`. A product of two `u32` fits into a `u64`, and no slice is long enough for a sum of
/// those to leave a `u128`: the arithmetic is that of unbounded integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sum([u128; KINDS]);

impl Sum {
    pub(crate) const ZERO: Self = Self([0; KINDS]);

    /// Adds what `replicas` pods take.
    pub(crate) fn add(&mut self, replicas: u32, each: Amounts) {
        for (sum, each) in self.0.iter_mut().zip(each.kinds()) {
            *sum += u128::from(replicas) * u128::from(each);
        }
    }

    /// What is left of `budget`, nothing where it is exceeded.
    pub(crate) fn left_of(self, budget: Budget) -> Pool {
        let budget = [budget.cpu, budget.memory, budget.price];
        let mut left = [0; KINDS];
        for (left, (budget, sum)) in left.iter_mut().zip(budget.into_iter().zip(self.0)) {
            *left = u128::from(budget).saturating_sub(sum);
        }
        Pool(left)
    }

    /// Whether it is within `budget`.
    pub(crate) fn fits(self, budget: Budget) -> bool {
        let budget = [budget.cpu, budget.memory, budget.price];
        self.0.into_iter().zip(budget).all(|(sum, budget)| sum <= u128::from(budget))
    }
}

/// What can still be given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pool([u128; KINDS]);

impl Pool {
    /// How many of `wanted` replicas it pays for.
    pub(crate) fn affords(self, wanted: u32, each: Amounts) -> u32 {
        let mut afforded = wanted;
        for (left, each) in self.0.into_iter().zip(each.kinds()) {
            let each = u128::from(each);
            if u128::from(afforded) * each > left {
                // The quotient is smaller than `afforded`, so it fits.
                afforded = u32::try_from(left / each).unwrap_or(afforded);
            }
        }
        afforded
    }

    /// Takes as many of `wanted` replicas as it pays for, and says how many.
    pub(crate) fn take(&mut self, wanted: u32, each: Amounts) -> u32 {
        let taken = self.affords(wanted, each);
        for (left, each) in self.0.iter_mut().zip(each.kinds()) {
            *left -= u128::from(taken) * u128::from(each);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: Amounts = Amounts { cpu: 100, memory: 10, price: 0 };

    #[test]
    fn a_pool_gives_what_its_scarcest_kind_allows_and_no_more() {
        let mut pool = Sum::ZERO.left_of(Budget { cpu: 550, memory: 31, price: 0 });
        assert_eq!(pool.take(9, EACH), 3, "memory for three");
        assert_eq!(pool.take(9, EACH), 0);
        assert_eq!(pool.take(9, Amounts { cpu: 100, ..Amounts::default() }), 2, "CPU for two more");
    }

    #[test]
    fn the_largest_amounts_do_not_overflow() {
        let most = Amounts { cpu: u32::MAX, memory: u32::MAX, price: u32::MAX };
        let mut sum = Sum::ZERO;
        (0..1_000).for_each(|_| sum.add(u32::MAX, most));
        assert!(!sum.fits(Budget::UNLIMITED));
        assert_eq!(sum.left_of(Budget::UNLIMITED).affords(u32::MAX, most), 0);
        assert_eq!(Sum::ZERO.left_of(Budget::UNLIMITED).affords(u32::MAX, most), u32::MAX);
    }
}
