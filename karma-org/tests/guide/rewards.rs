//! What guides add to rewards: the value formula of MOISE+MARL, term by term.

use karma_core::Metric;
use karma_org::guide::{GuideBatch, PRIORITY_EPSILON};

use crate::support::{agent, guides, idle, scale, with};

/// The head of a binding in which the value of `drain` is −(requests that wait at Auth) / 100.
const DRAIN: &str =
    "organization: shop\ngoals:\n  drain: { value: -(pending_requests of Auth) / 100 requests }\n";

/// What the first agent's reward gains by the steps to `states` under no-ops, after an idle beginning.
fn shaping(binding: &str, states: &[karma_core::State]) -> Vec<f32> {
    let mut batch = GuideBatch::new(guides(binding), 1);
    let hold = scale(batch.guides().action_space(), 0, 0);
    batch.begin(0, &idle(4, 0.0));
    batch.shape();
    assert_eq!(batch.shaping_of(agent(0)), [0.0], "nothing was done before the beginning");
    let agents = batch.guides().team().len();
    let step = |state: &karma_core::State| {
        batch.restrict();
        batch.advance(0, &vec![hold; agents].into(), state);
        batch.shape();
        batch.shaping_of(agent(0))[0]
    };
    states.iter().map(step).collect()
}

/// 50 requests wait at Auth.
fn waiting(time: f64) -> karma_core::State {
    with(4, time, 1, Metric::PendingRequests, 50.0)
}

fn close(left: f32, right: f64) -> bool {
    (f64::from(left) - right).abs() < 1e-5 * right.abs().max(1.0)
}

#[test]
fn the_goals_of_an_obligation_are_paid() {
    let binding = format!("{DRAIN}missions: {{ m_bottleneck: {{}} }}\nroles: {{ bottleneck: {{}} }}\n");
    let paid = shaping(&binding, &[waiting(15.0)])[0];
    assert!(close(paid, -0.5 / (1.0 + PRIORITY_EPSILON)), "{paid}");
}

#[test]
fn a_goal_is_paid_with_the_weights_of_the_goal_and_of_the_mission_and_with_the_priority() {
    let binding = format!(
        "{DRAIN}missions: {{ m_bottleneck: {{ weight: 0.2, priority: 0.75, goals: {{ drain: 3 }} }} }}\nroles: {{ bottleneck: {{}} }}\n"
    );
    let paid = shaping(&binding, &[waiting(15.0)])[0];
    assert!(close(paid, 0.2 * 3.0 * -0.5 / (1.0 - 0.75 + PRIORITY_EPSILON)), "{paid}");
}

#[test]
fn the_goals_of_a_mission_add_up() {
    let binding = format!(
        "{DRAIN}  calm: {{ value: -(pods_failed of API) / 4 pods }}\nmissions: {{ m_bottleneck: {{ goals: {{ drain: 1, calm: 0.5 }} }} }}\nroles: {{ bottleneck: {{}} }}\n"
    );
    let mut state = waiting(15.0);
    state.services[karma_core::Id::from_index(0)].set(Metric::PodsFailed, 2.0);
    let paid = shaping(&binding, &[state])[0];
    assert!(close(paid, (-0.5 - 0.25) / (1.0 + PRIORITY_EPSILON)), "{paid}");
}

#[test]
fn a_permission_is_paid_without_its_priority() {
    let binding = "organization: shop\ngoals:\n  save: { value: -(pending_requests of Auth) / 100 requests }\nmissions: { m_resource: { priority: 0.75 } }\nroles: { resource: {} }\n";
    let paid = shaping(binding, &[waiting(15.0)])[0];
    assert!(close(paid, -0.5 / (1.0 + PRIORITY_EPSILON)), "{paid}");
}

#[test]
fn a_norm_of_a_role_binds_those_that_specialise_it() {
    let binding = "organization: shop\ngoals:\n  survive: { value: -(pending_requests of Auth) / 100 requests }\nmissions: { m_ddos: {} }\nroles: { failure: {} }\n";
    let paid = shaping(binding, &[waiting(15.0)])[0];
    assert!(close(paid, -0.5 / (1.0 + PRIORITY_EPSILON)), "every defender is obliged to m_ddos: {paid}");
}

#[test]
fn a_mission_of_others_is_not_paid() {
    let binding =
        format!("{DRAIN}missions: {{ m_bottleneck: {{}} }}\nroles: {{ failure: {{}}, bottleneck: {{}} }}\n");
    assert_eq!(shaping(&binding, &[waiting(15.0)]), [0.0]);
}

#[test]
fn a_mission_counts_in_its_window_of_the_episode_only() {
    let binding = format!(
        "{DRAIN}missions: {{ m_bottleneck: {{ from: 30 s, until: 1 min }} }}\nroles: {{ bottleneck: {{}} }}\n"
    );
    let paid = shaping(&binding, &[15.0, 30.0, 45.0, 60.0].map(waiting));
    assert_eq!(paid.iter().map(|paid| *paid != 0.0).collect::<Vec<_>>(), [false, true, true, false]);
}

#[test]
fn a_dense_goal_is_worth_at_most_one_and_nothing_where_a_sample_is_missing() {
    let binding = format!("{DRAIN}missions: {{ m_bottleneck: {{}} }}\nroles: {{ bottleneck: {{}} }}\n");
    let flood = with(4, 15.0, 1, Metric::PendingRequests, 1e9);
    let mut lost = waiting(30.0);
    lost.services[karma_core::Id::from_index(1)].clear(Metric::PendingRequests);
    let paid = shaping(&binding, &[flood, lost]);
    assert!(close(paid[0], -1.0) && paid[1] == 0.0, "{paid:?}");
}

/// A binding with one pattern goal of a reward of 2, and what the agent gains while it goes up, up, down, up, down.
fn thrash(goal: &str) -> Vec<f32> {
    let binding = format!(
        "organization: shop
patterns: {{ swing: \"[up,#any,down]\" }}
labels: {{ actions: {{ up: {{ change: up }}, down: {{ change: down }} }} }}
goals: {{ drain: {{ pattern: swing, reward: 2{goal} }} }}
missions: {{ m_bottleneck: {{}} }}
roles: {{ bottleneck: {{ hardness: 0 }} }}
"
    );
    let mut batch = GuideBatch::new(guides(&binding), 1);
    let space = batch.guides().action_space();
    batch.begin(0, &idle(4, 0.0));
    let step = |change| {
        batch.restrict();
        batch.advance(0, &vec![scale(space, 0, change)].into(), &idle(4, 15.0));
        batch.shape();
        let first = batch.shaping_of(agent(0))[0];
        batch.shape();
        assert_eq!(batch.shaping_of(agent(0)), [first], "asking twice pays once");
        first.round()
    };
    [1, 1, -1, 1, -1].into_iter().map(step).collect()
}

#[test]
fn a_pattern_is_paid_at_each_step_at_which_it_ends() {
    assert_eq!(thrash(""), [0.0, 0.0, 2.0, 0.0, 2.0]);
}

#[test]
fn a_pattern_may_be_paid_once_only() {
    assert_eq!(thrash(", once: true"), [0.0, 0.0, 2.0, 0.0, 0.0]);
}

/// What the first agent gains by some action under a guide that allows no change only.
fn penalty(hardness: f32, change: i32) -> f32 {
    let binding =
        format!("organization: shop\nroles: {{ failure: {{ penalty: -2, hardness: {hardness} }} }}\n");
    let mut batch = GuideBatch::new(guides(&binding), 1);
    let action = scale(batch.guides().action_space(), 2, change);
    batch.begin(0, &idle(4, 0.0));
    batch.restrict();
    batch.advance(0, &vec![action].into(), &idle(4, 15.0));
    batch.shape();
    batch.shaping_of(agent(0))[0]
}

#[test]
fn an_action_outside_of_the_guide_costs_the_penalty_times_the_softness() {
    assert_eq!((penalty(0.0, 1), penalty(0.25, 1), penalty(1.0, 1)), (-2.0, -1.5, 0.0));
}

#[test]
fn an_action_inside_of_the_guide_costs_nothing() {
    assert_eq!((penalty(0.0, 0), penalty(0.5, 0)), (0.0, 0.0));
}

#[test]
fn an_action_is_judged_by_the_guide_under_which_it_was_chosen() {
    let binding = "organization: shop
roles: { failure: { penalty: -2, hardness: 0, rules: [{ name: heal, when: any(pods_failed > 0 pods), allow: [{ change: up }] }] } }
";
    let mut batch = GuideBatch::new(guides(binding), 1);
    let up = scale(batch.guides().action_space(), 2, 1);
    batch.begin(0, &with(4, 0.0, 2, Metric::PodsFailed, 1.0));
    let mut paid: Vec<f32> = Vec::new();
    for time in [15.0, 30.0] {
        batch.restrict();
        batch.advance(0, &vec![up].into(), &idle(4, time));
        batch.shape();
        paid.extend(batch.shaping_of(agent(0)));
    }
    assert_eq!(
        paid,
        [0.0, -2.0],
        "the first was allowed when it was chosen, though nothing has failed after it"
    );
}
