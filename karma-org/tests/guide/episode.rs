//! Guides of single environments, and batches of many.

use karma_core::{Guidance, Guide as _, JointAction, SeedTree, State, StreamRng};
use karma_org::guide::{EpisodeGuide, GuideBatch};

use crate::support::{SHOP, agent, guides, random_joint, random_state};

/// States of an episode, and the joint actions between them.
fn episode(rng: &mut StreamRng) -> (Vec<State>, Vec<JointAction>) {
    let space = guides(SHOP).action_space();
    let states: Vec<_> = (0..40).map(|step| random_state(4, f64::from(step) * 15.0, rng)).collect();
    let joints = states.iter().skip(1).map(|_| random_joint(4, space, rng)).collect();
    (states, joints)
}

#[test]
fn an_episode_guide_keeps_the_promises_of_the_seam() {
    let guides = guides(SHOP);
    let (states, joints) = episode(&mut SeedTree::new(5).rng());
    let space = guides.action_space();
    karma_core::testing::guide(&mut EpisodeGuide::new(guides.clone()), space, &states, &joints);
    karma_core::testing::guide(&mut *guides.factory().make(), space, &states, &joints);
}

#[test]
fn a_batch_computes_what_its_environments_would_alone() {
    const ENVIRONMENTS: usize = 23;
    let guides = guides(SHOP);
    let mut rng = SeedTree::new(6).rng();
    let episodes: Vec<_> = (0..ENVIRONMENTS).map(|_| episode(&mut rng)).collect();
    let mut batch = GuideBatch::new(guides.clone(), ENVIRONMENTS);
    let mut alone: Vec<_> = (0..ENVIRONMENTS).map(|_| EpisodeGuide::new(guides.clone())).collect();
    let mut starts = [0usize; ENVIRONMENTS];
    for step in 0..40 {
        let mut expected: Vec<Guidance> = Vec::new();
        for (environment, (states, joints)) in episodes.iter().enumerate() {
            // Every environment begins anew at its own time.
            if step % (environment + 7) == 0 {
                starts[environment] = step;
                batch.begin(environment, &states[step]);
                expected.push(alone[environment].begin(&states[step]));
            } else {
                batch.advance(environment, &joints[step - 1], &states[step]);
                expected.push(alone[environment].advance(&joints[step - 1], &states[step]));
            }
        }
        batch.restrict();
        batch.shape();
        let computed: Vec<_> = (0..ENVIRONMENTS).map(|environment| batch.guidance(environment)).collect();
        assert_eq!(computed, expected, "at step {step}, after beginnings at {starts:?}");
    }
}

#[test]
fn masks_are_written_as_they_are_read() {
    let guides = guides(SHOP);
    let mut rng = SeedTree::new(8).rng();
    let mut batch = GuideBatch::new(guides, 9);
    (0..9).for_each(|environment| batch.begin(environment, &random_state(4, 0.0, &mut rng)));
    batch.restrict();
    let actions = batch.guides().action_space().len();
    for index in 0..4 {
        let mut flags = vec![true; 9 * actions];
        batch.write_masks(agent(index), &mut flags);
        for (environment, flags) in flags.chunks(actions).enumerate() {
            let mask = batch.mask(environment, agent(index));
            assert_eq!(flags, mask.as_slice());
            assert_eq!(
                mask.legal().collect::<Vec<_>>(),
                batch.allowed(environment, agent(index)).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn shaping_is_finite_whatever_is_measured() {
    let mut batch = GuideBatch::new(guides(SHOP), 1);
    let mut rng = SeedTree::new(9).rng();
    let space = batch.guides().action_space();
    batch.begin(0, &random_state(4, 0.0, &mut rng));
    for step in 1..2_000 {
        let mut state = random_state(4, f64::from(step), &mut rng);
        for row in &mut state.services {
            let huge = [f32::MAX, f32::MIN, 1e30, f32::MIN_POSITIVE][crate::support::below(&mut rng, 4)];
            row.set(
                karma_core::Metric::ALL[crate::support::below(&mut rng, karma_core::Metric::COUNT)],
                huge,
            );
        }
        batch.restrict();
        batch.advance(0, &random_joint(4, space, &mut rng), &state);
        batch.shape();
        assert!((0..4).all(|index| batch.shaping_of(agent(index))[0].is_finite()));
    }
}
