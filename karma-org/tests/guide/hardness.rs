//! How strictly guides bind.

use std::sync::Arc;

use karma_core::{ActionMask, Hardness, JointAction, SeedTree};
use karma_org::guide::{GuideBatch, GuideSetting};

use crate::support::{SHOP, agent, below, compile, guides, idle, random_state, with};

/// Any action of the mask, drawn uniformly.
fn any_of(mask: &ActionMask, rng: &mut karma_core::StreamRng) -> karma_core::Action {
    mask.legal().nth(below(rng, mask.legal_count())).unwrap()
}

#[test]
fn a_hard_guide_is_never_violated_in_a_million_random_steps() {
    const ENVIRONMENTS: usize = 500;
    const STEPS: usize = 500;
    let setting = GuideSetting { hardness: Some(Hardness::HARD), ..GuideSetting::default() };
    let guides = Arc::new(compile(SHOP, setting).unwrap());
    let space = guides.action_space();
    let mut rng = SeedTree::new(11).rng();
    let states: Vec<_> = (0..997).map(|_| random_state(4, 0.0, &mut rng)).collect();
    let mut batch = GuideBatch::new(guides, ENVIRONMENTS);
    (0..ENVIRONMENTS).for_each(|environment| batch.begin(environment, &states[environment]));
    let (mut actions, mut inside, mut choices) = (0u64, 0u64, 0u64);
    for step in 0..STEPS {
        batch.restrict();
        for environment in 0..ENVIRONMENTS {
            let joint: JointAction = (0..4)
                .map(|index| {
                    assert_eq!(batch.hardness(environment, agent(index)), Hardness::HARD);
                    let count = batch.allowed(environment, agent(index)).count();
                    let action =
                        batch.allowed(environment, agent(index)).nth(below(&mut rng, count)).unwrap();
                    (actions, choices) = (actions + 1, choices + u64::from(!space.is_no_op(action)));
                    inside += u64::from(batch.allows(environment, agent(index), action));
                    action
                })
                .collect();
            let next = &states[(environment * 31 + step * 17) % states.len()];
            batch.advance(environment, &joint, next);
        }
    }
    assert_eq!((actions, inside), (1_000_000, 1_000_000));
    assert!(choices > 100_000, "only {choices} of the actions were more than a no-op");
}

#[test]
fn a_guide_binds_as_often_as_its_hardness_says() {
    for (hardness, seed) in [(0.0f32, 1), (0.2, 2), (0.5, 3), (0.8, 4), (1.0, 5)] {
        let setting = GuideSetting { hardness: Hardness::new(hardness), ..GuideSetting::default() };
        let mut batch = GuideBatch::new(Arc::new(compile(SHOP, setting).unwrap()), 1);
        batch.begin(0, &idle(4, 0.0));
        batch.restrict();
        let space = batch.guides().action_space();
        let legal = ActionMask::all(space);
        let guided = &batch.guidance(0).allowed[agent(0)];
        let mut rng = SeedTree::new(seed).rng();
        let draws = 20_000;
        let masked = (0..draws).filter(|_| guided.bind(&legal, space, &mut rng).mask != legal).count();
        let (p, n) = (f64::from(hardness), f64::from(draws));
        let tolerance = 4.0 * (n * p * (1.0 - p)).sqrt();
        assert!(
            (masked as f64 - n * p).abs() <= tolerance,
            "masked {masked} of {draws} at hardness {hardness}"
        );
    }
}

#[test]
fn draws_are_repeatable() {
    let draw = |seed| {
        let mut batch = GuideBatch::new(guides(SHOP), 1);
        batch.begin(0, &idle(4, 0.0));
        batch.restrict();
        let (space, guidance) = (batch.guides().action_space(), batch.guidance(0));
        let mut rng = SeedTree::new(seed).rng();
        let one = |guided: &karma_core::Guided| {
            let mask = guided.bind(&ActionMask::all(space), space, &mut rng).mask;
            any_of(&mask, &mut rng)
        };
        guidance.allowed.iter().cycle().take(100).map(one).collect::<Vec<_>>()
    };
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
}

/// Hardness of the only agent of a role of hardness 0.3 with these rules.
fn hardness(rules: &str, pending: f32) -> f32 {
    let binding = format!("organization: shop\nroles:\n  failure:\n    hardness: 0.3\n    rules:\n{rules}");
    let mut batch = GuideBatch::new(guides(&binding), 1);
    batch.begin(0, &with(4, 0.0, 1, karma_core::Metric::PendingRequests, pending));
    batch.restrict();
    batch.hardness(0, agent(0)).get()
}

#[test]
fn the_hardest_rule_that_fires_decides() {
    let soft = "      - { name: soft, when: sum(pending_requests) > 10 requests, allow: [{ change: up }], hardness: 0.1 }\n";
    let plain =
        "      - { name: plain, when: sum(pending_requests) > 20 requests, allow: [{ change: up }] }\n";
    let hard = "      - { name: hard, when: sum(pending_requests) > 30 requests, forbid: [{ change: down }], hardness: 1 }\n";
    let rules = [soft, plain, hard].concat();
    let levels: Vec<f32> =
        [0.0, 15.0, 25.0, 35.0].into_iter().map(|pending| hardness(&rules, pending)).collect();
    assert_eq!(levels, [0.3, 0.1, 0.3, 1.0]);
}

#[test]
fn a_setting_overrides_every_hardness_of_the_binding() {
    let setting = GuideSetting { hardness: Some(Hardness::SOFT), ..GuideSetting::default() };
    let mut batch = GuideBatch::new(Arc::new(compile(SHOP, setting).unwrap()), 1);
    batch.begin(0, &idle(4, 0.0));
    batch.restrict();
    assert!((0..4).all(|index| batch.hardness(0, agent(index)) == Hardness::SOFT));
}

#[test]
fn a_binding_is_hard_unless_it_says_otherwise() {
    let default = |line: &str| {
        let binding = format!("organization: shop\n{line}roles:\n  failure: {{}}\n");
        let mut batch = GuideBatch::new(guides(&binding), 1);
        batch.begin(0, &idle(4, 0.0));
        batch.restrict();
        batch.hardness(0, agent(0)).get()
    };
    assert_eq!((default(""), default("hardness: 0.25\n")), (1.0, 0.25));
}
