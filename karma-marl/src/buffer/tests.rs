use super::*;
use crate::games::Signals;
use crate::seats::seats;
use karma_core::{Environment as _, Id as _};

#[test]
fn environments_write_their_own_rows_and_shared_actors_know_whom_they_play() {
    let spec = Signals::new(2).spec().clone();
    let mut buffer = RolloutBuffer::new(&seats(&spec, true).unwrap(), spec.global_size, 3, 2);
    for (environment, rows) in buffer.split().into_iter().enumerate() {
        rows.rewards.fill(environment as f32);
        assert_eq!((rows.globals.len(), rows.agents[0].masks.len(), rows.values.len()), (6, 6, 2));
    }
    assert_eq!(buffer.rewards(), [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
    let second = &buffer.agents[AgentId::from_index(1)];
    assert!(second.inputs.chunks(5).all(|row| row == [0.0, 0.0, 0.0, 0.0, 1.0]));
}

#[test]
fn advantages_do_not_run_from_one_environment_into_the_next() {
    let spec = Signals::new(2).spec().clone();
    let mut buffer = RolloutBuffer::new(&seats(&spec, false).unwrap(), spec.global_size, 2, 2);
    buffer.rewards.copy_from_slice(&[1.0, 1.0, 0.0, 100.0]);
    for end in [1, 3] {
        buffer.boundaries[end] = Boundary::Terminated;
    }
    buffer.estimate(Discount { gamma: 0.5, lambda: 1.0 }).unwrap();
    assert_eq!(buffer.advantages(), [1.5, 1.0, 50.0, 100.0]);
    assert_eq!(buffer.returns, [1.5, 1.0, 50.0, 100.0]);
}

#[test]
fn normalised_advantages_have_mean_zero_and_deviation_one_over_all_rows() {
    let spec = Signals::new(2).spec().clone();
    let mut buffer = RolloutBuffer::new(&seats(&spec, false).unwrap(), spec.global_size, 2, 2);
    buffer.advantages.copy_from_slice(&[1.0, 3.0, 1.0, 3.0]);
    buffer.normalise_advantages();
    for (got, expected) in buffer.advantages().iter().zip([-1.0, 1.0, -1.0, 1.0]) {
        assert!((got - expected).abs() < 1e-4);
    }
    buffer.advantages.fill(7.0);
    buffer.normalise_advantages();
    assert_eq!(buffer.advantages(), [0.0; 4]);
}
