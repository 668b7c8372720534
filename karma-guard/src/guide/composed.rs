//! Two guides as one.

use std::fmt;

use karma_core::{
    ActionMask, ActionSpace, Guidance, Guide, GuideFactory, Guided, Hardness, JointAction, State,
};

/// What both of two guides ask: an agent may do what both allow, and is rewarded with the sum of what they add.
///
/// Where they have nothing in common, the no-ops of the first stay, or all that it allows if it has none: so the first
/// has the last word. One [`Guided`] has one hardness, which is the higher of the two: beside a hard guide, what the
/// other asks softly is asked hard, too. Only a guide that never binds (hardness 0) leaves the mask to the other.
pub struct Composed {
    first: Box<dyn Guide>,
    second: Box<dyn Guide>,
    space: ActionSpace,
}

impl Composed {
    /// `first`, and `second` within what it allows, over the actions of `space`.
    pub fn new(first: Box<dyn Guide>, second: Box<dyn Guide>, space: ActionSpace) -> Self {
        Self { first, second, space }
    }

    /// Makes such guides of what both make.
    pub fn factory(first: GuideFactory, second: GuideFactory, space: ActionSpace) -> GuideFactory {
        GuideFactory::new(move || Box::new(Self::new(first.make(), second.make(), space)))
    }

    fn both(&self, first: &Guidance, second: &Guidance) -> Guidance {
        let allowed = first.allowed.iter().zip(&second.allowed);
        let shaping = first.shaping.iter().zip(&second.shaping);
        Guidance {
            allowed: allowed.map(|(first, second)| self.within(first, second)).collect(),
            shaping: shaping.map(|(first, second)| first + second).collect(),
        }
    }

    fn within(&self, first: &Guided, second: &Guided) -> Guided {
        if second.hardness == Hardness::SOFT {
            return first.clone();
        }
        if first.hardness == Hardness::SOFT {
            return second.clone();
        }
        let hardness = if first.hardness > second.hardness { first.hardness } else { second.hardness };
        let no_op = |action| self.space.is_no_op(action) && first.mask.allows(action);
        let candidates = [first.mask.intersection(&second.mask), ActionMask::from_fn(self.space, no_op)];
        let mask = candidates.into_iter().find(|mask| mask.legal_count() > 0);
        Guided { mask: mask.unwrap_or_else(|| first.mask.clone()), hardness }
    }
}

impl Guide for Composed {
    fn begin(&mut self, state: &State) -> Guidance {
        let (first, second) = (self.first.begin(state), self.second.begin(state));
        self.both(&first, &second)
    }

    fn advance(&mut self, joint: &JointAction, next: &State) -> Guidance {
        let (first, second) = (self.first.advance(joint, next), self.second.advance(joint, next));
        self.both(&first, &second)
    }
}

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composed").field("space", &self.space).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use karma_core::{Action, PerAgent};

    use super::*;
    use crate::testing::calm;

    /// One service, changes of −1, 0 and +1.
    const SPACE: ActionSpace = ActionSpace::Defender { services: 1, alpha: 1 };

    /// Allows some actions and adds something, for one agent.
    #[derive(Clone)]
    struct Asks(&'static [u32], f32, f32);

    impl Guide for Asks {
        fn begin(&mut self, _state: &State) -> Guidance {
            let mask = ActionMask::from_fn(SPACE, |action| self.0.contains(&action.0));
            let guided = Guided { mask, hardness: Hardness::new(self.1).unwrap() };
            Guidance { allowed: vec![guided].into(), shaping: vec![0.0].into() }
        }

        fn advance(&mut self, _joint: &JointAction, next: &State) -> Guidance {
            Guidance { shaping: vec![self.2].into(), ..self.begin(next) }
        }
    }

    /// What is allowed and added after a step.
    fn composed(first: Asks, second: Asks) -> (Vec<u32>, f32, f32) {
        let mut both = Composed::new(Box::new(first), Box::new(second), SPACE);
        let states = [calm(0.0, [1, 2], 1.0), calm(15.0, [1, 2], 1.0)];
        let joint: JointAction = PerAgent::filled(Action(1), 1);
        karma_core::testing::guide(&mut both, SPACE, &states, std::slice::from_ref(&joint));
        let guidance = both.advance(&joint, &states[1]);
        let guided = &guidance.allowed.as_slice()[0];
        let actions = guided.mask.legal().map(|action| action.0).collect();
        (actions, guided.hardness.get(), guidance.shaping.as_slice()[0])
    }

    #[test]
    fn masks_intersect_and_shaping_adds() {
        assert_eq!(composed(Asks(&[0, 1], 1.0, 0.5), Asks(&[1, 2], 1.0, -0.25)), (vec![1], 1.0, 0.25));
        assert_eq!(composed(Asks(&[0, 1], 1.0, 0.0), Asks(&[0, 2], 0.5, 0.0)), (vec![0], 1.0, 0.0));
    }

    #[test]
    fn where_nothing_is_common_the_no_op_of_the_first_stays_or_else_all_of_it() {
        assert_eq!(composed(Asks(&[0, 1], 1.0, 0.0), Asks(&[2], 1.0, 0.0)).0, [1]);
        assert_eq!(composed(Asks(&[0], 1.0, 0.0), Asks(&[1, 2], 1.0, 0.0)).0, [0]);
    }

    #[test]
    fn a_guide_that_never_binds_leaves_the_mask_to_the_other() {
        assert_eq!(composed(Asks(&[0, 1], 1.0, 0.0), Asks(&[2], 0.0, 1.0)), (vec![0, 1], 1.0, 1.0));
        assert_eq!(composed(Asks(&[0], 0.0, 0.0), Asks(&[1, 2], 0.25, 0.0)), (vec![1, 2], 0.25, 0.0));
    }
}
