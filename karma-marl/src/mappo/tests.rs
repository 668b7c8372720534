use super::*;
use crate::games::{Alternation, Signals};
use crate::policy::Mode;

fn copies<E: Environment + Clone + 'static>(environment: &E, n: usize) -> Vec<Box<dyn Environment>> {
    (0..n).map(|_| Box::new(environment.clone()) as Box<dyn Environment>).collect()
}

fn small(edit: impl FnOnce(&mut MappoParams)) -> MappoConfig {
    let mut params = MappoParams { num_envs: 3, hidden: vec![8], update_epochs: 2, ..MappoParams::default() };
    edit(&mut params);
    params.check().unwrap()
}

fn trainer(edit: impl FnOnce(&mut MappoParams)) -> Result<Mappo, MappoError> {
    Mappo::new(small(edit), copies(&Signals::new(4), 3), 1, NonZeroUsize::MIN)
}

#[test]
fn settings_that_do_not_fit_the_environments_are_refused_with_both_numbers() {
    let refused = |edit: fn(&mut MappoParams)| trainer(edit).unwrap_err().to_string();
    assert_eq!(refused(|p| p.num_envs = 2), "there are 3 environments, but num_envs is 2");
    assert_eq!(
        refused(|p| p.rollout_length = Some(6)),
        "rollout_length is 6; allowed: a multiple of the horizon, 4"
    );
    assert_eq!(
        refused(|p| p.num_minibatches = 13),
        "num_minibatches is 13; allowed: at most the rows of an iteration, 12"
    );
}

#[test]
fn counters_add_up_over_iterations() {
    let mut mappo = trainer(|p| p.rollout_length = Some(8)).unwrap();
    mappo.iterate().unwrap();
    let stats = mappo.iterate().unwrap();
    assert_eq!((stats.iteration, stats.steps, stats.episodes), (2, 48, 12));
    assert_eq!(mappo.iteration(), 2);
}

/// Nothing is clipped, and old and new policy are the same, before the first step of an iteration.
#[test]
fn a_single_step_finds_the_policy_of_the_rollout() {
    let single = |p: &mut MappoParams| (p.update_epochs, p.num_minibatches) = (1, 1);
    let mut mappo = trainer(single).unwrap();
    for _ in 0..3 {
        let stats = mappo.iterate().unwrap();
        assert!(stats.approx_kl < 1e-9 && stats.clip_fraction == 0.0, "{stats:?}");
        assert!(stats.policy_loss.abs() < 1e-5, "minus the mean of normalised advantages: {stats:?}");
    }
}

#[test]
fn every_network_is_trained_and_only_a_shared_actor_is_the_same_for_all() {
    for sharing in [false, true] {
        let mut mappo = trainer(|p| p.parameter_sharing = sharing).unwrap();
        let networks = |mappo: &Mappo| -> Vec<Mlp> {
            let actors = mappo.team.actors.iter().map(PolicyTrainer::network);
            actors.chain([mappo.team.critics[0].network()]).cloned().collect()
        };
        let before = networks(&mappo);
        mappo.iterate().unwrap();
        assert_eq!(before.len(), if sharing { 2 } else { 3 });
        assert!(before.iter().zip(&networks(&mappo)).all(|(before, after)| before != after));
    }
}

#[test]
fn minibatches_multiply_the_gradient_steps() {
    let mut mappo = trainer(|p| p.num_minibatches = 3).unwrap();
    mappo.iterate().unwrap();
    assert_eq!((mappo.team.actors[0].steps(), mappo.team.critics[0].steps()), (6, 6));
}

#[test]
fn a_checkpoint_of_other_agents_or_another_horizon_is_refused() {
    let bytes = trainer(|_| ()).unwrap().checkpoint().unwrap();
    let restore = |environments| Mappo::restore(&bytes, environments, NonZeroUsize::MIN).unwrap_err();
    let agents = restore(copies(&Alternation::new(4), 3));
    assert!(agents.to_string().contains("schema"), "{agents}");
    let horizon = restore(copies(&Signals::new(5), 3));
    assert!(horizon.to_string().contains("other environments"), "{horizon}");
    let number = restore(copies(&Signals::new(4), 2));
    assert!(number.to_string().contains("other environments"), "{number}");
    assert!(TrainedPolicy::load(&bytes, Alternation::new(4).spec(), Mode::Greedy).is_err());
    assert!(
        TrainedPolicy::load(&bytes, Signals::new(99).spec(), Mode::Greedy).is_ok(),
        "any horizon will do"
    );
}

/// The same bytes with the note's version changed, or taken out.
fn with_version(bytes: &[u8], version: Option<u32>) -> Vec<u8> {
    let digest = checkpoint::schema_digest(Signals::new(4).spec()).unwrap();
    let mut checkpoint = karma_nn::Checkpoint::from_bytes(bytes, &digest).unwrap();
    let mut note = checkpoint.note("mappo").unwrap().clone();
    let fields = note.as_object_mut().unwrap();
    fields.remove("version");
    fields.extend(version.map(|version| ("version".to_owned(), version.into())));
    checkpoint.put_note("mappo", note);
    checkpoint.to_bytes().unwrap()
}

#[test]
fn a_checkpoint_of_an_earlier_version_still_plays_but_cannot_be_continued() {
    let bytes = with_version(&trainer(|_| ()).unwrap().checkpoint().unwrap(), Some(2));
    let spec = Signals::new(4).spec().clone();
    assert!(TrainedPolicy::load(&bytes, &spec, Mode::Greedy).is_ok());
    let refused = Mappo::restore(&bytes, copies(&Signals::new(4), 3), NonZeroUsize::MIN).unwrap_err();
    assert!(refused.to_string().contains("version 2; only version 3"), "{refused}");
}

#[test]
fn a_checkpoint_of_a_later_version_is_refused_by_number() {
    let bytes = with_version(&trainer(|_| ()).unwrap().checkpoint().unwrap(), Some(4));
    let refused = TrainedPolicy::load(&bytes, Signals::new(4).spec(), Mode::Greedy).unwrap_err();
    assert!(refused.to_string().contains("it has version 4; 1 to 3 can be read"), "{refused}");
}

#[test]
fn bytes_that_were_tampered_with_are_refused() {
    let mut bytes = trainer(|_| ()).unwrap().checkpoint().unwrap();
    let spec = Signals::new(4).spec().clone();
    assert!(TrainedPolicy::load(&bytes[..bytes.len() / 2], &spec, Mode::Greedy).is_err());
    *bytes.last_mut().unwrap() ^= 1;
    assert!(TrainedPolicy::load(&bytes, &spec, Mode::Greedy).is_err());
    assert!(TrainedPolicy::load(b"", &spec, Mode::Greedy).is_err());
}
