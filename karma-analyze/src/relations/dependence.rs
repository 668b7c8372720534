//! The dependence of one pair in one window, with its permutation test.

use std::ops::{Range, RangeInclusive};

use karma_core::StreamRng;

use super::Deeds;
use super::counts::{Counter, Dimensions};
use super::deeds::Symbols;
use super::null::Null;

/// Deeds as the counting wants them.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) agents: Vec<Symbols>,
    context: Symbols,
    episodes: Vec<Range<usize>>,
    null: Null,
}

/// What is asked of a pair.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// Whose series is rearranged.
    pub from: usize,
    /// Whose series is explained.
    pub to: usize,
    /// Steps of an episode.
    pub window: Range<usize>,
    /// The lags; `0..=0` is the synchronous question.
    pub lags: RangeInclusive<usize>,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dependence {
    /// The lag with most information.
    pub lag: usize,
    /// Information beyond the mean of the arrangements; not below 0.
    pub bits: f64,
    /// Probability of as much under the null.
    pub p_value: f64,
}

/// A series, a counter that fits it, and the codes of the other side.
struct Sides {
    sources: Vec<u32>,
    targets: Vec<u32>,
    counter: Counter,
}

impl Prepared {
    pub(super) fn of(deeds: &Deeds) -> Self {
        Self {
            agents: (0..deeds.agents()).map(|agent| deeds.of(agent)).collect(),
            context: deeds.context(),
            episodes: deeds.ranges().collect(),
            null: Null::of(deeds),
        }
    }

    /// Tests a pair; `None` if its symbols are too many to count.
    pub(super) fn test(
        &self,
        asked: &Question,
        arrangements: usize,
        rng: &mut StreamRng,
    ) -> Option<Dependence> {
        let mut sides = self.sides(asked)?;
        let series = sides.sources.clone();
        let first = *asked.lags.start();
        let lags = asked.lags.clone().count();
        let (mut observed, mut null_bits, mut null_sums) =
            (vec![0.0; lags], vec![0.0; lags], vec![0.0; lags]);
        self.measure(asked, &mut sides, &mut observed);
        let most = largest(&observed);
        let mut null = self.null.clone();
        let mut as_large = 0_usize;
        for _ in 0..arrangements {
            null.arrange(&series, &mut sides.sources, rng);
            self.measure(asked, &mut sides, &mut null_bits);
            as_large += usize::from(null_bits[largest(&null_bits)] >= observed[most]);
            null_sums.iter_mut().zip(&null_bits).for_each(|(sum, bits)| *sum += bits);
        }
        let bits = (observed[most] - null_sums[most] / arrangements.max(1) as f64).max(0.0);
        Some(Dependence {
            lag: first + most,
            bits,
            p_value: (1 + as_large) as f64 / (1 + arrangements) as f64,
        })
    }

    /// Information at each lag.
    fn measure(&self, asked: &Question, sides: &mut Sides, bits: &mut [f64]) {
        for (lag, bits) in asked.lags.clone().zip(bits) {
            for episode in &self.episodes {
                let begin = episode.start + asked.window.start.max(lag).max(1);
                let end = episode.end.min(episode.start + asked.window.end);
                if begin < end {
                    sides.counter.count(&sides.targets[begin..end], &sides.sources[begin - lag..end - lag]);
                }
            }
            *bits = sides.counter.drain();
        }
    }

    fn sides(&self, asked: &Question) -> Option<Sides> {
        let (from, to) = (&self.agents[asked.from], &self.agents[asked.to]);
        let synchronous = *asked.lags.end() == 0;
        let p = if synchronous { from.count } else { 1 };
        let z = to.count.checked_mul(self.context.count)?;
        let dimensions = Dimensions { x: from.count, p, y: to.count, z };
        let counter = Counter::new(dimensions, from.codes.len())?;
        let sources = if synchronous { self.with_past(from, from.count) } else { from.codes.clone() };
        let width = number(p * from.count);
        let context = self.context.codes.iter().map(|code| code * number(to.count * to.count) * width);
        let own = self.with_past(to, to.count).into_iter().map(|code| code * width);
        Some(Sides {
            sources,
            targets: own.zip(context).map(|(own, context)| own + context).collect(),
            counter,
        })
    }

    /// Each step with the one before, `before · count + now`. Before the first comes the last: it is never counted where
    /// it stands, but an episode that is turned round has to join somewhere.
    fn with_past(&self, symbols: &Symbols, count: usize) -> Vec<u32> {
        let mut paired = symbols.codes.clone();
        for episode in self.episodes.iter().filter(|episode| !episode.is_empty()) {
            let mut before = symbols.codes[episode.end - 1];
            for code in &mut paired[episode.clone()] {
                let now = *code;
                *code += std::mem::replace(&mut before, now) * number(count);
            }
        }
        paired
    }
}

/// A factor of the number of cells, which the counter has found to be small.
fn number(factor: usize) -> u32 {
    u32::try_from(factor).unwrap_or(u32::MAX)
}

/// Where the largest number stands; the first of equals.
fn largest(numbers: &[f64]) -> usize {
    (1..numbers.len()).fold(0, |best, at| if numbers[at] > numbers[best] { at } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_paired_with_the_one_before_in_its_episode() {
        let mut deeds = Deeds::new(1);
        deeds.push(&[[0, 1, 2]], None).unwrap();
        deeds.push(&[[2, 0]], None).unwrap();
        let prepared = Prepared::of(&deeds);
        assert_eq!(prepared.with_past(&prepared.agents[0], 3), [6, 1, 5, 2, 6]);
    }

    #[test]
    fn the_first_of_equals_is_the_largest() {
        assert_eq!(largest(&[0.5, 0.7, 0.7]), 1);
    }
}
