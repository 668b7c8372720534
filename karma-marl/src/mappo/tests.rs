use super::*;
use crate::gae::Boundary;
use crate::games::{Alternation, Signals, Stipend};
use crate::policy::Mode;
use crate::recurrence;
use karma_nn::Inference;

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
    assert!(refused.to_string().contains("version 2; only version 4"), "{refused}");
}

#[test]
fn a_checkpoint_of_a_later_version_is_refused_by_number() {
    let bytes = with_version(&trainer(|_| ()).unwrap().checkpoint().unwrap(), Some(5));
    let refused = TrainedPolicy::load(&bytes, Signals::new(4).spec(), Mode::Greedy).unwrap_err();
    assert!(refused.to_string().contains("it has version 5; 1 to 4 can be read"), "{refused}");
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

#[test]
fn sequences_that_do_not_fit_the_rollout_are_refused_with_both_numbers() {
    let refused = |edit: fn(&mut MappoParams)| {
        let recurrent = |p: &mut MappoParams| {
            (p.recurrent, p.chunk_length) = (true, 2);
            edit(p);
        };
        trainer(recurrent).unwrap_err().to_string()
    };
    let divisor = "chunk_length is 3; allowed: a divisor of the rollout's length, 4";
    assert_eq!(refused(|p| p.chunk_length = 3), divisor);
    let sequences = "num_minibatches is 7; allowed: at most the sequences of an iteration, 6";
    assert_eq!(refused(|p| p.num_minibatches = 7), sequences);
    assert!(trainer(|p| p.chunk_length = 3).is_ok(), "without memory there are no sequences");
}

#[test]
fn a_policy_that_remembers_and_one_that_does_not_cannot_stand_in_for_each_other() {
    let recurrent = |p: &mut MappoParams| (p.recurrent, p.chunk_length) = (true, 2);
    let (mut with, mut without) = (trainer(recurrent).unwrap(), trainer(|_| ()).unwrap());
    let agent = AgentId::from_index(0);
    let refused = with.freeze(agent, &without.policies(Mode::Greedy)[agent]).unwrap_err();
    assert!(refused.to_string().contains("the policy of agent 0"), "{refused}");
    assert!(without.freeze(agent, &with.policies(Mode::Greedy)[agent]).is_err());
    let policy = with.policies(Mode::Greedy)[agent].clone();
    with.freeze(agent, &policy).unwrap();
    with.iterate().unwrap();
    assert_eq!(with.policies(Mode::Greedy)[agent], policy);
}

/// A learner of long episodes, which also end within its sequences.
fn recurrent(edit: impl FnOnce(&mut MappoParams)) -> Mappo {
    let config = small(|p| {
        (p.recurrent, p.chunk_length, p.update_epochs, p.num_minibatches) = (true, 5, 1, 1);
        edit(p);
    });
    Mappo::new(config, copies(&Alternation::new(20), 3), 1, NonZeroUsize::MIN).unwrap()
}

/// The learner runs through the sequences as the rollout did, or it would find another policy.
#[test]
fn a_single_step_finds_the_recurrent_policy_of_the_rollout() {
    let mut ends_within = false;
    for sharing in [false, true] {
        let mut mappo = recurrent(|p| p.parameter_sharing = sharing);
        for _ in 0..3 {
            let stats = mappo.iterate().unwrap();
            assert!(stats.approx_kl < 1e-9 && stats.clip_fraction == 0.0, "{stats:?}");
            let mut begins = mappo.buffer.begins.iter().enumerate();
            ends_within |= begins.any(|(row, begins)| *begins && row % 5 != 0);
            assert!(mappo.buffer.agents.iter().all(|agent| agent.states.iter().any(|state| *state != 0.0)));
        }
    }
    assert!(ends_within, "an episode begins within a sequence");
}

#[test]
fn an_actor_that_did_not_change_leaves_the_factor_of_those_after_it_as_it_is() {
    let mut mappo = recurrent(|p| p.algorithm = Algorithm::Happo);
    let actors = mappo.team.actors.clone();
    mappo.iterate().unwrap();
    let minibatches = Minibatches::draw(mappo.buffer.chunks(), (1, 1), &mut SeedTree::new(1).rng());
    let (rollout, threads) = (&mappo.buffer, NonZeroUsize::MIN);
    let lesson = Lesson { rollout, minibatches: &minibatches, turns: None, imitation: 0.0, threads };
    let mut factor = vec![1.0; rollout.rows()];
    lesson.compound(&mut factor, 0, &actors[0]).unwrap();
    assert!(factor.iter().all(|factor| *factor == 1.0));
    lesson.compound(&mut factor, 0, &mappo.team.actors[0]).unwrap();
    assert!(factor.iter().any(|factor| *factor != 1.0), "what it learned counts");
}

/// Every observation of the game is 1, so that memory alone tells rows apart.
#[test]
fn a_recurrent_critic_values_rows_in_their_order_and_a_final_observation_from_the_state_after_its_row() {
    for algorithm in [Algorithm::Mappo, Algorithm::Ippo] {
        let config = small(|p| {
            (p.algorithm, p.recurrent, p.chunk_length, p.rollout_length) = (algorithm, true, 2, Some(10));
        });
        let mut mappo = Mappo::new(config, copies(&Stipend::new(5), 3), 1, NonZeroUsize::MIN).unwrap();
        mappo.iterate().unwrap();
        let critic = mappo.team.critics[0].clone();
        mappo.iterate().unwrap();
        let (mut states, mut inference) = (vec![0.0; critic.network().memory()], Inference::default());
        let mut say = |states: &mut [f32]| {
            let mut said = vec![0.0; critic.heads()];
            inference.step(critic.network(), &[1.0], states, &mut said).unwrap();
            critic.denormalise(&mut said);
            said[0]
        };
        for row in 0..30 {
            if row % 5 == 0 {
                states.fill(0.0);
            }
            let kept = &mappo.buffer.critic_states.as_slice()[0][row / 2 * states.len()..][..states.len()];
            // The first row of a sequence that is also the first of an episode needs no state.
            assert!(row % 2 == 1 || row % 5 == 0 || kept == states, "row {row}");
            assert_eq!(mappo.buffer.values[row * 2], say(&mut states), "row {row}");
            if row % 5 == 4 {
                let final_value = say(&mut states.clone());
                assert_eq!(mappo.buffer.boundaries[row * 2], Boundary::Truncated { final_value });
            }
        }
    }
}

/// From the kept states, chunk by chunk in any order, the critic of the rollout says again what it said then.
#[test]
fn the_sequences_that_a_critic_learns_from_are_those_that_it_valued() {
    for (algorithm, sharing) in [(Algorithm::Mappo, false), (Algorithm::Ippo, false), (Algorithm::Ippo, true)]
    {
        let mut mappo = recurrent(|p| (p.algorithm, p.parameter_sharing) = (algorithm, sharing));
        mappo.iterate().unwrap();
        let critics = mappo.team.critics.clone();
        mappo.iterate().unwrap();
        for (critic, seat) in critics.iter().zip(&mappo.team.critic_seats) {
            let mut copies = minibatch::ValueRows::default();
            copies.gather(seat, &mappo.buffer, &[7, 0, 11, 2, 5]);
            let batch = copies.batch();
            let mut said = vec![0.0; batch.old_values.len()];
            let (network, sequences) = (critic.network(), batch.sequences.unwrap());
            recurrence::forward(network, batch.states, &sequences, &mut said, |_, _| Ok(())).unwrap();
            assert_eq!(said, batch.old_values, "{algorithm:?}, sharing {sharing}");
        }
    }
}
