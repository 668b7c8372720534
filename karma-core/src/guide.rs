//! Guides: what an organisation asks of a team, step by step (MOISE+MARL, arXiv 2503.23615).
//!
//! A *role action guide* maps the history to the actions that fit an agent's role, a *role reward guide* prices
//! those that do not, a *goal reward guide* pays for what a goal asks. All three are functions of the whole history,
//! so the seam is a machine that remembers what it must of it: [`Guide::begin`] and then one [`Guide::advance`] for
//! each step. How strictly a guide binds is its [`Hardness`] ch: with probability ch an agent chooses among the
//! actions of its guide, otherwise among all ([`Guided::bind`]).

use std::fmt;
use std::sync::Arc;

use rand_xoshiro::rand_core::Rng as _;
use serde::{Deserialize, Serialize};

use crate::{Action, ActionMask, ActionSpace, JointAction, PerAgent, SeedTree, State, StreamRng};

/// How strictly a role's guide binds: 0 soft (reward only) to 1 hard (masked).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Hardness(f32);

impl Hardness {
    /// Every action outside the guide is masked.
    pub const HARD: Self = Self(1.0);
    /// No action is masked.
    pub const SOFT: Self = Self(0.0);

    /// A hardness in [0, 1]; `None` outside.
    pub fn new(value: f32) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The number.
    pub const fn get(self) -> f32 {
        self.0
    }

    /// Whether the guide binds this time. Certainty takes no number from `rng`.
    fn binds(self, rng: &mut StreamRng) -> bool {
        self.0 >= 1.0 || (self.0 > 0.0 && unit(rng) < f64::from(self.0))
    }
}

/// A uniform number in [0, 1) of 53 bits.
fn unit(rng: &mut StreamRng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A number that is no hardness.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("a hardness lies in [0, 1], 0 soft and 1 hard; it is {0}")]
pub struct HardnessError(pub f32);

impl TryFrom<f32> for Hardness {
    type Error = HardnessError;

    fn try_from(value: f32) -> Result<Self, HardnessError> {
        Self::new(value).ok_or(HardnessError(value))
    }
}

impl From<Hardness> for f32 {
    fn from(hardness: Hardness) -> Self {
        hardness.0
    }
}

/// One agent's action guide at one moment: the actions inside it and how strictly it binds.
#[derive(Clone, Debug, PartialEq)]
pub struct Guided {
    /// Actions inside the guide; never empty.
    pub mask: ActionMask,
    /// Probability with which the mask is enforced.
    pub hardness: Hardness,
}

/// A mask that an agent acts under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The actions that may be taken; never empty if the legal ones were not.
    pub mask: ActionMask,
    /// Whether the guide left nothing of what was legal, so that something else had to stay.
    pub relented: bool,
}

impl Guided {
    /// The actions of `legal` among which an agent chooses this time: with probability *ch* those inside the guide,
    /// otherwise all. Where guide and `legal` have nothing in common, the legal no-ops stay, or all of `legal` if it
    /// has no no-op. Takes one number from `rng` if 0 < ch < 1, none otherwise.
    ///
    /// ```
    /// use karma_core::{Action, ActionMask, ActionSpace, Guided, Hardness, SeedTree};
    ///
    /// let space = ActionSpace::Discrete { actions: 3 };
    /// let guide = Guided { mask: ActionMask::from_fn(space, |action| action.0 == 2), hardness: Hardness::HARD };
    /// let bound = guide.bind(&ActionMask::all(space), space, &mut SeedTree::new(1).rng());
    /// assert_eq!(bound.mask.legal().collect::<Vec<_>>(), [Action(2)]);
    /// ```
    pub fn bind(&self, legal: &ActionMask, space: ActionSpace, rng: &mut StreamRng) -> Bound {
        if !self.hardness.binds(rng) {
            return Bound { mask: legal.clone(), relented: false };
        }
        let mask = legal.intersection(&self.mask);
        if mask.legal_count() > 0 {
            return Bound { mask, relented: false };
        }
        let hold = ActionMask::from_fn(space, |action| space.is_no_op(action) && legal.allows(action));
        let mask = if hold.legal_count() > 0 { hold } else { legal.clone() };
        Bound { mask, relented: true }
    }
}

/// What an organisation asks of a team at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Guidance {
    /// What each agent may do next.
    pub allowed: PerAgent<Guided>,
    /// What is added to each agent's reward for the step just taken.
    pub shaping: PerAgent<f32>,
}

/// The guides of a team over an episode: they restrict what comes next and shape the reward of what was done.
#[doc(alias = "RAG")]
#[doc(alias = "RRG")]
#[doc(alias = "GRG")]
pub trait Guide: Send + Sync {
    /// Forgets the past: an episode begins in `state`. Nothing was done yet, so all shaping is 0.
    fn begin(&mut self, state: &State) -> Guidance;

    /// Takes note of a joint action and of the state that it led to.
    fn advance(&mut self, joint: &JointAction, next: &State) -> Guidance;
}

/// Makes the guides of a team anew, for each environment or episode.
#[derive(Clone)]
pub struct GuideFactory(Arc<dyn Fn() -> Box<dyn Guide> + Send + Sync>);

impl GuideFactory {
    /// A factory that asks `make`.
    pub fn new(make: impl Fn() -> Box<dyn Guide> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// Guides that remember nothing yet.
    pub fn make(&self) -> Box<dyn Guide> {
        (self.0)()
    }
}

impl fmt::Debug for GuideFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuideFactory").finish_non_exhaustive()
    }
}

/// The guides of the episode under way, what they ask now, and the stream that says whether they bind.
pub struct RunningGuide {
    guide: Box<dyn Guide>,
    asks: Guidance,
    rng: StreamRng,
}

impl RunningGuide {
    /// Guides of `factory` at the beginning of the episode of `seed`.
    pub fn begin(factory: &GuideFactory, state: &State, seed: u64) -> Self {
        let mut guide = factory.make();
        let asks = guide.begin(state);
        Self { guide, asks, rng: SeedTree::new(seed).child("guide").rng() }
    }

    /// Takes note of a joint action and of the state that it led to.
    pub fn advance(&mut self, joint: &JointAction, next: &State) {
        self.asks = self.guide.advance(joint, next);
    }

    /// Adds to each agent's reward what the guides add for the step just taken.
    pub fn shape(&self, rewards: &mut PerAgent<f32>) {
        rewards.iter_mut().zip(&self.asks.shaping).for_each(|(reward, shaping)| *reward += shaping);
    }

    /// What of the legal actions each agent may take next; draws whether each guide binds.
    pub fn restrict(&mut self, legal: &ActionMask, space: ActionSpace) -> PerAgent<ActionMask> {
        let rng = &mut self.rng;
        self.asks.allowed.iter().map(|asked| asked.bind(legal, space, rng).mask).collect()
    }
}

impl fmt::Debug for RunningGuide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningGuide").field("asks", &self.asks).finish_non_exhaustive()
    }
}

/// How a team kept to its guides over an episode.
///
/// *Alignment* is the share of executed actions inside the guides. A guide that asks for nothing but the no-op is
/// easy to follow, so the steps whose guide leaves a real choice are counted apart as *informative*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conduct {
    /// Actions taken: one for each agent and decision, or round of it where a decision has several.
    pub actions: u64,
    /// Those inside the guide.
    pub aligned: u64,
    /// Actions taken while the guide held more than no-ops.
    pub informative: u64,
    /// Those of them inside the guide.
    pub informative_aligned: u64,
    /// Times that a guide left nothing that was legal, so that the no-op had to stay.
    pub relented: u64,
    /// Times that two agents pulled one service in opposite directions.
    pub conflicts: u64,
}

impl Conduct {
    /// Counts a joint action under its guides.
    pub fn count_joint(&mut self, guidance: &Guidance, space: ActionSpace, joint: &JointAction) {
        for (guided, action) in guidance.allowed.iter().zip(joint) {
            self.count(guided, space, *action);
        }
    }

    /// Counts one action under its guide.
    pub fn count(&mut self, guided: &Guided, space: ActionSpace, action: Action) {
        let aligned = u64::from(guided.mask.allows(action));
        let informative = u64::from(guided.mask.legal().any(|action| !space.is_no_op(action)));
        self.actions += 1;
        self.aligned += aligned;
        self.informative += informative;
        self.informative_aligned += informative * aligned;
    }

    /// Share of actions inside the guides; `None` without actions.
    pub fn alignment(&self) -> Option<f64> {
        (self.actions > 0).then(|| self.aligned as f64 / self.actions as f64)
    }

    /// Share of informative actions inside the guides; `None` without any.
    pub fn informative_alignment(&self) -> Option<f64> {
        (self.informative > 0).then(|| self.informative_aligned as f64 / self.informative as f64)
    }
}

impl std::ops::AddAssign for Conduct {
    fn add_assign(&mut self, other: Self) {
        self.actions += other.actions;
        self.aligned += other.aligned;
        self.informative += other.informative;
        self.informative_aligned += other.informative_aligned;
        self.relented += other.relented;
        self.conflicts += other.conflicts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: ActionSpace = ActionSpace::Defender { services: 1, alpha: 1 };

    fn mask(actions: &[u32]) -> ActionMask {
        ActionMask::from_fn(SPACE, |action| actions.contains(&action.0))
    }

    fn guided(actions: &[u32], hardness: f32) -> Guided {
        Guided { mask: mask(actions), hardness: Hardness::new(hardness).unwrap() }
    }

    #[test]
    fn hard_guides_always_bind_and_soft_ones_never() {
        let mut rng = SeedTree::new(1).rng();
        let untouched = rng.clone();
        for _ in 0..100 {
            assert_eq!(guided(&[2], 1.0).bind(&mask(&[0, 1, 2]), SPACE, &mut rng).mask, mask(&[2]));
            assert_eq!(guided(&[2], 0.0).bind(&mask(&[0, 1]), SPACE, &mut rng).mask, mask(&[0, 1]));
        }
        assert_eq!(rng, untouched, "certainty draws nothing");
    }

    #[test]
    fn in_between_a_guide_binds_with_the_probability_of_its_hardness() {
        let mut rng = SeedTree::new(7).rng();
        for hardness in [0.1f32, 0.5, 0.9] {
            let draws = 20_000u32;
            let bound = (0..draws)
                .filter(|_| {
                    guided(&[2], hardness).bind(&mask(&[0, 1, 2]), SPACE, &mut rng).mask == mask(&[2])
                })
                .count() as f64;
            let (p, n) = (f64::from(hardness), f64::from(draws));
            let error = (bound / n - p).abs() / (p * (1.0 - p) / n).sqrt();
            assert!(error < 4.0, "{bound} of {draws} at {hardness}: {error} standard errors");
        }
    }

    #[test]
    fn where_a_guide_leaves_nothing_the_no_op_stays_and_is_told() {
        let mut rng = SeedTree::new(1).rng();
        let bound = guided(&[2], 1.0).bind(&mask(&[0, 1]), SPACE, &mut rng);
        assert_eq!(bound, Bound { mask: mask(&[1]), relented: true });
        let stuck = guided(&[2], 1.0).bind(&mask(&[0]), SPACE, &mut rng);
        assert_eq!(stuck, Bound { mask: mask(&[0]), relented: true });
    }

    #[test]
    fn alignment_tells_informative_steps_apart() {
        let mut conduct = Conduct::default();
        assert_eq!(conduct.alignment(), None);
        conduct.count(&guided(&[1], 1.0), SPACE, Action(1));
        conduct.count(&guided(&[1, 2], 1.0), SPACE, Action(0));
        assert_eq!((conduct.alignment(), conduct.informative_alignment()), (Some(0.5), Some(0.0)));
    }

    #[test]
    fn a_hardness_outside_of_its_range_is_refused_with_the_range() {
        assert_eq!(serde_json::from_str::<Hardness>("0.5").unwrap().get(), 0.5);
        let refused = serde_json::from_str::<Hardness>("1.5").unwrap_err().to_string();
        assert!(refused.contains("in [0, 1]") && refused.contains("1.5"), "{refused}");
    }
}
