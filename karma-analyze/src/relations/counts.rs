//! Conditional mutual information by counting, fast enough for thousands of arrangements.
//!
//! With counts n of what occurs in N samples,
//!
//! ```text
//! N · I(X; Y | P, Z) = Σ n(x,y,p,z) log₂ n(x,y,p,z) + Σ n(p,z) log₂ n(p,z)
//!                    − Σ n(x,p,z) log₂ n(x,p,z)     − Σ n(y,p,z) log₂ n(y,p,z)
//! ```
//!
//! `n log₂ n` comes from a table in fixed point, so sums are exact and do not depend on their order: arrangements with
//! equal counts have equal information, and ties in a permutation test are ties. Tables are dense and used again. Only
//! the table of all four is filled sample by sample; the others follow from its cells. Cells that are not zero are
//! remembered, so that no table is cleared as a whole; in a table of all four with fewer cells than samples they are
//! looked for afterwards, which spares each sample a branch.

/// One in fixed point.
const ONE: f64 = (1_u64 << 24) as f64;

/// How many symbols each variable has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dimensions {
    /// Of X.
    pub x: usize,
    /// Of P, what is conditioned on and moves together with X.
    pub p: usize,
    /// Of Y.
    pub y: usize,
    /// Of Z, what is conditioned on and stays with Y.
    pub z: usize,
}

impl Dimensions {
    /// Cells of the table of all four; `None` above 2²⁴, for 64 MiB.
    pub(super) fn cells(self) -> Option<usize> {
        let cells = [self.p, self.y, self.z].iter().try_fold(self.x, |cells, n| cells.checked_mul(*n))?;
        (cells <= 1 << 24).then_some(cells)
    }
}

/// A table that knows which cells are not zero.
#[derive(Clone, Debug)]
struct Table {
    counts: Vec<u32>,
    touched: Vec<u32>,
}

impl Table {
    fn new(cells: usize) -> Self {
        Self { counts: vec![0; cells], touched: Vec::new() }
    }

    #[inline]
    fn add(&mut self, cell: usize, n: u32) {
        if self.counts[cell] == 0 {
            #[expect(clippy::cast_possible_truncation, reason = "tables have at most 2²⁴ cells")]
            self.touched.push(cell as u32);
        }
        self.counts[cell] += n;
    }

    /// Remembers the cells that were filled without `add`.
    fn touch(&mut self) {
        let cells = (0_u32..).zip(&self.counts);
        self.touched.extend(cells.filter(|(_, count)| **count > 0).map(|(cell, _)| cell));
    }

    /// The sum of `n log n`, and clears the table.
    fn drain(&mut self, n_log_n: &[i64]) -> i64 {
        let counts = &mut self.counts;
        self.touched.drain(..).map(|cell| n_log_n[std::mem::take(&mut counts[cell as usize]) as usize]).sum()
    }
}

/// Counts for variables of given sizes and at most so many samples.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    dimensions: Dimensions,
    n_log_n: Vec<i64>,
    joint: Table,
    without_y: Table,
    without_x: Table,
    given: Table,
    /// Whether the table of all four has fewer cells than there are samples.
    is_small: bool,
    samples: u32,
}

impl Counter {
    /// A counter; `None` if the table would be too large.
    pub(super) fn new(dimensions: Dimensions, samples: usize) -> Option<Self> {
        let Dimensions { x, p, y, z } = dimensions;
        let cells = dimensions.cells()?;
        Some(Self {
            joint: Table::new(cells),
            is_small: cells <= samples,
            without_y: Table::new(z * p * x),
            without_x: Table::new(z * y * p),
            given: Table::new(z * p),
            n_log_n: (0..=samples).map(fixed_n_log_n).collect(),
            dimensions,
            samples: 0,
        })
    }

    /// Counts samples: `targets` are `(z · |Y| + y) · |P| · |X|`, `sources` are `p · |X| + x`.
    pub(super) fn count(&mut self, targets: &[u32], sources: &[u32]) {
        let cells = targets.iter().zip(sources).map(|(target, source)| (target + source) as usize);
        if self.is_small {
            cells.for_each(|cell| self.joint.counts[cell] += 1);
        } else {
            cells.for_each(|cell| self.joint.add(cell, 1));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the number of samples fits the table of n log n"
        )]
        let samples = targets.len().min(sources.len()) as u32;
        self.samples += samples;
    }

    /// I(X; Y | P, Z) of what was counted, in bits, and forgets it. No samples have no information.
    pub(super) fn drain(&mut self) -> f64 {
        let Dimensions { x, p, y, .. } = self.dimensions;
        if self.is_small {
            self.joint.touch();
        }
        for cell in &self.joint.touched {
            let (cell, n) = (*cell as usize, self.joint.counts[*cell as usize]);
            let (target, source) = (cell / (p * x), cell % (p * x));
            let (z, past) = (target / y, source / x);
            self.without_y.add(z * p * x + source, n);
            self.without_x.add(target * p + past, n);
            self.given.add(z * p + past, n);
        }
        let n_log_n = &self.n_log_n;
        let sum = self.joint.drain(n_log_n) + self.given.drain(n_log_n)
            - self.without_y.drain(n_log_n)
            - self.without_x.drain(n_log_n);
        let samples = std::mem::take(&mut self.samples);
        sum as f64 / ONE / f64::from(samples.max(1))
    }
}

/// `n log₂ n` in fixed point; 0 for 0.
#[expect(clippy::cast_possible_truncation, reason = "n log n of what fits in memory is far below 2³⁹")]
fn fixed_n_log_n(n: usize) -> i64 {
    let n = n.max(1) as f64;
    (n * n.log2() * ONE).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, from probabilities.
    fn by_definition(samples: &[[usize; 4]]) -> f64 {
        let n = samples.len() as f64;
        let share =
            |like: &dyn Fn(&[usize; 4]) -> bool| samples.iter().filter(|s| like(s)).count() as f64 / n;
        let term = |[x, p, y, z]: &[usize; 4]| {
            let all = share(&|s| s == &[*x, *p, *y, *z]);
            let given = share(&|s| s[1] == *p && s[3] == *z);
            let of_x = share(&|s| s[0] == *x && s[1] == *p && s[3] == *z);
            let of_y = share(&|s| s[2] == *y && s[1] == *p && s[3] == *z);
            (all * given / (of_x * of_y)).log2() / n
        };
        samples.iter().map(term).sum()
    }

    fn counted(counter: &mut Counter, samples: &[[usize; 4]]) -> f64 {
        let Dimensions { x, p, y, .. } = counter.dimensions;
        let code = |n: usize| u32::try_from(n).unwrap();
        let targets: Vec<u32> = samples.iter().map(|s| code((s[3] * y + s[2]) * p * x)).collect();
        let sources: Vec<u32> = samples.iter().map(|s| code(s[1] * x + s[0])).collect();
        counter.count(&targets, &sources);
        counter.drain()
    }

    #[test]
    fn a_copied_bit_is_one_bit_and_an_explained_one_none() {
        let mut counter = Counter::new(Dimensions { x: 2, p: 1, y: 2, z: 2 }, 8).unwrap();
        assert_eq!(counted(&mut counter, &[[0, 0, 0, 0], [1, 0, 1, 0]]), 1.0);
        assert_eq!(counted(&mut counter, &[[0, 0, 0, 0], [1, 0, 1, 1]]), 0.0);
        assert_eq!(counter.drain(), 0.0, "nothing was counted since");
    }

    #[test]
    fn a_table_that_would_fill_the_memory_is_refused() {
        assert!(Counter::new(Dimensions { x: 300, p: 300, y: 300, z: 1 }, 8).is_none());
        assert!(Counter::new(Dimensions { x: usize::MAX, p: 2, y: 2, z: 2 }, 8).is_none());
    }

    proptest! {
        #[test]
        fn counting_gives_what_the_definition_gives(
            samples in proptest::collection::vec([0..3_usize, 0..2, 0..4, 0..2], 1..60)
        ) {
            // 48 cells: more than 47 samples, and less than 60.
            for at_most in [47, 60] {
                let samples = &samples[..samples.len().min(at_most)];
                let mut counter = Counter::new(Dimensions { x: 3, p: 2, y: 4, z: 2 }, at_most).unwrap();
                let bits = counted(&mut counter, samples);
                prop_assert!((bits - by_definition(samples)).abs() < 1e-6);
                prop_assert_eq!(counted(&mut counter, samples), bits, "nothing of before is left");
            }
        }
    }
}
