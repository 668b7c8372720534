//! What attackers take from contestants that they have studied.

use std::collections::BTreeMap;

use karma_core::SeedTree;
use karma_marl::stats::{Bootstrap, Estimate, Statistic};
use serde::Serialize;

use super::record::Record;
use super::results::{Table, column, crossed};
use crate::assault::ATTACKERS;
use crate::evaluation::Column;

/// The measures that are told.
pub(crate) const TOLD: [&str; 3] = ["success_rate", "failed_or_late", "episodic_return"];
const NOBODY: &str = ATTACKERS[0].0;
const TRAINED: &str = ATTACKERS[2].0;

/// A contestant under attack.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Taken {
    pub(crate) name: String,
    /// Attackers that have studied it.
    pub(crate) attackers: usize,
    /// By attacker, by measure.
    pub(crate) figures: BTreeMap<String, BTreeMap<&'static str, Estimate>>,
    /// Return against nobody minus return against one that has studied it, on the same episodes: a lower bound of what can be taken.
    pub(crate) loss: Option<Estimate>,
}

impl Taken {
    /// Of a contestant's records; `None` if nobody has attacked it.
    pub(super) fn of(name: &str, records: &[&Record], bootstrap: &Bootstrap) -> Option<Self> {
        let attackers = records.iter().map(|record| record.assaults.len()).sum();
        if attackers == 0 {
            return None;
        }
        let estimate = |table: &Table, measure: &str| {
            let mut rng = SeedTree::new(0).child("assault").child(measure).rng();
            let tested = bootstrap.estimate_crossed(&crossed(table)?, Statistic::InterquartileMean, &mut rng);
            tested.estimate.value.is_finite().then_some(tested.estimate)
        };
        let told = || TOLD.iter().filter_map(|measure| column(measure));
        let figures = ATTACKERS.iter().map(|(attacker, _)| {
            let of = told().filter_map(|column| {
                Some((column.name, estimate(&table(records, attacker, column), column.name)?))
            });
            ((*attacker).to_owned(), of.collect())
        });
        let loss = column("episodic_return").and_then(|column| {
            let lost = minus(table(records, NOBODY, column), &table(records, TRAINED, column));
            estimate(&lost, "taken")
        });
        Some(Self { name: name.to_owned(), attackers, figures: figures.collect(), loss })
    }
}

/// A measure of the episodes with one attacker: one value for each that has studied the contestant.
fn table(records: &[&Record], attacker: &str, column: &Column) -> Table {
    let mut table = Table::new();
    for (run, played) in records.iter().flat_map(|record| &record.assaults).enumerate() {
        for episode in played.iter().filter(|episode| episode.scenario == attacker) {
            let values = table.entry((String::new(), episode.seed)).or_default();
            values.resize(run, None);
            values.push((column.value)(&episode.report).filter(|value| value.is_finite()));
        }
    }
    table
}

fn minus(mut left: Table, right: &Table) -> Table {
    for (place, values) in &mut left {
        let others = right.get(place).map_or(&[][..], Vec::as_slice);
        for (run, value) in values.iter_mut().enumerate() {
            *value = value.zip(others.get(run).copied().flatten()).map(|(one, other)| one - other);
        }
    }
    left
}
