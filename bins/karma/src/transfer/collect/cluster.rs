//! Traces of a live cluster, look by look. Nothing is written to the cluster.

use std::time::Duration;

use karma_core::{Seconds, State};
use karma_k8s::observe::{Collector, Observed};
use karma_twin::trace::WindowHeader;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

use super::looks::{Look, OTHERS};
use crate::clock;
use crate::interrupt::Interrupt;
use crate::traces::{TraceFileError, TraceStore};

/// How often it is looked whether the time is over.
const GLANCE: Duration = Duration::from_millis(200);

/// What is told of a look.
pub(super) enum Seen<'a> {
    /// It was seen; so many transitions are in the database by now.
    Look(&'a Observed, u64),
    /// The cluster did not show itself.
    Blind(&'a str),
}

/// Looks at a cluster once in every period.
pub(super) struct Watch<'a> {
    collector: Collector,
    period: Seconds,
    window: usize,
    ticks: Interval,
    until: Option<Instant>,
    interrupt: Interrupt,
    before: Option<Seconds>,
    /// The look that begins the next window.
    first: Option<Look>,
    transitions: u64,
    tell: &'a mut (dyn FnMut(Seen<'_>) + Send),
}

impl<'a> Watch<'a> {
    /// Looks from now on, for as long as said, or until interrupted; windows have so many transitions at most.
    pub(super) fn new(
        collector: Collector,
        (period, window): (Seconds, usize),
        (time, interrupt): (Option<Duration>, Interrupt),
        tell: &'a mut (dyn FnMut(Seen<'_>) + Send),
    ) -> Self {
        let mut ticks = interval(Duration::from_secs_f64(period.0));
        // A late look is followed by the next one a whole period later.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let until = time.map(|time| Instant::now() + time);
        Self {
            collector,
            period,
            window,
            ticks,
            until,
            interrupt,
            before: None,
            first: None,
            transitions: 0,
            tell,
        }
    }

    /// Keeps what is seen in `store`, step by step: a kill loses the last look, which led nowhere yet.
    ///
    /// # Errors
    /// If the database cannot be written. What the cluster does not show is told and waited for.
    pub(super) async fn keep(
        mut self,
        store: &mut TraceStore,
        scenario: &str,
    ) -> Result<u64, TraceFileError> {
        let header = WindowHeader {
            scenario: scenario.to_owned(),
            policy: OTHERS.to_owned(),
            seed: None,
            period: self.period,
        };
        while self.window(store, &header).await? {}
        Ok(self.transitions)
    }

    /// Keeps one window: an unbroken stretch that is no longer than an episode. Whether there may be more.
    async fn window(
        &mut self,
        store: &mut TraceStore,
        header: &WindowHeader,
    ) -> Result<bool, TraceFileError> {
        let first = match self.first.take() {
            Some(first) => Some(first),
            None => self.look().await,
        };
        let (Some(mut look), Some(mut next)) = (first, self.look().await) else { return Ok(false) };
        if !look.is_followed_by(&next, self.period) {
            self.first = Some(next);
            return Ok(true);
        }
        let mut writer = store.begin_window(header)?;
        for number in 1..=self.window {
            writer.append(&[look.step(Some(&next))])?;
            self.transitions += 1;
            look = next;
            if number == self.window {
                self.first = Some(look.clone());
                break;
            }
            match self.look().await {
                Some(later) if look.is_followed_by(&later, self.period) => next = later,
                other => {
                    self.first = other;
                    break;
                }
            }
        }
        writer.append(&[look.step(None)])?;
        writer.finish()?;
        Ok(self.first.is_some())
    }

    /// The next look that shows something; `None` when the time is over.
    async fn look(&mut self) -> Option<Look> {
        loop {
            if !self.is_due().await {
                return None;
            }
            let now = clock::unix_seconds();
            let passed = self.before.map_or(self.period, |before| now - before);
            match self.collector.collect(now, passed).await {
                Ok(observed) => {
                    self.before = Some(now);
                    (self.tell)(Seen::Look(&observed, self.transitions));
                    return Some(Look::of_others(State::from(&observed.snapshot)));
                }
                Err(error) => (self.tell)(Seen::Blind(&format!("{:#}", anyhow::Error::from(error)))),
            }
        }
    }

    /// Waits for the next look; whether there is one.
    async fn is_due(&mut self) -> bool {
        loop {
            let due = tokio::select! {
                _ = self.ticks.tick() => true,
                () = sleep(GLANCE) => false,
            };
            if self.interrupt.seen() || self.until.is_some_and(|until| Instant::now() >= until) {
                return false;
            }
            if due {
                return true;
            }
        }
    }
}
