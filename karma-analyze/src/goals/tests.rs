use karma_core::{
    Action, ActionSpace, AgentId, Id as _, Metric, MetricRow, OperationalResilience, Seconds, State,
    Trajectory, Transition,
};

use super::*;
use crate::recordings::{Cast, RecordedEpisode};

fn state(utilisation: f32, success: f32) -> State {
    let mut row = MetricRow::default();
    row.set(Metric::CpuUtilization, utilisation);
    row.set(Metric::ReplicaUtilizationRatio, 0.5);
    State {
        time: Seconds(0.0),
        age: None,
        services: vec![row].into(),
        entry_rates: vec![None].into(),
        resilience: Some(OperationalResilience { success_rate: success, ..OperationalResilience::PERFECT }),
    }
}

/// Good episodes are busy at first and calm after step 10, where the second agent moves; bad ones stay busy and fail.
fn recordings() -> Recordings {
    let cast = Cast {
        agents: vec!["idle".to_owned(), "saver".to_owned()].into(),
        action_space: ActionSpace::Defender { services: 1, alpha: 1 },
        services: vec!["API".to_owned()].into(),
    };
    let mut recordings = Recordings::new(cast);
    for episode in 0_u16..12 {
        let good = episode % 2 == 0;
        let step = |at: u16| {
            let wobble = f32::from((at * 7 + episode) % 5) / 100.0;
            let calm = good && at >= 10;
            let next_state = if calm {
                state(0.3 + wobble, 1.0)
            } else {
                state(0.8 + wobble, if good { 0.99 } else { 0.6 })
            };
            Transition {
                state: state(0.5, 1.0),
                actions: vec![Action(1), Action(if calm && at.is_multiple_of(2) { 2 } else { 1 })].into(),
                rewards: vec![0.0, 0.0].into(),
                next_state,
                terminated: false,
                truncated: false,
            }
        };
        let trajectory = Trajectory { seed: u64::from(episode), transitions: (0..30).map(step).collect() };
        recordings
            .push(RecordedEpisode { scenario: "x".to_owned(), success: Some(good), trajectory })
            .unwrap();
    }
    recordings
}

fn roles() -> Vec<RoleDraft> {
    let role = |agent: usize, name: &str| RoleDraft {
        name: name.to_owned(),
        agents: vec![AgentId::from_index(agent)],
        extends: vec![],
    };
    vec![role(0, "idle"), role(1, "saver")]
}

fn found() -> Goals {
    Goals::find(&recordings(), &roles(), &GoalsParams::default().check().unwrap(), SeedTree::new(1)).unwrap()
}

#[test]
fn where_good_episodes_linger_is_a_goal_and_where_bad_ones_do_is_none() {
    let goals = found();
    let calm = goals.goals.last().unwrap();
    assert!(calm.description.contains("CPU utilisation low, about 3"), "{calm:?}");
    assert_eq!(calm.support, 1.0);
    assert!(calm.lift > 1.5, "{calm:?}");
    assert!(goals.goals.iter().all(|goal| !goal.description.contains("success low, about 6")), "{goals:?}");
    assert!(goals.functional_fit.unwrap() > 0.8);
}

#[test]
fn the_role_whose_moves_lead_there_has_the_goal() {
    let goals = found();
    assert_eq!(goals.goals.last().unwrap().roles, [1]);
}

#[test]
fn goals_stand_in_the_order_in_which_they_are_reached() {
    let goals = found();
    let order: Vec<&str> = goals.goals.iter().map(|goal| goal.name.as_str()).collect();
    assert!(order.iter().enumerate().all(|(at, name)| *name == format!("goal_{}", at + 1)), "{order:?}");
    assert_eq!(goals.in_sequence, goals.goals.len() > 1);
}

#[test]
fn a_value_is_highest_at_the_centre_and_names_what_sets_it_apart() {
    let goals = found();
    let value = &goals.goals.last().unwrap().value;
    assert!(value.starts_with("-(") && value.contains("mean(cpu_utilization) - 0.3"), "{value}");
}

#[test]
fn states_with_gaps_are_left_out_and_where_nothing_is_measured_there_are_no_goals() {
    let mut recordings = Recordings::new(recordings().cast().clone());
    let mut step = self::recordings().episodes()[0].trajectory.transitions[0].clone();
    step.next_state.resilience = None;
    let trajectory = Trajectory { seed: 1, transitions: vec![step] };
    recordings.push(RecordedEpisode { scenario: "x".to_owned(), success: None, trajectory }).unwrap();
    let config = GoalsParams::default().check().unwrap();
    let goals = Goals::find(&recordings, &roles(), &config, SeedTree::new(1)).unwrap();
    assert!(goals.goals.is_empty() && goals.functional_fit.is_none());
}
