//! Memory that is really held.
//!
//! What a request gives back is kept for the next one, as every allocator does, and goes back to the system once nobody has needed it
//! for a while: to take fresh pages for each request costs more CPU than most requests' work, above all on a virtual machine whose host
//! takes back what is free.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memmap2::MmapMut;
use tokio::time::Instant;

use super::params::MemoryParams;

/// Bytes of a mebibyte.
const MEBIBYTE: f64 = 1_048_576.0;
/// A page, or less than one.
const PAGE: usize = 4096;
/// How long memory that nobody holds is kept: less than a scrape interval, so that metrics follow the requests.
const KEPT: Duration = Duration::from_secs(2);

/// Resident memory: every page is written once. It goes back to the system when this is dropped.
///
/// Large pages are asked for: in small ones, the first touch of 8 MiB costs 4 ms of CPU on a virtual machine and a quarter of one in large
/// ones, and a request is to cost what its work says, not what its memory does.
#[derive(Debug)]
pub(super) struct Ballast(Option<MmapMut>);

impl Ballast {
    /// So many mebibytes; none if the system has none to give.
    pub(super) fn of(mebibytes: f64) -> Self {
        let bytes = bytes(mebibytes);
        let mut map = (bytes > 0).then(|| MmapMut::map_anon(bytes).ok()).flatten();
        if let Some(map) = &mut map {
            advise_large_pages(map);
            map.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
        }
        Self(map)
    }

    fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |map| map.len())
    }
}

/// Where the system has none to give, small ones do.
#[cfg(target_os = "linux")]
fn advise_large_pages(map: &MmapMut) {
    let _ = map.advise(memmap2::Advice::HugePage);
}

#[cfg(not(target_os = "linux"))]
const fn advise_large_pages(_map: &MmapMut) {}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating cast of a size")]
fn bytes(mebibytes: f64) -> usize {
    (mebibytes * MEBIBYTE).round() as usize
}

/// What requests hold, and how many of them there are.
#[derive(Debug)]
pub(super) struct Memory {
    params: MemoryParams,
    concurrency: f64,
    requests: AtomicU32,
    /// What requests gave back, and when; the freshest last.
    spare: Mutex<Vec<(Instant, Ballast)>>,
    _idle: Ballast,
}

/// What one request holds until it ends.
#[derive(Debug)]
pub(super) struct Held {
    memory: Arc<Memory>,
    requests: u32,
    ballast: Ballast,
}

impl Memory {
    /// Holds what the service holds without requests, less what the process takes anyway.
    pub(super) fn new(params: MemoryParams, concurrency: u32) -> Self {
        let own = resident_bytes() as f64 / MEBIBYTE;
        let idle = Ballast::of((params.idle - own).max(0.0));
        Self {
            params,
            concurrency: f64::from(concurrency),
            requests: AtomicU32::new(0),
            spare: Mutex::default(),
            _idle: idle,
        }
    }

    /// Gives back to the system what nobody has needed for a while.
    pub(super) fn trim(&self) {
        let mut spare = self.spare();
        let old = spare.iter().take_while(|(since, _)| since.elapsed() >= KEPT).count();
        let old: Vec<_> = spare.drain(..old).collect();
        drop(spare); // nobody waits while the system takes its pages
        drop(old);
    }

    /// So much, kept from an earlier request if there is one of the same size.
    fn take(&self, mebibytes: f64) -> Ballast {
        let size = bytes(mebibytes);
        let mut spare = self.spare();
        let kept = spare.iter().rposition(|(_, ballast)| ballast.len() == size).map(|at| spare.remove(at).1);
        drop(spare);
        kept.unwrap_or_else(|| Ballast::of(mebibytes))
    }

    fn spare(&self) -> MutexGuard<'_, Vec<(Instant, Ballast)>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more request. Together n hold `per_request · n · (1 + bend · n / concurrency)`; this one takes the difference.
    pub(super) fn hold(memory: &Arc<Self>) -> Held {
        let requests = memory.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let MemoryParams { per_request, bend, .. } = memory.params;
        let together = |n: f64| per_request * n * (1.0 + bend * n / memory.concurrency);
        let ballast = memory.take(together(f64::from(requests)) - together(f64::from(requests - 1)));
        Held { memory: Arc::clone(memory), requests, ballast }
    }
}

impl Held {
    /// Requests that held memory when this one came, itself included.
    pub(super) const fn requests(&self) -> u32 {
        self.requests
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.requests.fetch_sub(1, Ordering::Relaxed);
        let ballast = std::mem::replace(&mut self.ballast, Ballast(None));
        if ballast.len() > 0 {
            self.memory.spare().push((Instant::now(), ballast));
        }
        self.memory.trim();
    }
}

/// Resident bytes of this process; 0 where the system does not say.
pub(super) fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ballast_is_resident_and_goes_back() {
        // Other tests of this process take and give memory meanwhile, but not this much.
        let before = resident_bytes();
        let ballast = Ballast::of(512.0);
        let with = resident_bytes();
        assert_eq!(ballast.len(), 512 << 20);
        assert!(with >= before + (384 << 20), "{before} to {with}");
        drop(ballast);
        assert!(resident_bytes() + (384 << 20) <= with);
    }

    /// Found on a real cluster: at a tenth of a core a service spent three times the CPU of its work on touching 8 MiB for each request.
    #[test]
    fn a_request_does_not_pay_for_its_memory_page_by_page() {
        let cost = || {
            let begin = super::super::burn::process_cpu();
            (0..50).for_each(|_| drop(Ballast::of(8.0)));
            (super::super::burn::process_cpu() - begin) / 50.0
        };
        let large =
            std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
        if large.contains("[madvise]") || large.contains("[always]") {
            let least = (0..5).map(|_| cost()).fold(f64::INFINITY, f64::min);
            assert!(least < 0.002, "{least} s of CPU for 8 MiB");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_request_gave_back_is_used_again_and_goes_back_to_the_system_in_the_end() {
        let memory = Arc::new(Memory::new(MemoryParams { idle: 0.0, per_request: 1.0, bend: 0.0 }, 8));
        let spare = || memory.spare().len();
        let (first, second) = (Memory::hold(&memory), Memory::hold(&memory));
        drop((first, second));
        assert_eq!(spare(), 2);
        let third = Memory::hold(&memory);
        assert_eq!((spare(), third.ballast.len()), (1, 1 << 20), "one of them is used again");
        tokio::time::advance(KEPT).await;
        memory.trim();
        assert_eq!(spare(), 0, "the other one was not needed");
        drop(third);
        assert_eq!(spare(), 1);
    }

    #[test]
    fn many_requests_hold_more_than_their_number_where_the_profile_bends() {
        let params = MemoryParams { idle: 0.0, per_request: 1.0, bend: 0.5 };
        let memory = Arc::new(Memory::new(params, 2));
        let (first, second) = (Memory::hold(&memory), Memory::hold(&memory));
        let held = first.ballast.len() + second.ballast.len();
        // 1 · 2 · (1 + 0.5 · 2 / 2) = 3 mebibytes
        assert_eq!(held, 3 << 20);
    }
}
