//! Which coalitions are asked for, where their values stand, and how they are divided among the members.

/// The largest number of coalitions that is evaluated.
pub const MAX_COALITIONS: usize = 1 << 16;

/// A set of players: some unions as a whole, and some members of one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coalition {
    /// Bit per union.
    pub wholes: usize,
    /// The union of which some members take part.
    pub union: usize,
    /// Bit per member of it.
    pub members: usize,
}

impl Coalition {
    /// Whether a member of a union takes part.
    pub(super) const fn has(self, union: usize, member: usize) -> bool {
        self.wholes >> union & 1 == 1 || (self.union == union && self.members >> member & 1 == 1)
    }
}

/// Numbers the coalitions: first all sets of whole unions, then for each union its proper parts beside the others.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Coalitions {
    sizes: Vec<usize>,
    /// Where the parts of each union begin.
    begins: Vec<usize>,
    len: usize,
}

impl Coalitions {
    /// The coalitions of unions of these sizes, each at least 1; how many there are if that is too many.
    pub(super) fn new(sizes: Vec<usize>) -> Result<Self, u128> {
        let power = |exponent: usize| 1_u128 << exponent.min(100);
        let parts = |size: &usize| power(sizes.len().saturating_sub(1)).saturating_mul(power(*size) - 2);
        let needed = sizes.iter().fold(power(sizes.len()), |sum, size| sum.saturating_add(parts(size)));
        if needed > MAX_COALITIONS as u128 {
            return Err(needed);
        }
        let mut len = 1 << sizes.len();
        let mut begins = Vec::with_capacity(sizes.len());
        for size in &sizes {
            begins.push(len);
            len += (1 << (sizes.len() - 1)) * ((1 << size) - 2);
        }
        Ok(Self { sizes, begins, len })
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// All of them, in the order of their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = Coalition> {
        let wholes =
            (0..1_usize << self.sizes.len()).map(|wholes| Coalition { wholes, union: 0, members: 0 });
        let parts = (0..self.sizes.len()).flat_map(move |union| {
            let inside = 1..(1_usize << self.sizes[union]) - 1;
            self.without(union).flat_map(move |wholes| {
                inside.clone().map(move |members| Coalition { wholes, union, members })
            })
        });
        wholes.chain(parts)
    }

    /// All sets of whole unions without one.
    fn without(&self, union: usize) -> impl Iterator<Item = usize> + use<> {
        let low = (1 << union) - 1;
        (0..1_usize << (self.sizes.len() - 1)).map(move |set| (set & !low) << 1 | (set & low))
    }

    /// Where the value of a coalition stands; `wholes` is without `union`.
    fn place(&self, wholes: usize, union: usize, members: usize) -> usize {
        let full = (1 << self.sizes[union]) - 1;
        if members == 0 {
            wholes
        } else if members == full {
            wholes | 1 << union
        } else {
            let low = (1 << union) - 1;
            let rank = (wholes & !low) >> 1 | (wholes & low);
            self.begins[union] + rank * (full - 1) + members - 1
        }
    }

    /// Owen's value of a member of a union, from the values of all coalitions.
    pub(super) fn value_of(&self, union: usize, member: usize, values: &[f64]) -> f64 {
        let (unions, size, bit) = (self.sizes.len(), self.sizes[union], 1 << member);
        let mut value = 0.0;
        for wholes in self.without(union) {
            for members in (0..1_usize << size).filter(|members| members & bit == 0) {
                let weight = weight(wholes.count_ones(), unions) * weight(members.count_ones(), size);
                let with = values[self.place(wholes, union, members | bit)];
                value += weight * (with - values[self.place(wholes, union, members)]);
            }
        }
        value
    }
}

/// Share of the orders of `n` in which just those `s` come before one: s! (n − s − 1)! / n!.
fn weight(s: u32, n: usize) -> f64 {
    let binomial =
        (0..s).fold(1.0, |product, i| product * (n as f64 - 1.0 - f64::from(i)) / f64::from(i + 1));
    1.0 / (n as f64 * binomial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_coalition_stands_where_it_is_looked_up() {
        let coalitions = Coalitions::new(vec![1, 3, 2]).unwrap();
        assert_eq!(coalitions.len(), 8 + 4 * (6 + 2));
        assert_eq!(coalitions.iter().count(), coalitions.len());
        for (at, coalition) in coalitions.iter().enumerate().skip(8) {
            assert_eq!(coalitions.place(coalition.wholes, coalition.union, coalition.members), at);
        }
    }

    #[test]
    fn sixteen_players_alone_are_allowed_and_seventeen_are_not() {
        assert_eq!(Coalitions::new(vec![1; 16]).unwrap().len(), MAX_COALITIONS);
        assert_eq!(Coalitions::new(vec![1; 17]), Err(1 << 17));
        assert!(Coalitions::new(vec![6; 8]).is_ok());
        assert!(Coalitions::new(vec![200; 200]).is_err(), "and no number overflows");
    }

    #[test]
    fn the_weights_of_all_sets_sum_to_one() {
        for n in 1..=16_usize {
            let sum: f64 = (0..1_usize << (n - 1)).map(|set| weight(set.count_ones(), n)).sum();
            assert!((sum - 1.0).abs() < 1e-12);
        }
    }
}
