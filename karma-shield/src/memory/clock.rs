//! Time that only goes forward, whatever the clock on the wall does.

/// No window is longer, so a longer step means the same as this one.
const LONGEST_STEP_MS: u64 = 1 << 40;

/// Milliseconds that have passed, summed from the steps of an outside clock. A step backwards counts as no time; from
/// there on time passes as before. So a clock that jumps ahead and back again never makes time stand still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    /// What the outside clock said last.
    pub(crate) outside: Option<u64>,
    /// Time that has passed since the first decision.
    pub(crate) elapsed: u64,
}

impl Clock {
    /// Time that has passed when the outside clock says `now_ms`.
    pub(crate) fn at(self, now_ms: u64) -> u64 {
        let step = self.outside.map_or(0, |before| now_ms.saturating_sub(before));
        self.elapsed.saturating_add(step.min(LONGEST_STEP_MS))
    }

    /// Goes on to `now_ms`.
    pub(crate) fn advance(&mut self, now_ms: u64) -> u64 {
        self.elapsed = self.at(now_ms);
        self.outside = Some(now_ms);
        self.elapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_by_the_steps_of_the_clock_and_never_goes_back() {
        let mut clock = Clock::default();
        assert_eq!(clock.advance(1_000), 0, "time begins with the first decision");
        assert_eq!(clock.advance(1_015), 15);
        assert_eq!(clock.advance(500), 15, "a step backwards is no time");
        assert_eq!(clock.advance(510), 25, "and time goes on from there");
        assert_eq!(clock.advance(u64::MAX), 25 + LONGEST_STEP_MS);
        assert_eq!(clock.advance(520), 25 + LONGEST_STEP_MS);
        assert_eq!(clock.advance(530), 35 + LONGEST_STEP_MS);
    }
}
