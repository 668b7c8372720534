//! What trials are compared by.

use std::collections::BTreeMap;

use karma_marl::stats::mean;

use super::params::Direction;
use super::settings::nearest;
use crate::evaluation::{COLUMNS, EpisodeRecord, Evaluation};
use crate::run_dir::MetricsLine;

/// What stands before a column of the training log.
const TRAINING: &str = "training.";

type Read = fn(&MetricsLine) -> Option<f64>;

/// The columns of the training log that say something about a policy or about learning.
const LOGGED: [(&str, Read); 9] = [
    ("episodic_return", |line| line.stats.episodic_return),
    ("intervention_rate", |line| line.stats.intervention_rate),
    ("policy_loss", |line| Some(line.stats.policy_loss)),
    ("value_loss", |line| Some(line.stats.value_loss)),
    ("entropy", |line| Some(line.stats.entropy)),
    ("approx_kl", |line| Some(line.stats.approx_kl)),
    ("clip_fraction", |line| Some(line.stats.clip_fraction)),
    ("explained_variance", |line| line.stats.explained_variance),
    ("steps_per_second", |line| Some(line.steps_per_second)),
];

/// Values by measure and scenario: the mean over a run's episodes of each.
pub(crate) type Measures = BTreeMap<String, BTreeMap<String, f64>>;

/// What trials are compared by, and which way it is better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Objective {
    /// As written.
    pub(crate) name: String,
    /// Which way it is better.
    pub(crate) direction: Direction,
}

impl Objective {
    /// The checked form.
    ///
    /// # Errors
    /// The field that is wrong, and what is allowed.
    pub(super) fn new(name: &str, direction: Option<Direction>) -> Result<Self, (&'static str, String)> {
        let own = match name.strip_prefix(TRAINING) {
            Some(logged) => LOGGED.iter().find(|(known, _)| *known == logged).map(|_| None),
            None => {
                COLUMNS.iter().find(|column| column.name == name).map(|column| Some(column.better.into()))
            }
        };
        let Some(own) = own else {
            return Err(("objective", unknown(name)));
        };
        let missing =
            || format!("direction is missing; say whether to \"maximize\" or to \"minimize\" {name}");
        let direction = direction.or(own).ok_or_else(|| ("direction", missing()))?;
        Ok(Self { name: name.to_owned(), direction })
    }

    /// Its value; `None` if nothing has one. An interquartile mean over the episodes, or the mean over the last tenth of the
    /// training log.
    pub(super) fn value(&self, evaluation: &Evaluation, log: &[MetricsLine]) -> Option<f64> {
        match self.name.strip_prefix(TRAINING) {
            Some(logged) => logged_value(logged, log),
            None => evaluation.rows.first()?.summary.estimate(&self.name).map(|estimate| estimate.value),
        }
    }

    /// The mean of every measure over the team's episodes of each scenario, and of the objective if it is of the training log.
    pub(super) fn measures(&self, evaluation: &Evaluation, log: &[MetricsLine]) -> Measures {
        let episodes = evaluation.rows.first().map_or(&[][..], |row| &row.episodes);
        let mut measures: Measures = COLUMNS
            .iter()
            .map(|column| (column.name.to_owned(), by_scenario(episodes, column.value)))
            .collect();
        if let Some(value) = self.name.strip_prefix(TRAINING).and_then(|logged| logged_value(logged, log)) {
            measures.insert(self.name.clone(), BTreeMap::from([("training".to_owned(), value)]));
        }
        measures.retain(|_, values| !values.is_empty());
        measures
    }
}

fn by_scenario(
    episodes: &[EpisodeRecord],
    value: fn(&karma_core::EpisodeReport) -> Option<f64>,
) -> BTreeMap<String, f64> {
    let of_scenario = |played: &[EpisodeRecord]| {
        let values: Vec<f64> = played.iter().filter_map(|episode| value(&episode.report)).collect();
        Some((played.first()?.scenario.clone(), mean(&values)?))
    };
    episodes.chunk_by(|a, b| a.scenario == b.scenario).filter_map(of_scenario).collect()
}

fn logged_value(name: &str, log: &[MetricsLine]) -> Option<f64> {
    let (_, read) = LOGGED.iter().find(|(known, _)| *known == name)?;
    let last = &log[log.len() - log.len().div_ceil(10)..];
    mean(&last.iter().filter_map(read).collect::<Vec<_>>())
}

fn unknown(name: &str) -> String {
    let logged = LOGGED.iter().map(|(known, _)| format!("{TRAINING}{known}"));
    let known: Vec<String> = COLUMNS.iter().map(|column| column.name.to_owned()).chain(logged).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hint = nearest(name, &known).map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"));
    format!("objective is \"{}\"{hint}; allowed: {}", name.escape_debug(), known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_of_the_table_knows_its_direction_and_a_column_of_the_log_is_told() {
        let direction = |name, given| Objective::new(name, given).map(|objective| objective.direction);
        assert_eq!(direction("success_rate", None), Ok(Direction::Maximize));
        assert_eq!(direction("pod_hours", None), Ok(Direction::Minimize));
        assert_eq!(direction("pod_hours", Some(Direction::Maximize)), Ok(Direction::Maximize));
        assert_eq!(direction("training.entropy", Some(Direction::Maximize)), Ok(Direction::Maximize));
        assert_eq!(direction("training.entropy", None).unwrap_err().0, "direction");
    }

    #[test]
    fn an_unknown_objective_is_answered_with_the_nearest() {
        let told = Objective::new("sucess_rate", None).unwrap_err().1;
        assert!(
            told.starts_with("objective is \"sucess_rate\" (did you mean \"success_rate\"?); allowed: "),
            "{told}"
        );
    }
}
