//! The safety kernel of KARMA: whatever a policy proposes, what leaves the kernel satisfies stated properties.
//!
//! A pure function, [`decide`], of limits, memory, state and proposals. It uses integers alone, allocates nothing, reads
//! no clock, and is total: there is no input for which it has no answer. `docs/safety.md` of the project has each
//! property in words and in formula, what proves it, under which assumptions, and what is not guaranteed;
//! `cargo run --release -p karma-proofs` runs the proofs again.
//!
//! * A policy is listened to while the data are fresh; else the HPA formula decides, or nobody (a *Simplex*
//!   architecture: Sha, *Using Simplicity to Control Complexity*, IEEE Software 2001). See [`Source`].
//! * Each service goes through a *pre-shield*, whose interval is also the mask that agents train under
//!   ([`admitted`]), and all together through a *post-shield* that divides one budget by assume and guarantee
//!   (Alshiekh et al., *Safe Reinforcement Learning via Shielding*, AAAI 2018; Brorholt, Larsen and Schilling,
//!   *Compositional Shielding and Reinforcement Learning for Multi-Agent Systems*, AAMAS 2025).
//! * Each action says which [`Property`] changed it, and by how much. Only the kernel can make one ([`Cleared`]).
//!
//! ```
//! use karma_shield::*;
//!
//! let limits = LimitParams {
//!     services: vec![ServiceLimits { max: 6, ..ServiceLimits::DEFAULT }],
//!     budget: Budget::UNLIMITED,
//! };
//! let limits = limits.check()?;
//! let state = ServiceState { replicas: 1, ready: Reading::now(1), ..ServiceState::default() };
//! let cluster =
//!     Cluster { now_ms: 0, services: &[state], nodes: None, trusted: true, pause: Pause::default() };
//! let (mut memory, mut decision) = (Memory::new(1), Decision::default());
//! decide(&limits, &mut memory, &cluster, &[Reading::now(9)], &mut decision)?;
//!
//! let action = decision.cleared()[0];
//! assert_eq!(action.replicas(), 5, "four pods in fifteen seconds");
//! assert_eq!(action.reason().to_string(), "P2 rate -4");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![no_std]

extern crate alloc;

mod allocate;
mod amounts;
mod chain;
#[cfg(kani)]
mod kani;
mod kernel;
mod limits;
mod memory;
mod reading;
mod reason;
mod source;
mod state;

pub use amounts::{Amounts, Budget};
pub use kernel::{Cleared, Decision, admitted, decide};
pub use limits::{
    DemandLimits, Growth, LimitError, LimitParams, Limits, MOST_REVERSALS, Rate, ServiceLimits,
};
pub use memory::{Memory, MemoryError};
pub use reading::{Defect, Reading};
pub use reason::{Cause, Property, Reason, Source};
pub use state::{Cluster, NodeRoom, Pause, ServiceState, ShapeError};
