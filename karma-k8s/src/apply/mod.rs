//! Apply: what was decided, carried out on the API server.
//!
//! | what | by |
//! |---|---|
//! | how many replicas a Deployment has, and who set them | [`ScaleSeen`], [`Writer`] |
//! | setting them, if nobody else did meanwhile | [`Scaler`], [`Outcome`] |
//! | who else scales it | [`owners`], [`Owner`] |
//! | taking it from them, and giving it back | [`take_over`], [`give_back`] |
//!
//! Nothing is decided here, and nothing but the scale subresource of Deployments is written by a [`Scaler`]. Taking over
//! writes `HorizontalPodAutoscaler`s and `ScaledObject`s, with the rights of who asks for it.
//!
//! # Why a write names the version that it was decided from
//!
//! Between a look at a Deployment and the write that follows from it, time passes: someone may scale it by hand, another
//! autoscaler may act, or this process may be paused for a minute while another one becomes leader. A lease does not
//! help against the last: the paused process finds out that it lost the lease only after it woke up, and its write may
//! already be on its way.
//!
//! So every write carries the `metadata.resourceVersion` of the object that the decision was made from. The API server
//! compares it with the version that it stores, and stores the new one only if they are equal (an optimistic lock in
//! etcd, whose comparison and write are one transaction). Every write makes a new version, so that of all writes decided
//! from one version at most one is carried out. This holds for:
//!
//! * **another writer**: the write of the one who was slower is refused with status 409, and is told as
//!   [`Outcome::MovedOn`];
//! * **a leader that was deposed**: its successor's write made a new version, so its own late write is refused;
//! * **a write sent twice**, by a process that was killed after it had sent it: whichever copy comes second is refused.
//!
//! The price: a Deployment's version also moves when its status does, that is whenever a pod becomes ready. Then a
//! write is refused though nobody scaled. The caller looks again and decides again, which is right, for the number of
//! ready pods is something that it decided from.
//!
//! A refusal says that *this* write did nothing. What became of a write without an answer, nobody can say without a
//! look: that is [`ApplyError::Unknown`].

mod error;
mod owners;
mod request;
mod scaler;
mod seen;
mod takeover;

pub use error::ApplyError;
pub use owners::{Owner, OwnerKind, owners, owners_among};
pub use scaler::{FIELD_MANAGER, Outcome, Scaler};
pub use seen::{ScaleSeen, Writer};
pub use takeover::{Returned, TAKEN_BY, Taken, give_back, take_over};

pub(crate) use request::{Answer, Call, ask};
