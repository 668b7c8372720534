//! Decide: from what was observed to what may be done, without I/O and without a clock.
//!
//! A [`Round`] is asked once for each decision period. It asks both the agents and the horizontal pod autoscaler, in whatever
//! mode it is, so that each decision says what the other would have done:
//!
//! ```text
//!              ┌─▶ agents ───┐
//!  Observed ───┤             ├─▶ who is listened to ─▶ guard ─▶ shield ─▶ mode, canary, pauses ─▶ Decided
//!              └─▶ fallback ─┘        ▲ Trust
//!                      alarm ─────────┘
//! ```
//!
//! | what | by |
//! |---|---|
//! | who is listened to, with hysteresis | [`Trust`] |
//! | which services are scaled, promotion and roll-back | [`Canary`] |
//! | what junk may cost | [`GuardConfig`] |
//! | what may be done | [`karma_guard::Shield`] |
//! | what a restart must know | [`Memory`] |
//!
//! The shield remembers only what was really to be carried out: in shadow mode each decision is taken as if it were the
//! first, from the replicas that are there.

mod canary;
mod guard;
mod memory;
mod round;
mod trust;

pub use canary::{Canary, CanaryConfig, CanaryPhase, Health};
pub use guard::GuardConfig;
pub use memory::{Memory, MemoryError};
pub use round::{Alarm, Decided, Fallback, Listened, Minds, Round, ServiceDecision};
pub use trust::{Trust, TrustConfig};
