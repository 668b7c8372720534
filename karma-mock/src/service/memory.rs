//! Memory that is really held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use memmap2::MmapMut;

use super::params::MemoryParams;

/// Bytes of a mebibyte.
const MEBIBYTE: f64 = 1_048_576.0;
/// A page, or less than one.
const PAGE: usize = 4096;

/// Resident memory: every page is written once. It goes back to the system when this is dropped.
#[derive(Debug)]
pub(super) struct Ballast(
    #[cfg_attr(not(test), expect(dead_code, reason = "held, not read"))] Option<MmapMut>,
);

impl Ballast {
    /// So many mebibytes; none if the system has none to give.
    pub(super) fn of(mebibytes: f64) -> Self {
        let bytes = bytes(mebibytes);
        let mut map = (bytes > 0).then(|| MmapMut::map_anon(bytes).ok()).flatten();
        if let Some(map) = &mut map {
            map.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
        }
        Self(map)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |map| map.len())
    }
}

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
    _idle: Ballast,
}

/// What one request holds until it ends.
#[derive(Debug)]
pub(super) struct Held {
    memory: Arc<Memory>,
    requests: u32,
    #[cfg_attr(not(test), expect(dead_code, reason = "held, not read"))]
    ballast: Ballast,
}

impl Memory {
    /// Holds what the service holds without requests, less what the process takes anyway.
    pub(super) fn new(params: MemoryParams, concurrency: u32) -> Self {
        let own = resident_bytes() as f64 / MEBIBYTE;
        let idle = Ballast::of((params.idle - own).max(0.0));
        Self { params, concurrency: f64::from(concurrency), requests: AtomicU32::new(0), _idle: idle }
    }

    /// One more request. Together n hold `per_request · n · (1 + bend · n / concurrency)`; this one takes the difference.
    pub(super) fn hold(memory: &Arc<Self>) -> Held {
        let requests = memory.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let MemoryParams { per_request, bend, .. } = memory.params;
        let together = |n: f64| per_request * n * (1.0 + bend * n / memory.concurrency);
        let ballast = Ballast::of(together(f64::from(requests)) - together(f64::from(requests - 1)));
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
