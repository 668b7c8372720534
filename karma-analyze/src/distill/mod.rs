//! What a policy does, as a few rules: a shallow decision tree grown on its decisions.
//!
//! # What it solves
//! A network decides; a person wants to read when it does what. A small tree is grown on (observation, decision) pairs of
//! the network, and each way from its root to a leaf is a rule. How far the rules can be trusted is their *fidelity*: the
//! share of decisions, in episodes that the tree never saw, in which tree and policy agree (Bastani, Pu and
//! Solar-Lezama, *Verifiable Reinforcement Learning via Policy Extraction*, NeurIPS 2018, grow such trees; unlike theirs,
//! ours does not act, so no states are collected anew).
//!
//! # The tree
//! Classification and regression trees ([`crate::tree`]) with rows of equal weight.
//!
//! # The rules
//! Leaves that touch and have the same outcome are one ([`joined`](crate::tree::joined)). Conditions on one feature are an
//! interval, and a threshold is rounded to 3 significant digits, or to as many more as it takes that no row of the table
//! changes sides. Each observation satisfies exactly one rule.
//!
//! # What is held out
//! Rows of an episode resemble each other, so whole groups are held out, never rows. If several depths are allowed, they
//! are compared on groups of their own, and the reported ones have had no part in that choice either. Compare fidelity
//! with the `baseline`, always the most frequent class: of a policy that nearly always waits, a rule "wait" is right too.
//! `balanced_fidelity`, the mean over classes, does not fall for that.
//!
//! # Gaps
//! A missing measurement (NaN) is filled with the median of the feature over the rows that the tree is grown on (0 if
//! there are none), and a feature "… is missing" is added, so that "it was not measured" can be a condition itself. What
//! was filled in is in [`DistilledPolicy::fillings`].
//!
//! # Cost
//! That of a tree for each depth to choose from, and of joining its leaves, in time; the table once more in memory.
//!
//! ```
//! use karma_analyze::distill::{DistillParams, Feature, Table, distill};
//!
//! // Above 60 % of CPU the policy adds a pod.
//! let mut table = Table::new(vec![Feature::new("cpu_utilization of auth", "%")], ["hold", "+1 auth"]);
//! for episode in 0..8 {
//!     for cpu in (0..100).step_by(5) {
//!         table.push(&[f64::from(cpu)], usize::from(cpu > 60), episode)?;
//!     }
//! }
//! let policy = distill(&table, &DistillParams::default().check()?)?;
//! assert_eq!((policy.fidelity, policy.balanced_fidelity, policy.baseline), (1.0, 1.0, 0.65));
//! assert_eq!(
//!     policy.to_string(),
//!     "if cpu_utilization of auth <= 62.5 % then hold (100 % of 26 decisions)\n\
//!      if cpu_utilization of auth > 62.5 % then +1 auth (100 % of 14 decisions)\n"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod choose;
mod gaps;
mod params;
mod policy;
mod rules;
mod table;
#[cfg(test)]
mod tests;

pub use choose::{DistillError, distill};
pub use params::{DistillConfig, DistillParams, DistillParamsError};
pub use policy::{DistilledPolicy, Filling};
pub use rules::{Condition, Rule};
pub use table::{Feature, Table, TableError};
