//! What is planted is found, what is random is not, and rules are the tree.

use karma_core::draw::below;
use karma_core::{SeedTree, StreamRng};
use proptest::prelude::*;

use super::*;

/// A number in [0, 1) with two decimals.
fn unit(rng: &mut StreamRng) -> f64 {
    below(rng, 100) as f64 / 100.0
}

/// A tree of depth 2 on two of three features: busy and few waiting, busy and many waiting, idle.
fn planted(row: &[f64]) -> usize {
    match (row[0] > 0.6, row[2] > 0.3) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    }
}

/// Twenty episodes of 40 decisions by the planted tree, of which a share is made at random.
fn table(noise: f64, seed: u64) -> Table {
    let mut rng = SeedTree::new(seed).rng();
    let features = ["cpu", "ram", "pending"].map(|name| Feature::new(name, ""));
    let mut table = Table::new(features.to_vec(), ["hold", "+1", "+2"]);
    for episode in 0..20 {
        for _ in 0..40 {
            let row = [unit(&mut rng), unit(&mut rng), unit(&mut rng)];
            let class = if unit(&mut rng) < noise { below(&mut rng, 3) } else { planted(&row) };
            table.push(&row, class, episode).unwrap();
        }
    }
    table
}

fn distilled(table: &Table) -> DistilledPolicy {
    distill(table, &DistillParams::default().check().unwrap()).unwrap()
}

#[test]
fn a_planted_tree_is_recovered_exactly() {
    let policy = distilled(&table(0.0, 1));
    let conditions: Vec<_> = policy.rules.iter().map(|rule| (rule.conditions.len(), rule.outcome)).collect();
    assert_eq!((policy.fidelity, policy.depth, conditions), (1.0, 2, vec![(1, 0), (2, 1), (2, 2)]));
    for (condition, truth) in policy.rules[1].conditions.iter().zip([(0, true, 0.6), (2, false, 0.3)]) {
        assert_eq!((condition.feature, condition.above), (truth.0, truth.1));
        assert!((condition.threshold - truth.2).abs() < 0.02, "{}", condition.threshold);
    }
    assert!(policy.importance[0] > 0.3 && policy.importance[2] > 0.3 && policy.importance[1] == 0.0);
    assert!((policy.importance.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn noise_lowers_the_fidelity_to_what_can_be_known() {
    let fidelities: Vec<f64> =
        [0.0, 0.15, 0.3, 0.6].map(|noise| distilled(&table(noise, 2)).fidelity).to_vec();
    assert!(fidelities.is_sorted_by(|a, b| a > b), "{fidelities:?}");
    for (fidelity, noise) in fidelities.iter().zip([0.0, 0.15, 0.3, 0.6]) {
        // A random decision is the planted one in a third of cases; four standard errors of 200 rows.
        let known = 1.0 - noise * 2.0 / 3.0;
        let error = 4.0 * (known * (1.0_f64 - known) / 200.0).sqrt();
        assert!((fidelity - known).abs() <= error + 1e-12, "{fidelity} of {known} at noise {noise}");
    }
}

#[test]
fn random_decisions_are_not_explained() {
    let mut above = 0.0;
    for seed in 0..20 {
        let policy = distilled(&table(1.0, seed));
        above += (policy.fidelity - policy.baseline) / 20.0;
    }
    // Twenty times 200 rows, right in a third: the standard error of the mean is 0.0075.
    assert!(above < 0.03, "{above} above the baseline");
}

#[test]
fn a_policy_that_always_does_the_same_is_one_rule() {
    let mut table = Table::new(vec![Feature::new("cpu", "%")], ["hold", "+1"]);
    for row in 0..30 {
        table.push(&[row as f64], 0, row / 5).unwrap();
    }
    let policy = distilled(&table);
    assert_eq!(policy.to_string(), "always hold (100 % of 10 decisions)\n");
    assert_eq!((policy.fidelity, policy.baseline, policy.balanced_fidelity), (1.0, 1.0, 1.0));
    assert_eq!(policy.importance, [0.0]);
}

#[test]
fn a_gap_can_be_the_condition() {
    let mut rng = SeedTree::new(4).rng();
    let mut table = Table::new(vec![Feature::new("latency of api", "ms")], ["hold", "+1"]);
    for episode in 0..8 {
        for _ in 0..20 {
            let latency = if below(&mut rng, 3) == 0 { f64::NAN } else { 100.0 * unit(&mut rng) };
            table.push(&[latency], usize::from(latency.is_nan()), episode).unwrap();
        }
    }
    let policy = distilled(&table);
    let text = policy.to_string();
    assert!(text.starts_with("if latency of api is measured then hold (100 % of "), "{text}");
    assert!(text.contains("\nif latency of api is missing then +1 (100 % of "), "{text}");
    assert_eq!((policy.predict(&[f64::NAN]), policy.predict(&[50.0])), (1, 0));
}

#[test]
fn groups_that_cannot_be_held_out_are_refused() {
    let mut table = Table::new(vec![], ["hold"]);
    table.push(&[], 0, 0).unwrap();
    table.push(&[], 0, 1).unwrap();
    let refused = distill(&table, &DistillParams::default().check().unwrap()).unwrap_err();
    assert_eq!(refused, DistillError::TooFewGroups { found: 2, needed: 3 });
    let one_depth = DistillParams { min_depth: 4, ..DistillParams::default() };
    assert_eq!(distill(&table, &one_depth.check().unwrap()).unwrap().held_out_rows, 1);
}

#[test]
fn the_same_seed_gives_the_same_rules_and_another_one_holds_out_other_episodes() {
    let table = table(0.3, 5);
    let of =
        |seed| distill(&table, &DistillParams { seed, ..DistillParams::default() }.check().unwrap()).unwrap();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1).rules[0].covers, of(2).rules[0].covers);
}

/// A random table: some values missing, few different ones, any classes.
fn any_table() -> impl Strategy<Value = Table> {
    let value = prop_oneof![1 => Just(f64::NAN), 6 => (0..12_i32).prop_map(|n| f64::from(n) / 7.0)];
    let row = (proptest::array::uniform3(value), 0..3_usize);
    proptest::collection::vec(row, 12..80).prop_map(|rows| {
        let features = ["a", "b", "c"].map(|name| Feature::new(name, "")).to_vec();
        let mut table = Table::new(features, ["x", "y", "z"]);
        for (at, (row, class)) in rows.iter().enumerate() {
            table.push(row, *class, at % 5).unwrap();
        }
        table
    })
}

proptest! {
    #[test]
    fn each_row_satisfies_exactly_one_rule_and_rules_predict_as_the_tree(table in any_table(), seed: u64) {
        let params = DistillParams { min_leaf: 1, max_depth: 6, seed, ..DistillParams::default() };
        let (policy, tree) = choose::distill_with_tree(&table, &params.check().unwrap()).unwrap();
        let mut covered = 0;
        for at in 0..table.len() {
            let row = gaps::row(&table.row(at), &policy.fillings);
            let matching = policy.rules.iter().filter(|rule| rule.matches(|f| row[f])).count();
            prop_assert_eq!(matching, 1);
            prop_assert_eq!(policy.predict(&table.row(at)), tree.predict(|f| row[f]));
            covered += 1;
        }
        let unheard_of = [f64::NAN; 3];
        let row = gaps::row(&unheard_of, &policy.fillings);
        prop_assert_eq!(policy.predict(&unheard_of), tree.predict(|f| row[f]));
        prop_assert_eq!(covered, policy.rules.iter().map(|rule| rule.support).sum::<usize>() + policy.held_out_rows);
        prop_assert_eq!(policy.held_out_rows, policy.rules.iter().map(|rule| rule.covers).sum::<usize>());
    }

    #[test]
    fn neighbouring_rules_of_one_split_differ_in_their_outcome(table in any_table()) {
        let policy = distilled(&table);
        let siblings = policy.rules.windows(2).filter(|pair| pair[0].conditions.len() == pair[1].conditions.len());
        for pair in siblings.filter(|pair| differ_in_one_side(&pair[0], &pair[1])) {
            prop_assert_ne!(pair[0].outcome, pair[1].outcome);
        }
    }
}

/// Whether two rules are the two sides of one threshold and equal otherwise.
fn differ_in_one_side(one: &Rule, other: &Rule) -> bool {
    let pairs = || one.conditions.iter().zip(&other.conditions).filter(|(a, b)| a != b);
    let opposite = |(a, b): (&Condition, &Condition)| {
        a.feature == b.feature && a.threshold == b.threshold && a.above != b.above
    };
    pairs().count() == 1 && pairs().all(opposite)
}
