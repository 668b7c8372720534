//! KARMA on a live cluster: observe, decide, plan, apply.
//!
//! | step | module | I/O |
//! |---|---|---|
//! | what the cluster shows, with ages and gaps | [`observe`] | reads |
//! | what an operator wants | [`resource`] | none |
//! | what is decided, by whom, why, and what may be done of it | [`decide`] | none |
//! | doing it, if nobody else did something meanwhile | [`apply`] | reads and writes |
//! | all of it, again and again, and a restart that changes nothing | [`control`] | reads and writes |
//!
//! It decides nothing itself: the agents and the autoscaler to fall back to come from outside, through
//! [`karma_core::Autoscaler`].

pub mod apply;
pub mod control;
pub mod decide;
pub mod observe;
pub mod resource;
