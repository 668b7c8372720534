//! What a vector of cells of the warping recursion holds, one pair of sequences a lane.

use pulp::Simd;

/// A row of the recursion; without counting, the steps are empty.
#[derive(Debug)]
pub(super) struct Row<'a, S: Simd> {
    pub(super) costs: &'a mut [S::f32s],
    pub(super) steps: &'a mut [S::f32s],
}

/// The cell of each lane.
pub(super) trait Score<S: Simd>: Copy {
    /// No path leads here.
    fn none(simd: S) -> Self;

    /// Reads a cell.
    fn load(row: &Row<'_, S>, at: usize) -> Self;

    /// Writes a cell.
    fn store(self, row: &mut Row<'_, S>, at: usize);

    /// The better of two ways.
    fn or(self, simd: S, other: Self) -> Self;

    /// One pair more, at a cost.
    fn pair(self, simd: S, cost: S::f32s) -> Self;
}

/// Costs alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost<S: Simd>(S::f32s);

#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
impl<S: Simd> Score<S> for Cost<S> {
    #[inline(always)]
    fn none(simd: S) -> Self {
        Self(simd.splat_f32s(f32::INFINITY))
    }

    #[inline(always)]
    fn load(row: &Row<'_, S>, at: usize) -> Self {
        Self(row.costs[at])
    }

    #[inline(always)]
    fn store(self, row: &mut Row<'_, S>, at: usize) {
        row.costs[at] = self.0;
    }

    #[inline(always)]
    fn or(self, simd: S, other: Self) -> Self {
        Self(simd.min_f32s(self.0, other.0))
    }

    #[inline(always)]
    fn pair(self, simd: S, cost: S::f32s) -> Self {
        Self(simd.add_f32s(cost, self.0))
    }
}

/// Costs with the steps that they took; of equal costs the fewer steps are better.
#[derive(Clone, Copy, Debug)]
pub(super) struct CostAndSteps<S: Simd>(S::f32s, S::f32s);

#[expect(clippy::inline_always, reason = "only inlined code is compiled for the chosen instructions")]
impl<S: Simd> Score<S> for CostAndSteps<S> {
    #[inline(always)]
    fn none(simd: S) -> Self {
        Self(simd.splat_f32s(f32::INFINITY), simd.splat_f32s(0.0))
    }

    #[inline(always)]
    fn load(row: &Row<'_, S>, at: usize) -> Self {
        Self(row.costs[at], row.steps[at])
    }

    #[inline(always)]
    fn store(self, row: &mut Row<'_, S>, at: usize) {
        (row.costs[at], row.steps[at]) = (self.0, self.1);
    }

    #[inline(always)]
    fn or(self, simd: S, other: Self) -> Self {
        let equal = simd.equal_f32s(self.0, other.0);
        let shorter = simd.min_f32s(self.1, other.1);
        let cheaper = simd.less_than_f32s(other.0, self.0);
        let steps = simd.select_f32s(cheaper, other.1, self.1);
        Self(simd.min_f32s(self.0, other.0), simd.select_f32s(equal, shorter, steps))
    }

    #[inline(always)]
    fn pair(self, simd: S, cost: S::f32s) -> Self {
        Self(simd.add_f32s(cost, self.0), simd.add_f32s(self.1, simd.splat_f32s(1.0)))
    }
}
