//! What a kernel answered for one service, as far as the monitor looks at it.

use karma_shield::{Cleared, Cluster, Decision, Limits, Memory, Property, Reading, ShapeError, Source};

/// The answer for one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whose wish was followed.
    pub source: Source,
    /// What was wished for.
    pub wish: u32,
    /// What came of it before anything was forced.
    pub unforced: u32,
    /// The action.
    pub replicas: u32,
    /// What each property changed, in the order of [`Property::ALL`].
    pub changes: [i64; Property::ALL.len()],
}

impl From<&Cleared> for Outcome {
    fn from(cleared: &Cleared) -> Self {
        Self {
            source: cleared.reason().source(),
            wish: cleared.wish(),
            unforced: cleared.unforced(),
            replicas: cleared.replicas(),
            changes: Property::ALL.map(|property| cleared.reason().change(property)),
        }
    }
}

/// Something that decides as the kernel should: the kernel, or a wrong one that the monitor must find out.
pub trait Kernel: Sync {
    /// Decides and remembers; `outcomes` is overwritten.
    ///
    /// # Errors
    /// If the shapes do not fit.
    fn decide(
        &self,
        limits: &Limits,
        memory: &mut Memory,
        situation: (&Cluster<'_>, &[Reading]),
        room: (&mut Decision, &mut Vec<Outcome>),
    ) -> Result<(), ShapeError>;

    /// The memory after a restart.
    fn restart(&self, memory: &Memory) -> Memory {
        Memory::from_bytes(&memory.to_bytes()).unwrap_or_else(|_| Memory::new(0))
    }
}

/// The kernel itself.
#[derive(Clone, Copy, Debug)]
pub struct Real;

impl Kernel for Real {
    fn decide(
        &self,
        limits: &Limits,
        memory: &mut Memory,
        (cluster, proposals): (&Cluster<'_>, &[Reading]),
        (decision, outcomes): (&mut Decision, &mut Vec<Outcome>),
    ) -> Result<(), ShapeError> {
        karma_shield::decide(limits, memory, cluster, proposals, decision)?;
        outcomes.clear();
        outcomes.extend(decision.cleared().iter().map(Outcome::from));
        Ok(())
    }
}
