//! Several trained teams on the same episodes: two sources of chance at once.

use karma_core::StreamRng;
use karma_core::draw::below;

use super::{Bootstrap, Estimate, Scores, ScoresError, Statistic};

/// Scores of `runs` trainings on the same episodes of each scenario: a table for each stratum, with a row for each episode and a
/// column for each run. A rule is a single run.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossed {
    strata: Vec<Vec<Vec<f64>>>,
    runs: usize,
}

/// An estimate, and how probable one so far from 0 is if the truth is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tested {
    /// The statistic with its interval.
    pub estimate: Estimate,
    /// Two-sided, from the same resamples as the interval: twice the smaller share of them on either side of 0, one resample added to each
    /// so that it is never 0.
    pub p: f64,
}

impl Crossed {
    /// Scores by stratum, episode and run.
    ///
    /// # Errors
    /// If there is no stratum, one is empty, a score is not finite, or the episodes do not all have as many runs.
    pub fn new(strata: Vec<Vec<Vec<f64>>>) -> Result<Self, ScoresError> {
        Scores::new(strata.iter().map(|stratum| stratum.concat()).collect())?;
        let runs = strata[0].first().map_or(0, Vec::len);
        let sizes = || strata.iter().flatten().map(Vec::len);
        if sizes().any(|size| size != runs) {
            return Err(ScoresError::Unpaired {
                left: sizes().collect(),
                right: vec![runs; sizes().count()],
            });
        }
        Ok(Self { strata, runs })
    }

    /// How many runs there are.
    pub const fn runs(&self) -> usize {
        self.runs
    }

    /// The differences on the same episodes: run by run, or against the single run of a rule.
    ///
    /// # Errors
    /// If the episodes, or the runs, are not the same.
    pub fn minus(&self, other: &Self) -> Result<Self, ScoresError> {
        if self.sizes() != other.sizes() || (other.runs != self.runs && other.runs != 1) {
            return Err(ScoresError::Unpaired { left: self.sizes(), right: other.sizes() });
        }
        let difference = |(ours, theirs): (&Vec<f64>, &Vec<f64>)| {
            ours.iter().enumerate().map(|(run, score)| score - theirs[run.min(theirs.len() - 1)]).collect()
        };
        let stratum = |(ours, theirs): (&Vec<Vec<f64>>, &Vec<Vec<f64>>)| {
            ours.iter().zip(theirs).map(difference).collect()
        };
        Ok(Self { strata: self.strata.iter().zip(&other.strata).map(stratum).collect(), runs: self.runs })
    }

    /// The statistic of all scores, pooled.
    pub fn value(&self, statistic: Statistic) -> f64 {
        statistic.of(&mut self.strata.iter().flatten().flatten().copied().collect::<Vec<_>>())
    }

    /// Episodes of each stratum.
    pub(super) fn sizes(&self) -> Vec<usize> {
        self.strata.iter().map(Vec::len).collect()
    }

    /// The scores of these episodes of each stratum, and of these runs, pooled.
    pub(super) fn drawn(&self, episodes: &[Vec<usize>], runs: &[usize], pooled: &mut Vec<f64>) {
        pooled.clear();
        for (stratum, episodes) in self.strata.iter().zip(episodes) {
            let rows = episodes.iter().map(|episode| &stratum[*episode]);
            pooled.extend(rows.flat_map(|row| runs.iter().map(|run| row[*run])));
        }
    }

    /// The mean over runs of each episode.
    pub fn by_episode(&self) -> Vec<f64> {
        let mean = |runs: &Vec<f64>| runs.iter().sum::<f64>() / runs.len() as f64;
        self.strata.iter().flatten().map(mean).collect()
    }
}

impl Bootstrap {
    /// The statistic of all scores, pooled, with an interval over both trainings and episodes.
    ///
    /// Each resample draws runs with replacement, the same for all episodes, and episodes of each stratum with replacement, the same for
    /// all runs: the pigeonhole bootstrap of Owen (2007, *Annals of Applied Statistics* 1), which is conservative where rows and columns
    /// both matter. To resample all scores as if they were independent would take ten runs on ten episodes for a hundred experiments,
    /// and a lucky training for a certainty. With one run it is the bootstrap of [`Bootstrap::estimate`].
    ///
    /// Cost: resamples × n log n. Example: two runs that differ by 1 on every episode have an interval as wide as 1, however many
    /// episodes there are.
    pub fn estimate_crossed(&self, scores: &Crossed, statistic: Statistic, rng: &mut StreamRng) -> Tested {
        let mut pooled: Vec<f64> = scores.strata.iter().flatten().flatten().copied().collect();
        let value = statistic.of(&mut pooled);
        let mut columns = vec![0; scores.runs];
        let mut resample = |_| {
            columns.fill_with(|| below(rng, scores.runs));
            pooled.clear();
            for stratum in &scores.strata {
                for _ in stratum {
                    let row = &stratum[below(rng, stratum.len())];
                    pooled.extend(columns.iter().map(|column| row[*column]));
                }
            }
            statistic.of(&mut pooled)
        };
        let statistics: Vec<f64> = (0..self.params().resamples).map(&mut resample).collect();
        let share = |holds: fn(f64) -> bool| {
            let count = statistics.iter().filter(|statistic| holds(**statistic)).count();
            (count + 1) as f64 / (statistics.len() + 1) as f64
        };
        let p = (2.0 * share(|value| value <= 0.0).min(share(|value| value >= 0.0))).min(1.0);
        Tested { estimate: self.interval(value, statistics), p }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{bootstrap, rng, table};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_run_is_the_bootstrap_of_independent_scores() {
        let columns = |stratum: &Vec<f64>| stratum.iter().map(|score| vec![*score]).collect();
        let crossed = Crossed::new(table().strata().iter().map(columns).collect()).unwrap();
        let of = |seed| {
            let crossed =
                bootstrap(20_000).estimate_crossed(&crossed, Statistic::InterquartileMean, &mut rng(seed));
            (
                crossed.estimate,
                bootstrap(20_000).estimate(&table(), Statistic::InterquartileMean, &mut rng(seed)),
            )
        };
        let (ours, plain) = of(3);
        assert_eq!(ours.value, plain.value);
        assert!((ours.low - plain.low).abs() < 0.005 && (ours.high - plain.high).abs() < 0.005);
    }

    /// Two runs, 0 and 1 on every one of a hundred episodes: as good as two experiments, not two hundred.
    #[test]
    fn a_difference_between_trainings_does_not_average_out_over_episodes() {
        let crossed = Crossed::new(vec![vec![vec![0.0, 1.0]; 100]]).unwrap();
        let tested = bootstrap(2_000).estimate_crossed(&crossed, Statistic::Mean, &mut rng(1));
        assert_eq!((tested.estimate.value, tested.estimate.low, tested.estimate.high), (0.5, 0.0, 1.0));
        assert!(
            (0.4..=0.6).contains(&tested.p),
            "a quarter of the resamples have the run of 0 only: {}",
            tested.p
        );
    }

    #[test]
    fn what_is_always_better_is_significant_and_what_is_the_same_is_not() {
        let of = |scores: Vec<f64>| {
            let crossed = Crossed::new(vec![scores.into_iter().map(|score| vec![score]).collect()]).unwrap();
            bootstrap(999).estimate_crossed(&crossed, Statistic::Mean, &mut rng(1)).p
        };
        assert_eq!(of(vec![1.0, 2.0, 3.0]), 2.0 / 1000.0);
        assert_eq!(of(vec![0.0; 5]), 1.0);
    }

    #[test]
    fn differences_are_taken_run_by_run_or_against_a_rule() {
        let ours = Crossed::new(vec![vec![vec![1.0, 2.0], vec![3.0, 4.0]]]).unwrap();
        let rule = Crossed::new(vec![vec![vec![1.0], vec![5.0]]]).unwrap();
        assert_eq!(ours.minus(&rule).unwrap().by_episode(), [0.5, -1.5]);
        assert_eq!(ours.minus(&ours).unwrap().by_episode(), [0.0, 0.0]);
        assert!(rule.minus(&ours).is_err(), "a rule has no second run");
        assert!(
            Crossed::new(vec![vec![vec![1.0], vec![1.0, 2.0]]]).is_err(),
            "an episode without its second run"
        );
        assert!(Crossed::new(vec![vec![vec![f64::NAN]]]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn the_interval_holds_the_value_s_range_and_p_is_a_probability(
            scores in prop::collection::vec(prop::collection::vec(-3.0..3.0_f64, 3), 1..8), seed: u64,
        ) {
            let crossed = Crossed::new(vec![scores]).unwrap();
            let tested = bootstrap(200).estimate_crossed(&crossed, Statistic::Mean, &mut rng(seed));
            prop_assert!(tested.p > 0.0 && tested.p <= 1.0);
            prop_assert!(tested.estimate.low <= tested.estimate.high);
            prop_assert!((-3.0..=3.0).contains(&tested.estimate.low));
        }
    }
}
