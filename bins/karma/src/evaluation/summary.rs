//! From episodes to figures with intervals.
//!
//! Every figure is the interquartile mean over all episodes of a row, with a bootstrap interval stratified by scenario.
//! An episode without a value (no disturbance to recover from, nothing answered) is left out and counted, never
//! taken for 0. Two rows are compared by their differences on the same scenario and seed.

use std::collections::BTreeMap;

use karma_core::SeedTree;
use karma_marl::stats::{Bootstrap, Estimate, Scores, Statistic};
use serde::{Deserialize, Serialize};

use super::column::{Better, COLUMNS, Column};
use super::{EpisodeRecord, RowReport};

/// Figures of one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// By name of the measure; `None` if no episode has a value.
    pub estimates: BTreeMap<String, Option<Estimate>>,
    /// By name of the measure: episodes without a value.
    pub missing: BTreeMap<String, usize>,
    /// Share of the recoveries that the end of the episode cut off; their times are lower bounds.
    pub recovery_censored: Option<f64>,
}

impl Summary {
    /// The figure of a measure, if any episode has a value.
    pub fn estimate(&self, measure: &str) -> Option<Estimate> {
        self.estimates.get(measure).copied().flatten()
    }
}

/// Where two rows met the same scenario and seed: by how much the first is above the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The measure.
    pub measure: String,
    /// Interquartile mean of the differences.
    pub estimate: Estimate,
    /// Share of the scenarios and seeds on which the first is better; ties count half.
    pub wins: Estimate,
}

/// A difference against one rival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The rival's row.
    pub against: String,
    /// One for each measure that both have.
    pub differences: Vec<Difference>,
}

/// How figures are made: the bootstrap, and the name of the stream of each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statistician<'a> {
    pub(super) bootstrap: &'a Bootstrap,
}

impl Statistician<'_> {
    /// All figures of some episodes.
    pub(super) fn summary(self, episodes: &[EpisodeRecord]) -> Summary {
        let (mut estimates, mut missing) = (BTreeMap::new(), BTreeMap::new());
        for column in &COLUMNS {
            let scores = strata(episodes, |episode| (column.value)(&episode.report));
            let present: usize = scores.iter().map(Vec::len).sum();
            estimates.insert(
                column.name.to_owned(),
                self.estimate(scores, Statistic::InterquartileMean, column.name),
            );
            missing.insert(column.name.to_owned(), episodes.len() - present);
        }
        Summary { estimates, missing, recovery_censored: censored(episodes) }
    }

    /// The differences between two rows with the same episodes.
    pub(super) fn comparison(self, ours: &RowReport, theirs: &RowReport) -> Comparison {
        let differences = COLUMNS.iter().filter_map(|column| self.difference(column, ours, theirs));
        Comparison { against: theirs.name.clone(), differences: differences.collect() }
    }

    fn difference(self, column: &Column, ours: &RowReport, theirs: &RowReport) -> Option<Difference> {
        let by_place: BTreeMap<(&str, u64), f64> = theirs
            .episodes
            .iter()
            .filter_map(|episode| Some((episode.place(), (column.value)(&episode.report)?)))
            .collect();
        let gain = |episode: &EpisodeRecord| {
            Some((column.value)(&episode.report)? - by_place.get(&episode.place())?)
        };
        let win = |episode: &EpisodeRecord| gain(episode).map(|gain| won(gain, column.better));
        let name = format!("{}-minus-{}", column.name, theirs.name);
        let gains = strata(&ours.episodes, gain);
        let estimate = self.estimate(gains, Statistic::InterquartileMean, &name)?;
        let wins = self.estimate(strata(&ours.episodes, win), Statistic::Mean, &format!("{name}-wins"))?;
        Some(Difference { measure: column.name.to_owned(), estimate, wins })
    }

    fn estimate(self, strata: Vec<Vec<f64>>, statistic: Statistic, name: &str) -> Option<Estimate> {
        let scores = Scores::new(strata).ok()?;
        let mut rng = SeedTree::new(0).child("bootstrap").child(name).rng();
        Some(self.bootstrap.estimate(&scores, statistic, &mut rng))
    }
}

/// 1 for a win, 0 for a loss, a half for a tie.
fn won(gain: f64, better: Better) -> f64 {
    let gain = if better == Better::Higher { gain } else { -gain };
    if gain > 0.0 {
        1.0
    } else if gain < 0.0 {
        0.0
    } else {
        0.5
    }
}

/// Values by scenario, in order; scenarios in which no episode has one are left out.
fn strata(episodes: &[EpisodeRecord], value: impl Fn(&EpisodeRecord) -> Option<f64>) -> Vec<Vec<f64>> {
    episodes
        .chunk_by(|a, b| a.scenario == b.scenario)
        .map(|scenario| {
            scenario.iter().filter_map(&value).filter(|value| value.is_finite()).collect::<Vec<f64>>()
        })
        .filter(|values| !values.is_empty())
        .collect()
}

fn censored(episodes: &[EpisodeRecord]) -> Option<f64> {
    let recoveries: Vec<_> = episodes.iter().filter_map(|episode| episode.report.recovery).collect();
    let cut_off = recoveries.iter().filter(|recovery| recovery.is_censored()).count();
    (!recoveries.is_empty()).then(|| cut_off as f64 / recoveries.len() as f64)
}
