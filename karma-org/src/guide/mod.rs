//! Guides: an organisation compiled into what restricts and rewards the agents that play its roles.
//!
//! # What it solves
//! A MOISE+ organisation says who must do what; a learning agent needs to know, at every step, which actions fit its
//! role, and what its goals are worth. MOISE+MARL (arXiv 2503.23615) puts three kinds of functions in between:
//!
//! | guide | says | here |
//! |---|---|---|
//! | *role action guide* (RAG) | which actions fit the role, and with which hardness *ch* | [`RoleActionGuide`] |
//! | *role reward guide* (RRG) | what an action outside of them costs | [`RoleRewardGuide`] |
//! | *goal reward guide* (GRG) | what a history is worth to a goal | [`GoalRewardGuide`] |
//!
//! They are not written as code but as a [`Binding`], a YAML file beside the organisation: rules with conditions on
//! what is measured, sets of actions in words, values of goals, trajectory patterns. [`Guides::compile`] checks it against
//! the organisation and the topology and compiles it. At run time a [`GuideBatch`] follows many environments at once;
//! an [`EpisodeGuide`] follows one, behind the seam [`karma_core::Guide`]. [`Guides::explain`] says in words which rule
//! allowed or removed which action.
//!
//! ```
//! use std::sync::Arc;
//! use karma_core::{ActionMask, Metric, Topology};
//! use karma_org::builder::{OrganizationBuilder, goal, mission, obligation};
//! use karma_org::guide::{Binding, GuideBatch, GuideSetting, Guides};
//!
//! let organization = OrganizationBuilder::new("shop")
//!     .group("team", |group| group.role("clerk", 1..=1))
//!     .scheme("service", |scheme| scheme.goal(goal("served")).mission(mission("serve").goals(["served"])))
//!     .norm(obligation("n", "clerk", "serve"))
//!     .organization()?;
//! let binding = Binding::read(r#"
//! organization: shop
//! roles:
//!   clerk:
//!     rules:
//!       - name: serve those who wait
//!         for: each service
//!         when: pending_requests > 30 requests
//!         allow: { change: up, on: self }
//! goals:
//!   served: { value: -sum(pending_requests) / 100 requests }
//! missions:
//!   serve: { weight: 0.5 }
//! "#)?;
//! let topology = Topology::read(br#"{
//!     "services": { "till": { "cpu": 500, "ram": 256, "computation_throughput": 100 } }, "connections": [] }"#.as_slice());
//! let guides = Guides::compile(&organization, &binding, &topology.unwrap(), GuideSetting::default())?;
//! let (guides, clerk) = (Arc::new(guides), karma_core::Id::from_index(0));
//!
//! let mut batch = GuideBatch::new(guides, 1);
//! let state = |waiting| {
//!     let mut row = karma_core::MetricRow::default();
//!     row.set(Metric::PendingRequests, waiting);
//!     let services = vec![row].into();
//!     let time = karma_core::Seconds(0.0);
//!     karma_core::State { time, age: None, services, entry_rates: vec![None].into(), resilience: None }
//! };
//! batch.begin(0, &state(45.0));
//! batch.restrict();
//! // Changes are −3..=3; the rule allows +1..=+3, and doing nothing is always allowed.
//! assert_eq!(batch.mask(0, clerk).as_slice(), [false, false, false, true, true, true, true]);
//! // Two more pods, and 20 requests still wait: half of −20 / 100.
//! batch.advance(0, &vec![karma_core::Action(5)].into(), &state(20.0));
//! batch.shape();
//! assert!((batch.shaping_of(clerk)[0] + 0.1).abs() < 1e-6);
//! # Ok::<(), karma_org::Findings>(())
//! ```
//!
//! # Which actions are allowed
//! ```text
//! A = always ∪ (allow-sets of the rules that fire, or `otherwise` if no rule that allows something fires)
//!     minus the forbid-sets of the rules that fire
//! ```
//! `always` and `otherwise` are the no-ops unless a role says so: it may always do nothing, and nothing else while no
//! rule fires. A rule fires where its condition is known to be true; what was not measured fires nothing. A rule *for
//! each service* is asked of every service, with sets seen from it (`upstream` is its callers).
//!
//! If `A` is empty, the no-ops stay, and the event is counted ([`GuideBatch::empty_masks`]). Where it is certain that
//! a role or a rule would leave nothing – forbidden without a condition, or a set that this topology lacks – the
//! binding is refused.
//!
//! # How strictly
//! Hardness is a probability: with ch the agent chooses in `A`, otherwise among all actions. The draw is the
//! environment's, from its own stream ([`karma_core::Guided::bind`]). ch is the largest hardness of the rules that fire
//! (a rule has that of its role unless it has its own), or the role's. So ch = 1 masks exactly and 0 only shapes.
//! Upstream's library instead takes weights ≥ 1 for hard and all others for soft; the published code has no draw.
//!
//! # What is added to the reward
//! ```text
//! shaping = Σ over missions m:  v_m(t) · κ_m / (1 − p + ε) · Σ over goals g of m: w_g · grg_g(h)   +   (1 − ch) · rrg
//! ```
//! See [`GuideBatch`] for the terms. A goal has either a dense value, an expression in [−1, 1] of the state that the
//! step led to, or a reward for every step at which a match of a trajectory pattern ends.
//!
//! # What it leaves out
//! Whether a change keeps the replicas of a service within their bounds is the environment's affair: it intersects
//! masks with what is legal. Time constraints and conditions of norms drive the organisation entity, not guides: the
//! window of a mission is in the binding.

mod action_set;
mod batch;
pub mod binding;
mod compile;
mod episode;
mod explain;
mod guides;
mod restriction;

pub use batch::GuideBatch;
pub use binding::{Binding, GoalRewardGuide, RoleActionGuide, RoleRewardGuide};
pub use compile::PRIORITY_EPSILON;
pub use episode::EpisodeGuide;
pub use explain::{Explanation, Removal, RuleExplanation};
pub use guides::{GuideSetting, Guides};
