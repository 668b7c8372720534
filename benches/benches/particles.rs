//! Speed of the multi-particle environments: joint steps of whole episodes under random actions, resets included.
//!
//! The bar is a million joint steps of `simple_spread` per core-second, what the fastest environments in C claim.
//! `JaxMARL` does 170 thousand on a CPU, mpe2 1.4 thousand.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use karma_core::{Action, Environment as _, JointAction, SeedTree, Step, draw::below};
use karma_marl::games::particles::{Convention, Particles, Scenario};

/// Joint actions that are drawn beforehand, so that only the environment is measured.
const DRAWN: usize = 1 << 12;

fn random_actions(game: &Particles) -> Vec<JointAction> {
    let mut rng = SeedTree::new(1).rng();
    let mut joint = || {
        let agents = game.spec().agents.iter();
        #[expect(clippy::cast_possible_truncation, reason = "an index of at most 50 actions")]
        let action = |size| Action(below(&mut rng, size) as u32);
        agents.map(|agent| agent.action_space.len()).map(action).collect()
    };
    (0..DRAWN).map(|_| joint()).collect()
}

fn joint_steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("particles");
    group.throughput(Throughput::Elements(DRAWN as u64));
    for scenario in Scenario::ALL {
        let mut game = Particles::new(scenario, Convention::MPE2);
        let (actions, mut step, mut seed) = (random_actions(&game), Step::default(), 0);
        group.bench_function(BenchmarkId::new("joint steps", scenario.name()), |bencher| {
            bencher.iter(|| {
                for joint in &actions {
                    if step.is_last() || step.masks.is_empty() {
                        seed += 1;
                        game.reset_into(seed, &mut step);
                    }
                    if let Err(error) = game.step_into(joint, &mut step) {
                        panic!("{error}");
                    }
                }
            });
        });
    }
    group.finish();
}

criterion_group!(particles, joint_steps);
criterion_main!(particles);
