//! Learners that step together: sums over ranks.
//!
//! Synchronous data parallelism (Wijmans et al., *DD-PPO*, 2020): every rank plays its own environments, all have the
//! same networks, and before each step the gradients are added up, so that P ranks with a batch of B take the step of
//! one rank with a batch of P · B. What is a mean over a batch (losses, normalisations) has to be a mean over all
//! ranks' batches too: forgetting one of those sums is the common mistake, and silent.
//!
//! A [`Collective`] has one operation, [`all_gather`](Collective::all_gather); a sum is taken over what was gathered, in
//! the order of ranks and in `f64`: for a given number of ranks the bits are always the same, and the same on all of
//! them. At 14 to 46 thousand parameters a gradient is 56 to 184 kB for each rank, which an in-memory ring would halve;
//! an update computes for milliseconds.

use std::fmt;

use thiserror::Error;

use crate::math;

/// Ranks could not talk to each other.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CollectiveError {
    /// Another rank has left.
    #[error("rank {rank} is gone: {reason}")]
    Gone {
        /// Which.
        rank: usize,
        /// What is known of it.
        reason: String,
    },
    /// Ranks contribute different lengths: they do not run the same program on the same settings.
    #[error(
        "rank {rank} contributes {found} bytes, but {expected} are expected: all ranks need the same settings"
    )]
    Length {
        /// The first rank that differs.
        rank: usize,
        /// Its length.
        found: usize,
        /// That of this rank.
        expected: usize,
    },
}

/// A group of processes or threads that do the same at the same time.
///
/// Every rank calls the same operations in the same order.
pub trait Collective: fmt::Debug + Send {
    /// This member's number, from 0.
    fn rank(&self) -> usize;

    /// Number of members, at least 1.
    fn size(&self) -> usize;

    /// What each rank contributes, by rank; lengths may differ.
    ///
    /// # Errors
    /// If a rank has left.
    fn all_gather(&mut self, mine: &[u8]) -> Result<Vec<Vec<u8>>, CollectiveError>;

    /// Replaces `values` by their sums over ranks.
    ///
    /// # Errors
    /// If a rank has left or contributes another number of values.
    fn sum_f64(&mut self, values: &mut [f64]) -> Result<(), CollectiveError> {
        if self.size() == 1 {
            return Ok(());
        }
        let mine: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let all = gather_equal(self, &mine)?;
        values.fill(0.0);
        for theirs in all {
            let theirs = theirs.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
            values.iter_mut().zip(theirs).for_each(|(sum, value)| *sum += value);
        }
        Ok(())
    }

    /// Replaces `values` by their sums over ranks, which are taken in `f64`.
    ///
    /// # Errors
    /// If a rank has left or contributes another number of values.
    fn sum_f32(&mut self, values: &mut [f32]) -> Result<(), CollectiveError> {
        if self.size() == 1 {
            return Ok(());
        }
        let mine: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let all = gather_equal(self, &mine)?;
        for (i, value) in values.iter_mut().enumerate() {
            let of = |theirs: &Vec<u8>| f64::from(f32::from_le_bytes(theirs.as_chunks().0[i]));
            *value = math::narrow(all.iter().map(of).sum());
        }
        Ok(())
    }
}

/// What each rank contributes, if all contribute as much.
fn gather_equal<C: Collective + ?Sized>(ranks: &mut C, mine: &[u8]) -> Result<Vec<Vec<u8>>, CollectiveError> {
    let (all, expected) = (ranks.all_gather(mine)?, mine.len());
    match all.iter().position(|theirs| theirs.len() != expected) {
        None => Ok(all),
        Some(rank) => Err(CollectiveError::Length { rank, found: all[rank].len(), expected }),
    }
}

/// A learner by itself: every sum is what it contributes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Collective for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_gather(&mut self, mine: &[u8]) -> Result<Vec<Vec<u8>>, CollectiveError> {
        Ok(vec![mine.to_vec()])
    }
}

/// Ranks that are threads of one process; for tests, and as the pattern of other transports.
#[derive(Debug)]
pub struct Threads {
    rank: usize,
    to: Vec<std::sync::mpsc::Sender<Vec<u8>>>,
    from: Vec<std::sync::mpsc::Receiver<Vec<u8>>>,
}

impl Threads {
    /// `size` members, one for each thread.
    pub fn group(size: usize) -> Vec<Self> {
        let mut members: Vec<Self> = (0..size).map(|rank| Self { rank, to: vec![], from: vec![] }).collect();
        for receiver in 0..size {
            for sender in 0..size {
                let (to, from) = std::sync::mpsc::channel();
                members[sender].to.push(to);
                members[receiver].from.push(from);
            }
        }
        members
    }
}

impl Collective for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.to.len()
    }

    fn all_gather(&mut self, mine: &[u8]) -> Result<Vec<Vec<u8>>, CollectiveError> {
        let gone = |rank| CollectiveError::Gone { rank, reason: "its thread has ended".to_owned() };
        for (rank, to) in self.to.iter().enumerate() {
            to.send(mine.to_vec()).map_err(|_| gone(rank))?;
        }
        self.from.iter().enumerate().map(|(rank, from)| from.recv().map_err(|_| gone(rank))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each rank comes to.
    fn on_ranks<R: Send>(size: usize, work: impl Fn(&mut Threads) -> R + Sync) -> Vec<R> {
        let work = &work;
        std::thread::scope(|scope| {
            let start = |mut member| scope.spawn(move || work(&mut member));
            let started: Vec<_> = Threads::group(size).into_iter().map(start).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    #[test]
    fn every_rank_gets_what_all_contribute_in_the_order_of_ranks() {
        for all in on_ranks(3, |ranks| ranks.all_gather(&[b"abc"[ranks.rank()]; 2]).unwrap()) {
            assert_eq!(all, [b"aa", b"bb", b"cc"]);
        }
    }

    #[test]
    fn sums_are_taken_in_the_order_of_ranks() {
        let parts = [1e16, 1.0, -1e16];
        for sum in on_ranks(3, |ranks| {
            let mut values = [parts[ranks.rank()], 2.0];
            ranks.sum_f64(&mut values).unwrap();
            values
        }) {
            assert_eq!(sum, [(1e16 + 1.0) - 1e16, 6.0]);
        }
        for sum in on_ranks(2, |ranks| {
            let mut values = [0.5_f32, ranks.rank() as f32];
            ranks.sum_f32(&mut values).unwrap();
            values
        }) {
            assert_eq!(sum, [1.0, 1.0]);
        }
    }

    #[test]
    fn ranks_with_different_lengths_and_ranks_that_left_are_errors() {
        let sums = on_ranks(2, |ranks| ranks.sum_f64(&mut vec![0.0; 1 + ranks.rank()]));
        assert!(matches!(sums[0], Err(CollectiveError::Length { rank: 1, found: 16, expected: 8 })));
        let mut group = Threads::group(2);
        drop(group.pop());
        assert!(matches!(group[0].all_gather(&[1]), Err(CollectiveError::Gone { rank: 1, .. })));
    }

    #[test]
    fn a_learner_by_itself_sums_nothing() {
        let mut values = [0.1, 0.2];
        Alone.sum_f64(&mut values).unwrap();
        assert_eq!((values, Alone.rank(), Alone.size()), ([0.1, 0.2], 0, 1));
    }
}
