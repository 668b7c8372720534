//! Changes of direction, counted so that one way is always left: up.

use super::Direction;
use crate::limits::MOST_REVERSALS;

/// The last reversals of a service and the direction in which it went last.
///
/// A service may turn downwards only while, after that turn, one more is left: the turn back up. So turning up is never
/// barred, and still no window holds more reversals than are allowed (P9).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reversals {
    pub(crate) direction: Option<Direction>,
    pub(crate) len: u8,
    /// Times, oldest first.
    pub(crate) times: [u64; MOST_REVERSALS as usize],
}

/// Two are equal if their reversals are; what stands behind them does not count.
impl PartialEq for Reversals {
    fn eq(&self, other: &Self) -> bool {
        self.direction == other.direction && self.times().eq(other.times())
    }
}

impl Eq for Reversals {}

impl Reversals {
    pub(crate) const EMPTY: Self = Self { direction: None, len: 0, times: [0; MOST_REVERSALS as usize] };

    /// Their times, oldest first.
    pub(crate) fn times(&self) -> impl Iterator<Item = u64> + '_ {
        self.times.iter().copied().take(usize::from(self.len))
    }

    /// Reversals younger than `window_ms`.
    pub(crate) fn count(&self, now: u64, window_ms: u64) -> u32 {
        self.times().map(|time| u32::from(now.saturating_sub(time) < window_ms)).sum()
    }

    /// Whether the service may go downwards while `most` reversals are allowed.
    pub(crate) fn may_fall(&self, now: u64, window_ms: u64, most: u32) -> bool {
        self.direction != Some(Direction::Up) || self.count(now, window_ms) + 2 <= most
    }

    /// Takes note of a move that nothing forced.
    pub(crate) fn turn(&mut self, direction: Direction, now: u64, window_ms: u64) {
        let reversal = self.direction.is_some_and(|before| before != direction);
        self.direction = Some(direction);
        if !reversal {
            return;
        }
        let old = usize::from(self.len) - self.count(now, window_ms) as usize;
        self.times.copy_within(old.., 0);
        let len = usize::from(self.len) - old;
        // There is room while no more than `MOST_REVERSALS` are allowed; were there none, the oldest would go.
        let len = if len == self.times.len() {
            self.times.copy_within(1.., 0);
            len - 1
        } else {
            len
        };
        self.times[len] = now;
        self.len = u8::try_from(len + 1).unwrap_or(u8::MAX);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Turning down whenever it is allowed, and up at any time, never exceeds what is allowed.
        #[test]
        fn no_window_holds_more_reversals_than_allowed(
            moves in proptest::collection::vec((0u64..40, any::<bool>()), 0..200), most in 2u32..=8, window in 1u64..500,
        ) {
            let (mut reversals, mut now, mut turns, mut direction) = (Reversals::EMPTY, 0, vec![], None);
            for (step, up) in moves {
                now += step;
                let wanted = if up { Direction::Up } else { Direction::Down };
                if !up && !reversals.may_fall(now, window, most) {
                    continue;
                }
                if direction.is_some_and(|before| before != wanted) {
                    turns.push(now);
                }
                direction = Some(wanted);
                reversals.turn(wanted, now, window);
                let young = turns.iter().filter(|time| now - **time < window).count();
                prop_assert!(young <= most as usize, "{young} of {most}");
                prop_assert_eq!(reversals.count(now, window) as usize, young);
            }
        }
    }

    #[test]
    fn the_last_turn_is_kept_for_the_way_up() {
        let mut reversals = Reversals::EMPTY;
        for (direction, now) in [(Direction::Up, 0), (Direction::Down, 1), (Direction::Up, 2)] {
            reversals.turn(direction, now, 100);
        }
        assert_eq!(reversals.count(2, 100), 2);
        assert!(!reversals.may_fall(3, 100, 3), "it could not come back");
        assert!(reversals.may_fall(3, 100, 4));
        assert!(reversals.may_fall(101, 100, 3), "the first turn is forgotten");
    }

    #[test]
    fn when_there_is_no_room_the_oldest_goes() {
        let mut reversals = Reversals::EMPTY;
        for now in 0..10 {
            reversals.turn(if now % 2 == 0 { Direction::Up } else { Direction::Down }, now, 100);
        }
        assert!(reversals.times().eq(2..10), "{reversals:?}");
    }

    #[test]
    fn two_are_equal_if_direction_and_times_are() {
        let after = |turns: &[Direction]| {
            let mut reversals = Reversals::EMPTY;
            (0u64..).zip(turns).for_each(|(now, turn)| reversals.turn(*turn, now, 100));
            reversals
        };
        let (up, down) = (Direction::Up, Direction::Down);
        assert_ne!(after(&[up]), after(&[down]));
        assert_ne!(after(&[down, up]), after(&[up]));
        let turned = after(&[up, down]);
        let behind = Reversals { times: [1, 7, 7, 7, 7, 7, 7, 7], ..turned };
        assert_eq!(turned, behind, "what stands behind does not count");
    }
}
