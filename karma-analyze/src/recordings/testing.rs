//! Small recordings for tests.

use karma_core::{Action, ActionSpace, MetricRow, Seconds, State, Trajectory, Transition};

use super::{Cast, RecordedEpisode};

/// Two agents that scale one service by up to 3.
pub(crate) fn cast() -> Cast {
    Cast {
        agents: vec!["bottleneck".to_owned(), "ddos".to_owned()].into(),
        action_space: ActionSpace::Defender { services: 1, alpha: 3 },
        services: vec!["API".to_owned()].into(),
    }
}

/// A state of which only the time is known.
pub(crate) fn state(step: usize) -> State {
    State {
        time: Seconds(15.0 * step as f64),
        age: None,
        services: vec![MetricRow::default()].into(),
        entry_rates: vec![None].into(),
        resilience: None,
    }
}

/// An episode with these joint actions.
pub(crate) fn episode(scenario: &str, joints: &[[u32; 2]]) -> RecordedEpisode {
    let transition = |(step, joint): (usize, &[u32; 2])| Transition {
        state: state(step),
        actions: joint.iter().map(|action| Action(*action)).collect(),
        rewards: vec![1.0, 1.0].into(),
        next_state: state(step + 1),
        terminated: false,
        truncated: step + 1 == joints.len(),
    };
    let transitions = joints.iter().enumerate().map(transition).collect();
    RecordedEpisode {
        scenario: scenario.to_owned(),
        success: None,
        trajectory: Trajectory { seed: 1, transitions },
    }
}
