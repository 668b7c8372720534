//! Which agents depend on each other, in which window of time: relations with their statistics.
//!
//! # What it solves
//! The paper draws a graph of *acquaintance* (the same observations and rewards), *communication* (synchronised actions)
//! and *authority* (one acts upon the other's action) between agents, and gives no formula (its section III.D). Here a
//! relation is a dependence that a test finds, at a stated rate of error over all tests together.
//!
//! # What is measured
//! *Transfer entropy* (Schreiber, *Measuring Information Transfer*, Physical Review Letters 85, 2000) for each delay, and
//! its counterpart for the same step, given what the agents did before and the context C:
//!
//! ```text
//! lagged i → j:      max over lags l = 1..=L of  I(A_i(t−l); A_j(t) | A_j(t−1), C(t))
//! synchronous i, j:  I(A_i(t); A_j(t) | A_i(t−1), A_j(t−1), C(t))
//! ```
//!
//! in bits, from counts. The synchronous one is given *both* pasts, since an agent that keeps to what it does would else
//! seem to act together with whoever follows it.
//!
//! # The null
//! Counting overstates information, the more so the more symbols there are. So the same is computed for arrangements in
//! which agent i's series cannot have to do with j's: whole series of i are exchanged among episodes. The course of a
//! series, its autocorrelation and whatever all episodes have in common by the clock stay as they are.
//!
//! - Episodes are exchanged among those with the same context at every step. This is exact, if given the contexts the
//!   episodes are exchangeable.
//! - If a context series has fewer than 8 episodes of its kind, among those of the same length. The arrangements then
//!   lose i's tie to the context, which the measure is given anyway: what is lost is power, as more cells are filled at
//!   random; the level held in simulations (see the tests).
//! - If a length has fewer than 8 episodes, each series of i is turned round within its episode by a random number of
//!   steps. This takes the episode for stationary: a common course would be taken for a relation.
//!
//! p = (1 + arrangements with at least as much) / (1 + arrangements); all lags use the same arrangements, so the choice of
//! the best lag is accounted for. The `bits` of a relation are what was measured minus the mean over the arrangements.
//! Tests of all pairs and windows are corrected together ([`Correction`]). A window holds the steps at which j acts; what
//! was done before may lie before the window, never before the episode.
//!
//! **What it does not protect from.** A common cause that differs between episodes and is not in the context makes a
//! relation of two agents that never heard of each other. A chain i → k → j gives i → j as well: pairs are looked at
//! alone. A past longer than one step of j may be mistaken for i's doing. And a dependence is not yet a command.
//!
//! # From dependence to links of MOISE
//! | [`Tie`] from i to j | if |
//! |---|---|
//! | authority | lagged i → j is significant, and lagged j → i shows nothing: not even its own p-value is below α |
//! | communication | both lagged are significant, or the synchronous one is, and it is no authority |
//! | acquaintance | lagged i → j is significant, but whether j → i is too stays in doubt, and nothing is synchronous |
//!
//! The paper's softer sense of acquaintance is reported as plain numbers: [`shared_fields`], [`reward_correlation`].
//!
//! # Cost
//! windows × pairs × lags × arrangements × steps. Tables are dense and used again; memory is the product of the symbols.
//!
//! ```
//! use karma_analyze::relations::{Deeds, RelationsParams, Tie, infer};
//! use karma_core::{AgentId, Id, SeedTree, draw::below};
//!
//! // Agent 1 repeats what agent 0 did two steps before; agent 0 throws a die.
//! let mut rng = SeedTree::new(5).rng();
//! let mut deeds = Deeds::new(2);
//! for _ in 0..20 {
//!     let die: Vec<u32> = (0..32).map(|_| below(&mut rng, 6) as u32).collect();
//!     deeds.push(&[&die[2..], &die[..30]], None)?;
//! }
//! let relations = infer(&deeds, &RelationsParams { permutations: 199, ..Default::default() }.check()?)?;
//! let [link] = &relations.links[..] else { panic!("one link") };
//! assert_eq!((link.from, link.to), (AgentId::from_index(0), AgentId::from_index(1)));
//! assert_eq!((link.tie, link.lag), (Tie::Authority, 2));
//! assert!(link.bits > 2.0 && link.bits < 2.6, "near log2(6) = 2.58 bits: {}", link.bits);
//! assert_eq!(relations.roots(0), [link.from]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod correction;
mod counts;
mod deeds;
mod dependence;
mod infer;
mod links;
mod null;
mod params;
mod shared;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

pub use correction::Correction;
pub use deeds::{Deeds, DeedsError};
pub use infer::{RelationsError, infer};
pub use links::{Relation, Relations, Test, Tie, Window};
pub use params::{RelationsConfig, RelationsParams, RelationsParamsError};
pub use shared::{reward_correlation, shared_fields};
