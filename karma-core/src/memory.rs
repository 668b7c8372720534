//! What an agent keeps between two decisions of an episode.

use std::any::Any;
use std::fmt;

/// What [`Policy::act_on`](crate::Policy::act_on) keeps for one agent: what it remembers of its episode, and room to
/// reckon in.
///
/// The first decides; the second only saves allocations, and what it holds means nothing. A memory belongs to one agent
/// and one policy at a time. An empty one is the begin of an episode.
#[derive(Default)]
pub struct Memory {
    state: Vec<f32>,
    room: Option<Box<dyn Any + Send + Sync>>,
}

impl Memory {
    /// Forgets the episode; the room stays.
    pub fn clear(&mut self) {
        self.state.clear();
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.state.is_empty()
    }

    /// What is remembered, and the room, which is new where it was of another kind.
    pub fn parts<R: Any + Default + Send + Sync>(&mut self) -> (&mut Vec<f32>, &mut R) {
        let room = self.room.take().and_then(|room| room.downcast::<R>().ok()).unwrap_or_default();
        let room: &mut dyn Any = self.room.insert(room).as_mut();
        let Some(room) = room.downcast_mut() else { unreachable!("it was made of this kind") };
        (&mut self.state, room)
    }
}

/// A clone remembers the same and makes room of its own.
impl Clone for Memory {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), room: None }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("state", &self.state).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clearing_forgets_the_episode_and_keeps_the_room() {
        let mut memory = Memory::default();
        let (state, room) = memory.parts::<Vec<u8>>();
        state.push(1.0);
        room.reserve(100);
        assert!(!memory.is_empty() && !memory.clone().is_empty());
        memory.clear();
        assert!(memory.is_empty());
        assert!(memory.parts::<Vec<u8>>().1.capacity() >= 100);
    }

    #[test]
    fn another_kind_of_room_is_new_and_what_is_remembered_stays() {
        let mut memory = Memory::default();
        memory.parts::<Vec<u8>>().0.push(1.0);
        let (state, room) = memory.parts::<String>();
        assert_eq!((&state[..], &room[..]), (&[1.0][..], ""));
    }
}
