//! The calls that are open: a slab with generations, so that a late answer to a dead caller is recognised.

use karma_core::resilience::Traffic;

/// No call.
pub(super) const NONE: u32 = u32::MAX;

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The slot of the slab is free.
    Free,
    /// In a pod's accept queue.
    Queued,
    /// Its work is being done.
    Computing,
    /// Its work is done; it waits for downstream answers.
    Waiting,
}

/// One visit of one request at one service; a request is its root call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) arrived: f64,
    /// Memory that it holds at its pod, in mebibytes, once it is in service.
    pub(super) memory: f32,
    pub(super) generation: u32,
    pub(super) parent: u32,
    pub(super) parent_generation: u32,
    pub(super) pod: u32,
    pub(super) service: u32,
    /// Connection over which the call came, as an index into the caller's list.
    pub(super) connection: u16,
    /// Next connection of its own to call over.
    pub(super) next_connection: u16,
    /// Calls still to make over the present connection.
    pub(super) repeats: u16,
    /// Open calls of its own.
    pub(super) open: u16,
    /// Further tries that a failed call of its own may take.
    pub(super) retries: u8,
    pub(super) stage: Stage,
    pub(super) traffic: Traffic,
    /// Some call of its own failed for good.
    pub(super) failed: bool,
    /// The client gave up (roots only).
    pub(super) abandoned: bool,
}

/// All open calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    slots: Vec<Call>,
    free: Vec<u32>,
}

impl Calls {
    /// Opens a call; the generation of its slot moves on.
    pub(super) fn open(&mut self, mut call: Call) -> u32 {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            call.generation = slot.generation;
            *slot = call;
            return index;
        }
        call.generation = 0;
        self.slots.push(call);
        #[expect(clippy::cast_possible_truncation, reason = "open calls are far fewer than 2^32")]
        let index = (self.slots.len() - 1) as u32;
        index
    }

    /// Closes a call.
    pub(super) fn close(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.stage = Stage::Free;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(index);
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> &Call {
        &self.slots[index as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> &mut Call {
        &mut self.slots[index as usize]
    }

    /// Whether the call with this index and generation is still open.
    #[inline]
    pub(super) fn is_open(&self, index: u32, generation: u32) -> bool {
        let slot = &self.slots[index as usize];
        slot.generation == generation && slot.stage != Stage::Free
    }

    /// Open calls at a pod, in slab order.
    pub(super) fn at_pod(&self, pod: u32) -> Vec<u32> {
        let here = |(_, call): &(u32, &Call)| call.stage != Stage::Free && call.pod == pod;
        (0u32..).zip(&self.slots).filter(here).map(|(index, _)| index).collect()
    }

    /// All open calls.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Call> {
        self.slots.iter().filter(|call| call.stage != Stage::Free)
    }
}
