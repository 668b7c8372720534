//! Ranks that learn together are one learner: the same games, the same steps to the rounding of sums, one checkpoint.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::num::NonZeroUsize;

use karma_core::Environment;
use karma_marl::games::Signals;
use karma_marl::{Algorithm, IterationStats, Mappo, MappoError, MappoParams, Mode};
use karma_nn::{Collective as _, Threads};

const ENVIRONMENTS: usize = 4;
const ITERATIONS: usize = 4;

/// One mini-batch an epoch: what ranks do together is then what one learner does.
fn whole_batches() -> MappoParams {
    let (num_envs, update_epochs, num_minibatches) = (ENVIRONMENTS, 2, 1);
    MappoParams { num_envs, update_epochs, num_minibatches, hidden: vec![8, 8], ..MappoParams::default() }
}

fn games(n: usize) -> Vec<Box<dyn Environment>> {
    (0..n).map(|_| Box::new(Signals::new(8)) as Box<dyn Environment>).collect()
}

/// What each rank comes to.
fn on_ranks<R: Send>(size: usize, work: impl Fn(Threads) -> R + Sync) -> Vec<R> {
    let work = &work;
    std::thread::scope(|scope| {
        let start = |member| scope.spawn(move || work(member));
        let started: Vec<_> = Threads::group(size).into_iter().map(start).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// A fresh learner of these ranks, which bring `environments` each.
fn fresh(params: &MappoParams, ranks: Threads, environments: usize) -> Result<Mappo, MappoError> {
    let config = params.check().unwrap();
    Mappo::new_with(config, games(environments), 5, NonZeroUsize::MIN, Box::new(ranks))
}

/// A log, and the bytes at its end.
type Run = (Vec<IterationStats>, Vec<u8>);

fn go_on(mut mappo: Mappo, iterations: usize) -> Run {
    let log = (0..iterations).map(|_| mappo.iterate().unwrap()).collect();
    (log, mappo.checkpoint().unwrap())
}

/// A run of so many ranks, on which log and bytes are the same.
fn train(params: &MappoParams, size: usize, iterations: usize) -> Run {
    let share = params.num_envs / size;
    let runs = on_ranks(size, |ranks| go_on(fresh(params, ranks, share).unwrap(), iterations));
    assert!(runs.iter().all(|run| *run == runs[0]), "ranks differ");
    runs.into_iter().next().unwrap()
}

fn restored(bytes: &[u8], ranks: Threads) -> Result<Mappo, MappoError> {
    let share = games(ENVIRONMENTS / ranks.size());
    Mappo::restore_with(bytes, share, NonZeroUsize::MIN, Box::new(ranks))
}

fn assert_close(what: &str, alone: f64, together: f64, tolerance: f64) {
    let allowed = tolerance * alone.abs().max(1.0);
    assert!((alone - together).abs() <= allowed, "{what}: {alone} alone, {together} together");
}

#[test]
fn ranks_take_the_steps_of_one_learner_with_all_environments() {
    for algorithm in [Algorithm::Mappo, Algorithm::Ippo, Algorithm::Happo] {
        let params = MappoParams { algorithm, ..whole_batches() };
        let (alone, _) = train(&params, 1, ITERATIONS);
        for size in [2, 4] {
            let (together, _) = train(&params, size, ITERATIONS);
            let (first, same) = (&alone[0], &together[0]);
            assert_eq!(first.episodic_return, same.episodic_return, "before any step");
            assert_eq!(first.episodic_return_std, same.episodic_return_std);
            for (alone, together) in alone.iter().zip(&together) {
                let counts = |stats: &IterationStats| (stats.iteration, stats.steps, stats.episodes);
                assert_eq!(counts(alone), counts(together));
                assert_close("policy_loss", alone.policy_loss, together.policy_loss, 1e-6);
                assert_close("value_loss", alone.value_loss, together.value_loss, 1e-6);
                assert_close("entropy", alone.entropy, together.entropy, 1e-6);
                assert_close("policy_grad_norm", alone.policy_grad_norm, together.policy_grad_norm, 1e-5);
                assert_close("value_grad_norm", alone.value_grad_norm, together.value_grad_norm, 1e-5);
            }
        }
    }
}

#[test]
fn one_rank_is_a_learner_by_itself_bit_for_bit() {
    let params = MappoParams { num_minibatches: 3, ..whole_batches() };
    let alone = Mappo::new(params.check().unwrap(), games(ENVIRONMENTS), 5, NonZeroUsize::MIN).unwrap();
    assert!(train(&params, 1, ITERATIONS) == go_on(alone, ITERATIONS));
}

#[test]
fn networks_are_the_same_on_all_ranks_whatever_rows_each_of_them_draws() {
    let params = MappoParams { num_minibatches: 3, ..whole_batches() };
    let networks = on_ranks(2, |ranks| {
        let mut mappo = fresh(&params, ranks, 2).unwrap();
        for _ in 0..ITERATIONS {
            mappo.iterate().unwrap();
        }
        mappo.policies(Mode::Greedy).iter().map(|policy| policy.network().clone()).collect::<Vec<_>>()
    });
    assert_eq!(networks[0].len(), 2);
    assert!(networks[0] == networks[1]);
    assert!(train(&params, 2, 2) == train(&params, 2, 2), "a number of ranks has its bits");
}

#[test]
fn ranks_that_go_on_from_a_checkpoint_are_ranks_that_were_never_stopped() {
    let params = MappoParams { num_minibatches: 3, ..whole_batches() };
    for size in [2, 4] {
        let (log, end) = train(&params, size, 2 * ITERATIONS);
        let (_, middle) = train(&params, size, ITERATIONS);
        for run in on_ranks(size, |ranks| go_on(restored(&middle, ranks).unwrap(), ITERATIONS)) {
            assert!(run.0 == log[ITERATIONS..] && run.1 == end, "{size} ranks");
        }
    }
}

#[test]
fn a_checkpoint_is_continued_by_as_many_ranks_as_wrote_it() {
    let (_, bytes) = train(&whole_batches(), 2, 1);
    for (size, told) in [(1, "it was written by 2 ranks, and there are 1"), (4, "and there are 4")] {
        for refused in on_ranks(size, |ranks| restored(&bytes, ranks).unwrap_err().to_string()) {
            assert!(refused.contains(told), "{refused}");
        }
    }
}

#[test]
fn environments_that_cannot_be_shared_out_are_refused() {
    let params = whole_batches();
    for refused in on_ranks(3, |ranks| fresh(&params, ranks, 1).unwrap_err().to_string()) {
        assert!(refused.contains('3') && refused.contains('4'), "{refused}");
    }
    for refused in on_ranks(2, |ranks| fresh(&params, ranks, 1).unwrap_err().to_string()) {
        assert!(refused.contains("environments"), "{refused}");
    }
}
