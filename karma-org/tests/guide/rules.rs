//! Which actions are inside a role's guide.

use karma_core::{Metric, State};
use karma_org::guide::{GuideBatch, GuideSetting};

use crate::support::{agent, chain, compile, guides, idle, scale, with};

/// The actions of the only agent of a binding whose role has these `rules`, as (service, change).
fn allowed(rules: &str, state: &State) -> Vec<(usize, i32)> {
    batch(rules, state).0
}

/// As [`allowed`], with the number of times at which nothing was left.
fn batch(rules: &str, state: &State) -> (Vec<(usize, i32)>, u64) {
    let binding = format!("organization: shop\nroles:\n  failure:\n    always: []\n{rules}");
    let mut batch = GuideBatch::new(guides(&binding), 1);
    batch.begin(0, state);
    batch.restrict();
    let space = batch.guides().action_space();
    let moves = batch.allowed(0, agent(0)).filter_map(|action| space.defender(action));
    let moves = moves.map(|action| (karma_core::Id::index(action.service), action.replica_change)).collect();
    (moves, batch.empty_masks()[agent(0)])
}

/// No change, of any service.
const HOLD: [(usize, i32); 4] = [(0, 0), (1, 0), (2, 0), (3, 0)];

/// Requests wait at Auth.
fn waiting() -> State {
    with(4, 0.0, 1, Metric::PendingRequests, 45.0)
}

const RELIEVE: &str = "    rules:
      - { name: relieve, when: pending_requests > 30 requests, for: each service, allow: [{ change: up, on: [self, upstream] }] }
";

#[test]
fn while_no_rule_fires_only_the_no_op_is_allowed() {
    assert_eq!(allowed(RELIEVE, &idle(4, 0.0)), HOLD);
}

#[test]
fn a_rule_that_is_asked_of_each_service_acts_where_it_fires_and_upstream_of_it() {
    let up = |service: usize| (1..=3).map(move |change| (service, change));
    assert_eq!(allowed(RELIEVE, &waiting()), up(0).chain(up(1)).collect::<Vec<_>>());
}

#[test]
fn a_role_may_always_do_nothing_unless_it_says_otherwise() {
    let binding = format!("organization: shop\nroles:\n  failure:\n{RELIEVE}");
    let mut batch = GuideBatch::new(guides(&binding), 1);
    batch.begin(0, &waiting());
    batch.restrict();
    let space = batch.guides().action_space();
    assert_eq!(batch.allowed(0, agent(0)).filter(|action| space.is_no_op(*action)).count(), 4);
    assert!(batch.allows(0, agent(0), scale(space, 1, 3)) && !batch.allows(0, agent(0), scale(space, 2, 3)));
    assert!(!allowed(RELIEVE, &waiting()).contains(&(0, 0)), "`always: []` obliges it to act");
}

#[test]
fn what_several_rules_allow_is_joined() {
    let mut both = waiting();
    both.services[karma_core::Id::from_index(3)].set(Metric::PendingRequests, 31.0);
    let services: Vec<_> = allowed(RELIEVE, &both).iter().map(|(service, _)| *service).collect();
    assert_eq!(services, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
}

#[test]
fn what_one_rule_forbids_no_other_allows() {
    let rules = format!(
        "{RELIEVE}      - {{ name: spare, when: pods_failed > 0 pods, for: each service, forbid: [{{ change: any, on: downstream }}] }}\n"
    );
    let mut state = waiting();
    state.services[karma_core::Id::from_index(0)].set(Metric::PodsFailed, 1.0);
    assert_eq!(allowed(&rules, &state), [(0, 1), (0, 2), (0, 3)]);
}

#[test]
fn where_rules_leave_nothing_the_no_op_stays_and_is_counted() {
    let rules = format!(
        "{RELIEVE}      - {{ name: freeze, when: sum(pending_requests) > 40 requests, forbid: [{{ change: [up, down] }}] }}\n"
    );
    assert_eq!(batch(&rules, &waiting()), (HOLD.to_vec(), 1));
    assert_eq!(batch(&rules, &idle(4, 0.0)), (HOLD.to_vec(), 0));
}

#[test]
fn otherwise_is_allowed_only_while_no_rule_that_allows_something_fires() {
    let rules = format!(
        "    otherwise: [{{ change: -1, on: Orders }}]\n{RELIEVE}      - {{ name: note, forbid: [{{ change: +2 }}] }}\n"
    );
    assert_eq!(allowed(&rules, &idle(4, 0.0)), [(3, -1)]);
    assert!(!allowed(&rules, &waiting()).contains(&(3, -1)));
}

#[test]
fn a_rule_for_a_service_without_callers_allows_nothing_upstream_of_it() {
    let rules = "    rules:\n      - { name: push back, when: pending_requests > 30 requests, for: each service, allow: [{ change: -1, on: upstream }] }\n";
    let at_the_entry = with(4, 0.0, 0, Metric::PendingRequests, 45.0);
    assert_eq!(
        batch(rules, &at_the_entry),
        (HOLD.to_vec(), 0),
        "the rule allows nothing, so none allows something"
    );
    assert_eq!(allowed(rules, &waiting()), [(0, -1)]);
}

#[test]
fn an_unknown_measurement_fires_no_rule() {
    let mut state = waiting();
    state.services[karma_core::Id::from_index(1)].clear(Metric::PendingRequests);
    assert_eq!(allowed(RELIEVE, &state), HOLD);
}

#[test]
fn every_word_for_services_and_changes_means_what_it_says() {
    let sets = [
        ("{ change: +1, on: self }", vec![(1, 1)]),
        ("{ change: +1, on: upstream }", vec![(0, 1)]),
        ("{ change: +1, on: downstream }", vec![(2, 1)]),
        ("{ change: +1, on: callers }", vec![(0, 1)]),
        ("{ change: +1, on: reachable }", vec![(2, 1), (3, 1)]),
        ("{ change: +1, on: entry }", vec![(0, 1)]),
        ("{ change: +1, on: critical }", vec![(0, 1)]),
        ("{ change: +1, on: not_critical }", vec![(1, 1), (2, 1), (3, 1)]),
        ("{ change: +1, on: normal, except: [Auth, Orders] }", vec![(2, 1)]),
        ("{ change: [-2, +3], on: Orders }", vec![(3, -2), (3, 3)]),
        ("{ change: -3..-2 }", vec![(1, -3), (1, -2)]),
        ("{ change: none, on: all }", HOLD.to_vec()),
    ];
    for (set, meant) in sets {
        let rules = format!(
            "    rules:\n      - {{ name: x, when: pending_requests > 30 requests, for: each service, allow: [{set}] }}\n"
        );
        assert_eq!(allowed(&rules, &waiting()), meant, "{set}");
    }
}

#[test]
fn priorities_of_the_binding_come_before_those_of_the_topology() {
    let binding = "organization: shop\npriorities: { default: low, services: { Orders: critical } }\nroles:\n  failure:\n    always: []\n    rules: [{ name: x, allow: { change: +1, on: critical } }]\n";
    let mut batch = GuideBatch::new(guides(binding), 1);
    batch.begin(0, &idle(4, 0.0));
    batch.restrict();
    let space = batch.guides().action_space();
    assert_eq!(batch.allowed(0, agent(0)).collect::<Vec<_>>(), [scale(space, 3, 1)]);
}

#[test]
fn a_trend_needs_the_past_that_it_speaks_of() {
    let binding = "organization: shop\nroles:\n  ddos:\n    rules: [{ name: flood, when: \"growth(entry_rate, 30 s) > 1.5\", allow: [{ change: up, on: entry }] }]\n";
    let mut batch = GuideBatch::new(guides(binding), 1);
    let space = batch.guides().action_space();
    let mut rates = [10.0, 10.0, 10.0, 16.0].into_iter().zip([0.0, 15.0, 30.0, 45.0]).map(|(rate, time)| {
        let mut state = idle(4, time);
        state.entry_rates = vec![Some(rate)].into();
        state
    });
    batch.begin(0, &rates.next().unwrap());
    let mut fired = Vec::new();
    for state in rates {
        batch.restrict();
        fired.push(batch.allows(0, agent(0), scale(space, 0, 1)));
        batch.advance(0, &vec![scale(space, 0, 0)].into(), &state);
    }
    batch.restrict();
    fired.push(batch.allows(0, agent(0), scale(space, 0, 1)));
    assert_eq!(fired, [false, false, false, true]);
    batch.begin(0, &idle(4, 60.0));
    batch.restrict();
    assert!(!batch.allows(0, agent(0), scale(space, 0, 1)), "an episode that begins has no past");
}

#[test]
fn a_pattern_is_followed_for_each_agent_apart() {
    let binding = "organization: shop
patterns: { twice: \"[up,#any,up]\" }
labels: { actions: { up: { change: up } } }
roles:
  failure: { agents: 2, rules: [{ name: stop, when: matches(twice), forbid: [{ change: up }] }, { name: go, allow: [{ change: any }] }] }
";
    let mut batch = GuideBatch::new(guides(binding), 1);
    let space = batch.guides().action_space();
    let (up, hold) = (scale(space, 2, 1), scale(space, 2, 0));
    batch.begin(0, &idle(4, 0.0));
    let mut allowed = Vec::new();
    for joint in [[up, up], [hold, up], [up, up]] {
        batch.restrict();
        batch.advance(0, &joint.to_vec().into(), &idle(4, 15.0));
        batch.restrict();
        allowed.push([0, 1].map(|index| batch.allows(0, agent(index), up)));
    }
    assert_eq!(allowed, [[true, true], [true, false], [true, false]]);
    let names: Vec<_> = batch.guides().team().iter().map(|role| role.name.clone()).collect();
    assert_eq!(names, ["failure-1", "failure-2"]);
}

#[test]
fn guides_fit_any_topology_and_any_alpha() {
    let setting = GuideSetting { alpha: 1, ..GuideSetting::default() };
    let binding = format!("organization: shop\nroles:\n  failure:\n{RELIEVE}");
    let guides = compile(&binding, setting).unwrap();
    assert_eq!(guides.action_space().len(), chain().services.len() * 3);
}

#[test]
fn what_an_abstract_role_may_do_every_role_that_extends_it_may() {
    let common = "  defender:\n    rules:\n      - { name: relieve, when: pending_requests > 30 requests, for: each service, allow: [{ change: up }] }\n      - { name: keep, forbid: [{ change: +3 }] }\n";
    let of_failure =
        "  failure:\n    rules:\n      - { name: more, allow: [{ change: [+2, +3], on: Orders }] }\n";
    let moves = |roles: &str, agent_number: usize| -> Vec<(usize, i32)> {
        let mut batch = GuideBatch::new(guides(&format!("organization: shop\nroles:\n{roles}")), 1);
        batch.begin(0, &waiting());
        batch.restrict();
        let space = batch.guides().action_space();
        let moves = batch.allowed(0, agent(agent_number)).filter_map(|action| space.defender(action));
        let moves = moves.filter(|action| action.replica_change != 0);
        moves.map(|action| (karma_core::Id::index(action.service), action.replica_change)).collect()
    };
    let roles = format!("{common}{of_failure}  resource: {{}}\n");
    assert_eq!(
        moves(&roles, 0),
        [(1, 1), (1, 2), (3, 2)],
        "its own, what it inherits, and what that forbids"
    );
    assert_eq!(moves(&roles, 1), [(1, 1), (1, 2)], "the other one inherits it, too");
    assert_eq!(moves("  failure: {}\n", 0), [], "what nobody wrote for them");
}

#[test]
fn an_inherited_rule_is_as_strict_as_the_abstract_role_says_or_else_as_the_one_who_plays() {
    let hardness = |of_defender: &str, forced: Option<f32>| {
        let binding = format!(
            "organization: shop\nhardness: 0.5\nroles:\n  defender:\n{of_defender}    rules: [{{ name: any, allow: [{{ change: up }}] }}]\n  failure: {{ hardness: 0.25 }}\n"
        );
        let hardness = forced.and_then(karma_core::Hardness::new);
        let guides = compile(&binding, GuideSetting { hardness, ..GuideSetting::default() }).unwrap();
        let mut batch = GuideBatch::new(std::sync::Arc::new(guides), 1);
        batch.begin(0, &idle(4, 0.0));
        batch.restrict();
        batch.guidance(0).allowed.as_slice()[0].hardness.get()
    };
    assert_eq!(hardness("    hardness: 0.75\n", None), 0.75);
    assert_eq!(hardness("", None), 0.25);
    assert_eq!(hardness("    hardness: 0.75\n", Some(1.0)), 1.0);
}
