//! What is made of the figures of several contestants at once, such as how far one is from a front of others.

use karma_core::StreamRng;
use karma_core::draw::below;

use super::{Bootstrap, Crossed, Estimate, ScoresError, Statistic};

/// An estimate that not every resample has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// The value, between the outer quantiles of those resamples that have one.
    pub estimate: Estimate,
    /// Share of the resamples that have one.
    pub defined: f64,
}

impl Bootstrap {
    /// What `combine` makes of the statistics of all contestants, each with an interval over both trainings and episodes.
    ///
    /// A contestant has one table for each measure; `combine` is given the statistics by contestant and measure, and says what there is to
    /// be said, always the same number of things; `None` is what cannot be said there, and has no estimate if it cannot be said of the
    /// scores themselves.
    ///
    /// Each resample draws the episodes of each stratum once, the same for everybody, for all played the same, and the runs of each
    /// contestant by itself, the same for all of its measures ([`Bootstrap::estimate_crossed`] is this for a single table).
    ///
    /// Cost: resamples × contestants × measures × n log n.
    ///
    /// # Errors
    /// If the tables are not all of the same episodes, or those of a contestant not of the same runs.
    pub fn estimate_jointly(
        &self,
        contestants: &[Vec<Crossed>],
        statistic: Statistic,
        combine: impl Fn(&[Vec<f64>]) -> Vec<Option<f64>>,
        rng: &mut StreamRng,
    ) -> Result<Vec<Option<Joint>>, ScoresError> {
        let Some(first) = contestants.iter().flatten().next() else { return Ok(Vec::new()) };
        let sizes = first.sizes();
        for contestant in contestants {
            let runs = contestant.first().map_or(0, Crossed::runs);
            if let Some(other) = contestant.iter().find(|one| one.sizes() != sizes || one.runs() != runs) {
                return Err(ScoresError::Unpaired { left: sizes, right: other.sizes() });
            }
        }
        let mut pooled = Vec::new();
        let mut of = |episodes: &[Vec<usize>], runs: &mut dyn FnMut(usize) -> Vec<usize>| {
            let mut statistics = Vec::with_capacity(contestants.len());
            for contestant in contestants {
                let runs = runs(contestant.first().map_or(0, Crossed::runs));
                let measure = |table: &Crossed| {
                    table.drawn(episodes, &runs, &mut pooled);
                    statistic.of(&mut pooled)
                };
                statistics.push(contestant.iter().map(measure).collect());
            }
            combine(&statistics)
        };
        let every = |size: usize| (0..size).collect::<Vec<usize>>();
        let all: Vec<Vec<usize>> = sizes.iter().map(|size| every(*size)).collect();
        let values = of(&all, &mut |runs| every(runs));
        let mut drawn: Vec<Vec<f64>> = vec![Vec::new(); values.len()];
        for _ in 0..self.params().resamples {
            let episodes: Vec<Vec<usize>> = sizes.iter().map(|size| draw(*size, rng)).collect();
            let made = of(&episodes, &mut |runs| draw(runs, rng));
            drawn.iter_mut().zip(made).for_each(|(drawn, made)| drawn.extend(made));
        }
        let resamples = self.params().resamples as f64;
        let joint = |(value, drawn): (Option<f64>, Vec<f64>)| {
            let value = value.filter(|_| !drawn.is_empty())?;
            Some(Joint { defined: drawn.len() as f64 / resamples, estimate: self.interval(value, drawn) })
        };
        Ok(values.into_iter().zip(drawn).map(joint).collect())
    }
}

/// As many of `0..size`, with replacement.
fn draw(size: usize, rng: &mut StreamRng) -> Vec<usize> {
    (0..size).map(|_| below(rng, size)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bootstrap, rng};
    use super::*;

    fn rule(scores: &[f64]) -> Crossed {
        Crossed::new(vec![scores.iter().map(|score| vec![*score]).collect()]).unwrap()
    }

    fn joint(
        contestants: &[Vec<Crossed>],
        combine: impl Fn(&[Vec<f64>]) -> Vec<Option<f64>>,
    ) -> Vec<Option<Joint>> {
        bootstrap(2_000).estimate_jointly(contestants, Statistic::Mean, combine, &mut rng(1)).unwrap()
    }

    /// Two contestants that differ by 1 on every episode do so in every resample, for they meet the same episodes.
    #[test]
    fn everybody_meets_the_same_episodes() {
        let (one, other) = (rule(&[0.0, 5.0, 9.0, 2.0]), rule(&[1.0, 6.0, 10.0, 3.0]));
        let difference = |of: &[Vec<f64>]| vec![Some(of[1][0] - of[0][0]), Some(of[0][0])];
        let made = joint(&[vec![one], vec![other]], difference);
        let Joint { estimate, defined } = made[0].unwrap();
        assert_eq!((estimate.value, estimate.low, estimate.high, defined), (1.0, 1.0, 1.0, 1.0));
        let level = made[1].unwrap().estimate;
        assert!(level.low < 2.5 && level.high > 5.5, "{level:?}");
    }

    /// Two measures of a contestant are of the same trainings: twice as much is twice as much, whichever are drawn.
    #[test]
    fn measures_are_of_the_same_runs() {
        let once = Crossed::new(vec![vec![vec![0.0, 1.0]; 3]]).unwrap();
        let twice = Crossed::new(vec![vec![vec![0.0, 2.0]; 3]]).unwrap();
        let made = joint(&[vec![once, twice]], |of| vec![Some(of[0][1] - 2.0 * of[0][0]), Some(of[0][0])]);
        assert_eq!(made[0].unwrap().estimate, Estimate { value: 0.0, low: 0.0, high: 0.0 });
        let level = made[1].unwrap().estimate;
        assert_eq!((level.low, level.high), (0.0, 1.0), "a training may be drawn twice");
    }

    #[test]
    fn one_table_is_the_crossed_bootstrap() {
        let table =
            Crossed::new(vec![vec![vec![0.0, 1.0], vec![3.0, 5.0], vec![8.0, 4.0]], vec![vec![2.0, 2.5]]])
                .unwrap();
        let bootstrap = bootstrap(20_000);
        let plain = bootstrap.estimate_crossed(&table, Statistic::InterquartileMean, &mut rng(1)).estimate;
        let made = bootstrap.estimate_jointly(
            &[vec![table]],
            Statistic::InterquartileMean,
            |of| vec![Some(of[0][0])],
            &mut rng(2),
        );
        let ours = made.unwrap()[0].unwrap().estimate;
        assert_eq!(ours.value, plain.value);
        assert!(
            (ours.low - plain.low).abs() < 0.15 && (ours.high - plain.high).abs() < 0.15,
            "{ours:?} {plain:?}"
        );
    }

    #[test]
    fn what_cannot_be_said_is_left_out_and_counted() {
        let table = rule(&[0.0, 1.0]);
        let above = |of: &[Vec<f64>]| vec![(of[0][0] >= 0.5).then_some(of[0][0]), None];
        let made = joint(&[vec![table.clone()]], above);
        let Joint { estimate, defined } = made[0].unwrap();
        assert!((defined - 0.75).abs() < 0.04 && estimate.low == 0.5, "{defined} {estimate:?}");
        assert_eq!(made[1], None);
        let other = rule(&[0.0, 1.0, 2.0]);
        let unpaired = bootstrap(10).estimate_jointly(
            &[vec![table], vec![other]],
            Statistic::Mean,
            |_| Vec::new(),
            &mut rng(1),
        );
        assert!(unpaired.is_err());
    }
}
