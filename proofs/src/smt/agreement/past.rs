//! What happened so far, kept whole: the windows of the kernel's memory as they are defined, not as they are kept.

use karma_shield::ServiceLimits;

/// Everything that happened to one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// Replicas that a cautious memory woke up with, at time 0: as if just wished for and just added.
    woken: Option<u32>,
    /// Times and replicas, before and after each decision.
    levels: Vec<(u64, u32)>,
    /// Times and wishes that somebody had.
    wishes: Vec<(u64, u32)>,
    last_up: Option<u64>,
    direction: i128,
    /// Times of the changes of direction.
    turns: Vec<u64>,
}

/// What of it counts at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Remembered {
    pub(super) lowest_level: u32,
    pub(super) highest_level: u32,
    pub(super) highest_wish: u32,
    pub(super) lowest_wish: u32,
    pub(super) since_added: Option<u64>,
    pub(super) direction: i128,
    pub(super) turns: usize,
}

/// What a decision did. Direction as in the model: 0 if it turned to none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) now: u64,
    pub(super) wish: Option<u32>,
    pub(super) before: u32,
    pub(super) after: u32,
    pub(super) direction: i128,
    pub(super) reversal: bool,
}

impl Past {
    /// That of a memory that woke up where `replicas` run.
    pub(super) fn cautious(replicas: u32) -> Self {
        Self { woken: Some(replicas), last_up: Some(0), ..Self::default() }
    }

    /// The direction of the last turn: 0 for none yet, 1 up, 2 down.
    pub(super) const fn direction(&self) -> i128 {
        self.direction
    }

    /// What counts at `now`.
    pub(super) fn remembered(&self, limits: &ServiceLimits, now: u64) -> Remembered {
        let young = |window: u64| move |entry: &(u64, u32)| (now - entry.0 < window).then_some(entry.1);
        let woken = |window: u64| self.woken.filter(|_| now < window);
        let levels = |window| self.levels.iter().filter_map(young(window));
        let wishes = |window| self.wishes.iter().filter_map(young(window));
        let (up, down) = (limits.up.window_ms, limits.down.window_ms);
        let (high, low) = (limits.stabilize_down_ms, limits.stabilize_up_ms);
        let turned = self.turns.iter().filter(|time| now - **time < limits.reversal_window_ms);
        Remembered {
            lowest_level: levels(up).chain(woken(up)).min().unwrap_or(u32::MAX),
            highest_level: levels(down).max().unwrap_or(0),
            highest_wish: wishes(high).chain(woken(high)).max().unwrap_or(0),
            lowest_wish: wishes(low).min().unwrap_or(u32::MAX),
            since_added: self.last_up.map(|up| now - up),
            direction: self.direction,
            turns: turned.count(),
        }
    }

    /// Keeps what a decision did.
    pub(super) fn keep(&mut self, done: Done) {
        let Done { now, wish, before, after, direction, reversal } = done;
        self.wishes.extend(wish.map(|wish| (now, wish)));
        self.levels.extend([(now, before), (now, after)]);
        if after > before {
            self.last_up = Some(now);
        }
        if direction != 0 {
            self.direction = direction;
        }
        if reversal {
            self.turns.push(now);
        }
    }
}
