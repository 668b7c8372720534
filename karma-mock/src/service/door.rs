//! Who comes in: a limited number at once, a limited number waiting, and no faster than the limit of throughput.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// The way into a service.
#[derive(Debug)]
pub(super) struct Door {
    slots: Arc<Semaphore>,
    concurrency: usize,
    waiting: AtomicU32,
    queue_capacity: u32,
    pace: Option<Pace>,
}

/// A slot; it is free again when this is dropped.
pub(super) type Slot = OwnedSemaphorePermit;

/// Moments at which one request may pass, `1 / rate` apart.
///
/// The moments are a schedule, not pauses: one that is late does not delay those after it, so the rate is exact in the
/// long run. A moment that nobody used is lost: there is no burst.
#[derive(Debug)]
struct Pace {
    period: Duration,
    next: Mutex<Instant>,
}

impl Door {
    pub(super) fn new(concurrency: u32, queue_capacity: u32, throughput: Option<f64>) -> Self {
        let pace = |rate: f64| Pace {
            period: Duration::from_secs_f64(1.0 / rate),
            next: Mutex::new(Instant::now()),
        };
        Self {
            slots: Arc::new(Semaphore::new(concurrency as usize)),
            concurrency: concurrency as usize,
            waiting: AtomicU32::new(0),
            queue_capacity,
            pace: throughput.map(pace),
        }
    }

    /// Waits for a slot, in the order of arrival; `None` if the queue is full.
    pub(super) async fn enter(&self) -> Option<Slot> {
        if self.pace.is_none()
            && let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned()
        {
            return Some(slot);
        }
        let place = self.queue()?;
        if let Some(pace) = &self.pace {
            sleep_until(pace.moment()).await;
        }
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        drop(place);
        slot
    }

    /// Requests that wait.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Requests that have a slot.
    pub(super) fn in_service(&self) -> u32 {
        let taken = self.concurrency - self.slots.available_permits().min(self.concurrency);
        u32::try_from(taken).unwrap_or(u32::MAX)
    }

    fn queue(&self) -> Option<Place<'_>> {
        // One passes at the present moment without waiting, so a pace counts one more.
        let room = self.queue_capacity + u32::from(self.pace.is_some());
        let enter = |waiting: u32| (waiting < room).then_some(waiting + 1);
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter).ok().map(|_| Place(self))
    }
}

impl Pace {
    fn moment(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = Instant::now().max(*next);
        *next = moment + self.period;
        moment
    }
}

/// A place in the queue.
struct Place<'a>(&'a Door);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_more_than_slots_and_queue_hold_is_refused() {
        let door = Arc::new(Door::new(1, 1, None));
        let first = door.enter().await.unwrap();
        let waits = tokio::spawn({
            let door = Arc::clone(&door);
            async move { door.enter().await.is_some() }
        });
        tokio::task::yield_now().await;
        assert_eq!(door.waiting(), 1);
        assert!(door.enter().await.is_none());
        drop(first);
        assert!(waits.await.unwrap());
        assert_eq!(door.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_limited_throughput_lets_requests_pass_at_its_rate() {
        let door = Arc::new(Door::new(1000, 1000, Some(100.0)));
        let begin = Instant::now();
        let all: Vec<_> = (0..301)
            .map(|_| {
                let door = Arc::clone(&door);
                tokio::spawn(async move { door.enter().await.is_some() })
            })
            .collect();
        for one in all {
            assert!(one.await.unwrap());
        }
        let elapsed = begin.elapsed().as_secs_f64();
        assert!((2.99..3.02).contains(&elapsed), "{elapsed}");
    }
}
