//! What agents did, step by step: the input of the inference.

use karma_core::{Id as _, PerAgent};

/// Why an episode was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeedsError {
    /// Not one series for each agent.
    #[error("the episode has {found} series; there are {agents} agents")]
    Agents {
        /// Series.
        found: usize,
        /// Agents.
        agents: usize,
    },
    /// A series, or the context, is longer or shorter than the first series.
    #[error("a series of the episode has {found} steps; the first has {steps}")]
    Steps {
        /// Steps of the one.
        found: usize,
        /// Steps of the first.
        steps: usize,
    },
}

/// For each episode, what each agent did at each step, as symbols of any numbering, and in which context.
///
/// A *context* is one more series of symbols that all agents share, such as the level of the load: what it explains
/// counts as no relation. Episodes without one all have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deeds {
    /// All series of an agent, one after another.
    series: PerAgent<Vec<u32>>,
    context: Vec<u32>,
    /// Where each episode begins, and the end of the last.
    bounds: Vec<usize>,
}

impl Deeds {
    /// No episodes yet, of so many agents.
    pub fn new(agents: usize) -> Self {
        Self { series: vec![Vec::new(); agents].into(), context: Vec::new(), bounds: vec![0] }
    }

    /// Adds an episode.
    ///
    /// # Errors
    /// If it lacks an agent or series differ in length; nothing is added then.
    pub fn push<S: AsRef<[u32]>>(&mut self, series: &[S], context: Option<&[u32]>) -> Result<(), DeedsError> {
        let (found, agents) = (series.len(), self.agents());
        if found != agents {
            return Err(DeedsError::Agents { found, agents });
        }
        let steps = series.first().map_or(0, |first| first.as_ref().len());
        let lengths = series.iter().map(AsRef::as_ref).chain(context).map(<[u32]>::len);
        if let Some(found) = lengths.into_iter().find(|length| *length != steps) {
            return Err(DeedsError::Steps { found, steps });
        }
        for (all, new) in self.series.iter_mut().zip(series) {
            all.extend_from_slice(new.as_ref());
        }
        match context {
            Some(context) => self.context.extend_from_slice(context),
            None => self.context.resize(self.context.len() + steps, 0),
        }
        self.bounds.push(self.context.len());
        Ok(())
    }

    /// Number of agents.
    pub fn agents(&self) -> usize {
        self.series.len()
    }

    /// Number of episodes.
    pub const fn episodes(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Steps of the longest episode.
    pub fn longest(&self) -> usize {
        self.ranges().map(|range| range.len()).max().unwrap_or(0)
    }

    /// Where each episode stands in a series.
    pub(super) fn ranges(&self) -> impl ExactSizeIterator<Item = std::ops::Range<usize>> {
        self.bounds.windows(2).map(|bounds| bounds[0]..bounds[1])
    }

    /// All deeds of an agent, numbered from 0 without gaps.
    pub(super) fn of(&self, agent: usize) -> Symbols {
        Symbols::of(&self.series[karma_core::AgentId::from_index(agent)])
    }

    /// The context of all steps, numbered from 0 without gaps.
    pub(super) fn context(&self) -> Symbols {
        Symbols::of(&self.context)
    }
}

/// Symbols numbered from 0 without gaps, in the order of their old numbers, so that tables are as small as can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symbols {
    /// The new number at each place.
    pub codes: Vec<u32>,
    /// How many different ones there are, at least 1.
    pub count: usize,
}

impl Symbols {
    fn of(raw: &[u32]) -> Self {
        let mut known = raw.to_vec();
        known.sort_unstable();
        known.dedup();
        let code =
            |symbol: &u32| u32::try_from(known.partition_point(|other| other < symbol)).unwrap_or(u32::MAX);
        Self { codes: raw.iter().map(code).collect(), count: known.len().max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_renumbered_without_gaps() {
        assert_eq!(Symbols::of(&[70, 3, 70, 9]), Symbols { codes: vec![2, 0, 2, 1], count: 3 });
        assert_eq!(Symbols::of(&[]).count, 1);
    }

    #[test]
    fn an_episode_that_lacks_something_is_refused_whole() {
        let mut deeds = Deeds::new(2);
        deeds.push(&[[0, 1], [1, 0]], Some(&[5, 6])).unwrap();
        assert_eq!(deeds.push(&[[0, 1]], None), Err(DeedsError::Agents { found: 1, agents: 2 }));
        assert_eq!(deeds.push(&[vec![0], vec![0, 1]], None), Err(DeedsError::Steps { found: 2, steps: 1 }));
        assert_eq!(deeds.push(&[[0], [0]], Some(&[])), Err(DeedsError::Steps { found: 0, steps: 1 }));
        assert_eq!((deeds.episodes(), deeds.longest(), deeds.context().count), (1, 2, 2));
    }
}
