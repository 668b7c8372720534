//! What the inference finds in many data sets of which we know what is true.

use std::num::NonZeroUsize;

use karma_core::Id as _;

use super::simulated::{
    few_and_long, in_step, in_the_second_half, independent, mutual, planted, with_a_common_cause,
    with_a_common_course,
};
use super::{Deeds, Relations, RelationsParams, Tie, infer};

const SETS: u64 = 200;

fn inferred(deeds: &Deeds, seed: u64) -> Relations {
    let params = RelationsParams { max_lag: 4, permutations: 199, seed, ..RelationsParams::default() };
    infer(deeds, &params.check().unwrap().on_threads(NonZeroUsize::new(2).unwrap())).unwrap()
}

/// What is inferred from each of the data sets.
fn all(make: impl Fn(u64) -> Deeds) -> Vec<Relations> {
    (0..SETS).map(|seed| inferred(&make(seed), seed)).collect()
}

/// The smallest number that `n` trials of probability `p` exceed with a probability below 10⁻³ (exactly binomial).
fn ceiling(n: usize, p: f64) -> usize {
    let mut mass = (1.0 - p).powf(n as f64);
    let mut below = mass;
    let mut k = 0;
    while below < 0.999 {
        mass *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
        below += mass;
        k += 1;
    }
    k
}

fn count(relations: &[Relations], is: impl Fn(&Relations) -> bool) -> usize {
    relations.iter().filter(|relations| is(relations)).count()
}

/// The level holds, and p-values of single tests are as uniform as so many can show.
fn assert_nothing_is_found(relations: &[Relations]) {
    let n = relations.len();
    let found = count(relations, |r| !r.links.is_empty());
    assert!(found <= ceiling(n, 0.05), "{found} of {n} data sets have a link");
    for test in 0..3 {
        for level in [0.05, 0.5] {
            let small = count(relations, |r| r.tests[test].p_value <= level);
            assert!(small <= ceiling(n, level), "test {test}: {small} of {n} p-values are at most {level}");
            assert!(
                n - small <= ceiling(n, 1.0 - level),
                "test {test}: only {small} of {n} are at most {level}"
            );
        }
    }
}

#[test]
fn independent_agents_have_links_no_more_often_than_the_level_says() {
    assert_nothing_is_found(&all(|seed| independent(3, 0.0, seed)));
}

#[test]
fn agents_that_keep_to_what_they_do_are_not_taken_for_related() {
    assert_nothing_is_found(&all(|seed| independent(3, 0.9, seed)));
}

#[test]
fn a_course_that_all_episodes_share_is_not_taken_for_a_relation() {
    assert_nothing_is_found(&all(with_a_common_course));
}

#[test]
fn a_few_long_episodes_are_enough_to_keep_the_level() {
    assert_nothing_is_found(&all(few_and_long));
}

/// In how many data sets the planted link is found with its direction and lag, and in how many it is called authority.
fn power(lag: usize, strength: f64) -> (usize, usize) {
    let relations = all(|seed| planted(lag, strength, seed));
    let planted = |r: &Relations| {
        r.links.iter().copied().find(|l| (l.from.index(), l.to.index(), l.lag) == (0, 1, lag))
    };
    let found = count(&relations, |r| planted(r).is_some());
    (found, count(&relations, |r| planted(r).is_some_and(|link| link.tie == Tie::Authority)))
}

#[test]
fn a_planted_dependence_is_found_with_its_direction_and_lag() {
    for lag in 1..=4 {
        let (found, authority) = power(lag, 0.25);
        assert!(found >= 190, "lag {lag}: {found} of 200");
        assert!(authority >= 170, "lag {lag}: {authority} of 200 are called authority");
    }
}

#[test]
fn power_falls_with_the_strength_of_the_dependence() {
    let found: Vec<usize> = [0.25, 0.15, 0.1, 0.0].map(|strength| power(2, strength).0).to_vec();
    assert_eq!(found, [200, 137, 28, 0], "docs/explanations.md shows these numbers");
    assert!(found[3] <= ceiling(200, 0.05), "{found:?}");
}

#[test]
fn agents_that_act_together_communicate() {
    let relations = all(|seed| in_step(0.4, seed));
    let both = |r: &Relations| {
        let together = r.links.iter().filter(|l| l.tie == Tie::Communication && l.lag == 0);
        together.map(|l| (l.from.index(), l.to.index())).collect::<Vec<_>>() == [(0, 1), (1, 0)]
    };
    let found = count(&relations, both);
    assert!(found >= 190, "{found} of 200");
}

#[test]
fn agents_that_answer_each_other_communicate() {
    let relations = all(mutual);
    let both = |r: &Relations| {
        let ties: Vec<_> = r.links.iter().map(|l| (l.from.index(), l.to.index(), l.tie, l.lag)).collect();
        ties == [(0, 1, Tie::Communication, 2), (1, 0, Tie::Communication, 2)]
    };
    let found = count(&relations, both);
    assert!(found >= 190, "{found} of 200");
}

#[test]
fn a_dependence_of_the_second_half_is_found_in_the_second_window_alone() {
    let in_halves = |seed| {
        let params = RelationsParams { windows: 2, permutations: 199, seed, ..RelationsParams::default() };
        infer(&in_the_second_half(seed), &params.check().unwrap()).unwrap()
    };
    let relations: Vec<Relations> = (0..50).map(in_halves).collect();
    let second = |r: &Relations| {
        r.links.iter().map(|l| (l.window, l.from.index(), l.lag)).collect::<Vec<_>>() == [(1, 0, 1)]
    };
    let found = count(&relations, second);
    assert!(found >= 45, "{found} of 50");
}

#[test]
fn a_common_cause_makes_a_link_unless_it_is_in_the_context() {
    let hidden = count(&all(|seed| with_a_common_cause(false, seed)), |r| !r.links.is_empty());
    assert!(hidden >= 190, "{hidden} of 200 without the context");
    let known = count(&all(|seed| with_a_common_cause(true, seed)), |r| !r.links.is_empty());
    assert!(known <= ceiling(200, 0.05), "{known} of 200 with the context");
}
