//! All pairs, both kinds of dependence, all windows.

use karma_core::{AgentId, Id as _, SeedTree, parallel};

use super::dependence::{Dependence, Prepared, Question};
use super::links::links;
use super::{Correction, Deeds, Relations, RelationsConfig, Test, Window};

/// Why nothing could be inferred.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RelationsError {
    /// The smallest possible p-value is too large for the correction, so that nothing could ever be found.
    #[error(
        "{permutations} permutations cannot show anything in {tests} tests at level {alpha}: at least {needed} are \
         needed, or fewer windows"
    )]
    TooFewPermutations {
        /// Permutations set.
        permutations: usize,
        /// Tests to account for.
        tests: usize,
        /// The level.
        alpha: f64,
        /// Permutations with which a result is possible.
        needed: usize,
    },
    /// A table of counts would be too large.
    #[error(
        "what agents {from} and {to} do, with their pasts and the context, has more than 2^24 combinations; group \
         their actions or coarsen the context"
    )]
    TooManySymbols {
        /// One agent.
        from: usize,
        /// The other.
        to: usize,
    },
}

/// Which agents depend on each other (see the [module](super)).
///
/// # Errors
/// If the permutations are too few for so many tests, or the symbols too many to count.
pub fn infer(deeds: &Deeds, config: &RelationsConfig) -> Result<Relations, RelationsError> {
    let params = config.params();
    let windows = windows(deeds.longest(), params.windows);
    let questions = questions(deeds.agents(), &windows, params.max_lag);
    check_permutations(config, questions.len())?;
    let prepared = Prepared::of(deeds);
    let root = SeedTree::new(params.seed).child("relations");
    let ask = |(window, question): (usize, Question)| {
        let kind = root.child(if *question.lags.end() == 0 { "synchronous" } else { "lagged" });
        let place = [window, question.from, question.to].into_iter();
        let mut rng = place.fold(kind, |node, number| node.index(number as u64)).rng();
        let found = prepared.test(&question, params.permutations, &mut rng);
        let (from, to) = (question.from, question.to);
        found.map(|found| test(&question, window, found)).ok_or(RelationsError::TooManySymbols { from, to })
    };
    let found = parallel::run_all(config.threads(), questions, ask);
    let mut tests = found.into_iter().collect::<Result<Vec<Test>, _>>()?;
    adjust(&mut tests, params.correction);
    let links = links(&tests, params.alpha);
    let (alpha, correction, agents) = (params.alpha, params.correction, deeds.agents());
    Ok(Relations { agents, windows, tests, alpha, correction, links })
}

/// Equal parts of the longest episode.
fn windows(steps: usize, count: usize) -> Vec<Window> {
    (0..count).map(|k| Window { begin: k * steps / count, end: (k + 1) * steps / count }).collect()
}

/// For each window and pair: there, back, and together.
fn questions(agents: usize, windows: &[Window], max_lag: usize) -> Vec<(usize, Question)> {
    let mut questions = Vec::new();
    for (at, window) in windows.iter().enumerate() {
        for (i, j) in (0..agents).flat_map(|i| (i + 1..agents).map(move |j| (i, j))) {
            for (from, to, lags) in [(i, j, 1..=max_lag), (j, i, 1..=max_lag), (i, j, 0..=0)] {
                questions.push((at, Question { from, to, window: window.begin..window.end, lags }));
            }
        }
    }
    questions
}

fn test(question: &Question, window: usize, found: Dependence) -> Test {
    let Dependence { lag, bits, p_value } = found;
    let (from, to) = (AgentId::from_index(question.from), AgentId::from_index(question.to));
    Test { from, to, window, lag, bits, p_value, adjusted: p_value }
}

fn adjust(tests: &mut [Test], correction: Correction) {
    let raw: Vec<f64> = tests.iter().map(|test| test.p_value).collect();
    for (test, adjusted) in tests.iter_mut().zip(correction.adjusted(&raw)) {
        test.adjusted = adjusted;
    }
}

/// Holm compares the smallest p-value with α / tests, Benjamini and Hochberg the largest with α.
fn check_permutations(config: &RelationsConfig, tests: usize) -> Result<(), RelationsError> {
    let params = config.params();
    let (permutations, alpha) = (params.permutations, params.alpha);
    let family = if params.correction == Correction::Holm { tests.max(1) } else { 1 };
    let possible = |n: usize| family as f64 / (1 + n) as f64 <= alpha;
    if possible(permutations) {
        return Ok(());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive count; casts saturate"
    )]
    let about = (family as f64 / alpha) as usize;
    let needed = (about.saturating_sub(2)..=about + 1).find(|n| possible(*n)).unwrap_or(about + 1);
    Err(RelationsError::TooFewPermutations { permutations, tests, alpha, needed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relations::{RelationsParams, simulated};
    use std::num::NonZeroUsize;

    #[test]
    fn permutations_that_could_show_nothing_are_refused() {
        let deeds = simulated::independent(2, 0.0, 1);
        let params = RelationsParams { permutations: 58, ..RelationsParams::default() };
        let refused = infer(&deeds, &params.clone().check().unwrap()).unwrap_err().to_string();
        assert_eq!(
            refused,
            "58 permutations cannot show anything in 3 tests at level 0.05: at least 59 are needed, or fewer windows"
        );
        let enough = RelationsParams { permutations: 59, ..params };
        assert_eq!(infer(&deeds, &enough.check().unwrap()).unwrap().tests.len(), 3);
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let deeds = simulated::planted(1, 0.3, 4);
        let config = RelationsParams { permutations: 199, ..RelationsParams::default() }.check().unwrap();
        let one = infer(&deeds, &config).unwrap();
        let three = infer(&deeds, &config.on_threads(NonZeroUsize::new(3).unwrap())).unwrap();
        assert_eq!(one, three);
    }

    #[test]
    fn windows_cut_an_episode_without_a_gap() {
        let cut = windows(10, 3);
        assert_eq!(cut.iter().map(|w| (w.begin, w.end)).collect::<Vec<_>>(), [(0, 3), (3, 6), (6, 10)]);
    }

    #[test]
    fn too_many_combinations_are_refused_before_memory_is_filled() {
        let mut deeds = Deeds::new(2);
        let many: Vec<u32> = (0..1000).collect();
        deeds.push(&[&many, &many], None).unwrap();
        let refused = infer(&deeds, &RelationsParams::default().check().unwrap()).unwrap_err();
        assert_eq!(refused, RelationsError::TooManySymbols { from: 0, to: 1 });
    }

    #[test]
    fn nobody_and_nothing_have_no_relations() {
        let config = RelationsParams::default().check().unwrap();
        for deeds in [Deeds::new(0), Deeds::new(3)] {
            let relations = infer(&deeds, &config).unwrap();
            assert!(relations.links.is_empty() && relations.tests.iter().all(|test| test.p_value == 1.0));
        }
    }
}
