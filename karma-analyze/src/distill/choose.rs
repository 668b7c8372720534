//! Which rows are held out, which depth is chosen, and what the rules are worth.

use karma_core::SeedTree;
use karma_core::draw::shuffle;

use super::rules::{Rule, rules};
use super::{DistillConfig, DistillParams, DistilledPolicy, Table, gaps};
use crate::tree::{Samples, Tree, TreeParams};

/// Why there are no rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DistillError {
    /// Whole groups cannot be held out.
    #[error("the rows are of {found} groups; at least {needed} are needed to hold some out")]
    TooFewGroups {
        /// Groups.
        found: usize,
        /// One to grow on, one to report on, and one to choose a depth if there is a choice.
        needed: usize,
    },
}

/// Rows for each purpose.
struct Rows {
    grown: Vec<usize>,
    chosen: Vec<usize>,
    reported: Vec<usize>,
}

/// Rules for what a policy decided (see the [module](super)).
///
/// # Errors
/// If the groups are too few to hold some out.
pub fn distill(table: &Table, config: &DistillConfig) -> Result<DistilledPolicy, DistillError> {
    distill_with_tree(table, config).map(|(policy, _)| policy)
}

/// The rules, and the tree that they are of.
pub(super) fn distill_with_tree(
    table: &Table,
    config: &DistillConfig,
) -> Result<(DistilledPolicy, Tree), DistillError> {
    let params = config.params();
    let rows = rows(table, params)?;
    let depth = choose_depth(table, params, &rows);
    let mut grown = [&rows.grown[..], &rows.chosen].concat();
    grown.sort_unstable();
    let fillings = gaps::fillings(table, &grown);
    let columns = gaps::columns(table, &fillings);
    let samples = samples(table, &columns);
    let tree = fit(&samples, &grown, params, depth).rounded(&samples);
    let most_frequent = fit(&samples, &grown, params, 0);
    let says = |row: &usize| tree.predict(samples.row(*row));
    let policy = DistilledPolicy {
        features: gaps::features(table, &fillings),
        classes: table.classes.clone(),
        fillings,
        depth,
        fidelity: agreement(table, &rows.reported, says),
        balanced_fidelity: balanced(table, &rows.reported, says),
        baseline: agreement(table, &rows.reported, |row| most_frequent.predict(samples.row(*row))),
        held_out_rows: rows.reported.len(),
        rules: judged(rules(&tree), &samples, table, &rows.reported),
        importance: tree.importances(),
    };
    Ok((policy, tree))
}

/// Shuffles the groups and deals them out; at least one for each purpose.
fn rows(table: &Table, params: &DistillParams) -> Result<Rows, DistillError> {
    let mut groups = table.groups.clone();
    groups.sort_unstable();
    groups.dedup();
    let with_choice = usize::from(params.min_depth < params.max_depth);
    let (found, needed) = (groups.len(), 2 + with_choice);
    if found < needed {
        return Err(DistillError::TooFewGroups { found, needed });
    }
    shuffle(&mut groups, &mut SeedTree::new(params.seed).child("distill").rng());
    let (reported, others) = groups.split_at(share(found, params.held_out, 1 + with_choice));
    let (chosen, grown) = others.split_at(with_choice * share(others.len(), params.held_out, 1));
    let of = |groups: &[usize]| {
        let mut sorted = groups.to_vec();
        sorted.sort_unstable();
        (0..table.len()).filter(|row| sorted.binary_search(&table.groups[*row]).is_ok()).collect()
    };
    Ok(Rows { grown: of(grown), chosen: of(chosen), reported: of(reported) })
}

/// A share of so many, at least 1, that leaves enough.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count is a count")]
fn share(count: usize, share: f64, leave: usize) -> usize {
    ((count as f64 * share).round() as usize).clamp(1, (count - leave).max(1))
}

/// The rows as a tree takes them. A table refuses what is infinite and classes without a name, gaps are filled, and without
/// rows there are too few groups.
const fn samples<'a>(table: &'a Table, columns: &'a [Vec<f64>]) -> Samples<'a> {
    Samples::checked(columns, table.labels.as_slice(), table.classes.len())
}

fn fit(samples: &Samples<'_>, rows: &[usize], params: &DistillParams, max_depth: usize) -> Tree {
    Tree::fit_rows(samples, rows, &TreeParams { max_depth, min_leaf: params.min_leaf, balanced: false })
}

/// The depth with the highest fidelity on the rows to choose by; the smallest of equals.
fn choose_depth(table: &Table, params: &DistillParams, rows: &Rows) -> usize {
    let columns = gaps::columns(table, &gaps::fillings(table, &rows.grown));
    let samples = samples(table, &columns);
    let fidelity = |depth: usize| {
        let tree = fit(&samples, &rows.grown, params, depth);
        agreement(table, &rows.chosen, |row| tree.predict(samples.row(*row)))
    };
    let mut best = (params.max_depth, f64::NEG_INFINITY);
    // A choice of one needs no comparison.
    for depth in (params.min_depth..=params.max_depth).filter(|_| params.min_depth < params.max_depth) {
        let fidelity = fidelity(depth);
        if fidelity > best.1 {
            best = (depth, fidelity);
        }
    }
    best.0
}

/// The share of rows whose class is what is said; 0 of no rows.
fn agreement(table: &Table, rows: &[usize], says: impl Fn(&usize) -> usize) -> f64 {
    let agreed = rows.iter().filter(|row| says(row) == table.labels[**row]).count();
    agreed as f64 / rows.len().max(1) as f64
}

/// The mean of that share over the classes that occur.
fn balanced(table: &Table, rows: &[usize], says: impl Fn(&usize) -> usize) -> f64 {
    let of_class = |class: usize| rows.iter().copied().filter(|row| table.labels[*row] == class).collect();
    let classes: Vec<Vec<usize>> =
        (0..table.classes.len()).map(of_class).filter(|rows: &Vec<_>| !rows.is_empty()).collect();
    classes.iter().map(|rows| agreement(table, rows, &says)).sum::<f64>() / classes.len().max(1) as f64
}

/// The rules with what they cover of the held-out rows.
fn judged(mut rules: Vec<Rule>, samples: &Samples<'_>, table: &Table, held_out: &[usize]) -> Vec<Rule> {
    for rule in &mut rules {
        let covered: Vec<usize> =
            held_out.iter().copied().filter(|row| rule.matches(samples.row(*row))).collect();
        rule.covers = covered.len();
        rule.fidelity = (rule.covers > 0).then(|| agreement(table, &covered, |_| rule.outcome));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_serves_one_purpose_with_all_its_rows() {
        let mut table = Table::new(vec![], ["hold"]);
        for row in 0..100 {
            table.push(&[], 0, row * row % 16).unwrap();
        }
        table.groups.iter_mut().zip(0..).for_each(|(group, row)| *group += 20 * (row % 3));
        for seed in 0..20 {
            let rows = rows(&table, &DistillParams { seed, ..DistillParams::default() }).unwrap();
            let parts = [&rows.grown, &rows.chosen, &rows.reported];
            assert_eq!(parts.iter().map(|part| part.len()).sum::<usize>(), 100);
            let groups = parts.map(|part| part.iter().map(|row| table.groups[*row]).collect::<Vec<_>>());
            assert!(groups.iter().all(|groups| !groups.is_empty()));
            assert!(groups[0].iter().all(|group| !groups[1].contains(group) && !groups[2].contains(group)));
            assert!(groups[1].iter().all(|group| !groups[2].contains(group)));
        }
    }

    #[test]
    fn a_share_leaves_enough_and_is_never_nothing() {
        assert_eq!((share(8, 0.25, 2), share(3, 0.01, 2), share(3, 0.99, 2), share(2, 0.5, 1)), (2, 1, 1, 1));
    }
}
