//! What trials that differ in their seed alone have in common.
//!
//! After Agarwal et al. (2021, `NeurIPS`): a score for each scenario and seed, the interquartile mean of all of them, and a
//! bootstrap interval over seeds that is stratified by scenario.

use std::collections::BTreeMap;

use karma_core::SeedTree;
use karma_marl::stats::{Bootstrap, Estimate, Scores, Statistic};
use serde::Serialize;

use super::config::SweepConfig;
use super::halving::best_first;
use super::record::{Record, TrialStatus};
use super::settings::show;

/// The setting that seeds the runs.
const SEED: &str = "seed";

/// Trials that differ in their seed alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Group {
    /// Their other settings.
    pub(crate) settings: BTreeMap<String, String>,
    /// Their numbers.
    pub(crate) trials: Vec<usize>,
    /// How many of them failed; an interval knows nothing of these.
    pub(crate) failed: usize,
    /// By measure: the interquartile mean, with an interval over seeds.
    pub(crate) estimates: BTreeMap<String, Estimate>,
}

/// The groups, the best by the objective first, if the seed is varied; empty otherwise. Only trials of the last rung count.
pub(super) fn groups(sweep: &SweepConfig, records: &[Record]) -> Vec<Group> {
    if !sweep.paths().contains(&SEED) {
        return Vec::new();
    }
    let mut members: BTreeMap<Vec<(String, String)>, Vec<&Record>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.rung + 1 == sweep.rungs()) {
        let others = record.settings.iter().filter(|(path, _)| *path != SEED);
        let key = others.map(|(path, value)| (path.clone(), show(value))).collect();
        members.entry(key).or_default().push(record);
    }
    let mut groups: Vec<Group> = members.into_iter().map(|(key, rows)| group(sweep, key, &rows)).collect();
    let value = |group: &Group| group.estimates.get(&sweep.objective.name).map(|estimate| estimate.value);
    groups.sort_by(|a, b| match (value(a), value(b)) {
        (Some(a), Some(b)) => best_first(a, b, sweep.objective.direction),
        (a, b) => a.is_none().cmp(&b.is_none()),
    });
    groups
}

fn group(sweep: &SweepConfig, settings: Vec<(String, String)>, records: &[&Record]) -> Group {
    let done: Vec<&Record> =
        records.iter().copied().filter(|record| record.status == TrialStatus::Done).collect();
    let names = done.iter().flat_map(|record| record.measures.keys());
    let estimates = names.filter_map(|name| Some((name.clone(), estimate(&sweep.bootstrap, &done, name)?)));
    Group {
        estimates: estimates.collect(),
        settings: settings.into_iter().collect(),
        trials: records.iter().map(|record| record.trial).collect(),
        failed: records.len() - done.len(),
    }
}

/// A stratum for each scenario, with one score for each seed.
fn estimate(bootstrap: &Bootstrap, records: &[&Record], measure: &str) -> Option<Estimate> {
    let mut strata: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (scenario, value) in records.iter().filter_map(|record| record.measures.get(measure)).flatten() {
        strata.entry(scenario).or_default().push(*value);
    }
    let scores = Scores::new(strata.into_values().collect()).ok()?;
    let mut rng = SeedTree::new(0).child("bootstrap").child(measure).rng();
    Some(bootstrap.estimate(&scores, Statistic::InterquartileMean, &mut rng))
}

#[cfg(test)]
mod tests {
    use super::super::testing::sweep;
    use super::*;

    #[test]
    fn seeds_of_the_same_settings_are_one_group_and_failures_are_counted() {
        let sweep = sweep("seed = { integer = [1, 3] }\n\"learner.gamma\" = { values = [0.8, 0.9] }");
        let row = |trial: usize, value: Option<f64>| {
            let mut record = Record::failed(&sweep.trials[trial], 0, "none".to_owned());
            if let Some(value) = value {
                record.status = TrialStatus::Done;
                let scores = BTreeMap::from([("calm".to_owned(), value), ("storm".to_owned(), value - 1.0)]);
                record.measures.insert("episodic_return".to_owned(), scores);
            }
            record
        };
        let values = [Some(1.0), Some(2.0), Some(3.0), Some(5.0), None, Some(5.0)];
        let records: Vec<Record> =
            values.into_iter().enumerate().map(|(trial, value)| row(trial, value)).collect();
        let groups = groups(&sweep, &records);
        assert_eq!(groups.len(), 2);
        assert_eq!((groups[0].settings["learner.gamma"].as_str(), groups[0].failed), ("0.9", 1));
        assert_eq!(groups[0].trials, [3, 4, 5]);
        // Scores 5, 5, 4, 4 and 1, 2, 3, 0, 1, 2: one cut at each end.
        assert_eq!(groups[0].estimates["episodic_return"].value, 4.5);
        assert_eq!(groups[1].estimates["episodic_return"].value, 1.5);
    }
}
