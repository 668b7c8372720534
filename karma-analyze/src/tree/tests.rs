//! What is planted is found, rare classes are heard if asked for, and leaves are the tree.

use karma_core::SeedTree;
use karma_core::draw::below;
use linfa::traits::{Fit as _, Predict as _};
use proptest::prelude::*;

use super::*;

fn params(max_depth: usize, min_leaf: usize) -> TreeParams {
    TreeParams { max_depth, min_leaf, balanced: false }
}

/// A grid over the unit square, labelled by `class`.
fn grid(class: impl Fn(f64, f64) -> usize) -> ([Vec<f64>; 2], Vec<usize>) {
    let places = (0..400_u16).map(|at| (f64::from(at % 20) / 20.0, f64::from(at / 20) / 20.0));
    let (x, y) = places.clone().unzip();
    ([x, y], places.map(|(x, y)| class(x, y)).collect())
}

#[test]
fn a_planted_tree_is_found_again() {
    let (columns, labels) = grid(|x, y| if x <= 0.42 { 0 } else { 1 + usize::from(y > 0.72) });
    let tree = Tree::fit(&Samples::new(&columns, &labels, 3).unwrap(), &params(2, 1));
    let leaves = tree.leaves();
    assert_eq!(leaves.len(), 3);
    let pure = |leaf: &Leaf| leaf.counts.iter().filter(|count| **count > 0).count() == 1;
    assert!(leaves.iter().all(pure), "{leaves:?}");
    assert!((leaves[0].bounds[0].below.unwrap() - 0.425).abs() < 1e-6, "in the middle of 0.40 and 0.45");
    assert!((leaves[1].bounds[1].below.unwrap() - 0.725).abs() < 1e-6);
    assert_eq!((leaves[0].class, leaves[1].class, leaves[2].class), (0, 1, 2));
}

#[test]
fn a_leaf_keeps_its_rows_and_a_tree_its_depth() {
    let (columns, labels) = grid(|x, y| usize::from(x * y > 0.3));
    for (depth, least) in [(0, 1), (1, 50), (3, 20), (5, 1)] {
        let leaves = Tree::fit(&Samples::new(&columns, &labels, 2).unwrap(), &params(depth, least)).leaves();
        assert!(leaves.len() <= 1 << depth && leaves.iter().all(|leaf| leaf.rows() >= least));
        assert_eq!(leaves.iter().map(Leaf::rows).sum::<usize>(), 400);
    }
}

#[test]
fn a_rare_class_counts_as_much_as_a_common_one_where_that_is_asked_for() {
    let columns = [(0..100_u8).map(f64::from).collect()];
    let labels: Vec<usize> = (0..100).map(|at| usize::from((90..95).contains(&at))).collect();
    let samples = Samples::new(&columns, &labels, 2).unwrap();
    let plain = Tree::fit(&samples, &params(1, 10));
    let balanced = Tree::fit(&samples, &TreeParams { balanced: true, ..params(1, 10) });
    assert_eq!((plain.predict(|_| 93.0), balanced.predict(|_| 93.0)), (0, 1));
    assert_eq!(balanced.predict(|_| 10.0), 0);
}

#[test]
fn equal_values_are_never_split_and_one_class_needs_no_split() {
    let same = Tree::fit(&Samples::new(&[vec![1.0; 4]], &[0, 1, 0, 1], 2).unwrap(), &params(3, 1));
    assert_eq!(same.leaves().len(), 1);
    let one = Tree::fit(&Samples::new(&[vec![1.0, 2.0]], &[1, 1], 2).unwrap(), &params(3, 1));
    assert_eq!((one.leaves().len(), one.predict(|_| 9.0)), (1, 1));
}

#[test]
fn neighbouring_numbers_are_told_apart() {
    let (low, high) = (1.0, 1.0_f64.next_up());
    let tree = Tree::fit(&Samples::new(&[vec![low, high]], &[0, 1], 2).unwrap(), &params(1, 1));
    assert_eq!((tree.predict(|_| low), tree.predict(|_| high)), (0, 1));
}

#[test]
fn what_is_no_sample_is_refused_with_its_place() {
    let refused =
        |columns: &[Vec<f64>], labels: &[usize]| Samples::new(columns, labels, 2).unwrap_err().to_string();
    assert_eq!(refused(&[vec![]], &[]), "a tree needs at least one row");
    assert_eq!(refused(&[vec![1.0], vec![2.0, 3.0]], &[0]), "feature 1 has 2 values; there are 1 rows");
    let with_gap = [vec![1.0, 2.0], vec![3.0, f64::NAN]];
    assert!(refused(&with_gap, &[0, 1]).starts_with("feature 1 of row 1 is not finite"));
    assert_eq!(refused(&[vec![1.0]], &[2]), "row 0 has class 2, but there are 2 classes, from 0");
}

#[test]
fn a_tree_of_some_rows_is_that_of_samples_which_have_no_others() {
    let (columns, labels) = grid(|x, y| usize::from(x * y > 0.3));
    let even: Vec<usize> = (0..400).step_by(2).collect();
    let of_even = columns.each_ref().map(|column| even.iter().map(|row| column[*row]).collect());
    let labels_of_even: Vec<usize> = even.iter().map(|row| labels[*row]).collect();
    let some = Tree::fit_rows(&Samples::new(&columns, &labels, 2).unwrap(), &even, &params(3, 5));
    assert_eq!(some, Tree::fit(&Samples::new(&of_even, &labels_of_even, 2).unwrap(), &params(3, 5)));
}

#[test]
fn splits_that_gain_equally_are_decided_for_the_first_feature_and_the_lowest_threshold() {
    let column = vec![1.0, 2.0, 3.0, 4.0];
    // Off either end one pure row goes.
    let samples = [column.clone(), column];
    let tree = Tree::fit(&Samples::new(&samples, &[0, 1, 1, 0], 2).unwrap(), &params(1, 1));
    assert_eq!(tree.leaves()[0].bounds, [Bound { feature: 0, above: None, below: Some(1.5) }]);
}

#[test]
fn a_split_below_which_all_leaves_say_the_same_has_no_importance() {
    // One side is purer than the other, but both are mostly of class 1.
    let columns = [vec![1.0, 1.0, 1.0, 2.0, 2.0, 2.0]];
    let samples = Samples::new(&columns, &[0, 1, 1, 1, 1, 1], 2).unwrap();
    let tree = Tree::fit(&samples, &params(1, 1));
    assert_eq!((tree.leaves().len(), tree.importances()), (2, vec![0.0]));
}

#[test]
fn what_is_not_a_number_counts_as_at_most_any_threshold() {
    let columns = [vec![1.0, 2.0]];
    let tree = Tree::fit(&Samples::new(&columns, &[0, 1], 2).unwrap(), &params(1, 1));
    let ends: Vec<bool> = tree.leaves().iter().map(|leaf| leaf.holds(|_| f64::NAN)).collect();
    assert_eq!((tree.predict(|_| f64::NAN), ends), (0, vec![true, false]));
}

/// 400 rows of three different numbers each; two classes by two of them, one row in five at random.
fn two_classes(seed: u64) -> ([Vec<f64>; 3], Vec<usize>) {
    let mut rng = SeedTree::new(seed).rng();
    let columns = [(); 3].map(|()| (0..400).map(|_| below(&mut rng, 1 << 40) as f64).collect::<Vec<f64>>());
    let busy = |row: usize| columns[0][row] > 6e11 && columns[2][row] < 7e11;
    let labels = (0..400).map(|row| usize::from(busy(row) ^ (below(&mut rng, 5) == 0))).collect();
    (columns, labels)
}

#[test]
fn on_two_classes_the_tree_is_right_as_often_as_that_of_linfa() {
    // Between two classes only the name of a leaf with equally many of both is left to linfa's hash map, and whatever
    // it is, as many rows are right.
    for seed in 0..10 {
        let (columns, labels) = two_classes(seed);
        let samples = Samples::new(&columns, &labels, 2).unwrap();
        let ours = Tree::fit(&samples, &params(4, 5));
        let records = ndarray::Array2::from_shape_fn((400, 3), |(row, feature)| columns[feature][row]);
        let dataset = linfa::Dataset::new(records, ndarray::Array1::from(labels.clone()));
        let params = linfa_trees::DecisionTree::params().max_depth(Some(4)).min_weight_leaf(5.0);
        let theirs = params.fit(&dataset).unwrap().predict(&dataset);
        let right = |says: &dyn Fn(usize) -> usize| (0..400).filter(|row| says(*row) == labels[*row]).count();
        let of_tree = right(&|row| ours.predict(samples.row(row)));
        assert_eq!(of_tree, right(&|row| theirs[row]), "seed {seed}");
        assert!(of_tree > 280);
    }
}

/// Rows of so many features, and the label of each.
fn labelled<const N: usize>(
    label: impl Fn([f64; N]) -> usize,
) -> impl Strategy<Value = ([Vec<f64>; N], Vec<usize>)> {
    prop::collection::vec(prop::array::uniform::<_, N>(-3.0..3.0), 1..40).prop_map(move |rows| {
        let columns = std::array::from_fn(|feature| rows.iter().map(|row| row[feature]).collect());
        (columns, rows.into_iter().map(&label).collect())
    })
}

proptest! {
    #[test]
    fn joined_leaves_hold_the_same_rows(
        (columns, labels) in labelled(|[x, y]: [f64; 2]| usize::from(x > y)),
        depth in 1_usize..5,
    ) {
        let samples = Samples::new(&columns, &labels, 2).unwrap();
        let all = Tree::fit(&samples, &params(depth, 1)).leaves();
        let fewer = joined(all.clone(), |a, b| a.class == b.class);
        prop_assert!(fewer.len() <= all.len());
        prop_assert_eq!(fewer.iter().map(Leaf::rows).sum::<usize>(), samples.len());
        for row in 0..samples.len() {
            let ends = |leaves: &[Leaf]| -> Vec<usize> {
                leaves.iter().filter(|leaf| leaf.holds(samples.row(row))).map(|leaf| leaf.class).collect()
            };
            prop_assert_eq!(ends(&fewer), ends(&all));
        }
    }

    #[test]
    fn every_row_ends_in_exactly_one_leaf_which_says_what_the_tree_says(
        (columns, labels) in labelled(|[x, y, z]: [f64; 3]| usize::from(x > y) + usize::from(z > 0.0)),
        depth in 0_usize..5,
        probe in prop::array::uniform3(-4.0_f64..4.0),
    ) {
        let samples = Samples::new(&columns, &labels, 3).unwrap();
        let tree = Tree::fit(&samples, &params(depth, 1));
        for tree in [tree.clone(), tree.rounded(&samples)] {
            let leaves = tree.leaves();
            let one = |value: &dyn Fn(usize) -> f64| {
                let classes: Vec<_> = leaves.iter().filter(|leaf| leaf.holds(value)).map(|leaf| leaf.class).collect();
                classes == [tree.predict(value)]
            };
            prop_assert!(one(&|feature| probe[feature]));
            prop_assert!((0..samples.len()).all(|row| one(&samples.row(row))));
        }
    }

    #[test]
    fn deeper_trees_are_not_worse_on_what_they_were_fitted_to(
        (columns, labels) in labelled(|[x, y]: [f64; 2]| usize::from(x * y > 0.0)),
    ) {
        let samples = Samples::new(&columns, &labels, 2).unwrap();
        let right = |depth| {
            let tree = Tree::fit(&samples, &params(depth, 1));
            (0..samples.len()).filter(|row| tree.predict(samples.row(*row)) == labels[*row]).count()
        };
        prop_assert!((1..5).all(|depth| right(depth) >= right(depth - 1)));
    }
}
