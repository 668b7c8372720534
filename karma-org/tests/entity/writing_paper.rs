//! What MOISE's `NPLInterpreterTest` asserts of writing a paper.

use std::time::Duration;

use karma_org::entity::{GoalState, Modality, OrganizationEntity, Outcome, RegimentedProperty, Violation};

use crate::organizations::{START, obligations, refusal, short, start, writing_paper};

const DAY: Duration = Duration::from_hours(24);

/// Group wp1 with the editor jaime and the writers olivier and jomi.
fn group() -> OrganizationEntity {
    let mut wp = start(writing_paper());
    wp.create_group("wp1", "wpgroup", None, START).unwrap();
    wp.adopt_role("jaime", "editor", "wp1", START).unwrap();
    wp.adopt_role("olivier", "writer", "wp1", START).unwrap();
    wp.adopt_role("jomi", "writer", "wp1", START).unwrap();
    wp
}

/// That group, responsible for scheme sch2.
fn scheme() -> OrganizationEntity {
    let mut wp = group();
    wp.create_scheme("sch2", "writePaperSch", START).unwrap();
    wp.add_responsible_group("wp1", "sch2", START).unwrap();
    wp
}

/// That scheme, well formed.
fn committed() -> OrganizationEntity {
    let mut wp = scheme();
    wp.commit("jaime", "mManager", "sch2", START).unwrap();
    wp.commit("jomi", "mColaborator", "sch2", START).unwrap();
    wp.commit("jomi", "mBib", "sch2", START).unwrap();
    wp.commit("olivier", "mColaborator", "sch2", START).unwrap();
    wp
}

fn achieve(wp: &mut OrganizationEntity, agent: &str, goals: &[&str]) {
    for goal in goals {
        wp.achieve(agent, goal, "sch2", START).unwrap();
    }
}

fn is_well_formed(wp: &OrganizationEntity, group: &str) -> bool {
    wp.group_faults(group).unwrap().is_empty()
}

#[test]
fn a_group_is_well_formed_once_it_has_an_editor_and_a_writer() {
    let mut wp = start(writing_paper());
    wp.create_group("g1", "wpgroup", None, START).unwrap();
    assert!(!is_well_formed(&wp, "g1"));
    wp.adopt_role("jaime", "editor", "g1", START).unwrap();
    wp.adopt_role("olivier", "writer", "g1", START).unwrap();
    assert!(is_well_formed(&wp, "g1"));
}

#[test]
fn whoever_plays_a_role_plays_the_roles_above_it() {
    let wp = group();
    let plays = |role| wp.plays("jaime", wp.organization().role(role).unwrap(), "wp1");
    assert_eq!(["editor", "author", "soc", "writer"].map(plays), [true, true, true, false]);
}

#[test]
fn a_second_editor_is_refused() {
    let mut wp = group();
    assert_eq!(refusal(wp.adopt_role("bob", "editor", "wp1", START)), ["role_cardinality(editor,wp1,2,1)"]);
    assert_eq!(wp, group());
}

#[test]
fn roles_that_nobody_defined_and_abstract_roles_are_not_played() {
    let mut wp = group();
    let unknown = wp.adopt_role("bob", "writter", "wp1", START).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no role 'writter'; did you mean 'writer'?");
    let result = wp.adopt_role("bob", "author", "wp1", START);
    assert_eq!(result, Err(Violation::AbstractRole { role: "author".to_owned() }));
}

#[test]
fn an_editor_may_be_a_writer_too() {
    let mut wp = group();
    assert!(wp.adopt_role("jaime", "writer", "wp1", START).is_ok());
    assert_eq!(wp.breaches(), []);
}

#[test]
fn the_last_editor_cannot_leave_a_responsible_group() {
    let mut wp = scheme();
    assert_eq!(refusal(wp.leave_role("jaime", "editor", "wp1", START)), ["well_formed_responsible(wp1)"]);
}

#[test]
fn at_first_four_obligations_and_one_permission_to_commit_are_active() {
    let wp = scheme();
    let expected = [
        "jomi: committed mBib",
        "olivier: committed mBib",
        "jomi: committed mColaborator",
        "olivier: committed mColaborator",
    ];
    assert_eq!(obligations(&wp), expected);
    assert_eq!(wp.permissions().map(short).collect::<Vec<_>>(), ["jaime: committed mManager"]);
    assert_eq!(wp.closed_norms(), []);
}

#[test]
fn the_deadline_is_the_norms_own_or_a_year() {
    let wp = scheme();
    assert!(wp.obligations().all(|norm| norm.deadline == DAY));
    assert!(wp.permissions().all(|norm| norm.deadline == 365 * DAY));
}

#[test]
fn who_prefers_a_mission_sees_it_first() {
    let wp = scheme();
    let norms: Vec<String> = wp.norms_of("jomi").into_iter().map(short).collect();
    assert_eq!(norms, ["jomi: committed mColaborator", "jomi: committed mBib"]);
}

#[test]
fn writers_do_not_manage() {
    let mut wp = scheme();
    assert_eq!(
        refusal(wp.commit("jomi", "mManager", "sch2", START)),
        ["mission_permission(jomi,mManager,sch2)"]
    );
    let unknown = wp.commit("jomi", "ma", "sch2", START).unwrap_err();
    assert!(matches!(unknown, Violation::Unknown { kind: "mission", .. }), "{unknown}");
}

#[test]
fn a_second_bibliographer_is_let_through_and_told() {
    let mut wp = committed();
    wp.commit("olivier", "mBib", "sch2", START).unwrap();
    let breaches: Vec<_> = wp.breaches().iter().map(|record| record.breach.literal()).collect();
    assert_eq!(breaches, ["mission_cardinality(mBib,sch2,2,1)"]);
    assert_eq!(wp.breaches()[0].breach.property, RegimentedProperty::MissionCardinality);
    assert!(!wp.scheme_faults("sch2").unwrap().is_empty());
}

#[test]
fn the_scheme_is_well_formed_once_its_missions_are_taken() {
    let mut wp = scheme();
    let reasons: Vec<_> = wp.scheme_faults("sch2").unwrap().iter().map(ToString::to_string).collect();
    let expected = [
        "sch2 has 0 of mission mColaborator; 1 to 5 needed",
        "sch2 has 0 of mission mManager; exactly 1 needed",
        "sch2 has 0 of mission mBib; exactly 1 needed",
    ];
    assert_eq!(reasons, expected);
    wp = committed();
    assert_eq!(wp.scheme_faults("sch2"), Some(Vec::new()));
}

#[test]
fn obligations_to_commit_end_fulfilled_for_those_who_do_and_inactive_for_the_others() {
    let mut wp = scheme();
    for (agent, mission) in [("jaime", "mManager"), ("jomi", "mColaborator"), ("jomi", "mBib")] {
        wp.commit(agent, mission, "sch2", START).unwrap();
    }
    let closed = wp.closed_norms().iter().filter(|closed| closed.norm.modality == Modality::Obligation);
    let ended: Vec<_> = closed.map(|closed| (short(&closed.norm), closed.outcome)).collect();
    let expected = [
        ("jomi: committed mColaborator", Outcome::Fulfilled),
        ("jomi: committed mBib", Outcome::Fulfilled),
        ("olivier: committed mBib", Outcome::Inactive),
        ("olivier: committed mColaborator", Outcome::Inactive),
    ];
    let mut ended: Vec<_> = ended.iter().map(|(norm, outcome)| (norm.as_str(), *outcome)).collect();
    ended.sort_by_key(|(norm, _)| expected.iter().position(|(known, _)| known == norm));
    assert_eq!(ended, expected);
}

#[test]
fn an_obligation_to_commit_ends_when_its_mission_is_full() {
    let mut wp = scheme();
    wp.commit("jomi", "mBib", "sch2", START).unwrap();
    assert_eq!(obligations(&wp), ["jomi: committed mColaborator", "olivier: committed mColaborator"]);
    wp.commit("jomi", "mColaborator", "sch2", START).unwrap();
    assert_eq!(obligations(&wp), ["olivier: committed mColaborator"], "the scheme still lacks its manager");
}

#[test]
fn only_the_title_is_enabled_at_first() {
    let wp = committed();
    let states = wp.goal_states("sch2");
    let enabled: Vec<_> = states.iter().filter(|(_, state)| *state == GoalState::Enabled).collect();
    assert_eq!(enabled, [&("wtitle", GoalState::Enabled)]);
    assert_eq!(obligations(&wp), ["jaime: done wtitle"]);
}

#[test]
fn an_open_mission_cannot_be_left() {
    let mut wp = committed();
    let result = wp.leave_mission("olivier", "mColaborator", "sch2", START);
    assert_eq!(refusal(result), ["mission_left(olivier,mColaborator,sch2)"]);
    assert_eq!(obligations(&wp), ["jaime: done wtitle"]);
}

#[test]
fn goals_are_achieved_by_those_who_are_committed_to_them() {
    let mut wp = committed();
    assert_eq!(
        refusal(wp.achieve("bob", "wtitle", "sch2", START)),
        ["ach_not_committed_goal(sch2,wtitle,bob)"]
    );
}

#[test]
fn obligations_follow_the_plan_to_its_end() {
    let mut wp = committed();
    achieve(&mut wp, "jaime", &["wtitle"]);
    assert_eq!(obligations(&wp), ["jaime: done wabs"]);
    achieve(&mut wp, "jaime", &["wabs", "wsectitles"]);
    assert_eq!(wp.goal_state("sch2", "fdv"), Some(GoalState::Satisfied));
    assert_eq!(obligations(&wp), ["jomi: done wsecs", "olivier: done wsecs"]);
    assert_eq!(
        refusal(wp.achieve("jaime", "wconc", "sch2", START)),
        ["ach_not_enabled_goal(sch2,wconc,jaime)"]
    );

    achieve(&mut wp, "jomi", &["wsecs"]);
    assert_eq!(wp.goal_state("sch2", "wsecs"), Some(GoalState::Enabled));
    assert_eq!(obligations(&wp), ["olivier: done wsecs"]);
    assert_eq!(
        refusal(wp.achieve("jaime", "wconc", "sch2", START)),
        ["ach_not_enabled_goal(sch2,wconc,jaime)"]
    );

    achieve(&mut wp, "olivier", &["wsecs"]);
    assert_eq!(obligations(&wp), ["jaime: done wconc", "jomi: done wrefs"]);
    achieve(&mut wp, "jomi", &["wrefs"]);
    assert!(wp.is_accomplished("sch2", "mColaborator") && wp.is_accomplished("sch2", "mBib"));
    assert!(!wp.is_accomplished("sch2", "mManager"));
    wp.leave_mission("jomi", "mBib", "sch2", START).unwrap();
    wp.leave_mission("jomi", "mColaborator", "sch2", START).unwrap();

    achieve(&mut wp, "jaime", &["wconc"]);
    assert_eq!(wp.goal_state("sch2", "sv"), Some(GoalState::Satisfied));
    assert_eq!(obligations(&wp), ["jaime: done wp"]);
    achieve(&mut wp, "jaime", &["wp"]);
    assert_eq!(wp.goal_state("sch2", "wp"), Some(GoalState::Satisfied));
    assert_eq!(obligations(&wp), [""; 0]);
    wp.leave_mission("olivier", "mColaborator", "sch2", START).unwrap();
    wp.leave_mission("jaime", "mManager", "sch2", START).unwrap();
}

#[test]
fn whoever_waits_too_long_with_the_paper_leaves_an_obligation_unfulfilled() {
    let mut wp = committed();
    achieve(&mut wp, "jaime", &["wtitle", "wabs", "wsectitles"]);
    achieve(&mut wp, "jomi", &["wsecs"]);
    achieve(&mut wp, "olivier", &["wsecs"]);
    achieve(&mut wp, "jomi", &["wrefs"]);
    achieve(&mut wp, "jaime", &["wconc"]);

    let unfulfilled = |wp: &OrganizationEntity| -> Vec<String> {
        let closed = wp.closed_norms().iter().filter(|closed| closed.outcome == Outcome::Unfulfilled);
        closed.map(|closed| short(&closed.norm)).collect()
    };
    wp.advance(Duration::from_secs(5)).unwrap();
    assert_eq!(unfulfilled(&wp), [""; 0]);
    wp.advance(Duration::from_secs(6)).unwrap();
    assert_eq!(unfulfilled(&wp), ["jaime: done wp"]);
    assert_eq!(obligations(&wp), [""; 0]);
    wp.achieve("jaime", "wp", "sch2", Duration::from_secs(7)).unwrap();
    assert_eq!(unfulfilled(&wp), ["jaime: done wp"]);
    assert_eq!(wp.goal_state("sch2", "wp"), Some(GoalState::Satisfied));
}

#[test]
fn time_does_not_go_back() {
    let mut wp = committed();
    wp.advance(DAY).unwrap();
    assert_eq!(wp.advance(START), Err(Violation::TimeWentBack { now: START, last: DAY }));
}
