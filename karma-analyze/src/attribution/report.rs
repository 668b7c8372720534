//! What was attributed, and how to say it.

use serde::{Deserialize, Serialize};

/// What one player moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// The player.
    pub name: String,
    /// By how much it moved the output, in units of the output.
    pub value: f64,
}

/// An output, divided among what was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// The output for the observation.
    pub output: f64,
    /// The mean output for the references; features of no player are as in the observation.
    pub reference: f64,
    /// One for each player, in the order of the players.
    pub contributions: Vec<Contribution>,
}

impl Attribution {
    /// How far the contributions are from adding up: |sum − (output − reference)|. It is rounding, and tests hold it
    /// below 10⁻⁴ for outputs near 1.
    pub fn completeness(&self) -> f64 {
        let sum: f64 = self.contributions.iter().map(|part| part.value).sum();
        (sum - (self.output - self.reference)).abs()
    }

    /// Contributions from the largest to the smallest, whatever their sign; equal ones in the order of the players.
    pub fn ranked(&self) -> Vec<&Contribution> {
        let mut ranked: Vec<&Contribution> = self.contributions.iter().collect();
        ranked.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
        ranked
    }

    /// The same of the `most` largest contributions only, whatever their sign; it no longer adds up.
    #[must_use]
    pub fn strongest(&self, most: usize) -> Self {
        Self { contributions: self.ranked().into_iter().take(most).cloned().collect(), ..*self }
    }

    /// What spoke for the output and what against it, largest first, with so many decimals; what rounds to zero is left
    /// out.
    ///
    /// ```
    /// use karma_analyze::attribution::{Attribution, Contribution};
    /// let part = |name: &str, value| Contribution { name: name.to_owned(), value };
    /// let contributions = vec![
    ///     part("desired_replicas of auth", -0.21),
    ///     part("latency_mean of api", 0.31),
    ///     part("cpu_utilization of auth", 0.84),
    ///     part("ram_utilization of auth", 0.02),
    /// ];
    /// assert_eq!(
    ///     Attribution { output: 1.5, reference: 0.54, contributions }.sentence(1),
    ///     "cpu_utilization of auth (+0.8) and latency_mean of api (+0.3) spoke for it, \
    ///      desired_replicas of auth (-0.2) against"
    /// );
    /// ```
    pub fn sentence(&self, decimals: usize) -> String {
        let zero = format!("{:.decimals$}", 0.0);
        let told = |part: &&Contribution| format!("{:.decimals$}", part.value.abs()) != zero;
        let (pro, contra): (Vec<_>, Vec<_>) =
            self.ranked().into_iter().filter(told).partition(|part| part.value > 0.0);
        let listed = |parts: &[&Contribution]| {
            listed(parts.iter().map(|part| format!("{} ({:+.decimals$})", part.name, part.value)).collect())
        };
        match (pro.is_empty(), contra.is_empty()) {
            (true, true) => "nothing spoke for it or against it".to_owned(),
            (false, true) => format!("{} spoke for it", listed(&pro)),
            (true, false) => format!("{} spoke against it", listed(&contra)),
            (false, false) => format!("{} spoke for it, {} against", listed(&pro), listed(&contra)),
        }
    }
}

/// `a, b and c`.
fn listed(mut items: Vec<String>) -> String {
    match items.pop() {
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} and {last}", items.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &[f64]) -> String {
        let names = ["a", "b", "c"].into_iter().zip(values);
        let contributions = names.map(|(name, value)| Contribution { name: name.to_owned(), value: *value });
        Attribution { output: 0.0, reference: 0.0, contributions: contributions.collect() }.sentence(1)
    }

    #[test]
    fn the_strongest_are_those_that_moved_most_either_way() {
        let part = |name: &str, value| Contribution { name: name.to_owned(), value };
        let contributions = vec![part("a", 0.5), part("b", -2.0), part("c", 1.0)];
        let all = Attribution { output: 0.0, reference: 0.5, contributions };
        assert_eq!(all.strongest(2).sentence(1), "c (+1.0) spoke for it, b (-2.0) against");
    }

    #[test]
    fn one_side_alone_makes_a_whole_sentence() {
        assert_eq!(told(&[0.04, -0.04]), "nothing spoke for it or against it");
        assert_eq!(told(&[0.0, -0.06, -2.0]), "c (-2.0) and b (-0.1) spoke against it");
        assert_eq!(told(&[1.0, 2.0, 3.0]), "c (+3.0), b (+2.0) and a (+1.0) spoke for it");
    }
}
