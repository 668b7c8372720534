//! The twin for an autoscaler: the same numbers as for a team, and snapshots with pods.

use karma_core::{Decision, PodPhase, Replicas, Target};

use super::*;

fn decision(replicas: [u32; 2]) -> Decision {
    Decision { targets: replicas.map(|pods| Target::new(Replicas(pods), "a test")).to_vec().into() }
}

#[test]
fn decisions_and_joint_actions_with_the_same_targets_give_the_same_numbers() {
    let setup = setup_of(&[window(20)], 20, troubled());
    let mut batch = TwinBatch::new(Arc::clone(&setup), 1).unwrap();
    let mut episode = TwinEpisode::new(Arc::clone(&setup), 0, 7).unwrap();
    batch.reset(&[7]);
    for step in 0..20 {
        let desired =
            |id| batch.history(0).unwrap().now().get(ServiceId::from_index(id), Metric::DesiredReplicas);
        let moves = [[2, -1], [-1, 2], [0, 0]][step % 3];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]
        let targets = [0, 1].map(|id| (desired(id).unwrap() as i32 + moves[id]).max(0) as u32);
        let reward = batch.step(&[joint(moves)]).unwrap()[0].rewards.as_slice()[0];
        assert_eq!(episode.play(&decision(targets)).to_bits(), reward.to_bits(), "step {step}");
        assert_eq!(State::from(&episode.snapshot()), *batch.history(0).unwrap().now());
    }
    assert!(episode.is_over());
}

#[test]
fn targets_are_kept_within_their_bounds_and_pods_stand_behind_the_numbers() {
    let mut episode = TwinEpisode::new(setup(), 0, 1).unwrap();
    let first = episode.snapshot();
    assert_eq!(first.services.map(|service| service.desired).as_slice(), [Replicas(2), Replicas(3)]);
    episode.play(&decision([99, 0]));
    let next = episode.snapshot();
    assert_eq!(next.services.map(|service| service.desired).as_slice(), [Replicas(6), Replicas(1)]);
    let (before, after) = (&first.services.as_slice()[0].pods, &next.services.as_slice()[0].pods);
    assert_eq!((before.len(), after.len()), (2, 6));
    assert_eq!(before[0].id, after[0].id, "who stays is the same pod");
    assert!(after[2..].iter().all(|pod| pod.started_at == Some(first.time)));
    assert!(after.iter().all(|pod| (pod.phase == PodPhase::Pending) == (pod.ready == Some(false))));
}

#[test]
fn an_episode_of_no_script_is_refused() {
    let refused = TwinEpisode::new(setup(), 4, 1).unwrap_err().to_string();
    assert_eq!(refused, "there is no script 4: the setup has 1, counted from 0");
}
