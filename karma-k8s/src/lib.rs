//! KARMA on a live cluster: observe, decide, plan, apply.
//!
//! | step | module | I/O |
//! |---|---|---|
//! | what the cluster shows, with ages and gaps | [`observe`] | reads |
//! | what an operator wants | [`resource`] | none |
//! | what is decided, by whom, why, and what may be done of it | [`decide`] | none |
//!
//! It decides nothing itself: the agents and the autoscaler to fall back to come from outside, through
//! [`karma_core::Autoscaler`].

pub mod decide;
pub mod observe;
pub mod resource;
