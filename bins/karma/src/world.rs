//! Processes that `mpirun` has started, as ranks that learn together.
//!
//! A gather is two collective calls: the lengths, then the bytes, in pieces, because MPI counts with 32 bits. All calls come
//! from the thread that joined. A process that fails leaves without `MPI_Finalize` and with a non-zero exit code, upon which
//! `mpirun` ends the others; they would wait for it for ever.

use std::mem::ManuallyDrop;

use anyhow::Context as _;
use karma_nn::{Collective, CollectiveError};
use mpi::datatype::PartitionMut;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, CommunicatorCollectives as _};
use mpi::{Count, Threading};

/// Bytes of one collective call, those of all ranks together.
const MESSAGE: usize = 1 << 30;
/// Set by the launchers of Open MPI, MPICH and Intel MPI, and Slurm with `PMIx`.
const LAUNCHED: [&str; 3] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"];

/// All processes of a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    rank: usize,
    size: usize,
}

/// The membership of this process in a job.
pub(crate) struct Job {
    universe: ManuallyDrop<Universe>,
    world: World,
}

impl Job {
    /// Joins the job that this process was started for; `None` if it was started by itself.
    pub(crate) fn join() -> anyhow::Result<Option<Self>> {
        if LAUNCHED.iter().all(|name| std::env::var_os(name).is_none()) {
            return Ok(None);
        }
        let joined = mpi::initialize_with_threading(Threading::Funneled);
        let (universe, _) = joined.context("MPI cannot be initialised twice in one process")?;
        let world = universe.world();
        let count = |number: i32| usize::try_from(number).context("MPI counts ranks below 0");
        let world = World { rank: count(world.rank())?, size: count(world.size())? };
        Ok(Some(Self { universe: ManuallyDrop::new(universe), world }))
    }

    /// Does this process's part, and waits for the others unless it failed.
    pub(crate) fn work<T>(self, part: impl FnOnce(World) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let done = part(self.world)?;
        drop(ManuallyDrop::into_inner(self.universe));
        Ok(done)
    }
}

impl World {
    /// One piece of what each rank contributes, put at the end of what there is of it.
    fn gather_piece(all: &mut [Vec<u8>], mine: &[u8], counts: &[usize]) {
        let ends = counts.iter().scan(0, |end, count| {
            *end += count;
            Some(*end)
        });
        let begins: Vec<usize> = ends.zip(counts).map(|(end, count)| end - count).collect();
        let mut bytes = vec![0; counts.iter().sum()];
        let (lengths, places) = (to_counts(counts), to_counts(&begins));
        let mut parts = PartitionMut::new(&mut bytes[..], lengths, places);
        SimpleCommunicator::world().all_gather_varcount_into(mine, &mut parts);
        for ((theirs, begin), count) in all.iter_mut().zip(begins).zip(counts) {
            theirs.extend_from_slice(&bytes[begin..begin + count]);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "nothing is longer than a message"
)]
fn to_counts(lengths: &[usize]) -> Vec<Count> {
    lengths.iter().map(|length| *length as Count).collect()
}

impl Collective for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn all_gather(&mut self, mine: &[u8]) -> Result<Vec<Vec<u8>>, CollectiveError> {
        let mut lengths = vec![0_usize; self.size];
        SimpleCommunicator::world().all_gather_into(&mine.len(), &mut lengths[..]);
        let mut all = vec![Vec::new(); self.size];
        let (longest, piece) = (lengths.iter().copied().max().unwrap_or(0), MESSAGE / self.size);
        for begin in (0..longest).step_by(piece) {
            let within = |length: usize| length.saturating_sub(begin).min(piece);
            let counts: Vec<usize> = lengths.iter().copied().map(within).collect();
            let from = begin.min(mine.len());
            Self::gather_piece(&mut all, &mine[from..from + within(mine.len())], &counts);
        }
        Ok(all)
    }
}
