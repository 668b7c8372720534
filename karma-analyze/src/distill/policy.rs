//! The rules with what is known of them, and as text.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Condition, Feature, Rule, gaps};

/// What stands for a missing value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filling {
    /// The feature.
    pub feature: usize,
    /// What was put in.
    pub constant: f64,
}

/// A policy as rules, with how far they can be trusted. Its text is a line for each rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DistilledPolicy {
    /// What the rules compare: the features of the table, then an "… is missing" for each of [`Self::fillings`].
    pub features: Vec<Feature>,
    /// Names of the outcomes.
    pub classes: Vec<String>,
    /// Constants for values that are missing.
    pub fillings: Vec<Filling>,
    /// The depth that was chosen.
    pub depth: usize,
    /// Share of held-out rows in which the rules say what the policy did.
    pub fidelity: f64,
    /// The mean of that over the classes that occur in the held-out rows.
    pub balanced_fidelity: f64,
    /// The fidelity of always saying what is most frequent in the rows that the tree was grown on.
    pub baseline: f64,
    /// Held-out rows.
    pub held_out_rows: usize,
    /// The rules; each row satisfies exactly one.
    pub rules: Vec<Rule>,
    /// Share of each feature in what all splits gained; they sum to 1, unless there is no split.
    pub importance: Vec<f64>,
}

impl DistilledPolicy {
    /// What the rules say about a row of the table's features, of which some may be NaN. What is missing here and was
    /// never missing in the table counts as at most any threshold.
    ///
    /// # Panics
    /// If the row has fewer values than the table has features.
    pub fn predict(&self, values: &[f64]) -> usize {
        let row = gaps::row(values, &self.fillings);
        // The rules are the ways to the leaves of a tree: one of them matches.
        self.rules.iter().find(|rule| rule.matches(|feature| row[feature])).map_or(0, |rule| rule.outcome)
    }

    /// A condition in words.
    fn words(&self, condition: &Condition) -> String {
        let Condition { feature, above, threshold } = *condition;
        let known = self.features.len() - self.fillings.len();
        let Feature { name, unit } = &self.features[feature];
        match feature.checked_sub(known).and_then(|at| self.fillings.get(at)) {
            Some(_) if above => name.clone(),
            Some(filling) => format!("{} is measured", self.features[filling.feature].name),
            None => {
                let sign = if above { ">" } else { "<=" };
                let space = if unit.is_empty() { "" } else { " " };
                format!("{name} {sign} {threshold}{space}{unit}")
            }
        }
    }
}

impl fmt::Display for DistilledPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.rules {
            let conditions: Vec<String> = rule.conditions.iter().map(|c| self.words(c)).collect();
            match &conditions[..] {
                [] => write!(f, "always ")?,
                some => write!(f, "if {} then ", some.join(" and "))?,
            }
            writeln!(f, "{} ({})", self.classes[rule.outcome], held_out(rule))?;
        }
        Ok(())
    }
}

/// How a rule fared on what was held out.
fn held_out(rule: &Rule) -> String {
    match rule.fidelity {
        None => "no decision held out".to_owned(),
        Some(fidelity) => {
            let plural = if rule.covers == 1 { "" } else { "s" };
            format!("{:.0} % of {} decision{plural}", 100.0 * fidelity, rule.covers)
        }
    }
}
