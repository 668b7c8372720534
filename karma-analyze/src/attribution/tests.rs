//! The axioms, and the definition by orders as an oracle.

use super::*;
use proptest::prelude::*;

/// Players with one feature each, in unions of these sizes.
fn unions_of(sizes: &[usize]) -> Vec<Vec<Player>> {
    let mut next = 0..;
    let union =
        |size: &usize| next.by_ref().take(*size).map(|f: usize| Player::new(format!("x{f}"), [f])).collect();
    sizes.iter().map(union).collect()
}

/// A function without any structure: a number drawn from the bits of the observation.
fn scrambled(row: &[f32]) -> f64 {
    let seed = row
        .iter()
        .fold(7_u64, |hash, x| hash.rotate_left(9) ^ u64::from(x.to_bits()).wrapping_mul(0x9E37_79B9));
    f64::from(u32::try_from(karma_core::SeedTree::new(seed).seed() >> 32).unwrap()) / f64::from(u32::MAX)
}

/// A network of two layers with four hidden units.
fn network(weights: &[f32], row: &[f32]) -> f64 {
    let hidden = weights.chunks(row.len()).map(|w| w.iter().zip(row).map(|(w, x)| w * x).sum::<f32>().tanh());
    hidden.zip(weights).map(|(h, w)| f64::from(h * w)).sum()
}

/// All orders of `items`.
fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = items.split_first() else { return vec![vec![]] };
    let insert = |order: Vec<T>| {
        (0..=order.len()).map(move |at| [&order[..at], std::slice::from_ref(first), &order[at..]].concat())
    };
    orders(rest).into_iter().flat_map(insert).collect()
}

/// All orders of players in which unions stay together.
fn orders_in_unions(unions: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let of_union: Vec<Vec<Vec<usize>>> = unions.iter().map(|union| orders(union)).collect();
    let extend = |begun: Vec<Vec<usize>>, next: &usize| {
        let ends = &of_union[*next];
        begun.iter().flat_map(|begin| ends.iter().map(move |end| [&begin[..], end].concat())).collect()
    };
    let places: Vec<usize> = (0..unions.len()).collect();
    orders(&places).iter().flat_map(|order| order.iter().fold(vec![vec![]], extend)).collect()
}

/// The mean step of each feature from zeros to ones, over all those orders.
fn by_definition(sizes: &[usize], f: impl Fn(&[f32]) -> f64) -> Vec<f64> {
    let mut next = 0..;
    let unions: Vec<Vec<usize>> = sizes.iter().map(|size| next.by_ref().take(*size).collect()).collect();
    let (orders, features) = (orders_in_unions(&unions), sizes.iter().sum());
    let mut values = vec![0.0; features];
    for order in &orders {
        let mut row = vec![0.0; features];
        for feature in order {
            let before = f(&row);
            row[*feature] = 1.0;
            values[*feature] += (f(&row) - before) / orders.len() as f64;
        }
    }
    values
}

#[test]
fn values_are_means_over_all_orders_that_keep_unions_together() {
    for sizes in [&[1, 1, 1, 1, 1][..], &[2, 3], &[1, 2, 2], &[4], &[1, 3, 1]] {
        let features = sizes.iter().sum();
        let players = Players::in_unions(unions_of(sizes)).unwrap();
        let found =
            players.attribute(&vec![1.0; features], &[vec![0.0; features]], one_by_one(scrambled)).unwrap();
        for (part, value) in found.contributions.iter().zip(by_definition(sizes, scrambled)) {
            assert!((part.value - value).abs() < 1e-12, "{sizes:?}");
        }
    }
}

#[test]
fn each_coalition_is_evaluated_once_for_each_reference() {
    for (sizes, expected) in [(&[1; 7][..], 128), (&[2, 3, 1], 8 + 4 * (2 + 6))] {
        let features: usize = sizes.iter().sum();
        let mut asked = Vec::new();
        let players = Players::in_unions(unions_of(sizes)).unwrap();
        let references = [vec![0.0; features], vec![2.0; features]];
        let count = one_by_one(|row: &[f32]| {
            asked.push(row.iter().map(|x| x.to_bits()).collect::<Vec<u32>>());
            0.0
        });
        players.attribute(&vec![1.0; features], &references, count).unwrap();
        assert_eq!((players.evaluations(), asked.len()), (expected, 2 * expected));
        asked.sort();
        asked.dedup();
        assert_eq!(
            asked.len(),
            2 * expected - 1,
            "only the observation itself is the same for both references"
        );
    }
}

#[test]
fn a_mean_over_references_is_the_mean_of_the_attributions() {
    let players = Players::alone(unions_of(&[3]).remove(0)).unwrap();
    let references = [vec![0.0, 0.5, 1.0], vec![-1.0, 2.0, 0.25]];
    let of =
        |references: &[Vec<f32>]| players.attribute(&[1.0; 3], references, one_by_one(scrambled)).unwrap();
    let (both, one, other) = (of(&references), of(&references[..1]), of(&references[1..]));
    for i in 0..3 {
        let mean = f64::midpoint(one.contributions[i].value, other.contributions[i].value);
        assert!((both.contributions[i].value - mean).abs() < 1e-12);
    }
}

#[test]
fn what_cannot_be_divided_is_refused_with_the_way_out() {
    let zero = |rows: &[Vec<f32>]| vec![0.0; rows.len()];
    let players = Players::alone(unions_of(&[2]).remove(0)).unwrap();
    let refused = |observation: &[f32], references: &[Vec<f32>]| {
        players.attribute(observation, references, zero).unwrap_err().to_string()
    };
    assert_eq!(refused(&[0.0], &[]), "x1 has feature 1; the observation has 1, from 0");
    assert_eq!(refused(&[0.0; 2], &[]), "there is no reference observation; give at least one");
    assert_eq!(refused(&[0.0; 2], &[vec![1.0]]), "reference 0 has 1 features; the observation has 2");
    let outputs = players.attribute(&[0.0; 2], &[vec![1.0; 2]], |_| vec![]).unwrap_err();
    assert_eq!(outputs, AttributionError::Outputs { asked: 4, found: 0 });
    let nan = players.attribute(&[0.0; 2], &[vec![1.0; 2]], one_by_one(|_| f64::NAN)).unwrap_err();
    assert!(matches!(nan, AttributionError::NotFinite(_)));
    let twice = Players::alone(vec![Player::new("a", [0]), Player::new("b", [1, 0])]).unwrap_err();
    assert_eq!(twice.to_string(), "feature 0 belongs to a and to b; give it to one of them");
    let many = Players::alone(unions_of(&[17]).remove(0)).unwrap_err();
    assert_eq!(many, AttributionError::TooMany { needed: 1 << 17 });
}

#[test]
fn a_game_of_nobody_moves_nothing() {
    let none = Players::in_unions(vec![vec![]]).unwrap();
    let found = none.attribute(&[1.0], &[vec![0.0]], one_by_one(|row| f64::from(row[0]))).unwrap();
    assert_eq!((found.output, found.reference, found.completeness()), (1.0, 1.0, 0.0));
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1..4_usize, 1..5)
}

proptest! {
    #[test]
    fn contributions_of_any_network_add_up(
        sizes in sizes(),
        weights in proptest::collection::vec(-3.0..3.0_f32, 4 * 12),
        rows in proptest::collection::vec(-3.0..3.0_f32, 3 * 12),
    ) {
        let n: usize = sizes.iter().sum();
        let players = Players::in_unions(unions_of(&sizes)).unwrap();
        let references = [rows[n..2 * n].to_vec(), rows[2 * n..3 * n].to_vec()];
        let f = one_by_one(|row| network(&weights[..4 * n], row));
        let found = players.attribute(&rows[..n], &references, f).unwrap();
        prop_assert!(found.completeness() < 1e-9);
        let f = one_by_one(scrambled);
        prop_assert!(players.attribute(&rows[..n], &references, f).unwrap().completeness() < 1e-9);
    }

    #[test]
    fn a_linear_function_gives_weight_times_difference(
        sizes in sizes(),
        weights in proptest::collection::vec(-3.0..3.0_f32, 12),
        row in proptest::collection::vec(-3.0..3.0_f32, 12),
    ) {
        let n: usize = sizes.iter().sum();
        let linear = |x: &[f32]| x.iter().zip(&weights).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum::<f64>();
        let players = Players::in_unions(unions_of(&sizes)).unwrap();
        let found = players.attribute(&row[..n], &[vec![0.5; n]], one_by_one(linear)).unwrap();
        for i in 0..n {
            let expected = f64::from(weights[i]) * (f64::from(row[i]) - 0.5);
            prop_assert!((found.contributions[i].value - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn equals_get_the_same_and_a_dummy_nothing(a in -2.0..2.0_f32, b in -2.0..2.0_f32, c in -2.0..2.0_f32) {
        // The first two features play the same part; the last plays none.
        let f = |x: &[f32]| f64::from((x[0] + x[1]).sin() * (1.0 + x[2]) + x[0] * x[1]);
        let players = Players::alone(unions_of(&[4]).remove(0)).unwrap();
        let found = players.attribute(&[a, a, b, c], &[vec![0.0; 4]], one_by_one(f)).unwrap();
        let value = |i: usize| found.contributions[i].value;
        prop_assert!((value(0) - value(1)).abs() < 1e-6);
        prop_assert_eq!(value(3), 0.0);
    }
}
