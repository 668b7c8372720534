//! What a batch has computed.

use std::sync::Arc;

use karma_core::{Action, ActionMask, AgentId, Guidance, Guided, Hardness, Id as _, PerAgent};

use super::GuideBatch;
use crate::guide::Guides;
use crate::guide::action_set::{bits, place, words_of};

impl GuideBatch {
    /// The guides.
    pub const fn guides(&self) -> &Arc<Guides> {
        &self.guides
    }

    /// Number of environments.
    pub const fn environments(&self) -> usize {
        self.environments
    }

    /// Whether an action is inside the guide of an agent; an action that does not exist is not.
    ///
    /// # Panics
    /// If there is no such environment or agent.
    pub fn allows(&self, environment: usize, agent: AgentId, action: Action) -> bool {
        let (word, bit) = place(action);
        (action.0 as usize) < self.guides.space.len() && self.word(environment, agent, word) & bit != 0
    }

    /// The actions inside the guide of an agent, in order; never none.
    ///
    /// # Panics
    /// If there is no such environment or agent.
    pub fn allowed(&self, environment: usize, agent: AgentId) -> impl Iterator<Item = Action> + '_ {
        let words = 0..words_of(self.guides.space);
        words.flat_map(move |word| bits(word, self.word(environment, agent, word)))
    }

    /// The actions inside the guide of an agent, as a mask of its own.
    ///
    /// # Panics
    /// If there is no such environment or agent.
    pub fn mask(&self, environment: usize, agent: AgentId) -> ActionMask {
        ActionMask::from_fn(self.guides.space, |action| self.allows(environment, agent, action))
    }

    /// Writes the masks of one agent in all environments, in the order `[environment][action]`.
    ///
    /// # Panics
    /// If there is no such agent, or `flags` does not hold environments × actions.
    pub fn write_masks(&self, agent: AgentId, flags: &mut [bool]) {
        let actions = self.guides.space.len();
        assert_eq!(flags.len(), self.environments * actions, "one flag for each environment and action");
        for (environment, flags) in flags.chunks_exact_mut(actions.max(1)).enumerate() {
            for (word, flags) in flags.chunks_mut(super::super::action_set::BITS as usize).enumerate() {
                let bits = self.word(environment, agent, word);
                flags.iter_mut().enumerate().for_each(|(bit, flag)| *flag = bits >> bit & 1 == 1);
            }
        }
    }

    /// Hardness of an agent's guide.
    ///
    /// # Panics
    /// If there is no such environment or agent.
    pub fn hardness(&self, environment: usize, agent: AgentId) -> Hardness {
        Hardness::new(self.hardness_of(agent)[environment]).unwrap_or(Hardness::SOFT)
    }

    /// Hardness of an agent's guide in all environments.
    ///
    /// # Panics
    /// If there is no such agent.
    pub fn hardness_of(&self, agent: AgentId) -> &[f32] {
        &self.hardness[agent.index() * self.environments..][..self.environments]
    }

    /// What is added to an agent's reward in all environments; always finite.
    ///
    /// # Panics
    /// If there is no such agent.
    pub fn shaping_of(&self, agent: AgentId) -> &[f32] {
        &self.shaping[agent.index() * self.environments..][..self.environments]
    }

    /// What was computed for one environment.
    ///
    /// # Panics
    /// If there is no such environment.
    pub fn guidance(&self, environment: usize) -> Guidance {
        let guided = |agent| Guided {
            mask: self.mask(environment, agent),
            hardness: self.hardness(environment, agent),
        };
        let agents = || self.guides.team.ids();
        Guidance {
            allowed: agents().map(guided).collect(),
            shaping: agents().map(|agent| self.shaping_of(agent)[environment]).collect(),
        }
    }

    /// How often the rules of each agent left nothing, so that the no-ops had to stay.
    pub const fn empty_masks(&self) -> &PerAgent<u64> {
        &self.empty_masks
    }

    /// Whether each pattern matches at the last step, in the order `[agent][pattern][environment]`.
    pub(in crate::guide) fn matches(&self) -> &[bool] {
        self.past.matches()
    }

    /// A word of an agent's mask.
    fn word(&self, environment: usize, agent: AgentId, word: usize) -> u32 {
        let words = words_of(self.guides.space);
        self.masks[(agent.index() * words + word) * self.environments + environment]
    }
}
