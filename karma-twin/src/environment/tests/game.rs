//! The twin as a game: rewards, conformance, batches, and what is refused.

use super::*;

#[test]
fn the_reward_is_the_resilience_less_the_prices() {
    let setup = setup();
    let mut batch = TwinBatch::new(Arc::clone(&setup), 1).unwrap();
    let first = batch.reset(&[3]).remove(0);
    assert_eq!(first.rewards.as_slice(), [0.0, 0.0]);
    let step = batch.step(&[joint([2, -1])]).unwrap().remove(0);
    let terms = batch.history(0).unwrap().now().resilience.unwrap();
    // 4 pods of 500 m and 2 of 250 m, of 6 and 8 at most; 3 of 6 moves.
    let expected = setup.reward.defender(&terms, 2.5 / 5.0, 0.5);
    assert!((step.rewards.as_slice()[0] - expected).abs() < 1e-6);
    assert_eq!(step.rewards.as_slice()[0], step.rewards.as_slice()[1]);
}

#[test]
fn an_onlooker_sees_the_state_of_the_present_step() {
    let setup = setup();
    let mut environment = TwinEnvironment::new(Arc::clone(&setup)).unwrap();
    assert_eq!(environment.state(), None);
    environment.reset(3);
    let began = environment.state().cloned().unwrap();
    environment.step(&joint([2, -1])).unwrap();
    let state = environment.state().unwrap();
    assert!(state.time > began.time && state.services.len() == began.services.len());
}

#[test]
fn a_twin_is_a_conforming_environment() {
    let windows = [window(20), window(12)];
    let calm = setup_of(&windows, 8, FaultParams::default());
    assert_eq!(calm.scripts.iter().map(Script::steps).collect::<Vec<_>>(), [8, 8, 4, 8, 4]);
    karma_core::testing::environment(|| TwinEnvironment::new(Arc::clone(&calm)).unwrap());
    let troubled = setup_of(&windows, 8, troubled());
    karma_core::testing::environment(|| TwinEnvironment::new(Arc::clone(&troubled)).unwrap());
    let observer: &dyn Observer = &Plain;
    let team = team();
    let spec = karma_core::EnvironmentSpec::of_team(&team, observer, 8);
    assert_eq!(*TwinEnvironment::new(troubled).unwrap().spec(), spec);
}

/// Lets every agent do nothing, half of the time, and pays for the time.
struct Idle;

impl Idle {
    fn answer(shaping: f32) -> Guidance {
        let space = team().action_space();
        let mask = ActionMask::from_fn(space, |action| space.is_no_op(action));
        let guided = Guided { mask, hardness: Hardness::new(0.5).unwrap() };
        Guidance { allowed: PerAgent::filled(guided, 2), shaping: vec![0.0, shaping].into() }
    }
}

impl Guide for Idle {
    fn begin(&mut self, _: &State) -> Guidance {
        Self::answer(0.0)
    }

    fn advance(&mut self, _: &JointAction, next: &State) -> Guidance {
        #[expect(clippy::cast_possible_truncation, reason = "shaping is single precision")]
        let time = next.time.0 as f32;
        Self::answer(time)
    }
}

#[test]
fn under_a_guide_it_conforms_and_rewards_are_shaped() {
    let setup = setup();
    let idle = || {
        let environment = TwinEnvironment::new(Arc::clone(&setup)).unwrap();
        environment.with_guide(GuideFactory::new(|| Box::new(Idle)))
    };
    karma_core::testing::environment(idle);
    let mut environment = idle();
    environment.reset(1);
    let step = environment.step(&joint([0, 0])).unwrap();
    let [front, back] = [step.rewards.as_slice()[0], step.rewards.as_slice()[1]];
    assert!((back - front - 75.0).abs() < 1e-3);
}

#[test]
fn behind_a_safeguard_it_conforms_and_together_agents_get_no_more_than_it_lets_pass() {
    let setup = setup();
    let mut free = TwinBatch::new(Arc::clone(&setup), 1).unwrap();
    free.reset(&[1]);
    let now = free.history(0).unwrap().now();
    let desired = now.services.iter().filter_map(|row| row.get(karma_core::Metric::DesiredReplicas));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let most = desired.fold(0.0, f32::max) as u32;
    let guarded = || {
        let environment = TwinEnvironment::new(Arc::clone(&setup)).unwrap();
        environment.with_safeguard(karma_core::testing::Ceiling::factory(most))
    };
    karma_core::testing::environment(guarded);
    let mut environment = guarded();
    assert_eq!(environment.reset(1).corrected, None);
    assert_eq!(environment.step(&joint([0, 0])).unwrap().corrected, Some(false));
    assert_eq!(environment.step(&joint([1, 1])).unwrap().corrected, Some(true));
}

/// A joint action that differs between environments and steps, within the masks.
fn varied(step: &Step, seed: usize) -> JointAction {
    let pick = |(agent, mask): (usize, &ActionMask)| {
        let legal: Vec<_> = mask.legal().collect();
        legal[(seed * 7 + agent * 3) % legal.len()]
    };
    step.masks.iter().enumerate().map(pick).collect()
}

#[test]
fn a_batch_of_many_is_as_many_batches_of_one_bit_for_bit() {
    let setup = setup_of(&[window(20), window(20)], 20, troubled());
    let mut many = TwinBatch::new(Arc::clone(&setup), 5).unwrap();
    let mut singles: Vec<_> = (0..5).map(|_| TwinBatch::new(Arc::clone(&setup), 1).unwrap()).collect();
    let seeds: Vec<u64> = (10..15).collect();
    let mut steps = many.reset(&seeds);
    for (single, (seed, step)) in singles.iter_mut().zip(seeds.iter().zip(&steps)) {
        assert_eq!(single.reset(&[*seed])[0], *step);
    }
    for turn in 0..20 {
        let joints: Vec<JointAction> =
            steps.iter().enumerate().map(|(place, step)| varied(step, place + turn)).collect();
        many.step_into(&joints, &mut steps).unwrap();
        for (place, (single, joint)) in singles.iter_mut().zip(&joints).enumerate() {
            assert_eq!(single.step(std::slice::from_ref(joint)).unwrap()[0], steps[place]);
            let rows = [many.dynamics.row(place).to_vec(), single.dynamics.row(0).to_vec()];
            assert_eq!(bits(&rows[..1]), bits(&rows[1..]));
        }
    }
    assert!(steps.iter().all(|step| step.truncated));
    assert!(many.step(&vec![joint([0, 0]); 5]).is_err(), "nothing follows the end");
}

#[test]
fn one_environment_begins_anew_while_the_others_go_on() {
    let setup = setup();
    let mut batch = TwinBatch::new(setup, 2).unwrap();
    assert!(batch.step(&vec![joint([0, 0]); 2]).is_err(), "no episode has begun");
    let first = batch.reset(&[1, 1]);
    let second = batch.step(&vec![joint([1, 0]); 2]).unwrap();
    assert_eq!(batch.restart(0, 1), first[0]);
    let third = batch.step(&vec![joint([1, 0]); 2]).unwrap();
    assert_eq!(third[0], second[0]);
    assert_ne!(third[1], second[1]);
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let mut blind = window(6);
    blind.steps.iter_mut().for_each(|step| step.state.resilience = None);
    let horizon = NonZeroUsize::new(4).unwrap();
    let refused = Script::cut(&model(), &[window(6), blind], horizon).unwrap_err().to_string();
    assert!(refused.contains("window 1 (\"made by hand\") has no step at which"), "{refused}");
    let empty = TwinSetup { scripts: Vec::new(), ..TwinSetup::clone(&setup()) };
    assert_eq!(TwinBatch::new(Arc::new(empty), 1).unwrap_err(), ReplayError::NoScript);
    let table = table();
    let params = EncoderParams { lags: 2, ..EncoderParams::default() };
    let short = Encoder::new(table.schema().clone(), params, table.structure(Seconds(15.0))).unwrap();
    let model = ClusterModel::new(table.clone(), short, Arc::new(crate::Persistence)).unwrap();
    let refused = TwinBatch::new(Arc::new(TwinSetup { model, ..TwinSetup::clone(&setup()) }), 1).unwrap_err();
    assert!(refused.to_string().contains("script 0 was prepared for another model"), "{refused}");
    let schema =
        crate::table::Schema::new(vec![crate::table::Column::new("x", crate::table::Part::Predicted)]);
    let other = Encoder::new(schema.unwrap(), EncoderParams::default(), crate::Structure::Bounds).unwrap();
    let refused = ClusterModel::new(table, other, Arc::new(crate::Persistence)).unwrap_err();
    assert_eq!(refused, ReplayError::Schema);
}

#[test]
fn a_replay_starts_where_enough_is_known() {
    let mut late = window(10);
    late.steps[0].state.resilience = None;
    let model = model();
    let scripts = Script::cut(&model, &[late], NonZeroUsize::new(4).unwrap()).unwrap();
    assert_eq!(scripts.iter().map(Script::steps).collect::<Vec<_>>(), [4, 4]);
    assert_eq!(scripts[0].time(0), 75.0);
}

#[test]
fn a_table_is_cut_like_the_traces_that_it_was_made_of() {
    let (model, horizon) = (model(), NonZeroUsize::new(8).unwrap());
    let windows = [window(20), window(1)];
    let rows = model.table.table_of(&windows).unwrap();
    let [traced, tabled] = [
        Script::cut(&model, &windows, horizon).unwrap(),
        Script::cut_table(&model, &rows, Some(Seconds(5.0)), horizon).unwrap(),
    ];
    assert_eq!(format!("{traced:?}"), format!("{tabled:?}"));
}
