use super::*;
use crate::games::Signals;
use crate::seats::{Sharing, seats};
use karma_core::{Environment as _, Id as _};
use karma_nn::Alone;

#[test]
fn environments_write_their_own_rows_and_shared_actors_know_whom_they_play() {
    let spec = Signals::new(2).spec().clone();
    let mut buffer =
        RolloutBuffer::new(&seats(&spec, Sharing::Side { identity: true }).unwrap(), spec.global_size, 3, 2);
    for (environment, rows) in buffer.split().into_iter().enumerate() {
        rows.rewards.fill(environment as f32);
        assert_eq!((rows.globals.len(), rows.agents[0].masks.len(), rows.first), (6, 6, 2 * environment));
        assert_eq!((rows.len(), rows.each(1)), (2, 2..4));
    }
    assert_eq!((buffer.rows(), buffer.rewards()), (6, &[0.0, 1.0, 2.0].map(|e| [e; 4]).concat()[..]));
    let second = &buffer.agents[AgentId::from_index(1)];
    assert!(second.inputs.chunks(5).all(|row| row == [0.0, 0.0, 0.0, 0.0, 1.0]));
}

/// Two environments of two steps of two agents.
fn small(sharing: bool) -> RolloutBuffer {
    let spec = Signals::new(2).spec().clone();
    let sharing = if sharing { Sharing::Side { identity: true } } else { Sharing::Separate };
    RolloutBuffer::new(&seats(&spec, sharing).unwrap(), spec.global_size, 2, 2)
}

#[test]
fn advantages_run_along_one_agent_and_not_from_one_environment_into_the_next() {
    let mut buffer = small(false);
    buffer.rewards.copy_from_slice(&[1.0, -10.0, 1.0, 4.0, 0.0, 0.0, 100.0, 0.0]);
    buffer.values.copy_from_slice(&[0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0]);
    for (end, final_value) in [(2, None), (3, None), (6, Some(0.0)), (7, Some(16.0))] {
        let truncated = |final_value| Boundary::Truncated { final_value };
        buffer.boundaries[end] = final_value.map_or(Boundary::Terminated, truncated);
    }
    buffer.estimate(Discount { gamma: 0.5, lambda: 1.0 }).unwrap();
    assert_eq!(buffer.advantages(), [1.5, -10.0, 1.0, 4.0, 50.0, 4.0, 100.0, 0.0]);
    assert_eq!(buffer.returns, [1.5, -8.0, 1.0, 4.0, 50.0, 4.0, 100.0, 8.0]);
}

#[test]
fn advantages_are_normalised_over_all_rows_of_all_agents_that_a_network_plays() {
    let advantages = [1.0, 10.0, 3.0, 50.0, 1.0, 10.0, 3.0, 50.0];
    let (mean, deviation) = (16.0, 396.5_f32.sqrt());
    for sharing in [false, true] {
        let mut buffer = small(sharing);
        buffer.advantages.copy_from_slice(&advantages);
        buffer.normalise_advantages(&mut Alone).unwrap();
        let alone = [-1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0];
        let expected = if sharing { advantages.map(|a| (a - mean) / deviation) } else { alone };
        for (got, expected) in buffer.advantages().iter().zip(expected) {
            assert!((got - expected).abs() < 1e-4, "{got} is not {expected} (sharing {sharing})");
        }
        buffer.advantages.fill(7.0);
        buffer.normalise_advantages(&mut Alone).unwrap();
        assert_eq!(buffer.advantages(), [0.0; 8]);
    }
}
